//! Lantern's values as columns.

use std::time::Duration;

use lantern_actors::{
    domain::{GuildId, Timestamp, UserId},
    ports::store::{StoreError, UserKey},
};
use scylla::value::CqlTimestamp;

/// How many buckets a guild's members are spread over. It cannot be changed once something is
/// stored.
pub(super) const BUCKETS: i16 = 64;

/// The longest TTL. Cassandra refuses one that ends after 2038, so longer ones never end.
const LONGEST_TTL: Duration = Duration::from_secs(5 * 365 * 86_400);

/// A guild and a user as columns.
pub(super) fn key(user: UserKey) -> (i64, i64) {
    (guild_column(user.guild), user_column(user.user))
}

/// A guild's id as a column: the same bits, with a sign.
pub(super) fn guild_column(guild: GuildId) -> i64 {
    guild.get().cast_signed()
}

/// A user's id as a column: the same bits, with a sign.
pub(super) fn user_column(user: UserId) -> i64 {
    user.get().cast_signed()
}

/// The guild in a column.
pub(super) fn guild_id(column: i64) -> Result<GuildId, StoreError> {
    GuildId::try_from(column.cast_unsigned()).map_err(|_| no_id())
}

/// The user in a column.
pub(super) fn user_id(column: i64) -> Result<UserId, StoreError> {
    UserId::try_from(column.cast_unsigned()).map_err(|_| no_id())
}

fn no_id() -> StoreError {
    StoreError::Corrupt("0 is stored where an id should be".to_owned())
}

/// Which bucket a user is in. Ids made in turn go to different ones: this is Fibonacci hashing.
pub(super) fn bucket(user: UserId) -> i16 {
    const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
    (user.get().wrapping_mul(GOLDEN) >> (64 - BUCKETS.ilog2())) as i16
}

/// A number that only grows (revisions, versions, positions) as a column. None gets near the end.
pub(super) fn number_column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The number in a column; without one, 0.
pub(super) fn number(column: Option<i64>) -> Result<u64, StoreError> {
    u64::try_from(column.unwrap_or_default())
        .map_err(|_| StoreError::Corrupt("a number that only grows is negative".to_owned()))
}

/// A moment as a column.
pub(super) fn time_column(moment: Timestamp) -> CqlTimestamp {
    CqlTimestamp(moment.unix_ms())
}

/// The moment in a column.
pub(super) fn time(column: CqlTimestamp) -> Timestamp {
    Timestamp::from_unix_ms(column.0)
}

/// How long something is kept, as a TTL in seconds; 0 is for ever.
pub(super) fn ttl(keep_for: Duration) -> i32 {
    if keep_for > LONGEST_TTL {
        return 0;
    }
    i32::try_from(keep_for.as_secs()).unwrap_or_default().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_even_and_stay_what_they_were() {
        let mut sizes = [0; BUCKETS as usize];
        for number in 0..64_000_u64 {
            let user = UserId::try_from((number << 22) + 1_000_000_000_000_000_000).unwrap();
            sizes[bucket(user) as usize] += 1;
        }
        assert!(
            sizes.iter().all(|size| (900..1_100).contains(size)),
            "{sizes:?}"
        );
        let known = [1, 2, 1_141_913_533_068_345_344, u64::MAX];
        let buckets = known.map(|id| bucket(UserId::try_from(id).unwrap()));
        assert_eq!(buckets, [39, 15, 63, 24]);
    }

    #[test]
    fn ids_keep_all_their_bits() {
        for id in [1, u64::MAX, 1 << 63] {
            let user = UserId::try_from(id).unwrap();
            assert_eq!(user_id(user_column(user)), Ok(user));
        }
    }

    #[test]
    fn what_is_kept_longer_than_databases_can_count_is_kept_for_ever() {
        assert_eq!(ttl(Duration::ZERO), 1);
        assert_eq!(ttl(Duration::from_secs(90)), 90);
        assert_eq!(ttl(Duration::MAX), 0);
    }
}
