//! An answer with users, by reference: a guild's worth of documents is megabytes, and a thousand
//! dashboards that come back at once must not have it copied for each of them.

use std::sync::Arc;

use super::{
    Encoding, FrameKind, Opcode, Snapshot,
    frame::header,
    server::{Shape, users_head, users_tail},
    stale,
};
use crate::domain::Timestamp;

/// Answers shorter than this many bytes are copied together: that can be compressed.
const WORTH_REFERRING: usize = 64 * 1024;
/// A document's parts: a map header, the document in up to three, what marks it as stale, a comma.
const PARTS: usize = 6;

/// One message with users as its `d`, in pieces that are written one after the other. Pieces may be
/// empty.
#[derive(Debug)]
pub struct UserList {
    /// The frame's header and the message up to the first user.
    head: Vec<u8>,
    snapshots: Vec<Arc<Snapshot>>,
    encoding: Encoding,
    /// Since when the gateway is away, and what is added to documents from before.
    stale: Option<(Timestamp, Vec<u8>)>,
    /// The message behind the last user.
    tail: &'static [u8],
}

impl UserList {
    /// The users as a message of this kind; `None` if it is so short that it is better copied.
    pub(super) fn new(
        opcode: Opcode,
        encoding: Encoding,
        snapshots: &[Arc<Snapshot>],
        shape: Shape,
        stale_since: Option<Timestamp>,
    ) -> Option<Self> {
        let added = |since| (since, stale::added(encoding, since));
        let mut list = Self {
            head: users_head(opcode, encoding, snapshots.len(), shape),
            snapshots: snapshots.to_vec(),
            encoding,
            stale: stale_since.map(added),
            tail: users_tail(encoding, shape),
        };
        let payload: usize = list.payload().map(<[u8]>::len).sum();
        if payload < WORTH_REFERRING {
            return None;
        }
        let kind = match encoding {
            Encoding::Json => FrameKind::Text,
            Encoding::MsgPack => FrameKind::Binary,
        };
        let mut head = header(kind, payload);
        head.append(&mut list.head);
        list.head = head;
        Some(list)
    }

    /// Whom it tells of.
    pub fn snapshots(&self) -> &[Arc<Snapshot>] {
        &self.snapshots
    }

    fn payload(&self) -> impl Iterator<Item = &[u8]> {
        (0..).map_while(|number| self.piece(number))
    }

    /// The piece with this number, from 0; `None` behind the last.
    pub fn piece(&self, number: usize) -> Option<&[u8]> {
        let Some(number) = number.checked_sub(1) else {
            return Some(&self.head);
        };
        match self.snapshots.get(number / PARTS) {
            Some(snapshot) => Some(self.part(snapshot, number)),
            None => (number == PARTS * self.snapshots.len()).then_some(self.tail),
        }
    }

    /// A part of a document.
    fn part<'a>(&'a self, snapshot: &'a Snapshot, number: usize) -> &'a [u8] {
        let stale = self.stale.as_ref();
        let stale = stale.filter(|(since, _)| snapshot.is_stale(*since));
        let document = snapshot.document_slices(self.encoding);
        match (number % PARTS, stale) {
            (0, Some(_)) if self.encoding == Encoding::MsgPack => {
                stale::header_with_two_more(document.first().copied().unwrap_or_default())
            }
            (0, _) => &[],
            (part @ 1..=3, None) => document.get(part - 1).copied().unwrap_or_default(),
            (part @ 1..=3, Some(_)) => self.opened(document, part - 1),
            (4, Some((_, added))) => added,
            (4, None) => &[],
            _ => {
                let is_last = number / PARTS + 1 == self.snapshots.len();
                match self.encoding {
                    Encoding::Json if !is_last => b",",
                    _ => &[],
                }
            }
        }
    }

    /// A piece of a document to which something is added: without the map header at its beginning,
    /// or the brace at its end.
    fn opened<'a>(&self, document: [&'a [u8]; 3], index: usize) -> &'a [u8] {
        let piece = document.get(index).copied().unwrap_or_default();
        let is_end = document
            .get(index + 1..)
            .is_none_or(|behind| behind.iter().all(|piece| piece.is_empty()));
        match self.encoding {
            Encoding::MsgPack if index == 0 => piece.get(1..).unwrap_or_default(),
            Encoding::Json if is_end => piece.strip_suffix(b"}").unwrap_or(piece),
            _ => piece,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{UserId, Version},
        wire::{Dialect, ServerMessage, Users},
    };

    #[test]
    fn the_pieces_are_the_message_that_would_be_copied() {
        let snapshots: Vec<_> = (1..=300)
            .map(|id| {
                let document = format!(r#"{{"id":"{id}","text":"{}"}}"#, "x".repeat(250));
                let user = UserId::try_from(id).unwrap();
                Arc::new(Snapshot::new(user, Version::new(id), document.as_bytes()))
            })
            .collect();
        for encoding in [Encoding::Json, Encoding::MsgPack] {
            let dialect = Dialect {
                encoding,
                deflate: false,
            };
            for users in [Users::Many, Users::Piece] {
                let message = ServerMessage::InitAck(users(snapshots.clone()));
                let list = message.list(encoding, None).unwrap();
                let pieces = (0..).map_while(|number| list.piece(number));
                let pieces: Vec<u8> = pieces.flatten().copied().collect();
                assert_eq!(pieces, message.frame(dialect, None), "{message:?}");
            }
            let short = ServerMessage::InitAck(Users::Many(snapshots[..3].to_vec()));
            assert!(short.list(encoding, None).is_none());
        }
    }
}
