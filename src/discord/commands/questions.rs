//! Questions with buttons: who asked and when is in the buttons' ids, so that they work after a
//! restart; that each is settled once is kept here.

use std::{
    collections::HashSet,
    fmt,
    str::FromStr,
    time::{Duration, SystemTime},
};

use lantern_actors::domain::{Timestamp, UserId};
use parking_lot::Mutex;

/// A question to somebody, as the ids of its buttons tell it: `<user>:<milliseconds since 1970>`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Question {
    /// Who asked for it, and alone may answer.
    pub(super) user: UserId,
    asked_ms: i64,
}

impl Question {
    /// A question of now.
    pub(super) fn new(user: UserId) -> Self {
        let now = Timestamp::from(SystemTime::now());
        Self {
            user,
            asked_ms: now.unix_ms(),
        }
    }

    /// How long ago it was asked.
    pub(super) fn age(self) -> Duration {
        let now = Timestamp::from(SystemTime::now()).unix_ms();
        Duration::from_millis(u64::try_from(now - self.asked_ms).unwrap_or_default())
    }
}

impl fmt::Display for Question {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.user, self.asked_ms)
    }
}

impl FromStr for Question {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (user, asked_ms) = text.split_once(':').ok_or(())?;
        Ok(Self {
            user: user.parse().map_err(|_| ())?,
            asked_ms: asked_ms.parse().map_err(|_| ())?,
        })
    }
}

/// Questions that were answered or taken back of late.
#[derive(Debug)]
pub(super) struct Questions {
    /// How long a question can be answered.
    pub(super) lifetime: Duration,
    settled: Mutex<HashSet<Question>>,
}

impl Questions {
    pub(super) fn new(lifetime: Duration) -> Self {
        Self {
            lifetime,
            settled: Mutex::default(),
        }
    }

    /// Whether it is too late to answer.
    pub(super) fn is_over(&self, question: Question) -> bool {
        question.age() >= self.lifetime
    }

    /// True for the first who settles a question: a button, pressed once or twice, or the clock.
    pub(super) fn settle(&self, question: Question) -> bool {
        let mut settled = self.settled.lock();
        // Those that are over need no memory: their age tells. The clock may be a little behind.
        settled.retain(|question| question.age() < self.lifetime * 2);
        settled.insert(question)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(asked_ms: i64) -> Question {
        Question {
            user: UserId::try_from(7).unwrap(),
            asked_ms,
        }
    }

    #[test]
    fn a_question_is_told_by_its_text() {
        let asked = Question::new(UserId::try_from(123_456_789_012_345_678).unwrap());
        assert_eq!(asked.to_string().parse(), Ok(asked));
        for text in ["", "7", "7:", ":7", "x:7", "7:7:7", "0:7"] {
            assert!(text.parse::<Question>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_question_is_settled_once() {
        let questions = Questions::new(Duration::from_secs(60));
        let asked = Question::new(UserId::try_from(7).unwrap());
        assert!(!questions.is_over(asked));
        assert!(questions.settle(asked));
        assert!(!questions.settle(asked));
    }

    #[test]
    fn what_is_over_is_told_by_its_age_and_forgotten() {
        let questions = Questions::new(Duration::from_secs(60));
        assert!(questions.is_over(question(0)));
        questions.settle(question(0));
        questions.settle(Question::new(UserId::try_from(8).unwrap()));
        assert_eq!(questions.settled.lock().len(), 1);
        // A clock that was set back makes nothing old.
        assert!(!questions.is_over(question(i64::MAX)));
    }
}
