//! Answers in pieces: one piece a round for each socket that has room, so that a large guild holds up
//! nobody.

use lantern_actors::{domain::UserId, ports::SocketCommand, wire::ServerMessage};

use super::{Shard, to_slot};
use crate::socket::{
    connection::Ending,
    pieces::{Behind, Pieces},
};

impl Shard {
    /// Makes the next piece for each socket that has room. No publication is gathered now, so what
    /// the index holds is what every socket was sent or has waiting: a piece is not older.
    pub(super) fn fill(&mut self) {
        for _ in 0..self.filling.len() {
            let Some(id) = self.filling.pop_front() else {
                return;
            };
            let Some(slot) = self.slots.get(&id).map(|slot| *slot as usize) else {
                continue;
            };
            let Some(connection) = self.connections.get_mut(slot) else {
                continue;
            };
            connection.is_filling = false;
            // The flush that writes the last of what waits comes back here.
            if connection.is_written() {
                self.next_piece(slot);
                self.writable(slot);
                self.carry_out_deferred(slot, id);
            }
        }
    }

    /// Begins an answer in pieces with the first of them.
    pub(super) fn begin_pieces(&mut self, slot: usize, pieces: Pieces) {
        if let Some(connection) = self.connections.get_mut(slot) {
            connection.pieces = Some(Box::new(pieces));
        }
        self.next_piece(slot);
    }

    fn next_piece(&mut self, slot: usize) {
        let connection = self.connections.get_mut(slot);
        let open = connection.filter(|connection| connection.ending == Ending::Open);
        let Some(mut pieces) = open.and_then(|connection| connection.pieces.take()) else {
            return;
        };
        // Who left and came back meanwhile is no longer watched by name.
        let watcher = to_slot(slot);
        let message = pieces.next(|user, known| {
            let snapshot = self.index.snapshot(user)?;
            let is_wanted =
                self.index.watches(watcher, user) && self.is_news(slot, snapshot, known);
            is_wanted.then(|| snapshot.clone())
        });
        self.answer(slot, &message);
        if pieces.is_through() {
            self.send_behind(slot, &pieces.behind);
        } else if let Some(connection) = self.connections.get_mut(slot) {
            connection.pieces = Some(pieces);
        }
    }

    /// What follows an answer. Who is back meanwhile has not left.
    pub(super) fn send_behind(&mut self, slot: usize, behind: &Behind) {
        let is_gone = |user: &&UserId| self.index.snapshot(**user).is_none();
        let gone: Vec<UserId> = behind.gone.iter().filter(is_gone).copied().collect();
        for user in gone {
            self.answer(slot, &ServerMessage::UserLeft(user));
        }
        if let Some(sentence) = &behind.error {
            let error = ServerMessage::Error(sentence.clone());
            self.answer(slot, &error);
        }
    }

    /// Whether a command has to wait until an answer in pieces is through: it would change, or
    /// answer, what that is about.
    pub(super) fn must_wait(&self, slot: usize, command: &SocketCommand) -> bool {
        let changes = matches!(
            command,
            SocketCommand::Subscribe { .. } | SocketCommand::Unsubscribe(_)
        );
        let connection = self.connections.get(slot);
        changes && connection.is_some_and(|connection| connection.pieces.is_some())
    }

    fn carry_out_deferred(&mut self, slot: usize, id: u64) {
        if let Some(connection) = self.connections.get_mut(slot)
            && connection.pieces.is_none()
        {
            let commands = std::mem::take(&mut connection.deferred);
            self.requested(id, commands);
        }
    }
}
