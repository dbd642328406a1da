//! Fetching the members: Discord sends the complete list in chunks while other events go on.
//!
//! What an event says is newer than any chunk of the list that was asked for before it, so somebody
//! who left meanwhile stays away, and a presence or name that was told meanwhile stays.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use lantern_actors::domain::{Presence, ProfileUpdate, UserId};

use super::event::Chunk;

/// How often the wait for a list that does not come may double.
const MAX_DOUBLINGS: u32 = 5;
/// Every chunk but the last has so many members.
const CHUNK_MEMBERS: usize = 1_000;
/// What the names of these requests begin with.
const NONCE: &str = "members-";
/// Added to the pause that Discord asks for, so that the request does not come a moment too soon.
const RETRY_MARGIN: Duration = Duration::from_millis(50);

/// The member sync of the present session.
#[derive(Debug)]
pub(super) struct MemberSync {
    phase: Phase,
    /// Numbers the requests, so that chunks of an earlier one are known.
    round: u64,
    /// Rounds in a row that were not answered in time.
    stalls: u32,
    /// How long nothing may come before the list is asked for again.
    patience: Duration,
    /// Discord takes no request for the list before.
    limited_until: Option<Instant>,
}

#[derive(Debug)]
enum Phase {
    /// There is nobody to ask for: no session, or the guild is gone.
    Idle,
    /// The list is to be asked for then, or earlier if the guild is announced.
    Due { at: Instant },
    /// The list was asked for.
    Running(Box<Progress>),
    /// Every member is known.
    Complete,
}

#[derive(Debug)]
struct Progress {
    nonce: String,
    /// When it was asked for, or the last chunk came.
    latest: Instant,
    chunks: HashSet<u32>,
    /// Chunks that came without their number.
    unnumbered: u32,
    /// How many chunks there are, once one says so.
    total: Option<u32>,
    members: HashSet<UserId>,
    /// Whether a chunk had members that could not be read.
    lacks_members: bool,
    /// Who left since it was asked for.
    gone: HashSet<UserId>,
    /// What was told of accounts since it was asked for.
    updates: HashMap<UserId, ProfileUpdate>,
    /// Whose presence was told since it was asked for. It is kept for those who were not known as
    /// members by then: the core has not got it.
    presences: HashMap<UserId, Option<Presence>>,
}

