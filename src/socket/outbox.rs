//! What a socket that is full still has to be sent.
//!
//! A reader that keeps up never has anything here. For one that does not, state conflates: of each
//! user only the newest presence and the newest pairs wait, in the place of the oldest, so the memory
//! is bounded by the users that are watched and nothing stale is ever sent. Everything else keeps its
//! place and its order, counts against a byte limit, and is never overtaken by a presence that came
//! after it.

use std::{
    collections::{HashMap, VecDeque},
    io::{self, IoSlice, Write},
    sync::Arc,
};

use bytes::Bytes;
use lantern_actors::{
    domain::UserId,
    wire::{Dialect, LARGE, Snapshot, StorageUpdate, UserList},
};

#[cfg(test)]
mod tests;

/// How many frames one vectored write gathers.
pub const GATHERED: usize = 64;

/// The queue of one socket.
#[derive(Debug, Default)]
pub struct Outbox {
    queue: VecDeque<Item>,
    /// How many pieces of the front item are written already, and how many bytes of the next.
    pieces: usize,
    written: usize,
    /// The number of the front item; items are numbered in the order they came.
    front: u64,
    /// Where the newest updates of a user wait, at most one of each kind, the newer one last.
    #[expect(clippy::box_collection, reason = "empty in all but slow connections")]
    newest: Option<Box<HashMap<UserId, [Option<u64>; 2]>>>,
    /// Bytes of the events that wait.
    event_bytes: usize,
    /// How many answers wait.
    answers: usize,
}

/// The newest state of a user, or of a part of it.
#[derive(Debug, Clone)]
pub enum Update {
    /// Everything: PRESENCE_UPDATE.
    Presence(Arc<Snapshot>),
    /// The pairs: STORAGE_UPDATE.
    Storage(Arc<StorageUpdate>),
}

impl Update {
    /// Whose it is.
    pub fn user(&self) -> UserId {
        match self {
            Self::Presence(snapshot) => snapshot.user(),
            Self::Storage(update) => update.user(),
        }
    }

    /// The frame for sockets of this dialect, in one piece or more.
    pub fn pieces(&self, dialect: Dialect) -> &[Bytes] {
        match self {
            Self::Presence(snapshot) => snapshot.update().pieces(dialect),
            Self::Storage(update) => update.frame().pieces(dialect),
        }
    }
}

#[derive(Debug)]
enum Item {
    Update(Update),
    Event(Box<[Bytes]>),
    Answer(Bytes),
    List(Box<UserList>),
}

impl Item {
    fn is_answer(&self) -> bool {
        matches!(self, Self::Answer(_) | Self::List(_))
    }

    /// An item is written piece by piece. `None` behind the last.
    fn piece(&self, number: usize, dialect: Dialect) -> Option<&[u8]> {
        match self {
            Self::List(list) => list.piece(number),
            Self::Update(update) => update.pieces(dialect).get(number).map(Bytes::as_ref),
            Self::Event(pieces) => pieces.get(number).map(Bytes::as_ref),
            Self::Answer(bytes) => (number == 0).then_some(bytes.as_ref()),
        }
    }
}

/// How far a flush got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flushed {
    /// Everything is written.
    Everything,
    /// The socket is full.
    Full {
        /// Whether it took anything.
        progressed: bool,
    },
}

/// Bytes of a frame in pieces.
pub fn length(pieces: &[Bytes]) -> usize {
    pieces.iter().map(Bytes::len).sum()
}

impl Outbox {
    /// Whether nothing waits.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// How many messages wait.
    #[inline]
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Bytes of the events that wait; neither presences nor answers count.
    pub fn event_bytes(&self) -> usize {
        self.event_bytes
    }

