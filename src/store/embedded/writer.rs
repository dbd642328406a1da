//! The one thread that writes an embedded store, and the way to it.

mod sweep;
mod thread;
mod turn;

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
        mpsc,
    },
    time::Duration,
};

use lantern_actors::{
    domain::GuildId,
    ports::store::{
        AggregateId, EventPosition, Revision, StoreError, StoredMember, UserChange, UserKey,
    },
};
use tokio::sync::oneshot;

use self::thread::Thread;
use super::engine::Shelf;
use crate::vital::Vital;

/// How many requests may wait. Past it the answer is to come again later.
const MOST_WAITING: usize = 1 << 16;

/// What the writer counted.
#[derive(Debug, Default)]
pub struct WriterStats {
    /// Decisions that were committed.
    pub commits: AtomicU64,
    /// Decisions that were refused, because another was first.
    pub conflicts: AtomicU64,
    /// Members that were stored.
    pub members: AtomicU64,
    /// Batches that were written, each with what had gathered.
    pub batches: AtomicU64,
    /// How long writing them and waiting for the disk took, in microseconds.
    pub busy_us: AtomicU64,
    /// How often the disk refused, or the store had to be opened again for another reason.
    pub failures: AtomicU64,
    /// Requests that wait.
    pub waiting: AtomicUsize,
    /// Whether it cannot write now.
    pub away: AtomicBool,
}

type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// What the thread is asked.
enum Request {
    Commit {
        user: UserKey,
        based_on: Revision,
        change: UserChange,
        reply: Reply<Revision>,
    },
    Keep {
        guild: GuildId,
        members: Vec<StoredMember>,
        reply: Reply<()>,
    },
    Acknowledge {
        aggregate: AggregateId,
        through: EventPosition,
        reply: Reply<()>,
    },
    /// Write what came before, and end.
    Stop { reply: oneshot::Sender<()> },
}

impl Request {
    fn refuse(self, error: &StoreError) {
        match self {
            Self::Commit { reply, .. } => drop(reply.send(Err(error.clone()))),
            Self::Keep { reply, .. } | Self::Acknowledge { reply, .. } => {
                drop(reply.send(Err(error.clone())));
            }
            Self::Stop { reply } => drop(reply.send(())),
        }
    }
}

/// The way to the writing thread.
pub(super) struct Writer {
    requests: mpsc::Sender<Request>,
    stats: Arc<WriterStats>,
    vital: Vital,
}

impl Writer {
    pub(super) fn start(shelf: Arc<Shelf>, keep_left: Duration) -> io::Result<Self> {
        let (requests, receive) = mpsc::channel();
        let stats = Arc::new(WriterStats::default());
        let thread = Thread::new(shelf, receive, Arc::clone(&stats), keep_left);
        let (vital, pulse) = Vital::new("the writer of the store");
        std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                let _pulse = pulse;
                thread.run();
            })?;
        Ok(Self {
            requests,
            stats,
            vital,
        })
    }

    pub(super) fn vital(&self) -> &Vital {
        &self.vital
    }

    pub(super) fn stats(&self) -> &Arc<WriterStats> {
        &self.stats
    }

    pub(super) async fn commit(
        &self,
        user: UserKey,
        based_on: Revision,
        change: UserChange,
    ) -> Result<Revision, StoreError> {
        self.ask(|reply| Request::Commit {
            user,
            based_on,
            change,
            reply,
        })
        .await
    }

    pub(super) async fn keep(
        &self,
        guild: GuildId,
        members: Vec<StoredMember>,
    ) -> Result<(), StoreError> {
        self.ask(|reply| Request::Keep {
            guild,
            members,
            reply,
        })
        .await
    }

    pub(super) async fn acknowledge(
        &self,
        aggregate: AggregateId,
        through: EventPosition,
    ) -> Result<(), StoreError> {
        self.ask(|reply| Request::Acknowledge {
            aggregate,
            through,
            reply,
        })
        .await
    }

    pub(super) async fn stop(&self) {
        let (reply, answer) = oneshot::channel();
        if self.requests.send(Request::Stop { reply }).is_ok() {
            let _ = answer.await;
        }
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, StoreError> {
        if self.stats.waiting.fetch_add(1, Relaxed) >= MOST_WAITING {
            self.stats.waiting.fetch_sub(1, Relaxed);
            return Err(unavailable("it is too far behind"));
        }
        let (reply, answer) = oneshot::channel();
        if self.requests.send(request(reply)).is_err() {
            self.stats.waiting.fetch_sub(1, Relaxed);
            return Err(unavailable("it is closed"));
        }
        // The thread answers each request; if it is gone, nobody does.
        answer
            .await
            .unwrap_or_else(|_| Err(unavailable("it was closed meanwhile")))
    }
}

fn unavailable(reason: &str) -> StoreError {
    StoreError::Unavailable(reason.to_owned())
}
