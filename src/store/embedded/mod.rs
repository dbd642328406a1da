//! The store that is built in: fjall, a log-structured store, in a folder of its own.
//!
//! Reads go to fjall directly. Everything that writes goes through one thread (`writer`), which
//! takes what has gathered, checks it, writes it as one atomic batch and waits for the disk once for
//! all of it: a group commit.

mod backup;
mod door;
mod engine;
mod events;
mod folder;
mod journal;
mod members;
mod reading;
mod rows;
mod torn;
mod users;
mod writer;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use lantern_actors::{
    domain::GuildId,
    ports::store::{Events, Members, Store, StoreError, Users},
};

pub use self::{
    backup::{BackupError, BackupSummary},
    door::{Door, back_up},
    engine::EngineError,
    folder::{Folder, FolderError},
    writer::WriterStats,
};
use self::{engine::Shelf, reading::guilds, writer::Writer};
use crate::vital::Vital;

/// How the store works.
#[derive(Clone, Debug)]
pub struct EmbeddedConfig {
    /// Where it is kept; made if it does not exist.
    pub path: PathBuf,
    /// How long the trace of a member who left is kept.
    pub keep_left: Duration,
}

impl EmbeddedConfig {
    /// A store in this folder that keeps traces of members for a month.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            keep_left: Duration::from_secs(30 * 86_400),
        }
    }
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder is not to be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// What is in it cannot be read.
    #[error("cannot open the store in {}: {source}", path.display())]
    Engine {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: EngineError,
    },
    /// There is no thread to be had.
    #[error("cannot start the thread that writes the store: {0}")]
    Thread(#[from] std::io::Error),
}

/// Makes a store in this folder, which must be empty or not exist, from a backup.
pub fn restore(file: &Path, folder: &Path) -> Result<BackupSummary, BackupError> {
    backup::restore(file, folder)
}

/// An open store.
pub struct EmbeddedStore {
    shelf: Arc<Shelf>,
    writer: Writer,
    path: PathBuf,
}

impl EmbeddedStore {
    /// Opens the store, or makes an empty one. The folder stays locked until it is closed.
    ///
    /// Blocks while it reads what was written last.
    pub fn open(config: &EmbeddedConfig) -> Result<Self, OpenError> {
        let folder = Folder::lock(&config.path)?;
        let shelf = Shelf::open(folder).map_err(|source| OpenError::Engine {
            path: config.path.clone(),
            source,
        })?;
        let shelf = Arc::new(shelf);
        Ok(Self {
            writer: Writer::start(Arc::clone(&shelf), config.keep_left)?,
            shelf,
            path: config.path.clone(),
        })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The writer, which may not end as long as the store is open.
    pub fn vital(&self) -> &Vital {
        self.writer.vital()
    }

    /// What the writer counted.
    pub fn stats(&self) -> &Arc<WriterStats> {
        self.writer.stats()
    }
}

#[async_trait]
impl Store for EmbeddedStore {
    fn members(&self) -> &dyn Members {
        self
    }

    fn users(&self) -> &dyn Users {
        self
    }

    fn events(&self) -> &dyn Events {
        self
    }

    async fn guilds(&self) -> Result<Vec<GuildId>, StoreError> {
        self.read(|engine| guilds(&engine)).await
    }

    fn kind(&self) -> &'static str {
        "embedded"
    }

    fn is_available(&self) -> bool {
        self.shelf.engine().is_ok()
    }

    /// The folder is locked.
    fn is_shared(&self) -> bool {
        false
    }

    async fn close(&self) {
        self.writer.stop().await;
    }
}
