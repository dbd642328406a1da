//! What the server sends on the presence socket, except for the shared messages of
//! [`SharedFrame`](super::SharedFrame).

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde_json::json;

use super::{Dialect, Encoding, Opcode, Snapshot, UserList, frame_in};
use crate::domain::{Timestamp, UserId};

/// A message for one socket.
#[derive(Debug, Clone)]
pub enum ServerMessage {
    /// The first message: how often the client is to send a heartbeat.
    Hello {
        /// Milliseconds between two heartbeats.
        heartbeat_interval_ms: u64,
    },
    /// A heartbeat was seen.
    HeartbeatAck,
    /// The users chosen by INIT.
    InitAck(Users),
    /// The users added by SUBSCRIBE.
    SubscribeAck(Users),
    /// The users named by UNSUBSCRIBE are no longer watched.
    UnsubscribeAck,
    /// A watched user left the guild.
    UserLeft(UserId),
    /// A request could not be carried out.
    Error(String),
    /// Why the socket is about to be closed.
    Disconnect {
        /// A sentence for a person.
        reason: String,
    },
}

/// The `d` of INIT_ACK and SUBSCRIBE_ACK.
#[derive(Debug, Clone)]
pub enum Users {
    /// Asked for with `user_id`: an object, or null when the client knows this version already.
    One(Option<Arc<Snapshot>>),
    /// Asked for with `user_ids` or All: an array of those that the client does not know yet.
    Many(Vec<Arc<Snapshot>>),
    /// A part of such an array, behind which more come: `more` stands beside `d`.
    Piece(Vec<Arc<Snapshot>>),
}

impl Users {
    /// The users, and how they stand in the message; `None` if there is nobody to tell of.
    fn list(&self) -> Option<(&[Arc<Snapshot>], Shape)> {
        match self {
            Self::One(user) => Some((std::slice::from_ref(user.as_ref()?), Shape::One)),
            Self::Many(users) => Some((users, Shape::Many)),
            Self::Piece(users) => Some((users, Shape::Piece)),
        }
    }
}

impl ServerMessage {
    /// The message as one frame. `stale_since` is set while the gateway is away; users then carry
    /// `stale` and `observed_at`.
    pub fn frame(&self, dialect: Dialect, stale_since: Option<Timestamp>) -> Bytes {
        frame_in(dialect, &self.payload(dialect.encoding, stale_since))
    }

    /// The message by reference, if copying its users together would cost too much.
    pub fn list(&self, encoding: Encoding, stale_since: Option<Timestamp>) -> Option<UserList> {
        let (users, shape) = self.users()?.list()?;
        UserList::new(self.opcode(), encoding, users, shape, stale_since)
    }

    fn users(&self) -> Option<&Users> {
        match self {
            Self::InitAck(users) | Self::SubscribeAck(users) => Some(users),
            _ => None,
        }
    }

    fn payload(&self, encoding: Encoding, stale_since: Option<Timestamp>) -> Vec<u8> {
        let more = matches!(self.users(), Some(Users::Piece(_)));
        let mut payload = match self {
            Self::HeartbeatAck | Self::UnsubscribeAck => {
                return envelope_without_data(self.opcode(), encoding);
            }
            _ if more => head_with_more(self.opcode(), encoding),
            _ => envelope_head(self.opcode(), encoding),
        };
        match self {
            Self::Hello {
                heartbeat_interval_ms,
            } => put(
                &mut payload,
                encoding,
                &json!({ "heartbeat_interval": heartbeat_interval_ms }),
            ),
            Self::InitAck(users) | Self::SubscribeAck(users) => {
                put_users(&mut payload, encoding, users, stale_since);
            }
            Self::UserLeft(user) => put(&mut payload, encoding, &json!({ "user_id": user })),
            Self::Error(sentence) => put(&mut payload, encoding, sentence),
            Self::Disconnect { reason } => {
                put(&mut payload, encoding, &json!({ "reason": reason }));
            }
            Self::HeartbeatAck | Self::UnsubscribeAck => {}
        }
        payload.extend_from_slice(tail(encoding, more));
        payload
    }

