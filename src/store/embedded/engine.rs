//! fjall, opened, and opened again after it has given up.

use std::{
    fs::{self, TryLockError},
    io,
    panic::catch_unwind,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use fjall::{
    AbstractTree, Database, Keyspace, KeyspaceCreateOptions, LsmError, PersistMode,
    compaction::Leveled, config::FilterPolicy,
};
use lantern_actors::ports::store::StoreError;
use parking_lot::{Mutex, RwLock};

use super::{folder::Folder, torn};

/// What is read often is kept in memory, up to this size.
const CACHE_BYTES: u64 = 32 << 20;
/// What is not yet sorted into tables, at the most: it is read at each start.
const JOURNAL_BYTES: u64 = 128 << 20;
/// When a keyspace's newest part is sorted into a table.
const MEMTABLE_BYTES: u64 = 16 << 20;

/// Below these fjall never waits: one batch adds at most one of each.
const MOST_SEALED: usize = 3;
const MOST_RUNS: usize = 28;
/// How many tables gather before they are merged.
const MERGED_TABLES: u8 = 12;
/// How long to wait before looking again.
const CATCH_UP: Duration = Duration::from_millis(5);

/// How long the file is that says that a folder is a database of fjall.
const VERSION_BYTES: u64 = 5;

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
        // fjall asserts a good deal of what it reads.
        catch_unwind(|| Self::open_unguarded(path)).unwrap_or_else(|_| {
            let what = "the storage engine panicked while it read it";
            Err(EngineError::Damaged(what.to_owned()))
        })
    }

    fn open_unguarded(path: &Path) -> Result<Self, EngineError> {
        // Whoever still has it open writes once more when it lets go.
        if is_locked(path).map_err(EngineError::Io)? {
            return Err(EngineError::Locked);
        }
        forget_unfinished(path).map_err(EngineError::Io)?;
        torn::mend(path)?;
        let database = open_database(path)?;
        // Looked up by whole keys.
        let points = |name: &str| database.keyspace(name, options);
        // Read in ranges alone, for which filters are of no use.
        let ranges = |name: &str| {
            database.keyspace(name, || options().filter_policy(FilterPolicy::disabled()))
        };
        Ok(Self {
            members: points("members")?,
            users: points("users")?,
            pairs: ranges("pairs")?,
            events: ranges("events")?,
            expiry: ranges("expiry")?,
            database,
        })
    }

    /// Waits until little is left to be sorted into tables. fjall waits itself, but forever, also when
    /// the threads that sort have ended because the disk refused.
    pub(super) fn let_it_catch_up(&self) -> Result<(), EngineError> {
        let is_behind = |keyspace: &Keyspace| {
            keyspace.tree.sealed_memtable_count() >= MOST_SEALED
                || keyspace.tree.l0_run_count() >= MOST_RUNS
        };
        let keyspaces = self.keyspaces();
        while keyspaces.iter().any(|keyspace| is_behind(keyspace)) {
            // Tells if it has given up.
            self.database.persist(PersistMode::Buffer)?;
            thread::sleep(CATCH_UP);
        }
        Ok(())
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

fn is_locked(path: &Path) -> io::Result<bool> {
    match fs::File::open(path.join("lock")).map(|lock| lock.try_lock()) {
        Ok(Ok(())) => Ok(false),
        Ok(Err(TryLockError::WouldBlock)) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Ok(Err(TryLockError::Error(error))) | Err(error) => Err(error),
    }
}

/// Removes a database that was being made when the process was killed or the disk was full: fjall
/// can neither open it nor make it anew. Nothing was ever stored in it, for its keyspaces come after
/// the file that says that it is one.
fn forget_unfinished(path: &Path) -> io::Result<()> {
    let entries_of = |path: &Path| match fs::read_dir(path) {
        Ok(entries) => Ok(entries.count()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    };
    let marked = fs::metadata(path.join("version")).map_or(0, |version| version.len());
    let is_unfinished = marked < VERSION_BYTES && entries_of(&path.join("keyspaces"))? == 0;
    if is_unfinished && entries_of(path)? > 0 {
        fs::remove_dir_all(path)?;
    }
    Ok(())
}

/// Tables are merged late: what is written here is read seldom, and merging takes the processor from
/// those who commit.
fn options() -> KeyspaceCreateOptions {
    let merging = Leveled::default().with_l0_threshold(MERGED_TABLES);
    KeyspaceCreateOptions::default()
        .max_memtable_size(MEMTABLE_BYTES)
        .compaction_strategy(Arc::new(merging))
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
