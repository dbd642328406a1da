//! What the directory takes from the store and gives to it.

use super::{Directory, Slot, Unsaved};
use crate::{
    domain::{Timestamp, UserId},
    ports::store::StoredMember,
    user::{Stored, UserInput},
};

impl Directory {
    /// What the store does not hold yet.
    pub(crate) fn unsaved(&self) -> &Unsaved {
        &self.unsaved
    }

    /// How many members have changed since the store was told of them.
    pub fn unsaved_members(&self) -> usize {
        self.unsaved.count()
    }

    /// Takes in what the store holds of somebody: a member whom Discord has not spoken of yet, if
    /// such are wanted, or one who was waiting for it.
    pub(crate) fn restore(&self, stored: Stored, user: UserId, wanted: bool, now: Timestamp) {
        let mut partition = self.partition(user);
        if wanted || partition.slots.contains_key(&user) {
            let input = UserInput::Stored(Box::new(stored));
            self.take_in(&mut partition, user, input, now);
        }
    }

    /// Forgets everybody, because they are not of the guild that is mirrored. Nothing is stored of
    /// that: they have not left theirs.
    pub(crate) fn forget_everybody(&self) {
        for user in self.users() {
            self.strike(user);
        }
        self.unsaved.clear();
    }

    /// Whether somebody is a member for whom the store has not answered.
    pub(crate) fn is_unsettled(&self, user: UserId) -> bool {
        let partition = self.partition(user);
        let slot = partition.slots.get(&user);
        slot.is_some_and(|slot| slot.kept.is_some() && !slot.is_settled)
    }

    /// A member as the store is to hold them; `None` for who is none any more.
    pub(crate) fn member(&self, user: UserId) -> Option<StoredMember> {
        let record = self
            .partition(user)
            .slots
            .get(&user)
            .and_then(Slot::record)?;
        Some(StoredMember::Present(record.member().clone()))
    }
}
