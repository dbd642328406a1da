//! The connection to the database, made in the background and again until it is there.

use std::{collections::HashSet, ops::Deref, sync::Arc, time::Duration};

use lantern_actors::ports::store::{StoreError, UserKey};
use parking_lot::Mutex;
use scylla::client::session::Session;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::AbortHandle,
};

use super::{connect::connect, migrate, schema, settings::ScyllaSettings, statements::Statements};

/// The pause before the second attempt to connect; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How many calls may be under way. More would only wait in the driver.
const MOST_CALLS: u32 = 4_096;

/// The way to the database.
pub(super) struct Link {
    /// How long its time-outs are, and how long it keeps things.
    pub(super) settings: Arc<ScyllaSettings>,
    /// A session, or a sentence that says why there is none.
    state: Arc<watch::Sender<Result<Arc<Connected>, String>>>,
    calls: Arc<Semaphore>,
    /// Users of whom a commit may still be under way in the database.
    pub(super) in_doubt: Mutex<HashSet<UserKey>>,
    connecting: AbortHandle,
}

/// A session, and what was prepared on it.
pub(super) struct Connected {
    /// The session.
    pub(super) session: Session,
    /// The statements.
    pub(super) statements: Statements,
}

/// Leave to use the session for one call.
pub(super) struct Call {
    connected: Arc<Connected>,
    _permit: OwnedSemaphorePermit,
}

impl Deref for Call {
    type Target = Connected;

    fn deref(&self) -> &Connected {
        &self.connected
    }
}

impl Link {
    /// Starts to connect.
    pub(super) fn start(settings: ScyllaSettings) -> Self {
        let settings = Arc::new(settings);
        let state = Err("no connection to the database was made yet".to_owned());
        let state = Arc::new(watch::Sender::new(state));
        let connecting = tokio::spawn(keep_trying(Arc::clone(&settings), Arc::clone(&state)));
        Self {
            settings,
            state,
            calls: Arc::new(Semaphore::new(MOST_CALLS as usize)),
            in_doubt: Mutex::default(),
            connecting: connecting.abort_handle(),
        }
    }

    /// Begins a call, if there is a session. It does not wait.
    pub(super) fn call(&self) -> Result<Call, StoreError> {
        let permit = Arc::clone(&self.calls).try_acquire_owned();
        let permit = permit.map_err(|error| {
            StoreError::Unavailable(match error {
                tokio::sync::TryAcquireError::Closed => CLOSED.to_owned(),
                tokio::sync::TryAcquireError::NoPermits => {
                    "more calls are under way than the database can take".to_owned()
                }
            })
        })?;
        let connected = self.state.borrow().clone();
        Ok(Call {
            connected: connected.map_err(StoreError::Unavailable)?,
            _permit: permit,
        })
    }

    /// Waits until there is a session.
    pub(super) async fn ready(&self, patience: Duration) -> Result<(), StoreError> {
        let mut state = self.state.subscribe();
        let connected = state.wait_for(Result::is_ok);
        let _ = tokio::time::timeout(patience, connected).await;
        self.call().map(|_| ())
    }

    /// Lets the calls that are under way end, and gives up the session.
    pub(super) async fn close(&self) {
        self.connecting.abort();
        let _ = self.state.send_replace(Err(CLOSED.to_owned()));
        // Each ends within these times.
        let patience = 2 * self.settings.request_timeout + self.settings.resolve_timeout;
        let ended = self.calls.acquire_many(MOST_CALLS);
        let _ = tokio::time::timeout(patience, ended).await;
        self.calls.close();
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.connecting.abort();
    }
}

const CLOSED: &str = "it is closed";

async fn keep_trying(
    settings: Arc<ScyllaSettings>,
    state: Arc<watch::Sender<Result<Arc<Connected>, String>>>,
) {
    let mut pause = FIRST_PAUSE;
    loop {
        match attempt(&settings).await {
            Ok(connected) => {
                tracing::info!(keyspace = settings.keyspace, "the store is available");
                let _ = state.send_replace(Ok(Arc::new(connected)));
                return;
            }
            Err(reason) => {
                tracing::warn!(reason, "the store is not available");
                let _ = state.send_replace(Err(reason));
            }
        }
        tokio::time::sleep(pause).await;
        pause = (2 * pause).min(LONGEST_PAUSE);
    }
}

async fn attempt(settings: &ScyllaSettings) -> Result<Connected, String> {
    let session = connect(settings).await?;
    if settings.migrate_on_start {
        let migration = migrate::on_session(&session, settings).await;
        let migration = migration.map_err(|error| error.to_string())?;
        tracing::info!("{migration}");
    }
    schema::enter(&session, &settings.keyspace).await?;
    let statements = Statements::prepare(&session)
        .await
        .map_err(|error| format!("the database does not take Lantern's statements: {error}"))?;
    Ok(Connected {
        session,
        statements,
    })
}
