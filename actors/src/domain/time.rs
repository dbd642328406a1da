//! Moments in time as Lantern keeps and publishes them.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde::{Deserialize, Serialize as DeriveSerialize};
use time::OffsetDateTime;

/// The last millisecond of the year 9999, the last that RFC 3339 can write.
const LATEST_MS: i64 = 253_402_300_799_999;

/// A moment from 1970 to the end of 9999.
///
/// It is written, published and recorded in whole milliseconds. In memory it is as fine as the
/// microseconds of versions: who leaves and rejoins within a millisecond must not get the same
/// version twice. Moments outside of these years are moved to the nearest end, so that each one can be written.
/// Its `Display` is RFC 3339 in UTC with milliseconds, as JavaScript's `toISOString` has it.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, DeriveSerialize, Eq, Hash, Ord, PartialEq, PartialOrd,
)]
#[serde(from = "i64", into = "i64")]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment that many milliseconds after the Unix epoch.
    pub const fn from_unix_ms(unix_ms: i64) -> Self {
        // `clamp` is not const.
        Self(if unix_ms < 0 {
            0
        } else if unix_ms > LATEST_MS {
            LATEST_MS * 1_000
        } else {
            unix_ms * 1_000
        })
    }

    /// The moment that many microseconds after the Unix epoch.
    pub fn from_unix_us(unix_us: u64) -> Self {
        let latest_us = LATEST_MS * 1_000;
        Self(i64::try_from(unix_us).map_or(latest_us, |us| us.min(latest_us)))
    }

    /// Whole milliseconds since the Unix epoch.
    pub const fn unix_ms(self) -> i64 {
        self.0 / 1_000
    }

    /// Whole seconds since the Unix epoch.
    pub fn unix_seconds(self) -> i64 {
        self.0 / 1_000_000
    }

    /// Microseconds since the Unix epoch, the unit of versions.
    pub fn unix_us(self) -> u64 {
        self.0.unsigned_abs()
    }

    /// Milliseconds from `earlier` to this moment, negative if this one is before it.
    pub fn ms_since(self, earlier: Timestamp) -> i64 {
        self.unix_ms() - earlier.unix_ms()
    }
}

impl From<i64> for Timestamp {
    fn from(unix_ms: i64) -> Self {
        Self::from_unix_ms(unix_ms)
    }
}

impl From<Timestamp> for i64 {
    fn from(moment: Timestamp) -> i64 {
        moment.unix_ms()
    }
}

impl From<SystemTime> for Timestamp {
    fn from(moment: SystemTime) -> Self {
        let since_epoch = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::from_unix_us(u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Cannot fail for the years that a `Timestamp` holds.
        let moment = OffsetDateTime::from_unix_timestamp(self.unix_seconds())
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (year, month, day) = moment.to_calendar_date();
        let (hour, minute, second) = moment.to_hms();
        let ms = self.unix_ms() % 1_000;
        write!(
            out,
            "{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z",
            u8::from(month)
        )
    }
}

/// A moment as clients see it: `{"unix": 1620000000, "raw": "2021-05-03T00:00:00.000Z"}`, with
/// `unix` in seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PublishedTime(pub Timestamp);

impl Serialize for PublishedTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("PublishedTime", 2)?;
        fields.serialize_field("unix", &self.0.unix_seconds())?;
        fields.serialize_field("raw", &Rfc3339Text(self.0))?;
        fields.end()
    }
}

struct Rfc3339Text(Timestamp);

impl Serialize for Rfc3339Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::format_description::well_known::Rfc3339;

    use super::*;

    #[test]
    fn the_published_form_is_that_of_the_contract() {
        let moment = Timestamp::from_unix_ms(1_620_000_000_000);
        assert_eq!(
            serde_json::to_string(&PublishedTime(moment)).unwrap(),
            r#"{"unix":1620000000,"raw":"2021-05-03T00:00:00.000Z"}"#
        );
    }

    #[test]
    fn moments_out_of_range_move_to_the_nearest_end() {
        assert_eq!(
            Timestamp::from_unix_ms(i64::MIN).to_string(),
            "1970-01-01T00:00:00.000Z"
        );
        assert_eq!(
            Timestamp::from_unix_ms(i64::MAX).to_string(),
            "9999-12-31T23:59:59.999Z"
        );
    }

    #[test]
    fn the_clock_is_read_in_microseconds_and_written_in_milliseconds() {
        let clock = UNIX_EPOCH + std::time::Duration::from_micros(1_234_567);
        let moment = Timestamp::from(clock);
        assert_eq!(moment.unix_us(), 1_234_567);
        assert_eq!(moment.unix_ms(), 1_234);
        assert_eq!(moment.to_string(), "1970-01-01T00:00:01.234Z");
        assert_eq!(i64::from(moment), 1_234);
    }

    proptest! {
        #[test]
        fn text_and_records_round_trip(unix_ms in 0..=LATEST_MS) {
            let moment = Timestamp::from_unix_ms(unix_ms);
            let read = OffsetDateTime::parse(&moment.to_string(), &Rfc3339).unwrap();
            prop_assert_eq!(read.unix_timestamp_nanos(), i128::from(unix_ms) * 1_000_000);
            let packed = rmp_serde::to_vec(&moment).unwrap();
            prop_assert_eq!(rmp_serde::from_slice::<Timestamp>(&packed).unwrap(), moment);
        }

        #[test]
        fn any_number_of_milliseconds_can_be_written(unix_ms: i64) {
            prop_assert_eq!(Timestamp::from_unix_ms(unix_ms).to_string().len(), 24);
        }
    }
}
