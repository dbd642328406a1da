//! `lantern migrate`: creates what is missing in the database, one runner at a time.

use std::{fmt, time::Duration};

use scylla::client::session::Session;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{
    commit::is_applied,
    connect::connect,
    schema::{self, VERSION},
    settings::ScyllaSettings,
};

/// How long a runner that was killed keeps others out; one that lives is done long before.
const LEASE: Duration = Duration::from_secs(60);

/// How often a runner looks whether the other one is done.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// What was done. Its `Display` is a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// The keyspace.
    pub keyspace: String,
    /// The version that was there before; `None` if there was none.
    pub before: Option<i32>,
    /// The version that is there now.
    pub after: i32,
    /// The tables that were created.
    pub created: Vec<String>,
}

impl fmt::Display for Migration {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            keyspace,
            before,
            after,
            created,
        } = self;
        match before {
            Some(before) if before == after && created.is_empty() => write!(
                out,
                "keyspace {keyspace} had schema version {after} already; nothing was changed"
            ),
            Some(before) if before == after => write!(
                out,
                "keyspace {keyspace} had schema version {after}, but not {}; created",
                created.join(", ")
            ),
            Some(before) => write!(
                out,
                "keyspace {keyspace} was brought from schema version {before} to {after}"
            ),
            None => write!(
                out,
                "keyspace {keyspace} and its tables were created, schema version {after}"
            ),
        }
    }
}

/// Why the schema is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database cannot be reached, or does not do what it is told.
    #[error("{0}")]
    Database(String),
    /// The schema is newer than this Lantern.
    #[error("{0}")]
    Newer(String),
    /// Another runner is at it, or was killed less than a minute ago.
    #[error(
        "another `lantern migrate` holds the lease; if it was killed, it ends within a minute: try again"
    )]
    Leased,
}

impl From<String> for MigrateError {
    fn from(reason: String) -> Self {
        Self::Database(reason)
    }
}

/// Connects and creates what is missing. It is safe to repeat and to run twice at once.
pub async fn migrate(settings: &ScyllaSettings) -> Result<Migration, MigrateError> {
    let session = connect(settings).await?;
    on_session(&session, settings).await
}

/// As [`migrate`], on a session that is there.
pub(super) async fn on_session(
    session: &Session,
    settings: &ScyllaSettings,
) -> Result<Migration, MigrateError> {
    let keyspace = &settings.keyspace;
    // A schema that is there already is left alone, lease included.
    if schema::enter(session, keyspace).await.is_ok() {
        return Ok(done(keyspace, Some(VERSION), Vec::new()));
    }
    let missing = schema::missing_tables(session, keyspace).await?;
    change(session, &schema::keyspace_statement(settings)).await?;
    let entered = session.use_keyspace(keyspace, false).await;
    entered.map_err(|error| format!("keyspace {keyspace} cannot be used: {error}"))?;

    // What the lease is kept in, and the version that is looked at under it.
    for statement in schema::statements().iter().take(2) {
        change(session, statement).await?;
    }
    let holder = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
    lease(session, holder).await?;
    let outcome = apply(session, keyspace, missing).await;
    let text = "DELETE FROM migration_lease WHERE name = 'schema' IF holder = ?";
    if let Err(error) = session.query_unpaged(text, (holder,)).await {
        tracing::warn!(%error, "the lease was not given back; it ends by itself");
    }
    outcome
}

fn done(keyspace: &str, before: Option<i32>, created: Vec<String>) -> Migration {
    Migration {
        keyspace: keyspace.to_owned(),
        before,
        after: VERSION,
        created,
    }
}

async fn apply(
    session: &Session,
    keyspace: &str,
    missing: Vec<String>,
) -> Result<Migration, MigrateError> {
    if schema::enter(session, keyspace).await.is_ok() {
        // Who held the lease before did it.
        return Ok(done(keyspace, Some(VERSION), Vec::new()));
    }
    let before = schema::version(session).await?;
    if let Some(version) = before.filter(|version| *version > VERSION) {
        return Err(MigrateError::Newer(schema::newer(keyspace, version)));
    }
    for statement in schema::statements() {
        change(session, &statement).await?;
    }
    let text = "INSERT INTO schema_version (name, version, applied_at) \
                VALUES ('schema', ?, toTimestamp(now()))";
    let recorded = session.query_unpaged(text, (VERSION,)).await;
    recorded.map_err(|error| format!("the schema version cannot be recorded: {error}"))?;
    Ok(done(keyspace, before, missing))
}

/// Changes the schema and waits until all nodes agree on it.
async fn change(session: &Session, statement: &str) -> Result<(), MigrateError> {
    let changed = session.query_unpaged(statement, ()).await;
    changed.map_err(|error| format!("the database refused `{statement}`: {error}"))?;
    let agreed = session.await_schema_agreement().await;
    agreed.map_err(|error| format!("the nodes do not agree on the schema: {error}"))?;
    Ok(())
}

/// Waits until nobody else migrates.
async fn lease(session: &Session, holder: Uuid) -> Result<(), MigrateError> {
    let ttl = LEASE.as_secs();
    let text = format!(
        "INSERT INTO migration_lease (name, holder) VALUES ('schema', ?) IF NOT EXISTS USING TTL {ttl}"
    );
    let deadline = Instant::now() + LEASE + Duration::from_secs(5);
    while Instant::now() < deadline {
        let answer = session.query_unpaged(text.as_str(), (holder,)).await;
        let answer = answer.map_err(|error| format!("the lease cannot be taken: {error}"))?;
        if is_applied(answer).map_err(|error| error.to_string())? {
            return Ok(());
        }
        sleep(LOOK_INTERVAL).await;
    }
    Err(MigrateError::Leased)
}
