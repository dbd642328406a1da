//! The door into the live core, and the root of its supervision tree.

mod outrun;
mod root;
mod storage;

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::{Duration, Instant, SystemTime},
};

use parking_lot::{Mutex, RwLock};
use ractor::{Actor, ActorCell, ActorRef, ActorRuntime, SpawnErr};
use tokio::{
    runtime::Handle,
    sync::{Semaphore, watch},
};

pub use self::{outrun::Claimant, storage::WriteBehind};
use self::{
    outrun::Claims,
    root::{Root, RootArguments},
    storage::Storage,
};
use crate::{
    directory::{Directory, Passivation, Unsettled},
    domain::{GuildId, Presence, ProfileUpdate, Timestamp, UserId, Version},
    ports::{
        FanOut, GatewayState, Intake, Publication, Resync, SocketKey, Sockets, Store,
        store::StoredUser,
    },
    session::{Phase, Session, SessionArguments, SessionLimits, SessionMsg},
    user::{
        Authority, StorageAnswer, StorageCall, StorageError, StorageRequest, UserInput, UserMsg,
    },
    wire::{Encoding, Snapshot},
};

/// What the core is configured with.
#[derive(Debug, Clone)]
pub struct HubConfig {
    /// What a client's session may do.
    pub sessions: SessionLimits,
    /// When user actors are let go.
    pub passivation: Passivation,
    /// How often idle user actors are looked for.
    pub sweep_interval: Duration,
    /// How what changes is written to the store.
    pub write_behind: WriteBehind,
    /// How long what Discord says of the members waits for what was stored of them.
    pub restore_timeout: Duration,
    /// How long a decision about a user's storage may take.
    pub storage_timeout: Duration,
}

impl Default for HubConfig {
    fn default() -> Self {
        Self {
            sessions: SessionLimits::default(),
            passivation: Passivation::default(),
            sweep_interval: Duration::from_secs(10),
            write_behind: WriteBehind::default(),
            restore_timeout: Duration::from_secs(5),
            storage_timeout: Duration::from_secs(10),
        }
    }
}

/// How much decisions about storage that are under way may bring, in KiB; each takes one more.
const MOST_STORAGE_KIB: usize = 256 << 10;

/// How requests for users' storage were answered.
#[derive(Debug, Default)]
pub struct StorageCounts {
    /// Done, and on disk if there was anything to change.
    pub done: AtomicU64,
    /// Refused: an old token, a limit, a condition, an unknown key or user.
    pub refused: AtomicU64,
    /// Not possible now.
    pub unavailable: AtomicU64,
}

/// The live core. Cheap to clone; the last clone does not stop it, [`Hub::stop`] does.
#[derive(Clone)]
pub struct Hub {
    inner: Arc<Inner>,
}

struct Inner {
    directory: Arc<Directory>,
    fan_out: Arc<dyn FanOut>,
    sockets: Arc<dyn Sockets>,
    limits: Arc<SessionLimits>,
    resync: ResyncSlot,
    runtime: Handle,
    /// Greater than every version of an earlier run.
    started: Version,
    claims: Mutex<Claims>,
    storage: Arc<Storage>,
    restore_timeout: Duration,
    storage_timeout: Duration,
    storage_counts: StorageCounts,
    /// Bounds what is under way in all mailboxes.
    storage_room: Arc<Semaphore>,
    gateway: RwLock<GatewayState>,
    /// When Discord was last heard before this start, if members were restored.
    heard_before: OnceLock<Timestamp>,
    root: RwLock<Option<ActorRef<root::RootMsg>>>,
    session_supervisor: RwLock<Option<ActorCell>>,
    user_supervisor: RwLock<Option<ActorCell>>,
    /// Whether the member list has been complete at least once.
    complete: watch::Sender<bool>,
    /// Whether the root has ended, and so everybody.
    ended: watch::Sender<bool>,
}

