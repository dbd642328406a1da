//! The folder of an embedded store: whose it is, and in which format.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use crate::store::private;

/// What is written into the file `format`, with the number after it.
const FORMAT_NAME: &str = "lantern-store";
/// The format that this program writes, and the only one that it reads.
const FORMAT: u32 = 1;

/// Why a folder is not to be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Something about it cannot be read or written.
    #[error("cannot use the data folder {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process has it open.
    #[error(
        "the data folder {} is in use by another lantern{}; stop that one, or choose another folder with `path` of [store]",
        path.display(), owner.map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    InUse {
        /// The folder.
        path: PathBuf,
        /// The process, if it said.
        owner: Option<u32>,
    },
    /// A program that knows more wrote it.
    #[error(
        "the data folder {} has format {found}, which this lantern does not know (it knows {FORMAT}); use the version that wrote it, or a newer one",
        path.display()
    )]
    UnknownFormat {
        /// The folder.
        path: PathBuf,
        /// What it says.
        found: String,
    },
    /// There is something in it, but not a store.
    #[error(
        "the folder {} is not empty and not a data folder of lantern; choose another with `path` of [store]",
        path.display()
    )]
    Foreign {
        /// The folder.
        path: PathBuf,
    },
}

/// A folder that nobody else uses as long as this lives.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Locked; the system unlocks it when the process ends, however it ends.
    lock: File,
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Closing the file is not enough: a process that is being started at this moment has it too.
        let _ = self.lock.unlock();
    }
}

impl Folder {
    /// Makes the folder if need be, locks it, and sees that its format is known.
    pub fn lock(path: &Path) -> Result<Self, FolderError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| FolderError::Io { path, source }
        };
        if fs::metadata(path).is_ok_and(|found| !found.is_dir()) {
            return Err(io(path)(io::ErrorKind::NotADirectory.into()));
        }
        private::create_folder(path).map_err(io(path))?;
        let is_new = !Self::is_one(path);
        if is_new && !is_vacant(path).map_err(io(path))? {
            return Err(FolderError::Foreign {
                path: path.to_owned(),
            });
        }
        let lock = lock_file(path)?;
        let folder = Self {
            path: path.to_owned(),
            lock,
        };
        if is_new {
            folder.write_format().map_err(io(path))?;
        }
        folder.check_format()?;
        // fjall would make its folder for everybody to read. Last, because a folder that holds
        // anything but a format counts as somebody else's.
        let database = folder.database();
        private::create_folder(&database).map_err(io(&database))?;
        Ok(folder)
    }

    /// Whether this is a data folder, of whichever format.
    pub fn is_one(path: &Path) -> bool {
        path.join("format").exists()
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where fjall keeps its files.
    pub fn database(&self) -> PathBuf {
        self.path.join("fjall")
    }

    fn write_format(&self) -> io::Result<()> {
        let unfinished = self.path.join("format.new");
        let mut file = private::create_file(&unfinished)?;
        writeln!(file, "{FORMAT_NAME} {FORMAT}")?;
        file.sync_all()?;
        fs::rename(unfinished, self.path.join("format"))?;
        File::open(&self.path)?.sync_all()
    }

    fn check_format(&self) -> Result<(), FolderError> {
        let file = self.path.join("format");
        let text = fs::read_to_string(&file).map_err(|source| FolderError::Io {
            path: file.clone(),
            source,
        })?;
        let found = text.trim();
        if found == format!("{FORMAT_NAME} {FORMAT}") {
            return Ok(());
        }
        let number = found.strip_prefix(FORMAT_NAME).map(str::trim);
        Err(FolderError::UnknownFormat {
            path: self.path.clone(),
            found: number.unwrap_or(found).chars().take(40).collect(),
        })
    }
}

/// Whether there is nothing in it but what a start that was cut short or a file system leaves.
fn is_vacant(path: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(path)? {
        let name = entry?.file_name();
        if !["lock", "format.new", "lost+found"]
            .iter()
            .any(|left| name == *left)
        {
            return Ok(false);
        }
    }
    Ok(true)
}

fn lock_file(path: &Path) -> Result<File, FolderError> {
    let name = path.join("lock");
    let io = |source| FolderError::Io {
        path: name.clone(),
        source,
    };
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .mode(0o600)
        .read(true)
        .write(true)
        .open(&name)
        .map_err(io)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let _ = file.read_to_string(&mut text);
            return Err(FolderError::InUse {
                path: path.to_owned(),
                owner: text.trim().parse().ok(),
            });
        }
        Err(TryLockError::Error(source)) => return Err(io(source)),
    }
    // Who holds it is for people; a full disk must not keep it from opening.
    let _ = file
        .set_len(0)
        .and_then(|()| file.seek(SeekFrom::Start(0)))
        .and_then(|_| writeln!(file, "{}", std::process::id()));
    Ok(file)
}
