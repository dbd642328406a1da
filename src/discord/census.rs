//! Counting the members: Discord sends the complete list in chunks while other events go on.
//!
//! What an event says is newer than any chunk of the list that was asked for before it, so somebody
//! who left meanwhile stays away, and a presence or name that was told meanwhile stays.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use lantern_actors::domain::{Presence, Profile, UserId};

use super::dispatch::Chunk;

/// How often the wait for a list that does not come may double.
const MAX_DOUBLINGS: u32 = 5;

/// The count of the members in the present session.
#[derive(Debug)]
pub(super) struct Census {
    phase: Phase,
    /// Numbers the requests, so that chunks of an earlier one are known.
    round: u64,
    /// Rounds in a row that were not answered in time.
    stalls: u32,
    /// How long nothing may come before the list is asked for again.
    patience: Duration,
}

#[derive(Debug)]
enum Phase {
    /// There is nobody to count: no session, or the guild is gone.
    Idle,
    /// The session began, and the guild is expected.
    Due { since: Instant },
    /// The list was asked for.
    Running(Box<Count>),
    /// Everybody was counted.
    Complete,
}

#[derive(Debug)]
struct Count {
    nonce: String,
    /// When it was asked for, or the last chunk came.
    progress: Instant,
    chunks: HashSet<u32>,
    members: HashSet<UserId>,
    /// Who left since it was asked for.
    gone: HashSet<UserId>,
    /// Who was told anew since it was asked for.
    profiles: HashSet<UserId>,
    /// Whose presence was told since it was asked for. It is kept for those who were not known as
    /// members by then: the core has not got it.
    presences: HashMap<UserId, Option<Presence>>,
}

/// What a chunk's member means.
#[derive(Debug, PartialEq)]
pub(super) enum Counted {
    /// Deliver the member.
    Member(Profile, Option<Presence>),
    /// The profile is known better already: deliver what the member is doing.
    Presence(UserId, Presence),
    /// There is nothing new about this member.
    Nothing,
}

impl Census {
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            phase: Phase::Idle,
            round: 0,
            stalls: 0,
            patience,
        }
    }

    /// A session began: a count is due as soon as the guild is there.
    pub(super) fn session_began(&mut self, now: Instant) {
        self.phase = Phase::Due { since: now };
        self.stalls = 0;
    }

    /// The guild is gone, so nobody can be counted until it is back.
    pub(super) fn guild_is_gone(&mut self) {
        self.phase = Phase::Idle;
    }

    /// Starts a count; its answer has the nonce given back.
    pub(super) fn begin(&mut self, now: Instant) -> String {
        self.round += 1;
        let nonce = format!("census-{}", self.round);
        self.phase = Phase::Running(Box::new(Count {
            nonce: nonce.clone(),
            progress: now,
            chunks: HashSet::new(),
            members: HashSet::new(),
            gone: HashSet::new(),
            profiles: HashSet::new(),
            presences: HashMap::new(),
        }));
        nonce
    }

    pub(super) fn is_complete(&self) -> bool {
        matches!(self.phase, Phase::Complete)
    }

    /// Whether the list was asked for and is not complete.
    pub(super) fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Running(_))
    }

    /// Starts a count if one is overdue, and waits longer for each answer that did not come.
    pub(super) fn begin_if_overdue(&mut self, now: Instant) -> Option<String> {
        let since = match &self.phase {
            Phase::Due { since } => *since,
            Phase::Running(count) => count.progress,
            Phase::Idle | Phase::Complete => return None,
        };
        let patience = self.patience * 2_u32.pow(self.stalls.min(MAX_DOUBLINGS));
        (now.duration_since(since) >= patience).then(|| {
            self.stalls += 1;
            self.begin(now)
        })
    }

    /// Whether this chunk is a new part of the list asked for last.
    pub(super) fn accepts(&mut self, chunk: &Chunk, now: Instant) -> bool {
        let Phase::Running(count) = &mut self.phase else {
            return false;
        };
        if chunk.nonce != count.nonce || !count.chunks.insert(chunk.index) {
            return false;
        }
        count.progress = now;
        true
    }

    /// Counts a member of an accepted chunk.
    pub(super) fn count(&mut self, profile: Profile, presence: Option<Presence>) -> Counted {
        let Phase::Running(count) = &mut self.phase else {
            return Counted::Nothing;
        };
        let user = profile.id;
        if count.gone.contains(&user) {
            return Counted::Nothing;
        }
        count.members.insert(user);
        let presence = match count.presences.get_mut(&user) {
            Some(told) => told.take(),
            None => presence,
        };
        match (count.profiles.contains(&user), presence) {
            (false, presence) => Counted::Member(profile, presence),
            (true, Some(presence)) => Counted::Presence(user, presence),
            (true, None) => Counted::Nothing,
        }
    }

    /// The complete list, once the last of `chunks` is counted. A list without anybody is none: the
    /// bot itself is a member.
    pub(super) fn finish(&mut self, chunks: u32) -> Option<HashSet<UserId>> {
        let Phase::Running(count) = &mut self.phase else {
            return None;
        };
        if (0..chunks).any(|index| !count.chunks.contains(&index)) || count.members.is_empty() {
            return None;
        }
        let members = std::mem::take(&mut count.members);
        self.phase = Phase::Complete;
        self.stalls = 0;
        Some(members)
    }

    /// An event told who a member is.
    pub(super) fn member_told(&mut self, user: UserId) {
        if let Phase::Running(count) = &mut self.phase {
            count.gone.remove(&user);
            count.members.insert(user);
            count.profiles.insert(user);
        }
    }

    /// An event told what a known member is doing.
    pub(super) fn presence_told(&mut self, user: UserId) {
        if let Phase::Running(count) = &mut self.phase {
            count.presences.insert(user, None);
        }
    }

    /// An event told what somebody is doing who is not known as a member yet. Gives it back if
    /// nobody is being counted.
    pub(super) fn keep_for_later(&mut self, user: UserId, presence: Presence) -> Option<Presence> {
        let Phase::Running(count) = &mut self.phase else {
            return Some(presence);
        };
        count.presences.insert(user, Some(presence));
        None
    }

    /// An event told that a member left.
    pub(super) fn member_left(&mut self, user: UserId) {
        if let Phase::Running(count) = &mut self.phase {
            count.members.remove(&user);
            count.profiles.remove(&user);
            count.presences.remove(&user);
            count.gone.insert(user);
        }
    }
}