/// The way to ask Discord again, known once the gateway intake runs.
#[derive(Clone, Default)]
pub struct ResyncSlot(Arc<OnceLock<Arc<dyn Resync>>>);

impl ResyncSlot {
    /// Asks for these members, if the intake runs.
    pub(crate) fn members(&self, users: Vec<UserId>) {
        if let Some(resync) = self.0.get() {
            resync.members(users);
        }
    }
}

impl Hub {
    /// Starts the core on the current runtime.
    pub async fn start(
        config: HubConfig,
        fan_out: Arc<dyn FanOut>,
        sockets: Arc<dyn Sockets>,
        store: Arc<dyn Store>,
    ) -> Result<Self, SpawnErr> {
        let runtime = Handle::current();
        let directory = Directory::new(
            Arc::clone(&fan_out),
            store,
            config.passivation,
            runtime.clone(),
        );
        let claims = Claims::new(config.write_behind.delay, Instant::now());
        let storage = Storage::new(Arc::clone(&directory), config.write_behind);
        let hub = Self {
            inner: Arc::new(Inner {
                directory,
                fan_out,
                sockets,
                limits: Arc::new(config.sessions),
                resync: ResyncSlot::default(),
                runtime,
                started: Version::next(Version::default(), Timestamp::from(SystemTime::now())),
                claims: Mutex::new(claims),
                storage,
                restore_timeout: config.restore_timeout,
                storage_timeout: config.storage_timeout,
                storage_counts: StorageCounts::default(),
                storage_room: Arc::new(Semaphore::new(MOST_STORAGE_KIB)),
                heard_before: OnceLock::new(),
                gateway: RwLock::new(GatewayState::Connecting),
                root: RwLock::new(None),
                session_supervisor: RwLock::new(None),
                user_supervisor: RwLock::new(None),
                complete: watch::Sender::new(false),
                ended: watch::Sender::new(false),
            }),
        };
        let arguments = RootArguments {
            hub: hub.clone(),
            sweep_interval: config.sweep_interval,
        };
        let (root, ended) = Actor::spawn(None, Root, arguments).await?;
        *hub.inner.root.write() = Some(root);
        let inner = Arc::downgrade(&hub.inner);
        tokio::spawn(async move {
            let _ = ended.await;
            // Whatever it fell of: without a root nobody mends anything.
            if let Some(inner) = inner.upgrade() {
                inner.user_supervisor.write().take();
                inner.session_supervisor.write().take();
                // Finds no session to be had for a socket, and closes it. Sessions that die may
                // have been told to, and not have heard it.
                inner.sockets.adopt(Self {
                    inner: Arc::clone(&inner),
                });
                inner.ended.send_replace(true);
            }
        });
        Ok(hub)
    }

    /// Starts with what was stored of this guild's members: they are shown, marked as stale, until
    /// Discord tells of them. Returns at once; only the first call counts.
    pub fn restore(&self, guild: GuildId) {
        let (told, restored) = (self.clone(), self.clone());
        let _runtime = self.inner.runtime.enter();
        self.inner.storage.start(
            guild,
            move || !told.is_complete(),
            move |outcome| {
                restored.inner.claims.lock().restored(outcome.newest());
                if let Some(heard_at) = outcome.heard_at() {
                    let _ = restored.inner.heard_before.set(heard_at);
                    restored.gateway_is(restored.gateway_state());
                }
                // The members were counted meanwhile: somebody may have been taken in behind that
                // who has left long ago.
                if restored.is_complete()
                    && let Some(resync) = restored.inner.resync.0.get()
                {
                    resync.everybody();
                }
            },
        );
    }

    /// Resolves when what was stored has been taken in.
    pub async fn restored(&self) {
        let mut restored = self.inner.storage.restored();
        let _ = restored.wait_for(|restored| *restored).await;
    }

    /// Where state survives.
    pub fn store(&self) -> &Arc<dyn Store> {
        self.inner.storage.store()
    }