    /// Bytes of large texts that wait and are no longer those of the newest snapshot of their user.
    pub fn replaced_bytes<'a>(
        &self,
        dialect: Dialect,
        newest: impl Fn(UserId) -> Option<&'a Arc<Snapshot>>,
    ) -> usize {
        let mut bytes = 0;
        let mut add = |user, pieces: &mut dyn Iterator<Item = &[u8]>| {
            let newest = newest(user).map(|snapshot| snapshot.update().pieces(dialect));
            let is_newest = |piece: &[u8]| {
                let mut pieces = newest.unwrap_or_default().iter();
                pieces.any(|other| other.as_ptr() == piece.as_ptr())
            };
            bytes += pieces
                .filter(|piece| piece.len() >= LARGE && !is_newest(piece))
                .map(<[u8]>::len)
                .sum::<usize>();
        };
        for item in &self.queue {
            match item {
                Item::Update(update) => {
                    let pieces = update.pieces(dialect);
                    add(update.user(), &mut pieces.iter().map(Bytes::as_ref));
                }
                Item::List(list) => {
                    for snapshot in list.snapshots() {
                        let pieces = snapshot.update().pieces(dialect);
                        add(snapshot.user(), &mut pieces.iter().map(Bytes::as_ref));
                    }
                }
                Item::Event(_) | Item::Answer(_) => {}
            }
        }
        bytes
    }

    /// How many answers wait.
    pub fn answers(&self) -> usize {
        self.answers
    }

    /// Queues an update, in the place of an older one of its kind and user if nothing else about that
    /// user came in between. Of each kind one waits; they keep the order in which the newest came.
    pub fn update(&mut self, update: Update) {
        let user = update.user();
        let places = self.places(user);
        let kind = std::mem::discriminant(&update);
        let is_same = |place: &u64| {
            let item = self.waiting(*place);
            matches!(item, Some(Item::Update(waiting)) if std::mem::discriminant(waiting) == kind)
        };
        match places {
            [.., Some(last)] if is_same(&last) => self.replace(last, update),
            [Some(first), Some(last)] if is_same(&first) => {
                // The other one moves up, so that what is newer stays behind what is older.
                if let Some(Item::Update(other)) = self.waiting(last) {
                    let other = other.clone();
                    self.replace(first, other);
                }
                self.replace(last, update);
            }
            [_, last] => {
                let place = self.front + self.queue.len() as u64;
                let newest = self.newest.get_or_insert_default();
                newest.insert(user, [last, Some(place)]);
                self.queue.push_back(Item::Update(update));
            }
        }
    }

    /// Where updates of a user wait that can be replaced, the older one first; the last is the newest.
    fn places(&self, user: UserId) -> [Option<u64>; 2] {
        // The front item may be partly written, then it is no longer replaceable.
        let first_replaceable = self.front + u64::from(self.front_is_begun());
        let places = self.newest.as_ref().and_then(|newest| newest.get(&user));
        let places = places.copied().unwrap_or_default();
        places.map(|place| place.filter(|place| *place >= first_replaceable))
    }

    fn waiting(&self, place: u64) -> Option<&Item> {
        let index = usize::try_from(place - self.front).ok()?;
        self.queue.get(index)
    }

    fn replace(&mut self, place: u64, update: Update) {
        let index = usize::try_from(place - self.front).unwrap_or(usize::MAX);
        if let Some(item) = self.queue.get_mut(index) {
            *item = Item::Update(update);
        }
    }

    /// Queues something about one user that is not state.
    pub fn event_of(&mut self, user: UserId, pieces: &[Bytes]) {
        if let Some(newest) = &mut self.newest {
            newest.remove(&user);
        }
        self.event_bytes += length(pieces);
        self.queue.push_back(Item::Event(pieces.into()));
    }

    /// Queues a ping. It counts as an event does, and keeps nothing in its place.
    pub fn ping(&mut self, bytes: Bytes) {
        self.event_bytes += bytes.len();
        self.queue.push_back(Item::Event([bytes].into()));
    }

    /// Queues an answer to the client. It may be about any user, so presences that come later stay
    /// behind it. Answers are bounded by the client's next message not being read before they are
    /// written.
    pub fn answer(&mut self, bytes: Bytes) {
        self.newest = None;
        self.answers += 1;
        self.queue.push_back(Item::Answer(bytes));
    }

    /// As `answer`, for one that is made of many users.
    pub fn list(&mut self, list: UserList) {
        self.newest = None;
        self.answers += 1;
        self.queue.push_back(Item::List(Box::new(list)));
    }

    fn front_is_begun(&self) -> bool {
        self.written > 0 || self.pieces > 0
    }

    /// The first `written` bytes of the front item, which was queued just now, are sent already.
    pub fn front_is_partly_written(&mut self, written: usize) {
        self.written = written;
    }

    /// Drops everything that is not under way: what the socket is sent before it is closed for
    /// being too slow.
    pub fn drop_waiting(&mut self) {
        self.queue.truncate(usize::from(self.front_is_begun()));
        self.newest = None;
        self.event_bytes = 0;
        self.answers = self.queue.iter().filter(|item| item.is_answer()).count();
    }

    /// Writes as much as the socket takes.
    pub fn flush(&mut self, socket: &mut impl Write, dialect: Dialect) -> io::Result<Flushed> {
        let mut progressed = false;
        while !self.queue.is_empty() {
            let mut slices = [IoSlice::new(&[]); GATHERED];
            let mut filled = 0;
            let mut offset = self.written;
            for (slice, piece) in slices.iter_mut().zip(self.waiting_pieces(dialect)) {
                *slice = IoSlice::new(piece.get(offset..).unwrap_or_default());
                offset = 0;
                filled += 1;
            }
            match socket.write_vectored(slices.get(..filled).unwrap_or_default()) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    progressed = true;
                    self.advance(written, dialect);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Flushed::Full { progressed });
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        // An idle connection keeps no buffers.
        *self = Self {
            front: self.front,
            ..Self::default()
        };
        Ok(Flushed::Everything)
    }

    /// The pieces that are not written yet, the one that is under way first.
    fn waiting_pieces(&self, dialect: Dialect) -> impl Iterator<Item = &[u8]> {
        self.queue
            .iter()
            .enumerate()
            .flat_map(move |(index, item)| {
                let first = if index == 0 { self.pieces } else { 0 };
                (first..).map_while(move |number| item.piece(number, dialect))
            })
            .filter(|piece| !piece.is_empty())
    }

    fn advance(&mut self, mut written: usize, dialect: Dialect) {
        while let Some(item) = self.queue.front() {
            let Some(piece) = item.piece(self.pieces, dialect) else {
                self.front_is_through();
                continue;
            };
            let left = piece.len() - self.written;
            if written < left {
                self.written += written;
                return;
            }
            written -= left;
            self.written = 0;
            self.pieces += 1;
        }
    }

    fn front_is_through(&mut self) {
        match self.queue.pop_front() {
            Some(Item::Event(pieces)) => {
                self.event_bytes = self.event_bytes.saturating_sub(length(&pieces));
            }
            Some(item) if item.is_answer() => self.answers = self.answers.saturating_sub(1),
            _ => {}
        }
        self.pieces = 0;
        self.front += 1;
    }
}
