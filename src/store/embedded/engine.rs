//! fjall, opened, and opened again after it has given up.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use fjall::{Database, Keyspace, KeyspaceCreateOptions, LsmError};
use lantern_actors::ports::store::StoreError;
use parking_lot::{Mutex, RwLock};

use super::{folder::Folder, torn};

/// What is read often is kept in memory, up to this size.
const CACHE_BYTES: u64 = 32 << 20;
/// What is not yet sorted into tables, at the most: it is read at each start.
const JOURNAL_BYTES: u64 = 128 << 20;
/// When a keyspace's newest part is sorted into a table.
const MEMTABLE_BYTES: u64 = 16 << 20;

/// Why fjall did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The disk refuses: it is full, gone, or may not be written.
    #[error("{0}")]
    Io(io::Error),
    /// Something broke off earlier, so nothing more is written until it is opened again.
    #[error("it gave up after an earlier failure")]
    GaveUp,
    /// Another process has it open.
    #[error("another process has it open")]
    Locked,
    /// What is stored is damaged, or something is not as it must be.
    #[error("{0}")]
    Damaged(String),
}

impl From<fjall::Error> for EngineError {
    fn from(error: fjall::Error) -> Self {
        match error {
            fjall::Error::Io(error) | fjall::Error::Storage(LsmError::Io(error)) => Self::Io(error),
            fjall::Error::Poisoned => Self::GaveUp,
            fjall::Error::Locked => Self::Locked,
            error => Self::Damaged(error.to_string()),
        }
    }
}

impl From<EngineError> for StoreError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Damaged(what) => Self::Corrupt(what),
            error => Self::Unavailable(error.to_string()),
        }
    }
}

/// An open database with its keyspaces; what is in each is said in `rows`.
pub(super) struct Engine {
    pub(super) database: Database,
    pub(super) members: Keyspace,
    pub(super) users: Keyspace,
    pub(super) pairs: Keyspace,
    pub(super) events: Keyspace,
    pub(super) expiry: Keyspace,
}

impl Engine {
    pub(super) fn open(path: &Path) -> Result<Self, EngineError> {
        let database = match open_database(path) {
            Err(fjall::Error::JournalRecovery(reason)) => {
                torn::cut(path, &reason)?;
                open_database(path)?
            }
            opened => opened?,
        };
        let keyspace = |name: &str| {
            database.keyspace(name, || {
                KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES)
            })
        };
        Ok(Self {
            members: keyspace("members")?,
            users: keyspace("users")?,
            pairs: keyspace("pairs")?,
            events: keyspace("events")?,
            expiry: keyspace("expiry")?,
            database,
        })
    }

    /// Every keyspace, in the order in which backups count them.
    pub(super) fn keyspaces(&self) -> [&Keyspace; 5] {
        [
            &self.members,
            &self.users,
            &self.pairs,
            &self.events,
            &self.expiry,
        ]
    }
}

fn open_database(path: &Path) -> fjall::Result<Database> {
    Database::builder(path)
        .cache_size(CACHE_BYTES)
        .max_journaling_size(JOURNAL_BYTES)
        .manual_journal_persist(true)
        .worker_threads(2)
        .open()
}

/// Where the engine stands while it works; empty while it is being opened again.
pub(super) struct Shelf {
    path: PathBuf,
    place: RwLock<Place>,
    /// Held until the store is closed.
    folder: Mutex<Option<Folder>>,
}

enum Place {
    Open(Arc<Engine>),
    /// Why there is none.
    Empty(String),
}

impl Shelf {
    pub(super) fn open(folder: Folder) -> Result<Self, EngineError> {
        let engine = Engine::open(&folder.database())?;
        Ok(Self {
            path: folder.path().to_owned(),
            place: RwLock::new(Place::Open(Arc::new(engine))),
            folder: Mutex::new(Some(folder)),
        })
    }

    /// The engine, for one operation: who keeps it keeps it from being opened again.
    pub(super) fn engine(&self) -> Result<Arc<Engine>, StoreError> {
        match &*self.place.read() {
            Place::Open(engine) => Ok(Arc::clone(engine)),
            Place::Empty(reason) => Err(StoreError::Unavailable(reason.clone())),
        }
    }

    /// Takes the engine away; from now on whoever asks for it is told this reason.
    pub(super) fn clear(&self, reason: String) {
        *self.place.write() = Place::Empty(reason);
    }

    /// Opens the engine again. While readers still hold the old one, it is locked.
    pub(super) fn reopen(&self) -> Result<(), EngineError> {
        let folder = self.folder.lock();
        let folder = folder.as_ref().ok_or(EngineError::GaveUp)?;
        let engine = Engine::open(&folder.database())?;
        *self.place.write() = Place::Open(Arc::new(engine));
        Ok(())
    }

    /// For good: another process may open the folder now.
    pub(super) fn close(&self) {
        self.clear("it is closed".to_owned());
        self.folder.lock().take();
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}
