//! A tracked Discord user: what reaches its actor.

mod actor;
mod commits;
mod decision;
pub mod document;
#[cfg(test)]
pub(crate) mod samples;
pub mod state;
pub mod storage;
mod stored;
mod supervisor;

pub(crate) use decision::{Decision, decide, decided};

use crate::ports::store::{StoreError, StoredUser};

pub use actor::{User, UserArguments};
pub use commits::StorageCall;
pub use document::UserDocument;
pub use state::{Change, Stored, UserInput, UserRecord, UserState};
pub use storage::{Authority, Condition, StorageAnswer, StorageError, StorageRequest};
pub use supervisor::{UserSupervisor, UserSupervisorArguments, UserSupervisorMsg};

/// What reaches a user actor. The directory delivers it and counts what is under way.
#[derive(Debug)]
pub enum UserMsg {
    /// Discord told something about the user, or the store answered.
    Input(Box<UserInput>),
    /// The user left the guild.
    Leave,
    /// Something about the user's storage is asked.
    Storage(Box<StorageCall>),
    /// To the actor itself: its commit has ended.
    Committed(Result<(), StoreError>),
    /// To the actor itself: what it asked the store for.
    Loaded(Result<Box<StoredUser>, StoreError>),
}