    /// The guild whose members are mirrored, once it is known.
    pub fn guild(&self) -> Option<GuildId> {
        self.inner.storage.guild()
    }

    /// Stops every actor, waits until they are gone, and writes what is left to the store.
    pub async fn stop(&self) {
        self.inner.directory.stop();
        let root = self.inner.root.write().take();
        if let Some(root) = root {
            root.stop(None);
        }
        self.ended().await;
        self.inner.storage.stop().await;
    }

    /// Resolves when the core has ended, by [`Hub::stop`] or because it has given up: supervisors
    /// fell more often than their budget allows.
    pub async fn ended(&self) {
        let mut ended = self.inner.ended.subscribe();
        let _ = ended.wait_for(|ended| *ended).await;
    }

    /// What was last published of a user.
    pub fn user(&self, user: UserId) -> Option<Arc<Snapshot>> {
        self.inner.directory.snapshot(user)
    }

    /// Numbers of the users: how many are monitored, how many have a live actor.
    pub fn directory(&self) -> &Directory {
        &self.inner.directory
    }

    /// Whether it is certain that this user is not a member now; before the member list has been
    /// complete, it is not.
    pub fn is_gone(&self, user: UserId) -> bool {
        self.is_complete() && !self.inner.directory.knows(user)
    }

    /// What was decided about a monitored user: their pairs. An error while the store has not told.
    pub fn decided(&self, user: UserId) -> Option<Result<Arc<StoredUser>, Unsettled>> {
        self.inner.directory.decided(user)
    }

    /// Has a user's actor decide about their storage; the answer comes when that is on disk and
    /// published.
    ///
    /// # Errors
    /// See [`StorageError`]; [`StorageError::Unavailable`] after `storage_timeout` at the latest.
    pub async fn storage(
        &self,
        user: UserId,
        authority: Authority,
        request: StorageRequest,
    ) -> Result<StorageAnswer, StorageError> {
        let answer = self.ask_storage(user, authority, request).await;
        let counts = &self.inner.storage_counts;
        let count = match &answer {
            Ok(_) => &counts.done,
            Err(StorageError::Unavailable(_) | StorageError::NotReady) => &counts.unavailable,
            Err(_) => &counts.refused,
        };
        count.fetch_add(1, Ordering::Relaxed);
        answer
    }

    /// How requests for storage were answered.
    pub fn storage_counts(&self) -> &StorageCounts {
        &self.inner.storage_counts
    }

