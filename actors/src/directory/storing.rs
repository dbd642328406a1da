//! What the directory takes from the store and gives to it.

use std::sync::Arc;

use ractor::ActorId;

use super::{Directory, Slot, Unsaved};
use crate::{
    domain::{GuildId, Timestamp, UserId},
    ports::{
        Store,
        store::{StoredMember, UserKey},
    },
    user::{Stored, UserInput},
};

impl Directory {
    /// Where state survives.
    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The guild whose members they are, once it is known.
    pub(crate) fn guild(&self) -> Option<GuildId> {
        *self.guild.read()
    }

    /// From now on they are members of this guild; of which it was said before.
    pub(crate) fn set_guild(&self, guild: GuildId) -> Option<GuildId> {
        self.guild.write().replace(guild)
    }

    /// How the store names a user.
    pub(crate) fn key(&self, user: UserId) -> Option<UserKey> {
        let guild = self.guild()?;
        Some(UserKey { guild, user })
    }

    /// An actor has begun something whose outcome it will be sent: until then it is not let go.
    pub(crate) fn awaits(&self, actor: ActorId, user: UserId) {
        let mut partition = self.partition(user);
        let slot = partition.slots.get_mut(&user);
        let live = slot.and_then(|slot| slot.live.as_mut());
        if let Some(live) = live.filter(|live| live.actor.get_id() == actor) {
            live.under_way += 1;
            self.backlog.grow();
        }
    }

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
