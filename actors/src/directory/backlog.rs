//! How far the user actors are behind.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use parking_lot::{Condvar, Mutex};

/// How many messages may be under way before those who bring more are held back, and until when.
const MOST: usize = 4_096;
const FEW: usize = MOST / 2;
/// How long they are held back at a time.
const MOMENT: Duration = Duration::from_millis(50);

/// Messages to all actors that were sent and not yet handled.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    messages: AtomicUsize,
    lock: Mutex<()>,
    /// Signalled when few messages are under way again.
    shrunk: Condvar,
}

impl Backlog {
    pub(super) fn grow(&self) {
        self.messages.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn shrink(&self, by: usize) {
        let before = self.messages.fetch_sub(by, Ordering::Relaxed);
        if before >= FEW && before - by < FEW {
            self.shrunk.notify_all();
        }
    }

    pub(super) fn hold_back(&self) {
        if self.messages.load(Ordering::Relaxed) < MOST {
            return;
        }
        let mut guard = self.lock.lock();
        if self.messages.load(Ordering::Relaxed) >= FEW {
            // Signals are sent without the lock, so one may be missed; then the moment passes.
            self.shrunk.wait_for(&mut guard, MOMENT);
        }
    }
}
