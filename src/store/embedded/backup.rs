//! A backup: every row of the store at one moment, in one file.
//!
//! The file is the line `lantern-backup 1`, then the rows, then an end. A row is its keyspace (one
//! byte, counted from 1 in the order of `Engine::keyspaces`), the lengths of key and value (two big-endian
//! 32-bit numbers), key and value. The end is a zero byte, the number of rows (64 bits) and the
//! SHA-256 of all that came before it.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use fjall::{PersistMode, Readable};
use sha2::{Digest, Sha256};

use super::{
    engine::{Engine, EngineError},
    folder::{Folder, FolderError},
};
use crate::store::private;

const HEADER: &[u8] = b"lantern-backup 1\n";
/// Rows are written to a new store this many at once.
const ROWS_AT_ONCE: usize = 4_096;
/// The longest key that the store has is far below it, the longest value too.
const MAX_BYTES: u32 = 64 << 20;

/// Why there is no backup, or none can be restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is a file of this name.
    #[error("{0}")]
    Taken(io::Error),
    /// The file is not a backup, or of another version.
    #[error("this is not a backup that this lantern can read")]
    NotABackup,
    /// The file ends too early or was changed.
    #[error("the backup is damaged: {0}")]
    Damaged(&'static str),
    /// The store that is running did not send it.
    #[error("the running lantern did not send a backup: {0}")]
    Running(io::Error),
    /// There is nothing to back up.
    #[error("there is no store in {}; name its folder with `path` of [store]", .0.display())]
    NoStore(PathBuf),
    /// The place where it is to be restored is taken.
    #[error("there is something in {} already; restore into an empty folder", .0.display())]
    NotEmpty(PathBuf),
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The storage engine refused.
    #[error("the store refuses: {0}")]
    Engine(#[from] EngineError),
}

impl From<fjall::Error> for BackupError {
    fn from(error: fjall::Error) -> Self {
        Self::Engine(error.into())
    }
}

/// What a backup holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BackupSummary {
    /// How many rows.
    pub rows: u64,
    /// How long it is.
    pub bytes: u64,
    /// The SHA-256 at its end, in hexadecimal.
    pub sha256: String,
}

/// Writes every row as of now. The store may go on meanwhile.
pub(super) fn write(engine: &Engine, out: &mut dyn Write) -> Result<(), EngineError> {
    let snapshot = engine.database.snapshot();
    let mut out = Hashing::new(BufWriter::with_capacity(1 << 18, out));
    let mut rows = 0_u64;
    out.write_all(HEADER).map_err(EngineError::Io)?;
    for (number, keyspace) in (1_u8..).zip(engine.keyspaces()) {
        for guard in snapshot.iter(keyspace) {
            let (key, value) = guard.into_inner()?;
            let lengths = [key.len(), value.len()].map(|length| {
                // Keys and values are far shorter.
                u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes()
            });
            out.write_all(&[number])
                .and_then(|()| out.write_all(&lengths.concat()))
                .and_then(|()| out.write_all(&key))
                .and_then(|()| out.write_all(&value))
                .map_err(EngineError::Io)?;
            rows += 1;
        }
    }
    let end = [&[0][..], &rows.to_be_bytes(), &out.sum()].concat();
    out.write_all(&end)
        .and_then(|()| out.inner.flush())
        .map_err(EngineError::Io)
}

/// Reads a backup to its end and gives each row to `take`; fails if it is not whole.
fn read(
    input: impl Read,
    mut take: impl FnMut(u8, Vec<u8>, Vec<u8>) -> Result<(), BackupError>,
) -> Result<BackupSummary, BackupError> {
    let mut input = Hashing::new(BufReader::with_capacity(1 << 18, input));
    let mut header = [0; HEADER.len()];
    input.fill(&mut header)?;
    if header != HEADER {
        return Err(BackupError::NotABackup);
    }
    let mut rows = 0;
    loop {
        let before = input.sum();
        let mut number = [0];
        input.fill(&mut number)?;
        if number == [0] {
            let (mut count, mut sum) = ([0; 8], [0; 32]);
            input.fill(&mut count)?;
            input.fill(&mut sum)?;
            if u64::from_be_bytes(count) != rows || sum != before {
                return Err(BackupError::Damaged("its checksum is not right"));
            }
            return Ok(BackupSummary {
                rows,
                bytes: input.bytes,
                sha256: hexadecimal(&sum),
            });
        }
        let key_length = input.length()?;
        let value_length = input.length()?;
        let key = input.bytes(key_length)?;
        let value = input.bytes(value_length)?;
        let [number] = number;
        take(number, key, value)?;
        rows += 1;
    }
}

