//! The way to ask Discord again.

use crate::domain::UserId;

/// Asks the gateway for members anew, when an actor fell and may have lost what it was told.
pub trait Resync: Send + Sync + 'static {
    /// Asks for these members and returns at once; the answers come through the intake.
    fn members(&self, users: Vec<UserId>);

    /// Asks for every member.
    fn everybody(&self);
}
