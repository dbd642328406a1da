//! The way into a shard's thread: a queue that wakes the shard only when it sleeps.

use std::{
    io,
    sync::atomic::{AtomicBool, Ordering},
};

use mio::Waker;
use parking_lot::Mutex;

use super::Command;

/// A shard's queue of commands.
#[derive(Debug)]
pub struct Inbox {
    commands: Mutex<Vec<Command>>,
    sleeping: AtomicBool,
    waker: Waker,
}

impl Inbox {
    /// An empty inbox of a shard that can be woken up.
    pub fn new(waker: Waker) -> Self {
        Self {
            commands: Mutex::default(),
            sleeping: AtomicBool::new(false),
            waker,
        }
    }

    /// Queues a command. Commands are carried out in the order of these calls.
    pub fn push(&self, command: Command) {
        self.commands.lock().push(command);
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
    pub(super) fn take(&self, emptied: &mut Vec<Command>) {
        self.sleeping.store(false, Ordering::SeqCst);
        std::mem::swap(&mut *self.commands.lock(), emptied);
    }

    fn wake(&self) {
        let woken: io::Result<()> = self.waker.wake();
        if let Err(error) = woken {
            tracing::error!(%error, "a fan-out shard could not be woken up");
        }
    }
}