impl MemberSync {
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            phase: Phase::Idle,
            round: 0,
            stalls: 0,
            patience,
            limited_until: None,
        }
    }

    /// A session began: the list is asked for as soon as the guild is there.
    pub(super) fn session_began(&mut self, now: Instant) {
        self.phase = Phase::Due {
            at: now + self.patience,
        };
        self.stalls = 0;
    }

    /// The guild is gone, so nobody can be asked for until it is back.
    pub(super) fn guild_is_gone(&mut self) {
        self.phase = Phase::Idle;
        self.stalls = 0;
    }

    /// The guild is there, so its members can be asked for.
    pub(super) fn guild_is_there(&mut self, now: Instant) -> Option<String> {
        self.stalls = 0;
        self.begin(now)
    }

    /// Starts anew, at once unless Discord wants it later: then [`MemberSync::begin_if_due`] does.
    /// The answer has the nonce given back.
    pub(super) fn begin(&mut self, now: Instant) -> Option<String> {
        if let Some(at) = self.limited_until.filter(|at| *at > now) {
            self.phase = Phase::Due { at };
            return None;
        }
        self.round += 1;
        let nonce = format!("{NONCE}{}", self.round);
        self.phase = Phase::Running(Box::new(Progress {
            nonce: nonce.clone(),
            latest: now,
            chunks: HashSet::new(),
            unnumbered: 0,
            total: None,
            members: HashSet::new(),
            lacks_members: false,
            gone: HashSet::new(),
            updates: HashMap::new(),
            presences: HashMap::new(),
        }));
        Some(nonce)
    }

    /// Discord did not take the request, and says when it will take the next one. False if this was
    /// about another request.
    pub(super) fn rate_limited(
        &mut self,
        nonce: Option<&str>,
        retry_after: Duration,
        now: Instant,
    ) -> bool {
        if nonce.is_some_and(|nonce| !nonce.starts_with(NONCE)) {
            return false;
        }
        let at = now + retry_after + RETRY_MARGIN;
        self.limited_until = self.limited_until.max(Some(at));
        match &mut self.phase {
            Phase::Running(progress) if nonce.is_none_or(|nonce| nonce == progress.nonce) => {
                self.phase = Phase::Due { at };
            }
            // The one that was refused is given up already.
            Phase::Due { at: due } => *due = at.max(*due),
            Phase::Running(_) | Phase::Idle | Phase::Complete => {}
        }
        true
    }

    pub(super) fn is_complete(&self) -> bool {
        matches!(self.phase, Phase::Complete)
    }

    /// Whether the list was asked for and is not complete.
    pub(super) fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Running(_))
    }

    /// Starts if it is time to, and waits longer for each answer that did not come.
    pub(super) fn begin_if_due(&mut self, now: Instant) -> Option<String> {
        let stalled = match &self.phase {
            Phase::Due { at } if now >= *at => false,
            Phase::Running(progress) => {
                let patience = self.patience * 2_u32.pow(self.stalls.min(MAX_DOUBLINGS));
                if now.duration_since(progress.latest) < patience {
                    return None;
                }
                true
            }
            Phase::Due { .. } | Phase::Idle | Phase::Complete => return None,
        };
        self.stalls += u32::from(stalled);
        self.begin(now)
    }

    /// Whether this chunk is a new part of the list asked for last. One without a nonce is, unless
    /// it may answer another request.
    pub(super) fn accepts(&mut self, chunk: &Chunk, others_are_open: bool, now: Instant) -> bool {
        let Phase::Running(progress) = &mut self.phase else {
            return false;
        };
        let is_ours = match &chunk.nonce {
            Some(nonce) => *nonce == progress.nonce,
            None => !others_are_open,
        };
        if !is_ours {
            return false;
        }
        match chunk.index {
            Some(index) if !progress.chunks.insert(index) => return false,
            Some(_) => {}
            None => progress.unnumbered += 1,
        }
        let is_last = chunk.entries < CHUNK_MEMBERS;
        let up_to_here = chunk.index.map(|index| index.saturating_add(1));
        let told = chunk.count.filter(|count| *count > 0).max(up_to_here);
        let total = match chunk.count {
            Some(count) if count > 0 => told,
            _ => up_to_here.filter(|_| is_last),
        };
        progress.total = progress.total.max(total);
        progress.lacks_members |= chunk.lacks_members();
        progress.latest = now;
        true
    }

    /// Takes in a member of an accepted chunk; gives back what the core is to be told.
    pub(super) fn member_listed(
        &mut self,
        listed: ProfileUpdate,
        presence: Option<Presence>,
    ) -> Option<(ProfileUpdate, Option<Presence>)> {
        let Phase::Running(progress) = &mut self.phase else {
            return None;
        };
        let user = listed.id;
        if progress.gone.contains(&user) {
            return None;
        }
        progress.members.insert(user);
        let presence = match progress.presences.get_mut(&user) {
            Some(told) => told.take(),
            None => presence,
        };
        let update = match progress.updates.get(&user) {
            Some(later) => listed.then(later.clone()),
            None => listed,
        };
        Some((update, presence))
    }

    /// The complete list, once its last chunk is taken in. A list without anybody is none: the bot
    /// itself is a member. Of one with members that could not be read, nobody of `known` is missing.
    pub(super) fn finish(&mut self, known: &HashSet<UserId>) -> Option<HashSet<UserId>> {
        let Phase::Running(progress) = &mut self.phase else {
            return None;
        };
        let numbered = progress.chunks.len();
        let seen = u32::try_from(numbered).unwrap_or(u32::MAX) + progress.unnumbered;
        if progress.total.is_none_or(|total| seen < total) || progress.members.is_empty() {
            return None;
        }
        let mut members = std::mem::take(&mut progress.members);
        if progress.lacks_members {
            let stayed = known.difference(&progress.gone);
            members.extend(stayed);
        }
        self.phase = Phase::Complete;
        self.stalls = 0;
        Some(members)
    }

    /// An event told who a member is.
    pub(super) fn member_told(&mut self, update: &ProfileUpdate) {
        if let Phase::Running(progress) = &mut self.phase {
            progress.gone.remove(&update.id);
            progress.members.insert(update.id);
        }
        self.update_told(update);
    }

    /// An event told something of an account.
    pub(super) fn update_told(&mut self, update: &ProfileUpdate) {
        if let Phase::Running(progress) = &mut self.phase
            && !update.is_empty()
        {
            let known = progress.updates.remove(&update.id);
            let known = known.unwrap_or_else(|| ProfileUpdate::empty(update.id));
            let told = known.then(update.clone());
            progress.updates.insert(update.id, told);
        }
    }

    /// An event told what a known member is doing.
    pub(super) fn presence_told(&mut self, user: UserId) {
        if let Phase::Running(progress) = &mut self.phase {
            progress.presences.insert(user, None);
        }
    }

    /// An event told what somebody is doing who is not known as a member yet. Gives it back if no
    /// list is on its way.
    pub(super) fn keep_for_later(&mut self, user: UserId, presence: Presence) -> Option<Presence> {
        let Phase::Running(progress) = &mut self.phase else {
            return Some(presence);
        };
        progress.presences.insert(user, Some(presence));
        None
    }

    /// An event told that a member left.
    pub(super) fn member_left(&mut self, user: UserId) {
        if let Phase::Running(progress) = &mut self.phase {
            progress.members.remove(&user);
            progress.updates.remove(&user);
            progress.presences.remove(&user);
            progress.gone.insert(user);
        }
    }
}

