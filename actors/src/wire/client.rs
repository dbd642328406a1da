//! What a client may send, decoded and validated once.

use std::collections::BTreeSet;

use serde::Deserialize as _;
use serde_json::{Map, Value};
use thiserror::Error;

use super::{Encoding, Opcode};
use crate::domain::{UserId, Version};

/// Most user ids that one message may name and one socket may watch.
pub const MAX_IDS: usize = 1_000;

/// Most entries of `known`. With the default length of a message, fewer fit.
pub const MAX_KNOWN: usize = 10_000;

/// A valid message from a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientFrame {
    /// Opcode 2.
    Init(Selection),
    /// Opcode 4.
    Heartbeat,
    /// Opcode 12.
    Subscribe(Selection),
    /// Opcode 14.
    Unsubscribe(Targets),
}

/// Whom to watch, and what the client knows of them already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Whom to watch.
    pub targets: Targets,
    /// Versions that the client holds; users still at that version are left out of the answer.
    pub known: Known,
}

/// `known`: user ids and versions, sorted by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known(Vec<(UserId, Version)>);

impl Known {
    /// Whom the client holds, in ascending order.
    pub fn users(&self) -> impl Iterator<Item = UserId> {
        self.0.iter().map(|(user, _)| *user)
    }

    /// The version that the client holds of the user.
    pub fn version(&self, user: UserId) -> Option<Version> {
        let index = self.0.binary_search_by_key(&user, |(id, _)| *id).ok()?;
        self.0.get(index).map(|(_, version)| *version)
    }
}

/// The users that a message names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Targets {
    /// `user_id: "All"`, in any letter case.
    All,
    /// `user_id`.
    One(UserId),
    /// `user_ids`: 1 to [`MAX_IDS`], without duplicates, in ascending order.
    Many(Vec<UserId>),
}

/// Why a message could not be used. The sentence is sent to the client as an ERROR.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ClientFrameError {
    /// Not decodable at all.
    #[error(
        "The message is not valid {0}. Send an object with \"op\" and, where it needs one, \"d\"."
    )]
    Undecodable(&'static str),
    /// Decodable, but not an object.
    #[error("A message is an object with \"op\" and, where it needs one, \"d\".")]
    NotAnObject,
    /// `op` missing or not a number.
    #[error("\"op\" is missing or is not a whole number.")]
    NoOpcode,
    /// Not an opcode, or one that only the server sends.
    #[error(
        "Opcode {0} is not one that clients send; those are 2 (INIT), 4 (HEARTBEAT), 12 (SUBSCRIBE) and 14 (UNSUBSCRIBE)."
    )]
    UnknownOpcode(String),
    /// `d` missing or not an object.
    #[error("Opcode {0} needs \"d\": an object with \"user_id\" or \"user_ids\".")]
    NoData(u8),
    /// Both or neither of the two ways to name users.
    #[error("\"d\" must have either \"user_id\" or \"user_ids\".")]
    NoTargets,
    /// Not a Discord id.
    #[error(
        "{0} is not a user id. User ids are strings of digits, such as \"123456789012345678\"."
    )]
    BadUserId(String),
    /// An empty list.
    #[error("\"user_ids\" is empty. Name at least one user.")]
    EmptyList,
    /// Too long a list.
    #[error("\"{0}\" names more than {MAX_IDS} users. Use \"user_id\": \"All\", or more sockets.")]
    TooManyIds(&'static str),
    /// `known` is not a map of ids to versions.
    #[error("\"known\" must be an object of user ids and the \"v\" that you hold of each.")]
    BadKnown,
    /// Too large a `known`.
    #[error(
        "\"known\" has more than {MAX_KNOWN} entries. Leave some out: users that are not in it are sent in full."
    )]
    TooManyKnown,
}

impl ClientFrame {
    /// Decodes one message.
    pub fn decode(encoding: Encoding, payload: &[u8]) -> Result<Self, ClientFrameError> {
        let value: Value = match encoding {
            Encoding::Json => serde_json::from_slice(payload)
                .map_err(|_| ClientFrameError::Undecodable("JSON"))?,
            Encoding::MsgPack => {
                msgpack(payload).ok_or(ClientFrameError::Undecodable("MessagePack"))?
            }
        };
        let Value::Object(message) = value else {
            return Err(ClientFrameError::NotAnObject);
        };
        let op = match message.get("op") {
            Some(Value::Number(op)) => op,
            _ => return Err(ClientFrameError::NoOpcode),
        };
        let opcode = op.as_u64().and_then(Opcode::from_number);
        match opcode {
            Some(Opcode::Heartbeat) => Ok(Self::Heartbeat),
            Some(opcode @ Opcode::Init) => Ok(Self::Init(selection(opcode, &message)?)),
            Some(opcode @ Opcode::Subscribe) => Ok(Self::Subscribe(selection(opcode, &message)?)),
            Some(opcode @ Opcode::Unsubscribe) => {
                Ok(Self::Unsubscribe(targets(data(opcode, &message)?)?))
            }
            _ => Err(ClientFrameError::UnknownOpcode(op.to_string())),
        }
    }
}

