//! Requests for single members, a few at a time.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use lantern_actors::domain::UserId;

/// Discord answers for at most so many users at once.
const MAX_USERS: usize = 100;

/// The pause between two requests: Discord lets a connection send 120 messages a minute.
const PAUSE: Duration = Duration::from_secs(1);

/// Users to ask about, and those who were asked about and not answered yet.
#[derive(Debug)]
pub(super) struct MemberRequests {
    waiting: BTreeSet<UserId>,
    asked: HashMap<String, Asked>,
    round: u64,
    last_asked: Option<Instant>,
    /// Discord takes no request before.
    limited_until: Option<Instant>,
    patience: Duration,
}

#[derive(Debug)]
struct Asked {
    users: Vec<UserId>,
    at: Instant,
}

/// A request to send.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct MemberRequest {
    pub(super) nonce: String,
    pub(super) users: Vec<UserId>,
}

impl MemberRequests {
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            waiting: BTreeSet::new(),
            asked: HashMap::new(),
            round: 0,
            last_asked: None,
            limited_until: None,
            patience,
        }
    }

    /// Asks about a user, soon.
    pub(super) fn add(&mut self, user: UserId) {
        self.waiting.insert(user);
    }

    /// The next request, if there is one. Users whose answer is overdue are asked about again.
    pub(super) fn next(&mut self, now: Instant) -> Option<MemberRequest> {
        let patience = self.patience;
        for (_, late) in self
            .asked
            .extract_if(|_, asked| now.duration_since(asked.at) >= patience)
        {
            self.waiting.extend(late.users);
        }
        let too_soon = self
            .last_asked
            .is_some_and(|last| now.duration_since(last) < PAUSE);
        let is_limited = self.limited_until.is_some_and(|until| now < until);
        if self.waiting.is_empty() || too_soon || is_limited {
            return None;
        }
        self.last_asked = Some(now);
        let users: Vec<UserId> = self.waiting.iter().take(MAX_USERS).copied().collect();
        for user in &users {
            self.waiting.remove(user);
        }
        self.round += 1;
        let nonce = format!("single-{}", self.round);
        self.asked.insert(
            nonce.clone(),
            Asked {
                users: users.clone(),
                at: now,
            },
        );
        Some(MemberRequest { nonce, users })
    }

    /// Discord did not take a request, or any of them if it does not say which: those users are asked
    /// about again, not before it allows it.
    pub(super) fn rate_limited(
        &mut self,
        nonce: Option<&str>,
        retry_after: Duration,
        now: Instant,
    ) {
        let refused = |name: &String| nonce.is_none_or(|nonce| nonce == name);
        for (_, asked) in self.asked.extract_if(|name, _| refused(name)) {
            self.waiting.extend(asked.users);
            self.limited_until = Some(now + retry_after);
        }
    }

    /// Whether an answer is awaited.
    pub(super) fn are_open(&self) -> bool {
        !self.asked.is_empty()
    }

    /// Whether this is the answer to a request. Each is answered in one piece.
    pub(super) fn answered(&mut self, nonce: &str) -> bool {
        self.asked.remove(nonce).is_some()
    }

    /// Forgets everything: everybody is about to be told.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
        self.asked.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(15);

    fn with(users: std::ops::RangeInclusive<u64>) -> MemberRequests {
        let mut requests = MemberRequests::new(PATIENCE);
        for id in users {
            requests.add(UserId::try_from(id).unwrap());
        }
        requests
    }

    #[test]
    fn a_hundred_are_asked_about_at_once_and_the_rest_after_a_pause() {
        let mut requests = with(1..=150);
        let now = Instant::now();
        assert_eq!(requests.next(now).unwrap().users.len(), 100);
        assert_eq!(requests.next(now), None);
        assert_eq!(requests.next(now + PAUSE).unwrap().users.len(), 50);
        assert_eq!(requests.next(now + PAUSE * 2), None);
    }

    #[test]
    fn what_is_not_answered_is_asked_again() {
        let mut requests = with(1..=1);
        let now = Instant::now();
        let first = requests.next(now).unwrap();
        let second = requests.next(now + PATIENCE).unwrap();
        assert_eq!(second.users, first.users);
        assert!(!requests.answered(&first.nonce));
        assert!(requests.answered(&second.nonce));
    }

    #[test]
    fn what_discord_refuses_is_asked_when_it_allows_it() {
        let mut requests = with(1..=1);
        let now = Instant::now();
        let first = requests.next(now).unwrap();
        let pause = PATIENCE * 2;
        requests.rate_limited(Some(&first.nonce), pause, now);
        assert_eq!(requests.next(now + pause / 2), None);
        assert_eq!(requests.next(now + pause).unwrap().users, first.users);
    }
}
