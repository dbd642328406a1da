//! A store between whose commits and their answers things happen.

use std::sync::Arc;

use async_trait::async_trait;
use lantern::store::embedded::{EmbeddedConfig, EmbeddedStore};
use lantern_actors::{
    domain::{GuildId, UserId},
    ports::store::{
        Events, Members, Revision, Scan, Store, StoreError, StoredUser, UserChange, UserKey, Users,
    },
};
use tempfile::TempDir;
use tokio::sync::watch;

/// What happens to commits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    None,
    /// They wait, and are made when this ends.
    Late,
    /// They are made, and answered when this ends.
    LateAnswer,
    /// They are made, and the answer says that they may not have been.
    LostAnswer,
    /// Nothing is made, nor read.
    Away,
}

pub struct FaultyStore {
    inner: EmbeddedStore,
    fault: watch::Sender<Fault>,
    /// Commits that were asked for.
    asked: watch::Sender<u64>,
    _folder: TempDir,
}

impl FaultyStore {
    pub fn new() -> Arc<Self> {
        let folder = tempfile::tempdir().unwrap();
        Arc::new(Self {
            inner: EmbeddedStore::open(&EmbeddedConfig::at(folder.path())).unwrap(),
            fault: watch::Sender::new(Fault::None),
            asked: watch::Sender::new(0),
            _folder: folder,
        })
    }

    pub fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }

    /// What is really there.
    pub fn inner(&self) -> &EmbeddedStore {
        &self.inner
    }

    /// Counts commits; take it before what asks for one.
    pub fn commits(&self) -> watch::Receiver<u64> {
        let mut commits = self.asked.subscribe();
        commits.mark_unchanged();
        commits
    }

    fn now(&self) -> Fault {
        *self.fault.borrow()
    }

    async fn end_of(&self, fault: Fault) {
        let mut faults = self.fault.subscribe();
        let _ = faults.wait_for(|now| *now != fault).await;
    }
}

fn away() -> StoreError {
    StoreError::Unavailable("a fault of the test".to_owned())
}

#[async_trait]
impl Users for FaultyStore {
    async fn load(&self, user: UserKey) -> Result<StoredUser, StoreError> {
        match self.now() {
            Fault::Away => Err(away()),
            _ => self.inner.users().load(user).await,
        }
    }

    async fn commit(
        &self,
        user: UserKey,
        based_on: Revision,
        change: UserChange,
    ) -> Result<Revision, StoreError> {
        let fault = self.now();
        if fault == Fault::Late {
            self.asked.send_modify(|count| *count += 1);
            self.end_of(fault).await;
        }
        if fault == Fault::Away {
            return Err(away());
        }
        let committed = self.inner.users().commit(user, based_on, change).await;
        if fault == Fault::LostAnswer {
            return Err(away());
        }
        if fault == Fault::LateAnswer {
            self.asked.send_modify(|count| *count += 1);
            self.end_of(fault).await;
        }
        committed
    }

    fn scan(&self, guild: GuildId) -> Scan<'_, (UserId, StoredUser)> {
        self.inner.users().scan(guild)
    }
}

#[async_trait]
impl Store for FaultyStore {
    fn members(&self) -> &dyn Members {
        self.inner.members()
    }

    fn users(&self) -> &dyn Users {
        self
    }

    fn events(&self) -> &dyn Events {
        self.inner.events()
    }

    async fn guilds(&self) -> Result<Vec<GuildId>, StoreError> {
        self.inner.guilds().await
    }

    fn kind(&self) -> &'static str {
        "faulty"
    }

    fn is_available(&self) -> bool {
        self.now() != Fault::Away
    }

    fn is_shared(&self) -> bool {
        false
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
