//! Removes what has expired.

use std::ops::Bound;

use fjall::{OwnedWriteBatch, PersistMode, UserKey};

use crate::store::embedded::{
    engine::{Engine, EngineError},
    reading::now_s,
    rows::{self, EventRow, MemberRow},
};

/// How many rows are looked at in one go, so that nobody waits long behind it.
const AT_ONCE: usize = 1_000;

/// Goes over what may have expired, again and again.
#[derive(Default)]
pub(super) struct Sweep {
    /// The last event that was looked at; `None` at the end.
    event: Option<UserKey>,
}

impl Sweep {
    /// Forgets some of what has expired, and says whether there are more members to forget. Nobody is
    /// shown what has expired, so it may take its time.
    pub(super) fn forget_some(&mut self, engine: &Engine) -> Result<bool, EngineError> {
        let now_s = now_s();
        let batch = engine.database.batch();
        let mut batch = batch.durability(Some(PersistMode::Buffer));
        let is_more = forget_members(engine, &mut batch, now_s)?;
        self.forget_events(engine, &mut batch, now_s)?;
        batch.commit()?;
        Ok(is_more)
    }

    /// Events are acknowledged, not left to expire, so they are not worth an index.
    fn forget_events(
        &mut self,
        engine: &Engine,
        batch: &mut OwnedWriteBatch,
        now_s: u64,
    ) -> Result<(), EngineError> {
        let from = match self.event.take() {
            Some(last) => Bound::Excluded(last),
            None => Bound::Unbounded,
        };
        let events = engine.events.range((from, Bound::Unbounded));
        for (looked_at, guard) in (1..=AT_ONCE).zip(events) {
            let (key, row) = guard.into_inner()?;
            if rows::read::<EventRow>(&row).is_ok_and(|row| row.expires_s <= now_s) {
                batch.remove(&engine.events, key.clone());
            }
            if looked_at == AT_ONCE {
                self.event = Some(key);
            }
        }
        Ok(())
    }
}

/// An entry of `expiry` is only a hint: who came back is not touched.
fn forget_members(
    engine: &Engine,
    batch: &mut OwnedWriteBatch,
    now_s: u64,
) -> Result<bool, EngineError> {
    let end = now_s.saturating_add(1).to_be_bytes();
    let mut looked_at = 0;
    for guard in engine.expiry.range(..end.to_vec()).take(AT_ONCE) {
        let key = guard.key()?;
        looked_at += 1;
        if let Ok((_, member)) = rows::read_expiry_key(&key)
            && let Some(row) = engine.members.get(member)?
            && let Ok(row) = rows::read::<MemberRow>(&row)
            && row.expires_s().is_some_and(|at| at <= now_s)
        {
            batch.remove(&engine.members, member);
        }
        batch.remove(&engine.expiry, key);
    }
    Ok(looked_at == AT_ONCE)
}
