//! The stream of presence updates, decided by the seed alone.
//!
//! Which member changes, in which order and to what depends on the seed and the number of members
//! that the guild started with, never on what clients or the control API do. Only the times inside
//! activities follow the clock, so that songs are playing now.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::people::Persona;
use super::presence::{Presence, Visibility};
use super::snowflake::randomness;

/// The purpose of the stream's randomness; members have the numbers from 1.
const PURPOSE: u64 = u64::MAX;
/// How many of a hundred updates take a member offline.
const LEAVING: f64 = 0.18;

/// One change of one member's presence.
#[derive(Debug, Clone)]
pub struct Update {
    /// Whose presence changes.
    pub member: u64,
    /// What it changes to.
    pub presence: Presence,
}

/// Generates updates without end.
#[derive(Debug)]
pub struct Stream {
    seed: u64,
    rng: ChaCha8Rng,
    /// Whether each member is there, so that nobody goes offline twice.
    visibility: Vec<Visibility>,
}

impl Stream {
    /// The stream for members with these numbers and visibilities.
    pub fn new(seed: u64, visibility: Vec<Visibility>) -> Self {
        Self {
            seed,
            rng: randomness(seed, PURPOSE),
            visibility,
        }
    }

    /// The next update; activities' times lie around `now_ms`. None if the guild began empty.
    pub fn next(&mut self, now_ms: u64) -> Option<Update> {
        let count = u32::try_from(self.visibility.len())
            .ok()
            .filter(|count| *count > 0)?;
        let number = self.rng.random_range(0..count);
        let leaving = self.rng.random_bool(LEAVING);
        let slot = self.visibility.get_mut(number as usize)?;
        *slot = match *slot {
            Visibility::Present if leaving => Visibility::Offline,
            _ => Visibility::Present,
        };
        let persona = Persona::of(self.seed, number);
        let presence = Presence::compose(&mut self.rng, &persona, *slot, now_ms);
        Some(Update {
            member: persona.id,
            presence,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn updates(seed: u64) -> Vec<(u64, String)> {
        let mut stream = Stream::new(seed, vec![Visibility::Present; 50]);
        (0..1_000)
            .filter_map(|_| stream.next(1_763_000_000_000))
            .map(|update| (update.member, update.presence.json.to_string()))
            .collect()
    }

    #[test]
    fn same_seed_gives_the_same_stream() {
        assert_eq!(updates(3), updates(3));
        assert_eq!(updates(3).len(), 1_000);
    }

    #[test]
    fn another_seed_gives_another_stream() {
        assert_ne!(updates(3), updates(4));
    }

    #[test]
    fn the_clock_changes_times_only() {
        let run = |now_ms| {
            let mut stream = Stream::new(9, vec![Visibility::Present; 20]);
            (0..200)
                .filter_map(|_| stream.next(now_ms))
                .map(|update| update.member)
                .collect::<Vec<_>>()
        };
        assert_eq!(run(1_763_000_000_000), run(1_764_000_000_000));
    }

    #[test]
    fn nobody_goes_offline_twice_in_a_row() {
        let mut stream = Stream::new(1, vec![Visibility::Present; 5]);
        let mut offline = std::collections::HashSet::new();
        for _ in 0..500 {
            let update = stream.next(0).unwrap();
            match update.presence.visibility {
                Visibility::Offline => assert!(offline.insert(update.member)),
                Visibility::Present => _ = offline.remove(&update.member),
            }
        }
    }
}
