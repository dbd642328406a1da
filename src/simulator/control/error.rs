//! Errors of the control API: a sentence that says what to do, and a code that does not change.

use poem::error::ResponseError;
use poem::http::StatusCode;
use poem::{IntoResponse, Response};
use serde_json::json;
use thiserror::Error;

use crate::access::Refused;
use crate::config::MAX_RATE;
use crate::rest::reply::Reply;

/// Why the control API did not do what it was asked.
#[derive(Debug, Clone, Error)]
pub enum ControlError {
    /// Whoever asks may not.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// No such route.
    #[error("there is nothing here; GET /control lists what can be done")]
    NotFound,
    /// The route does not take this method.
    #[error("this route does not take this method; GET /control lists what can be done")]
    MethodNotAllowed,
    /// The body is not JSON.
    #[error("the body must be JSON: {0}")]
    NotJson(String),
    /// The body is JSON, but not what the route takes.
    #[error("the body does not fit: {0}")]
    InvalidBody(String),
    /// The body is too long.
    #[error("the body is longer than 8 MiB")]
    TooLarge,
    /// A parameter of the query makes no sense.
    #[error("{0}")]
    InvalidQuery(String),
    /// An id is not a number.
    #[error("\"{0}\" is not an id; ids are numbers, GET /control/members lists those of members")]
    InvalidId(String),
    /// Nobody has the id.
    #[error("no member has the id {0}; GET /control/members lists them")]
    UnknownMember(u64),
    /// The user is a member already.
    #[error("{0} is a member already; DELETE /control/members/{0} lets them leave")]
    AlreadyMember(u64),
    /// The bot must stay.
    #[error("the bot cannot leave its guild")]
    BotMustStay,
    /// The rate is out of range.
    #[error("the rate must be between 0 and {MAX_RATE} updates a second")]
    InvalidRate,
    /// No such close frame may be sent.
    #[error("{0}")]
    InvalidClose(String),
    /// A patch leads nowhere.
    #[error("{0}")]
    InvalidPatch(String),
    /// No bot listens.
    #[error("no bot is connected; start one with its API at {0} and its token")]
    NoBot(String),
    /// The gateway is silent, so no bot can hear.
    #[error("the gateway is paused; POST /control/gateway {{\"action\": \"resume\"}} first")]
    Paused,
    /// The bot did not answer in time.
    #[error("the bot did not answer the interaction {id} within {waited_ms} ms")]
    NoReply {
        /// The interaction.
        id: u64,
        /// How long it had.
        waited_ms: u128,
    },
    /// No such interaction is kept.
    #[error("no interaction has the id {0}; the last thousand are kept")]
    UnknownInteraction(String),
    /// The bot has not registered the command.
    #[error("the bot has not registered {name}; it has registered: {registered}")]
    UnknownCommand {
        /// What was asked for.
        name: String,
        /// What there is.
        registered: String,
    },
    /// An option is missing, unknown or of the wrong type.
    #[error("{0}")]
    InvalidOption(String),
    /// No message or modal of the bot has the component.
    #[error("nothing that the bot sent has a component with custom_id \"{0}\"")]
    UnknownComponent(String),
    /// No modal of the bot has the custom id.
    #[error("the bot has opened no modal with custom_id \"{0}\"")]
    UnknownModal(String),
}

impl ControlError {
    fn status_and_code(&self) -> (u16, &'static str) {
        match self {
            Self::Refused(Refused::Host(_)) => (403, "foreign_host"),
            Self::Refused(Refused::Peer { .. }) => (403, "foreign_machine"),
            Self::Refused(Refused::Page) => (403, "foreign_page"),
            Self::NotFound => (404, "not_found"),
            Self::MethodNotAllowed => (405, "method_not_allowed"),
            Self::NotJson(_) => (400, "not_json"),
            Self::InvalidBody(_) => (400, "invalid_body"),
            Self::TooLarge => (413, "too_large"),
            Self::InvalidQuery(_) => (400, "invalid_query"),
            Self::InvalidId(_) => (400, "invalid_id"),
            Self::UnknownMember(_) => (404, "unknown_member"),
            Self::AlreadyMember(_) => (409, "already_member"),
            Self::BotMustStay => (409, "bot_must_stay"),
            Self::InvalidRate => (400, "invalid_rate"),
            Self::InvalidClose(_) => (400, "invalid_close"),
            Self::InvalidPatch(_) => (400, "invalid_patch"),
            Self::NoBot(_) => (409, "no_bot"),
            Self::Paused => (409, "paused"),
            Self::NoReply { .. } => (504, "no_reply"),
            Self::UnknownInteraction(_) => (404, "unknown_interaction"),
            Self::UnknownCommand { .. } => (404, "unknown_command"),
            Self::InvalidOption(_) => (400, "invalid_option"),
            Self::UnknownComponent(_) => (404, "unknown_component"),
            Self::UnknownModal(_) => (404, "unknown_modal"),
        }
    }

    /// The response.
    pub fn reply(&self) -> Reply {
        let body = json!({"error": self.to_string(), "code": self.status_and_code().1});
        Reply::new(self.status(), body.to_string())
    }
}

impl ResponseError for ControlError {
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status_and_code().0).unwrap_or(StatusCode::BAD_REQUEST)
    }

    fn as_response(&self) -> Response {
        self.reply().into_response()
    }
}
