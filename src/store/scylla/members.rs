//! Members: rows that are written whole, their version being the write time.

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt, stream};
use lantern_actors::{
    domain::{GuildId, Member, Version},
    ports::store::{Members, Scan, StoreError, StoredMember, UserKey},
};
use scylla::value::CqlTimestamp;

use super::{
    errors::unreadable,
    link::{Connected, Link},
    pages::pages,
    values::{
        BUCKETS, bucket, guild_column, number, number_column, time, time_column, ttl, user_column,
        user_id,
    },
};

/// How many members are written at once.
const WRITES_AT_ONCE: usize = 64;

/// How many buckets of a guild are read at once.
const BUCKETS_AT_ONCE: usize = 8;

/// The columns of a row, as the statements name them.
type Row<'a> = (
    i64,
    Option<i64>,
    Option<i64>,
    Option<bool>,
    Option<CqlTimestamp>,
    Option<CqlTimestamp>,
    Option<CqlTimestamp>,
    Option<&'a str>,
    Option<&'a str>,
);

#[async_trait]
impl Members for Link {
    async fn load(&self, member: UserKey) -> Result<Option<StoredMember>, StoreError> {
        let call = self.call()?;
        let (guild, user) = (guild_column(member.guild), user_column(member.user));
        let values = (guild, bucket(member.user), user);
        let rows = call.rows(&call.statements.members.load, values).await?;
        let row = rows.maybe_first_row::<Row<'_>>().map_err(unreadable)?;
        row.map(stored).transpose()
    }

    async fn keep(&self, guild: GuildId, members: Vec<StoredMember>) -> Result<(), StoreError> {
        let call = self.call()?;
        let keep_left = ttl(self.settings.keep_left);
        stream::iter(members)
            .map(|member| write(&call, guild, keep_left, member))
            .buffer_unordered(WRITES_AT_ONCE)
            .try_collect()
            .await
    }

    fn scan(&self, guild: GuildId) -> Scan<'_, StoredMember> {
        let bucket = move |bucket| {
            pages(self, |on| &on.members.scan, (guild_column(guild), bucket))
                .map_ok(|page| {
                    let rows = page.rows::<Row<'_>>().map_err(unreadable);
                    let members: Vec<_> = match rows {
                        Ok(rows) => rows.map(|row| stored(row.map_err(unreadable)?)).collect(),
                        Err(error) => vec![Err(error)],
                    };
                    stream::iter(members)
                })
                .try_flatten()
                .boxed()
        };
        stream::iter(0..BUCKETS)
            .map(bucket)
            .flatten_unordered(BUCKETS_AT_ONCE)
            .boxed()
    }
}

async fn write(
    on: &Connected,
    guild: GuildId,
    keep_left: i32,
    member: StoredMember,
) -> Result<(), StoreError> {
    let (bucket, user) = (bucket(member.user()), user_column(member.user()));
    let version = number_column(member.version().get());
    let key = (guild_column(guild), bucket, user, version);
    let statements = &on.statements.members;
    match member {
        StoredMember::Present(member) => {
            let (guild, bucket, user, version) = key;
            let since = time_column(member.monitoring_since);
            let seen = member.last_seen_at.map(time_column);
            let (profile, presence) = (json(&member.profile)?, json(&member.presence)?);
            let shown = number_column(member.user_version.get());
            let values = (
                guild, bucket, user, version, shown, since, seen, profile, presence, version,
            );
            on.execute(&statements.keep_present, values).await
        }
        StoredMember::Left { left_at, .. } => {
            let (guild, bucket, user, version) = key;
            let left_at = time_column(left_at);
            let values = (guild, bucket, user, version, left_at, version, keep_left);
            on.execute(&statements.keep_left, values).await
        }
    }
}

fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::Unavailable(format!("a member cannot be written: {error}")))
}

fn stored(row: Row<'_>) -> Result<StoredMember, StoreError> {
    let (user, version, shown, is_member, left_at, since, seen, profile, presence) = row;
    let user = user_id(user)?;
    let missing =
        |column: &str| StoreError::Corrupt(format!("members: user {user} has no {column}"));
    let version = Version::new(number(Some(version.ok_or_else(|| missing("version"))?))?);
    if !is_member.ok_or_else(|| missing("is_member"))? {
        let left_at = time(left_at.ok_or_else(|| missing("left_at"))?);
        return Ok(StoredMember::Left {
            user,
            version,
            left_at,
        });
    }
    let profile = profile.ok_or_else(|| missing("profile"))?;
    let presence = presence.ok_or_else(|| missing("presence"))?;
    let wrong = |column: &str, error| {
        StoreError::Corrupt(format!("members: {column} of user {user}: {error}"))
    };
    Ok(StoredMember::Present(Member {
        version,
        user_version: Version::new(number(Some(shown.ok_or_else(|| missing("user_version"))?))?),
        monitoring_since: time(since.ok_or_else(|| missing("monitoring_since"))?),
        last_seen_at: seen.map(time),
        profile: serde_json::from_str(profile).map_err(|error| wrong("profile", error))?,
        presence: serde_json::from_str(presence).map_err(|error| wrong("presence", error))?,
    }))
}
