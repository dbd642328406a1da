//! From a file to a store.

use std::io::BufRead;

use futures_util::{
    StreamExt, TryStreamExt,
    future::BoxFuture,
    stream::{self, FuturesUnordered},
};
use lantern_actors::{
    domain::GuildId,
    ports::store::{Store, StoreError, StoredMember, UserKey},
};

use super::{
    contents::Contents,
    error::TransferError,
    inventory,
    line::{Line, UserLine},
    reader::Reader,
    user_import::{self, Outcome},
};

/// Members that are kept at once.
const MEMBERS_PER_BATCH: usize = 500;
/// Bytes of lines that are held at once, unless a single line is longer.
const HELD_BYTES: usize = 4 * 1024 * 1024;
/// Users that are written at once. Commits of different users wait for the same disk.
const USERS_AT_ONCE: usize = 64;
/// Members that are looked up at once.
const LOADS_AT_ONCE: usize = 64;

/// What an import may find in the store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Import {
    /// Nothing of the file's guilds.
    IntoEmpty,
    /// Anything: of members the greater version stays, users about whom something was decided stay
    /// as they are.
    Merge,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Imported {
    /// What the file held.
    pub file: Contents,
    /// Members, also such who left, that were not written because the store has the same version
    /// or a greater one.
    pub members_kept: u64,
    /// Users that were not written because the same was decided in the store.
    pub users_same: u64,
    /// Users that were not written because something else was decided in the store.
    pub users_kept: u64,
    /// What the store holds now of the file's guilds.
    pub store: Contents,
}

impl Import {
    /// Writes what the reader reads, then compares what the store holds with what it should hold.
    /// After an error that came from the file's last line, or from a file that cannot be read
    /// further, the store holds a part of it; it is safe to repeat with [`Import::Merge`].
    pub async fn run(
        self,
        store: &dyn Store,
        reader: &mut Reader<impl BufRead>,
    ) -> Result<Imported, TransferError> {
        let guilds = reader.guilds().to_vec();
        let expected = match self {
            Self::IntoEmpty => {
                let held = store.guilds().await?;
                let both: Vec<GuildId> =
                    held.into_iter().filter(|id| guilds.contains(id)).collect();
                if !both.is_empty() {
                    return Err(TransferError::Holds(both));
                }
                Contents::default()
            }
            Self::Merge => inventory::contents(store, &guilds).await?,
        };
        let mut writing = Writing {
            store,
            import: self,
            expected,
            done: Imported::default(),
            batch: Batch::default(),
            users: FuturesUnordered::new(),
            users_bytes: 0,
        };
        while let Some((line, bytes)) = reader.read()? {
            writing.write(line, bytes).await?;
        }
        let (expected, mut done) = writing.finish().await?;
        done.file = *reader.contents();
        // Left by another import, of a file that names users whom this one does not.
        let mut unfinished = None;
        inventory::for_each(store, &guilds, |line| {
            if let Line::User(user) = &line
                && user.is_unfinished()
            {
                unfinished.get_or_insert(user.key());
            }
            Ok(done.store.add(&line)?)
        })
        .await?;
        expected.check(&done.store)?;
        match unfinished {
            Some(user) => Err(TransferError::Unfinished(user)),
            None => Ok(done),
        }
    }
}

/// Members of one guild that are kept together.
#[derive(Default)]
struct Batch {
    guild: Option<GuildId>,
    members: Vec<StoredMember>,
    bytes: usize,
}

/// An import under way.
struct Writing<'a> {
    store: &'a dyn Store,
    import: Import,
    /// What the store should hold now.
    expected: Contents,
    done: Imported,
    batch: Batch,
    users: FuturesUnordered<BoxFuture<'a, Result<(Outcome, usize), TransferError>>>,
    users_bytes: usize,
}

