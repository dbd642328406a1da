//! What one gateway event says, in Lantern's own terms.

use std::collections::HashMap;
use std::time::Duration;

use lantern_actors::domain::{GuildId, Presence, ProfileUpdate, UserId};

use super::interaction::Interaction;

/// The kinds of events that Lantern tells apart.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum EventKind {
    /// A new session.
    Ready,
    /// A resumed session.
    Resumed,
    /// A guild with a part of its members.
    GuildCreate,
    /// A guild that is gone.
    GuildDelete,
    /// A member who joined.
    MemberAdd,
    /// A member who changed.
    MemberUpdate,
    /// A member who left.
    MemberRemove,
    /// An answer to a request for members.
    MembersChunk,
    /// What a member is doing.
    PresenceUpdate,
    /// A command or a button that a member uses.
    Interaction,
    /// A request that Discord did not take.
    RateLimited,
    /// Everything else.
    Other,
}

impl EventKind {
    /// All kinds.
    pub const ALL: [Self; 12] = [
        Self::Ready,
        Self::Resumed,
        Self::GuildCreate,
        Self::GuildDelete,
        Self::MemberAdd,
        Self::MemberUpdate,
        Self::MemberRemove,
        Self::MembersChunk,
        Self::PresenceUpdate,
        Self::Interaction,
        Self::RateLimited,
        Self::Other,
    ];

    /// Discord's name of it; `OTHER` for everything else.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "READY",
            Self::Resumed => "RESUMED",
            Self::GuildCreate => "GUILD_CREATE",
            Self::GuildDelete => "GUILD_DELETE",
            Self::MemberAdd => "GUILD_MEMBER_ADD",
            Self::MemberUpdate => "GUILD_MEMBER_UPDATE",
            Self::MemberRemove => "GUILD_MEMBER_REMOVE",
            Self::MembersChunk => "GUILD_MEMBERS_CHUNK",
            Self::PresenceUpdate => "PRESENCE_UPDATE",
            Self::Interaction => "INTERACTION_CREATE",
            Self::RateLimited => "RATE_LIMITED",
            Self::Other => "OTHER",
        }
    }

    /// The kind that Discord calls so.
    pub(super) fn named(name: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == name)
            .unwrap_or(Self::Other)
    }
}

/// An event as it was read. `guild` is `None` where it could not be read.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Event {
    /// A new session began.
    Ready {
        /// The guilds that the bot is in, `None` in place of one that could not be read; `None` if the
        /// list could not be.
        guilds: Option<Vec<Option<GuildId>>>,
        /// How to resume the session; `None` if it cannot be.
        resume: Option<Resume>,
    },
    /// The session goes on where it was broken off, and everything missed was replayed.
    Resumed,
    /// A guild is there, with a part of its members.
    Guild {
        guild: Option<GuildId>,
        members: Vec<ProfileUpdate>,
        presences: HashMap<UserId, Presence>,
    },
    /// A guild is gone: not available for now, or the bot was removed from it.
    GuildGone {
        guild: Option<GuildId>,
        unavailable: bool,
    },
    /// Somebody joined, or changed.
    Member {
        guild: Option<GuildId>,
        update: ProfileUpdate,
    },
    /// Somebody left.
    MemberLeft {
        guild: Option<GuildId>,
        user: UserId,
    },
    /// A part of the answer to a request for members.
    Members {
        guild: Option<GuildId>,
        chunk: Chunk,
    },
    /// What a user is doing, and what the event said of their account.
    Presence {
        guild: Option<GuildId>,
        update: Box<ProfileUpdate>,
        presence: Presence,
    },
    /// Somebody uses a command or a button.
    Interaction(Box<Interaction>),
    /// Discord did not take a request for members.
    RateLimited {
        /// The name of the request.
        nonce: Option<String>,
        /// When it may be made again.
        retry_after: Duration,
    },
    /// Nothing that Lantern needs.
    Other,
}

/// How a session is resumed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Resume {
    /// Its id.
    pub(super) session: String,
    /// Where to connect to; `None` for the usual address.
    pub(super) url: Option<String>,
}

/// A part of the answer to a request for members.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Chunk {
    /// The name of the request.
    pub(super) nonce: Option<String>,
    /// Which part it is, from 0.
    pub(super) index: Option<u32>,
    /// How many parts there are.
    pub(super) count: Option<u32>,
    pub(super) members: Vec<ProfileUpdate>,
    /// How many members it has, those included that could not be read.
    pub(super) entries: usize,
    /// The presences of those members that are not offline; `None` if none were told.
    pub(super) presences: Option<HashMap<UserId, Presence>>,
    /// Whether some of its presences could not be read.
    pub(super) lacks_presences: bool,
    /// Users that were asked for and are no members.
    pub(super) not_found: Vec<UserId>,
}

impl Chunk {
    /// Takes the presence of a member out of the chunk. Members without one are offline, unless
    /// theirs may be the one that could not be read.
    pub(super) fn take_presence(&mut self, user: UserId) -> Option<Presence> {
        let told = self.presences.as_mut()?.remove(&user);
        match self.lacks_presences {
            true => told,
            false => Some(told.unwrap_or_default()),
        }
    }

    /// Whether some of its members could not be read.
    pub(super) fn lacks_members(&self) -> bool {
        self.members.len() < self.entries
    }
}
