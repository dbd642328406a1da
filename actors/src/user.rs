//! A tracked Discord user.

pub mod document;
pub mod state;

pub use document::UserDocument;
pub use state::{Change, UserInput, UserRecord, UserState};
