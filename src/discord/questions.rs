//! Single members that Discord has to be asked about, a few at a time.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use lantern_actors::domain::UserId;

/// Discord answers for at most so many users at once.
const MAX_USERS: usize = 100;

/// The pause between two questions: Discord lets a connection send 120 messages a minute.
const PAUSE: Duration = Duration::from_secs(1);

/// Users to ask about, and those who were asked about and not answered yet.
#[derive(Debug)]
pub(super) struct Questions {
    waiting: BTreeSet<UserId>,
    asked: HashMap<String, Asked>,
    round: u64,
    last_asked: Option<Instant>,
    patience: Duration,
}

#[derive(Debug)]
struct Asked {
    users: Vec<UserId>,
    at: Instant,
}

/// A question to send.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Question {
    pub(super) nonce: String,
    pub(super) users: Vec<UserId>,
}

impl Questions {
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            waiting: BTreeSet::new(),
            asked: HashMap::new(),
            round: 0,
            last_asked: None,
            patience,
        }
    }

    /// Asks about a user, soon.
    pub(super) fn add(&mut self, user: UserId) {
        self.waiting.insert(user);
    }

    /// The next question, if there is one. Users whose answer is overdue are asked about again.
    pub(super) fn next(&mut self, now: Instant) -> Option<Question> {
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
        if self.waiting.is_empty() || too_soon {
            return None;
        }
        self.last_asked = Some(now);
        let users: Vec<UserId> = self.waiting.iter().take(MAX_USERS).copied().collect();
        for user in &users {
            self.waiting.remove(user);
        }
        self.round += 1;
        let nonce = format!("members-{}", self.round);
        self.asked.insert(
            nonce.clone(),
            Asked {
                users: users.clone(),
                at: now,
            },
        );
        Some(Question { nonce, users })
    }

    /// Whether this is the answer to a question. Each is answered in one piece.
    pub(super) fn answered(&mut self, nonce: &str) -> bool {
        self.asked.remove(nonce).is_some()
    }

    /// Whether an answer is awaited.
    pub(super) fn are_open(&self) -> bool {
        !self.asked.is_empty()
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

    fn asking(users: std::ops::RangeInclusive<u64>) -> Questions {
        let mut questions = Questions::new(PATIENCE);
        for id in users {
            questions.add(UserId::try_from(id).unwrap());
        }
        questions
    }

    #[test]
    fn a_hundred_are_asked_about_at_once_and_the_rest_after_a_pause() {
        let mut questions = asking(1..=150);
        let now = Instant::now();
        assert_eq!(questions.next(now).unwrap().users.len(), 100);
        assert_eq!(questions.next(now), None);
        assert_eq!(questions.next(now + PAUSE).unwrap().users.len(), 50);
        assert_eq!(questions.next(now + PAUSE * 2), None);
    }

    #[test]
    fn what_is_not_answered_is_asked_again() {
        let mut questions = asking(1..=1);
        let now = Instant::now();
        let first = questions.next(now).unwrap();
        assert!(questions.are_open());
        let second = questions.next(now + PATIENCE).unwrap();
        assert_eq!(second.users, first.users);
        assert!(!questions.answered(&first.nonce));
        assert!(questions.answered(&second.nonce));
        assert!(!questions.are_open());
    }
}
