//! Messages that go to many sockets: encoded once per dialect, framed once, shared by reference.

use std::{ops::Range, sync::OnceLock};

use bytes::Bytes;

use super::{
    Dialect, Encoding, FrameKind, Opcode, PairsText, data_frame,
    frame::header,
    frame_in,
    server::{envelope_head, msgpack_of_json},
    stale,
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
enum Framed {
    /// In one piece.
    Whole {
        bytes: Bytes,
        payload_start: u32,
        data: Range<u32>,
    },
    /// Around pairs that are too many to be copied.
    Around(Box<Around>),
}

/// A frame whose middle are a user's pairs.
#[derive(Debug)]
struct Around {
    /// Up to the pairs, the pairs, and behind them.
    pieces: [Bytes; 3],
    /// Where `d` begins in the first piece.
    data_start: usize,
    /// Where it ends in the last one.
    data_end: usize,
}

impl Framed {
    fn new(kind: FrameKind, head: &[u8], data: &[u8], tail: &[u8]) -> Self {
        let bytes = data_frame(kind, &[head, data, tail]);
        let payload = bytes.len() - head.len() - data.len() - tail.len();
        let start = payload + head.len();
        Self::Whole {
            payload_start: to_u32(payload),
            data: to_u32(start)..to_u32(start + data.len()),
            bytes,
        }
    }

    /// A frame of `envelope`, then `d` in three pieces, then `end`.
    fn around(
        kind: FrameKind,
        envelope: &[u8],
        data: [&[u8]; 2],
        pairs: &Bytes,
        end: &[u8],
    ) -> Self {
        let [before, behind] = data;
        let payload = envelope.len() + before.len() + pairs.len() + behind.len() + end.len();
        let mut first = header(kind, payload);
        first.extend_from_slice(envelope);
        let data_start = first.len();
        first.extend_from_slice(before);
        let last = [behind, end].concat();
        Self::Around(Box::new(Around {
            pieces: [first.into(), pairs.clone(), last.into()],
            data_start,
            data_end: behind.len(),
        }))
    }

    fn pieces(&self) -> &[Bytes] {
        match self {
            Self::Whole { bytes, .. } => std::slice::from_ref(bytes),
            Self::Around(around) => &around.pieces,
        }
    }

    /// The payload of a frame in one piece.
    fn payload(&self) -> &[u8] {
        match self {
            Self::Whole {
                bytes,
                payload_start,
                ..
            } => bytes.get(*payload_start as usize..).unwrap_or_default(),
            Self::Around(_) => &[],
        }
    }

    /// The `d`, in shares.
    fn data(&self) -> [Bytes; 3] {
        match self {
            Self::Whole { bytes, data, .. } => {
                let data = bytes.slice(data.start as usize..data.end as usize);
                [data, Bytes::new(), Bytes::new()]
            }
            Self::Around(around) => {
                let [first, pairs, last] = &around.pieces;
                [
                    first.slice(around.data_start..),
                    pairs.clone(),
                    last.slice(..around.data_end),
                ]
            }
        }
    }

    /// The `d`, borrowed.
    fn data_slices(&self) -> [&[u8]; 3] {
        match self {
            Self::Whole { bytes, data, .. } => {
                let data = bytes.get(data.start as usize..data.end as usize);
                [data.unwrap_or_default(), &[], &[]]
            }
            Self::Around(around) => {
                let [first, pairs, last] = &around.pieces;
                [
                    first.get(around.data_start..).unwrap_or_default(),
                    pairs,
                    last.get(..around.data_end).unwrap_or_default(),
                ]
            }
        }
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

    /// A message with a user's document as its `d`, around the pairs.
    fn around(opcode: Opcode, document: DocumentText<'_>, pairs: &PairsText) -> Self {
        let framed = |encoding| {
            let envelope = envelope_head(opcode, encoding);
            let (kind, end): (_, &[u8]) = match encoding {
                Encoding::Json => (FrameKind::Text, b"}"),
                Encoding::MsgPack => (FrameKind::Binary, b""),
            };
            let [before, behind] = document.around_pairs(encoding);
            let pairs = pairs.encoded(encoding);
            Framed::around(kind, &envelope, [&before, &behind], pairs, end)
        };
        Self::of_large(opcode, framed(Encoding::Json), framed(Encoding::MsgPack))
    }

    fn of_large(opcode: Opcode, json: Framed, msgpack: Framed) -> Self {
        Self {
            opcode,
            json,
            others: OnceLock::from(Box::new(OtherDialects {
                msgpack: OnceLock::from(msgpack),
                ..OtherDialects::default()
            })),
        }
    }

    /// The frame for sockets of this dialect, in one piece or three.
    #[inline]
    pub fn pieces(&self, dialect: Dialect) -> &[Bytes] {
        match dialect {
            Dialect::JSON => self.json.pieces(),
            _ => self.other(dialect),
        }
    }

    fn data(&self, encoding: Encoding) -> [Bytes; 3] {
        self.framed(encoding).data()
    }

    fn data_slices(&self, encoding: Encoding) -> [&[u8]; 3] {
        self.framed(encoding).data_slices()
    }

    fn framed(&self, encoding: Encoding) -> &Framed {
        match encoding {
            Encoding::Json => &self.json,
            Encoding::MsgPack => self.msgpack(),
        }
    }

    #[cold]
    fn other(&self, dialect: Dialect) -> &[Bytes] {
        // Nothing large is compressed: that would hold up everybody else.
        let is_compressed = dialect.deflate && matches!(self.json, Framed::Whole { .. });
        if !is_compressed {
            return self.framed(dialect.encoding).pieces();
        }
        let others = self.others.get_or_init(Box::default);
        let compressed = match dialect.encoding {
            Encoding::Json => others
                .json_deflate
                .get_or_init(|| frame_in(dialect, self.json.payload())),
            Encoding::MsgPack => others
                .msgpack_deflate
                .get_or_init(|| frame_in(dialect, self.msgpack().payload())),
        };
        std::slice::from_ref(compressed)
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
            let [data, ..] = self.json.data_slices();
            let data = msgpack_of_json(data);
            Framed::new(FrameKind::Binary, &head, &data, b"")
        })
    }
}

