//! How a socket ends: told why, given up, dropped.

use std::{sync::atomic::Ordering, time::Instant};

use lantern_actors::{
    session::SessionMsg,
    wire::{CloseCode, ServerMessage, close_frame},
};

use super::{Alarm, Shard, to_slot};
use crate::{socket::connection::Ending, tcp};

impl Shard {
    /// Sends DISCONNECT and a close frame; the socket is dropped when the client has answered, or
    /// after a while.
    pub(super) fn close(&mut self, slot: usize, code: CloseCode, reason: &str) {
        let Some(connection) = self.connections.get_mut(slot) else {
            return;
        };
        if connection.ending != Ending::Open {
            return;
        }
        if code == CloseCode::TooSlow {
            connection.drop_waiting();
            connection.is_too_slow = true;
        }
        let disconnect = ServerMessage::Disconnect {
            reason: reason.to_owned(),
        };
        connection.queue_answer(disconnect.frame(connection.dialect, None));
        connection.queue_answer(close_frame(code.number(), reason));
        connection.ending = Ending::CloseSent;
        connection.pieces = None;
        let lingering = Alarm::Lingering(connection.id);
        let at = Instant::now() + self.limits.linger(connection);
        self.alarms.set(at, lingering);
        self.stats.closed_by_server(code);
        self.index.clear(to_slot(slot));
        self.flush(slot);
    }

    /// A subscription that has become empty ends the socket. The shard decides, for it alone knows
    /// whether users were added meanwhile.
    pub(super) fn close_if_empty(&mut self, slot: usize) {
        if !self.index.watches_anybody(to_slot(slot)) {
            let reason = "There is no user left to watch.";
            self.close(slot, CloseCode::NothingToWatch, reason);
        }
    }

    /// The client has not answered the close frame. If it does not read, the socket is reset, or the
    /// kernel would go on holding what is not read.
    pub(super) fn give_up(&mut self, slot: usize) {
        if let Some(connection) = self.connections.get(slot)
            && connection.is_behind()
        {
            tcp::reset(&connection.stream);
            self.stats.reset.fetch_add(1, Ordering::Relaxed);
        }
        self.remove(slot);
    }

    /// Drops a socket, and tells its session.
    pub(super) fn remove(&mut self, slot: usize) {
        let Some(mut connection) = self.connections.try_remove(slot) else {
            return;
        };
        tcp::abandon(&connection.stream, self.limits.close_timeout);
        // Fails only for a socket that was never registered.
        let _ = self.poll.registry().deregister(&mut connection.stream);
        connection.count_none_waiting(&self.stats);
        if connection.ending == Ending::Open {
            self.stats.closed_by_client.fetch_add(1, Ordering::Relaxed);
        }
        self.slots.remove(&connection.id);
        self.index.clear(to_slot(slot));
        self.stats.open.send_modify(|open| *open -= 1);
        let _ = connection.session.cast(SessionMsg::Closed);
    }
}
