//! One turn of the writer: what has gathered becomes one atomic batch.

use std::{collections::HashMap, sync::atomic::Ordering::Relaxed, time::Duration};

use fjall::{OwnedWriteBatch, PersistMode};
use lantern_actors::{
    domain::{GuildId, Version},
    ports::store::{
        AggregateId, EventPosition, NewEvent, Revision, StoreError, StoredMember, UserChange,
        UserKey,
    },
};

use super::{Reply, Request, WriterStats, unavailable};
use crate::store::embedded::{
    engine::{Engine, EngineError},
    reading::{failed, now_s},
    rows::{self, EventRow, Expiring, MemberRow, UserRow},
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

/// A key, when it expires, and the value.
type NewRow = (Vec<u8>, u64, Vec<u8>);

/// A batch in the making.
pub(super) struct Turn<'a> {
    engine: &'a Engine,
    batch: OwnedWriteBatch,
    now_s: u64,
    left_expires_s: u64,
    /// Users as they are behind this batch, some from batches before it.
    users: &'a mut HashMap<UserKey, UserRow>,
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
    /// If writing it fails, `recent` is not to be used again.
    pub(super) fn new(
        engine: &'a Engine,
        recent: &'a mut HashMap<UserKey, UserRow>,
        keep_left: Duration,
    ) -> Self {
        let now_s = now_s();
        Self {
            engine,
            batch: engine.database.batch(),
            now_s,
            left_expires_s: now_s.saturating_add(keep_left.as_secs().max(1)),
            users: recent,
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
        let mut row = match self.users.get(&user) {
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
        let events = self.event_rows(user, revision, change.events)?;
        let value = rows::write(&row)?;

        self.batch.insert(&self.engine.users, key, value);
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
        for (key, expires_s, row) in events {
            let expiry = rows::expiry_key(expires_s, Expiring::Event, &key);
            self.batch.insert(&self.engine.expiry, expiry, []);
            self.batch.insert(&self.engine.events, key, row);
        }
        self.users.insert(user, row);
        self.is_durable = true;
        Ok(revision)
    }

    fn event_rows(
        &self,
        user: UserKey,
        revision: Revision,
        events: Vec<NewEvent>,
    ) -> Result<Vec<NewRow>, StoreError> {
        let numbered = (0..=u16::MAX).zip(events);
        numbered
            .map(|(index, event)| {
                let position = EventPosition { revision, index };
                let key = rows::event_key(AggregateId::User(user), position);
                let expires_s = self.now_s.saturating_add(event.keep_for.as_secs().max(1));
                let row = EventRow {
                    expires_s,
                    kind: event.kind,
                    body: event.body,
                };
                Ok((key, expires_s, rows::write(&row)?))
            })
            .collect()
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
                let expiry = rows::expiry_key(expires_s, Expiring::Member, &key);
                self.batch.insert(&self.engine.expiry, expiry, []);
            }
            let row = rows::write(&row)?;
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
