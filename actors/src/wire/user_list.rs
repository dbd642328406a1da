//! An answer with many users, by reference: a guild's worth of documents is megabytes, and a
//! thousand dashboards that come back at once must not have it copied for each of them.

use std::sync::Arc;

use super::{
    Encoding, FrameKind, Opcode, Snapshot,
    frame::header,
    server::{users_head, users_tail},
};

/// Answers shorter than this many bytes are copied together: that can be compressed.
const WORTH_REFERRING: usize = 64 * 1024;

/// One message with an array of users as its `d`, in pieces that are written one after the other.
#[derive(Debug)]
pub struct UserList {
    /// The frame's header and the message up to the first user.
    head: Vec<u8>,
    snapshots: Vec<Arc<Snapshot>>,
    encoding: Encoding,
    /// The message behind the last user.
    tail: &'static [u8],
}

const COMMA: &[u8] = b",";

impl UserList {
    /// The list as a message of this kind; `None` if it is so short that it is better copied.
    pub(super) fn new(
        opcode: Opcode,
        encoding: Encoding,
        snapshots: &[Arc<Snapshot>],
        more: bool,
    ) -> Option<Self> {
        let documents: usize = snapshots
            .iter()
            .map(|snapshot| snapshot.document_slice(encoding).len())
            .sum();
        if documents < WORTH_REFERRING {
            return None;
        }
        let message = users_head(opcode, encoding, snapshots.len(), more);
        let tail = users_tail(encoding, more);
        let (kind, commas) = match encoding {
            Encoding::Json => (FrameKind::Text, snapshots.len() - 1),
            Encoding::MsgPack => (FrameKind::Binary, 0),
        };
        let mut head = header(kind, message.len() + documents + commas + tail.len());
        head.extend_from_slice(&message);
        Some(Self {
            head,
            snapshots: snapshots.to_vec(),
            encoding,
            tail,
        })
    }

    /// The piece with this number, from 0; `None` behind the last.
    pub fn piece(&self, number: usize) -> Option<&[u8]> {
        if number == 0 {
            return Some(&self.head);
        }
        let document = |index: usize| {
            let snapshot = self.snapshots.get(index)?;
            Some(snapshot.document_slice(self.encoding))
        };
        match self.encoding {
            Encoding::MsgPack => document(number - 1).or_else(|| {
                let is_behind = number - 1 == self.snapshots.len() && !self.tail.is_empty();
                is_behind.then_some(self.tail)
            }),
            // Documents have the odd numbers, what stands between them the even ones.
            Encoding::Json if number % 2 == 1 => document(number / 2),
            Encoding::Json => match (number / 2).cmp(&self.snapshots.len()) {
                std::cmp::Ordering::Less => Some(COMMA),
                std::cmp::Ordering::Equal => Some(self.tail),
                std::cmp::Ordering::Greater => None,
            },
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