    async fn ask_storage(
        &self,
        user: UserId,
        authority: Authority,
        request: StorageRequest,
    ) -> Result<StorageAnswer, StorageError> {
        let unavailable = |reason: &str| StorageError::Unavailable(reason.to_owned());
        let kib = u32::try_from(1 + request.bytes() / 1_024).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.inner.storage_room)
            .try_acquire_many_owned(kib)
            .map_err(|_| unavailable("too much is asked at once"))?;
        let (reply, answer) = ractor::concurrency::oneshot();
        let call = StorageCall {
            authority,
            request,
            reply: reply.into(),
            room,
        };
        let is_known = self
            .inner
            .directory
            .send(user, UserMsg::Storage(Box::new(call)));
        if !is_known {
            return Err(match self.is_complete() {
                true => StorageError::UnknownUser,
                false => StorageError::NotReady,
            });
        }
        match tokio::time::timeout(self.inner.storage_timeout, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(unavailable("the user's actor fell")),
            Err(_) => Err(unavailable("the store does not answer in time")),
        }
    }

    /// How the connection to Discord is doing.
    pub fn gateway_state(&self) -> GatewayState {
        *self.inner.gateway.read()
    }

    /// Since when what is told may be out of date; `None` while the gateway is connected.
    pub fn stale_since(&self) -> Option<Timestamp> {
        match self.gateway_state() {
            GatewayState::Away { since } => Some(since),
            GatewayState::Connecting | GatewayState::Live => None,
        }
    }

    /// Whether the member list has been complete at least once.
    pub fn is_complete(&self) -> bool {
        *self.inner.complete.borrow()
    }

    /// Resolves once the member list has been complete.
    pub async fn completed(&self) {
        let mut complete = self.inner.complete.subscribe();
        let _ = complete.wait_for(|complete| *complete).await;
    }

    /// Until Discord was heard, what was restored is as old as the last run.
    fn gateway_is(&self, state: GatewayState) {
        let state = match (state, self.inner.heard_before.get()) {
            (GatewayState::Connecting, Some(since)) => GatewayState::Away { since: *since },
            (state, _) => state,
        };
        let before = std::mem::replace(&mut *self.inner.gateway.write(), state);
        if before != state {
            self.inner
                .fan_out
                .publish(Publication::Staleness(self.stale_since()));
        }
    }

    /// Tells the core how to ask Discord again. Only the first call counts.
    pub fn resync_through(&self, resync: Arc<dyn Resync>) {
        let _ = self.inner.resync.0.set(resync);
    }

    /// Starts a session actor for a socket and hands it over. `phase` is [`Phase::Greeting`] for a
    /// new socket. False once the hub stops.
    ///
    /// `hand_over` queues the session at the socket's owner: so a session is either there before
    /// [`Sockets::adopt`], or lives under the new supervisor.
    pub fn open_session(
        &self,
        socket: SocketKey,
        encoding: Encoding,
        phase: Phase,
        hand_over: impl FnOnce(ActorRef<SessionMsg>),
    ) -> bool {
        let supervisor = self.inner.session_supervisor.read();
        let Some(supervised_by) = supervisor.clone() else {
            return false;
        };
        let arguments = SessionArguments {
            socket,
            sockets: Arc::clone(&self.inner.sockets),
            limits: Arc::clone(&self.inner.limits),
            encoding,
            phase,
        };
        let _runtime = self.inner.runtime.enter();
        // The only error is a name that is taken, and sessions have none.
        match ActorRuntime::spawn_linked_instant(None, Session, arguments, supervised_by) {
            Ok((session, _started)) => hand_over(session),
            Err(_) => return false,
        }
        true
    }

    /// The actor of a known user, started if need be, for tools and tests.
    pub fn user_actor(&self, user: UserId) -> Option<ActorCell> {
        self.inner.directory.wake(user)
    }

    /// The supervisors of users and of sessions, for tools and tests.
    pub fn supervisors(&self) -> (Option<ActorCell>, Option<ActorCell>) {
        (
            self.inner.user_supervisor.read().clone(),
            self.inner.session_supervisor.read().clone(),
        )
    }
}

impl Intake for Hub {
    fn base(&self, guild: GuildId) {
        self.restore(guild);
        let (done, wait) = mpsc::channel();
        let hub = self.clone();
        self.inner.runtime.spawn(async move {
            hub.restored().await;
            let _ = done.send(());
        });
        if wait.recv_timeout(self.inner.restore_timeout).is_err() {
            tracing::warn!("what was stored is not known yet; members appear without it for now");
        }
    }

    fn member(&self, update: ProfileUpdate, presence: Option<Presence>) {
        let now = Timestamp::from(SystemTime::now());
        self.inner.directory.enlist(update, presence, now);
        self.inner.directory.hold_back();
    }

    fn presence(&self, user: UserId, presence: Presence) {
        let input = Box::new(UserInput::Presence(presence));
        self.inner.directory.send(user, UserMsg::Input(input));
        self.inner.directory.hold_back();
    }

    fn left(&self, user: UserId) {
        self.inner.directory.strike(user);
        self.inner.directory.hold_back();
    }

    fn reconcile(&self, members: std::collections::HashSet<UserId>) {
        for user in self.inner.directory.users().difference(&members) {
            self.left(*user);
        }
        self.inner.complete.send_replace(true);
    }

    fn gateway(&self, state: GatewayState) {
        self.gateway_is(state);
    }
}