    fn opcode(&self) -> Opcode {
        match self {
            Self::Hello { .. } => Opcode::Hello,
            Self::HeartbeatAck => Opcode::HeartbeatAck,
            Self::InitAck(_) => Opcode::InitAck,
            Self::SubscribeAck(_) => Opcode::SubscribeAck,
            Self::UnsubscribeAck => Opcode::UnsubscribeAck,
            Self::UserLeft(_) => Opcode::UserLeft,
            Self::Error(_) => Opcode::Error,
            Self::Disconnect { .. } => Opcode::Disconnect,
        }
    }
}

/// The message up to its `d`. JSON messages are closed by a brace after it.
pub(super) fn envelope_head(opcode: Opcode, encoding: Encoding) -> Vec<u8> {
    let mut head = envelope_without_data(opcode, encoding);
    match encoding {
        Encoding::Json => {
            head.pop();
            head.extend_from_slice(b",\"d\":");
        }
        Encoding::MsgPack => {
            if let Some(map) = head.first_mut() {
                *map = MSGPACK_FIXMAP | 3;
            }
            head.extend_from_slice(&[MSGPACK_FIXSTR | 1, b'd']);
        }
    }
    head
}

/// As [`envelope_head`], for a message that has `more` behind its `d`.
fn head_with_more(opcode: Opcode, encoding: Encoding) -> Vec<u8> {
    let mut head = envelope_head(opcode, encoding);
    if encoding == Encoding::MsgPack
        && let Some(map) = head.first_mut()
    {
        *map += 1;
    }
    head
}

/// What stands behind a message's `d`.
const fn tail(encoding: Encoding, more: bool) -> &'static [u8] {
    match (encoding, more) {
        (Encoding::Json, false) => b"}",
        (Encoding::Json, true) => br#","more":true}"#,
        (Encoding::MsgPack, false) => b"",
        (Encoding::MsgPack, true) => b"\xA4more\xC3",
    }
}

fn envelope_without_data(opcode: Opcode, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Json => {
            format!(r#"{{"t":"{}","op":{}}}"#, opcode.name(), opcode.number()).into_bytes()
        }
        Encoding::MsgPack => {
            let name = opcode.name().as_bytes();
            let mut message = vec![MSGPACK_FIXMAP | 2, MSGPACK_FIXSTR | 1, b't'];
            // No name is longer than the 31 bytes of a fixstr, no number greater than a fixint.
            message.push(MSGPACK_FIXSTR | name.len() as u8);
            message.extend_from_slice(name);
            message.extend_from_slice(&[MSGPACK_FIXSTR | 2, b'o', b'p', opcode.number()]);
            message
        }
    }
}

const MSGPACK_FIXMAP: u8 = 0x80;
const MSGPACK_FIXSTR: u8 = 0xA0;
const MSGPACK_ARRAY32: u8 = 0xDD;
const MSGPACK_NIL: u8 = 0xC0;

fn put<T: Serialize + ?Sized>(out: &mut Vec<u8>, encoding: Encoding, value: &T) {
    let written = match encoding {
        Encoding::Json => serde_json::to_writer(&mut *out, value).map_err(drop),
        Encoding::MsgPack => rmp_serde::encode::write_named(out, value).map_err(drop),
    };
    debug_assert!(written.is_ok(), "writing plain values into memory");
}

/// Transcodes a JSON text of our own making.
pub(super) fn msgpack_of_json(json: &[u8]) -> Vec<u8> {
    let value: serde_json::Value = serde_json::from_slice(json).unwrap_or_default();
    rmp_serde::to_vec_named(&value).unwrap_or_else(|_| vec![MSGPACK_NIL])
}