/// The only value in `payload`; as in JSON, nothing may follow it.
fn msgpack(mut payload: &[u8]) -> Option<Value> {
    let mut decoder = rmp_serde::Deserializer::new(&mut payload);
    // Arrays in arrays are walked by recursion, which must end before the stack does.
    decoder.set_max_depth(MOST_NESTED);
    let value = Value::deserialize(&mut decoder).ok()?;
    payload.is_empty().then_some(value)
}

/// How deep a message may be nested; serde_json's own limit.
const MOST_NESTED: usize = 128;

fn data(
    opcode: Opcode,
    message: &Map<String, Value>,
) -> Result<&Map<String, Value>, ClientFrameError> {
    match message.get("d") {
        Some(Value::Object(data)) => Ok(data),
        _ => Err(ClientFrameError::NoData(opcode.number())),
    }
}

fn selection(opcode: Opcode, message: &Map<String, Value>) -> Result<Selection, ClientFrameError> {
    let data = data(opcode, message)?;
    Ok(Selection {
        targets: targets(data)?,
        known: known(data)?,
    })
}

fn targets(data: &Map<String, Value>) -> Result<Targets, ClientFrameError> {
    match (data.get("user_id"), data.get("user_ids")) {
        (Some(Value::String(all)), None) if all.eq_ignore_ascii_case("all") => Ok(Targets::All),
        (Some(id), None) => Ok(Targets::One(user_id(id)?)),
        (None, Some(Value::Array(ids))) => {
            if ids.is_empty() {
                return Err(ClientFrameError::EmptyList);
            }
            let ids: BTreeSet<UserId> = ids.iter().map(user_id).collect::<Result<_, _>>()?;
            if ids.len() > MAX_IDS {
                return Err(ClientFrameError::TooManyIds("user_ids"));
            }
            Ok(Targets::Many(ids.into_iter().collect()))
        }
        _ => Err(ClientFrameError::NoTargets),
    }
}

fn user_id(value: &Value) -> Result<UserId, ClientFrameError> {
    value
        .as_str()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| {
            let mut shown = value.to_string();
            if shown.len() > 64 {
                shown = "That".to_owned();
            }
            ClientFrameError::BadUserId(shown)
        })
}

