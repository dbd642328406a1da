//! How many bytes of large texts are kept alive only by who has not read them yet.
//!
//! What is published is shared by reference, so a queue costs memory only when what waits in it was
//! replaced meanwhile. Texts of [`LARGE`] bytes and more are counted: how many are alive, and how
//! many of them are the newest of their kind. The rest is pinned by queues and responses.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

/// Texts from so many bytes on are shared in parts, and counted.
pub const LARGE: usize = 16 * 1024;

static ALIVE: AtomicUsize = AtomicUsize::new(0);
static CURRENT: AtomicUsize = AtomicUsize::new(0);

/// Bytes of large texts that were replaced, and that somebody still has to be sent.
pub fn pinned_bytes() -> usize {
    let current = CURRENT.load(Ordering::Relaxed);
    ALIVE.load(Ordering::Relaxed).saturating_sub(current)
}

static LIMIT: AtomicUsize = AtomicUsize::new(usize::MAX);

/// Says how many bytes may be pinned, of the whole process.
pub fn limit_pinned_bytes(most: usize) {
    LIMIT.store(most, Ordering::Relaxed);
}

/// Whether more is pinned than may be.
pub fn is_too_much_pinned() -> bool {
    pinned_bytes() > LIMIT.load(Ordering::Relaxed)
}

struct Counted(Vec<u8>);

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        ALIVE.fetch_sub(self.0.len(), Ordering::Relaxed);
    }
}

/// Shares a text; one that is large is counted until the last share is gone.
pub(super) fn share(text: Vec<u8>) -> Bytes {
    if text.len() < LARGE {
        return Bytes::from(text);
    }
    ALIVE.fetch_add(text.len(), Ordering::Relaxed);
    Bytes::from_owner(Counted(text))
}

/// Says that texts of so many bytes are the newest, for as long as it is held.
#[derive(Debug)]
pub(crate) struct Current(usize);

impl Current {
    pub(crate) fn new(bytes: usize) -> Self {
        CURRENT.fetch_add(bytes, Ordering::Relaxed);
        Self(bytes)
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        CURRENT.fetch_sub(self.0, Ordering::Relaxed);
    }
}
