//! The payloads of gateway v10: what comes as an opcode with data, and what is sent.
//!
//! <https://docs.discord.com/developers/events/gateway-events#payload-structure>

use std::time::Duration;

use lantern_actors::domain::GuildId;
use serde_json::{Value, json};

use super::event::EventKind;
use super::handler::Request;
use super::json;
use super::read::as_number;

/// Guilds, members and presences. The last two are privileged: the bot's owner turns them on in the
/// developer portal.
const INTENTS: u64 = 1 | 1 << 1 | 1 << 8;
/// The interval of heartbeats if Discord's cannot be read, as it usually is.
const USUAL_INTERVAL: Duration = Duration::from_millis(41_250);

/// What Discord sends.
#[derive(Debug, PartialEq)]
pub(super) enum Received {
    /// Opcode 0: an event.
    Dispatch {
        kind: EventKind,
        sequence: Option<u64>,
        data: Value,
    },
    /// Opcode 1: wants a heartbeat now.
    Heartbeat,
    /// Opcode 7: wants the client to reconnect and resume.
    Reconnect,
    /// Opcode 9: there is no such session.
    InvalidSession { resumable: bool },
    /// Opcode 10: the first payload.
    Hello { interval: Duration },
    /// Opcode 11: the answer to a heartbeat.
    HeartbeatAck,
    /// An opcode that is not known, or no payload at all.
    Other,
}

impl Received {
    /// Reads a message.
    pub(super) fn read(text: &str) -> Self {
        let Some(mut payload) = json::parse(text) else {
            return Self::Other;
        };
        let number = |name| payload.get(name).and_then(as_number);
        match number("op") {
            Some(0) => Self::Dispatch {
                sequence: number("s").and_then(|number| number.try_into().ok()),
                kind: payload
                    .get("t")
                    .and_then(Value::as_str)
                    .map_or(EventKind::Other, EventKind::named),
                data: payload.get_mut("d").map(Value::take).unwrap_or_default(),
            },
            Some(1) => Self::Heartbeat,
            Some(7) => Self::Reconnect,
            Some(9) => Self::InvalidSession {
                resumable: payload.get("d") == Some(&Value::Bool(true)),
            },
            Some(10) => Self::Hello {
                interval: interval(&payload),
            },
            Some(11) => Self::HeartbeatAck,
            _ => Self::Other,
        }
    }
}

fn interval(hello: &Value) -> Duration {
    let told = hello
        .get("d")
        .and_then(|data| data.get("heartbeat_interval"));
    told.and_then(as_number)
        .and_then(|ms| u64::try_from(ms).ok())
        .filter(|ms| *ms > 0)
        .map_or(USUAL_INTERVAL, Duration::from_millis)
}

pub(super) fn heartbeat(sequence: Option<u64>) -> Value {
    json!({"op": 1, "d": sequence})
}

pub(super) fn identify(token: &str) -> Value {
    json!({"op": 2, "d": {
        "token": token,
        "intents": INTENTS,
        // Large payloads come deflated.
        "compress": true,
        "large_threshold": 250,
        "properties": {"os": std::env::consts::OS, "browser": "lantern", "device": "lantern"},
    }})
}

/// Shows what the bot is watching.
pub(super) fn status(text: &str) -> Value {
    let activities = json!([{"name": text, "type": 3}]);
    json!({"op": 3, "d": {
        "since": null, "activities": activities, "status": "online", "afk": false,
    }})
}

pub(super) fn resume(token: &str, session: &str, sequence: u64) -> Value {
    json!({"op": 6, "d": {"token": token, "session_id": session, "seq": sequence}})
}

/// Asks for members and what they are doing.
pub(super) fn request(guild: GuildId, request: &Request) -> Value {
    let mut data = match request {
        Request::Everybody { nonce } => json!({"query": "", "limit": 0, "nonce": nonce}),
        Request::Users(request) => json!({"user_ids": request.users, "nonce": request.nonce}),
    };
    if let Some(data) = data.as_object_mut() {
        data.insert("guild_id".to_owned(), json!(guild));
        data.insert("presences".to_owned(), json!(true));
    }
    json!({"op": 8, "d": data})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_read_however_their_numbers_are_written() {
        let hello = |ms| Received::Hello {
            interval: Duration::from_millis(ms),
        };
        let dispatch = |sequence| Received::Dispatch {
            kind: EventKind::Resumed,
            sequence,
            data: json!({}),
        };
        for (text, expected) in [
            (r#"{"op": 10, "d": {"heartbeat_interval": 5}}"#, hello(5)),
            (
                r#"{"op": 10.0, "d": {"heartbeat_interval": "5"}}"#,
                hello(5),
            ),
            (r#"{"op": 10, "d": null}"#, hello(41_250)),
            (
                r#"{"op": 10, "d": {"heartbeat_interval": -1}}"#,
                hello(41_250),
            ),
            (
                r#"{"op": 0, "s": 4, "t": "RESUMED", "d": {}}"#,
                dispatch(Some(4)),
            ),
            (
                r#"{"op": "0", "s": [], "t": "RESUMED", "d": {}}"#,
                dispatch(None),
            ),
            (
                r#"{"op": 9, "d": true}"#,
                Received::InvalidSession { resumable: true },
            ),
            (
                r#"{"op": 9, "d": null}"#,
                Received::InvalidSession { resumable: false },
            ),
            (r#"{"op": 11}"#, Received::HeartbeatAck),
            (r#"{"op": 99}"#, Received::Other),
            ("nonsense", Received::Other),
        ] {
            assert_eq!(Received::read(text), expected, "{text}");
        }
    }
}
