//! Users in an embedded store.

use async_trait::async_trait;
use fjall::{Readable, Snapshot};
use lantern_actors::{
    domain::{GuildId, PairKey, PairValue, Pairs, UserId},
    ports::store::{Revision, Scan, StoreError, StoredUser, UserChange, UserKey, Users},
};

use super::{
    EmbeddedStore,
    engine::Engine,
    reading::{entry, failed},
    rows::{self, UserRow},
};

#[async_trait]
impl Users for EmbeddedStore {
    async fn load(&self, user: UserKey) -> Result<StoredUser, StoreError> {
        self.read(move |engine| {
            let snapshot = engine.database.snapshot();
            let row = snapshot
                .get(&engine.users, rows::user_key(user))
                .map_err(failed)?;
            match row {
                Some(row) => stored(&engine, &snapshot, user, &row),
                None => Ok(StoredUser::default()),
            }
        })
        .await
    }

    async fn commit(
        &self,
        user: UserKey,
        based_on: Revision,
        change: UserChange,
    ) -> Result<Revision, StoreError> {
        self.writer.commit(user, based_on, change).await
    }

    fn scan(&self, guild: GuildId) -> Scan<'_, (UserId, StoredUser)> {
        self.scanning(move |engine, finds| {
            let snapshot = engine.database.snapshot();
            for guard in snapshot.prefix(&engine.users, rows::guild_key(guild)) {
                let (key, row) = entry(guard)?;
                let key = rows::read_user_key(&key)?;
                let user = stored(engine, &snapshot, key, &row)?;
                if !finds.put((key.user, user)) {
                    break;
                }
            }
            Ok(())
        })
    }
}

fn stored(
    engine: &Engine,
    snapshot: &Snapshot,
    key: UserKey,
    row: &[u8],
) -> Result<StoredUser, StoreError> {
    let mut user = rows::read::<UserRow>(row)?.stored();
    user.pairs = pairs(engine, snapshot, key)?;
    Ok(user)
}

fn pairs(engine: &Engine, snapshot: &Snapshot, user: UserKey) -> Result<Pairs, StoreError> {
    let prefix = rows::user_key(user);
    let mut pairs = Pairs::new();
    for guard in snapshot.prefix(&engine.pairs, prefix) {
        let (key, value) = entry(guard)?;
        let key = key.get(prefix.len()..).unwrap_or_default();
        pairs.insert(
            PairKey::try_from(text(key)?).map_err(corrupt)?,
            PairValue::try_from(text(&value)?).map_err(corrupt)?,
        );
    }
    Ok(pairs)
}

fn text(bytes: &[u8]) -> Result<String, StoreError> {
    String::from_utf8(bytes.to_vec()).map_err(corrupt)
}

fn corrupt(error: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(format!("a pair: {error}"))
}
