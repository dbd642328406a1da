//! What a client may send, decoded and validated once.

use std::{collections::BTreeSet, num::NonZeroUsize};

use thiserror::Error;

use super::{
    Encoding, Opcode,
    value::{self, Object, Value},
};
use crate::domain::{UserId, Version};

#[cfg(test)]
mod tests;

/// Most user ids that one message may name and one socket may watch.
pub const MAX_IDS: usize = 1_000;

/// Most entries of `known`. With the default length of a message, fewer fit.
pub const MAX_KNOWN: usize = 10_000;

/// Most users that a piece of an answer may have.
pub const MAX_CHUNK: usize = 1_000;

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
    /// The answer is wanted in pieces of at most so many users.
    pub chunk: Option<NonZeroUsize>,
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
    /// `chunk` out of range.
    #[error("\"chunk\" must be a whole number from 1 to {MAX_CHUNK}.")]
    BadChunk,
}

impl ClientFrame {
    /// Decodes one message.
    pub fn decode(encoding: Encoding, payload: &[u8]) -> Result<Self, ClientFrameError> {
        let value = value::read(encoding, payload).ok_or(match encoding {
            Encoding::Json => ClientFrameError::Undecodable("JSON"),
            Encoding::MsgPack => ClientFrameError::Undecodable("MessagePack"),
        })?;
        let Value::Object(message) = value else {
            return Err(ClientFrameError::NotAnObject);
        };
        let op = match message.get("op") {
            Some(op @ (Value::Whole(_) | Value::Number(_))) => op,
            _ => return Err(ClientFrameError::NoOpcode),
        };
        let opcode = match op {
            Value::Whole(number) => Opcode::from_number(*number),
            _ => None,
        };
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

fn data(opcode: Opcode, message: &Object) -> Result<&Object, ClientFrameError> {
    match message.get("d") {
        Some(Value::Object(data)) => Ok(data),
        _ => Err(ClientFrameError::NoData(opcode.number())),
    }
}

fn selection(opcode: Opcode, message: &Object) -> Result<Selection, ClientFrameError> {
    let data = data(opcode, message)?;
    Ok(Selection {
        targets: targets(data)?,
        known: known(data)?,
        chunk: chunk(data)?,
    })
}

fn targets(data: &Object) -> Result<Targets, ClientFrameError> {
    match (data.get("user_id"), data.get("user_ids")) {
        (Some(Value::Text(all)), None) if all.eq_ignore_ascii_case("all") => Ok(Targets::All),
        (Some(id), None) => Ok(Targets::One(user_id(id)?)),
        (None, Some(Value::List(ids))) => {
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
    let id = match value {
        Value::Text(text) => text.parse().ok(),
        _ => None,
    };
    id.ok_or_else(|| {
        let mut shown = value.to_string();
        if shown.len() > 64 {
            shown = "That".to_owned();
        }
        ClientFrameError::BadUserId(shown)
    })
}

fn chunk(data: &Object) -> Result<Option<NonZeroUsize>, ClientFrameError> {
    let users = match data.get("chunk") {
        None => return Ok(None),
        Some(Value::Whole(users)) => usize::try_from(*users).ok(),
        Some(_) => None,
    };
    let users = users.filter(|users| *users <= MAX_CHUNK);
    let users = users.and_then(NonZeroUsize::new);
    users.ok_or(ClientFrameError::BadChunk).map(Some)
}

fn known(data: &Object) -> Result<Known, ClientFrameError> {
    let pairs = match data.get("known") {
        None => return Ok(Known::default()),
        Some(Value::Object(pairs)) => pairs.all().ok_or(ClientFrameError::BadKnown)?,
        Some(_) => return Err(ClientFrameError::BadKnown),
    };
    if pairs.len() > MAX_KNOWN {
        return Err(ClientFrameError::TooManyKnown);
    }
    let mut known = Vec::with_capacity(pairs.len());
    for (id, version) in pairs {
        let id: UserId = id.parse().map_err(|_| ClientFrameError::BadKnown)?;
        match version {
            Value::Whole(version) => known.push((id, Version::new(*version))),
            Value::Null => {}
            _ => return Err(ClientFrameError::BadKnown),
        }
    }
    known.sort_unstable();
    // "1" and "01" are one id.
    known.dedup_by_key(|(user, _)| *user);
    Ok(Known(known))
}
