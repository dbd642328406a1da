//! Hints: which users may have events that wait.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lantern_actors::ports::store::{StoreError, UserKey};

use super::{
    link::Connected,
    values::{bucket, key},
};

/// The noun of users.
pub(super) const USER: &str = "user";

/// How old a hint must be to be deleted. A commit writes its hint first and ends within two minutes,
/// so an older hint is not that of a commit under way, even if clocks differ by some minutes.
pub(super) const GRACE: Duration = Duration::from_secs(600);

/// Says that this user may have events.
pub(super) async fn write(on: &Connected, user: UserKey) -> Result<(), StoreError> {
    let (guild, id) = key(user);
    let written = now_us();
    let values = (bucket(user.user), USER, guild, id, written, written);
    on.execute(&on.statements.hints.write, values).await
}

/// Takes a hint back that is old and led to nothing. A newer one stays.
pub(super) async fn delete_old(
    on: &Connected,
    user: UserKey,
    written_us: i64,
) -> Result<(), StoreError> {
    let grace_us = i64::try_from(GRACE.as_micros()).unwrap_or(i64::MAX);
    if now_us().saturating_sub(written_us) < grace_us {
        return Ok(());
    }
    let (guild, id) = key(user);
    let values = (written_us, bucket(user.user), USER, guild, id);
    on.execute(&on.statements.hints.delete, values).await
}

fn now_us() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since_epoch.unwrap_or_default().as_micros()).unwrap_or(i64::MAX)
}