#[cfg(test)]
mod tests {
    use lantern_actors::domain::{Status, UserFlags};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(15);

    fn user(id: u64) -> UserId {
        UserId::try_from(id).unwrap()
    }

    fn profile(id: u64) -> Profile {
        Profile {
            id: user(id),
            username: format!("user {id}"),
            discriminator: 0,
            global_name: None,
            avatar: None,
            bot: false,
            flags: UserFlags::default(),
            server_tag: None,
        }
    }

    fn doing(status: Status) -> Presence {
        Presence {
            status,
            ..Presence::default()
        }
    }

    fn chunk(nonce: &str, index: u32) -> Chunk {
        Chunk {
            nonce: nonce.to_owned(),
            index,
            count: 2,
            members: Vec::new(),
            presences: None,
            not_found: Vec::new(),
        }
    }

    fn running(now: Instant) -> (Census, String) {
        let mut census = Census::new(PATIENCE);
        let nonce = census.begin(now);
        (census, nonce)
    }

    #[test]
    fn a_list_is_complete_when_every_chunk_has_come() {
        let now = Instant::now();
        let (mut census, nonce) = running(now);
        assert!(census.accepts(&chunk(&nonce, 1), now));
        let _ = census.count(profile(1), None);
        assert_eq!(census.finish(2), None);
        assert!(
            !census.accepts(&chunk(&nonce, 1), now),
            "a chunk counts once"
        );
        assert!(
            !census.accepts(&chunk("census-0", 0), now),
            "a chunk of another list"
        );
        assert!(census.accepts(&chunk(&nonce, 0), now));
        let _ = census.count(profile(2), None);
        assert_eq!(census.finish(2), Some(HashSet::from([user(1), user(2)])));
        assert!(census.is_complete());
    }

    #[test]
    fn a_list_without_anybody_is_not_believed() {
        let now = Instant::now();
        let (mut census, nonce) = running(now);
        assert!(census.accepts(
            &Chunk {
                count: 1,
                ..chunk(&nonce, 0)
            },
            now
        ));
        assert_eq!(census.finish(1), None);
    }

    #[test]
    fn who_leaves_meanwhile_stays_away_and_may_come_back() {
        let (mut census, _) = running(Instant::now());
        let _ = census.count(profile(1), None);
        census.member_left(user(1));
        census.member_left(user(2));
        assert_eq!(census.count(profile(2), None), Counted::Nothing);
        census.member_told(user(1));
        assert_eq!(census.finish(0), Some(HashSet::from([user(1)])));
    }

    #[test]
    fn what_was_told_meanwhile_is_newer_than_the_list() {
        let (mut census, _) = running(Instant::now());
        let listed = || Some(doing(Status::Idle));
        census.presence_told(user(1));
        assert_eq!(
            census.count(profile(1), listed()),
            Counted::Member(profile(1), None)
        );
        assert_eq!(census.keep_for_later(user(2), doing(Status::Dnd)), None);
        assert_eq!(
            census.count(profile(2), listed()),
            Counted::Member(profile(2), Some(doing(Status::Dnd)))
        );
        census.member_told(user(3));
        assert_eq!(
            census.count(profile(3), listed()),
            Counted::Presence(user(3), doing(Status::Idle))
        );
        census.presence_told(user(3));
        assert_eq!(census.count(profile(3), listed()), Counted::Nothing);
    }

    #[test]
    fn a_list_that_stalls_is_asked_for_again_with_longer_patience() {
        let start = Instant::now();
        let (mut census, first) = running(start);
        assert_eq!(census.begin_if_overdue(start + PATIENCE / 2), None);
        assert!(census.accepts(&chunk(&first, 0), start + PATIENCE / 2));
        assert_eq!(census.begin_if_overdue(start + PATIENCE), None);
        let second = census.begin_if_overdue(start + PATIENCE * 2);
        assert!(second.is_some_and(|second| second != first));
        assert_eq!(census.begin_if_overdue(start + PATIENCE * 3), None);
        assert!(census.begin_if_overdue(start + PATIENCE * 4).is_some());
        assert!(!census.accepts(&chunk(&first, 1), start + PATIENCE * 4));
    }

    #[test]
    fn a_session_without_its_guild_asks_all_the_same() {
        let start = Instant::now();
        let mut census = Census::new(PATIENCE);
        assert_eq!(census.begin_if_overdue(start + PATIENCE * 9), None);
        census.session_began(start);
        assert!(census.begin_if_overdue(start + PATIENCE).is_some());
    }
}
