//! Who watches whom, in one shard: users to the slots of the sockets that watch them, and back.
//!
//! The index also holds the newest snapshot of every user that this shard was sent, so that what a
//! new subscriber is told first is in order with the updates that follow.

use std::{
    collections::HashMap,
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering},
    },
};

use lantern_actors::{domain::UserId, wire::Snapshot};
use parking_lot::Mutex;

/// The place of a socket in its shard.
pub type Slot = u32;

/// What all shards together watch.
#[derive(Debug, Default)]
pub struct Watched {
    /// Users that some socket names in its subscription, with how many shards have such a socket.
    users: Mutex<HashMap<UserId, u32>>,
    /// Sockets by users that they name, and sockets that watch everybody.
    subscriptions: AtomicUsize,
}

impl Watched {
    /// Whether any shard has a socket that names this user.
    pub fn contains(&self, user: UserId) -> bool {
        self.users.lock().contains_key(&user)
    }

    /// How many subscriptions there are: pairs of a socket and a user it names, and sockets that
    /// watch everybody.
    pub fn subscriptions(&self) -> usize {
        self.subscriptions.load(Ordering::Relaxed)
    }

    fn add(&self, user: UserId) {
        *self.users.lock().entry(user).or_default() += 1;
    }

    fn remove(&self, user: UserId) {
        let mut watched = self.users.lock();
        if let Some(shards) = watched.get_mut(&user) {
            *shards -= 1;
            if *shards == 0 {
                watched.remove(&user);
            }
        }
    }
}

/// The subscription index of one shard.
#[derive(Debug)]
pub struct Index {
    topics: HashMap<UserId, Topic>,
    /// Slots that watch everybody.
    all: Vec<Slot>,
    /// What each slot watches, by slot.
    watching: Vec<Watching>,
    watched: Arc<Watched>,
    /// Everybody, while somebody holds it and nobody joins or leaves.
    roster: Option<Weak<[UserId]>>,
}

#[derive(Debug)]
struct Topic {
    snapshot: Arc<Snapshot>,
    subscribers: Vec<Slot>,
}

#[derive(Debug, Default)]
struct Watching {
    /// Users by id, with this slot's place among the user's subscribers.
    users: Vec<(UserId, u32)>,
    /// This slot's place among those that watch everybody.
    all: Option<u32>,
}

impl Index {
    /// An empty index.
    pub fn new(watched: Arc<Watched>) -> Self {
        Self {
            topics: HashMap::new(),
            all: Vec::new(),
            watching: Vec::new(),
            watched,
            roster: None,
        }
    }

    /// The newest snapshot of a user that is monitored.
    pub fn snapshot(&self, user: UserId) -> Option<&Arc<Snapshot>> {
        self.topics.get(&user).map(|topic| &topic.snapshot)
    }

    /// The newest snapshot of everybody, in no particular order.
    pub fn snapshots(&self) -> impl Iterator<Item = &Arc<Snapshot>> {
        self.topics.values().map(|topic| &topic.snapshot)
    }

    /// Everybody who is monitored, in no particular order. It is shared by those who ask while nobody
    /// joins or leaves: after a restart, all clients come back at once.
    pub fn roster(&mut self) -> Arc<[UserId]> {
        if let Some(roster) = self.roster.as_ref().and_then(Weak::upgrade) {
            return roster;
        }
        let roster: Arc<[UserId]> = self.topics.keys().copied().collect();
        self.roster = Some(Arc::downgrade(&roster));
        roster
    }

    /// Takes in a user's newest snapshot; who is new becomes watchable.
    pub fn publish(&mut self, snapshot: Arc<Snapshot>) {
        match self.topics.get_mut(&snapshot.user()) {
            Some(topic) => topic.snapshot = snapshot,
            None => {
                let topic = Topic {
                    snapshot: Arc::clone(&snapshot),
                    subscribers: Vec::new(),
                };
                self.topics.insert(snapshot.user(), topic);
                self.roster = None;
            }
        }
    }

    /// The slots that watch this user by name.
    pub fn subscribers(&self, user: UserId) -> &[Slot] {
        self.topics
            .get(&user)
            .map_or(&[], |topic| &topic.subscribers)
    }

    /// The slots that watch everybody.
    pub fn all(&self) -> &[Slot] {
        &self.all
    }

    /// Whether this slot watches everybody.
    pub fn watches_all(&self, slot: Slot) -> bool {
        self.watching(slot).is_some_and(|slot| slot.all.is_some())
    }

    /// How many users this slot watches by name.
    pub fn named(&self, slot: Slot) -> usize {
        self.watching(slot).map_or(0, |slot| slot.users.len())
    }

