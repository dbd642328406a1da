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
mod tests;
