//! Errors as `application/problem+json` (RFC 9457), with two members of our own: `code`, which
//! never changes, and `error`, the same sentence as `detail`, which existing Lantern clients read.

use std::borrow::Cow;

use bytes::Bytes;
use poem::http::{self, HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::{
    Object,
    payload::Payload,
    registry::{MetaSchemaRef, Registry},
    types::Type,
};
use serde::Serialize;

use crate::admission::Refusal;

const CONTENT_TYPE: &str = "application/problem+json";

/// Every kind of problem: what clients can act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// The URL cannot be decoded.
    MalformedUrl,
    /// The request does not say which host it is for, or says it wrongly.
    InvalidHost,
    /// A request that is wrong in another way.
    BadRequest,
    /// Something is not a Discord id.
    InvalidUserId,
    /// A list was asked for without ids.
    NoUserIds,
    /// A list was asked for with more ids than are answered at once.
    TooManyUserIds,
    /// A list was asked for with an id twice.
    DuplicateUserIds,
    /// The user is not monitored.
    UnknownUser,
    /// There is nothing at this path.
    NotFound,
    /// There is something at this path, but not for this method.
    MethodNotAllowed,
    /// The body did not come in time.
    BodyTooSlow,
    /// The body is too long.
    PayloadTooLarge,
    /// The body has the wrong media type.
    UnsupportedMediaType,
    /// `/socket` was asked without a WebSocket handshake.
    UpgradeRequired,
    /// The WebSocket handshake asks for another version than 13.
    WebSocketVersion,
    /// The WebSocket handshake has no valid key.
    WebSocketKey,
    /// `/socket` was asked for an encoding that it does not speak.
    InvalidEncoding,
    /// The member list is not complete yet.
    NotReady,
    /// As many presence sockets are open as may be.
    TooManySockets,
    /// Something is not the key of a pair.
    InvalidKey,
    /// A value has more characters than it may.
    ValueTooLong,
    /// A value is not UTF-8.
    ValueNotText,
    /// A body is not an object of texts and nulls.
    InvalidPairs,
    /// A change without a token.
    MissingToken,
    /// A token that is none, or was replaced.
    InvalidToken,
    /// A token of another user.
    NotYourStorage,
    /// An option of a picture is out of range.
    InvalidOption,
    /// There is no pair with this key.
    UnknownKey,
    /// A user has as many pairs as may be.
    TooManyPairs,
    /// `If-Match` names another version.
    PreconditionFailed,
    /// An address came with too many tokens that are none.
    TooManyFailures,
    /// An address has as much of something as one address may.
    TooMuchFromAddress,
    /// It cannot be stored, or read, now.
    StoreUnavailable,
    /// So much is being done that this has to come again.
    Busy,
    /// There is no secret to make tokens with.
    TokensOff,
    /// The address is too long.
    UriTooLong,
    /// The head of the request is too long.
    HeadTooLarge,
    /// Something broke.
    Internal,
}

impl ProblemKind {
    /// Every kind, for the reference and for tests.
    pub const ALL: [Self; 38] = [
        Self::MalformedUrl,
        Self::InvalidHost,
        Self::BadRequest,
        Self::InvalidUserId,
        Self::NoUserIds,
        Self::TooManyUserIds,
        Self::DuplicateUserIds,
        Self::UnknownUser,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::BodyTooSlow,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::UpgradeRequired,
        Self::WebSocketVersion,
        Self::WebSocketKey,
        Self::InvalidEncoding,
        Self::NotReady,
        Self::TooManySockets,
        Self::InvalidOption,
        Self::InvalidKey,
        Self::ValueTooLong,
        Self::ValueNotText,
        Self::InvalidPairs,
        Self::MissingToken,
        Self::InvalidToken,
        Self::NotYourStorage,
        Self::UnknownKey,
        Self::TooManyPairs,
        Self::PreconditionFailed,
        Self::TooManyFailures,
        Self::TooMuchFromAddress,
        Self::StoreUnavailable,
        Self::Busy,
        Self::TokensOff,
        Self::UriTooLong,
        Self::HeadTooLarge,
        Self::Internal,
    ];