    /// Whether this slot watches that user by name.
    pub fn names(&self, slot: Slot, user: UserId) -> bool {
        self.watching(slot)
            .is_some_and(|slot| slot.place(user).is_ok())
    }

    /// Whether this slot is sent what is published of that user.
    pub fn watches(&self, slot: Slot, user: UserId) -> bool {
        self.watches_all(slot) || self.names(slot, user)
    }

    /// Whether this slot watches anybody.
    pub fn watches_anybody(&self, slot: Slot) -> bool {
        self.watches_all(slot) || self.named(slot) > 0
    }

    /// The slot watches this user from now on; false if the user is not monitored.
    pub fn watch(&mut self, slot: Slot, user: UserId) -> bool {
        let Some(topic) = self.topics.get_mut(&user) else {
            return false;
        };
        let watching = entry(&mut self.watching, slot);
        if let Err(index) = watching.place(user) {
            watching
                .users
                .insert(index, (user, to_u32(topic.subscribers.len())));
            topic.subscribers.push(slot);
            self.watched.subscriptions.fetch_add(1, Ordering::Relaxed);
            if topic.subscribers.len() == 1 {
                self.watched.add(user);
            }
        }
        true
    }

    /// The slot watches everybody from now on, instead of those it named.
    pub fn watch_all(&mut self, slot: Slot) {
        self.unwatch_named(slot);
        let place = to_u32(self.all.len());
        let watching = entry(&mut self.watching, slot);
        if watching.all.is_none() {
            watching.all = Some(place);
            self.all.push(slot);
            self.watched.subscriptions.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The slot no longer watches this user by name.
    pub fn unwatch(&mut self, slot: Slot, user: UserId) {
        let watching = entry(&mut self.watching, slot);
        let Ok(index) = watching.place(user) else {
            return;
        };
        let (_, place) = watching.users.remove(index);
        if watching.users.is_empty() {
            watching.users = Vec::new();
        }
        self.vacate(user, place);
    }

    /// The slot watches nobody.
    pub fn clear(&mut self, slot: Slot) {
        self.unwatch_named(slot);
        if let Some(place) = entry(&mut self.watching, slot).all.take() {
            self.all.swap_remove(place as usize);
            self.watched.subscriptions.fetch_sub(1, Ordering::Relaxed);
            if let Some(moved) = self.all.get(place as usize) {
                entry(&mut self.watching, *moved).all = Some(place);
            }
        }
        if self.all.is_empty() {
            self.all = Vec::new();
        }
    }

    /// The user is no longer monitored. Returns the slots that watched them by name.
    pub fn remove(&mut self, user: UserId) -> Vec<Slot> {
        let Some(topic) = self.topics.remove(&user) else {
            return Vec::new();
        };
        self.roster = None;
        for slot in &topic.subscribers {
            let watching = entry(&mut self.watching, *slot);
            if let Ok(index) = watching.place(user) {
                watching.users.remove(index);
            }
        }
        if !topic.subscribers.is_empty() {
            self.watched.remove(user);
            self.watched
                .subscriptions
                .fetch_sub(topic.subscribers.len(), Ordering::Relaxed);
        }
        topic.subscribers
    }

    fn watching(&self, slot: Slot) -> Option<&Watching> {
        self.watching.get(slot as usize)
    }

    fn unwatch_named(&mut self, slot: Slot) {
        let users = std::mem::take(&mut entry(&mut self.watching, slot).users);
        for (user, place) in users {
            self.vacate(user, place);
        }
    }

    /// Frees a place among a user's subscribers; the last subscriber moves there.
    fn vacate(&mut self, user: UserId, place: u32) {
        let Some(topic) = self.topics.get_mut(&user) else {
            return;
        };
        topic.subscribers.swap_remove(place as usize);
        self.watched.subscriptions.fetch_sub(1, Ordering::Relaxed);
        if let Some(moved) = topic.subscribers.get(place as usize) {
            let watching = entry(&mut self.watching, *moved);
            if let Ok(index) = watching.place(user)
                && let Some((_, moved_place)) = watching.users.get_mut(index)
            {
                *moved_place = place;
            }
        }
        if topic.subscribers.is_empty() {
            topic.subscribers = Vec::new();
            self.watched.remove(user);
        }
    }
}

impl Watching {
    fn place(&self, user: UserId) -> Result<usize, usize> {
        self.users.binary_search_by_key(&user, |(user, _)| *user)
    }
}

/// What a slot watches; slots are numbered densely, so the list grows to the highest.
fn entry(watching: &mut Vec<Watching>, slot: Slot) -> &mut Watching {
    let slot = slot as usize;
    if slot >= watching.len() {
        watching.resize_with(slot + 1, Watching::default);
    }
    #[expect(clippy::indexing_slicing, reason = "resized to hold it just above")]
    &mut watching[slot]
}

/// There are fewer sockets than file descriptors, so their number fits.
fn to_u32(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use lantern_actors::domain::Version;
    use proptest::prelude::*;

    use super::*;

    const USERS: u64 = 6;
    const SLOTS: Slot = 5;

    fn user(id: u64) -> UserId {
        UserId::try_from(id).unwrap()
    }

    fn index() -> Index {
        let mut index = Index::new(Arc::default());
        for id in 1..=USERS {
            let snapshot = Snapshot::new(user(id), Version::new(1), b"{}");
            index.publish(Arc::new(snapshot));
        }
        index
    }

    #[test]
    fn everybody_is_listed_once_for_all_who_ask_until_somebody_joins_or_leaves() {
        let mut index = index();
        let first = index.roster();
        assert_eq!(first.len() as u64, USERS);
        let changed = Arc::new(Snapshot::new(user(1), Version::new(2), b"{}"));
        index.publish(changed);
        assert!(Arc::ptr_eq(&first, &index.roster()));
        let joined = Arc::new(Snapshot::new(user(USERS + 1), Version::new(1), b"{}"));
        index.publish(joined);
        assert!(index.roster().contains(&user(USERS + 1)));
        index.remove(user(1));
        assert!(!index.roster().contains(&user(1)));
        assert!(first.contains(&user(1)), "who asked before keeps theirs");
    }

    #[derive(Debug, Clone)]
    enum Step {
        Watch(Slot, u64),
        Unwatch(Slot, u64),
        WatchAll(Slot),
        Clear(Slot),
        Leave(u64),
        Join(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        let (slot, id) = (0..SLOTS, 1..=USERS);
        prop_oneof![
            4 => (slot.clone(), id.clone()).prop_map(|(slot, id)| Step::Watch(slot, id)),
            2 => (slot.clone(), id.clone()).prop_map(|(slot, id)| Step::Unwatch(slot, id)),
            1 => slot.clone().prop_map(Step::WatchAll),
            1 => slot.prop_map(Step::Clear),
            1 => id.clone().prop_map(Step::Leave),
            1 => id.prop_map(Step::Join),
        ]
    }

    proptest! {
        #[test]
        fn the_index_agrees_with_plain_sets(steps in prop::collection::vec(step(), 1..200)) {
            let mut index = index();
            let mut known: HashSet<u64> = (1..=USERS).collect();
            let mut named: HashMap<u64, HashSet<Slot>> = HashMap::new();
            let mut all: HashSet<Slot> = HashSet::new();
            for step in steps {
                match step {
                    Step::Watch(slot, id) => {
                        prop_assert_eq!(index.watch(slot, user(id)), known.contains(&id));
                        if known.contains(&id) {
                            named.entry(id).or_default().insert(slot);
                        }
                    }
                    Step::Unwatch(slot, id) => {
                        index.unwatch(slot, user(id));
                        named.entry(id).or_default().remove(&slot);
                    }
                    Step::WatchAll(slot) => {
                        index.watch_all(slot);
                        named.values_mut().for_each(|slots| { slots.remove(&slot); });
                        all.insert(slot);
                    }
                    Step::Clear(slot) => {
                        index.clear(slot);
                        named.values_mut().for_each(|slots| { slots.remove(&slot); });
                        all.remove(&slot);
                    }
                    Step::Leave(id) => {
                        let watchers: HashSet<_> = index.remove(user(id)).into_iter().collect();
                        prop_assert_eq!(watchers, named.remove(&id).unwrap_or_default());
                        known.remove(&id);
                    }
                    Step::Join(id) => {
                        index.publish(Arc::new(Snapshot::new(user(id), Version::new(2), b"{}")));
                        known.insert(id);
                    }
                }
                prop_assert_eq!(&index.all().iter().copied().collect::<HashSet<_>>(), &all);
                for id in 1..=USERS {
                    let slots: HashSet<_> = index.subscribers(user(id)).iter().copied().collect();
                    let expected = named.get(&id).cloned().unwrap_or_default();
                    prop_assert_eq!(slots.len(), index.subscribers(user(id)).len());
                    prop_assert_eq!(index.watched.contains(user(id)), !expected.is_empty());
                    prop_assert_eq!(slots, expected);
                }
                let subscriptions = all.len() + named.values().map(HashSet::len).sum::<usize>();
                prop_assert_eq!(index.watched.subscriptions(), subscriptions);
            }
        }
    }
}
