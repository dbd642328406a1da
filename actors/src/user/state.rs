//! What Lantern knows about one user, and how it changes.
//!
//! Pure and synchronous: inputs and the time go in, what to do comes out. How what the store holds is
//! taken in is in `stored`.

use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

use super::document::UserDocument;
use crate::{
    domain::{Member, Presence, Profile, ProfileUpdate, Status, Timestamp, UserId, Version},
    ports::store::{StoredMember, StoredUser},
};

/// Something that is told of a user.
#[derive(Clone, Debug, PartialEq)]
pub enum UserInput {
    /// Discord told of the member.
    Member {
        /// What it said of the account.
        update: ProfileUpdate,
        /// What they are doing; `None` if it was not told, then what is known stays.
        presence: Option<Presence>,
    },
    /// Discord told what the user is doing now.
    Presence(Presence),
    /// What the store holds.
    Stored(Box<Stored>),
    /// A client holds this version, which was published and lost in a crash before it was stored.
    Outrun(Version),
}

/// What the store holds of a user.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stored {
    /// As a member, if they ever were one.
    pub member: Option<StoredMember>,
    /// What was decided about them.
    pub user: StoredUser,
}

/// What an input changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Change {
    /// Nothing: the version stayed, and there is nothing to publish.
    Nothing,
    /// What has to be kept, but not the document.
    Recorded,
    /// The document is another one, with a greater version: publish it.
    Published,
    /// Its pairs are others, so it is another one: publish it and them.
    Stored,
}

/// What survives passivation.
///
/// It stays within the process; what survives that is in the store.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct UserRecord {
    pub(super) member: Member,
    /// Shared with the directory, apart from what is packed.
    #[serde(skip, default = "nobody")]
    pub(super) user: Arc<StoredUser>,
    /// Whether what the store holds was taken in. Before, nothing may be written there.
    pub(super) is_settled: bool,
}

/// A user about whom nothing was decided: the same one for all of them.
pub(crate) fn nobody() -> Arc<StoredUser> {
    static NOBODY: LazyLock<Arc<StoredUser>> = LazyLock::new(Arc::default);
    Arc::clone(&NOBODY)
}

impl UserRecord {
    /// Puts together what was packed and what was decided about the user.
    pub(crate) fn with_user(self, user: Arc<StoredUser>) -> Self {
        Self { user, ..self }
    }

    /// What was decided about the user.
    pub(crate) fn user(&self) -> &Arc<StoredUser> {
        &self.user
    }

    /// Whose record it is.
    pub fn id(&self) -> UserId {
        self.member.id()
    }

    /// The version of the document: that of its last change, whichever part it was in.
    pub fn version(&self) -> Version {
        self.member.version.max(self.user.version)
    }

    /// What the store is to hold of the member.
    pub fn member(&self) -> &Member {
        &self.member
    }

    /// Whether what the store holds was taken in.
    pub fn is_settled(&self) -> bool {
        self.is_settled
    }

    /// The user as clients see them. The same record always gives the same document, on every node.
    pub fn document(&self) -> UserDocument<'_> {
        let version = self.version();
        UserDocument {
            profile: &self.member.profile,
            presence: &self.member.presence,
            pairs: &self.user.pairs,
            monitoring_since: self.member.monitoring_since,
            last_seen_at: self.member.last_seen_at,
            version,
        }
    }
}

/// One user's state; its only writer is the user's actor.
#[derive(Clone, Debug, PartialEq)]
pub struct UserState {
    pub(super) record: UserRecord,
    /// The version that was given to a commit that is under way, or the last one.
    pub(super) promised: Version,
}

impl UserState {
    /// The state of a user that Lantern sees for the first time, as far as it knows.
    pub fn new(profile: Profile, presence: Option<Presence>, now: Timestamp) -> Self {
        let member = Member {
            version: Version::next(Version::default(), now),
            user_version: Version::default(),
            monitoring_since: now,
            last_seen_at: None,
            profile,
            presence: presence.unwrap_or_default(),
        };
        let record = UserRecord {
            member,
            user: nobody(),
            is_settled: false,
        };
        Self::from_record(record)
    }

    /// The state that was recorded before.
    pub fn from_record(record: UserRecord) -> Self {
        Self {
            record,
            promised: Version::default(),
        }
    }

