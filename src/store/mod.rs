//! The stores: what implements the port `lantern_actors::ports::store`.

pub mod embedded;
mod private;
pub mod scylla;
pub mod transfer;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use lantern_actors::ports::Store;
use tempfile::TempDir;

use self::{
    embedded::{
        BackupError, Door, EmbeddedConfig, EmbeddedStore, Folder, FolderError, OpenError,
        WriterStats,
    },
    scylla::{ScyllaSettings, ScyllaStore},
};
use crate::{
    config::{Config, StoreKind},
    vital::Vital,
};

/// Why there is no store: one sentence for a person.
#[derive(Debug, thiserror::Error)]
pub enum StoreOpenError {
    /// The embedded store cannot be opened.
    #[error(transparent)]
    Embedded(#[from] embedded::OpenError),
    /// There is no embedded store to be read.
    #[error("there is no store in {}; name its folder with `path` of [store]", .0.display())]
    NoStore(PathBuf),
    /// The store that is in use cannot be copied.
    #[error("cannot copy the store that is in use: {0}")]
    Copy(#[from] BackupError),
    /// The ScyllaDB store cannot be used as it is configured.
    #[error(transparent)]
    Scylla(#[from] scylla::SettingsError),
    /// The thread that opens it was lost.
    #[error("cannot open the store: the program is ending")]
    Ended,
}

/// A store that was opened, and what is to be known of it.
pub struct OpenStore {
    /// The store.
    pub store: Arc<dyn Store>,
    /// What the writer of an embedded store counts.
    pub embedded: Option<Arc<WriterStats>>,
    /// The writer of an embedded store.
    pub writer: Option<Vital>,
    /// Where an embedded store hands out backups; closed when dropped.
    pub door: Option<Door>,
}

/// Opens the store that is configured to be read as a whole. An embedded store that a running lantern
/// uses is read from a copy that this one hands out, in a temporary folder. None is made where there
/// is none.
pub async fn open_to_read(config: &Config) -> Result<(OpenStore, Option<TempDir>), StoreOpenError> {
    let folder = &config.store.path;
    if config.store.kind == StoreKind::Embedded && !Folder::is_one(folder) {
        return Err(StoreOpenError::NoStore(folder.clone()));
    }
    match open(config).await {
        Err(StoreOpenError::Embedded(OpenError::Folder(FolderError::InUse { path, .. }))) => {
            let copying = tokio::task::spawn_blocking(move || copy_of(&path));
            let copy = copying.await.map_err(|_| StoreOpenError::Ended)??;
            let mut config = config.clone();
            config.store.path = copy.path().join("store");
            Ok((open(&config).await?, Some(copy)))
        }
        opened => Ok((opened?, None)),
    }
}

fn copy_of(folder: &Path) -> Result<TempDir, BackupError> {
    let place = std::env::temp_dir();
    let copy = tempfile::tempdir_in(&place).map_err(|source| BackupError::File {
        path: place,
        source,
    })?;
    let file = copy.path().join("backup");
    embedded::back_up(folder, &file)?;
    embedded::restore(&file, &copy.path().join("store"))?;
    Ok(copy)
}

/// Opens the store that is configured. That in ScyllaDB connects in the background if its database
/// is not there within `restore_timeout_ms`.
pub async fn open(config: &Config) -> Result<OpenStore, StoreOpenError> {
    match config.store.kind {
        StoreKind::Embedded => {
            let config = &config.store;
            let config = EmbeddedConfig {
                path: config.path.clone(),
                keep_left: Duration::from_secs(u64::from(config.keep_left_days) * 86_400),
            };
            let opening = tokio::task::spawn_blocking(move || EmbeddedStore::open(&config));
            let store = opening.await.map_err(|_| StoreOpenError::Ended)??;
            let door = Door::open(&store).inspect_err(|error| {
                tracing::warn!(%error, "no backup can be made while this runs");
            });
            Ok(OpenStore {
                door: door.ok(),
                embedded: Some(Arc::clone(store.stats())),
                writer: Some(store.vital().clone()),
                store: Arc::new(store),
            })
        }
        StoreKind::Scylla => {
            let store = ScyllaStore::start(ScyllaSettings::try_from(config)?);
            let patience = Duration::from_millis(config.store.restore_timeout_ms);
            // Why it is not there is in the log, and in every answer until it is.
            let _ = store.ready(patience).await;
            Ok(OpenStore {
                store: Arc::new(store),
                embedded: None,
                writer: None,
                door: None,
            })
        }
    }
}
