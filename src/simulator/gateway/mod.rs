//! The gateway: sessions, the connections that hold them, and what the control API does to them.
//!
//! [`upgrade`] takes a socket, [`connection`] speaks the protocol on it, [`session`] keeps what is
//! to be sent. Whoever changes the world sends the event while holding the world's lock, so events
//! and snapshots (GUILD_CREATE, chunks) reach every session in one order.

pub mod chunks;
pub mod close;
pub mod connection;
pub mod encoder;
pub mod identify;
pub mod intents;
pub mod members_limit;
pub mod payload;
pub mod refusals;
pub mod session;
pub mod upgrade;
pub mod zstd;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc, watch};

use close::Frame;
use identify::Identify;
use refusals::{Refusal, Refusals};
use session::{Bounds, Buffer, Event, Session};

use crate::tcp::Resettable;

/// What the control API tells a connection to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Send opcode 1.
    AskForHeartbeat,
    /// Send opcode 7.
    Reconnect,
    /// Send opcode 9 and forget the session.
    Invalidate,
    /// Close with a frame.
    Close(Dismissal),
}

/// What becomes of a session when its connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It can be resumed.
    Kept,
    /// It cannot.
    Forgotten,
}

/// How the control API has a connection closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dismissal {
    /// The frame.
    pub frame: Frame,
    /// What becomes of the session.
    pub session: Fate,
}

/// How to reach an open connection.
#[derive(Debug)]
struct Line {
    orders: mpsc::UnboundedSender<Order>,
    cut: Arc<Notify>,
    tcp: Option<Arc<Resettable>>,
}

/// What a new connection listens to.
#[derive(Debug)]
pub struct Registration {
    /// Tells the connection from all others.
    pub id: u64,
    /// What it is told to do.
    pub orders: mpsc::UnboundedReceiver<Order>,
    /// Rings when it is to end without a word.
    pub cut: Arc<Notify>,
    /// Whether the gateway is silent.
    pub paused: watch::Receiver<bool>,
}

/// A session as the control API shows it.
#[derive(Debug, Clone)]
pub struct SessionInfo {
    /// The session's id.
    pub id: String,
    /// Whether a connection holds it.
    pub connected: bool,
    /// The intents that it asked for.
    pub intents: u64,
    /// The newest event's number, and the last sent one's.
    pub numbers: (u64, u64),
}

/// All sessions and connections.
#[derive(Debug)]
pub struct Gateway {
    bounds: Bounds,
    sessions: Mutex<HashMap<String, Arc<Session>>>,
    lines: Mutex<HashMap<u64, Line>>,
    paused: watch::Sender<bool>,
    /// Whether heartbeats are not acknowledged.
    muted: AtomicBool,
    refusals: Refusals,
    next_id: AtomicU64,
    /// Rings when a connection has ended.
    ended: Notify,
}

