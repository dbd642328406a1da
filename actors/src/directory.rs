//! Who is monitored: user id to what was last published and, while there is one, the live actor.
//!
//! Every message to a user actor goes through here, so the directory knows what is under way: an
//! actor with nothing under way can be let go at any moment without losing a message (passivation),
//! and a message to somebody without an actor starts one. What an actor publishes is kept and
//! passed to the fan-out in one step, so readers and watchers see one order, and an actor that was
//! replaced can no longer write.

mod backlog;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::{Mutex, MutexGuard, RwLock};
use ractor::{ActorCell, ActorId, ActorRef, ActorRuntime, ActorStatus};
use tokio::runtime::Handle;

use self::backlog::Backlog;
use crate::{
    domain::{Presence, Profile, Timestamp, UserId},
    ports::{FanOut, Publication},
    user::{Decision, User, UserArguments, UserInput, UserMsg, UserRecord, UserState, decide},
    wire::Snapshot,
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

/// The directory of monitored users.
pub struct Directory {
    myself: Weak<Directory>,
    partitions: Vec<Mutex<Partition>>,
    hasher: RandomState,
    fan_out: Arc<dyn FanOut>,
    passivation: Passivation,
    /// Where actors run, whichever thread a message comes from.
    runtime: Handle,
    supervisor: RwLock<Option<ActorCell>>,
    monitored: AtomicUsize,
    actors: AtomicUsize,
    started: AtomicU64,
    backlog: Backlog,
    stopped: OnceLock<()>,
}

#[derive(Default)]
struct Partition {
    slots: HashMap<UserId, Slot>,
    /// Users with their actor, longest started first; may name actors that are gone.
    started: VecDeque<(UserId, ActorId)>,
}

#[derive(Default)]
struct Slot {
    kept: Option<Kept>,
    live: Option<Box<Live>>,
}

/// What the last publication left behind.
struct Kept {
    snapshot: Arc<Snapshot>,
    /// The state, packed: what the next actor starts from.
    record: Box<[u8]>,
}

struct Live {
    actor: ActorRef<UserMsg>,
    /// Messages that were sent and not yet handled.
    under_way: u32,
    touched: Instant,
}

impl Directory {
    /// An empty directory. `supervised_by` must be called before the first message.
    pub fn new(fan_out: Arc<dyn FanOut>, passivation: Passivation, runtime: Handle) -> Arc<Self> {
        Arc::new_cyclic(|myself| Self {
            myself: myself.clone(),
            partitions: (0..PARTITIONS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            fan_out,
            passivation,
            runtime,
            supervisor: RwLock::new(None),
            monitored: AtomicUsize::new(0),
            actors: AtomicUsize::new(0),
            started: AtomicU64::new(0),
            backlog: Backlog::default(),
            stopped: OnceLock::new(),
        })
    }

    /// New actors are linked to this supervisor. The actors of an earlier one fell with it; their
    /// users are returned, for they may have lost messages.
    pub fn supervised_by(&self, supervisor: ActorCell) -> Vec<UserId> {
        *self.supervisor.write() = Some(supervisor);
        let mut orphans = Vec::new();
        for partition in &self.partitions {
            let mut partition = partition.lock();
            partition.started.clear();
            partition.slots.retain(|user, slot| {
                if let Some(live) = slot.live.take() {
                    // Most fell already; one that was just starting may not have noticed.
                    live.actor.kill();
                    self.gone(&live);
                    orphans.push(*user);
                }
                slot.kept.is_some()
            });
        }
        orphans
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

    /// Takes a line of the member list in. Who has an actor is told through it. For the others, who
    /// are passive, what the actor would decide is decided here, under the lock that keeps an actor
    /// from starting: to be counted, nobody needs one.
    pub fn enlist(&self, profile: Profile, presence: Option<Presence>, now: Timestamp) {
        let user = profile.id;
        let input = UserInput::Member { profile, presence };
        let mut partition = self.partition(user);
        let slot = partition.slots.get(&user);
        if slot.is_some_and(|slot| slot.live.is_some()) {
            let message = UserMsg::Input(Box::new(input));
            return self.deliver(&mut partition, user, message);
        }
        let record = slot.and_then(Slot::record);
        match decide(&mut record.map(UserState::from_record), input, now) {
            Ok(Some(decision)) => {
                self.keep(partition.slots.entry(user).or_default(), decision);
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%user, %error, "a member could not be taken in"),
        }
    }

    /// Returns at once, unless the actors are far behind: then it blocks for a moment, so that who
    /// brings messages faster than they are handled is slowed down.
    pub fn hold_back(&self) {
        self.backlog.hold_back();
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
    pub(crate) fn publish(&self, actor: ActorId, decision: Decision) {
        let user = decision.snapshot.user();
        let mut partition = self.partition(user);
        if let Some(slot) = partition.slots.get_mut(&user)
            && slot.is_written_by(actor)
        {
            self.keep(slot, decision);
        }
    }

    /// Readers and watchers see one order, because both are told under the partition's lock.
    fn keep(&self, slot: &mut Slot, decision: Decision) {
        let kept = Kept {
            snapshot: Arc::clone(&decision.snapshot),
            record: decision.record,
        };
        if slot.kept.replace(kept).is_none() {
            self.monitored.fetch_add(1, Ordering::Relaxed);
        }
        let publication = (decision.publication)(decision.snapshot);
        self.fan_out.publish(publication);
    }

    /// Forgets what was published of a user who left, and tells watchers.
    pub(crate) fn retract(&self, actor: ActorId, user: UserId) {
        let mut partition = self.partition(user);
        let Some(slot) = partition.slots.get_mut(&user) else {
            return;
        };
        if slot.is_written_by(actor) && slot.kept.take().is_some() {
            self.monitored.fetch_sub(1, Ordering::Relaxed);
            self.fan_out.publish(Publication::Left(user));
        }
    }

    /// An actor has handled a message. With nothing more under way, it ends if the user left, or if
    /// nobody watches the user and there are more actors than may be.
    pub(crate) fn handled(&self, actor: ActorId, user: UserId, now: Instant) {
        let mut partition = self.partition(user);
        let Some(slot) = partition.slots.get_mut(&user) else {
            return;
        };
        // One that was replaced must not count down what is under way to the other.
        let live = slot.live.as_mut();
        let Some(live) = live.filter(|live| live.actor.get_id() == actor) else {
            return;
        };
        live.touched = now;
        if live.under_way > 0 {
            live.under_way -= 1;
            self.backlog.shrink(1);
        }
        if live.under_way > 0 {
            return;
        }
        if slot.kept.is_none() {
            self.let_go(slot);
            partition.slots.remove(&user);
        } else if self.actors() > self.passivation.most_actors && !self.fan_out.is_watched(user) {
            self.let_go(slot);
        }
    }

    /// An actor fell. Whose it was, if it was somebody's still.
    pub(crate) fn fell(&self, actor: ActorId) -> Option<UserId> {
        for partition in &self.partitions {
            let mut partition = partition.lock();
            let mut slots = partition.slots.iter();
            let found = slots.find(|(_, slot)| slot.is_written_by(actor));
            if let Some((user, _)) = found {
                let user = *user;
                self.bury(&mut partition, user);
                return Some(user);
            }
        }
        None
    }

    /// Forgets a dead actor, and with it a user of whom nothing was published yet.
    fn bury(&self, partition: &mut Partition, user: UserId) {
        let Some(slot) = partition.slots.get_mut(&user) else {
            return;
        };
        if let Some(live) = slot.live.take() {
            self.gone(&live);
        }
        if slot.kept.is_none() {
            partition.slots.remove(&user);
        }
    }

    /// Lets actors go that nobody watches and that had nothing to do for a while. Gives the users
    /// whose actor is dead: its supervisor does not hear of one that fell while it started.
    pub(crate) fn sweep(&self, now: Instant) -> Vec<UserId> {
        let mut fallen = Vec::new();
        if self.stopped.get().is_some() {
            // They are being stopped, and nobody is to be told of it.
            return fallen;
        }
        for partition in &self.partitions {
            let mut partition = partition.lock();
            let first = fallen.len();
            for (user, slot) in &partition.slots {
                let live = slot.live.as_ref();
                if live.is_some_and(|live| live.actor.get_status() == ActorStatus::Stopped) {
                    fallen.push(*user);
                }
            }
            for user in fallen.get(first..).unwrap_or_default() {
                self.bury(&mut partition, *user);
            }
            let looked_at = partition.started.len();
            self.passivate(&mut partition, looked_at, |live| {
                now.duration_since(live.touched) >= self.passivation.idle_after
            });
        }
        fallen
    }

    /// No actor is started any more; those that live are stopped by their supervisor.
    pub(crate) fn stop(&self) {
        let _ = self.stopped.set(());
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
        }
    }

    /// The user's live actor, started if need be; `None` once the hub stops.
    fn live<'a>(&self, partition: &'a mut Partition, user: UserId) -> Option<&'a mut Live> {
        let is_new = partition
            .slots
            .get(&user)
            .is_none_or(|slot| slot.live.is_none());
        if is_new {
            if self.stopped.get().is_some() {
                return None;
            }
            if self.actors() >= self.passivation.most_actors {
                self.passivate(partition, 8, |_| true);
            }
            let record = partition.slots.get(&user).and_then(Slot::record);
            let actor = self.start(user, record)?;
            partition.started.push_back((user, actor.get_id()));
            partition.slots.entry(user).or_default().live = Some(Box::new(Live {
                actor,
                under_way: 0,
                touched: Instant::now(),
            }));
        }
        partition.slots.get_mut(&user)?.live.as_deref_mut()
    }

    fn start(&self, user: UserId, record: Option<UserRecord>) -> Option<ActorRef<UserMsg>> {
        let supervisor = self.supervisor.read().clone()?;
        let arguments = UserArguments {
            user,
            record,
            directory: self.myself.upgrade()?,
        };
        let _runtime = self.runtime.enter();
        let (actor, _started) =
            ActorRuntime::spawn_linked_instant(None, User, arguments, supervisor).ok()?;
        self.actors.fetch_add(1, Ordering::Relaxed);
        self.started.fetch_add(1, Ordering::Relaxed);
        Some(actor)
    }

    /// Looks at the `most` longest started actors of a partition and lets those go that have
    /// nothing under way, that nobody watches and that `may_go`.
    fn passivate(&self, partition: &mut Partition, most: usize, may_go: impl Fn(&Live) -> bool) {
        for _ in 0..most.min(partition.started.len()) {
            let Some((user, actor)) = partition.started.pop_front() else {
                return;
            };
            let Some(slot) = partition.slots.get_mut(&user) else {
                continue;
            };
            let live = slot.live.as_ref();
            let Some(live) = live.filter(|live| live.actor.get_id() == actor) else {
                continue;
            };
            if live.under_way == 0 && may_go(live) && !self.fan_out.is_watched(user) {
                self.let_go(slot);
            } else {
                partition.started.push_back((user, actor));
            }
        }
    }

    fn let_go(&self, slot: &mut Slot) {
        if let Some(live) = slot.live.take() {
            live.actor.stop(Some(LET_GO.to_owned()));
            self.gone(&live);
        }
    }

    /// An actor is no longer in the directory.
    fn gone(&self, live: &Live) {
        self.actors.fetch_sub(1, Ordering::Relaxed);
        self.backlog.shrink(live.under_way as usize);
    }
}

impl Slot {
    /// The state that the last publication left behind.
    fn record(&self) -> Option<UserRecord> {
        let kept = self.kept.as_ref()?;
        match rmp_serde::from_slice(&kept.record) {
            Ok(record) => Some(record),
            Err(error) => {
                // Discord tells the rest again; only times and the version start anew.
                tracing::error!(%error, "a user's record could not be read");
                None
            }
        }
    }

    fn is_written_by(&self, actor: ActorId) -> bool {
        self.live
            .as_ref()
            .is_some_and(|live| live.actor.get_id() == actor)
    }
}
