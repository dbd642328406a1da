//! A member of the guild as Discord told of them, and since when.

use serde::{Deserialize, Serialize};

use super::{Presence, Profile, Timestamp, UserId, Version};

/// What is known of a member. The gateway's node is the only writer, and Discord can tell most of it
/// again; what it cannot are the version and the two times.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Member {
    /// The version of the document when this last changed.
    pub version: Version,
    /// The version of the last decision about the user that the document showed beside this.
    pub user_version: Version,
    /// When Lantern first saw them as a member.
    pub monitoring_since: Timestamp,
    /// When they went offline; `None` while online, and before they were ever seen online.
    pub last_seen_at: Option<Timestamp>,
    /// The account.
    pub profile: Profile,
    /// What they are doing.
    pub presence: Presence,
}

impl Member {
    /// Who it is.
    pub fn id(&self) -> UserId {
        self.profile.id
    }
}