fn put_users(out: &mut Vec<u8>, encoding: Encoding, users: &Users, stale_since: Option<Timestamp>) {
    match (users, encoding) {
        (Users::One(None), Encoding::Json) => out.extend_from_slice(b"null"),
        (Users::One(None), Encoding::MsgPack) => out.push(MSGPACK_NIL),
        (Users::One(Some(snapshot)), _) => put_document(out, encoding, snapshot, stale_since),
        (Users::Many(snapshots) | Users::Piece(snapshots), _) => {
            put_array_start(out, encoding, snapshots.len());
            for (index, snapshot) in snapshots.iter().enumerate() {
                if index > 0 && encoding == Encoding::Json {
                    out.push(b',');
                }
                put_document(out, encoding, snapshot, stale_since);
            }
            if encoding == Encoding::Json {
                out.push(b']');
            }
        }
    }
}

fn put_array_start(out: &mut Vec<u8>, encoding: Encoding, length: usize) {
    match encoding {
        Encoding::Json => out.push(b'['),
        Encoding::MsgPack => {
            out.push(MSGPACK_ARRAY32);
            let length = u32::try_from(length).unwrap_or(u32::MAX);
            out.extend_from_slice(&length.to_be_bytes());
        }
    }
}

/// How users stand in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// As an object.
    One,
    /// As an array.
    Many,
    /// As an array with more to come.
    Piece,
}

/// A message with users, up to the first of them.
pub(super) fn users_head(
    opcode: Opcode,
    encoding: Encoding,
    users: usize,
    shape: Shape,
) -> Vec<u8> {
    let mut head = match shape {
        Shape::Piece => head_with_more(opcode, encoding),
        Shape::One | Shape::Many => envelope_head(opcode, encoding),
    };
    if shape != Shape::One {
        put_array_start(&mut head, encoding, users);
    }
    head
}

/// What stands behind the last user of such a message.
pub(super) const fn users_tail(encoding: Encoding, shape: Shape) -> &'static [u8] {
    match (encoding, shape) {
        (Encoding::Json, Shape::One) => b"}",
        (Encoding::Json, Shape::Many) => b"]}",
        (Encoding::Json, Shape::Piece) => br#"],"more":true}"#,
        (Encoding::MsgPack, shape) => tail(Encoding::MsgPack, matches!(shape, Shape::Piece)),
    }
}

fn put_document(
    out: &mut Vec<u8>,
    encoding: Encoding,
    snapshot: &Snapshot,
    stale_since: Option<Timestamp>,
) {
    for piece in snapshot.document_pieces(encoding, stale_since) {
        out.extend_from_slice(&piece);
    }
}

/// Why the server closes a socket. RFC 6455's own codes are used where it defines one, the 4000
/// range for the rest; `openapi/gateway.asyncapi.yaml` lists them with "reconnect or not".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum CloseCode {
    /// The hub is stopping. Reconnect.
    GoingAway = 1001,
    /// The client broke RFC 6455. Do not reconnect before it is mended.
    ProtocolError = 1002,
    /// A text message was not UTF-8. Do not reconnect before it is mended.
    InvalidText = 1007,
    /// A message was longer than the hub reads. Do not reconnect before it is mended.
    TooBig = 1009,
    /// Something broke inside the hub. Reconnect.
    InternalError = 4000,
    /// No heartbeat came in time. Reconnect.
    HeartbeatTimeout = 4001,
    /// No INIT came in time. Reconnect.
    InitTimeout = 4002,
    /// Nobody is left to watch. Reconnect only to watch somebody else.
    NothingToWatch = 4003,
    /// Too many messages in a minute. Reconnect, and send less.
    RateLimited = 4008,
    /// The client reads slower than its users change. Reconnect.
    TooSlow = 4009,
}

impl CloseCode {
    /// The number in the close frame.
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// Every code, for metrics and for the generated reference.
    pub const ALL: [Self; 10] = [
        Self::GoingAway,
        Self::ProtocolError,
        Self::InvalidText,
        Self::TooBig,
        Self::InternalError,
        Self::HeartbeatTimeout,
        Self::InitTimeout,
        Self::NothingToWatch,
        Self::RateLimited,
        Self::TooSlow,
    ];
}
