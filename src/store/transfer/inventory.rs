//! Everything that a store holds, as lines.

use std::collections::HashSet;

use futures_util::TryStreamExt;
use lantern_actors::{
    domain::GuildId,
    ports::store::{AggregateId, Store, StoreError, StoredEvent, UserKey},
};

use super::{
    contents::Contents,
    error::TransferError,
    line::{Line, UserLine},
};

/// Events that are read at once.
const EVENTS_PER_READ: usize = 256;

/// Shows every member and every user of these guilds, one after the other.
pub async fn for_each(
    store: &dyn Store,
    guilds: &[GuildId],
    mut visit: impl FnMut(Line) -> Result<(), TransferError>,
) -> Result<(), TransferError> {
    // Most users have no events, and asking for each would take longer than all the rest.
    let waiting = waiting(store, guilds).await?;
    for guild in guilds.iter().copied() {
        let mut members = store.members().scan(guild);
        while let Some(member) = members.try_next().await? {
            visit(Line::of_member(guild, member))?;
        }
        drop(members);
        let mut users = store.users().scan(guild);
        while let Some((user, stored)) = users.try_next().await? {
            let key = UserKey { guild, user };
            let events = if waiting.contains(&key) {
                events(store, key).await?
            } else {
                Vec::new()
            };
            visit(Line::User(UserLine::of(key, stored, events)))?;
        }
    }
    Ok(())
}

/// What a store holds of these guilds.
pub async fn contents(store: &dyn Store, guilds: &[GuildId]) -> Result<Contents, TransferError> {
    let mut contents = Contents::default();
    for_each(store, guilds, |line| Ok(contents.add(&line)?)).await?;
    Ok(contents)
}

/// All events of a user that wait.
pub async fn events(store: &dyn Store, user: UserKey) -> Result<Vec<StoredEvent>, StoreError> {
    let aggregate = AggregateId::User(user);
    let mut events: Vec<StoredEvent> = Vec::new();
    loop {
        let after = events.last().map(|event| event.position);
        let more = store
            .events()
            .read(aggregate, after, EVENTS_PER_READ)
            .await?;
        if more.is_empty() {
            return Ok(events);
        }
        events.extend(more);
    }
}

async fn waiting(store: &dyn Store, guilds: &[GuildId]) -> Result<HashSet<UserKey>, StoreError> {
    let mut waiting = HashSet::new();
    let mut named = store.events().waiting();
    while let Some(AggregateId::User(user)) = named.try_next().await? {
        if guilds.contains(&user.guild) {
            waiting.insert(user);
        }
    }
    Ok(waiting)
}
