//! Between the store and the live core: members are restored from it, those whom Discord tells of
//! first are looked up in it, and what changes is written to it behind everybody's back.
//!
//! Nothing here is ever waited for by a presence. While the store is away, what changed is
//! remembered by name ([`Unsaved`](crate::directory)), and written when it returns.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures_util::{StreamExt, stream};
use parking_lot::Mutex;
use tokio::{sync::watch, task::JoinHandle, time};

use crate::{
    directory::{Directory, Unwritten},
    domain::{GuildId, Timestamp, UserId, Version},
    ports::store::{Store, StoreError, StoredMember, StoredUser, UserKey},
    user::Stored,
};

/// How many members are written at once.
const AT_ONCE: usize = 512;
/// How many members are looked up at once.
const LOOK_UPS: usize = 32;
/// How many members are restored in one go, before the fan-out is let catch up.
const RESTORE_STEP: usize = 256;
/// The first pause after the store was away, and the longest; each doubles the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// How long the last writing may take at a stop.
const LAST_WRITE: Duration = Duration::from_secs(5);

/// How what changes is written.
#[derive(Debug, Clone)]
pub struct WriteBehind {
    /// How long after a change it is written, so that what changes again meanwhile is written once.
    pub delay: Duration,
}

impl Default for WriteBehind {
    fn default() -> Self {
        Self {
            delay: Duration::from_millis(5),
        }
    }
}

/// What came of a restoration.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Restored {
    members: usize,
    /// The greatest version, so about when Discord was heard last.
    newest: Version,
}

impl Restored {
    /// The greatest version that is stored of anybody.
    pub(super) fn newest(self) -> Version {
        self.newest
    }

    /// Since when nothing was heard of the members that were restored; `None` if there are none.
    pub(super) fn heard_at(self) -> Option<Timestamp> {
        (self.members > 0).then(|| self.newest.moment())
    }
}

pub(super) struct Storage {
    store: Arc<dyn Store>,
    directory: Arc<Directory>,
    write_behind: WriteBehind,
    /// Whether what was stored has been taken in.
    restored: watch::Sender<bool>,
    running: Mutex<Option<JoinHandle<()>>>,
}

impl Storage {
    pub(super) fn new(directory: Arc<Directory>, write_behind: WriteBehind) -> Arc<Self> {
        Arc::new(Self {
            store: Arc::clone(directory.store()),
            directory,
            write_behind,
            restored: watch::Sender::new(false),
            running: Mutex::new(None),
        })
    }

    pub(super) fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    pub(super) fn guild(&self) -> Option<GuildId> {
        self.directory.guild()
    }

    pub(super) fn restored(&self) -> watch::Receiver<bool> {
        self.restored.subscribe()
    }

    /// Starts with this guild's members, unless it has; what was shown of another guild is taken
    /// back. `wanted` says whether a stored member is to be shown whom Discord has not spoken of;
    /// `done` is told what was restored.
    pub(super) fn start(
        self: &Arc<Self>,
        guild: GuildId,
        wanted: impl Fn() -> bool + Send + Sync + 'static,
        done: impl FnOnce(Restored) + Send + 'static,
    ) {
        let before = self.directory.set_guild(guild);
        if before == Some(guild) {
            return;
        }
        let mut running = self.running.lock();
        let earlier = running.take();
        if let Some(before) = before {
            tracing::warn!(%before, %guild, "the bot's guild is another one than was stored");
            self.restored.send_replace(false);
        }
        let this = Arc::clone(self);
        *running = Some(tokio::spawn(async move {
            if let Some(earlier) = earlier {
                earlier.abort();
                let _ = earlier.await;
                this.directory.forget_everybody();
            }
            let restored = this.restore(guild, Arc::new(wanted)).await;
            done(restored);
            this.restored.send_replace(true);
            tokio::join!(this.look_up(guild), this.write(guild));
        }));
    }

    /// Writes what is left, and lets go of the store.
    pub(super) async fn stop(&self) {
        let running = self.running.lock().take();
        if let Some(running) = running {
            running.abort();
            let _ = running.await;
        }
        if let Some(guild) = self.guild() {
            let last = time::timeout(LAST_WRITE, self.write_all(guild)).await;
            let left = self.directory.unsaved_members();
            if left > 0 || last.is_err() {
                tracing::error!(left, "the latest state of some members could not be stored");
            }
        }
        self.store.close().await;
    }

    async fn restore(
        &self,
        guild: GuildId,
        wanted: Arc<dyn Fn() -> bool + Send + Sync>,
    ) -> Restored {
        let mut pauses = Pauses::new("members cannot be restored");
        loop {
            match self.restore_once(guild, &wanted).await {
                Ok(restored) => {
                    pauses.over();
                    if restored.members > 0 {
                        tracing::info!(members = restored.members, "members are restored");
                    }
                    return restored;
                }
                Err(error @ StoreError::Corrupt(_)) => {
                    // The others are looked up one by one when Discord tells of them.
                    tracing::error!(%error, %guild, "not all members can be restored");
                    return Restored::default();
                }
                Err(error) => pauses.pause(&error).await,
            }
        }
    }

