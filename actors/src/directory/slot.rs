//! What the directory holds for one user.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Instant,
};

use ractor::{ActorId, ActorRef};

use crate::{
    domain::UserId,
    ports::store::StoredUser,
    user::{UserMsg, UserRecord},
    wire::{Current, Snapshot},
};

#[derive(Default)]
pub(super) struct Partition {
    pub(super) slots: HashMap<UserId, Slot>,
    /// Users with their actor, longest started first; may name actors that are gone.
    pub(super) started: VecDeque<(UserId, ActorId)>,
}

#[derive(Default)]
pub(super) struct Slot {
    pub(super) kept: Option<Kept>,
    /// Whether what the store holds of the user was taken in.
    pub(super) is_settled: bool,
    pub(super) live: Option<Box<Live>>,
}

/// What the last publication left behind.
pub(super) struct Kept {
    pub(super) snapshot: Arc<Snapshot>,
    /// The state, packed: what the next actor starts from.
    pub(super) record: Box<[u8]>,
    /// What was decided about the user.
    pub(super) decided: Arc<StoredUser>,
    /// Counts what is large of it as the newest.
    pub(super) _current: Current,
}

pub(super) struct Live {
    pub(super) actor: ActorRef<UserMsg>,
    /// Messages that were sent and not yet handled.
    pub(super) under_way: u32,
    pub(super) touched: Instant,
}

impl Slot {
    /// The state that the last publication left behind.
    pub(super) fn record(&self) -> Option<UserRecord> {
        let kept = self.kept.as_ref()?;
        match rmp_serde::from_slice::<UserRecord>(&kept.record) {
            Ok(record) => Some(record.with_user(Arc::clone(&kept.decided))),
            Err(error) => {
                // Discord tells the rest again; only times and the version start anew.
                tracing::error!(%error, "a user's record could not be read");
                None
            }
        }
    }

    pub(super) fn is_written_by(&self, actor: ActorId) -> bool {
        self.live
            .as_ref()
            .is_some_and(|live| live.actor.get_id() == actor)
    }
}
