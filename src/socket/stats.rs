//! What the sockets count, for the metrics.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use lantern_actors::wire::CloseCode;
use tokio::sync::watch;

/// Counters of all shards together.
#[derive(Debug, Default)]
pub struct SocketStats {
    /// Sockets that are open now.
    pub open: watch::Sender<usize>,
    /// Sockets that were ever opened.
    pub opened: AtomicU64,
    /// Publications taken in, counted once for each shard.
    pub publications: AtomicU64,
    /// Presences and events handed to sockets.
    pub deliveries: AtomicU64,
    /// Write calls that carried them.
    pub writes: AtomicU64,
    /// How often a socket was found full.
    pub full: AtomicU64,
    /// Messages that wait in the queues of full sockets now.
    pub queued: AtomicUsize,
    /// Messages from clients.
    pub received: AtomicU64,
    /// Closes by the server, in the order of [`CloseCode::ALL`].
    closes: [AtomicU64; CloseCode::ALL.len()],
    /// Closes by the client, and connections that broke.
    pub closed_by_client: AtomicU64,
    /// Sockets that were reset, because their client did not read the close frame in time.
    pub reset: AtomicU64,
}

impl SocketStats {
    /// A socket's queue had `before` messages and has `now`.
    pub(super) fn queue_changed(&self, before: usize, now: usize) {
        if now >= before {
            self.queued.fetch_add(now - before, Ordering::Relaxed);
        } else {
            self.queued.fetch_sub(before - now, Ordering::Relaxed);
        }
    }

    pub(super) fn closed_by_server(&self, code: CloseCode) {
        let place = CloseCode::ALL.iter().position(|other| *other == code);
        if let Some(count) = place.and_then(|place| self.closes.get(place)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Closes by the server: the code and how often.
    pub fn closes(&self) -> impl Iterator<Item = (CloseCode, u64)> {
        CloseCode::ALL
            .into_iter()
            .zip(&self.closes)
            .map(|(code, count)| (code, count.load(Ordering::Relaxed)))
    }
}
