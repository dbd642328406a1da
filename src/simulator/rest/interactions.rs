//! What a bot says to interactions: callbacks, follow-ups, edits. The token in the path is what
//! allows it; no Authorization is needed.

use std::sync::Arc;

use poem::http::{StatusCode, header};
use poem::web::{Data, Path};
use poem::{Request, Response, handler};
use serde_json::{Map, Value, json};

use super::error::RestError;
use super::form::Form;
use super::reply::Reply;
use super::request::{flag, id};
use crate::interactions::message::{self, EPHEMERAL, LOADING};
use crate::interactions::thread::{Answers, Thread};
use crate::live::Live;
use crate::world::BOT_ID;

/// POST /interactions/{id}/{token}/callback
#[handler]
pub fn callback(
    req: &Request,
    Path((interaction, token)): Path<(String, String)>,
    form: Form,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, RestError> {
    let thread = live
        .interactions
        .by_id(id(&interaction))
        .filter(|thread| thread.token == token);
    let thread = thread.ok_or(RestError::UnknownInteraction)?;
    let mut draft = form.draft(live);
    let kind = draft.data.get("type").and_then(Value::as_u64);
    let kind = kind
        .ok_or_else(|| RestError::field("type", "BASE_TYPE_REQUIRED", "This field is required"))?;
    draft.data = match draft.data.remove("data") {
        Some(Value::Object(data)) => data,
        _ => Map::new(),
    };
    let timeout = live.config.interaction_timeout;
    let answers = thread.call_back(kind, draft, live.interactions.new_id(), timeout)?;
    if let (7, Some(original)) = (kind, answers.original) {
        live.interactions.share(&thread, original);
    }
    match flag(req, "with_response") {
        true => Ok(Reply::ok(&with_response(&thread, kind, &answers))),
        false => Ok(Reply::no_content()),
    }
}

fn with_response(thread: &Thread, kind: u64, answers: &Answers) -> Value {
    let mut interaction = message::object(json!({
        "id": thread.origin.interaction.to_string(), "type": thread.origin.kind,
    }));
    let mut resource = message::object(json!({"type": kind}));
    if let Some(original) = answers.original() {
        let flags = message::flags(original);
        let more = [
            (
                "response_message_id",
                original.get("id").cloned().unwrap_or_default(),
            ),
            ("response_message_loading", json!(flags & LOADING != 0)),
            ("response_message_ephemeral", json!(flags & EPHEMERAL != 0)),
        ];
        interaction.extend(more.map(|(key, value)| (key.to_owned(), value)));
        if matches!(kind, 4 | 5 | 7) {
            resource.insert("message".to_owned(), Value::Object(original.clone()));
        }
    }
    json!({"interaction": interaction, "resource": resource})
}

fn thread(live: &Live, application: &str, token: &str) -> Result<Arc<Thread>, RestError> {
    if id(application) != BOT_ID {
        return Err(RestError::UnknownWebhook);
    }
    live.interactions
        .by_token(token)
        .ok_or(RestError::InvalidWebhookToken)
}

/// POST /webhooks/{application}/{token}: a follow-up.
#[handler]
pub fn follow_up(
    Path((application, token)): Path<(String, String)>,
    form: Form,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, RestError> {
    let thread = thread(live, &application, &token)?;
    let message = thread.follow_up(&form.draft(live), live.interactions.new_id())?;
    Ok(Reply::ok(&message.into()))
}

/// GET /webhooks/{application}/{token}/messages/{id}, where the id may be `@original`.
#[handler]
pub fn get_message(
    Path((application, token, message)): Path<(String, String, String)>,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, RestError> {
    Ok(Reply::ok(
        &thread(live, &application, &token)?
            .message(&message)?
            .into(),
    ))
}

/// PATCH /webhooks/{application}/{token}/messages/{id}
#[handler]
pub fn edit_message(
    Path((application, token, message)): Path<(String, String, String)>,
    form: Form,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, RestError> {
    let thread = thread(live, &application, &token)?;
    let edited = thread.edit(&message, &form.draft(live))?;
    let edited_id = edited.get("id").and_then(Value::as_str).map(id);
    live.interactions
        .share(&thread, edited_id.unwrap_or_default());
    Ok(Reply::ok(&edited.into()))
}

/// DELETE /webhooks/{application}/{token}/messages/{id}
#[handler]
pub fn delete_message(
    Path((application, token, message)): Path<(String, String, String)>,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, RestError> {
    thread(live, &application, &token)?.delete(&message)?;
    Ok(Reply::no_content())
}

/// GET /attachments/{channel}/{id}/{filename}: a file that the bot uploaded.
#[handler]
pub fn attachment(
    Path((_, file, _)): Path<(String, String, String)>,
    Data(live): Data<&Arc<Live>>,
) -> Response {
    match live.interactions.file(id(&file)) {
        None => poem::IntoResponse::into_response(RestError::NotFound.reply()),
        Some((content_type, bytes)) => {
            let content_type =
                content_type.unwrap_or_else(|| "application/octet-stream".to_owned());
            Response::builder()
                .status(StatusCode::OK)
                .header(header::CONTENT_TYPE, content_type)
                .body(bytes)
        }
    }
}
