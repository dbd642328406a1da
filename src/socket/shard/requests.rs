//! What a session decided, carried out on its socket.

use std::{cmp::Ordering, sync::Arc};

use lantern_actors::{
    Claimant,
    domain::UserId,
    ports::SocketCommand,
    session::SessionMsg,
    wire::{Known, MAX_IDS, ServerMessage, Snapshot, Targets, Users},
};

use super::{Alarm, Shard, to_slot};
use crate::socket::connection::Ending;

/// How many unknown ids an ERROR names.
const NAMED_IN_AN_ERROR: usize = 10;

impl Shard {
    /// Carries out a session's commands, in order.
    pub(super) fn requested(&mut self, id: u64, commands: Vec<SocketCommand>) {
        let Some(slot) = self.slots.get(&id).map(|slot| *slot as usize) else {
            return;
        };
        let mut ready = false;
        for command in commands {
            match command {
                SocketCommand::Send(message) => self.answer(slot, &message),
                SocketCommand::Subscribe {
                    targets,
                    known,
                    first,
                } => self.subscribe(slot, &targets, &known, first),
                SocketCommand::Unsubscribe(targets) => self.unsubscribe(slot, targets),
                SocketCommand::AlarmAt(at) => self.alarms.set(at, Alarm::Session(id)),
                SocketCommand::Ping => self.ping(slot),
                SocketCommand::Close { code, reason } => self.close(slot, code, &reason),
                SocketCommand::Ready => ready = true,
            }
        }
        self.flush(slot);
        if ready && let Some(connection) = self.connections.get_mut(slot) {
            connection.session_is_busy = false;
            if connection.unread {
                self.readable(slot);
            }
        }
    }

    fn ping(&mut self, slot: usize) {
        if let Some(connection) = self.connections.get_mut(slot)
            && connection.ending == Ending::Open
        {
            connection.queue_ping();
        }
    }

    fn answer(&mut self, slot: usize, message: &ServerMessage) {
        let stale_since = self.stale_since;
        if let Some(connection) = self.connections.get_mut(slot)
            && connection.ending == Ending::Open
        {
            match message.list(connection.dialect.encoding, stale_since) {
                Some(list) => connection.queue_list(list),
                None => connection.queue_answer(message.frame(connection.dialect, stale_since)),
            }
        }
    }

    fn subscribe(&mut self, slot: usize, targets: &Targets, known: &Known, first: bool) {
        let is_open = self
            .connections
            .get(slot)
            .is_some_and(|connection| connection.ending == Ending::Open);
        if !is_open {
            return;
        }
        match self.watch(slot, targets) {
            Ok(unknown) => {
                if let Some(users) = self.first_snapshots(slot, targets, known) {
                    self.answer(
                        slot,
                        &if first {
                            ServerMessage::InitAck(users)
                        } else {
                            ServerMessage::SubscribeAck(users)
                        },
                    );
                }
                self.tell_who_left(slot, known);
                if !unknown.is_empty() {
                    let mut sentence = not_monitored(&unknown);
                    if self.hub.as_ref().is_some_and(|hub| !hub.is_complete()) {
                        sentence.push_str(STILL_COUNTING);
                    }
                    self.answer(slot, &ServerMessage::Error(sentence));
                }
            }
            Err(error) => self.answer(slot, &ServerMessage::Error(error)),
        }
        let watching = self.index.watches_anybody(to_slot(slot));
        if let Some(connection) = self.connections.get(slot) {
            let _ = connection.session.cast(SessionMsg::Subscribed { watching });
        }
    }

    /// A client that was away could not hear who left meanwhile.
    fn tell_who_left(&mut self, slot: usize, known: &Known) {
        let Some(hub) = &self.hub else {
            return;
        };
        let is_gone = |user: &UserId| self.index.snapshot(*user).is_none() && hub.is_gone(*user);
        let gone: Vec<UserId> = known.users().filter(is_gone).collect();
        for user in gone {
            self.answer(slot, &ServerMessage::UserLeft(user));
        }
    }

