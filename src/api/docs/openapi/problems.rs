//! An example of each problem.

use super::super::node::{Members, Node};
use crate::api::{Problem, ProblemKind};

/// An example of each problem there is, by its code: `components.examples`.
pub(super) fn all() -> Node {
    let examples = ProblemKind::ALL.into_iter().map(|kind| {
        let problem = Problem::new(kind, detail(kind));
        let example = Node::object([("summary", kind.title().into()), ("value", body(&problem))]);
        (kind.code().to_owned(), example)
    });
    Node::Object(examples.collect::<Members>())
}

/// References to the examples whose codes stand in the text between backticks.
pub(super) fn named_in(text: &str) -> Node {
    let words = text.split('`').skip(1).step_by(2);
    let is_code = |word: &&str| ProblemKind::ALL.iter().any(|kind| kind.code() == *word);
    let examples = words.filter(is_code).map(|code| {
        let reference = format!("#/components/examples/{code}");
        let example = Node::object([("$ref", reference.into())]);
        (code.to_owned(), example)
    });
    Node::Object(examples.collect::<Members>())
}

fn body(problem: &Problem) -> Node {
    serde_json::from_slice(problem.response().body()).unwrap_or(Node::Null)
}

/// What such a problem may say of a request.
const fn detail(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::MalformedUrl => {
            "The URL has a percent sign that is not followed by two hexadecimal digits, or bytes that are not UTF-8."
        }
        ProblemKind::InvalidHost => "The request has more than one Host.",
        ProblemKind::BadRequest => "The body could not be read to its end.",
        ProblemKind::InvalidUserId => {
            "\"ada\" is not a user id: a whole number as in 123456789012345678."
        }
        ProblemKind::NoUserIds => {
            "Name at least one user, as in ?user_ids=123456789012345678&user_ids=234567890123456789."
        }
        ProblemKind::TooManyUserIds => "51 users were asked for; at most 50 are answered at once.",
        ProblemKind::DuplicateUserIds => "User 123456789012345678 is named twice.",
        ProblemKind::UnknownUser => "User 123456789012345678 is not monitored.",
        ProblemKind::NotFound => "There is nothing at /users. /docs tells what there is.",
        ProblemKind::MethodNotAllowed => "POST is not possible at /; GET, HEAD, OPTIONS are.",
        ProblemKind::BodyTooSlow => "The body did not come within 30 s.",
        ProblemKind::PayloadTooLarge => "The body is longer than 120000 bytes.",
        ProblemKind::UnsupportedMediaType => "Unsupported media type.",
        ProblemKind::UpgradeRequired => "This is a WebSocket.",
        ProblemKind::WebSocketVersion => "Only version 13 of WebSocket is spoken here.",
        ProblemKind::WebSocketKey => "Sec-WebSocket-Key is not 16 bytes in base64.",
        ProblemKind::InvalidEncoding => "The encoding is json or msgpack.",
        ProblemKind::NotReady => {
            "The members are still being counted, so it is not known yet who is monitored."
        }
        ProblemKind::TooManySockets => "As many sockets are open as may be.",
        ProblemKind::InvalidOption => "theme takes dark or light; \"blue\" was given.",
        ProblemKind::InvalidKey => {
            "In the path: a key is 1 to 255 letters and digits, A-Z, a-z and 0-9."
        }
        ProblemKind::ValueTooLong => {
            "The value has 30001 characters; a value is at most 30000 characters."
        }
        ProblemKind::ValueNotText => "The value is not UTF-8: see its byte 7.",
        ProblemKind::InvalidPairs => {
            "The body has to be an object of keys with texts or null, as in {\"city\": \"Oslo\", \"mood\": null}."
        }
        ProblemKind::MissingToken => {
            "Changes need the user's token in the Authorization header. The bot's command /storage create token makes one."
        }
        ProblemKind::InvalidToken => {
            "This token was replaced by a newer one: use that, or make another with /storage create token."
        }
        ProblemKind::NotYourStorage => "This token is for the storage of another user.",
        ProblemKind::UnknownKey => "There is no pair with the key \"city\".",
        ProblemKind::TooManyPairs => {
            "There are 512 pairs, as many as a user may have: remove some first."
        }
        ProblemKind::PreconditionFailed => {
            "The pair is not as If-Match or If-None-Match wants it: read it, and try again with its ETag."
        }
        ProblemKind::TooManyFailures => "Too many wrong tokens came from this address.",
        ProblemKind::TooMuchFromAddress => {
            "So much comes from this address that this has to come again."
        }
        ProblemKind::StoreUnavailable => {
            "It cannot be stored now. It may have been or not; asking again does no harm."
        }
        ProblemKind::Busy => "So many cards are being drawn that this one has to wait: try again.",
        ProblemKind::TokensOff => {
            "This Lantern has no secret to make tokens with: its operator sets KV_TOKEN_SECRET."
        }
        ProblemKind::UriTooLong => "The address is longer than 65,534 bytes.",
        ProblemKind::HeadTooLarge => {
            "The head of the request is longer than 64 KiB or has more than 100 fields."
        }
        ProblemKind::Internal => "Internal error.",
    }
}
