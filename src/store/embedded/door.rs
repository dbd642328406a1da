//! The door of a running store: a Unix socket in its folder. Whoever connects is sent a backup.
//!
//! Only who may write the folder can connect, as with the files themselves.

use std::{
    fs::Permissions,
    io,
    os::unix::{
        fs::PermissionsExt as _,
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use super::{
    EmbeddedStore, Folder,
    backup::{self, BackupError, BackupSummary},
    engine::Shelf,
};

/// How long a reader of a backup may read nothing.
const PATIENCE: Duration = Duration::from_secs(60);

fn path_in(folder: &Path) -> PathBuf {
    folder.join("backup.socket")
}

/// An open door; closed when dropped.
pub struct Door {
    path: PathBuf,
    is_closing: Arc<AtomicBool>,
}

impl Door {
    /// Opens the door of a store.
    pub fn open(store: &EmbeddedStore) -> io::Result<Self> {
        let path = path_in(store.path());
        // One from before; the folder is locked, so nobody else's.
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        // The folder may be one that others may look into.
        std::fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        let is_closing = Arc::new(AtomicBool::new(false));
        let (shelf, closing) = (Arc::clone(&store.shelf), Arc::clone(&is_closing));
        std::thread::Builder::new()
            .name("store-backup".to_owned())
            .spawn(move || {
                for visitor in listener.incoming().map_while(Result::ok) {
                    if closing.load(Relaxed) {
                        break;
                    }
                    if let Err(error) = send(&shelf, &visitor) {
                        tracing::warn!(%error, "a backup was not sent to its end");
                    }
                }
            })?;
        Ok(Self { path, is_closing })
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.is_closing.store(true, Relaxed);
        // Wakes the thread up. One that is sending goes on as long as its reader reads.
        let _ = UnixStream::connect(&self.path);
        let _ = std::fs::remove_file(&self.path);
    }
}

fn send(shelf: &Shelf, mut visitor: &UnixStream) -> Result<(), BackupError> {
    visitor
        .set_write_timeout(Some(PATIENCE))
        .map_err(BackupError::Running)?;
    let engine = shelf
        .engine()
        .map_err(|error| BackupError::Running(io::Error::other(error)))?;
    backup::write(&engine, &mut visitor)?;
    tracing::info!("a backup was sent");
    Ok(())
}

/// Puts a backup of the store in this folder into a file, from the lantern that has it open or, if
/// there is none, from the folder. The file must not exist.
pub fn back_up(folder: &Path, file: &Path) -> Result<BackupSummary, BackupError> {
    backup::expect_free(file)?;
    if let Ok(running) = UnixStream::connect(path_in(folder)) {
        running
            .set_read_timeout(Some(PATIENCE))
            .map_err(BackupError::Running)?;
        return backup::receive(running, file);
    }
    if !Folder::is_one(folder) {
        return Err(BackupError::NoStore(folder.to_owned()));
    }
    let shelf = Shelf::open(Folder::lock(folder)?)?;
    let engine = shelf
        .engine()
        .map_err(|error| BackupError::Running(io::Error::other(error)))?;
    let (receive, mut send) = io::pipe().map_err(BackupError::Running)?;
    std::thread::scope(|scope| {
        let sending = scope.spawn(move || backup::write(&engine, &mut send));
        let received = backup::receive(receive, file);
        // If both failed, the cause is on the sending side.
        match sending.join() {
            Ok(Err(error)) if received.is_err() => Err(error.into()),
            _ => received,
        }
    })
}
