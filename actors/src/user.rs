//! A tracked Discord user: what reaches its actor.

mod actor;
mod decision;
pub mod document;
#[cfg(test)]
pub(crate) mod samples;
pub mod state;
mod stored;
mod supervisor;

pub(crate) use decision::{Decision, decide};

pub use actor::{User, UserArguments};
pub use document::UserDocument;
pub use state::{Change, Stored, UserInput, UserRecord, UserState};
pub use supervisor::{UserSupervisor, UserSupervisorArguments, UserSupervisorMsg};

/// What reaches a user actor. The directory delivers it and counts what is under way.
#[derive(Debug)]
pub enum UserMsg {
    /// Discord told something about the user, or the store answered.
    Input(Box<UserInput>),
    /// The user left the guild.
    Leave,
}
