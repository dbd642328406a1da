//! What a session decided, carried out on its socket.

use std::{cmp::Ordering, sync::Arc};

use lantern_actors::{
    Claimant,
    domain::UserId,
    ports::SocketCommand,
    session::SessionMsg,
    wire::{Known, MAX_IDS, Selection, ServerMessage, Snapshot, Targets, Users},
};

use super::{Alarm, Shard, to_slot};
use crate::socket::{
    connection::Ending,
    pieces::{Behind, Pieces, acknowledge},
};

/// How many unknown ids an ERROR names.
const NAMED_IN_AN_ERROR: usize = 10;

impl Shard {
    /// Carries out a session's commands, in order.
    pub(super) fn requested(&mut self, id: u64, commands: Vec<SocketCommand>) {
        let Some(slot) = self.slots.get(&id).map(|slot| *slot as usize) else {
            return;
        };
        let mut ready = false;
        let mut commands = commands.into_iter();
        while let Some(command) = commands.next() {
            if self.must_wait(slot, &command) {
                if let Some(connection) = self.connections.get_mut(slot) {
                    connection.deferred = std::iter::once(command).chain(commands).collect();
                }
                break;
            }
            match command {
                SocketCommand::Send(message) => self.answer(slot, &message),
                SocketCommand::Subscribe { selection, first } => {
                    self.subscribe(slot, selection, first);
                }
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

    pub(super) fn answer(&mut self, slot: usize, message: &ServerMessage) {
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

    fn subscribe(&mut self, slot: usize, selection: Selection, first: bool) {
        let is_open = self
            .connections
            .get(slot)
            .is_some_and(|connection| connection.ending == Ending::Open);
        if !is_open {
            return;
        }
        match self.watch(slot, &selection.targets) {
            Ok(unknown) => self.acknowledge(slot, selection, first, &unknown),
            Err(error) => self.answer(slot, &ServerMessage::Error(error)),
        }
        let watching = self.index.watches_anybody(to_slot(slot));
        if let Some(connection) = self.connections.get(slot) {
            let _ = connection.session.cast(SessionMsg::Subscribed { watching });
        }
    }

    /// Answers with the users as they are now, at once or in pieces.
    fn acknowledge(&mut self, slot: usize, selection: Selection, first: bool, unknown: &[UserId]) {
        let behind = Behind {
            gone: self.gone(&selection.known),
            error: self.unknown(unknown),
        };
        if let Some(chunk) = selection.chunk
            && let Some(users) = self.chosen(&selection.targets)
        {
            let pieces = Pieces {
                users,
                chunk,
                first,
                known: selection.known,
                passed: 0,
                behind,
            };
            return self.begin_pieces(slot, pieces);
        }
        if let Some(users) = self.first_snapshots(slot, &selection.targets, &selection.known) {
            self.answer(slot, &acknowledge(first, users));
        }
        self.send_behind(slot, &behind);
    }

    /// Who is in an answer in pieces; `None` if it is no array, or nobody is monitored.
    fn chosen(&mut self, targets: &Targets) -> Option<Arc<[UserId]>> {
        match targets {
            Targets::All => Some(self.index.roster()),
            Targets::One(_) => None,
            Targets::Many(users) => {
                let is_monitored = |user: &&UserId| self.index.snapshot(**user).is_some();
                let monitored: Vec<UserId> = users.iter().filter(is_monitored).copied().collect();
                (!monitored.is_empty()).then(|| monitored.into())
            }
        }
    }

    /// A client that was away could not hear who left meanwhile.
    fn gone(&self, known: &Known) -> Vec<UserId> {
        let Some(hub) = &self.hub else {
            return Vec::new();
        };
        let is_gone = |user: &UserId| self.index.snapshot(*user).is_none() && hub.is_gone(*user);
        known.users().filter(is_gone).collect()
    }

    /// What is said of users who are not monitored.
    fn unknown(&self, users: &[UserId]) -> Option<String> {
        if users.is_empty() {
            return None;
        }
        let mut sentence = not_monitored(users);
        if self.hub.as_ref().is_some_and(|hub| !hub.is_complete()) {
            sentence.push_str(STILL_COUNTING);
        }
        Some(sentence)
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
        let is_news = |snapshot: &&Arc<Snapshot>| self.is_news(slot, snapshot, known);
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
    pub(super) fn is_news(&self, slot: usize, snapshot: &Snapshot, known: &Known) -> bool {
        let Some(held) = known.version(snapshot.user()) else {
            return true;
        };
        match held.cmp(&snapshot.version()) {
            Ordering::Less => true,
            Ordering::Equal => false,
            Ordering::Greater => {
                let asked = self.hub.as_ref().zip(self.connections.get(slot));
                !asked.is_some_and(|(hub, connection)| {
                    hub.outrun(snapshot.user(), held, Claimant::Socket(connection.id))
                })
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
