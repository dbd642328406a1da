//! A store in memory, as plain as the port allows: what the others are compared with.
//!
//! What would be on disk is shared by all that were opened on it, so it can be reopened.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use lantern_actors::{
    domain::{GuildId, UserId},
    ports::store::{
        AggregateId, EventPosition, Events, Members, Revision, Scan, Store, StoreError,
        StoredEvent, StoredMember, StoredUser, UserChange, UserKey, Users,
    },
};
use parking_lot::Mutex;

use crate::fixture::Fixture;

/// A store that forgets everything with its last clone.
#[derive(Clone)]
pub struct ModelStore {
    disk: Arc<Mutex<Disk>>,
    keep_left: Duration,
    closed: Arc<AtomicBool>,
    commits_left: Arc<AtomicU64>,
}

#[derive(Default)]
struct Disk {
    members: BTreeMap<UserKey, Kept<StoredMember>>,
    users: BTreeMap<UserKey, StoredUser>,
    events: BTreeMap<(UserKey, EventPosition), Kept<StoredEvent>>,
    /// When the next of these expires, at the earliest.
    next_expiry: Option<Instant>,
}

impl Disk {
    fn until(&mut self, keep_for: Duration) -> Option<Instant> {
        let until = Instant::now() + keep_for;
        let next = self.next_expiry.map_or(until, |next| next.min(until));
        self.next_expiry = Some(next);
        Some(until)
    }

    /// Forgets what has expired. Looks at everything only when there is something.
    fn forget(&mut self) {
        if self.next_expiry.is_none_or(|next| Instant::now() < next) {
            return;
        }
        self.members.retain(|_, member| member.is_there());
        self.events.retain(|_, event| event.is_there());
        let members = self.members.values().filter_map(|member| member.until);
        let events = self.events.values().filter_map(|event| event.until);
        self.next_expiry = members.chain(events).min();
    }
}

struct Kept<T> {
    item: T,
    until: Option<Instant>,
}

impl<T> Kept<T> {
    fn is_there(&self) -> bool {
        self.until.is_none_or(|until| Instant::now() < until)
    }
}

impl Default for ModelStore {
    fn default() -> Self {
        Self {
            disk: Arc::default(),
            keep_left: Duration::from_secs(3_600),
            closed: Arc::default(),
            commits_left: Arc::new(AtomicU64::new(u64::MAX)),
        }
    }
}

impl ModelStore {
    /// After so many commits more, this one fails: what a user of the store sees when it is killed.
    pub fn fail_after(&self, commits: u64) {
        self.commits_left.store(commits, Ordering::Relaxed);
    }

    /// What is stored now, for everything that reads or writes.
    fn with<T>(&self, act: impl FnOnce(&mut Disk) -> T) -> Result<T, StoreError> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable("it is closed".to_owned()));
        }
        let mut disk = self.disk.lock();
        disk.forget();
        Ok(act(&mut disk))
    }

    fn scan<T: Send + 'static>(&self, act: impl FnOnce(&mut Disk) -> Vec<T>) -> Scan<'_, T> {
        match self.with(act) {
            Ok(items) => stream::iter(items).map(Ok).boxed(),
            Err(error) => stream::iter([Err(error)]).boxed(),
        }
    }
}

#[async_trait]
impl Store for ModelStore {
    fn members(&self) -> &dyn Members {
        self
    }

    fn users(&self) -> &dyn Users {
        self
    }

    fn events(&self) -> &dyn Events {
        self
    }

    async fn guilds(&self) -> Result<Vec<GuildId>, StoreError> {
        self.with(|disk| {
            let keys = disk.members.keys().chain(disk.users.keys());
            let mut guilds: Vec<GuildId> = keys.map(|key| key.guild).collect();
            guilds.sort();
            guilds.dedup();
            guilds
        })
    }

    fn kind(&self) -> &'static str {
        "model"
    }

    fn is_available(&self) -> bool {
        self.with(|_| ()).is_ok()
    }

    fn is_shared(&self) -> bool {
        false
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }
}

