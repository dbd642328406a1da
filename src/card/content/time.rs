//! How long an activity has been and will be, as far as what its application tells makes sense.

use lantern_actors::domain::Timestamp;

use crate::document::Moment;

/// How fine the place in something that has an end is told, in milliseconds; all else is told in minutes.
const STEP_MS: i64 = 5_000;

const MINUTE_MS: i64 = 60_000;

/// The longest that has a bar. What takes longer is told by when it began.
const LONGEST_BAR_MS: i64 = 24 * 60 * MINUTE_MS;

/// When Discord began to count, 2015-01-01: no activity is older.
const OLDEST: Timestamp = Timestamp::from_unix_ms(1_420_070_400_000);

/// How long something has been and will be, in milliseconds. It is as coarse as it is shown, so that
/// cards that look the same are the same.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Time {
    /// It has an end.
    Progress {
        /// How much of it is over.
        passed: i64,
        /// How long it is.
        length: i64,
    },
    /// Since when.
    Elapsed(i64),
    /// Until when.
    Left(i64),
}

fn coarse(ms: i64, step: i64) -> i64 {
    ms - ms % step
}

impl Time {
    /// What makes sense of these moments.
    pub(super) fn of(start: Option<Moment>, end: Option<Moment>, now: Timestamp) -> Option<Self> {
        // Applications tell times that cannot be: in seconds, zero, years ahead.
        let start = start.map(Moment::at);
        let start = start.filter(|start| *start >= OLDEST && now.ms_since(*start) >= -MINUTE_MS);
        let passed = start.map(|start| now.ms_since(start).max(0));
        let left = end.map(|end| end.at().ms_since(now));
        let length = start
            .zip(end)
            .map(|(start, end)| end.at().ms_since(start))
            .filter(|length| (1..=LONGEST_BAR_MS).contains(length));
        match (passed, length, left) {
            (Some(passed), Some(length), _) => Some(Self::Progress {
                passed: coarse(passed, STEP_MS).min(length),
                length,
            }),
            (Some(passed), None, _) => Some(Self::Elapsed(coarse(passed, MINUTE_MS))),
            (None, _, Some(left)) => (1..=LONGEST_BAR_MS)
                .contains(&left)
                .then_some(Self::Left(coarse(left, MINUTE_MS))),
            (None, _, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_620_000_000;
    const HOUR: i64 = 3_600;

    fn time(start: Option<i64>, end: Option<i64>) -> Option<Time> {
        let moment = |unix: Option<i64>| -> Option<Moment> {
            let json = serde_json::json!({"unix": unix?, "raw": ""});
            serde_json::from_value(json).ok()
        };
        Time::of(
            moment(start),
            moment(end),
            Timestamp::from_unix_ms(NOW * 1_000),
        )
    }

    #[test]
    fn times_are_told_as_far_as_they_make_sense() {
        let progress = Time::Progress {
            passed: 60_000,
            length: 180_000,
        };
        assert_eq!(time(Some(NOW - 60), Some(NOW + 120)), Some(progress));
        let elapsed = Some(Time::Elapsed(HOUR * 1_000));
        assert_eq!(time(Some(NOW - HOUR), None), elapsed);
        // An end that is before the start or years ahead is none.
        assert_eq!(time(Some(NOW - HOUR), Some(NOW - 2 * HOUR)), elapsed);
        assert_eq!(time(Some(NOW - HOUR), Some(253_402_300_799)), elapsed);
        // A clock that is a little ahead is no fault of anybody.
        assert_eq!(time(Some(NOW + 30), None), Some(Time::Elapsed(0)));
        assert_eq!(time(None, Some(NOW + HOUR)), Some(Time::Left(HOUR * 1_000)));
    }

    #[test]
    fn times_that_cannot_be_are_left_out() {
        // Zero, seconds taken for milliseconds, and years ahead.
        for start in [0, NOW / 1_000, NOW + HOUR, 253_402_300_799] {
            assert_eq!(time(Some(start), None), None, "{start}");
        }
        for end in [0, NOW - 1, 253_402_300_799] {
            assert_eq!(time(None, Some(end)), None, "{end}");
            assert_eq!(time(Some(0), Some(end)), None, "{end}");
        }
    }
}
