//! Users: a partition each, loaded page by page.

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt, stream};
use lantern_actors::{
    domain::{GuildId, PairKey, PairValue, UserId, Version},
    ports::store::{
        Revision, Scan, StoreError, StoredUser, TokenVersion, UserChange, UserKey, Users,
    },
};
use scylla::response::{PagingState, query_result::QueryRowsResult};
use tokio::time::timeout;

use super::{
    commit::Commit,
    errors::unreadable,
    hints,
    link::{Connected, Link},
    pages::pages,
    values::{guild_column, key, number, user_id},
};

/// How many users a scan loads at once. Each may have 60 MB of pairs.
const LOADS_AT_ONCE: usize = 8;

/// A row that is a pair; others are commits.
const PAIR: i8 = 1;

/// Static columns, then row_kind, key, value.
type Row<'a> = (
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    i8,
    &'a str,
    Option<&'a str>,
);

#[async_trait]
impl Users for Link {
    async fn load(&self, user: UserKey) -> Result<StoredUser, StoreError> {
        let call = self.call()?;
        let settled = async {
            if self.in_doubt.lock().contains(&user) {
                settle(&call, user).await?;
                self.in_doubt.lock().remove(&user);
            }
            load(&call, user).await
        };
        timeout(self.settings.request_timeout, settled)
            .await
            .unwrap_or_else(|_| {
                Err(StoreError::Unavailable(format!(
                    "user {} could not be loaded in time",
                    user.user
                )))
            })
    }

    async fn commit(
        &self,
        user: UserKey,
        based_on: Revision,
        change: UserChange,
    ) -> Result<Revision, StoreError> {
        let call = self.call()?;
        // Before the events are there, so that none is missed if this process ends in between.
        if !change.events.is_empty() {
            hints::write(&call, user).await?;
        }
        let commit = Commit::new(&call, user, based_on, change)?;
        let mut doubt = Doubt {
            link: self,
            user,
            is_certain: false,
        };
        let made = commit.make(self.settings.resolve_timeout).await;
        doubt.is_certain = !matches!(made, Err(StoreError::Unavailable(_)));
        made
    }

    fn scan(&self, guild: GuildId) -> Scan<'_, (UserId, StoredUser)> {
        let wanted = guild_column(guild);
        pages(self, |on| &on.users.partitions, ())
            .map_ok(move |page| stream::iter(users_of(wanted, &page)))
            .try_flatten()
            .map(move |user| async move {
                let user = user?;
                let key = UserKey { guild, user };
                Ok((user, Users::load(self, key).await?))
            })
            .buffer_unordered(LOADS_AT_ONCE)
            .boxed()
    }
}

/// The users in a page of partitions that are of one guild.
fn users_of(guild: i64, page: &QueryRowsResult) -> Vec<Result<UserId, StoreError>> {
    let rows = match page.rows::<(i64, i64)>() {
        Ok(rows) => rows,
        Err(error) => return vec![Err(unreadable(error))],
    };
    rows.filter_map(|row| match row {
        Ok((other, user)) => (other == guild).then(|| user_id(user)),
        Err(error) => Some(Err(unreadable(error))),
    })
    .collect()
}

/// Remembers a commit whose outcome is not known when this is dropped, also because nobody waited for
/// it.
struct Doubt<'a> {
    link: &'a Link,
    user: UserKey,
    is_certain: bool,
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        if !self.is_certain {
            self.link.in_doubt.lock().insert(self.user);
        }
    }
}

/// Has the database finish or give up a commit that is half-way through, as a SERIAL read does.
/// Without it a load could show what was before, and the next commit on that would be refused.
async fn settle(on: &Connected, user: UserKey) -> Result<(), StoreError> {
    let (guild, user) = key(user);
    let any_slot = 0_i64;
    let read = on.rows(&on.statements.users.who_made, (guild, user, any_slot));
    read.await.map(|_| ())
}

/// Loads a user until all pages are of one revision: commits may come in between.
async fn load(on: &Connected, user: UserKey) -> Result<StoredUser, StoreError> {
    loop {
        if let Some(user) = load_once(on, user).await? {
            return Ok(user);
        }
    }
}

/// Loads a user; `None` if it was changed meanwhile.
async fn load_once(on: &Connected, user: UserKey) -> Result<Option<StoredUser>, StoreError> {
    let mut stored: Option<StoredUser> = None;
    let mut from = Some(PagingState::start());
    while let Some(begin) = from {
        let (page, next) = on.page(&on.statements.users.load, key(user), begin).await?;
        for row in page.rows::<Row<'_>>().map_err(unreadable)? {
            let row = row.map_err(unreadable)?;
            let revision = Revision::new(number(row.0)?);
            let user = match &mut stored {
                Some(user) => user,
                None => stored.insert(head(row)?),
            };
            if user.revision != revision {
                return Ok(None);
            }
            let (.., kind, key, value) = row;
            if kind == PAIR {
                let (key, value) = pair(key, value.unwrap_or_default())?;
                user.pairs.insert(key, value);
            }
        }
        from = next;
    }
    Ok(Some(stored.unwrap_or_default()))
}

fn head(row: Row<'_>) -> Result<StoredUser, StoreError> {
    let (revision, version, member_version, token_version, ..) = row;
    Ok(StoredUser {
        revision: Revision::new(number(revision)?),
        version: Version::new(number(version)?),
        member_version: Version::new(number(member_version)?),
        token_version: TokenVersion::new(number(token_version)?),
        ..StoredUser::default()
    })
}

fn pair(key: &str, value: &str) -> Result<(PairKey, PairValue), StoreError> {
    let wrong =
        |error: &dyn std::fmt::Display| StoreError::Corrupt(format!("users: {key}: {error}"));
    Ok((
        PairKey::try_from(key.to_owned()).map_err(|error| wrong(&error))?,
        PairValue::try_from(value.to_owned()).map_err(|error| wrong(&error))?,
    ))
}