#[async_trait]
impl Members for ModelStore {
    async fn load(&self, member: UserKey) -> Result<Option<StoredMember>, StoreError> {
        self.with(|disk| disk.members.get(&member).map(|kept| kept.item.clone()))
    }

    async fn keep(&self, guild: GuildId, members: Vec<StoredMember>) -> Result<(), StoreError> {
        self.with(|disk| {
            for item in members {
                let user = item.user();
                let key = UserKey { guild, user };
                let there = disk.members.get(&key);
                if there.is_some_and(|there| there.item.version() > item.version()) {
                    continue;
                }
                let left = matches!(item, StoredMember::Left { .. });
                let until = if left {
                    disk.until(self.keep_left)
                } else {
                    None
                };
                disk.members.insert(key, Kept { item, until });
            }
        })
    }

    fn scan(&self, guild: GuildId) -> Scan<'_, StoredMember> {
        self.scan(|disk| {
            let ours = disk.members.iter().filter(|(key, _)| key.guild == guild);
            ours.map(|(_, kept)| kept.item.clone()).collect()
        })
    }
}

#[async_trait]
impl Users for ModelStore {
    async fn load(&self, user: UserKey) -> Result<StoredUser, StoreError> {
        self.with(|disk| disk.users.get(&user).cloned().unwrap_or_default())
    }

    async fn commit(
        &self,
        user: UserKey,
        based_on: Revision,
        change: UserChange,
    ) -> Result<Revision, StoreError> {
        let left = &self.commits_left;
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(1)
        })
        .map_err(|_| StoreError::Unavailable("it fails for the test".to_owned()))?;
        self.with(|disk| {
            let current = disk.users.get(&user).map(|stored| stored.revision);
            if current.unwrap_or_default() != based_on {
                return Err(StoreError::Conflict);
            }
            let revision = based_on.next();
            for (index, event) in (0..).zip(&change.events) {
                let position = EventPosition { revision, index };
                let item = StoredEvent {
                    position,
                    kind: event.kind.clone(),
                    body: event.body.clone(),
                };
                let until = disk.until(event.keep_for);
                disk.events.insert((user, position), Kept { item, until });
            }
            disk.users.entry(user).or_default().apply(revision, change);
            Ok(revision)
        })?
    }

    fn scan(&self, guild: GuildId) -> Scan<'_, (UserId, StoredUser)> {
        self.scan(|disk| {
            let ours = disk.users.iter().filter(|(key, _)| key.guild == guild);
            ours.map(|(key, user)| (key.user, user.clone())).collect()
        })
    }
}

#[async_trait]
impl Events for ModelStore {
    fn waiting(&self) -> Scan<'_, AggregateId> {
        self.scan(|disk| {
            let mut users: Vec<UserKey> = disk.events.keys().map(|(user, _)| *user).collect();
            users.dedup();
            users.into_iter().map(AggregateId::User).collect()
        })
    }

    async fn read(
        &self,
        AggregateId::User(user): AggregateId,
        after: Option<EventPosition>,
        most: usize,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        self.with(|disk| {
            let theirs = disk.events.iter().filter(|((owner, position), _)| {
                *owner == user && after.is_none_or(|after| *position > after)
            });
            let items = theirs.map(|(_, kept)| kept.item.clone());
            items.take(most).collect()
        })
    }

    async fn acknowledge(
        &self,
        AggregateId::User(user): AggregateId,
        through: EventPosition,
    ) -> Result<(), StoreError> {
        self.with(|disk| {
            let goes = |owner: UserKey, position| owner == user && position <= through;
            disk.events
                .retain(|(owner, position), _| !goes(*owner, *position));
        })
    }
}

/// Opens models on one disk.
pub struct ModelFixture(ModelStore);

#[async_trait]
impl Fixture for ModelFixture {
    async fn prepare() -> Self {
        Self(ModelStore::default())
    }

    async fn open(&self, keep_left: Duration) -> Arc<dyn Store> {
        Arc::new(ModelStore {
            disk: self.0.disk.clone(),
            keep_left,
            ..ModelStore::default()
        })
    }

    fn histories(&self) -> u32 {
        256
    }
}
