//! How a user's state takes in what the store holds.
//!
//! A restart finds the members that were stored, and goes on from them before Discord has said a
//! word ([`UserState::restored`]). Somebody of whom Discord speaks first, because they are new or
//! the store was away, is published at once and settled when the store has answered
//! (`UserState::settle`).

use std::sync::Arc;

use super::state::{Change, Stored, UserRecord, UserState};
use crate::{
    domain::{Member, Status, Timestamp, Version},
    ports::store::{StoredMember, StoredUser},
};

impl UserState {
    /// The state of a member as it was stored.
    ///
    /// The version is the one that was published with just this content. If there was none, because the
    /// last presence before a crash was not stored any more, or a decision was not published yet, it
    /// is a new one.
    pub fn restored(member: Member, user: StoredUser, now: Timestamp) -> Self {
        let mut state = Self::from_record(UserRecord {
            member,
            user: Arc::new(user),
            is_settled: true,
        });
        if !state.is_whole() {
            state.raise_version(Version::default(), now);
        }
        state
    }

    /// Whether the document was published just like this, with its version.
    fn is_whole(&self) -> bool {
        let UserRecord { member, user, .. } = &self.record;
        match member.version >= user.version {
            true => member.user_version == user.version,
            false => member.version == user.member_version,
        }
    }

    /// Takes in what the store holds: the whole of it once, then newer decisions, which somebody else
    /// or an actor that fell has committed.
    pub(super) fn settle(&mut self, stored: Stored, now: Timestamp) -> Change {
        if self.record.is_settled {
            return self.adopt(stored.user, now);
        }
        self.record.is_settled = true;
        let mut floor = stored.user.version;
        let mut is_published = !stored.user.pairs.is_empty();
        match stored.member {
            Some(StoredMember::Present(earlier)) => {
                floor = floor.max(earlier.version);
                is_published |= self.follow(earlier);
            }
            // Who left and came back begins anew, but never with a version from before.
            Some(StoredMember::Left { version, .. }) => floor = floor.max(version),
            None => {}
        }
        // A commit that ended meanwhile, from before they left and came back, is newer than what was read.
        if stored.user.revision >= self.record.user.revision {
            self.record.user = Arc::new(stored.user);
        }
        if is_published || floor >= self.record.member.version {
            self.raise_version(floor, now);
            return Change::Published;
        }
        Change::Recorded
    }

    /// Takes in decisions that were committed elsewhere.
    pub(super) fn adopt(&mut self, user: StoredUser, now: Timestamp) -> Change {
        let known = Arc::clone(&self.record.user);
        if user.revision <= known.revision {
            return Change::Nothing;
        }
        let published = self.version();
        let has_new_pairs = user.pairs != known.pairs;
        self.record.user = Arc::new(user);
        if !has_new_pairs && self.version() == published {
            return Change::Recorded;
        }
        if !self.is_whole() || self.version() <= published {
            self.raise_version(published, now);
        }
        match has_new_pairs {
            true => Change::Stored,
            false => Change::Published,
        }
    }

    /// The version of the document that a commit will make; no other one gets it meanwhile.
    pub(super) fn promise(&mut self, now: Timestamp) -> Version {
        self.promised = Version::next(self.version().max(self.promised), now);
        self.promised
    }

    /// Takes in what was committed. A presence that was published meanwhile showed the pairs from
    /// before, so the document needs another version.
    pub(super) fn committed(
        &mut self,
        user: Arc<StoredUser>,
        has_new_pairs: bool,
        now: Timestamp,
    ) -> Change {
        self.record.user = user;
        if !has_new_pairs {
            return Change::Recorded;
        }
        if !self.is_whole() {
            self.raise_version(Version::default(), now);
        }
        Change::Stored
    }

