//! Where what Discord says comes in.

use std::collections::HashSet;

use crate::domain::{GuildId, Presence, ProfileUpdate, Timestamp, UserId};

/// How the connection to Discord's gateway is doing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GatewayState {
    /// Logging in, or counting the members for the first time.
    Connecting,
    /// What is known is what Discord says.
    Live,
    /// The connection is lost: what is known was true then.
    Away {
        /// When Discord was last heard.
        since: Timestamp,
    },
}

/// Where the gateway intake delivers what Discord says; every method keeps the order of calls and
/// returns at once, unless the core is far behind: then it blocks for some milliseconds, which slows
/// the reading of the gateway's socket down.
pub trait Intake: Send + Sync + 'static {
    /// Whose members will be told of; said once, before any of them. Blocks until what was stored of
    /// them is known, some seconds at the most: what Discord says is compared with it.
    fn base(&self, guild: GuildId);

    /// A member of the base guild, new or known. What the update leaves out has not changed. Without
    /// a presence, what is known of it stays, and somebody new is offline.
    fn member(&self, update: ProfileUpdate, presence: Option<Presence>);

    /// What a member is doing now.
    fn presence(&self, user: UserId, presence: Presence);

    /// A member left.
    fn left(&self, user: UserId);

    /// The complete list of members: everybody else has left.
    fn reconcile(&self, members: HashSet<UserId>);

    /// How the connection is doing has changed.
    fn gateway(&self, state: GatewayState);
}