    /// Status, code and title.
    const fn row(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::MalformedUrl => (400, "malformed_url", "Malformed URL"),
            Self::InvalidHost => (400, "invalid_host", "No valid host"),
            Self::BadRequest => (400, "bad_request", "Bad request"),
            Self::InvalidUserId => (400, "invalid_user_id", "Not a user id"),
            Self::NoUserIds => (400, "no_user_ids", "No user ids"),
            Self::TooManyUserIds => (400, "too_many_user_ids", "Too many user ids"),
            Self::DuplicateUserIds => (400, "duplicate_user_ids", "User id given twice"),
            Self::UnknownUser => (404, "unknown_user", "User not monitored"),
            Self::NotFound => (404, "not_found", "Nothing here"),
            Self::MethodNotAllowed => (405, "method_not_allowed", "Method not allowed"),
            Self::BodyTooSlow => (408, "body_too_slow", "Body too slow"),
            Self::PayloadTooLarge => (413, "payload_too_large", "Body too long"),
            Self::UnsupportedMediaType => (415, "unsupported_media_type", "Unsupported media type"),
            Self::UpgradeRequired => (426, "upgrade_required", "WebSocket only"),
            Self::WebSocketVersion => (426, "websocket_version", "Unknown WebSocket version"),
            Self::WebSocketKey => (400, "websocket_key", "Bad WebSocket key"),
            Self::InvalidEncoding => (400, "invalid_encoding", "Unknown encoding"),
            Self::NotReady => (503, "not_ready", "Not ready yet"),
            Self::TooManySockets => (503, "too_many_sockets", "Too many sockets"),
            Self::InvalidOption => (400, "invalid_option", "Option out of range"),
            Self::InvalidKey => (400, "invalid_key", "Not a key"),
            Self::ValueTooLong => (400, "value_too_long", "Value too long"),
            Self::ValueNotText => (400, "value_not_text", "Value not text"),
            Self::InvalidPairs => (400, "invalid_pairs", "Not a set of pairs"),
            Self::MissingToken => (401, "missing_token", "Token needed"),
            Self::InvalidToken => (401, "invalid_token", "Token not valid"),
            Self::NotYourStorage => (403, "not_your_storage", "Not your storage"),
            Self::UnknownKey => (404, "unknown_key", "No such pair"),
            Self::TooManyPairs => (409, "too_many_pairs", "Too many pairs"),
            Self::PreconditionFailed => (412, "precondition_failed", "Another version"),
            Self::TooManyFailures => (429, "too_many_failures", "Too many wrong tokens"),
            Self::TooMuchFromAddress => (429, "too_much_from_address", "Too much from one address"),
            Self::StoreUnavailable => (503, "store_unavailable", "Store not available"),
            Self::Busy => (503, "busy", "Too busy"),
            Self::TokensOff => (503, "tokens_off", "Tokens turned off"),
            Self::UriTooLong => (414, "uri_too_long", "Address too long"),
            Self::HeadTooLarge => (431, "head_too_large", "Request head too long"),
            Self::Internal => (500, "internal_error", "Internal error"),
        }
    }

    /// The status of the answer.
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.row().0).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The member `code`: stable.
    pub const fn code(self) -> &'static str {
        self.row().1
    }

    /// The member `title`: the same for every problem of the kind.
    pub const fn title(self) -> &'static str {
        self.row().2
    }

    /// The member `type`: a tag URI (RFC 4151), a name that need not resolve.
    fn uri(self) -> String {
        format!("tag:lantern.rest,2026:problem/{}", self.code())
    }
}

/// A problem with one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    kind: ProblemKind,
    detail: Cow<'static, str>,
    /// In seconds.
    retry_after_s: Option<u32>,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    uri: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    error: &'a str,
}