    /// What has to be kept.
    pub fn record(&self) -> &UserRecord {
        &self.record
    }

    /// Whose state it is.
    pub fn id(&self) -> UserId {
        self.record.id()
    }

    /// The version of the document.
    pub fn version(&self) -> Version {
        self.record.version()
    }

    /// Who the user is.
    pub fn profile(&self) -> &Profile {
        &self.record.member.profile
    }

    /// What the user is doing.
    pub fn presence(&self) -> &Presence {
        &self.record.member.presence
    }

    /// The user as clients see them.
    pub fn document(&self) -> UserDocument<'_> {
        self.record.document()
    }

    /// Takes in what is told.
    pub fn apply(&mut self, input: UserInput, now: Timestamp) -> Change {
        let changed = match input {
            UserInput::Member { update, presence } => {
                let profile_changed = self.update_profile(update);
                presence.is_some_and(|presence| self.set_presence(presence, now)) || profile_changed
            }
            UserInput::Presence(presence) => self.set_presence(presence, now),
            UserInput::Stored(stored) => return self.settle(*stored, now),
            UserInput::Outrun(version) if version > self.version() => {
                self.raise_version(version, now);
                return Change::Published;
            }
            UserInput::Outrun(_) => false,
        };
        if !changed {
            return Change::Nothing;
        }
        self.raise_version(Version::default(), now);
        Change::Published
    }

    /// Gives the document a version above its own and above this one.
    pub(super) fn raise_version(&mut self, floor: Version, now: Timestamp) {
        let record = &mut self.record;
        let floor = record.version().max(floor).max(self.promised);
        record.member.version = Version::next(floor, now);
        record.member.user_version = record.user.version;
    }

    /// Another user's update can only come here by mistake and changes nothing.
    fn update_profile(&mut self, update: ProfileUpdate) -> bool {
        let known = &mut self.record.member.profile;
        if update.id != known.id {
            return false;
        }
        let profile = update.apply_to(known);
        let changed = profile != *known;
        *known = profile;
        changed
    }

    fn set_presence(&mut self, presence: Presence, now: Timestamp) -> bool {
        let member = &mut self.record.member;
        if presence == member.presence {
            return false;
        }
        match (member.presence.status, presence.status) {
            (Status::Offline, Status::Offline) => {}
            (_, Status::Offline) => member.last_seen_at = Some(now),
            _ => member.last_seen_at = None,
        }
        member.presence = presence;
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Status;
    use crate::user::samples;

    fn at(unix_ms: i64) -> Timestamp {
        Timestamp::from_unix_ms(unix_ms)
    }

    fn with_status(status: Status) -> Presence {
        Presence {
            status,
            ..Presence::default()
        }
    }

    fn offline_user() -> UserState {
        UserState::new(samples::profile(), None, at(1_000))
    }

    #[test]
    fn somebody_new_without_presence_is_offline_and_was_never_seen() {
        let user = offline_user();
        assert_eq!(user.presence().status, Status::Offline);
        assert_eq!(user.record().member.last_seen_at, None);
        assert_eq!(user.version().get(), 1_000_000);
    }

    #[test]
    fn a_repeated_presence_changes_nothing() {
        let mut user = offline_user();
        let presence = samples::presence();
        assert_eq!(
            user.apply(UserInput::Presence(presence.clone()), at(2_000)),
            Change::Published
        );
        let before = user.clone();
        assert_eq!(
            user.apply(UserInput::Presence(presence.clone()), at(3_000)),
            Change::Nothing
        );
        let member = UserInput::Member {
            update: samples::profile().into(),
            presence: Some(presence),
        };
        assert_eq!(user.apply(member, at(4_000)), Change::Nothing);
        assert_eq!(user, before);
    }

    #[test]
    fn going_offline_is_remembered_until_the_user_is_back() {
        let mut user = offline_user();
        let mut last_seen_after = |status, now_ms| {
            let _ = user.apply(UserInput::Presence(with_status(status)), at(now_ms));
            user.record().member.last_seen_at
        };
        assert_eq!(last_seen_after(Status::Online, 2_000), None);
        assert_eq!(last_seen_after(Status::Idle, 3_000), None);
        assert_eq!(last_seen_after(Status::Offline, 4_000), Some(at(4_000)));
        assert_eq!(last_seen_after(Status::Offline, 5_000), Some(at(4_000)));
        assert_eq!(last_seen_after(Status::Dnd, 6_000), None);
    }

    #[test]
    fn a_member_without_presence_keeps_what_is_known() {
        let mut user = UserState::new(samples::profile(), Some(samples::presence()), at(1_000));
        let renamed = Profile {
            username: "renamed".to_owned(),
            ..samples::profile()
        };
        let input = UserInput::Member {
            update: renamed.into(),
            presence: None,
        };
        assert_eq!(user.apply(input, at(2_000)), Change::Published);
        assert_eq!(user.profile().username, "renamed");
        assert_eq!(*user.presence(), samples::presence());
    }

    #[test]
    fn a_member_with_both_parts_new_is_one_change() {
        let mut user = offline_user();
        let renamed = Profile {
            username: "renamed".to_owned(),
            ..samples::profile()
        };
        let input = UserInput::Member {
            update: renamed.into(),
            presence: Some(samples::presence()),
        };
        assert_eq!(user.apply(input, at(1_000)), Change::Published);
        assert_eq!(user.version().get(), 1_000_001);
    }

    #[test]
    fn the_profile_of_somebody_else_is_ignored() {
        let mut user = offline_user();
        let stranger = Profile {
            id: UserId::try_from(5).unwrap(),
            ..samples::profile()
        };
        let input = UserInput::Member {
            update: stranger.into(),
            presence: None,
        };
        assert_eq!(user.apply(input, at(2_000)), Change::Nothing);
        assert_eq!(user.id(), samples::profile().id);
    }

    #[test]
    fn a_version_that_a_client_holds_is_passed_once() {
        let mut user = offline_user();
        let held = Version::new(5_000_000);
        assert_eq!(
            user.apply(UserInput::Outrun(held), at(2_000)),
            Change::Published
        );
        assert!(user.version() > held);
        assert_eq!(
            user.apply(UserInput::Outrun(held), at(3_000)),
            Change::Nothing
        );
    }

    #[test]
    fn an_offline_user_takes_little_room() {
        let packed = rmp_serde::to_vec(offline_user().record()).unwrap();
        assert!(packed.len() < 200, "{} bytes", packed.len());
    }

    fn any_input() -> impl Strategy<Value = UserInput> {
        prop_oneof![
            samples::any_presence().prop_map(UserInput::Presence),
            (
                samples::any_profile(),
                prop::option::of(samples::any_presence())
            )
                .prop_map(|(profile, presence)| UserInput::Member {
                    update: profile.into(),
                    presence
                }),
        ]
    }

    proptest! {
        #[test]
        fn versions_grow_exactly_when_something_changes(
            inputs in prop::collection::vec((any_input(), 0..100_000_i64), 1..20)
        ) {
            let mut user = offline_user();
            for (input, now_ms) in inputs {
                let before = user.clone();
                match user.apply(input.clone(), at(now_ms)) {
                    Change::Nothing => prop_assert_eq!(&user, &before),
                    Change::Recorded | Change::Stored => prop_assert!(false, "only what is stored is recorded"),
                    Change::Published => {
                        prop_assert!(user.version() > before.version());
                        prop_assert!(
                            user.profile() != before.profile() || user.presence() != before.presence()
                        );
                    }
                }
                // What was told is what is known, and telling it again changes nothing.
                prop_assert_eq!(user.apply(input, at(now_ms)), Change::Nothing);
                let seen = user.record().member.last_seen_at;
                prop_assert!(user.presence().status == Status::Offline || seen.is_none());
                prop_assert_eq!(user.record().member.monitoring_since, at(1_000));
            }
        }

        #[test]
        fn records_survive_being_packed(
            profile in samples::any_profile(),
            presence in samples::any_presence(),
            now_ms in 0..4_000_000_000_000_i64
        ) {
            let mut user = UserState::new(profile, Some(presence), at(now_ms));
            let _ = user.apply(UserInput::Presence(Presence::default()), at(now_ms + 1));
            let packed = rmp_serde::to_vec(user.record()).unwrap();
            let record = rmp_serde::from_slice(&packed).unwrap();
            prop_assert_eq!(UserState::from_record(record), user);
        }
    }
}
