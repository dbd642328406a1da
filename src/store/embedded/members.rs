//! Members in an embedded store.

use async_trait::async_trait;
use fjall::Readable;
use lantern_actors::{
    domain::GuildId,
    ports::store::{Members, Scan, StoreError, StoredMember, UserKey},
};

use super::{
    EmbeddedStore,
    reading::{entry, failed, now_s},
    rows::{self, MemberRow},
};

#[async_trait]
impl Members for EmbeddedStore {
    async fn load(&self, member: UserKey) -> Result<Option<StoredMember>, StoreError> {
        self.read(move |engine| {
            let Some(row) = engine.members.get(rows::user_key(member)).map_err(failed)? else {
                return Ok(None);
            };
            Ok(rows::read::<MemberRow>(&row)?.stored(member.user, now_s()))
        })
        .await
    }

    async fn keep(&self, guild: GuildId, members: Vec<StoredMember>) -> Result<(), StoreError> {
        self.writer.keep(guild, members).await
    }

    fn scan(&self, guild: GuildId) -> Scan<'_, StoredMember> {
        self.scanning(move |engine, finds| {
            let snapshot = engine.database.snapshot();
            let now_s = now_s();
            for guard in snapshot.prefix(&engine.members, rows::guild_key(guild)) {
                let (key, row) = entry(guard)?;
                let user = rows::read_user_key(&key)?.user;
                if let Some(member) = rows::read::<MemberRow>(&row)?.stored(user, now_s)
                    && !finds.put(member)
                {
                    break;
                }
            }
            Ok(())
        })
    }
}