impl Problem {
    /// A problem, with a sentence about this request.
    pub fn new(kind: ProblemKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            retry_after_s: None,
        }
    }

    /// Says that it is worth trying again after so many seconds.
    #[must_use]
    pub fn retry_after_s(self, seconds: u32) -> Self {
        Self {
            retry_after_s: Some(seconds),
            ..self
        }
    }

    /// Which kind it is.
    pub fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// The sentence about this request.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The answer.
    pub fn response(&self) -> http::Response<Bytes> {
        let mut response = http::Response::new(Bytes::from(self.body()));
        *response.status_mut() = self.kind.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.kind.status() == StatusCode::UNAUTHORIZED {
            // RFC 9110 section 11.6.1.
            let scheme = HeaderValue::from_static("Bearer realm=\"Lantern storage\"");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    fn body(&self) -> Vec<u8> {
        let body = Body {
            uri: self.kind.uri(),
            title: self.kind.title(),
            status: self.kind.status().as_u16(),
            detail: &self.detail,
            code: self.kind.code(),
            error: &self.detail,
        };
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

/// After how many seconds what was refused may be tried again.
const REFUSED_RETRY_S: u32 = 2;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let kind = match refusal {
            Refusal::Full(_) => ProblemKind::Busy,
            Refusal::Share(_) | Refusal::Rate => ProblemKind::TooMuchFromAddress,
        };
        let detail = match refusal {
            Refusal::Full(_) => "So much is being sent to this server that this has to come again.",
            Refusal::Share(_) => "So much comes from this address that this has to come again.",
            Refusal::Rate => "This address connects too often.",
        };
        Self::new(kind, detail).retry_after_s(REFUSED_RETRY_S)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        super::to_poem(self.response())
    }
}

/// How much of a client's own words an answer tells back, in bytes.
const MOST_ECHOED: usize = 200;

/// A client's own words, cut where they are long.
pub(super) fn echo(text: &str) -> Cow<'_, str> {
    if text.len() <= MOST_ECHOED {
        return Cow::Borrowed(text);
    }
    let room = MOST_ECHOED - '…'.len_utf8();
    let ends = text
        .char_indices()
        .map(|(at, letter)| at + letter.len_utf8());
    let end = ends.take_while(|end| *end <= room).last();
    let shown = text.get(..end.unwrap_or_default()).unwrap_or_default();
    Cow::Owned(format!("{shown}…"))
}

/// Gives an error that the framework made itself our form.
pub(super) fn in_form(response: http::Response<Bytes>) -> http::Response<Bytes> {
    let status = response.status();
    let is_ours = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|content_type| content_type == CONTENT_TYPE);
    if is_ours || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let kind = match status {
        StatusCode::NOT_FOUND => ProblemKind::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ProblemKind::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => ProblemKind::PayloadTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ProblemKind::UnsupportedMediaType,
        status if status.is_client_error() => ProblemKind::BadRequest,
        _ => ProblemKind::Internal,
    };
    let text = String::from_utf8_lossy(response.body());
    let detail = if status.is_server_error() || text.is_empty() {
        format!("{}.", kind.title())
    } else {
        echo(&text).into_owned()
    };
    Problem::new(kind, detail).response()
}

/// A problem (RFC 9457).
#[derive(Debug, Object)]
#[oai(rename = "Problem")]
pub struct ProblemSchema {
    /// A URI that names the kind of problem; it need not resolve.
    #[oai(rename = "type")]
    uri: String,
    /// The kind of problem, for people.
    title: String,
    /// The status of the answer.
    status: u16,
    /// What is wrong with this request, for people.
    detail: String,
    /// The kind of problem, for programs: stable.
    code: String,
    /// The same as `detail`.
    error: String,
}

/// A problem as a documented payload.
pub struct ProblemJson(pub Problem);

impl IntoResponse for ProblemJson {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

impl Payload for ProblemJson {
    const CONTENT_TYPE: &'static str = CONTENT_TYPE;

    fn schema_ref() -> MetaSchemaRef {
        ProblemSchema::schema_ref()
    }

    fn register(registry: &mut Registry) {
        ProblemSchema::register(registry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_apart_and_statuses_are_errors() {
        let codes: std::collections::BTreeSet<_> =
            ProblemKind::ALL.iter().map(|kind| kind.code()).collect();
        assert_eq!(codes.len(), ProblemKind::ALL.len());
        for kind in ProblemKind::ALL {
            assert!(kind.status().as_u16() >= 400);
        }
    }

    #[test]
    fn what_is_told_back_of_a_request_is_short() {
        assert_eq!(echo("short"), "short");
        let fits = "a".repeat(200);
        assert_eq!(echo(&fits), fits);
        for long in [
            "a".repeat(201),
            "\u{e9}".repeat(101),
            "\u{1f3ee}".repeat(9_000),
        ] {
            let shown = echo(&long);
            assert!(shown.len() <= 200 && shown.len() > 190, "{}", shown.len());
            assert!(shown.ends_with('…'));
        }
    }

    #[test]
    fn errors_of_the_framework_are_given_our_form() {
        let mut theirs = http::Response::new(Bytes::from_static(b"payload too large"));
        *theirs.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        let ours = in_form(theirs);
        assert_eq!(ours.status(), StatusCode::PAYLOAD_TOO_LARGE);
        insta::assert_snapshot!(String::from_utf8_lossy(ours.body()));
        let fine = in_form(http::Response::new(Bytes::from_static(b"fine")));
        assert_eq!(fine.body(), "fine");
    }
}