/// A user's document without the pairs: its fields before and behind them, each as a JSON object.
#[derive(Clone, Copy, Debug)]
pub struct DocumentText<'a> {
    /// The fields before `storage`.
    pub before: &'a [u8],
    /// The fields behind it.
    pub behind: &'a [u8],
}

impl DocumentText<'_> {
    /// The document up to the value of `storage`, and behind it.
    fn around_pairs(self, encoding: Encoding) -> [Vec<u8>; 2] {
        match encoding {
            Encoding::Json => {
                let fields = self.before.strip_suffix(b"}").unwrap_or(self.before);
                let rest = self.behind.strip_prefix(b"{").unwrap_or(self.behind);
                [[fields, br#","storage":"#].concat(), [b",", rest].concat()]
            }
            Encoding::MsgPack => {
                let mut before = msgpack_of_json(self.before);
                let behind = msgpack_of_json(self.behind);
                let Some((fields_behind, behind)) = behind.split_first() else {
                    return [before, behind];
                };
                // Fewer than 16 fields: a map header is one byte, its low half their number.
                if let Some(header) = before.first_mut() {
                    *header += 1 + (fields_behind & 0x0F);
                }
                before.push(0xA7);
                before.extend_from_slice(b"storage");
                [before, behind.to_vec()]
            }
        }
    }
}

/// A STORAGE_UPDATE: all pairs of a user, and the version of the document that holds them.
#[derive(Debug)]
pub struct StorageUpdate {
    user: UserId,
    frame: SharedFrame,
}

impl StorageUpdate {
    /// The message for this user.
    pub fn new(user: UserId, version: Version, pairs: &PairsText) -> Self {
        if pairs.is_large() {
            return Self::large(user, version, pairs);
        }
        let head = envelope_head(Opcode::StorageUpdate, Encoding::Json);
        let tail = format!(r#","user_id":"{user}","v":{version}}}"#);
        Self {
            user,
            frame: SharedFrame {
                opcode: Opcode::StorageUpdate,
                json: Framed::new(
                    FrameKind::Text,
                    &head,
                    pairs.encoded(Encoding::Json),
                    tail.as_bytes(),
                ),
                others: OnceLock::new(),
            },
        }
    }

    fn large(user: UserId, version: Version, pairs: &PairsText) -> Self {
        let head = envelope_head(Opcode::StorageUpdate, Encoding::Json);
        let tail = format!(r#","user_id":"{user}","v":{version}}}"#);
        let text = pairs.encoded(Encoding::Json);
        let json = Framed::around(FrameKind::Text, &head, [b"", b""], text, tail.as_bytes());
        // The members behind `d`, written as a map of their own whose header is left out.
        let behind = format!(r#"{{"user_id":"{user}","v":{version}}}"#);
        let behind = msgpack_of_json(behind.as_bytes());
        let behind = behind.get(1..).unwrap_or_default();
        let mut head = envelope_head(Opcode::StorageUpdate, Encoding::MsgPack);
        if let Some(header) = head.first_mut() {
            *header += 2;
        }
        let text = pairs.encoded(Encoding::MsgPack);
        let msgpack = Framed::around(FrameKind::Binary, &head, [b"", b""], text, behind);
        Self {
            user,
            frame: SharedFrame::of_large(Opcode::StorageUpdate, json, msgpack),
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

    /// As `new`, for a document whose pairs are large: they are shared with every other version that
    /// has them.
    pub fn around(
        user: UserId,
        version: Version,
        document: DocumentText<'_>,
        pairs: &PairsText,
    ) -> Self {
        Self {
            user,
            version,
            update: SharedFrame::around(Opcode::PresenceUpdate, document, pairs),
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

    /// The USER_JOINED message.
    pub fn joined(&self) -> SharedFrame {
        let as_joined = |encoding| {
            let head = envelope_head(Opcode::UserJoined, encoding);
            let [before, pairs, behind] = self.update.data(encoding);
            let (kind, end): (_, &[u8]) = match encoding {
                Encoding::Json => (FrameKind::Text, b"}"),
                Encoding::MsgPack => (FrameKind::Binary, b""),
            };
            Framed::around(kind, &head, [&before, &behind], &pairs, end)
        };
        match self.update.json {
            Framed::Whole { .. } => {
                let [document, ..] = self.update.data_slices(Encoding::Json);
                SharedFrame::new(Opcode::UserJoined, document)
            }
            Framed::Around(_) => SharedFrame::of_large(
                Opcode::UserJoined,
                as_joined(Encoding::Json),
                as_joined(Encoding::MsgPack),
            ),
        }
    }

    /// The user's document, encoded, in one piece.
    pub fn document(&self, encoding: Encoding) -> Bytes {
        match self.update.data(encoding) {
            [whole, pairs, _] if pairs.is_empty() => whole,
            pieces => pieces.concat().into(),
        }
    }

    /// The user's document as JSON, in shares; `storage` may be missing, if it is large.
    pub fn document_without_large_storage(&self) -> Bytes {
        let [before, pairs, behind] = self.update.data(Encoding::Json);
        if pairs.is_empty() {
            return before;
        }
        let fields = before.strip_suffix(br#","storage":"#).unwrap_or(&before);
        [fields, behind.as_ref()].concat().into()
    }

    /// The user's document, encoded, as what is to be written one after the other. While the gateway
    /// is away (`stale_since`), one from before has `stale` and `observed_at`.
    pub fn document_pieces(
        &self,
        encoding: Encoding,
        stale_since: Option<Timestamp>,
    ) -> impl Iterator<Item = Bytes> {
        let [mut first, middle, mut last] = self.update.data(encoding);
        let (mut lead, mut suffix) = (Bytes::new(), Bytes::new());
        if let Some(since) = stale_since.filter(|since| self.is_stale(*since)) {
            let added = stale::added(encoding, since);
            match encoding {
                Encoding::Json if last.is_empty() => first.truncate(first.len().saturating_sub(1)),
                Encoding::Json => last.truncate(last.len().saturating_sub(1)),
                Encoding::MsgPack => lead = stale::map_header(&mut first),
            }
            suffix = added.into();
        }
        [lead, first, middle, last, suffix]
            .into_iter()
            .filter(|piece| !piece.is_empty())
    }

    /// The user's document, encoded, borrowed in up to three pieces.
    pub(super) fn document_slices(&self, encoding: Encoding) -> [&[u8]; 3] {
        self.update.data_slices(encoding)
    }
}
