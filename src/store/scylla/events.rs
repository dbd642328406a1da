//! Events: rows of the aggregate that they came from, until they are acknowledged.

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt, stream};
use lantern_actors::ports::store::{
    AggregateId, EventPosition, Events, Scan, StoreError, StoredEvent, UserKey,
};
use scylla::response::{PagingState, query_result::QueryRowsResult};
use tokio::time::timeout;

use super::{
    commit::{Values, is_applied},
    errors::{unavailable, unreadable},
    hints,
    link::{Connected, Link},
    pages::pages,
    statements::deciding_batch,
    values::{BUCKETS, guild_id, key, number, number_column, user_id},
};

/// How many buckets of hints are read at once.
const BUCKETS_AT_ONCE: usize = 8;

/// How many hints are looked into at once.
const LOOKS_AT_ONCE: usize = 16;

/// How many events one batch deletes.
const DELETED_AT_ONCE: i32 = 512;

/// A hint: noun, guild, id, when it was written.
type Hint = (String, i64, i64, i64);

#[async_trait]
impl Events for Link {
    fn waiting(&self) -> Scan<'_, AggregateId> {
        stream::iter(0..BUCKETS)
            .map(|bucket| {
                pages(self, |on| &on.hints.scan, (bucket,))
                    .map_ok(|page| stream::iter(hints_of(&page)))
                    .try_flatten()
                    .boxed()
            })
            .flatten_unordered(BUCKETS_AT_ONCE)
            .map(|hint| async { self.look_into(hint?).await })
            .buffer_unordered(LOOKS_AT_ONCE)
            .try_filter_map(|found| async move { Ok(found) })
            .boxed()
    }

    async fn read(
        &self,
        aggregate: AggregateId,
        after: Option<EventPosition>,
        most: usize,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let AggregateId::User(user) = aggregate;
        let call = self.call()?;
        timeout(
            self.settings.request_timeout,
            read(&call, user, after, most),
        )
        .await
        .unwrap_or_else(|_| late())
    }

    async fn acknowledge(
        &self,
        aggregate: AggregateId,
        through: EventPosition,
    ) -> Result<(), StoreError> {
        let AggregateId::User(user) = aggregate;
        let call = self.call()?;
        let patience = self.settings.request_timeout + self.settings.resolve_timeout;
        timeout(patience, acknowledge(&call, user, through))
            .await
            .unwrap_or_else(|_| late())
    }
}

fn late<T>() -> Result<T, StoreError> {
    Err(StoreError::Unavailable(
        "the database was not done with events in time".to_owned(),
    ))
}

impl Link {
    /// Whether a hint leads to events; if it does not and is old, it is deleted.
    async fn look_into(&self, hint: Hint) -> Result<Option<AggregateId>, StoreError> {
        let (noun, guild, id, written_us) = hint;
        if noun != hints::USER {
            return Err(StoreError::Corrupt(format!(
                "waiting_events: nothing is known of the noun {noun}"
            )));
        }
        let user = UserKey {
            guild: guild_id(guild)?,
            user: user_id(id)?,
        };
        let call = self.call()?;
        if read(&call, user, None, 1).await?.is_empty() {
            hints::delete_old(&call, user, written_us).await?;
            return Ok(None);
        }
        Ok(Some(AggregateId::User(user)))
    }
}

fn hints_of(page: &QueryRowsResult) -> Vec<Result<Hint, StoreError>> {
    match page.rows::<Hint>() {
        Ok(rows) => rows.map(|row| row.map_err(unreadable)).collect(),
        Err(error) => vec![Err(unreadable(error))],
    }
}

/// Up to where events were acknowledged, as a column. What is before is deleted, and reading past
/// what is deleted costs time, so it is skipped.
async fn acknowledged(on: &Connected, user: UserKey) -> Result<Option<i64>, StoreError> {
    let statement = &on.statements.users.acknowledged;
    let rows = on.rows(statement, key(user)).await?;
    let row = rows.maybe_first_row::<(i64, i64, Option<i64>)>();
    Ok(row.map_err(unreadable)?.and_then(|(.., position)| position))
}

async fn read(
    on: &Connected,
    user: UserKey,
    after: Option<EventPosition>,
    most: usize,
) -> Result<Vec<StoredEvent>, StoreError> {
    let mut events = Vec::new();
    let Ok(most @ 1..) = i32::try_from(most.min(i32::MAX as usize)) else {
        return Ok(events);
    };
    let after = after.map_or(-1, |after| number_column(after.number()));
    let after = after.max(acknowledged(on, user).await?.unwrap_or(-1));
    let (guild, user) = key(user);
    let mut from = Some(PagingState::start());
    while let Some(begin) = from {
        let values = (guild, user, after, most);
        let (page, next) = on.page(&on.statements.users.events, values, begin).await?;
        let rows = page.rows::<(i64, Option<String>, Option<String>)>();
        for row in rows.map_err(unreadable)? {
            let (position, kind, body) = row.map_err(unreadable)?;
            events.push(StoredEvent {
                position: EventPosition::from_number(number(Some(position))?),
                kind: kind.unwrap_or_default(),
                body: body.unwrap_or_default(),
            });
        }
        from = next;
    }
    Ok(events)
}

/// Deletes events, so many at once, until there is none up to `through`. If somebody else does the
/// same, it looks again. A lost answer is an error: acknowledging is safe to repeat.
async fn acknowledge(
    on: &Connected,
    user: UserKey,
    through: EventPosition,
) -> Result<(), StoreError> {
    let statements = &on.statements.users;
    let (guild, id) = key(user);
    let through = number_column(through.number());
    loop {
        let before = acknowledged(on, user).await?;
        let after = before.unwrap_or(-1);
        let values = (guild, id, after, through, DELETED_AT_ONCE);
        let rows = on.rows(&statements.event_positions, values).await?;
        let positions = rows.rows::<(i64,)>().map_err(unreadable)?;
        let positions: Vec<_> = positions
            .map(|row| row.map(|(position,)| position).map_err(unreadable))
            .collect::<Result<_, _>>()?;
        let Some(last) = positions.last() else {
            return Ok(());
        };
        let mut batch = deciding_batch();
        let mut values: Vec<Values> = Vec::new();
        match before {
            Some(before) => {
                batch.append_statement(statements.acknowledge.clone());
                values.push(Box::new((*last, guild, id, before)));
            }
            None => {
                batch.append_statement(statements.acknowledge_first.clone());
                values.push(Box::new((*last, guild, id)));
            }
        }
        for position in positions {
            batch.append_statement(statements.delete_event.clone());
            values.push(Box::new((guild, id, position)));
        }
        let answer = on.session.batch(&batch, &values).await;
        // Refused means that somebody else did the same: the next look tells what is left.
        is_applied(answer.map_err(unavailable)?)?;
    }
}