fn known(data: &Map<String, Value>) -> Result<Known, ClientFrameError> {
    let pairs = match data.get("known") {
        None | Some(Value::Null) => return Ok(Known::default()),
        Some(Value::Object(pairs)) => pairs,
        Some(_) => return Err(ClientFrameError::BadKnown),
    };
    if pairs.len() > MAX_KNOWN {
        return Err(ClientFrameError::TooManyKnown);
    }
    let mut known = pairs
        .iter()
        .map(|(id, version)| {
            let id = id.parse().map_err(|_| ClientFrameError::BadKnown)?;
            let version = version.as_u64().ok_or(ClientFrameError::BadKnown)?;
            Ok((id, Version::new(version)))
        })
        .collect::<Result<Vec<_>, _>>()?;
    known.sort_unstable();
    // "1" and "01" are one id.
    known.dedup_by_key(|(user, _)| *user);
    Ok(Known(known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn decode(message: Value) -> Result<ClientFrame, ClientFrameError> {
        let text = ClientFrame::decode(Encoding::Json, message.to_string().as_bytes());
        let packed = rmp_serde::to_vec_named(&message).unwrap();
        assert_eq!(text, ClientFrame::decode(Encoding::MsgPack, &packed));
        text
    }

    fn id(id: u64) -> UserId {
        id.to_string().parse().unwrap()
    }

    #[test]
    fn the_three_ways_to_name_users() {
        for (d, targets) in [
            (json!({"user_id": "12"}), Targets::One(id(12))),
            (json!({"user_id": "aLL"}), Targets::All),
            (
                json!({"user_ids": ["2", "1", "2"]}),
                Targets::Many(vec![id(1), id(2)]),
            ),
        ] {
            let selection = Selection {
                targets: targets.clone(),
                known: Known::default(),
            };
            assert_eq!(
                decode(json!({"op": 2, "d": d})),
                Ok(ClientFrame::Init(selection.clone()))
            );
            assert_eq!(
                decode(json!({"op": 12, "d": d})),
                Ok(ClientFrame::Subscribe(selection))
            );
            assert_eq!(
                decode(json!({"op": 14, "d": d})),
                Ok(ClientFrame::Unsubscribe(targets))
            );
        }
        assert_eq!(
            decode(json!({"t": "HEARTBEAT", "op": 4})),
            Ok(ClientFrame::Heartbeat)
        );
    }

    #[test]
    fn known_versions_are_looked_up_exactly() {
        let frame = decode(json!({"op": 2, "d": {"user_id": "All", "known": {"7": 70, "5": 50}}}));
        let Ok(ClientFrame::Init(selection)) = frame else {
            panic!("{frame:?}")
        };
        assert_eq!(selection.known.version(id(7)), Some(Version::new(70)));
        assert_eq!(selection.known.version(id(6)), None);
    }

    #[test]
    fn every_mistake_has_its_sentence() {
        use ClientFrameError as E;
        let many: Vec<String> = (1..=1_001).map(|n| n.to_string()).collect();
        let known: Map<String, Value> = (1..=10_001).map(|n| (n.to_string(), json!(1))).collect();
        for (message, error) in [
            (json!([2]), E::NotAnObject),
            (json!({"d": {}}), E::NoOpcode),
            (json!({"op": "2"}), E::NoOpcode),
            (json!({"op": 3}), E::UnknownOpcode("3".into())),
            (json!({"op": 99}), E::UnknownOpcode("99".into())),
            (json!({"op": 2.5}), E::UnknownOpcode("2.5".into())),
            (json!({"op": 2}), E::NoData(2)),
            (json!({"op": 12, "d": "x"}), E::NoData(12)),
            (json!({"op": 2, "d": {}}), E::NoTargets),
            (
                json!({"op": 2, "d": {"user_id": "1", "user_ids": ["1"]}}),
                E::NoTargets,
            ),
            (json!({"op": 2, "d": {"user_ids": "1"}}), E::NoTargets),
            (json!({"op": 2, "d": {"user_ids": []}}), E::EmptyList),
            (
                json!({"op": 2, "d": {"user_id": 12}}),
                E::BadUserId("12".into()),
            ),
            (
                json!({"op": 2, "d": {"user_ids": ["1", "x"]}}),
                E::BadUserId("\"x\"".into()),
            ),
            (
                json!({"op": 2, "d": {"user_ids": many}}),
                E::TooManyIds("user_ids"),
            ),
            (
                json!({"op": 2, "d": {"user_id": "All", "known": known}}),
                E::TooManyKnown,
            ),
            (
                json!({"op": 2, "d": {"user_id": "1", "known": []}}),
                E::BadKnown,
            ),
            (
                json!({"op": 2, "d": {"user_id": "1", "known": {"x": 1}}}),
                E::BadKnown,
            ),
            (
                json!({"op": 2, "d": {"user_id": "1", "known": {"1": -1}}}),
                E::BadKnown,
            ),
        ] {
            assert_eq!(decode(message.clone()), Err(error), "{message}");
        }
        assert_eq!(
            ClientFrame::decode(Encoding::Json, b"{"),
            Err(E::Undecodable("JSON"))
        );
        assert_eq!(
            ClientFrame::decode(Encoding::MsgPack, b"\xc1"),
            Err(E::Undecodable("MessagePack"))
        );
        assert_eq!(
            ClientFrame::decode(Encoding::MsgPack, b"\x81\xa2op\x04\x00"),
            Err(E::Undecodable("MessagePack")),
            "something follows"
        );
    }

    #[test]
    fn nesting_without_end_is_refused() {
        for (encoding, opening) in [(Encoding::Json, b'['), (Encoding::MsgPack, 0x91)] {
            let name = match encoding {
                Encoding::Json => "JSON",
                Encoding::MsgPack => "MessagePack",
            };
            assert_eq!(
                ClientFrame::decode(encoding, &[opening; 65_536]),
                Err(ClientFrameError::Undecodable(name))
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(
            bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)
        ) {
            let _ = ClientFrame::decode(Encoding::Json, &bytes);
            let _ = ClientFrame::decode(Encoding::MsgPack, &bytes);
        }
    }
}
