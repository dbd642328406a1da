//! A commit: one conditional batch in the user's partition, and what is done when its answer is
//! lost.

use std::time::Duration;

use lantern_actors::ports::store::{EventPosition, Revision, StoreError, UserChange, UserKey};
use scylla::{
    response::query_result::QueryResult,
    serialize::row::SerializeRow,
    statement::batch::Batch,
    value::{CqlValue, Row},
};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{
    errors::{is_refusal, unavailable, unreadable},
    link::Connected,
    statements::deciding_batch,
    values::{key, number_column, ttl},
};

/// How many commits are remembered, to find out which one made a revision.
const REMEMBERED: u64 = 16;

/// The pause before the second look for a lost commit; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The values of one statement.
pub(super) type Values = Box<dyn SerializeRow + Send + Sync>;

/// A commit that can be made, and looked for.
pub(super) struct Commit<'a> {
    on: &'a Connected,
    user: UserKey,
    id: Uuid,
    makes: Revision,
    batch: Batch,
    values: Vec<Values>,
}

/// What a look for a commit found.
enum Found {
    /// It was made.
    Ours,
    /// Another one made the revision.
    Another,
    /// The revision was not made.
    Nothing,
    /// Too many commits came since.
    Forgotten,
}

/// What became of an attempt.
enum Attempt {
    Made,
    Refused,
    /// There was no answer, or an error that does not say.
    Unknown(StoreError),
}

impl<'a> Commit<'a> {
    /// Prepares a commit.
    pub(super) fn new(
        on: &'a Connected,
        user: UserKey,
        based_on: Revision,
        change: UserChange,
    ) -> Result<Self, StoreError> {
        let makes = based_on.next();
        let mut commit = Self {
            on,
            user,
            id: uuid::Builder::from_random_bytes(rand::random()).into_uuid(),
            makes,
            batch: deciding_batch(),
            values: Vec::new(),
        };
        commit.add(based_on, change)?;
        Ok(commit)
    }

    fn add(&mut self, based_on: Revision, change: UserChange) -> Result<(), StoreError> {
        let statements = &self.on.statements.users;
        let (guild, user) = key(self.user);
        let made = number_column(self.makes.get());
        let version = number_column(change.version.get());
        let member_version = number_column(change.member_version.get());
        let head = (made, version, member_version, guild, user);
        if based_on == Revision::default() {
            self.push(&statements.advance_first, head);
        } else {
            let expected = number_column(based_on.get());
            let values = (made, version, member_version, guild, user, expected);
            self.push(&statements.advance, values);
        }
        self.push(
            &statements.mark_commit,
            (guild, user, self.slot(), made, self.id),
        );
        if let Some(token_version) = change.token_version {
            let token_version = number_column(token_version.get());
            self.push(&statements.set_token_version, (token_version, guild, user));
        }
        for (key, value) in change.pairs {
            let key = key.as_str().to_owned();
            match value {
                Some(value) => {
                    let value = value.as_str().to_owned();
                    self.push(&statements.set_pair, (guild, user, key, value));
                }
                None => self.push(&statements.delete_pair, (guild, user, key)),
            }
        }
        for (index, event) in change.events.into_iter().enumerate() {
            let index = u16::try_from(index).map_err(|_| {
                StoreError::Unavailable("a commit has more events than it may".to_owned())
            })?;
            let revision = self.makes;
            let position = number_column(EventPosition { revision, index }.number());
            let (kind, body, ttl) = (event.kind, event.body, ttl(event.keep_for));
            self.push(
                &statements.add_event,
                (guild, user, position, kind, body, ttl),
            );
        }
        Ok(())
    }

    fn push(
        &mut self,
        statement: &scylla::statement::prepared::PreparedStatement,
        values: impl SerializeRow + Send + Sync + 'static,
    ) {
        self.batch.append_statement(statement.clone());
        self.values.push(Box::new(values));
    }

    fn slot(&self) -> i64 {
        number_column(self.makes.get() % REMEMBERED)
    }

