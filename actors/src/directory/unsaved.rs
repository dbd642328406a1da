//! What the store does not hold yet, and whom it has to be asked about.

use std::collections::HashMap;

use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc};

use crate::domain::{Timestamp, UserId, Version};

/// Members whose latest state has not reached the store. Only who and not what: when the store takes
/// it, it takes the newest, so however long the store is away no more waits here than there are
/// members.
#[derive(Debug)]
pub(crate) struct Unsaved {
    users: Mutex<HashMap<UserId, Unwritten>>,
    more: Notify,
    /// Members who are to be looked up, because Discord spoke of them first.
    asked_for: mpsc::UnboundedSender<UserId>,
    questions: tokio::sync::Mutex<mpsc::UnboundedReceiver<UserId>>,
}

/// What has to be written of somebody.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unwritten {
    /// What the directory holds when it is written.
    Member,
    /// That they left.
    Left {
        /// Above every version that was published.
        version: Version,
        /// When.
        left_at: Timestamp,
    },
}

impl Default for Unsaved {
    fn default() -> Self {
        let (asked_for, questions) = mpsc::unbounded_channel();
        Self {
            users: Mutex::default(),
            more: Notify::new(),
            asked_for,
            questions: tokio::sync::Mutex::new(questions),
        }
    }
}

impl Unsaved {
    pub(super) fn changed(&self, user: UserId) {
        self.users.lock().insert(user, Unwritten::Member);
        self.more.notify_one();
    }

    pub(super) fn left(&self, user: UserId, version: Version, left_at: Timestamp) {
        let left = Unwritten::Left { version, left_at };
        self.users.lock().insert(user, left);
        self.more.notify_one();
    }

    pub(super) fn ask_for(&self, user: UserId) {
        // The receiver is gone only when the hub has ended.
        let _ = self.asked_for.send(user);
    }

    /// How many members have changed since the store was told of them.
    pub(crate) fn count(&self) -> usize {
        self.users.lock().len()
    }

    /// Nothing of this has to be written.
    pub(super) fn clear(&self) {
        self.users.lock().clear();
    }

    /// Waits until there is something to write.
    pub(crate) async fn some(&self) {
        while self.users.lock().is_empty() {
            self.more.notified().await;
        }
    }

    /// Takes up to so many.
    pub(crate) fn take(&self, most: usize) -> Vec<(UserId, Unwritten)> {
        let mut users = self.users.lock();
        let some: Vec<UserId> = users.keys().take(most).copied().collect();
        let taken = some
            .iter()
            .filter_map(|user| users.remove_entry(user))
            .collect();
        if users.is_empty() {
            // The room that a whole guild took would be looked through each time.
            *users = HashMap::new();
        }
        taken
    }

    /// Puts back what could not be written; what has come since is newer.
    pub(crate) fn put_back(&self, unwritten: Vec<(UserId, Unwritten)>) {
        let mut users = self.users.lock();
        for (user, what) in unwritten {
            users.entry(user).or_insert(what);
        }
        self.more.notify_one();
    }

    /// Waits for somebody who is to be looked up.
    pub(crate) async fn question(&self) -> Option<UserId> {
        self.questions.lock().await.recv().await
    }
}
