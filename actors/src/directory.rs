//! Who is monitored: user id to what was last published and, while there is one, the live actor.
//!
//! Every message to a user actor goes through here, so the directory knows what is under way: an
//! actor with nothing under way can be let go at any moment without losing a message (passivation),
//! and a message to somebody without an actor starts one. What an actor publishes is kept and
//! passed to the fan-out in one step, so readers and watchers see one order, and an actor that was
//! replaced can no longer write.

mod backlog;
mod lifecycle;
mod slot;
mod storing;
mod unsaved;

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use parking_lot::{Mutex, MutexGuard, RwLock};
use ractor::{ActorCell, ActorId};
use tokio::runtime::Handle;

pub(crate) use self::unsaved::{Unsaved, Unwritten};
use self::{
    backlog::Backlog,
    slot::{Kept, Partition, Slot},
};
use crate::{
    domain::{GuildId, Presence, ProfileUpdate, Timestamp, UserId, Version},
    ports::{FanOut, Publication, Store, store::StoredUser},
    user::{Decision, UserInput, UserMsg, UserState, decide},
    wire::{Current, Snapshot},
};

/// Enough that the intake, user actors and readers seldom meet.
const PARTITIONS: usize = 64;

/// The exit reason of an actor that was let go, by which its supervisor tells it from one that
/// fell.
pub(crate) const LET_GO: &str = "let go";

/// When actors are let go.
#[derive(Debug, Clone)]
pub struct Passivation {
    /// How long an actor that nobody watches may have nothing to do.
    pub idle_after: Duration,
    /// How many actors may live before idle ones are let go early.
    pub most_actors: usize,
}

impl Default for Passivation {
    fn default() -> Self {
        Self {
            idle_after: Duration::from_secs(60),
            most_actors: 4_096,
        }
    }
}

/// The store was not asked about a user yet, or has not answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Unsettled;

/// The directory of monitored users.
pub struct Directory {
    myself: Weak<Directory>,
    partitions: Vec<Mutex<Partition>>,
    hasher: RandomState,
    fan_out: Arc<dyn FanOut>,
    store: Arc<dyn Store>,
    /// The guild whose members they are, once it is known.
    guild: RwLock<Option<GuildId>>,
    passivation: Passivation,
    /// Where actors run, whichever thread a message comes from.
    runtime: Handle,
    supervisor: RwLock<Option<ActorCell>>,
    monitored: AtomicUsize,
    actors: AtomicUsize,
    started: AtomicU64,
    backlog: Backlog,
    /// What the store does not hold yet.
    unsaved: Unsaved,
    /// Whether the supervisor was asked to look for dead actors and has not begun to.
    sweep_asked: AtomicBool,
    stopped: OnceLock<()>,
}

