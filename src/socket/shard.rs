//! A fan-out shard: a thread that owns a share of the sockets and their subscriptions.
//!
//! Everything that concerns its sockets comes through one inbox, so a subscriber's first snapshot
//! and the updates after it are in one order. Publications that wait together are gathered: each
//! socket that is concerned is marked, then written to once.

mod alarms;
mod closing;
mod filling;
mod inbox;
mod publishing;
mod reading;
mod requests;

use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use bytes::Bytes;
use lantern_actors::{
    Hub,
    domain::Timestamp,
    ports::{Publication, SocketCommand, SocketKey},
    session::{Phase, SessionMsg},
    wire::{CloseCode, Dialect, ServerMessage},
};
use mio::{Events, Interest, Poll, Token, Waker, net::TcpStream};
use ractor::{ActorId, ActorRef};
use slab::Slab;

use self::alarms::{Alarm, Alarms};
pub use self::inbox::Inbox;
use super::{
    SocketLimits,
    connection::{Connection, Delivery, Ending, MOST_GATHERED},
    index::{Index, Slot, Watched},
    stats::SocketStats,
};
use crate::admission::Reservation;

/// What a shard is told.
#[derive(Debug)]
pub enum Command {
    /// Deliver to whom it concerns.
    Publish(Publication),
    /// Take a socket over.
    Attach(Box<Attach>),
    /// Carry out what a session decided.
    Session(u64, Vec<SocketCommand>),
    /// Close the socket of the session that fell.
    SessionFell(ActorId),
    /// Give every socket another session.
    Adopt(Adopter),
    /// Tell every session that the hub is stopping.
    GoingAway,
    /// Drop every socket and end.
    Stop,
}

/// A socket to take over.
#[derive(Debug)]
pub struct Attach {
    pub id: u64,
    pub stream: TcpStream,
    /// What was read behind the HTTP request.
    pub read_ahead: Bytes,
    pub dialect: Dialect,
    pub session: ActorRef<SessionMsg>,
    pub hub: Adopter,
    /// Its place among the sockets that may be open.
    pub place: Reservation,
}

/// The hub, for starting sessions anew and for asking who is a member.
pub struct Adopter(pub Hub);

impl std::fmt::Debug for Adopter {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Adopter")
    }
}

const WAKER: Token = Token(usize::MAX);
/// How long commands are carried out before the sockets are looked at again.
const TURN: Duration = Duration::from_millis(10);
const SCRATCH_BYTES: usize = 64 * 1024;

/// What a thread needs to be a shard.
pub struct Shard {
    number: u16,
    poll: Poll,
    inbox: Arc<Inbox>,
    connections: Slab<Connection>,
    /// Connections by id.
    slots: HashMap<u64, Slot>,
    index: Index,
    alarms: Alarms,
    /// Came with the first socket.
    hub: Option<Hub>,
    /// Since when the gateway is away.
    stale_since: Option<Timestamp>,
    limits: SocketLimits,
    stats: Arc<SocketStats>,
    /// Publications that are gathered, and the slots that they concern.
    batch: Vec<Delivery>,
    concerned: Vec<Slot>,
    /// Slots whose last watched user left with this batch.
    emptied: Vec<Slot>,
    /// Sockets with room for the next piece of their answer.
    filling: VecDeque<u64>,
    scratch: Box<[u8]>,
    going_away: bool,
    stopped: bool,
}

impl Shard {
    /// A shard and the way into it.
    pub fn new(
        number: u16,
        limits: SocketLimits,
        watched: Arc<Watched>,
        stats: Arc<SocketStats>,
    ) -> io::Result<(Self, Arc<Inbox>)> {
        let poll = Poll::new()?;
        let inbox = Arc::new(Inbox::new(Waker::new(poll.registry(), WAKER)?));
        let shard = Self {
            number,
            poll,
            inbox: Arc::clone(&inbox),
            connections: Slab::new(),
            slots: HashMap::new(),
            index: Index::new(watched),
            alarms: Alarms::default(),
            hub: None,
            stale_since: None,
            limits,
            stats,
            batch: Vec::with_capacity(MOST_GATHERED),
            concerned: Vec::new(),
            emptied: Vec::new(),
            filling: VecDeque::new(),
            scratch: vec![0; SCRATCH_BYTES].into_boxed_slice(),
            going_away: false,
            stopped: false,
        };
        Ok((shard, inbox))
    }

