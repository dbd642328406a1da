//! How much there is, and a checksum that does not ask in which order it came.
//!
//! A file and a store, or two stores, hold the same exactly when these are equal. The checksum is
//! the sum of the SHA-256 of every item, modulo 2^256, so what is replaced can be taken out again.

use std::io;

use lantern_actors::{
    domain::{GuildId, Pairs, UserId, Version},
    ports::store::TokenVersion,
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    error::TransferError,
    line::{EventLine, Line, UserLine},
};

/// How many there are of one kind, and their checksum.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    /// How many.
    pub count: u64,
    sum: [u64; 4],
}

/// What a file or a store holds. It can also be a difference, and is then added.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Contents {
    /// Members.
    pub members: Tally,
    /// Those who left and are not forgotten yet.
    pub left: Tally,
    /// Users about whom something was decided.
    pub users: Tally,
    /// Events of all users.
    pub events: Tally,
}

/// A user without its events, which are counted apart because they can expire.
#[derive(Serialize)]
struct Decided<'a> {
    guild: GuildId,
    user: UserId,
    version: Version,
    member_version: Version,
    token_version: TokenVersion,
    pairs: &'a Pairs,
}

/// An event in its place.
#[derive(Serialize)]
struct Told<'a> {
    guild: GuildId,
    user: UserId,
    index: usize,
    event: &'a EventLine,
}

impl Contents {
    /// Counts a line in.
    pub fn add(&mut self, line: &Line) -> io::Result<()> {
        match line {
            Line::Present { .. } => self.members.add(line),
            Line::Left { .. } => self.left.add(line),
            Line::User(user) => self.add_user(user),
            Line::Start(_) | Line::End(_) => Ok(()),
        }
    }

    fn add_user(&mut self, line: &UserLine) -> io::Result<()> {
        let (guild, user) = (line.guild, line.user);
        self.users.add(&Decided {
            guild,
            user,
            version: line.version,
            member_version: line.member_version,
            token_version: line.token_version,
            pairs: &line.pairs,
        })?;
        for (index, event) in line.events.iter().enumerate() {
            self.events.add(&Told {
                guild,
                user,
                index,
                event,
            })?;
        }
        Ok(())
    }

    /// Counts in what another one counted.
    pub fn add_all(&mut self, other: &Self) {
        self.members.add_all(other.members);
        self.left.add_all(other.left);
        self.users.add_all(other.users);
        self.events.add_all(other.events);
    }

    /// What makes nothing of this when it is added.
    pub fn negated(&self) -> Self {
        Self {
            members: self.members.negated(),
            left: self.left.negated(),
            users: self.users.negated(),
            events: self.events.negated(),
        }
    }

    /// Whether a store that should hold this holds it. Events and those who left may have become
    /// fewer, because they expire; everything else is the same.
    pub fn check(&self, found: &Self) -> Result<(), TransferError> {
        let mut problems = Vec::new();
        for (name, expected, found, expires) in [
            ("members", self.members, found.members, false),
            ("users", self.users, found.users, false),
            ("members who left", self.left, found.left, true),
            ("events", self.events, found.events, true),
        ] {
            if found.count > expected.count || (found.count < expected.count && !expires) {
                problems.push(format!(
                    "{} {name} instead of {}",
                    found.count, expected.count
                ));
            } else if found.count == expected.count && found != expected {
                problems.push(format!("the checksum of its {name} is another"));
            }
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(TransferError::Differs(problems.join(", ")))
        }
    }
}

impl Tally {
    fn add(&mut self, item: &impl Serialize) -> io::Result<()> {
        let mut hash = Sha256::new();
        serde_json::to_writer(&mut hash, item)?;
        let hash: [u8; 32] = hash.finalize().into();
        let mut sum = [0; 4];
        let (words, _) = hash.as_chunks::<8>();
        for (word, bytes) in sum.iter_mut().zip(words) {
            *word = u64::from_le_bytes(*bytes);
        }
        self.add_all(Self { count: 1, sum });
        Ok(())
    }

    fn add_all(&mut self, other: Self) {
        self.count = self.count.wrapping_add(other.count);
        let mut carry = false;
        for (word, added) in self.sum.iter_mut().zip(other.sum) {
            let (partial, over) = word.overflowing_add(added);
            let (total, over_again) = partial.overflowing_add(u64::from(carry));
            *word = total;
            carry = over || over_again;
        }
    }

    fn negated(self) -> Self {
        // The complement of two: every bit turned, and one more.
        let mut negated = Self {
            count: self.count.wrapping_neg(),
            sum: self.sum.map(|word| !word),
        };
        let one = Self {
            count: 0,
            sum: [1, 0, 0, 0],
        };
        negated.add_all(one);
        negated
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tally(items: &[String]) -> Tally {
        let mut tally = Tally::default();
        for item in items {
            tally.add(item).unwrap();
        }
        tally
    }

    #[test]
    fn carries_reach_the_last_word() {
        let mut tally = Tally {
            count: 0,
            sum: [u64::MAX; 4],
        };
        tally.add_all(Tally {
            count: 0,
            sum: [1, 0, 0, 0],
        });
        assert_eq!(tally, Tally::default());
        assert_eq!(Tally::default().negated(), Tally::default());
    }

    proptest! {
        #[test]
        fn order_does_not_matter_and_every_item_does(
            items in prop::collection::vec(".{0,9}", 1..20),
            seed: prop::sample::Index
        ) {
            let whole = tally(&items);
            let mut turned = items.clone();
            turned.rotate_left(seed.index(items.len()));
            prop_assert_eq!(tally(&turned), whole);
            let removed = turned.pop().unwrap();
            prop_assert_ne!(tally(&turned), whole);
            let mut without = whole;
            without.add_all(tally(&[removed]).negated());
            prop_assert_eq!(without, tally(&turned));
        }
    }
}
