//! What one gateway event says, in Lantern's own terms.

use std::collections::HashMap;

use lantern_actors::domain::{GuildId, Presence, Profile, UserId};

/// An event, read by serenity or salvaged.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Dispatch {
    /// A new session began. The bot is in these guilds.
    Ready { guilds: Vec<GuildId> },
    /// The session goes on where it was broken off, and everything missed was replayed.
    Resumed,
    /// A guild is there, with a part of its members.
    Guild {
        guild: GuildId,
        members: Vec<Profile>,
        presences: HashMap<UserId, Presence>,
    },
    /// A guild is gone: not available for now, or the bot was removed from it.
    GuildGone { guild: GuildId, unavailable: bool },
    /// Somebody joined.
    MemberAdded { guild: GuildId, profile: Profile },
    /// A member changed.
    MemberChanged { guild: GuildId, profile: Profile },
    /// Somebody left.
    MemberLeft { guild: GuildId, user: UserId },
    /// A part of the answer to a request for members.
    Members { guild: GuildId, chunk: Chunk },
    /// What a user is doing; `profile` if the event carried the whole user.
    Presence {
        guild: GuildId,
        user: UserId,
        profile: Option<Box<Profile>>,
        presence: Presence,
    },
    /// Nothing that Lantern needs.
    Other,
}

/// A part of the answer to a request for members.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chunk {
    /// The name of the request.
    pub(super) nonce: String,
    /// Which part it is, from 0.
    pub(super) index: u32,
    /// How many parts there are.
    pub(super) count: u32,
    pub(super) members: Vec<Profile>,
    /// The presences of those members that are not offline; `None` if none were told.
    pub(super) presences: Option<HashMap<UserId, Presence>>,
    /// Users that were asked for and are no members.
    pub(super) not_found: Vec<UserId>,
}

impl Chunk {
    /// Takes the presence of a member out of the chunk. Members without one are offline.
    pub(super) fn take_presence(&mut self, user: UserId) -> Option<Presence> {
        self.presences
            .as_mut()
            .map(|presences| presences.remove(&user).unwrap_or_default())
    }
}