    /// Runs until it is told to stop.
    pub fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1_024);
        let mut commands = VecDeque::new();
        while !self.stopped {
            let is_idle = commands.is_empty() && self.filling.is_empty();
            let wait = if is_idle && self.inbox.may_sleep() {
                self.alarms.wait(Instant::now())
            } else {
                Some(Duration::ZERO)
            };
            match self.poll.poll(&mut events, wait) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => other?,
            }
            for event in events.iter().filter(|event| event.token() != WAKER) {
                let slot = event.token().0;
                if event.is_writable() {
                    self.writable(slot);
                }
                if event.is_readable() || event.is_error() {
                    self.readable(slot);
                }
            }
            // After the sockets were read: what a client sent in time counts.
            self.ring(Instant::now());
            if commands.is_empty() {
                // After a rush, such as the first member list, its memory is given back.
                commands.shrink_to(MOST_GATHERED * 16);
                self.inbox.take(&mut commands);
            }
            self.turn(&mut commands);
            self.fill();
        }
        Ok(())
    }

    /// Carries commands out for a while; then the sockets have their turn.
    fn turn(&mut self, commands: &mut VecDeque<Command>) {
        let began = Instant::now();
        while let Some(command) = commands.pop_front() {
            self.carry_out(command);
            if self.batch.is_empty() && began.elapsed() >= TURN {
                break;
            }
        }
        self.deliver();
    }

    fn carry_out(&mut self, command: Command) {
        if let Command::Publish(publication) = command {
            self.stats.publications.fetch_add(1, Ordering::Relaxed);
            self.gather(publication);
            if self.batch.len() == MOST_GATHERED {
                self.deliver();
            }
            return;
        }
        // Everything else keeps its place among the publications.
        self.deliver();
        match command {
            Command::Publish(_) => {}
            Command::Attach(attach) => self.attach(*attach),
            Command::Session(id, commands) => self.requested(id, commands),
            Command::SessionFell(actor) => self.session_fell(actor),
            Command::Adopt(adopter) => self.adopt(&adopter.0),
            Command::GoingAway => self.go_away(),
            Command::Stop => self.stop(),
        }
    }

    fn attach(&mut self, attach: Attach) {
        let now = Instant::now();
        let Attach {
            id,
            mut stream,
            read_ahead,
            dialect,
            session,
            hub,
            place,
        } = attach;
        self.hub.get_or_insert(hub.0);
        let entry = self.connections.vacant_entry();
        let registered = self.poll.registry().register(
            &mut stream,
            Token(entry.key()),
            Interest::READABLE | Interest::WRITABLE,
        );
        if let Err(error) = registered {
            tracing::warn!(%error, "a socket could not be taken over");
            let _ = session.cast(SessionMsg::Closed);
            return;
        }
        let slot = entry.key();
        let mut connection = Connection::new(id, stream, dialect, session, place, now);
        connection.decoder.feed(&read_ahead);
        let _ = connection.session.cast(SessionMsg::Attached);
        if self.going_away {
            let _ = connection.session.cast(SessionMsg::GoingAway);
        }
        entry.insert(connection);
        // There are fewer sockets than file descriptors.
        self.slots
            .insert(id, Slot::try_from(slot).unwrap_or(Slot::MAX));
        self.stats.open.send_modify(|open| *open += 1);
        self.stats.opened.fetch_add(1, Ordering::Relaxed);
        self.readable(slot);
    }

    fn writable(&mut self, slot: usize) {
        self.flush(slot);
        // A client that does not read is not read either; it reads again.
        if self
            .connections
            .get(slot)
            .is_some_and(|connection| connection.unread && !connection.has_waiting_answers())
        {
            self.readable(slot);
        }
    }

    /// Writes what waits for a socket.
    fn flush(&mut self, slot: usize) {
        let Some(connection) = self.connections.get_mut(slot) else {
            return;
        };
        let was_full = connection.full_since.is_some();
        let now = Instant::now();
        let flushed = connection.flush(now);
        connection.count_waiting(&self.stats);
        match (flushed, connection.ending) {
            (Err(_), _) | (Ok(true), Ending::Done) => self.remove(slot),
            (Ok(true), Ending::CloseSent) => connection.end_writing(),
            (Ok(true), Ending::Open) => {
                let has_more = connection.pieces.is_some();
                if has_more && !std::mem::replace(&mut connection.is_filling, true) {
                    self.filling.push_back(connection.id);
                }
            }
            (Ok(false), _) if was_full => {}
            (Ok(false), _) => self.became_full(slot, now),
        }
    }

    fn became_full(&mut self, slot: usize, now: Instant) {
        self.stats.full.fetch_add(1, Ordering::Relaxed);
        let Some(connection) = self.connections.get_mut(slot) else {
            return;
        };
        // One alarm is enough, however often the socket becomes full and empty again.
        if std::mem::replace(&mut connection.stall_alarm, true) {
            return;
        }
        let id = connection.id;
        let at = now + self.limits.write_stall_timeout;
        self.alarms.set(at, Alarm::Stalled(id));
    }

    fn session_fell(&mut self, actor: ActorId) {
        let found = self
            .connections
            .iter()
            .find(|(_, connection)| connection.session.get_id() == actor)
            .map(|(slot, _)| slot);
        if let Some(slot) = found {
            self.close(
                slot,
                CloseCode::InternalError,
                "The session failed. Reconnect.",
            );
        }
    }

    /// Starts another session for every socket: all that were there fell with their supervisor.
    fn adopt(&mut self, hub: &Hub) {
        let mut lost = Vec::new();
        let going_away = self.going_away;
        for (slot, connection) in &mut self.connections {
            if connection.ending != Ending::Open {
                continue;
            }
            let key = SocketKey {
                shard: self.number,
                id: connection.id,
            };
            let phase = if self.index.watches_anybody(to_slot(slot)) {
                Phase::Live
            } else {
                Phase::Greeting
            };
            let opened = hub.open_session(key, connection.dialect.encoding, phase, |session| {
                let _ = session.cast(SessionMsg::Attached);
                if going_away {
                    let _ = session.cast(SessionMsg::GoingAway);
                }
                connection.session = session;
            });
            if !opened {
                lost.push(slot);
                continue;
            }
            if std::mem::take(&mut connection.session_is_busy) {
                connection.deferred.clear();
                let sentence = "The last message was lost inside the server. Send it again.";
                let error = ServerMessage::Error(sentence.to_owned());
                connection.queue_answer(error.frame(connection.dialect, None));
            }
        }
        for slot in lost {
            self.close(slot, CloseCode::GoingAway, STOPPING);
        }
        let slots: Vec<usize> = self.connections.iter().map(|(slot, _)| slot).collect();
        for slot in slots {
            self.writable(slot);
        }
    }

    /// Has every socket closed, also one that is handed over later.
    fn go_away(&mut self) {
        self.going_away = true;
        let mut lost = Vec::new();
        for (slot, connection) in &self.connections {
            if connection.session.cast(SessionMsg::GoingAway).is_err() {
                lost.push(slot);
            }
        }
        for slot in lost {
            self.close(slot, CloseCode::GoingAway, STOPPING);
        }
    }

    fn stop(&mut self) {
        self.stopped = true;
        let slots: Vec<usize> = self.connections.iter().map(|(slot, _)| slot).collect();
        for slot in slots {
            self.remove(slot);
        }
    }

    /// Looks after the alarms that are due.
    fn ring(&mut self, now: Instant) {
        while let Some(alarm) = self.alarms.due(now) {
            let (Alarm::Session(id) | Alarm::Stalled(id) | Alarm::Lingering(id)) = alarm;
            let Some(slot) = self.slots.get(&id).map(|slot| *slot as usize) else {
                continue;
            };
            match alarm {
                Alarm::Session(_) => {
                    if let Some(connection) = self.connections.get(slot) {
                        let heard_at = connection.heard_at(now);
                        let _ = connection.session.cast(SessionMsg::Alarm { heard_at });
                    }
                }
                Alarm::Stalled(_) => self.look_at_stalled(slot, now),
                Alarm::Lingering(_) => self.give_up(slot),
            }
        }
    }

    fn look_at_stalled(&mut self, slot: usize, now: Instant) {
        let Some(connection) = self.connections.get_mut(slot) else {
            return;
        };
        let Some(since) = connection.full_since else {
            connection.stall_alarm = false;
            return;
        };
        let gives_up_at = since + self.limits.write_stall_timeout;
        if now >= gives_up_at {
            self.close(slot, CloseCode::TooSlow, TOO_SLOW);
        } else {
            let alarm = Alarm::Stalled(connection.id);
            self.alarms.set(gives_up_at, alarm);
        }
    }
}

const STOPPING: &str = "The server is stopping. Reconnect in a moment.";
const TOO_SLOW: &str = "This socket is read more slowly than its users change.";

/// Slots are numbered densely, and there are fewer sockets than file descriptors.
fn to_slot(slot: usize) -> Slot {
    Slot::try_from(slot).unwrap_or(Slot::MAX)
}
