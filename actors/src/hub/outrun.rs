//! Versions that clients hold and nobody published in this run: what a crash took before it was stored.
//!
//! Such a user is published anew above that version, or the client would go back. Reading must not
//! write, though, and anybody can name a version: so only what a crash explains counts, and not too
//! often.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    time::{Duration, Instant},
};

use crate::{
    domain::{UserId, Version},
    user::{UserInput, UserMsg},
};

use super::Hub;

/// How long writing may take beyond the delay that is configured, on a disk that is slow.
const SLOWEST_WRITE: Duration = Duration::from_secs(5);
/// How many users may be published anew at once, and how many more in a second. What waits to be written
/// at a crash is far less.
const AT_ONCE: f64 = 256.0;
const PER_SECOND: f64 = 1.0;
/// How many of them one client may name in a minute.
const PER_CLAIMANT: u32 = 32;
const WINDOW: Duration = Duration::from_secs(60);

/// Who says that it holds a version.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Claimant {
    /// A client of REST.
    Address(IpAddr),
    /// A socket, by its id.
    Socket(u64),
}

/// What was claimed in this run.
#[derive(Debug)]
pub(super) struct Claims {
    /// The newest version that was stored before this start, once it is known.
    newest_stored: Option<Version>,
    /// How long before it a version may be that was not stored, in microseconds.
    lag_us: u64,
    /// Users that are, or will be, above every version of an earlier run.
    outrun: HashSet<UserId>,
    /// How many more may be named, as of `counted_at`.
    left: f64,
    counted_at: Instant,
    /// How many each has named since `began`. There are no more of them than may be named in that time.
    by_claimant: HashMap<Claimant, u32>,
    began: Instant,
}

impl Claims {
    pub(super) fn new(write_delay: Duration, now: Instant) -> Self {
        let lag = write_delay.saturating_add(SLOWEST_WRITE).as_micros();
        Self {
            newest_stored: None,
            lag_us: u64::try_from(lag).unwrap_or(u64::MAX),
            outrun: HashSet::new(),
            left: AT_ONCE,
            counted_at: now,
            by_claimant: HashMap::new(),
            began: now,
        }
    }

    /// What was stored before this start has been read; only the first time counts.
    pub(super) fn restored(&mut self, newest: Version) {
        self.newest_stored.get_or_insert(newest);
    }

    /// Whether the user is to be above this version, which is from before this start.
    fn accepts(&mut self, user: UserId, held: Version, by: Claimant, now: Instant) -> bool {
        let Some(newest) = self.newest_stored else {
            return false;
        };
        // What is older was stored before the newest was.
        if held.get().saturating_add(self.lag_us) < newest.get() {
            return false;
        }
        if self.outrun.contains(&user) {
            return true;
        }
        let elapsed = now.saturating_duration_since(self.counted_at).as_secs_f64();
        self.left = (self.left + elapsed * PER_SECOND).min(AT_ONCE);
        self.counted_at = now;
        if now.saturating_duration_since(self.began) >= WINDOW {
            self.began = now;
            self.by_claimant.clear();
        }
        let named = self.by_claimant.get(&by).copied().unwrap_or(0);
        if self.left < 1.0 || named >= PER_CLAIMANT {
            return false;
        }
        self.left -= 1.0;
        self.by_claimant.insert(by, named + 1);
        self.outrun.insert(user);
        true
    }
}

impl Hub {
    /// Says that a client holds a version of this user that is newer than the latest. If it can be
    /// from before this start, published but not stored when the process was killed, the user is
    /// published anew above it, soon and once; then this is true, and what the client holds is not to
    /// be replaced by something older.
    pub fn outrun(&self, user: UserId, held: Version, by: Claimant) -> bool {
        if held > self.inner.started {
            return false;
        }
        let now = Instant::now();
        if !self.inner.claims.lock().accepts(user, held, by, now) {
            return false;
        }
        let input = Box::new(UserInput::Outrun(held));
        self.inner.directory.send(user, UserMsg::Input(input))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEWEST: u64 = 1_000_000_000;

    fn user(id: u64) -> UserId {
        UserId::try_from(id).unwrap()
    }

    fn by(address: u8) -> Claimant {
        Claimant::Address([10, 0, 0, address].into())
    }

    fn claims() -> (Claims, Instant) {
        let now = Instant::now();
        let mut claims = Claims::new(Duration::from_millis(5), now);
        claims.restored(Version::new(NEWEST));
        (claims, now)
    }

    #[test]
    fn only_what_a_crash_can_have_taken_counts() {
        let (mut claims, now) = claims();
        for (held, expected) in [
            (1, false),
            (NEWEST - 6_000_000, false),
            (NEWEST - 4_000_000, true),
            (NEWEST + 1, true),
        ] {
            let accepted = claims.accepts(user(held), Version::new(held), by(1), now);
            assert_eq!(accepted, expected, "{held}");
        }
        let mut fresh = Claims::new(Duration::ZERO, now);
        assert!(!fresh.accepts(user(1), Version::new(NEWEST), by(1), now));
    }

    #[test]
    fn a_client_names_some_and_all_of_them_not_many_more() {
        let (mut claims, now) = claims();
        let held = Version::new(NEWEST + 1);
        let mut accepted = |first: u64, by: Claimant, now| {
            let users = first..first + 100;
            users
                .filter(|id| claims.accepts(user(*id), held, by, now))
                .count()
        };
        assert_eq!(accepted(1_000, by(1), now), 32);
        assert_eq!(accepted(2_000, Claimant::Socket(1), now), 32);
        let others: usize = (2..=20)
            .map(|n| accepted(1_000 * (n + 1), by(n as u8), now))
            .sum();
        assert_eq!(others, 256 - 64);
        let later = now + WINDOW;
        assert_eq!(accepted(100_000, by(1), later), 32);
        assert_eq!(accepted(200_000, by(2), later), 60 - 32);
    }

    #[test]
    fn who_was_named_once_costs_nothing_more() {
        let (mut claims, now) = claims();
        let held = Version::new(NEWEST + 1);
        for _ in 0..1_000 {
            assert!(claims.accepts(user(7), held, by(1), now));
        }
        assert!(claims.accepts(user(8), held, by(1), now));
    }
}
