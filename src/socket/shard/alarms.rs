//! What a shard has to look at again at a certain time.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    time::{Duration, Instant},
};

/// Why a connection is looked at. Connections are named by id, so one that is gone meanwhile is
/// not mistaken for another in its slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alarm {
    /// The session asked for it.
    Session(u64),
    /// Has the full socket taken anything?
    Stalled(u64),
    /// Has the client answered the close frame?
    Lingering(u64),
}

/// Alarms, soonest first.
#[derive(Debug, Default)]
pub struct Alarms(BinaryHeap<Reverse<(Instant, Alarm)>>);

impl Alarms {
    /// Adds an alarm.
    pub fn set(&mut self, at: Instant, alarm: Alarm) {
        self.0.push(Reverse((at, alarm)));
    }

    /// How long until the next one; `None` if there is none.
    pub fn wait(&self, now: Instant) -> Option<Duration> {
        let Reverse((at, _)) = self.0.peek()?;
        Some(at.saturating_duration_since(now))
    }

    /// Takes the next alarm that is due.
    pub fn due(&mut self, now: Instant) -> Option<Alarm> {
        let Reverse((at, _)) = self.0.peek()?;
        if *at > now {
            return None;
        }
        self.0.pop().map(|Reverse((_, alarm))| alarm)
    }
}
