//! A gateway session: its sequence numbers, and the events that a client may still ask for again.
//!
//! One buffer serves as outbox and as replay: the connection that holds the session sends from a
//! cursor onwards, and RESUME moves the cursor back.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::identify::Identify;

/// Bytes of events that were sent already and are kept for RESUME.
const KEPT_BYTES: usize = 32 << 20;
/// Events, and bytes of them, that a connection may be behind before it is given up.
const MAX_UNSENT: usize = 1_000_000;
const MAX_UNSENT_BYTES: usize = 256 << 20;

/// An event: its name and its `d`, shared by all who send it.
#[derive(Debug, Clone)]
pub struct Event {
    /// The `t`.
    pub name: Cow<'static, str>,
    /// The `d`, as JSON.
    pub data: Arc<str>,
}

/// An event with its number in a session.
#[derive(Debug, Clone)]
pub struct Numbered {
    /// The `s`.
    pub seq: u64,
    /// What happened.
    pub event: Event,
    at: Instant,
}

impl Numbered {
    /// The whole payload, as JSON.
    pub fn payload(&self) -> String {
        format!(
            r#"{{"t":"{}","s":{},"op":0,"d":{}}}"#,
            self.event.name, self.seq, self.event.data
        )
    }
}

/// How much a session keeps.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How long it outlives its connection, and events are kept.
    pub window: Duration,
    /// How many events are kept.
    pub events: usize,
}

/// Why a session cannot be resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotResumable {
    /// What was missed is no longer kept.
    Forgotten,
    /// The client claims to have what was never sent.
    FromTheFuture,
}

/// The part of a session that changes.
#[derive(Debug)]
pub struct Buffer {
    bounds: Bounds,
    /// The number of the newest event; 0 before the first.
    newest: u64,
    /// The number of the last event handed to a connection.
    cursor: u64,
    kept: VecDeque<Numbered>,
    kept_bytes: usize,
    holder: Option<u64>,
    released_at: Option<Instant>,
}

impl Buffer {
    /// An empty buffer, held by `connection`.
    pub fn new(bounds: Bounds, connection: u64) -> Self {
        Self {
            bounds,
            newest: 0,
            cursor: 0,
            kept: VecDeque::new(),
            kept_bytes: 0,
            holder: Some(connection),
            released_at: None,
        }
    }

    /// Adds an event and lets go of what is past the bounds.
    pub fn push(&mut self, event: Event, now: Instant) {
        self.newest += 1;
        self.kept_bytes += event.data.len();
        self.kept.push_back(Numbered {
            seq: self.newest,
            event,
            at: now,
        });
        while self
            .kept
            .front()
            .is_some_and(|oldest| self.may_go(oldest, now))
        {
            if let Some(gone) = self.kept.pop_front() {
                self.kept_bytes -= gone.event.data.len();
            }
        }
    }

    fn may_go(&self, oldest: &Numbered, now: Instant) -> bool {
        if self.holder.is_some() && oldest.seq > self.cursor {
            return self.kept.len() > MAX_UNSENT || self.kept_bytes > MAX_UNSENT_BYTES;
        }
        self.kept.len() > self.bounds.events
            || self.kept_bytes > KEPT_BYTES
            || now.duration_since(oldest.at) > self.bounds.window
    }

    /// The next events that the holder has not sent, at most `limit`. None if some of them are
    /// gone because the connection was too slow.
    pub fn take(&mut self, limit: usize) -> Option<Vec<Numbered>> {
        let first_kept = self.newest + 1 - self.kept.len() as u64;
        let skip = (self.cursor + 1).checked_sub(first_kept)?;
        let taken: Vec<Numbered> = self
            .kept
            .iter()
            .skip(usize::try_from(skip).ok()?)
            .take(limit)
            .cloned()
            .collect();
        self.cursor += taken.len() as u64;
        Some(taken)
    }

    /// Gives the session to `connection`, which has everything up to `seq`. Returns who held it.
    pub fn resume(
        &mut self,
        connection: u64,
        seq: u64,
        now: Instant,
    ) -> Result<Option<u64>, NotResumable> {
        if seq > self.newest {
            return Err(NotResumable::FromTheFuture);
        }
        let missed = self.newest - seq;
        if missed > self.kept.len() as u64 || self.expired(now) {
            return Err(NotResumable::Forgotten);
        }
        self.cursor = seq;
        self.released_at = None;
        Ok(self.holder.replace(connection))
    }

