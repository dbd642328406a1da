//! The presence sockets: from the HTTP upgrade to the bytes.
//!
//! | file | holds |
//! |---|---|
//! | `upgrade` | the opening handshake, and taking the stream from hyper |
//! | `shard` | a thread that owns sockets and delivers publications to them |
//! | `connection`, `outbox` | one socket: writing at once, and what waits when it is full |
//! | `pieces` | the rest of an answer that is sent in pieces |
//! | `index` | who watches whom |
//! | `rfc6455`, `inflate` | what clients send, as bytes |
//! | `stats` | counters for the metrics |

mod connection;
mod index;
mod inflate;
mod outbox;
mod pieces;
mod rfc6455;
mod shard;
mod stats;
mod upgrade;

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use bytes::Bytes;
use lantern_actors::{
    Hub,
    domain::UserId,
    ports::{FanOut, Publication, SocketCommand, SocketKey, Sockets},
    session::{Phase, SessionMsg},
    wire::{Dialect, limit_pinned_bytes},
};
use parking_lot::Mutex;
use ractor::ActorId;

use crate::admission::Reservation;

pub use self::stats::SocketStats;
pub use self::upgrade::{HandshakeError, Upgrader};
use self::{
    index::Watched,
    shard::{Adopter, Attach, Command, Inbox, Shard},
};
use crate::vital::Vital;

/// What a socket may cost, from the configuration.
#[derive(Debug, Clone)]
pub struct SocketLimits {
    /// Longest message from a client, in bytes, decompressed.
    pub max_message_bytes: usize,
    /// How many frames of any kind a client may send in a minute.
    pub frames_per_minute: u32,
    /// How many bytes of events may wait for a client that does not read.
    pub max_queue_bytes: usize,
    /// How many bytes of large texts that were replaced may wait for all sockets and responses.
    pub max_pinned_bytes: usize,
    /// How long a full socket may take nothing.
    pub write_stall_timeout: Duration,
    /// How long a client that does not read may take to read that it is closed.
    pub close_timeout: Duration,
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self {
            max_message_bytes: 64 * 1024,
            frames_per_minute: 1_200,
            max_queue_bytes: 1024 * 1024,
            max_pinned_bytes: 256 * 1024 * 1024,
            write_stall_timeout: Duration::from_secs(30),
            close_timeout: Duration::from_secs(5),
        }
    }
}

/// The fan-out shards, one thread each.
pub struct Shards {
    inboxes: Vec<Arc<Inbox>>,
    watched: Arc<Watched>,
    stats: Arc<SocketStats>,
    next_id: AtomicU64,
    threads: Mutex<Vec<JoinHandle<()>>>,
    vitals: Vec<Vital>,
}

impl Shards {
    /// Starts so many shards.
    pub fn start(shards: u16, limits: &SocketLimits) -> io::Result<Arc<Self>> {
        limit_pinned_bytes(limits.max_pinned_bytes);
        let watched = Arc::<Watched>::default();
        let stats = Arc::<SocketStats>::default();
        let (mut inboxes, mut threads, mut vitals) = (Vec::new(), Vec::new(), Vec::new());
        for number in 0..shards.max(1) {
            let (shard, inbox) = Shard::new(
                number,
                limits.clone(),
                Arc::clone(&watched),
                Arc::clone(&stats),
            )?;
            let (vital, pulse) = Vital::new("a fan-out shard");
            let thread = std::thread::Builder::new()
                .name(format!("fan-out-{number}"))
                .spawn(move || {
                    let _pulse = pulse;
                    if let Err(error) = shard.run() {
                        tracing::error!(%error, "a fan-out shard failed");
                    }
                })?;
            inboxes.push(inbox);
            threads.push(thread);
            vitals.push(vital);
        }
        Ok(Arc::new(Self {
            inboxes,
            watched,
            stats,
            next_id: AtomicU64::new(0),
            threads: Mutex::new(threads),
            vitals,
        }))
    }

    /// The shards, none of which may end.
    pub fn vitals(&self) -> &[Vital] {
        &self.vitals
    }

    /// What the sockets count.
    pub fn stats(&self) -> &Arc<SocketStats> {
        &self.stats
    }

    /// How many subscriptions there are: pairs of a socket and a user it names, and sockets that
    /// watch everybody.
    pub fn subscriptions(&self) -> usize {
        self.watched.subscriptions()
    }

    /// Resolves when no socket is open.
    pub async fn closed(&self) {
        // The sender lives as long as this.
        let _ = self
            .stats
            .open
            .subscribe()
            .wait_for(|open| *open == 0)
            .await;
    }

    /// Drops every socket and waits for the threads to end. Close sessions before.
    pub fn stop(&self) {
        self.tell_all(|| Command::Stop);
        for thread in self.threads.lock().drain(..) {
            let _ = thread.join();
        }
    }

    /// Starts a session for a socket and hands both to a shard. False when the hub stops.
    fn open(
        &self,
        hub: &Hub,
        stream: mio::net::TcpStream,
        read_ahead: Bytes,
        dialect: Dialect,
        place: Reservation,
    ) -> bool {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        // There are at most 65,536 shards, and at least one.
        let shard = (id % self.inboxes.len() as u64) as u16;
        let key = SocketKey { shard, id };
        hub.open_session(key, dialect.encoding, Phase::Greeting, |session| {
            let Some(inbox) = self.inbox(key) else {
                return drop(session.cast(SessionMsg::Closed));
            };
            inbox.push(Command::Attach(Box::new(Attach {
                id,
                stream,
                read_ahead,
                dialect,
                session,
                hub: Adopter(hub.clone()),
                place,
            })));
        })
    }

    fn inbox(&self, socket: SocketKey) -> Option<&Arc<Inbox>> {
        self.inboxes.get(usize::from(socket.shard))
    }

    fn tell_all(&self, command: impl Fn() -> Command) {
        for inbox in &self.inboxes {
            inbox.push(command());
        }
    }
}

impl FanOut for Shards {
    fn publish(&self, publication: Publication) {
        self.tell_all(|| Command::Publish(publication.clone()));
    }

    fn hold_back(&self) {
        for inbox in &self.inboxes {
            inbox.hold_back();
        }
    }

    fn is_watched(&self, user: UserId) -> bool {
        self.watched.contains(user)
    }
}

impl Sockets for Shards {
    fn command(&self, socket: SocketKey, commands: Vec<SocketCommand>) {
        if let Some(inbox) = self.inbox(socket) {
            inbox.push(Command::Session(socket.id, commands));
        }
    }

    fn session_fell(&self, actor: ActorId) {
        self.tell_all(|| Command::SessionFell(actor));
    }

    fn adopt(&self, hub: Hub) {
        self.tell_all(|| Command::Adopt(Adopter(hub.clone())));
    }

    fn going_away(&self) {
        self.tell_all(|| Command::GoingAway);
    }
}
