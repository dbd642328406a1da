//! From a publication to the sockets: the hot path.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use lantern_actors::{
    domain::UserId,
    ports::Publication,
    wire::{CloseCode, Opcode, SharedFrame, Snapshot, is_too_much_pinned},
};
use slab::Slab;

use super::{Shard, TOO_SLOW};
use crate::socket::{
    connection::{Connection, Delivery, Ending},
    index::Slot,
    outbox::Update,
};

/// What one delivery of a batch is marked with, and the slots that any delivery marked.
struct Marks<'a> {
    bit: u64,
    connections: &'a mut Slab<Connection>,
    concerned: &'a mut Vec<Slot>,
    any: bool,
}

impl Marks<'_> {
    fn mark(&mut self, slots: &[Slot]) {
        for slot in slots {
            if let Some(connection) = self.connections.get_mut(*slot as usize) {
                if connection.marked == 0 {
                    self.concerned.push(*slot);
                }
                connection.marked |= self.bit;
                self.any = true;
            }
        }
    }
}

impl Shard {
    /// Takes a publication into the index and marks the sockets that it concerns.
    pub(super) fn gather(&mut self, publication: Publication) {
        match publication {
            Publication::Updated(snapshot) => {
                self.index.publish(Arc::clone(&snapshot));
                self.update(Update::Presence(snapshot));
            }
            Publication::Stored(snapshot, update) => {
                self.index.publish(snapshot);
                self.update(Update::Storage(update));
            }
            Publication::Joined(snapshot) => self.joined(snapshot),
            Publication::Left(user) => self.left(user),
            Publication::Staleness(since) => self.stale_since = since,
        }
    }

    fn update(&mut self, update: Update) {
        let user = update.user();
        let mut marks = Marks {
            bit: 1 << self.batch.len(),
            connections: &mut self.connections,
            concerned: &mut self.concerned,
            any: false,
        };
        marks.mark(self.index.subscribers(user));
        marks.mark(self.index.all());
        if marks.any {
            self.batch.push(Delivery::Update(update));
        }
    }

    fn joined(&mut self, snapshot: Arc<Snapshot>) {
        self.index.publish(Arc::clone(&snapshot));
        self.event(snapshot.user(), &[], || snapshot.joined());
    }

    fn left(&mut self, user: UserId) {
        let watchers = self.index.remove(user);
        self.event(user, &watchers, || {
            let data = format!(r#"{{"user_id":"{user}"}}"#);
            SharedFrame::new(Opcode::UserLeft, data.as_bytes())
        });
        let index = &self.index;
        let emptied = watchers
            .into_iter()
            .filter(|slot| !index.watches_anybody(*slot));
        self.emptied.extend(emptied);
    }

    /// Marks those who watch everybody, and `watchers`.
    fn event(&mut self, user: UserId, watchers: &[Slot], frame: impl FnOnce() -> SharedFrame) {
        let mut marks = Marks {
            bit: 1 << self.batch.len(),
            connections: &mut self.connections,
            concerned: &mut self.concerned,
            any: false,
        };
        marks.mark(watchers);
        marks.mark(self.index.all());
        if marks.any {
            self.batch.push(Delivery::Event(user, frame()));
        }
    }

    /// Drops the socket that pins the most, which frees what only it pins. It is reset: what it was
    /// being sent has to be gone, so no close frame can follow.
    #[cold]
    fn drop_fullest(&mut self) {
        let index = &self.index;
        let pinning = self.connections.iter().filter_map(|(slot, connection)| {
            connection.full_since?;
            let pinned = connection.replaced_bytes(|user| index.snapshot(user));
            (pinned > 0).then_some((pinned, slot))
        });
        if let Some((_, slot)) = pinning.max() {
            self.stats.closed_by_server(CloseCode::TooSlow);
            if let Some(connection) = self.connections.get_mut(slot) {
                connection.ending = Ending::Done;
            }
            self.give_up(slot);
        }
    }

    /// Writes the batch to the sockets that it concerns.
    pub(super) fn deliver(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let (mut deliveries, mut writes) = (0, 0);
        let mut concerned = std::mem::take(&mut self.concerned);
        for slot in concerned.drain(..) {
            let slot = slot as usize;
            let Some(connection) = self.connections.get_mut(slot) else {
                continue;
            };
            let Ok(written) = connection.deliver(&self.batch) else {
                self.remove(slot);
                continue;
            };
            connection.count_waiting(&self.stats);
            deliveries += u64::from(written.deliveries);
            writes += u64::from(written.writes);
            if written.became_full {
                let now = Instant::now();
                connection.full_since = Some(now);
                self.became_full(slot, now);
            } else if connection.waiting_event_bytes() > self.limits.max_queue_bytes {
                // What was queued meanwhile may find room.
                self.flush(slot);
                let waiting = self
                    .connections
                    .get(slot)
                    .map(Connection::waiting_event_bytes);
                if waiting > Some(self.limits.max_queue_bytes) {
                    self.close(slot, CloseCode::TooSlow, TOO_SLOW);
                }
            }
        }
        self.concerned = concerned;
        self.batch.clear();
        self.stats
            .deliveries
            .fetch_add(deliveries, Ordering::Relaxed);
        self.stats.writes.fetch_add(writes, Ordering::Relaxed);
        for slot in std::mem::take(&mut self.emptied) {
            self.close_if_empty(slot as usize);
        }
        if is_too_much_pinned() {
            self.drop_fullest();
        }
    }
}