/// Takes a backup in as it comes, checks it and puts it into this file, which must not exist, whole
/// or not at all.
pub(super) fn receive(input: impl Read, file: &Path) -> Result<BackupSummary, BackupError> {
    let unfinished = beside(file, ".unfinished");
    let failed = |source| BackupError::File {
        path: unfinished.clone(),
        source,
    };
    let mut copy = private::create_file(&unfinished).map_err(failed)?;
    let summary = read(Tee(input, &mut copy), |_, _, _| Ok(()));
    let finished = summary.and_then(|summary| {
        copy.sync_all().map_err(failed)?;
        // Somebody else may have been quicker.
        expect_free(file)?;
        fs::rename(&unfinished, file).map_err(failed)?;
        Ok(summary)
    });
    if finished.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    finished
}

/// Makes a store in this folder, which must be empty or not exist, from a backup: whole or not at
/// all.
pub(super) fn restore(file: &Path, folder: &Path) -> Result<BackupSummary, BackupError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| BackupError::File { path, source }
    };
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(BackupError::NotEmpty(folder.to_owned()));
    }
    let input = File::open(file).map_err(failed(file))?;
    let unfinished = beside(folder, ".restoring");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(failed(&unfinished))?;
    }
    let restored = fill(input, &unfinished).and_then(|summary| {
        fs::rename(&unfinished, folder).map_err(failed(folder))?;
        Ok(summary)
    });
    if restored.is_err() {
        let _ = fs::remove_dir_all(&unfinished);
    }
    restored
}

fn fill(input: File, folder: &Path) -> Result<BackupSummary, BackupError> {
    let folder = Folder::lock(folder)?;
    let engine = Engine::open(&folder.database())?;
    let mut batch = engine.database.batch();
    let summary = read(input, |number, key, value| {
        let index = usize::from(number) - 1;
        let Some(keyspace) = engine.keyspaces().get(index).copied() else {
            return Err(BackupError::NotABackup);
        };
        batch.insert(keyspace, key, value);
        if batch.len() >= ROWS_AT_ONCE {
            let full = std::mem::replace(&mut batch, engine.database.batch());
            full.durability(Some(PersistMode::Buffer)).commit()?;
        }
        Ok(())
    })?;
    batch.durability(Some(PersistMode::SyncAll)).commit()?;
    engine.database.persist(PersistMode::SyncAll)?;
    Ok(summary)
}

/// Fails if there is a file of this name.
pub(super) fn expect_free(file: &Path) -> Result<(), BackupError> {
    private::expect_free(file).map_err(BackupError::Taken)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Hashes and counts what passes.
struct Hashing<T> {
    inner: T,
    hasher: Sha256,
    bytes: u64,
}

impl<T> Hashing<T> {
    fn new(inner: T) -> Self {
        Self {
            inner,
            hasher: Sha256::new(),
            bytes: 0,
        }
    }

    fn pass(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    /// The hash of all that has passed.
    fn sum(&self) -> [u8; 32] {
        self.hasher.clone().finalize().into()
    }
}

impl<T: Write> Hashing<T> {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.pass(bytes);
        self.inner.write_all(bytes)
    }
}

impl<T: Read> Hashing<T> {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), BackupError> {
        self.inner
            .read_exact(bytes)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => BackupError::Damaged("it ends too early"),
                _ => BackupError::Running(error),
            })?;
        self.pass(bytes);
        Ok(())
    }

    fn length(&mut self) -> Result<usize, BackupError> {
        let mut length = [0; 4];
        self.fill(&mut length)?;
        let length = u32::from_be_bytes(length);
        if length > MAX_BYTES {
            return Err(BackupError::Damaged("a row is too long"));
        }
        Ok(length as usize)
    }

    fn bytes(&mut self, length: usize) -> Result<Vec<u8>, BackupError> {
        let mut bytes = vec![0; length];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }
}

/// Copies what is read.
struct Tee<'a, R>(R, &'a mut File);

impl<R: Read> Read for Tee<'_, R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let length = self.0.read(bytes)?;
        let read = bytes.get(..length).unwrap_or_default();
        self.1.write_all(read)?;
        Ok(length)
    }
}