    /// Adds to the subscription; returns those who are not monitored.
    fn watch(&mut self, slot: usize, targets: &Targets) -> Result<Vec<UserId>, String> {
        let slot = to_slot(slot);
        let users: &[UserId] = match targets {
            Targets::All => {
                self.index.watch_all(slot);
                return Ok(Vec::new());
            }
            Targets::One(user) => std::slice::from_ref(user),
            Targets::Many(users) => users,
        };
        let is_unknown = |user: &&UserId| self.index.snapshot(**user).is_none();
        let unknown: Vec<UserId> = users.iter().filter(is_unknown).copied().collect();
        if self.index.watches_all(slot) {
            return Ok(unknown);
        }
        let is_new = |user: &&UserId| {
            self.index.snapshot(**user).is_some() && !self.index.names(slot, **user)
        };
        let added = users.iter().filter(is_new).count();
        if self.index.named(slot) + added > MAX_IDS {
            return Err(format!(
                "A socket watches at most {MAX_IDS} users by id; nobody was added. Use \"user_id\": \"All\", or more sockets."
            ));
        }
        for user in users {
            self.index.watch(slot, *user);
        }
        Ok(unknown)
    }

    /// The answer's users; `None` when nobody who was named is monitored.
    fn first_snapshots(&self, slot: usize, targets: &Targets, known: &Known) -> Option<Users> {
        let id = self.connections.get(slot)?.id;
        let by = Claimant::Socket(id);
        let is_news = |snapshot: &&Arc<Snapshot>| self.is_news(snapshot, known, by);
        match targets {
            Targets::All => Some(Users::Many(
                self.index.snapshots().filter(is_news).cloned().collect(),
            )),
            Targets::One(user) => {
                let snapshot = self.index.snapshot(*user)?;
                Some(Users::One(Some(snapshot).filter(is_news).cloned()))
            }
            Targets::Many(users) => {
                let mut monitored = users
                    .iter()
                    .filter_map(|user| self.index.snapshot(*user))
                    .peekable();
                monitored.peek()?;
                Some(Users::Many(monitored.filter(is_news).cloned().collect()))
            }
        }
    }

    /// Whether the client has to be told. Who holds more than there is gets an update above it.
    fn is_news(&self, snapshot: &Snapshot, known: &Known, by: Claimant) -> bool {
        let Some(held) = known.version(snapshot.user()) else {
            return true;
        };
        match held.cmp(&snapshot.version()) {
            Ordering::Less => true,
            Ordering::Equal => false,
            Ordering::Greater => {
                let hub = self.hub.as_ref();
                !hub.is_some_and(|hub| hub.outrun(snapshot.user(), held, by))
            }
        }
    }

    fn unsubscribe(&mut self, slot: usize, targets: Targets) {
        let watcher = to_slot(slot);
        let users = match targets {
            Targets::All => {
                self.index.clear(watcher);
                Vec::new()
            }
            _ if self.index.watches_all(watcher) => {
                let sentence = "This socket watches all users: unsubscribe from \"All\", then subscribe to those that you want.";
                self.answer(slot, &ServerMessage::Error(sentence.to_owned()));
                return;
            }
            Targets::One(user) => vec![user],
            Targets::Many(users) => users,
        };
        for user in users {
            self.index.unwatch(watcher, user);
        }
        self.answer(slot, &ServerMessage::UnsubscribeAck);
        self.close_if_empty(slot);
    }
}

const STILL_COUNTING: &str = " The members are still being counted: try again in a moment.";

fn not_monitored(users: &[UserId]) -> String {
    let named: Vec<String> = users
        .iter()
        .take(NAMED_IN_AN_ERROR)
        .map(ToString::to_string)
        .collect();
    let named = named.join(", ");
    let (subject, verb) = match users.len() {
        1 => ("User", "is"),
        _ => ("Users", "are"),
    };
    match users.len().saturating_sub(NAMED_IN_AN_ERROR) {
        0 => format!("{subject} {named} {verb} not monitored by Lantern."),
        more => format!("{subject} {named} and {more} more {verb} not monitored by Lantern."),
    }
}
