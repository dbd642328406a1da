//! What clients send and what the gateway sends outside of events.

use serde_json::{Map, Value, json};

use super::close::Close;

/// The longest payload that Discord takes, in bytes.
pub const MAX_PAYLOAD: usize = 4096;

/// A payload from a client, by opcode.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Opcode 1.
    Heartbeat,
    /// Opcode 2, with its `d`.
    Identify(Map<String, Value>),
    /// Opcode 3, with its `d`.
    UpdatePresence(Map<String, Value>),
    /// Opcode 6.
    Resume {
        /// The bot's token.
        token: String,
        /// The session to go on with.
        session: String,
        /// The last sequence number that the client has.
        seq: u64,
    },
    /// Opcode 8, with its `d`.
    RequestMembers(Map<String, Value>),
    /// Opcodes that exist but change nothing here: voice states and soundboards.
    Ignored,
}

impl Command {
    /// Reads one message.
    pub fn parse(text: &[u8]) -> Result<Self, Close> {
        if text.len() > MAX_PAYLOAD {
            return Err(Close::DecodeError);
        }
        let payload: Map<String, Value> =
            serde_json::from_slice(text).map_err(|_| Close::DecodeError)?;
        let op = payload
            .get("op")
            .and_then(Value::as_u64)
            .ok_or(Close::DecodeError)?;
        let d = payload.get("d").cloned().unwrap_or_default();
        match (op, d) {
            (1, Value::Null | Value::Number(_)) => Ok(Self::Heartbeat),
            (2, Value::Object(d)) => Ok(Self::Identify(d)),
            (3, Value::Object(d)) => Ok(Self::UpdatePresence(d)),
            (6, Value::Object(d)) => Self::resume(&d).ok_or(Close::DecodeError),
            (8, Value::Object(d)) => Ok(Self::RequestMembers(d)),
            (4 | 31 | 43, Value::Object(_)) => Ok(Self::Ignored),
            (1 | 2 | 3 | 4 | 6 | 8 | 31 | 43, _) => Err(Close::DecodeError),
            _ => Err(Close::UnknownOpcode),
        }
    }

    fn resume(d: &Map<String, Value>) -> Option<Self> {
        let text = |key: &str| d.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(Self::Resume {
            token: text("token")?,
            session: text("session_id")?,
            seq: d.get("seq")?.as_u64()?,
        })
    }
}

/// Opcode 10, the first payload on every connection.
pub fn hello(heartbeat_interval_ms: u64) -> String {
    json!({"t": null, "s": null, "op": 10, "d": {"heartbeat_interval": heartbeat_interval_ms, "_trace": ["[\"lantern-simulator\"]"]}})
        .to_string()
}

/// Opcode 11.
pub fn heartbeat_ack() -> String {
    r#"{"t":null,"s":null,"op":11,"d":null}"#.to_owned()
}

/// Opcode 1, by which Discord asks for a heartbeat at once.
pub fn heartbeat_request() -> String {
    r#"{"t":null,"s":null,"op":1,"d":null}"#.to_owned()
}

/// Opcode 7.
pub fn reconnect() -> String {
    r#"{"t":null,"s":null,"op":7,"d":null}"#.to_owned()
}

/// Opcode 9 for a session that cannot be resumed.
pub fn invalid_session() -> String {
    r#"{"t":null,"s":null,"op":9,"d":false}"#.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_payload_is_a_decode_error() {
        for text in [
            "",
            "[]",
            "{",
            "{}",
            r#"{"op":"1"}"#,
            r#"{"op":2}"#,
            r#"{"op":1,"d":{}}"#,
            r#"{"op":6,"d":{}}"#,
        ] {
            assert_eq!(
                Command::parse(text.as_bytes()),
                Err(Close::DecodeError),
                "{text}"
            );
        }
        let long = format!(r#"{{"op":1,"d":null,"x":"{}"}}"#, "x".repeat(MAX_PAYLOAD));
        assert_eq!(Command::parse(long.as_bytes()), Err(Close::DecodeError));
    }

    #[test]
    fn opcodes_that_clients_may_not_send_are_unknown() {
        for op in [0, 5, 7, 9, 10, 11, 99] {
            let text = format!(r#"{{"op":{op},"d":{{}}}}"#);
            assert_eq!(
                Command::parse(text.as_bytes()),
                Err(Close::UnknownOpcode),
                "{op}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_get_an_answer(bytes: Vec<u8>) {
            _ = Command::parse(&bytes);
        }

        #[test]
        fn any_data_gets_an_answer(op in 0..50_u64, d in "[\\[\\]{}\":,a-z0-9]{0,40}") {
            _ = Command::parse(format!(r#"{{"op":{op},"d":{d}}}"#).as_bytes());
        }
    }

    #[test]
    fn heartbeats_may_have_no_sequence_number() {
        assert_eq!(
            Command::parse(br#"{"op":1,"d":null}"#),
            Ok(Command::Heartbeat)
        );
        assert_eq!(
            Command::parse(br#"{"op":1,"d":251}"#),
            Ok(Command::Heartbeat)
        );
    }
}
