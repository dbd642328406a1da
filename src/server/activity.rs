//! What happens on one connection, so that one on which nothing happens can be closed, and what its
//! unfinished head takes.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;

use crate::admission::{Admission, Refusal, Reservation, Resource};

/// What happens on a connection: requests, and pieces of long answers. hyper's own timer is set anew
/// for every request; this costs a request one addition.
#[derive(Default)]
pub(super) struct Activity {
    events: AtomicU64,
    answering: AtomicU64,
    /// The body of the request that is being answered was not read to its end.
    body_is_left: AtomicBool,
    /// What the head that is being read takes.
    head: Mutex<Head>,
}

/// A head that is being read.
#[derive(Default)]
struct Head {
    bytes: usize,
    room: Option<Reservation>,
}

/// hyper has a buffer of so many bytes for every connection; only what is longer is counted.
const FREE_HEAD_BYTES: usize = 8 * 1024;

impl Activity {
    /// Something has happened.
    pub(super) fn happened(&self) {
        self.events.fetch_add(1, Ordering::Relaxed);
    }

    /// A head is complete. `has_body`: its body can be read now.
    pub(super) fn begins(&self, has_body: bool) {
        self.happened();
        self.body_is_left.store(has_body, Ordering::Relaxed);
        *self.head.lock() = Head::default();
    }

    /// Whether no request has come yet.
    pub(super) fn is_unasked(&self) -> bool {
        self.events.load(Ordering::Relaxed) == 0
    }

    /// The body was read to its end.
    pub(super) fn body_ended(&self) {
        self.body_is_left.store(false, Ordering::Relaxed);
    }

    /// Whether something of the body was not read.
    pub(super) fn body_is_left(&self) -> bool {
        self.body_is_left.load(Ordering::Relaxed)
    }

    /// Bytes were read. What is not of a body is of a head.
    pub(super) fn came(
        &self,
        bytes: usize,
        admission: &Arc<Admission>,
        peer: IpAddr,
    ) -> Result<(), Refusal> {
        if self.answering.load(Ordering::Relaxed) > 0 {
            return Ok(());
        }
        let mut head = self.head.lock();
        head.bytes += bytes;
        if head.bytes <= FREE_HEAD_BYTES {
            return Ok(());
        }
        match &mut head.room {
            Some(room) => room.grow(bytes),
            none => {
                *none = Some(admission.reserve_for_peer(Resource::HeadBytes, peer, bytes)?);
                Ok(())
            }
        }
    }

    /// Resolves when the first request did not come within `first`; or when nothing happened and no
    /// answer was being made for `idle_timeout`, and at the latest after twice that.
    pub(super) async fn ceases(&self, first: Duration, idle_timeout: Duration) {
        tokio::time::sleep(first).await;
        if self.is_unasked() {
            return;
        }
        let mut before = None;
        loop {
            let now = self.events.load(Ordering::Relaxed);
            if before == Some(now) && self.answering.load(Ordering::Relaxed) == 0 {
                return;
            }
            before = Some(now);
            tokio::time::sleep(idle_timeout).await;
        }
    }
}

/// A request whose answer is being made. When it is written, [`Paced`](super::body::Paced) tells of it.
pub(super) struct Underway(Arc<Activity>);

impl Underway {
    pub(super) fn new(activity: &Arc<Activity>) -> Self {
        activity.answering.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(activity))
    }

    pub(super) fn activity(&self) -> &Arc<Activity> {
        &self.0
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.answering.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
impl Activity {
    /// How often something has happened.
    pub(super) fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }
}