    /// Notes that `connection` is gone, if it still holds the session.
    pub fn release(&mut self, connection: u64, now: Instant) {
        if self.holder == Some(connection) {
            self.holder = None;
            self.released_at = Some(now);
        }
    }

    /// Whether nobody has resumed the session in time.
    pub fn expired(&self, now: Instant) -> bool {
        self.released_at
            .is_some_and(|at| now.duration_since(at) > self.bounds.window)
    }

    /// The connection that has the session.
    pub fn holder(&self) -> Option<u64> {
        self.holder
    }

    /// The number of the newest event, and of the last one that was sent.
    pub fn numbers(&self) -> (u64, u64) {
        (self.newest, self.cursor)
    }
}

/// A session: what was asked for, what is to be sent, and a wake-up for who sends it.
#[derive(Debug)]
pub struct Session {
    /// Its id, which RESUME names.
    pub id: String,
    /// What the client asked for.
    pub identify: Identify,
    /// What is to be sent.
    pub buffer: Mutex<Buffer>,
    /// Rings when there is something to send.
    pub wake: Notify,
}

impl Session {
    /// Adds an event and wakes the connection.
    pub fn push(&self, event: Event) {
        self.buffer.lock().push(event, Instant::now());
        self.wake.notify_one();
    }

    /// Whether the session asked for events of this intent.
    pub fn wants(&self, intent: u64) -> bool {
        self.identify.intents & intent == intent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(text: &str) -> Event {
        Event {
            name: "TEST".into(),
            data: text.into(),
        }
    }

    fn buffer(events: usize) -> Buffer {
        Buffer::new(
            Bounds {
                window: Duration::from_secs(60),
                events,
            },
            1,
        )
    }

    fn numbers(taken: Option<Vec<Numbered>>) -> Option<Vec<u64>> {
        taken.map(|taken| taken.iter().map(|numbered| numbered.seq).collect())
    }

    #[test]
    fn resume_replays_with_the_old_numbers() {
        let (mut buffer, now) = (buffer(100), Instant::now());
        for text in ["1", "2", "3", "4"] {
            buffer.push(event(text), now);
        }
        assert_eq!(numbers(buffer.take(3)), Some(vec![1, 2, 3]));
        buffer.release(1, now);
        buffer.push(event("5"), now);
        assert_eq!(buffer.resume(2, 1, now), Ok(None));
        assert_eq!(numbers(buffer.take(10)), Some(vec![2, 3, 4, 5]));
        assert_eq!(numbers(buffer.take(10)), Some(vec![]));
    }

    #[test]
    fn what_was_let_go_cannot_be_resumed() {
        let (mut buffer, now) = (buffer(3), Instant::now());
        buffer.release(1, now);
        for _ in 0..5 {
            buffer.push(event("x"), now);
        }
        assert_eq!(buffer.resume(2, 1, now), Err(NotResumable::Forgotten));
        assert_eq!(buffer.resume(2, 2, now), Ok(None));
        assert_eq!(numbers(buffer.take(10)), Some(vec![3, 4, 5]));
    }

    #[test]
    fn the_future_cannot_be_resumed() {
        assert_eq!(
            buffer(3).resume(2, 1, Instant::now()),
            Err(NotResumable::FromTheFuture)
        );
    }

    #[test]
    fn a_session_expires_after_its_window() {
        let (mut buffer, now) = (buffer(3), Instant::now());
        buffer.release(1, now);
        let later = now + Duration::from_secs(61);
        assert!(!buffer.expired(now) && buffer.expired(later));
        assert_eq!(buffer.resume(2, 0, later), Err(NotResumable::Forgotten));
    }

    #[test]
    fn what_the_holder_has_not_sent_is_kept_past_the_bounds() {
        let (mut buffer, now) = (buffer(3), Instant::now());
        for _ in 0..50 {
            buffer.push(event("x"), now);
        }
        assert_eq!(buffer.take(100).map(|taken| taken.len()), Some(50));
        buffer.push(event("x"), now);
        assert_eq!(buffer.resume(2, 10, now), Err(NotResumable::Forgotten));
    }

    #[test]
    fn a_connection_that_was_replaced_releases_nothing() {
        let (mut buffer, now) = (buffer(3), Instant::now());
        assert_eq!(buffer.resume(2, 0, now), Ok(Some(1)));
        buffer.release(1, now);
        assert_eq!(buffer.holder(), Some(2));
    }
}
