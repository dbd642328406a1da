//! A tracked Discord user.

pub mod document;
pub mod state;

#[cfg(test)]
pub(crate) mod samples;

pub use document::UserDocument;
pub use state::{Change, UserInput, UserRecord, UserState};
