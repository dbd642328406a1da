//! Members as they are stored.

use async_trait::async_trait;

use super::{Scan, StoreError, UserKey};
use crate::domain::{GuildId, Member, Timestamp, UserId, Version};

/// A member, or the trace of somebody who left.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StoredMember {
    /// A member.
    Present(Member),
    /// Somebody who left. Kept for some time, so that who comes back gets a greater version.
    Left {
        /// Who.
        user: UserId,
        /// Greater than any that was published.
        version: Version,
        /// When.
        left_at: Timestamp,
    },
}

impl StoredMember {
    /// Who it is about.
    pub fn user(&self) -> UserId {
        match self {
            Self::Present(member) => member.id(),
            Self::Left { user, .. } => *user,
        }
    }

    /// The greatest version that is known to have been published, or one above.
    pub fn version(&self) -> Version {
        match self {
            Self::Present(member) => member.version,
            Self::Left { version, .. } => *version,
        }
    }
}

/// The members of guilds. Their presence is no decision, so it is written without a condition: of
/// two versions the greater one stays, in whichever order they come.
#[async_trait]
pub trait Members: Send + Sync {
    /// What is stored of a member; `None` for somebody who never was one, or left long ago.
    async fn load(&self, member: UserKey) -> Result<Option<StoredMember>, StoreError>;

    /// Stores members, each unless a greater version is there. When this returns they are safe from
    /// the process being killed. After an error some may be stored; it is safe to repeat.
    async fn keep(&self, guild: GuildId, members: Vec<StoredMember>) -> Result<(), StoreError>;

    /// Everything that is stored of a guild's members.
    fn scan(&self, guild: GuildId) -> Scan<'_, StoredMember>;
}
