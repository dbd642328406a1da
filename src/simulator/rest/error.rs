//! Errors as Discord's REST API words them: `{"message", "code"}` and, for forms, `errors`.
//!
//! <https://docs.discord.com/developers/topics/opcodes-and-status-codes#json>

use poem::http::StatusCode;
use poem::{Response, error::ResponseError};
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::reply::Reply;

/// Why a request is refused.
#[derive(Debug, Clone, Error)]
pub enum RestError {
    /// No such route.
    #[error("404: Not Found")]
    NotFound,
    /// The route does not take this method.
    #[error("405: Method Not Allowed")]
    MethodNotAllowed,
    /// The token is missing or wrong.
    #[error("401: Unauthorized")]
    Unauthorized,
    /// Not the bot's own.
    #[error("Missing Access")]
    MissingAccess,
    /// No such application.
    #[error("Unknown Application")]
    UnknownApplication,
    /// No such channel.
    #[error("Unknown Channel")]
    UnknownChannel,
    /// No such guild.
    #[error("Unknown Guild")]
    UnknownGuild,
    /// The user is not a member.
    #[error("Unknown Member")]
    UnknownMember,
    /// No such message.
    #[error("Unknown Message")]
    UnknownMessage,
    /// No such user.
    #[error("Unknown User")]
    UnknownUser,
    /// The interaction was not answered yet, so it has no messages.
    #[error("Unknown Webhook")]
    UnknownWebhook,
    /// The interaction does not exist or was not answered in time.
    #[error("Unknown interaction")]
    UnknownInteraction,
    /// No such command.
    #[error("Unknown application command")]
    UnknownCommand,
    /// The interaction was answered already.
    #[error("Interaction has already been acknowledged.")]
    AlreadyAcknowledged,
    /// The token is no interaction's.
    #[error("Invalid Webhook Token")]
    InvalidWebhookToken,
    /// A message without anything in it.
    #[error("Cannot send an empty message")]
    EmptyMessage,
    /// There are too many commands.
    #[error("Maximum number of application commands reached (100)")]
    TooManyCommands,
    /// The body is too long.
    #[error("Request entity too large")]
    TooLarge,
    /// The body is not JSON.
    #[error("The request body contains invalid JSON.")]
    InvalidJson,
    /// The body is JSON with faults in some fields.
    #[error("Invalid Form Body")]
    InvalidForm(FieldErrors),
    /// Too many requests.
    #[error("You are being rate limited.")]
    RateLimited {
        /// When to try again.
        retry_after_s: f64,
    },
}

impl RestError {
    fn status_and_code(&self) -> (u16, u32) {
        match self {
            Self::NotFound => (404, 0),
            Self::MethodNotAllowed => (405, 0),
            Self::Unauthorized => (401, 0),
            Self::MissingAccess => (403, 50_001),
            Self::UnknownApplication => (404, 10_002),
            Self::UnknownChannel => (404, 10_003),
            Self::UnknownGuild => (404, 10_004),
            Self::UnknownMember => (404, 10_007),
            Self::UnknownMessage => (404, 10_008),
            Self::UnknownUser => (404, 10_013),
            Self::UnknownWebhook => (404, 10_015),
            Self::UnknownInteraction => (404, 10_062),
            Self::UnknownCommand => (404, 10_063),
            Self::AlreadyAcknowledged => (400, 40_060),
            Self::InvalidWebhookToken => (401, 50_027),
            Self::EmptyMessage => (400, 50_006),
            Self::TooManyCommands => (400, 30_032),
            Self::TooLarge => (413, 40_005),
            Self::InvalidJson => (400, 50_109),
            Self::InvalidForm(_) => (400, 50_035),
            Self::RateLimited { .. } => (429, 0),
        }
    }

    /// One field at fault; `path` names it, with dots between levels.
    pub fn field(path: &str, code: &'static str, message: impl Into<String>) -> Self {
        let mut errors = FieldErrors::default();
        errors.add(path, code, message);
        Self::InvalidForm(errors)
    }

    /// The response.
    pub fn reply(&self) -> Reply {
        let (status, code) = self.status_and_code();
        let mut body = json!({"message": self.to_string(), "code": code});
        match (self, body.as_object_mut()) {
            (Self::InvalidForm(errors), Some(body)) => {
                _ = body.insert("errors".to_owned(), errors.0.clone())
            }
            (Self::RateLimited { retry_after_s }, Some(body)) => {
                body.remove("code");
                body.insert("retry_after".to_owned(), json!(retry_after_s));
                body.insert("global".to_owned(), json!(false));
            }
            _ => {}
        }
        Reply::new(
            StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST),
            body.to_string(),
        )
    }
}

impl ResponseError for RestError {
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status_and_code().0).unwrap_or(StatusCode::BAD_REQUEST)
    }

    fn as_response(&self) -> Response {
        poem::IntoResponse::into_response(self.reply())
    }
}

/// Faults in a form, nested by field as Discord nests them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FieldErrors(Value);

impl FieldErrors {
    /// Adds a fault of the field that `path` names.
    pub fn add(&mut self, path: &str, code: &'static str, message: impl Into<String>) {
        let fault = json!({"code": code, "message": message.into()});
        let mut at = &mut self.0;
        for key in path.split('.').chain(["_errors"]) {
            if !at.is_object() {
                *at = Value::Object(Map::new());
            }
            let Some(map) = at.as_object_mut() else {
                return;
            };
            at = map.entry(key).or_insert(Value::Null);
        }
        match at {
            Value::Array(faults) => faults.push(fault),
            _ => *at = json!([fault]),
        }
    }

    /// The error, if there are faults.
    pub fn into_result(self) -> Result<(), RestError> {
        if self.0.is_null() {
            Ok(())
        } else {
            Err(RestError::InvalidForm(self))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_nested_by_field() {
        let mut errors = FieldErrors::default();
        errors.add(
            "options.0.name",
            "BASE_TYPE_REQUIRED",
            "This field is required",
        );
        errors.add("name", "A", "a");
        errors.add("name", "B", "b");
        let Err(error) = errors.into_result() else {
            panic!("no error")
        };
        let body: Value = serde_json::from_str(&error.reply().body.unwrap()).unwrap();
        assert_eq!(body["code"], 50_035);
        assert_eq!(
            body["errors"]["options"]["0"]["name"]["_errors"][0]["code"],
            "BASE_TYPE_REQUIRED"
        );
        assert_eq!(
            body["errors"]["name"]["_errors"].as_array().unwrap().len(),
            2
        );
    }
}
