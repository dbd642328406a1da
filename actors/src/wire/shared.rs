//! Messages that go to many sockets: encoded once per dialect, framed once, shared by reference.

use std::{ops::Range, sync::OnceLock};

use bytes::Bytes;

use super::{
    Dialect, Encoding, FrameKind, Opcode, data_frame, frame_in,
    server::{envelope_head, msgpack_of_json},
};
use crate::domain::{Timestamp, UserId, Version};

/// Within this time, in microseconds, what Discord said last has become a version.
const HANDLING_US: u64 = 2_000_000;

/// A message for many sockets. The JSON frame is made at once, the other dialects when a socket
/// that speaks them is first served.
#[derive(Debug)]
pub struct SharedFrame {
    opcode: Opcode,
    json: Framed,
    others: OnceLock<Box<OtherDialects>>,
}

#[derive(Debug, Default)]
struct OtherDialects {
    json_deflate: OnceLock<Bytes>,
    msgpack: OnceLock<Framed>,
    msgpack_deflate: OnceLock<Bytes>,
}

/// A frame, and where in it the payload and the payload's `d` are.
#[derive(Debug)]
struct Framed {
    bytes: Bytes,
    payload_start: u32,
    data: Range<u32>,
}

impl Framed {
    fn new(kind: FrameKind, head: &[u8], data: &[u8], tail: &[u8]) -> Self {
        let bytes = data_frame(kind, &[head, data, tail]);
        let payload = bytes.len() - head.len() - data.len() - tail.len();
        let start = payload + head.len();
        Self {
            payload_start: to_u32(payload),
            data: to_u32(start)..to_u32(start + data.len()),
            bytes,
        }
    }

    fn payload(&self) -> &[u8] {
        self.bytes
            .get(self.payload_start as usize..)
            .unwrap_or_default()
    }

    fn data_range(&self) -> Range<usize> {
        self.data.start as usize..self.data.end as usize
    }
}

/// A frame is built from values that were received in messages far below 4 GiB.
fn to_u32(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl SharedFrame {
    /// A message with `data`, a JSON text, as its `d`.
    pub fn new(opcode: Opcode, data: &[u8]) -> Self {
        let head = envelope_head(opcode, Encoding::Json);
        Self {
            opcode,
            json: Framed::new(FrameKind::Text, &head, data, b"}"),
            others: OnceLock::new(),
        }
    }

    /// The frame for sockets of this dialect.
    #[inline]
    pub fn bytes(&self, dialect: Dialect) -> &Bytes {
        match dialect {
            Dialect::JSON => &self.json.bytes,
            _ => self.other(dialect),
        }
    }

    /// The message's `d`, encoded.
    pub fn data(&self, encoding: Encoding) -> Bytes {
        let framed = match encoding {
            Encoding::Json => &self.json,
            Encoding::MsgPack => self.msgpack(),
        };
        framed.bytes.slice(framed.data_range())
    }

    fn data_slice(&self, encoding: Encoding) -> &[u8] {
        let framed = match encoding {
            Encoding::Json => &self.json,
            Encoding::MsgPack => self.msgpack(),
        };
        framed.bytes.get(framed.data_range()).unwrap_or_default()
    }

    #[cold]
    fn other(&self, dialect: Dialect) -> &Bytes {
        let others = self.others.get_or_init(Box::default);
        match (dialect.encoding, dialect.deflate) {
            (Encoding::Json, _) => others
                .json_deflate
                .get_or_init(|| frame_in(dialect, self.json.payload())),
            (Encoding::MsgPack, false) => &self.msgpack().bytes,
            (Encoding::MsgPack, true) => others
                .msgpack_deflate
                .get_or_init(|| frame_in(dialect, self.msgpack().payload())),
        }
    }

    fn msgpack(&self) -> &Framed {
        let others = self.others.get_or_init(Box::default);
        others.msgpack.get_or_init(|| {
            if self.opcode == Opcode::StorageUpdate {
                // It has more members than the others.
                let message = msgpack_of_json(self.json.payload());
                return Framed::new(FrameKind::Binary, &message, b"", b"");
            }
            let head = envelope_head(self.opcode, Encoding::MsgPack);
            let data = msgpack_of_json(&self.data(Encoding::Json));
            Framed::new(FrameKind::Binary, &head, &data, b"")
        })
    }
}

/// A STORAGE_UPDATE: all pairs of a user, and the version of the document that holds them.
#[derive(Debug)]
pub struct StorageUpdate {
    user: UserId,
    frame: SharedFrame,
}

impl StorageUpdate {
    /// The message for this user, with the pairs as a JSON object.
    pub fn new(user: UserId, version: Version, pairs: &[u8]) -> Self {
        let head = envelope_head(Opcode::StorageUpdate, Encoding::Json);
        let tail = format!(r#","user_id":"{user}","v":{version}}}"#);
        Self {
            user,
            frame: SharedFrame {
                opcode: Opcode::StorageUpdate,
                json: Framed::new(FrameKind::Text, &head, pairs, tail.as_bytes()),
                others: OnceLock::new(),
            },
        }
    }

    /// Whose pairs they are.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// The message.
    pub fn frame(&self) -> &SharedFrame {
        &self.frame
    }
}

/// A user as last published: what REST answers with, what a new subscriber is told first, and the
/// PRESENCE_UPDATE that subscribers are sent.
#[derive(Debug)]
pub struct Snapshot {
    user: UserId,
    version: Version,
    update: SharedFrame,
}

impl Snapshot {
    /// A snapshot of `user` at `version`, with the user's JSON document.
    pub fn new(user: UserId, version: Version, document: &[u8]) -> Self {
        Self {
            user,
            version,
            update: SharedFrame::new(Opcode::PresenceUpdate, document),
        }
    }

    /// Whose it is.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// Grows with every published change of this user.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Whether it is from before the gateway was away: Discord was heard at `since` for the last
    /// time then. What came over a newer session, whose members are still being counted, is not.
    pub fn is_stale(&self, since: Timestamp) -> bool {
        let handled_us = since.unix_us().saturating_add(HANDLING_US);
        self.version.get() <= handled_us
    }

    /// The PRESENCE_UPDATE message.
    pub fn update(&self) -> &SharedFrame {
        &self.update
    }

    /// The user's document, encoded.
    pub fn document(&self, encoding: Encoding) -> Bytes {
        self.update.data(encoding)
    }

    /// The user's document, encoded, without taking a share of it.
    pub(super) fn document_slice(&self, encoding: Encoding) -> &[u8] {
        self.update.data_slice(encoding)
    }
}
