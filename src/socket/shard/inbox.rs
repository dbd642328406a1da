//! The way into a shard's thread: a queue that wakes the shard only when it sleeps.

use std::{
    collections::VecDeque,
    io,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use mio::Waker;
use parking_lot::{Condvar, Mutex};

use super::Command;

/// How many commands may wait before those who bring more are held back, and how long at a time.
const LONG: usize = 8_192;
const MOMENT: Duration = Duration::from_millis(50);

/// A shard's queue of commands.
#[derive(Debug)]
pub struct Inbox {
    commands: Mutex<VecDeque<Command>>,
    /// Signalled when a long queue was taken.
    taken: Condvar,
    sleeping: AtomicBool,
    waker: Waker,
}

impl Inbox {
    /// An empty inbox of a shard that can be woken up.
    pub fn new(waker: Waker) -> Self {
        Self {
            commands: Mutex::default(),
            taken: Condvar::new(),
            sleeping: AtomicBool::new(false),
            waker,
        }
    }

    /// Queues a command. Commands are carried out in the order of these calls.
    pub fn push(&self, command: Command) {
        self.commands.lock().push_back(command);
        if self.sleeping.swap(false, Ordering::SeqCst) {
            self.wake();
        }
    }

    /// Announces that the shard is about to sleep; false if there is something to do instead.
    pub(super) fn may_sleep(&self) -> bool {
        self.sleeping.store(true, Ordering::SeqCst);
        if self.commands.lock().is_empty() {
            return true;
        }
        self.sleeping.store(false, Ordering::SeqCst);
        false
    }

    /// Takes everything that waits, leaving `emptied` for what comes.
    pub(super) fn take(&self, emptied: &mut VecDeque<Command>) {
        self.sleeping.store(false, Ordering::SeqCst);
        let mut commands = self.commands.lock();
        std::mem::swap(&mut *commands, emptied);
        if emptied.len() >= LONG {
            self.taken.notify_all();
        }
    }

    /// Returns at once, unless the shard is far behind: then it blocks for a moment.
    pub fn hold_back(&self) {
        let mut commands = self.commands.lock();
        if commands.len() >= LONG {
            self.taken.wait_for(&mut commands, MOMENT);
        }
    }

    fn wake(&self) {
        let woken: io::Result<()> = self.waker.wake();
        if let Err(error) = woken {
            tracing::error!(%error, "a fan-out shard could not be woken up");
        }
    }
}
