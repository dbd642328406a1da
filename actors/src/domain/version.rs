//! The version `v` that every published presence carries.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// A hybrid clock: microseconds since the epoch, or the previous version plus one if that is more.
///
/// For one user it only grows, also across restarts and takeovers, with no coordination, and until
/// the year 2255 it fits a JavaScript number.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(transparent)]
pub struct Version(u64);

impl Version {
    /// The version with this number, for those that were published before.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The version as a number.
    pub fn get(self) -> u64 {
        self.0
    }

    /// The moment that the version names: when it was made, unless the clock stood still or went
    /// back.
    pub fn moment(self) -> Timestamp {
        Timestamp::from_unix_us(self.0)
    }

    /// The version that follows `previous` when the clock shows `now`.
    pub fn next(previous: Version, now: Timestamp) -> Version {
        Self(now.unix_us().max(previous.0.saturating_add(1)))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, out)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_version_is_the_time_in_microseconds() {
        let now = Timestamp::from_unix_ms(1_620_000_000_000);
        assert_eq!(
            Version::next(Version::default(), now).get(),
            1_620_000_000_000_000
        );
    }

    proptest! {
        #[test]
        fn versions_only_grow_whatever_the_clock_does(
            clock_ms in prop::collection::vec(0..=8_000_000_000_000_i64, 1..50)
        ) {
            let mut version = Version::default();
            for now_ms in clock_ms {
                let next = Version::next(version, Timestamp::from_unix_ms(now_ms));
                prop_assert!(next > version);
                prop_assert!(next.get() < (1 << 53));
                version = next;
            }
        }
    }
}