#[cfg(test)]
mod tests {
    use lantern_actors::domain::Status;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(15);

    fn user(id: u64) -> UserId {
        UserId::try_from(id).unwrap()
    }

    fn named(id: u64, name: &str) -> ProfileUpdate {
        ProfileUpdate {
            username: Some(name.to_owned()),
            ..ProfileUpdate::empty(user(id))
        }
    }

    fn listed(id: u64) -> ProfileUpdate {
        ProfileUpdate {
            avatar: Some(Some("listed".to_owned())),
            ..named(id, "listed")
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
            nonce: Some(nonce.to_owned()),
            index: Some(index),
            count: Some(2),
            ..Chunk::default()
        }
    }

    fn running(now: Instant) -> (MemberSync, String) {
        let mut sync = MemberSync::new(PATIENCE);
        let nonce = sync.begin(now).unwrap();
        (sync, nonce)
    }

    #[test]
    fn a_list_is_complete_when_every_chunk_has_come() {
        let now = Instant::now();
        let (mut sync, nonce) = running(now);
        assert!(sync.accepts(&chunk(&nonce, 1), false, now));
        let _ = sync.member_listed(listed(1), None);
        assert_eq!(sync.finish(&HashSet::new()), None);
        assert!(
            !sync.accepts(&chunk(&nonce, 1), false, now),
            "a chunk counts once"
        );
        assert!(
            !sync.accepts(&chunk("members-0", 0), false, now),
            "a chunk of another list"
        );
        assert!(sync.accepts(&chunk(&nonce, 0), false, now));
        let _ = sync.member_listed(listed(2), None);
        assert_eq!(
            sync.finish(&HashSet::new()),
            Some(HashSet::from([user(1), user(2)]))
        );
        assert!(sync.is_complete());
    }

    #[test]
    fn a_chunk_of_which_one_field_cannot_be_read_counts_all_the_same() {
        let odd: [fn(&mut Chunk); 3] = [
            |chunk| chunk.nonce = None,
            |chunk| chunk.index = None,
            |chunk| chunk.count = None,
        ];
        for (which, damage) in odd.into_iter().enumerate() {
            for damaged in 0..2 {
                let now = Instant::now();
                let (mut sync, nonce) = running(now);
                for index in 0..2 {
                    let mut chunk = chunk(&nonce, index);
                    if index == 0 {
                        chunk.entries = CHUNK_MEMBERS;
                    }
                    if index == damaged {
                        damage(&mut chunk);
                    }
                    assert_eq!(sync.finish(&HashSet::new()), None);
                    assert!(sync.accepts(&chunk, false, now));
                    let _ = sync.member_listed(listed(7), None);
                }
                assert!(
                    sync.finish(&HashSet::new()).is_some(),
                    "field {which} of {damaged}"
                );
            }
        }
    }

    #[test]
    fn a_list_without_anybody_is_not_believed() {
        let now = Instant::now();
        let (mut sync, nonce) = running(now);
        let only = Chunk {
            count: Some(1),
            ..chunk(&nonce, 0)
        };
        assert!(sync.accepts(&only, false, now));
        assert_eq!(sync.finish(&HashSet::new()), None);
    }

    #[test]
    fn who_leaves_meanwhile_stays_away_and_may_come_back() {
        let now = Instant::now();
        let (mut sync, nonce) = running(now);
        assert!(
            sync.accepts(&chunk(&nonce, 0), false, now)
                && sync.accepts(&chunk(&nonce, 1), false, now)
        );
        let _ = sync.member_listed(listed(1), None);
        sync.member_left(user(1));
        sync.member_left(user(2));
        assert_eq!(sync.member_listed(listed(2), None), None);
        sync.member_told(&named(1, "back"));
        assert_eq!(sync.finish(&HashSet::new()), Some(HashSet::from([user(1)])));
    }

