//! Discord's ids: 64 bits, of which the upper 42 are milliseconds since 2015.

use std::time::{SystemTime, UNIX_EPOCH};

use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Discord's epoch, in milliseconds of the Unix epoch.
const DISCORD_EPOCH_MS: u64 = 1_420_070_400_000;
/// Bits below the time in an id.
const LOW_BITS: u32 = 22;

/// The id that something made at `unix_ms` has; `low` tells apart what was made at once.
pub fn snowflake(unix_ms: u64, low: u64) -> u64 {
    (unix_ms.saturating_sub(DISCORD_EPOCH_MS) << LOW_BITS) | (low & ((1 << LOW_BITS) - 1))
}

/// An id in JSON: Discord sends strings, clients also send numbers of 64 bits.
pub fn id_from_json(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.as_u64(),
        _ => None,
    }
}

/// Milliseconds since the Unix epoch.
pub fn now_ms() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A time as Discord writes it: RFC 3339.
pub fn timestamp(unix_ms: u64) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(unix_ms) * 1_000_000)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_else(|| "2015-01-01T00:00:00Z".to_owned())
}

/// Randomness for one purpose: the same seed and purpose always give the same.
pub fn randomness(seed: u64, purpose: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(purpose);
    rng
}

/// One of several, or the default of an empty slice.
pub fn pick<T: Copy + Default>(rng: &mut ChaCha8Rng, from: &[T]) -> T {
    from.choose(rng).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_example_matches() {
        assert_eq!(
            snowflake(1_462_015_105_796, 7),
            175_928_847_299_117_063 & !0x3f_ffff | 7
        );
    }

    #[test]
    fn ids_are_read_from_strings_and_numbers() {
        assert_eq!(id_from_json(&serde_json::json!("123")), Some(123));
        assert_eq!(id_from_json(&serde_json::json!(u64::MAX)), Some(u64::MAX));
        assert_eq!(id_from_json(&serde_json::json!(-1)), None);
        assert_eq!(id_from_json(&serde_json::json!(true)), None);
    }

    #[test]
    fn times_are_rfc_3339() {
        assert_eq!(timestamp(1_462_015_105_796), "2016-04-30T11:18:25.796Z");
    }
}