impl Directory {
    /// An empty directory. `supervised_by` must be called before the first message.
    pub fn new(
        fan_out: Arc<dyn FanOut>,
        store: Arc<dyn Store>,
        passivation: Passivation,
        runtime: Handle,
    ) -> Arc<Self> {
        Arc::new_cyclic(|myself| Self {
            myself: myself.clone(),
            partitions: (0..PARTITIONS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            fan_out,
            store,
            guild: RwLock::new(None),
            passivation,
            runtime,
            supervisor: RwLock::new(None),
            monitored: AtomicUsize::new(0),
            actors: AtomicUsize::new(0),
            started: AtomicU64::new(0),
            backlog: Backlog::default(),
            unsaved: Unsaved::default(),
            sweep_asked: AtomicBool::new(false),
            stopped: OnceLock::new(),
        })
    }

    /// Sends to the actor of a known user, which is started if the user has none. False if nobody
    /// knows the user.
    pub fn send(&self, user: UserId, message: UserMsg) -> bool {
        let mut partition = self.partition(user);
        if !partition.slots.contains_key(&user) {
            return false;
        }
        self.deliver(&mut partition, user, message);
        true
    }

    /// Takes a line of the member list in.
    pub fn enlist(&self, update: ProfileUpdate, presence: Option<Presence>, now: Timestamp) {
        let user = update.id;
        let input = UserInput::Member { update, presence };
        self.take_in(&mut self.partition(user), user, input, now);
    }

    /// Who has an actor is told through it. For the others, who are passive, what the actor would
    /// decide is decided here, under the lock that keeps an actor from starting: to be counted or
    /// restored, nobody needs one.
    fn take_in(&self, partition: &mut Partition, user: UserId, input: UserInput, now: Timestamp) {
        let slot = partition.slots.get(&user);
        if slot.is_some_and(|slot| slot.live.is_some()) {
            let message = UserMsg::Input(Box::new(input));
            return self.deliver(partition, user, message);
        }
        let record = slot.and_then(Slot::record);
        match decide(&mut record.map(UserState::from_record), input, now) {
            Ok(Some(decision)) => {
                self.write(partition.slots.entry(user).or_default(), decision);
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%user, %error, "a member could not be taken in"),
        }
    }

    /// Returns at once, unless the actors or the fan-out are far behind: then it blocks for a
    /// moment, so that who brings messages faster than they are delivered is slowed down.
    pub fn hold_back(&self) {
        self.backlog.hold_back();
        self.fan_out.hold_back();
    }

    /// A user left. Who has an actor is told through it; a passive user needs none to leave.
    pub fn strike(&self, user: UserId) {
        let mut partition = self.partition(user);
        let Some(slot) = partition.slots.get_mut(&user) else {
            return;
        };
        if slot.live.is_some() {
            return self.deliver(&mut partition, user, UserMsg::Leave);
        }
        self.forget(slot, user);
        partition.slots.remove(&user);
    }

    /// Starts the user's actor if the user is known and has none.
    pub fn wake(&self, user: UserId) -> Option<ActorCell> {
        let mut partition = self.partition(user);
        if !partition.slots.contains_key(&user) {
            return None;
        }
        self.live(&mut partition, user)
            .map(|live| live.actor.get_cell())
    }

    /// What was last published of a user.
    pub fn snapshot(&self, user: UserId) -> Option<Arc<Snapshot>> {
        let partition = self.partition(user);
        let kept = partition.slots.get(&user)?.kept.as_ref()?;
        Some(Arc::clone(&kept.snapshot))
    }

    /// What was decided about a user: their pairs. An error while the store has not told.
    pub fn decided(&self, user: UserId) -> Option<Result<Arc<StoredUser>, Unsettled>> {
        let partition = self.partition(user);
        let slot = partition.slots.get(&user)?;
        let kept = slot.kept.as_ref()?;
        Some(match slot.is_settled {
            true => Ok(Arc::clone(&kept.decided)),
            false => Err(Unsettled),
        })
    }

    /// Whether this user is a member as far as is known, even if nothing is published of them yet.
    pub fn knows(&self, user: UserId) -> bool {
        self.partition(user).slots.contains_key(&user)
    }

    /// Everybody who is known.
    pub fn users(&self) -> HashSet<UserId> {
        let mut users = HashSet::with_capacity(self.monitored());
        for partition in &self.partitions {
            users.extend(partition.lock().slots.keys());
        }
        users
    }

    /// How many users are monitored.
    pub fn monitored(&self) -> usize {
        self.monitored.load(Ordering::Relaxed)
    }

    /// How many users have a live actor now.
    pub fn actors(&self) -> usize {
        self.actors.load(Ordering::Relaxed)
    }

    /// How many user actors were ever started.
    pub fn actors_started(&self) -> u64 {
        self.started.load(Ordering::Relaxed)
    }

    /// Keeps and publishes what an actor decided, unless that actor was replaced.
    pub(crate) fn keep(&self, actor: ActorId, decision: Decision) {
        let mut partition = self.partition(decision.user);
        if let Some(slot) = partition.slots.get_mut(&decision.user)
            && slot.is_written_by(actor)
        {
            self.write(slot, decision);
        }
    }

    /// Readers and watchers see one order, because both are told under the partition's lock.
    fn write(&self, slot: &mut Slot, decision: Decision) {
        slot.is_settled = decision.is_settled;
        match (decision.news, &mut slot.kept) {
            (Some(news), kept) => {
                let text = decision.decided.pairs_text();
                let large = text.map_or(0, |text| text.counted_bytes());
                let before = kept.replace(Kept {
                    _current: Current::new(large),
                    snapshot: Arc::clone(&news.snapshot),
                    record: decision.record,
                    decided: decision.decided,
                });
                self.fan_out.publish(news.publication());
                if before.is_none() {
                    self.monitored.fetch_add(1, Ordering::Relaxed);
                    if !decision.is_settled {
                        self.unsaved.ask_for(decision.user);
                    }
                }
            }
            (None, Some(kept)) => {
                kept.record = decision.record;
                kept.decided = decision.decided;
            }
            // Somebody who left meanwhile.
            (None, None) => return,
        }
        if decision.is_settled && decision.is_unsaved {
            self.unsaved.changed(decision.user);
        }
    }

    /// Forgets what was published of a user who left, and tells watchers.
    pub(crate) fn retract(&self, actor: ActorId, user: UserId) {
        let mut partition = self.partition(user);
        let Some(slot) = partition.slots.get_mut(&user) else {
            return;
        };
        if slot.is_written_by(actor) {
            self.forget(slot, user);
        }
    }

    fn forget(&self, slot: &mut Slot, user: UserId) {
        if let Some(kept) = slot.kept.take() {
            slot.is_settled = false;
            self.monitored.fetch_sub(1, Ordering::Relaxed);
            self.fan_out.publish(Publication::Left(user));
            let now = Timestamp::from(SystemTime::now());
            let version = Version::next(kept.snapshot.version(), now);
            self.unsaved.left(user, version, now);
        }
    }

    fn partition(&self, user: UserId) -> MutexGuard<'_, Partition> {
        let index = self.hasher.hash_one(user) as usize % PARTITIONS;
        #[expect(clippy::indexing_slicing, reason = "there are PARTITIONS of them")]
        self.partitions[index].lock()
    }

    fn deliver(&self, partition: &mut Partition, user: UserId, message: UserMsg) {
        let Some(live) = self.live(partition, user) else {
            return;
        };
        // A send fails only if the actor fell: its supervisor starts another, and asks Discord
        // again for what is lost here.
        if live.actor.cast(message).is_ok() {
            live.under_way += 1;
            self.backlog.grow();
        } else {
            self.ask_for_sweep();
        }
    }
}
