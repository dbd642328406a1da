//! The way from a user actor to everybody who watches that user.

use std::sync::Arc;

use crate::{
    domain::{Timestamp, UserId},
    wire::{Snapshot, StorageUpdate},
};

/// What is told to watchers. A user's publications are delivered in the order they were published.
#[derive(Debug, Clone)]
pub enum Publication {
    /// A user joined the guild, or was seen for the first time.
    Joined(Arc<Snapshot>),
    /// A user changed.
    Updated(Arc<Snapshot>),
    /// A user's pairs changed: the user, and the pairs by themselves.
    Stored(Arc<Snapshot>, Arc<StorageUpdate>),
    /// A user left the guild.
    Left(UserId),
    /// Since when what is told may be out of date, because the gateway is away; `None` when it is
    /// current again.
    Staleness(Option<Timestamp>),
}

/// Delivers publications to sockets.
pub trait FanOut: Send + Sync + 'static {
    /// Queues a publication and returns at once.
    fn publish(&self, publication: Publication);

    /// Returns at once, unless deliveries are far behind: then it blocks for some milliseconds, so
    /// that who brings more is slowed down.
    fn hold_back(&self);

    /// Whether any socket names this user in its subscription (sockets that watch all do not
    /// count).
    fn is_watched(&self, user: UserId) -> bool;
}
