//! Where state that must survive goes: one port, implemented by every store alike.
//!
//! What belongs together is an aggregate: it has a [`Revision`], and a commit names the one that it
//! was decided on. If another writer was first, the commit is refused as a whole
//! ([`StoreError::Conflict`]); the actor loads again and decides anew. Events that a decision sends
//! to the outside are part of its commit.
//!
//! A new kind of aggregate is one file here, one in each store, one in the contract that both pass
//! (`tests/store_contract`), and one table in `schema.cql`.

mod events;
mod members;
mod users;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use serde::{Deserialize, Serialize};

pub use self::{
    events::{AggregateId, EventPosition, Events, NewEvent, StoredEvent},
    members::{Members, StoredMember},
    users::{StoredUser, TokenVersion, UserChange, Users},
};
use crate::domain::{GuildId, UserId};

/// The state that survives.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// What Discord told of the members.
    fn members(&self) -> &dyn Members;

    /// What was decided about users: tokens and pairs.
    fn users(&self) -> &dyn Users;

    /// The events that were committed and not yet acknowledged.
    fn events(&self) -> &dyn Events;

    /// The guilds of which anything is stored, in ascending order.
    async fn guilds(&self) -> Result<Vec<GuildId>, StoreError>;

    /// What kind of store it is, in one word.
    fn kind(&self) -> &'static str;

    /// Whether it can be used now, as far as is known without trying.
    fn is_available(&self) -> bool;

    /// Whether others may write it while it is open, so that what was read may be out of date.
    fn is_shared(&self) -> bool;

    /// Ends what is under way and lets go of files and connections; everything later is answered
    /// [`StoreError::Unavailable`].
    async fn close(&self);
}

/// Items in no particular order. The first error ends it. What is written meanwhile may be missing
/// or not.
pub type Scan<'a, T> = BoxStream<'a, Result<T, StoreError>>;

/// Names a user in the store: a guild's Lantern knows nothing of another's, also in the same store.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct UserKey {
    /// The guild that is mirrored.
    pub guild: GuildId,
    /// The user.
    pub user: UserId,
}

/// How many commits an aggregate has seen; 0 before the first.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(transparent)]
pub struct Revision(u64);

impl Revision {
    /// The revision with this number, as it was stored.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// As a number.
    pub fn get(self) -> u64 {
        self.0
    }

    /// The revision after one more commit.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Why the store did not do what was asked.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum StoreError {
    /// Another writer was first: load again and decide anew. Nothing was changed.
    #[error("somebody else changed it first")]
    Conflict,
    /// The store cannot do it now: try again later. A commit that was under way may have happened or
    /// not, so load before the next one; what is stored is whole in either case.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// What is stored cannot be read: a person has to look.
    #[error("what is stored cannot be read: {0}")]
    Corrupt(String),
}
