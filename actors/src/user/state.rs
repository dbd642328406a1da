//! What Lantern knows about one user, and how it changes.
//!
//! Pure and synchronous: inputs and the time go in, what to do comes out.

use serde::{Deserialize, Serialize};

use super::document::UserDocument;
use crate::domain::{Presence, Profile, Status, Timestamp, UserId, Version};

/// Something that Discord told about a user.
#[derive(Clone, Debug, PartialEq)]
pub enum UserInput {
    /// The member as a whole.
    Member {
        /// The account.
        profile: Profile,
        /// What they are doing; `None` if it was not told, then what is known stays.
        presence: Option<Presence>,
    },
    /// What the user is doing now.
    Presence(Presence),
}

/// What an input changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Change {
    /// Nothing: the version stayed, and there is nothing to publish.
    Nothing,
    /// The document is another one, with a greater version: publish it.
    Published,
}

/// What survives passivation and restarts.
///
/// Fields may be added at the end with a serde default; their order is the compact record's format.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct UserRecord {
    version: Version,
    monitoring_since: Timestamp,
    last_seen_at: Option<Timestamp>,
    profile: Profile,
    presence: Presence,
}

impl UserRecord {
    /// Whose record it is.
    pub fn id(&self) -> UserId {
        self.profile.id
    }

    /// The version of the document.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The user as clients see them at `now`.
    pub fn document(&self, now: Timestamp) -> UserDocument<'_> {
        UserDocument {
            profile: &self.profile,
            presence: &self.presence,
            monitoring_since: self.monitoring_since,
            last_seen_at: self.last_seen_at,
            version: self.version,
            now,
            observed_at: None,
        }
    }
}

/// One user's state; its only writer is the user's actor.
#[derive(Clone, Debug, PartialEq)]
pub struct UserState {
    record: UserRecord,
}

impl UserState {
    /// The state of a user that Lantern sees for the first time.
    pub fn new(profile: Profile, presence: Option<Presence>, now: Timestamp) -> Self {
        let record = UserRecord {
            version: Version::next(Version::default(), now),
            monitoring_since: now,
            last_seen_at: None,
            profile,
            presence: presence.unwrap_or_default(),
        };
        Self { record }
    }

    /// The state that was recorded before.
    pub fn from_record(record: UserRecord) -> Self {
        Self { record }
    }

    /// What has to be kept.
    pub fn record(&self) -> &UserRecord {
        &self.record
    }

    /// What has to be kept, when the state itself is no longer needed.
    pub fn into_record(self) -> UserRecord {
        self.record
    }

    /// Whose state it is.
    pub fn id(&self) -> UserId {
        self.record.id()
    }

    /// The version of the document.
    pub fn version(&self) -> Version {
        self.record.version
    }

    /// Who the user is.
    pub fn profile(&self) -> &Profile {
        &self.record.profile
    }

    /// What the user is doing.
    pub fn presence(&self) -> &Presence {
        &self.record.presence
    }

    /// The user as clients see them at `now`.
    pub fn document(&self, now: Timestamp) -> UserDocument<'_> {
        self.record.document(now)
    }

    /// Takes in what Discord told.
    pub fn apply(&mut self, input: UserInput, now: Timestamp) -> Change {
        let changed = match input {
            UserInput::Member { profile, presence } => {
                let profile_changed = self.set_profile(profile);
                presence.is_some_and(|presence| self.set_presence(presence, now)) || profile_changed
            }
            UserInput::Presence(presence) => self.set_presence(presence, now),
        };
        if !changed {
            return Change::Nothing;
        }
        self.record.version = Version::next(self.record.version, now);
        Change::Published
    }

    /// Another user's profile can only come here by mistake and changes nothing.
    fn set_profile(&mut self, profile: Profile) -> bool {
        if profile.id != self.record.profile.id || profile == self.record.profile {
            return false;
        }
        self.record.profile = profile;
        true
    }

    fn set_presence(&mut self, presence: Presence, now: Timestamp) -> bool {
        if presence == self.record.presence {
            return false;
        }
        let record = &mut self.record;
        match (record.presence.status, presence.status) {
            (Status::Offline, Status::Offline) => {}
            (_, Status::Offline) => record.last_seen_at = Some(now),
            _ => record.last_seen_at = None,
        }
        record.presence = presence;
        true
    }
}
