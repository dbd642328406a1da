//! One turn of the writer: what has gathered becomes one atomic batch.

use std::{collections::HashMap, iter, sync::atomic::Ordering::Relaxed, time::Duration};

use fjall::{OwnedWriteBatch, PersistMode};
use lantern_actors::{
    domain::{GuildId, Version},
    ports::store::{
        AggregateId, EventPosition, NewEvent, Revision, StoreError, StoredMember, UserChange,
        UserKey,
    },
};
use serde::Serialize;

use super::{Reply, Request, WriterStats, unavailable};
use crate::store::embedded::{
    engine::{Engine, EngineError},
    reading::{failed, now_s},
    rows::{self, EventRow, MemberRow, UserRow},
};

/// What a member weighs in a turn, about.
const MEMBER_BYTES: usize = 512;

/// About how many bytes a request brings.
pub(super) fn weight(request: &Request) -> usize {
    match request {
        Request::Commit { change, .. } => {
            let pairs: usize = change
                .pairs
                .iter()
                .map(|(key, value)| {
                    let value = value.as_ref().map_or(0, |value| value.as_str().len());
                    key.as_str().len() + value
                })
                .sum();
            let events: usize = change.events.iter().map(|event| event.body.len()).sum();
            64 + pairs + events
        }
        Request::Keep { members, .. } => members.len() * MEMBER_BYTES,
        Request::Acknowledge { .. } | Request::Stop { .. } => 64,
    }
}

/// How many users are remembered, so that they need not be looked up for their next commit.
const MOST_RECENT: usize = 4_096;
/// How many items a batch has room for from the start.
const USUAL_ITEMS: usize = 256;

/// What one turn leaves to the next. If a batch could not be written, it is of no use any more.
#[derive(Default)]
pub(super) struct Desk {
    /// Users as they are behind the latest commits. Nobody else writes them.
    users: HashMap<UserKey, UserRow>,
    /// Rows that are being made, one behind the other.
    rows: Vec<u8>,
    /// Where each of them ends.
    ends: Vec<usize>,
}

impl Desk {
    fn clear(&mut self) {
        self.rows.clear();
        self.ends.clear();
    }

    fn add<T: Serialize>(&mut self, row: &T) -> Result<(), StoreError> {
        rows::write(&mut self.rows, row)?;
        self.ends.push(self.rows.len());
        Ok(())
    }

    /// The rows, in the order in which they were added.
    fn rows(&self) -> impl Iterator<Item = &[u8]> {
        let starts = iter::once(0).chain(self.ends.iter().copied());
        let parts = starts.zip(&self.ends);
        parts.map(|(from, to)| self.rows.get(from..*to).unwrap_or_default())
    }
}

/// A batch in the making.
pub(super) struct Turn<'a> {
    engine: &'a Engine,
    batch: OwnedWriteBatch,
    now_s: u64,
    left_expires_s: u64,
    desk: &'a mut Desk,
    /// Versions of members as they are behind this batch.
    members: HashMap<UserKey, Version>,
    kept: u64,
    /// Whether somebody waits for the disk.
    is_durable: bool,
    commits: Vec<(Reply<Revision>, Revision)>,
    others: Vec<Reply<()>>,
    conflicts: Vec<Reply<Revision>>,
}

impl<'a> Turn<'a> {
    pub(super) fn new(engine: &'a Engine, desk: &'a mut Desk, keep_left: Duration) -> Self {
        if desk.users.len() > MOST_RECENT {
            desk.users.clear();
        }
        let now_s = now_s();
        Self {
            engine,
            batch: OwnedWriteBatch::with_capacity(engine.database.clone(), USUAL_ITEMS),
            now_s,
            left_expires_s: now_s.saturating_add(keep_left.as_secs().max(1)),
            desk,
            members: HashMap::new(),
            kept: 0,
            is_durable: false,
            commits: Vec::new(),
            others: Vec::new(),
            conflicts: Vec::new(),
        }
    }

    /// Takes a request into the batch, or answers it.
    pub(super) fn take(&mut self, request: Request) {
        match request {
            Request::Commit {
                user,
                based_on,
                change,
                reply,
            } => match self.commit(user, based_on, change) {
                Ok(revision) => self.commits.push((reply, revision)),
                Err(StoreError::Conflict) => self.conflicts.push(reply),
                Err(error) => drop(reply.send(Err(error))),
            },
            Request::Keep {
                guild,
                members,
                reply,
            } => match self.keep(guild, members) {
                Ok(()) => self.others.push(reply),
                Err(error) => drop(reply.send(Err(error))),
            },
            Request::Acknowledge {
                aggregate,
                through,
                reply,
            } => match self.acknowledge(aggregate, through) {
                Ok(()) => self.others.push(reply),
                Err(error) => drop(reply.send(Err(error))),
            },
            Request::Stop { reply } => drop(reply.send(())),
        }
    }