impl<'a> Writing<'a> {
    async fn write(&mut self, line: Line, bytes: usize) -> Result<(), TransferError> {
        match line {
            Line::Present { guild, member } => {
                let member = StoredMember::Present(member);
                self.member(guild, member, bytes).await
            }
            Line::Left {
                guild,
                user,
                version,
                left_at,
            } => {
                let member = StoredMember::Left {
                    user,
                    version,
                    left_at,
                };
                self.member(guild, member, bytes).await
            }
            Line::User(user) => self.user(user, bytes).await,
            Line::Start(_) | Line::End(_) => Ok(()),
        }
    }

    async fn member(
        &mut self,
        guild: GuildId,
        member: StoredMember,
        bytes: usize,
    ) -> Result<(), TransferError> {
        let is_full = self.batch.members.len() >= MEMBERS_PER_BATCH
            || self.batch.bytes + bytes > HELD_BYTES
            || self.batch.guild != Some(guild);
        if is_full {
            self.keep_batch().await?;
        }
        self.batch.guild = Some(guild);
        self.batch.members.push(member);
        self.batch.bytes += bytes;
        Ok(())
    }

    async fn keep_batch(&mut self) -> Result<(), TransferError> {
        let batch = std::mem::take(&mut self.batch);
        let Some(guild) = batch.guild else {
            return Ok(());
        };
        let members = match self.import {
            Import::IntoEmpty => batch.members,
            Import::Merge => self.newer(guild, batch.members).await?,
        };
        for member in &members {
            let line = Line::of_member(guild, member.clone());
            self.expected.add(&line)?;
        }
        if !members.is_empty() {
            self.store.members().keep(guild, members).await?;
        }
        Ok(())
    }

    /// Those of the members that are newer than what the store has.
    async fn newer(
        &mut self,
        guild: GuildId,
        members: Vec<StoredMember>,
    ) -> Result<Vec<StoredMember>, TransferError> {
        let store = self.store;
        let loads = members.into_iter().map(|member| async move {
            let user = member.user();
            let there = store.members().load(UserKey { guild, user }).await?;
            Ok::<_, StoreError>((member, there))
        });
        let loaded: Vec<_> = stream::iter(loads)
            .buffer_unordered(LOADS_AT_ONCE)
            .try_collect()
            .await?;
        let mut newer = Vec::new();
        for (member, there) in loaded {
            match there {
                Some(there) if there.version() >= member.version() => {
                    self.done.members_kept += 1;
                    continue;
                }
                Some(there) => {
                    let mut replaced = Contents::default();
                    replaced.add(&Line::of_member(guild, there))?;
                    self.expected.add_all(&replaced.negated());
                }
                None => {}
            }
            newer.push(member);
        }
        Ok(newer)
    }

    async fn user(&mut self, line: UserLine, bytes: usize) -> Result<(), TransferError> {
        while !self.users.is_empty()
            && (self.users.len() >= USERS_AT_ONCE || self.users_bytes + bytes > HELD_BYTES)
        {
            self.one_user_done().await?;
        }
        self.users_bytes += bytes;
        let (store, import) = (self.store, self.import);
        self.users.push(Box::pin(async move {
            let outcome = match import {
                Import::IntoEmpty => user_import::add(store, line).await?,
                Import::Merge => user_import::merge(store, line).await?,
            };
            Ok((outcome, bytes))
        }));
        Ok(())
    }

    async fn one_user_done(&mut self) -> Result<(), TransferError> {
        let Some((outcome, bytes)) = self.users.try_next().await? else {
            return Ok(());
        };
        self.users_bytes = self.users_bytes.saturating_sub(bytes);
        match outcome {
            Outcome::Written(change) => self.expected.add_all(&change),
            Outcome::Same => self.done.users_same += 1,
            Outcome::Kept(user) => {
                tracing::warn!(
                    guild = %user.guild,
                    user = %user.user,
                    "something else was decided about this user here, so the file's pairs, token and events are left out"
                );
                self.done.users_kept += 1;
            }
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<(Contents, Imported), TransferError> {
        self.keep_batch().await?;
        while !self.users.is_empty() {
            self.one_user_done().await?;
        }
        Ok((self.expected, self.done))
    }
}