    #[test]
    fn what_was_told_meanwhile_is_newer_than_the_list() {
        let (mut sync, _) = running(Instant::now());
        let idle = || Some(doing(Status::Idle));
        sync.presence_told(user(1));
        let told = sync.member_listed(listed(1), idle());
        assert_eq!(told, Some((listed(1), None)));
        assert_eq!(sync.keep_for_later(user(2), doing(Status::Dnd)), None);
        let told = sync.member_listed(listed(2), idle());
        assert_eq!(told, Some((listed(2), Some(doing(Status::Dnd)))));
        sync.member_told(&named(3, "told"));
        let both = ProfileUpdate {
            avatar: Some(Some("listed".to_owned())),
            ..named(3, "told")
        };
        let told = sync.member_listed(listed(3), idle());
        assert_eq!(told, Some((both, idle())));
    }

    #[test]
    fn a_list_that_stalls_is_asked_for_again_with_longer_patience() {
        let start = Instant::now();
        let (mut sync, first) = running(start);
        assert_eq!(sync.begin_if_due(start + PATIENCE / 2), None);
        assert!(sync.accepts(&chunk(&first, 0), false, start + PATIENCE / 2));
        assert_eq!(sync.begin_if_due(start + PATIENCE), None);
        let second = sync.begin_if_due(start + PATIENCE * 2);
        assert!(second.is_some_and(|second| second != first));
        assert_eq!(sync.begin_if_due(start + PATIENCE * 3), None);
        assert!(sync.begin_if_due(start + PATIENCE * 4).is_some());
        assert!(!sync.accepts(&chunk(&first, 1), false, start + PATIENCE * 4));
    }

    #[test]
    fn a_list_that_discord_refuses_is_asked_for_when_it_allows_it() {
        let start = Instant::now();
        let (mut sync, nonce) = running(start);
        let pause = Duration::from_millis(26_300);
        assert!(!sync.rate_limited(Some("another"), pause, start));
        assert!(sync.rate_limited(Some(&nonce), pause, start));
        assert_eq!(sync.begin_if_due(start + pause), None);
        // Whatever else wants the list, it is not asked for earlier.
        assert_eq!(sync.begin(start + pause / 2), None);
        assert!(sync.begin_if_due(start + pause + RETRY_MARGIN).is_some());
    }

    #[test]
    fn a_limit_is_kept_also_while_the_guild_is_gone() {
        let start = Instant::now();
        let (mut sync, nonce) = running(start);
        sync.guild_is_gone();
        let pause = PATIENCE * 2;
        assert!(sync.rate_limited(Some(&nonce), pause, start));
        assert_eq!(sync.guild_is_there(start + PATIENCE), None);
        assert_eq!(sync.begin_if_due(start + pause), None);
        assert!(sync.begin_if_due(start + pause + RETRY_MARGIN).is_some());
    }

    #[test]
    fn of_a_list_with_odd_members_nobody_is_missing() {
        let now = Instant::now();
        let (mut sync, nonce) = running(now);
        for (index, entries) in [(0, 3), (1, 1)] {
            let odd = Chunk {
                entries,
                members: vec![listed(1)],
                ..chunk(&nonce, index)
            };
            assert!(sync.accepts(&odd, false, now));
        }
        let _ = sync.member_listed(listed(1), None);
        sync.member_left(user(3));
        let known = [1, 2, 3].map(user).into();
        assert_eq!(sync.finish(&known), Some([1, 2].map(user).into()));
    }

    #[test]
    fn a_count_that_cannot_be_does_not_end_the_list() {
        let now = Instant::now();
        let (mut sync, nonce) = running(now);
        let first = Chunk {
            count: Some(0),
            entries: CHUNK_MEMBERS,
            ..chunk(&nonce, 0)
        };
        assert!(sync.accepts(&first, false, now));
        let _ = sync.member_listed(listed(1), None);
        assert_eq!(sync.finish(&HashSet::new()), None);
        let nameless = Chunk {
            nonce: None,
            ..chunk(&nonce, 1)
        };
        assert!(!sync.accepts(&nameless, true, now), "it may answer another");
    }

    #[test]
    fn a_session_without_its_guild_asks_all_the_same() {
        let start = Instant::now();
        let mut sync = MemberSync::new(PATIENCE);
        assert_eq!(sync.begin_if_due(start + PATIENCE * 9), None);
        sync.session_began(start);
        assert!(sync.begin_if_due(start + PATIENCE).is_some());
    }
}