impl Gateway {
    /// A gateway without connections.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            sessions: Mutex::default(),
            lines: Mutex::default(),
            paused: watch::Sender::new(false),
            muted: AtomicBool::new(false),
            refusals: Refusals::default(),
            next_id: AtomicU64::new(1),
            ended: Notify::new(),
        }
    }

    /// Adds an event to every session that has the guild and wants the intent.
    pub fn dispatch(&self, intent: u64, name: &'static str, data: &Arc<str>) {
        let now = Instant::now();
        self.sessions.lock().retain(|_, session| {
            if session.identify.has_guild() && session.wants(intent) {
                session.push(Event {
                    name: name.into(),
                    data: Arc::clone(data),
                });
            }
            !session.buffer.lock().expired(now)
        });
    }

    /// Adds an event to every session, whatever it asked for; how many there are.
    pub fn broadcast(&self, event: &Event) -> usize {
        let sessions = self.sessions.lock();
        sessions
            .values()
            .for_each(|session| session.push(event.clone()));
        sessions.len()
    }

    /// Opens a session that `connection` holds.
    pub fn open_session(&self, connection: u64, identify: Identify) -> Arc<Session> {
        let number = self.next_id.fetch_add(1, Ordering::Relaxed);
        let id = format!(
            "{:032x}",
            (u128::from(rand::random::<u64>()) << 64) | u128::from(number)
        );
        let session = Arc::new(Session {
            id: id.clone(),
            identify,
            buffer: Mutex::new(Buffer::new(self.bounds, connection)),
            wake: Notify::new(),
        });
        self.sessions.lock().insert(id, Arc::clone(&session));
        session
    }

    /// A session by its id.
    pub fn session(&self, id: &str) -> Option<Arc<Session>> {
        self.sessions.lock().get(id).cloned()
    }

    /// Forgets a session: it cannot be resumed.
    pub fn forget(&self, id: &str) {
        self.sessions.lock().remove(id);
    }

    /// Enters a new connection. Without `tcp` it cannot be reset, only cut.
    pub fn register(&self, tcp: Option<Arc<Resettable>>) -> Registration {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (orders, inbox) = mpsc::unbounded_channel();
        let cut = Arc::new(Notify::new());
        self.lines.lock().insert(
            id,
            Line {
                orders,
                cut: Arc::clone(&cut),
                tcp,
            },
        );
        Registration {
            id,
            orders: inbox,
            cut,
            paused: self.paused.subscribe(),
        }
    }

    /// Strikes out a connection that has ended.
    pub fn unregister(&self, connection: u64) {
        self.lines.lock().remove(&connection);
        self.ended.notify_waiters();
    }

    /// Ends one connection without a word.
    pub fn cut(&self, connection: u64) {
        if let Some(line) = self.lines.lock().get(&connection) {
            line.cut.notify_one();
        }
    }

    /// Ends all connections without a word; how many there were.
    pub fn cut_all(&self) -> usize {
        let lines = self.lines.lock();
        lines.values().for_each(|line| line.cut.notify_one());
        lines.len()
    }

    /// Ends all connections by a TCP reset; how many there were.
    pub fn reset_all(&self) -> usize {
        let lines = self.lines.lock();
        for line in lines.values() {
            if let Some(tcp) = &line.tcp {
                tcp.reset_when_dropped();
            }
            line.cut.notify_one();
        }
        lines.len()
    }

    /// Tells all connections something; how many there are.
    pub fn order_all(&self, order: Order) -> usize {
        let lines = self.lines.lock();
        lines
            .values()
            .filter(|line| line.orders.send(order.clone()).is_ok())
            .count()
    }

    /// Forgets the sessions that no connection holds; how many there were.
    pub fn forget_released(&self) -> usize {
        let mut sessions = self.sessions.lock();
        let before = sessions.len();
        sessions.retain(|_, session| session.buffer.lock().holder().is_some());
        before - sessions.len()
    }

    /// Makes the gateway silent, or ends the silence; how many connections there are.
    pub fn set_paused(&self, paused: bool) -> usize {
        self.paused.send_replace(paused);
        self.lines.lock().len()
    }

    /// Whether the gateway is silent.
    pub fn paused(&self) -> bool {
        *self.paused.borrow()
    }

    /// Leaves heartbeats without an answer, or answers them again; how many connections there are.
    pub fn set_muted(&self, muted: bool) -> usize {
        self.muted.store(muted, Ordering::Relaxed);
        self.lines.lock().len()
    }

    /// Whether heartbeats are not acknowledged.
    pub fn is_muted(&self) -> bool {
        self.muted.load(Ordering::Relaxed)
    }

    /// Refuses the next logins, instead of those that were to be refused so far; how many
    /// connections there are.
    pub fn refuse(&self, refusal: Refusal) -> usize {
        self.refusals.set(refusal);
        self.lines.lock().len()
    }

    /// How the login at hand is refused, if it is.
    pub fn take_refusal(&self) -> Option<Dismissal> {
        self.refusals.take()
    }

    /// The logins that are still to be refused.
    pub fn refusal(&self) -> Option<Refusal> {
        self.refusals.pending()
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.lines.lock().len()
    }

    /// All sessions that could be used.
    pub fn sessions(&self) -> Vec<SessionInfo> {
        let sessions = self.sessions.lock();
        sessions
            .values()
            .map(|session| {
                let buffer = session.buffer.lock();
                SessionInfo {
                    id: session.id.clone(),
                    connected: buffer.holder().is_some(),
                    intents: session.identify.intents,
                    numbers: buffer.numbers(),
                }
            })
            .collect()
    }

    /// Whether a bot is connected that has the guild.
    pub fn has_bot(&self) -> bool {
        self.sessions
            .lock()
            .values()
            .any(|session| session.identify.has_guild() && session.buffer.lock().holder().is_some())
    }

    /// Ends all connections and waits until they have.
    pub async fn shut_down(&self) {
        const PATIENCE: Duration = Duration::from_secs(2);
        let ended = async {
            loop {
                let next = self.ended.notified();
                if self.cut_all() == 0 {
                    return;
                }
                next.await;
            }
        };
        if tokio::time::timeout(PATIENCE, ended).await.is_err() {
            tracing::warn!("gateway connections did not end in time");
        }
    }
}
