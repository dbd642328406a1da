//! An answer with many users that is sent in pieces: what is still to be sent.
//!
//! A guild of 100,000 is 100 MB, more than most clients take in one message. The subscription begins
//! before the first piece, and a piece is made of the newest snapshots when there is room for it, so
//! the memory is that of one piece, and a piece is never older than an update that was sent before.

use std::{num::NonZeroUsize, sync::Arc};

use lantern_actors::{
    domain::UserId,
    wire::{Known, ServerMessage, Snapshot, Users},
};

/// The rest of an answer.
#[derive(Debug)]
pub struct Pieces {
    /// Who was chosen.
    pub users: Arc<[UserId]>,
    /// Most users of a piece.
    pub chunk: NonZeroUsize,
    /// Whether INIT_ACK or SUBSCRIBE_ACK answers.
    pub first: bool,
    /// What the client holds already.
    pub known: Known,
    /// How many of the users were passed.
    pub passed: usize,
    /// What is sent behind the last piece.
    pub behind: Behind,
}

/// What is sent behind an answer.
#[derive(Debug)]
pub struct Behind {
    /// Who left before the client asked.
    pub gone: Vec<UserId>,
    /// A sentence about those who are not monitored.
    pub error: Option<String>,
}

impl Pieces {
    /// The next piece, of those whom `news` has news of. The one after it is known to have somebody,
    /// or there is none; so only the last may turn out to be empty.
    pub fn next(
        &mut self,
        news: impl Fn(UserId, &Known) -> Option<Arc<Snapshot>>,
    ) -> ServerMessage {
        let mut users = Vec::new();
        while let Some(user) = self.users.get(self.passed) {
            if let Some(snapshot) = news(*user, &self.known) {
                if users.len() == self.chunk.get() {
                    break;
                }
                users.push(snapshot);
            }
            self.passed += 1;
        }
        let users = match self.is_through() {
            true => Users::Many(users),
            false => Users::Piece(users),
        };
        acknowledge(self.first, users)
    }

    /// Whether the last piece is made.
    pub fn is_through(&self) -> bool {
        self.passed >= self.users.len()
    }
}

/// The answer to INIT, which comes first, or to SUBSCRIBE.
pub fn acknowledge(first: bool, users: Users) -> ServerMessage {
    match first {
        true => ServerMessage::InitAck(users),
        false => ServerMessage::SubscribeAck(users),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use lantern_actors::domain::Version;

    use super::*;

    fn user(id: u64) -> UserId {
        UserId::try_from(id).unwrap()
    }

    fn pieces(users: std::ops::RangeInclusive<u64>, chunk: usize) -> Pieces {
        Pieces {
            users: users.map(user).collect(),
            chunk: NonZeroUsize::new(chunk).unwrap(),
            first: true,
            known: Known::default(),
            passed: 0,
            behind: Behind {
                gone: Vec::new(),
                error: None,
            },
        }
    }

    /// Ids of the next piece, and whether more are announced.
    fn next(pieces: &mut Pieces, versions: &HashMap<u64, u64>) -> (Vec<u64>, bool) {
        let message = pieces.next(|user, _| {
            let version = versions.get(&user.get())?;
            Some(Arc::new(Snapshot::new(user, Version::new(*version), b"{}")))
        });
        let ids = |users: Vec<Arc<Snapshot>>| users.iter().map(|it| it.user().get()).collect();
        match message {
            ServerMessage::InitAck(Users::Piece(users)) => (ids(users), true),
            ServerMessage::InitAck(Users::Many(users)) => (ids(users), false),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn all_but_the_last_announce_more() {
        let versions = (1..=5).map(|id| (id, 1)).collect();
        let mut five = pieces(1..=5, 2);
        assert_eq!(next(&mut five, &versions), (vec![1, 2], true));
        assert_eq!(next(&mut five, &versions), (vec![3, 4], true));
        assert_eq!(next(&mut five, &versions), (vec![5], false));
        let mut whole = pieces(1..=4, 2);
        assert_eq!(next(&mut whole, &versions), (vec![1, 2], true));
        assert_eq!(next(&mut whole, &versions), (vec![3, 4], false));
        assert_eq!(next(&mut pieces(1..=5, 5), &versions).0.len(), 5);
    }

    #[test]
    fn those_without_news_take_no_room() {
        let mut versions: HashMap<u64, u64> = [(2, 1), (5, 1), (8, 1)].into();
        let mut some = pieces(1..=9, 2);
        assert_eq!(next(&mut some, &versions), (vec![2, 5], true));
        // Who was to come left meanwhile.
        versions.remove(&8);
        assert_eq!(next(&mut some, &versions), (vec![], false));
        assert_eq!(
            next(&mut pieces(1..=9, 2), &HashMap::new()),
            (vec![], false)
        );
    }
}