    async fn restore_once(
        &self,
        guild: GuildId,
        wanted: &Arc<dyn Fn() -> bool + Send + Sync>,
    ) -> Result<Restored, StoreError> {
        let mut users = HashMap::new();
        let mut decided = self.store.users().scan(guild);
        while let Some(item) = decided.next().await {
            let (user, stored) = item?;
            users.insert(user, stored);
        }
        let mut restored = Restored::default();
        let mut members = self.store.members().scan(guild).chunks(RESTORE_STEP);
        while let Some(step) = members.next().await {
            let mut found = Vec::with_capacity(step.len());
            for member in step {
                let member = member?;
                restored.newest = restored.newest.max(member.version());
                if matches!(member, StoredMember::Present(_)) {
                    restored.members += 1;
                    let user = users.remove(&member.user()).unwrap_or_default();
                    found.push((member, user));
                }
            }
            self.take_in(found, Arc::clone(wanted)).await;
        }
        Ok(restored)
    }

    /// On a thread that may be held back by the fan-out.
    async fn take_in(
        &self,
        found: Vec<(StoredMember, StoredUser)>,
        wanted: Arc<dyn Fn() -> bool + Send + Sync>,
    ) {
        let directory = Arc::clone(&self.directory);
        let taking = tokio::task::spawn_blocking(move || {
            let now = Timestamp::from(SystemTime::now());
            for (member, user) in found {
                let id = member.user();
                let stored = Stored {
                    member: Some(member),
                    user,
                };
                directory.restore(stored, id, wanted(), now);
            }
            directory.hold_back();
        });
        // It neither panics nor is cancelled.
        let _ = taking.await;
    }

    /// Looks up whom Discord told of before the store was asked.
    async fn look_up(&self, guild: GuildId) {
        let questions = stream::unfold(self.directory.unsaved(), async |unsaved| {
            Some((unsaved.question().await?, unsaved))
        });
        questions
            .for_each_concurrent(LOOK_UPS, |user| self.settle(guild, user))
            .await;
    }

    async fn settle(&self, guild: GuildId, user: UserId) {
        let mut pauses = Pauses::new("a new member cannot be looked up");
        loop {
            match self.load(UserKey { guild, user }).await {
                Ok(stored) => {
                    pauses.over();
                    let now = Timestamp::from(SystemTime::now());
                    return self.directory.restore(stored, user, false, now);
                }
                Err(error @ StoreError::Corrupt(_)) => {
                    // Nothing is written over what a person has to look at.
                    return tracing::error!(%error, %user, "a member is not stored any more");
                }
                Err(error) => pauses.pause(&error).await,
            }
        }
    }

    async fn load(&self, key: UserKey) -> Result<Stored, StoreError> {
        Ok(Stored {
            member: self.store.members().load(key).await?,
            user: self.store.users().load(key).await?,
        })
    }

    /// Writes members behind their changes.
    async fn write(&self, guild: GuildId) {
        let mut pauses = Pauses::new("members cannot be stored");
        loop {
            self.directory.unsaved().some().await;
            time::sleep(self.write_behind.delay).await;
            match self.write_some(guild).await {
                Ok(()) => pauses.over(),
                Err(error) => pauses.pause(&error).await,
            }
        }
    }

    async fn write_all(&self, guild: GuildId) {
        let mut pauses = Pauses::new("the last state of members cannot be stored");
        while self.directory.unsaved_members() > 0 {
            if let Err(error) = self.write_some(guild).await {
                pauses.pause(&error).await;
            }
        }
    }

    async fn write_some(&self, guild: GuildId) -> Result<(), StoreError> {
        let unsaved = self.directory.unsaved();
        let mut taken = Taken {
            directory: &self.directory,
            unwritten: unsaved.take(AT_ONCE),
        };
        let members = taken.unwritten.iter();
        let members = members.filter_map(|(user, unwritten)| match unwritten {
            Unwritten::Member => self.directory.member(*user),
            Unwritten::Left { version, left_at } => Some(StoredMember::Left {
                user: *user,
                version: *version,
                left_at: *left_at,
            }),
        });
        let members: Vec<StoredMember> = members.collect();
        self.store.members().keep(guild, members).await?;
        taken.unwritten.clear();
        Ok(())
    }
}

/// What is being written; what was not, also because the writing was given up, is put back.
struct Taken<'a> {
    directory: &'a Directory,
    unwritten: Vec<(UserId, Unwritten)>,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if !self.unwritten.is_empty() {
            let unwritten = std::mem::take(&mut self.unwritten);
            self.directory.unsaved().put_back(unwritten);
        }
    }
}

/// Pauses that grow while the store is away; the first is said, and the end.
struct Pauses {
    what: &'static str,
    next: Duration,
    is_said: bool,
}

impl Pauses {
    fn new(what: &'static str) -> Self {
        Self {
            what,
            next: PAUSES.0,
            is_said: false,
        }
    }

    async fn pause(&mut self, error: &StoreError) {
        if !self.is_said {
            tracing::warn!(%error, "{}; it is tried again", self.what);
            self.is_said = true;
        }
        time::sleep(self.next).await;
        self.next = (self.next * 2).min(PAUSES.1);
    }

    fn over(&mut self) {
        if self.is_said {
            tracing::info!("the store answers again");
        }
        *self = Self::new(self.what);
    }
}
