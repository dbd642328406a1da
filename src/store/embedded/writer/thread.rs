//! The loop of the writing thread: gather, write, answer; and when the disk refuses, wait for it.

use std::{
    fs,
    io::{self, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::Ordering::Relaxed,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use fjall::PersistMode;
use lantern_actors::ports::store::StoreError;
use tokio::sync::oneshot;

use super::{
    Request, WriterStats,
    sweep::Sweep,
    turn::{Desk, Turn, weight},
    unavailable,
};
use crate::store::embedded::engine::{EngineError, Shelf};

/// A turn takes no more in once it is this heavy, in bytes.
const TURN_BYTES: usize = 4 << 20;
/// How soon members that were stored are safe from a power failure too.
const SYNC_AFTER: Duration = Duration::from_secs(1);
/// How often what has expired is looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(30);
/// How often a store that failed is tried again.
const TRY_AGAIN: Duration = Duration::from_millis(250);
/// How often it is said that it still fails.
const SAY_AGAIN: Duration = Duration::from_secs(60);
/// The disk has room again when it takes this much.
const ROOM_BYTES: usize = 1 << 20;

pub(super) struct Thread {
    shelf: Arc<Shelf>,
    requests: Receiver<Request>,
    stats: Arc<WriterStats>,
    keep_left: Duration,
    desk: Desk,
    sweep: Sweep,
    /// When what is with the system, but not on disk, has to be there.
    sync_at: Option<Instant>,
    sweep_at: Instant,
    /// Whom to tell that it has ended.
    stopping: Option<oneshot::Sender<()>>,
}

impl Thread {
    pub(super) fn new(
        shelf: Arc<Shelf>,
        requests: Receiver<Request>,
        stats: Arc<WriterStats>,
        keep_left: Duration,
    ) -> Self {
        Self {
            shelf,
            requests,
            stats,
            keep_left,
            desk: Desk::default(),
            sweep: Sweep::default(),
            sync_at: None,
            sweep_at: Instant::now(),
            stopping: None,
        }
    }

    pub(super) fn run(mut self) {
        while self.stopping.is_none() {
            let due = self.sync_at.unwrap_or(self.sweep_at).min(self.sweep_at);
            let pause = due.saturating_duration_since(Instant::now());
            match self.requests.recv_timeout(pause) {
                Ok(first) => {
                    let requests = self.gather(first);
                    self.guarded(|this| this.turn(requests));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            // Also when requests never cease.
            self.guarded(Self::upkeep);
        }
        if let Ok(engine) = self.shelf.engine() {
            // Whatever it says, there is nobody left to tell but the log.
            if let Err(error) = engine.database.persist(PersistMode::SyncAll) {
                tracing::error!(%error, "the store's last members may not be on disk");
            }
        }
        self.shelf.close();
        if let Some(reply) = self.stopping {
            let _ = reply.send(());
        }
    }

    /// The first request and what has gathered behind it.
    fn gather(&mut self, first: Request) -> Vec<Request> {
        let mut requests = Vec::new();
        let mut bytes = 0;
        let mut next = Some(first);
        while let Some(request) = next {
            if let Request::Stop { reply } = request {
                self.stopping = Some(reply);
                break;
            }
            bytes += weight(&request);
            requests.push(request);
            if bytes >= TURN_BYTES {
                break;
            }
            next = self.requests.try_recv().ok();
        }
        self.stats.waiting.fetch_sub(requests.len(), Relaxed);
        requests
    }

    /// Does something, and if it fails, or fjall panics, opens the store again.
    fn guarded(&mut self, work: impl FnOnce(&mut Self) -> Result<(), EngineError>) {
        let outcome = catch_unwind(AssertUnwindSafe(|| work(self)));
        let failure = match outcome {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the storage engine panicked".to_owned(),
        };
        self.wait_for_the_disk(&failure);
    }

    fn turn(&mut self, requests: Vec<Request>) -> Result<(), EngineError> {
        let engine = match self.shelf.engine() {
            Ok(engine) => engine,
            Err(error) => {
                requests
                    .into_iter()
                    .for_each(|request| request.refuse(&error));
                return Ok(());
            }
        };
        let started = Instant::now();
        if let Err(error) = engine.let_it_catch_up() {
            let answer = unavailable(&error.to_string());
            requests
                .into_iter()
                .for_each(|request| request.refuse(&answer));
            return Err(error);
        }
        let mut turn = Turn::new(&engine, &mut self.desk, self.keep_left);
        for request in requests {
            turn.take(request);
        }
        let is_synced = turn.write(&self.stats)?;
        self.sync_at = match is_synced {
            true => None,
            false => Some(self.sync_at.unwrap_or_else(|| started + SYNC_AFTER)),
        };
        let spent = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.stats.busy_us.fetch_add(spent, Relaxed);
        Ok(())
    }

    /// What has to be done from time to time, if it is time.
    fn upkeep(&mut self) -> Result<(), EngineError> {
        let Ok(engine) = self.shelf.engine() else {
            return Ok(());
        };
        let now = Instant::now();
        if self.sync_at.take_if(|at| *at <= now).is_some() {
            engine.database.persist(PersistMode::SyncData)?;
        }
        if self.sweep_at <= now {
            let is_more = self.sweep.forget_some(&engine)?;
            self.sweep_at = if is_more { now } else { now + SWEEP_EVERY };
        }
        Ok(())
    }

    /// Answers everybody that the store is away until it can be opened and the disk has room.
    fn wait_for_the_disk(&mut self, failure: &str) {
        tracing::error!(
            reason = failure,
            folder = %self.shelf.path().display(),
            "the store cannot write; writes are refused until it can"
        );
        self.stats.failures.fetch_add(1, Relaxed);
        self.stats.away.store(true, Relaxed);
        let answer = unavailable(failure);
        self.desk = Desk::default();
        self.shelf.clear(failure.to_owned());
        let mut said = Instant::now();
        let mut refused = 0_u64;
        while self.stopping.is_none() {
            refused += self.refuse_for(TRY_AGAIN, &answer);
            let opened = self.has_room().map_err(EngineError::Io);
            match opened.and_then(|()| self.shelf.reopen()) {
                Ok(()) => return self.is_back(refused),
                Err(error) if said.elapsed() >= SAY_AGAIN => {
                    tracing::error!(%error, refused, "the store still cannot write");
                    said = Instant::now();
                }
                Err(_) => {}
            }
        }
    }

    fn is_back(&mut self, refused: u64) {
        self.sync_at = None;
        self.stats.away.store(false, Relaxed);
        let folder = self.shelf.path().display();
        tracing::info!(refused, %folder, "the store can write again");
    }

    /// Refuses what comes within this time; how much that was.
    fn refuse_for(&mut self, pause: Duration, answer: &StoreError) -> u64 {
        let until = Instant::now() + pause;
        let mut refused = 0;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.requests.recv_timeout(left) {
                Ok(Request::Stop { reply }) => {
                    self.stopping = Some(reply);
                    return refused;
                }
                Ok(request) => {
                    self.stats.waiting.fetch_sub(1, Relaxed);
                    request.refuse(answer);
                    refused += 1;
                }
                Err(_) => return refused,
            }
        }
    }

    /// Whether the disk takes anything.
    fn has_room(&self) -> io::Result<()> {
        let path = self.shelf.path().join("room");
        let mut file = fs::File::create(&path)?;
        let written = file
            .write_all(&vec![1; ROOM_BYTES])
            .and_then(|()| file.sync_all());
        fs::remove_file(path)?;
        written
    }
}
