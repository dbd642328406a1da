//! Removes what has expired.

use fjall::PersistMode;
use lantern_actors::ports::store::StoreError;

use crate::store::embedded::{
    engine::{Engine, EngineError},
    reading::now_s,
    rows::{self, EventRow, Expiring, MemberRow},
};

/// How many entries are looked at in one go, so that nobody waits long behind it.
const AT_ONCE: usize = 1_000;

/// Forgets what has expired, and says whether there may be more. An entry of `expiry` is only a
/// hint: who came back, or an event that was acknowledged, is not touched.
pub(super) fn forget_expired(engine: &Engine) -> Result<bool, EngineError> {
    let now_s = now_s();
    let mut batch = engine
        .database
        .batch()
        .durability(Some(PersistMode::Buffer));
    let end = now_s.saturating_add(1).to_be_bytes();
    let mut looked_at = 0;
    for guard in engine.expiry.range(..end.to_vec()).take(AT_ONCE) {
        let key = guard.key()?;
        looked_at += 1;
        if let Ok((_, expiring, target)) = rows::read_expiry_key(&key) {
            let keyspace = match expiring {
                Expiring::Member => &engine.members,
                Expiring::Event => &engine.events,
            };
            if let Some(row) = keyspace.get(target)?
                && expires_s(expiring, &row).is_ok_and(|at| at.is_some_and(|at| at <= now_s))
            {
                batch.remove(keyspace, target);
            }
        }
        batch.remove(&engine.expiry, key);
    }
    batch.commit()?;
    Ok(looked_at == AT_ONCE)
}

fn expires_s(expiring: Expiring, row: &[u8]) -> Result<Option<u64>, StoreError> {
    match expiring {
        Expiring::Member => rows::read::<MemberRow>(row).map(|row| row.expires_s()),
        Expiring::Event => rows::read::<EventRow>(row).map(|row| Some(row.expires_s)),
    }
}
