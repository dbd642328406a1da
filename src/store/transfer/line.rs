//! The lines of an export.

use std::io;

use lantern_actors::{
    domain::{GuildId, Member, Pairs, Timestamp, UserId, Version},
    ports::store::{StoredEvent, StoredMember, StoredUser, TokenVersion, UserKey},
};
use serde::{Deserialize, Serialize};

use super::{contents::Contents, user_import::is_unfinished};

/// The name of the format.
pub const FORMAT: &str = "lantern export";
/// The version of the format that this Lantern reads and writes. Every change of what a line may
/// hold, also by a field that is added, is a new one.
pub const FORMAT_VERSION: u64 = 1;

/// The longest line, with the line feed. The largest user has 512 values of 30,000 characters that
/// JSON writes with six bytes each; the rest is for its events.
pub const MAX_LINE_BYTES: usize = 256 * 1024 * 1024;

/// One line.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// The first one.
    Start(Start),
    /// A member.
    Present {
        /// Of which guild.
        guild: GuildId,
        /// What Discord told.
        member: Member,
    },
    /// Somebody who left.
    Left {
        /// Which guild.
        guild: GuildId,
        /// Who.
        user: UserId,
        /// Greater than any that was published.
        version: Version,
        /// When.
        left_at: Timestamp,
    },
    /// What was decided about a user.
    User(UserLine),
    /// The last one.
    End(End),
}

/// What the file is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Start {
    /// The name of the format: `lantern export`.
    pub format: String,
    /// The version of the format.
    pub version: u64,
    /// Every guild that occurs.
    pub guilds: Vec<GuildId>,
}

/// What was decided about a user, and the events that wait.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct UserLine {
    /// The guild.
    pub guild: GuildId,
    /// Who.
    pub user: UserId,
    /// The version of the document.
    pub version: Version,
    /// The version of the member that it showed.
    pub member_version: Version,
    /// Which token is valid.
    pub token_version: TokenVersion,
    /// The key-value pairs.
    pub pairs: Pairs,
    /// The events, oldest first.
    pub events: Vec<EventLine>,
}

/// An event that waits.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct EventLine {
    /// What happened.
    pub kind: String,
    /// The particulars.
    pub body: String,
}

/// What the file must have held.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct End {
    /// Lines that are members.
    pub members: u64,
    /// Lines that are members who left.
    pub left: u64,
    /// Lines that are users.
    pub users: u64,
    /// Events of all users.
    pub events: u64,
    /// SHA-256 of all bytes before this line, in hexadecimal digits.
    pub sha256: String,
}

impl Start {
    /// The first line of a file about these guilds.
    pub fn of(guilds: Vec<GuildId>) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: FORMAT_VERSION,
            guilds,
        }
    }
}

impl End {
    /// The last line of a file that holds this, after lines of this checksum.
    pub(super) fn of(contents: &Contents, sha256: [u8; 32]) -> Self {
        Self {
            members: contents.members.count,
            left: contents.left.count,
            users: contents.users.count,
            events: contents.events.count,
            sha256: sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

impl UserLine {
    /// What is stored of a user.
    pub fn of(key: UserKey, stored: StoredUser, events: Vec<StoredEvent>) -> Self {
        let events = events.into_iter().map(|event| EventLine {
            kind: event.kind,
            body: event.body,
        });
        Self {
            guild: key.guild,
            user: key.user,
            version: stored.version,
            member_version: stored.member_version,
            token_version: stored.token_version,
            pairs: stored.pairs,
            events: events.collect(),
        }
    }

    /// Who it is about.
    pub fn key(&self) -> UserKey {
        UserKey {
            guild: self.guild,
            user: self.user,
        }
    }

    /// Whether it is there only in part, because an import was cut off.
    pub fn is_unfinished(&self) -> bool {
        is_unfinished(self.version, self.member_version)
    }

    /// Whether what was decided is the same; events come and go.
    pub fn is_decided_as(&self, stored: &StoredUser) -> bool {
        self.version == stored.version
            && self.member_version == stored.member_version
            && self.token_version == stored.token_version
            && self.pairs == stored.pairs
    }
}

impl Line {
    /// What is stored of a member.
    pub fn of_member(guild: GuildId, member: StoredMember) -> Self {
        match member {
            StoredMember::Present(member) => Self::Present { guild, member },
            StoredMember::Left {
                user,
                version,
                left_at,
            } => Self::Left {
                guild,
                user,
                version,
                left_at,
            },
        }
    }

    /// The line, with its line feed.
    pub fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}