    /// Goes on from what was known earlier; whether the document is another one now.
    fn follow(&mut self, earlier: Member) -> bool {
        let seen_at = self.record.member.version.moment();
        let member = &mut self.record.member;
        let before = (member.monitoring_since, member.last_seen_at);
        member.monitoring_since = member.monitoring_since.min(earlier.monitoring_since);
        if member.presence.status == Status::Offline && member.last_seen_at.is_none() {
            member.last_seen_at = match earlier.presence.status {
                Status::Offline => earlier.last_seen_at,
                _ => Some(seen_at),
            };
        }
        before != (member.monitoring_since, member.last_seen_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{PairKey, PairValue, Presence, UserId},
        user::{UserInput, samples},
    };

    fn at(unix_ms: i64) -> Timestamp {
        Timestamp::from_unix_ms(unix_ms)
    }

    fn member(version_ms: i64, presence: Presence) -> Member {
        Member {
            version: Version::next(Version::default(), at(version_ms)),
            user_version: Version::default(),
            monitoring_since: at(100),
            last_seen_at: None,
            profile: samples::profile(),
            presence,
        }
    }

    fn user(version_ms: i64, member_version: Version) -> StoredUser {
        let pair = |text: &str| text.to_owned();
        StoredUser {
            version: Version::next(Version::default(), at(version_ms)),
            member_version,
            pairs: [(
                PairKey::try_from(pair("key")).unwrap(),
                PairValue::try_from(pair("value")).unwrap(),
            )]
            .into(),
            ..StoredUser::default()
        }
    }

    fn stored(member: impl Into<Option<StoredMember>>, user: StoredUser) -> UserInput {
        UserInput::Stored(Box::new(Stored {
            member: member.into(),
            user,
        }))
    }

    #[test]
    fn what_did_not_change_while_the_hub_was_down_keeps_its_version() {
        let before = member(1_000, samples::presence());
        let mut state = UserState::restored(before.clone(), StoredUser::default(), at(9_000));
        assert_eq!(state.version(), before.version);
        let told = UserInput::Member {
            update: samples::profile().into(),
            presence: Some(samples::presence()),
        };
        assert_eq!(state.apply(told, at(9_001)), Change::Nothing);
        assert_eq!(state.record().member, before);
    }

    #[test]
    fn who_went_offline_meanwhile_was_last_seen_when_that_is_noticed() {
        let before = member(1_000, samples::presence());
        let mut state = UserState::restored(before, StoredUser::default(), at(9_000));
        let offline = UserInput::Presence(Presence::default());
        assert_eq!(state.apply(offline, at(9_001)), Change::Published);
        assert_eq!(state.record().member.last_seen_at, Some(at(9_001)));
        assert_eq!(state.record().member.monitoring_since, at(100));
    }

    #[test]
    fn a_decision_on_the_stored_member_is_restored_with_the_version_that_was_published() {
        let before = member(1_000, samples::presence());
        let decided = user(2_000, before.version);
        let version = decided.version;
        let state = UserState::restored(before, decided, at(9_000));
        assert_eq!(state.version(), version);
    }

    #[test]
    fn a_presence_that_was_published_and_lost_is_not_mistaken_for_the_stored_one() {
        let lost = Version::next(Version::default(), at(1_500));
        let decided = user(2_000, lost);
        let version = decided.version;
        let state = UserState::restored(member(1_000, Presence::default()), decided, at(9_000));
        assert!(state.version() > version);
    }

    #[test]
    fn a_decision_that_was_not_published_is_not_mistaken_for_one_that_was() {
        let decided = user(2_000, Version::next(Version::default(), at(1_000)));
        // This presence was published while the decision was on its way.
        let told = member(3_000, samples::presence());
        let version = told.version;
        let state = UserState::restored(told.clone(), decided.clone(), at(9_000));
        assert!(state.version() > version);
        let both = Member {
            user_version: decided.version,
            ..told
        };
        let state = UserState::restored(both, decided, at(9_000));
        assert_eq!(state.version(), version);
    }

    #[test]
    fn who_is_told_of_before_the_store_answers_is_caught_up() {
        let mut state = UserState::new(samples::profile(), Some(samples::presence()), at(5_000));
        assert!(!state.record().is_settled());
        let earlier = StoredMember::Present(member(1_000, samples::presence()));
        let change = state.apply(stored(earlier, StoredUser::default()), at(6_000));
        assert_eq!(change, Change::Published);
        assert_eq!(state.record().member.monitoring_since, at(100));
        assert_eq!(state.version().moment(), at(6_000));
        assert!(state.record().is_settled());
    }

    #[test]
    fn somebody_the_store_does_not_know_is_recorded_and_not_published_again() {
        let mut state = UserState::new(samples::profile(), None, at(5_000));
        let version = state.version();
        let change = state.apply(stored(None, StoredUser::default()), at(6_000));
        assert_eq!(change, Change::Recorded);
        assert_eq!(state.version(), version);
        let again = stored(None, user(9_000, version));
        assert_eq!(state.apply(again, at(7_000)), Change::Nothing);
    }

    #[test]
    fn who_comes_back_gets_a_version_above_the_one_they_left_with() {
        let mut state = UserState::new(samples::profile(), None, at(5_000));
        let left = StoredMember::Left {
            user: UserId::try_from(1).unwrap(),
            version: Version::next(Version::default(), at(7_000)),
            left_at: at(4_000),
        };
        let change = state.apply(stored(left, StoredUser::default()), at(6_000));
        assert_eq!(change, Change::Published);
        assert!(state.version().moment() > at(7_000));
        assert_eq!(state.record().member.monitoring_since, at(5_000));
    }

    #[test]
    fn who_is_offline_since_before_the_restart_was_last_seen_then() {
        let mut state = UserState::new(samples::profile(), None, at(5_000));
        let earlier = Member {
            last_seen_at: Some(at(900)),
            ..member(1_000, Presence::default())
        };
        let earlier = StoredMember::Present(earlier);
        let change = state.apply(stored(earlier, StoredUser::default()), at(6_000));
        assert_eq!(change, Change::Published);
        assert_eq!(state.record().member.last_seen_at, Some(at(900)));
    }
}