    /// Makes it. If an answer is lost, finds out what became of it for at most this long.
    pub(super) async fn make(self, resolve_for: Duration) -> Result<Revision, StoreError> {
        match self.attempt().await {
            Ok(Attempt::Made) => Ok(self.makes),
            Ok(Attempt::Refused) => Err(StoreError::Conflict),
            Ok(Attempt::Unknown(error)) => self.resolve(error, resolve_for).await,
            Err(error) => Err(error),
        }
    }

    async fn attempt(&self) -> Result<Attempt, StoreError> {
        let answer = self.on.session.batch(&self.batch, &self.values).await;
        match answer {
            Ok(answer) => is_applied(answer).map(|applied| match applied {
                true => Attempt::Made,
                false => Attempt::Refused,
            }),
            Err(error) if is_refusal(&error) => Err(unavailable(error)),
            Err(error) => Ok(Attempt::Unknown(unavailable(error))),
        }
    }

    /// Looks for the commit. While it is not there it may still come, so it is tried again, which
    /// cannot make it twice: only one commit can make the revision. The answer to that is certain.
    async fn resolve(
        &self,
        lost: StoreError,
        resolve_for: Duration,
    ) -> Result<Revision, StoreError> {
        tracing::warn!(user = %self.user.user, error = %lost, "the answer to a commit was lost");
        let deadline = Instant::now() + resolve_for;
        let mut last = lost;
        let mut pause = FIRST_PAUSE;
        let mut was_refused = false;
        while Instant::now() < deadline {
            match tokio::time::timeout_at(deadline, self.find()).await {
                Ok(Ok(Found::Ours)) => return Ok(self.makes),
                Ok(Ok(Found::Another)) => return Err(StoreError::Conflict),
                Ok(Ok(Found::Nothing)) if was_refused => return Err(StoreError::Conflict),
                Ok(Ok(Found::Forgotten)) => break,
                Ok(Ok(Found::Nothing)) => {
                    match tokio::time::timeout_at(deadline, self.attempt()).await {
                        Ok(Ok(Attempt::Made)) => return Ok(self.makes),
                        // By another, or by our own first attempt: the next look tells.
                        Ok(Ok(Attempt::Refused)) => {
                            was_refused = true;
                            continue;
                        }
                        Ok(Ok(Attempt::Unknown(error)) | Err(error)) => last = error,
                        Err(_) => break,
                    }
                }
                Ok(Err(error)) => last = error,
                Err(_) => break,
            }
            sleep(pause).await;
            pause = (2 * pause).min(LONGEST_PAUSE);
        }
        Err(StoreError::Unavailable(format!(
            "it could not be found out whether a commit was made: {last}"
        )))
    }

    /// Looks who made the revision, at SERIAL consistency, so that nothing is under way.
    async fn find(&self) -> Result<Found, StoreError> {
        let (guild, user) = key(self.user);
        let statement = &self.on.statements.users.who_made;
        let rows = self.on.rows(statement, (guild, user, self.slot())).await?;
        let row = rows
            .maybe_first_row::<(Option<i64>, Option<Uuid>)>()
            .map_err(unreadable)?;
        let ours = number_column(self.makes.get());
        Ok(match row {
            Some((Some(made), Some(id))) if made == ours && id == self.id => Found::Ours,
            Some((Some(made), _)) if made == ours => Found::Another,
            Some((Some(made), _)) if made > ours => Found::Forgotten,
            _ => Found::Nothing,
        })
    }
}

/// Whether a conditional batch was applied. ScyllaDB answers with a row for each statement and with
/// all columns, Cassandra with one row, so the column is found by its name.
pub(super) fn is_applied(answer: QueryResult) -> Result<bool, StoreError> {
    let rows = answer.into_rows_result().map_err(unreadable)?;
    let column = rows.column_specs().get_by_name("[applied]");
    let row = rows.maybe_first_row::<Row>().map_err(unreadable)?;
    let value = column
        .zip(row)
        .and_then(|((index, _), mut row)| row.columns.get_mut(index)?.take());
    match value {
        Some(CqlValue::Boolean(applied)) => Ok(applied),
        _ => Err(unreadable("it does not say whether a batch was applied")),
    }
}