    /// Nothing is put into the batch before everything is known to fit.
    fn commit(
        &mut self,
        user: UserKey,
        based_on: Revision,
        change: UserChange,
    ) -> Result<Revision, StoreError> {
        let key = rows::user_key(user);
        let mut row = match self.desk.users.get(&user) {
            Some(row) => *row,
            None => match self.engine.users.get(key).map_err(failed)? {
                Some(row) => rows::read(&row)?,
                None => UserRow::default(),
            },
        };
        if row.revision != based_on.get() {
            return Err(StoreError::Conflict);
        }
        let revision = based_on.next();
        row.revision = revision.get();
        row.version = change.version;
        row.member_version = change.member_version;
        row.token_version = change.token_version.unwrap_or(row.token_version);
        self.desk.clear();
        self.desk.add(&row)?;
        let keys = self.add_events(user, revision, change.events)?;

        let mut rows = self.desk.rows();
        let row_of_user = rows.next().unwrap_or_default();
        self.batch.insert(&self.engine.users, key, row_of_user);
        for (key, row) in keys.into_iter().zip(rows) {
            self.batch.insert(&self.engine.events, key, row);
        }
        for (pair, value) in change.pairs {
            let key = rows::pair_key(user, pair.as_str());
            match value {
                Some(value) => {
                    let value = value.as_str().as_bytes();
                    self.batch.insert(&self.engine.pairs, key, value);
                }
                None => self.batch.remove(&self.engine.pairs, key),
            }
        }
        self.desk.users.insert(user, row);
        self.is_durable = true;
        Ok(revision)
    }

    /// Makes the rows of events; their keys.
    fn add_events(
        &mut self,
        user: UserKey,
        revision: Revision,
        events: Vec<NewEvent>,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let numbered = (0..=u16::MAX).zip(events);
        let keys = numbered.map(|(index, event)| {
            self.desk.add(&EventRow {
                expires_s: self.now_s.saturating_add(event.keep_for.as_secs().max(1)),
                kind: event.kind,
                body: event.body,
            })?;
            let position = EventPosition { revision, index };
            Ok(rows::event_key(AggregateId::User(user), position))
        });
        keys.collect()
    }

    fn keep(&mut self, guild: GuildId, members: Vec<StoredMember>) -> Result<(), StoreError> {
        for member in members {
            let user = member.user();
            let user = UserKey { guild, user };
            let key = rows::user_key(user);
            let stored = match self.members.get(&user) {
                Some(version) => Some(*version),
                None => match self.engine.members.get(key).map_err(failed)? {
                    Some(row) => Some(rows::read::<MemberRow>(&row)?.version()),
                    None => None,
                },
            };
            if stored.is_some_and(|stored| stored > member.version()) {
                continue;
            }
            self.members.insert(user, member.version());
            let row = MemberRow::of(member, self.left_expires_s);
            if let Some(expires_s) = row.expires_s() {
                let expiry = rows::expiry_key(expires_s, &key);
                self.batch.insert(&self.engine.expiry, expiry, []);
            }
            self.desk.clear();
            self.desk.add(&row)?;
            let row = self.desk.rows.as_slice();
            self.batch.insert(&self.engine.members, key, row);
            self.kept += 1;
        }
        Ok(())
    }

    /// Events that are in this very batch are not seen: their commit has not returned, so nobody can
    /// have read them.
    fn acknowledge(
        &mut self,
        aggregate: AggregateId,
        through: EventPosition,
    ) -> Result<(), StoreError> {
        let first = rows::aggregate_key(aggregate);
        let last = rows::event_key(aggregate, through);
        for guard in self.engine.events.range(first..=last) {
            let key = guard.key().map_err(failed)?;
            self.batch.remove(&self.engine.events, key);
        }
        self.is_durable = true;
        Ok(())
    }

    /// Writes the batch and answers; whether all that was ever written is on disk now.
    pub(super) fn write(self, stats: &WriterStats) -> Result<bool, EngineError> {
        let mode = match self.is_durable {
            true => PersistMode::SyncData,
            false => PersistMode::Buffer,
        };
        let is_synced = self.is_durable;
        let written = self.batch.durability(Some(mode)).commit();
        if let Err(error) = written {
            let error = EngineError::from(error);
            let answer = unavailable(&error.to_string());
            for (reply, _) in self.commits {
                let _ = reply.send(Err(answer.clone()));
            }
            for reply in self.conflicts {
                let _ = reply.send(Err(answer.clone()));
            }
            for reply in self.others {
                let _ = reply.send(Err(answer.clone()));
            }
            return Err(error);
        }
        stats.batches.fetch_add(1, Relaxed);
        stats.members.fetch_add(self.kept, Relaxed);
        stats.commits.fetch_add(self.commits.len() as u64, Relaxed);
        stats
            .conflicts
            .fetch_add(self.conflicts.len() as u64, Relaxed);
        for (reply, revision) in self.commits {
            let _ = reply.send(Ok(revision));
        }
        for reply in self.conflicts {
            let _ = reply.send(Err(StoreError::Conflict));
        }
        for reply in self.others {
            let _ = reply.send(Ok(()));
        }
        Ok(is_synced)
    }
}
