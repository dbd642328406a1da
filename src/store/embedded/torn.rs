//! Looks at the journals before fjall does, and mends one whose last write was torn.
//!
//! fjall cuts a journal at the first thing that it does not understand, with all that follows, or
//! refuses it for good. Both are wrong for us. What a power failure leaves is cut off here and kept
//! in a file: writes that nobody was told are safe. If anything behind the damage was acknowledged,
//! the disk has damaged what it had stored, nothing is cut, and a person has to decide.
//!
//! How that is told apart: a decision is on disk before anything is written behind it. So when
//! something is behind one, it was acknowledged. What cannot be told: the last decision of all,
//! damaged later, looks like one that was never finished.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{
    engine::EngineError,
    journal::{NoBatch, has_item, last_batch, whole_batches, written},
    rows,
};

/// Sees to it that every journal is whole. Changes nothing if the answer is an error that says that
/// it is damaged.
pub(super) fn mend(database: &Path) -> Result<(), EngineError> {
    let mut journals = journals(database)?;
    // A journal is complete on disk before the next one is begun; an empty one is not begun.
    while let Some(journal) = journals.pop() {
        let bytes = fs::read(&journal).map_err(EngineError::Io)?;
        let written = written(&bytes);
        if !written.is_empty() {
            mend_newest(database, &journal, written)?;
            break;
        }
    }
    for journal in journals {
        let bytes = fs::read(&journal).map_err(EngineError::Io)?;
        if let (at, Some(_)) = whole_batches(written(&bytes)) {
            return Err(damaged(&journal, at));
        }
    }
    Ok(())
}

fn mend_newest(database: &Path, journal: &Path, written: &[u8]) -> Result<(), EngineError> {
    let (whole, Some(reason)) = whole_batches(written) else {
        return Ok(());
    };
    let rest = written.get(whole..).unwrap_or_default();
    if has_acknowledged(rest) {
        return Err(damaged(journal, whole));
    }
    // Who is killed leaves a write unfinished. That is no loss, and nothing to keep.
    if reason == NoBatch::Broken {
        let kept_in = set_aside(database, rest).map_err(EngineError::Io)?;
        tracing::warn!(
            bytes = rest.len(),
            kept_in = %kept_in.display(),
            "the last write of the store was torn, as by a power failure; it was not acknowledged and is cut off"
        );
    }
    let file = OpenOptions::new().write(true).open(journal);
    file.and_then(|file| {
        file.set_len(whole as u64)?;
        file.sync_all()
    })
    .map_err(EngineError::Io)
}

/// Whether a decision is in what begins with damage that was surely acknowledged: something was
/// written behind it.
fn has_acknowledged(rest: &[u8]) -> bool {
    let Some((from, to)) = last_batch(rest) else {
        return false;
    };
    let is_last = to == rest.len();
    let acknowledged = rest.get(..if is_last { from } else { to });
    has_item(acknowledged.unwrap_or_default(), |item| {
        rows::is_decision(item.key, item.value)
    })
}

fn damaged(journal: &Path, at: usize) -> EngineError {
    EngineError::Damaged(format!(
        "{} is damaged at byte {at}, and writes behind it were acknowledged; restore a backup, or cut the file there to go on without them",
        journal.display()
    ))
}

/// Puts it into a new file beside the database.
fn set_aside(database: &Path, rest: &[u8]) -> io::Result<PathBuf> {
    for number in 1.. {
        let path = database.with_file_name(format!("torn-write-{number}"));
        match File::create_new(&path) {
            Ok(mut file) => {
                file.write_all(rest)?;
                file.sync_all()?;
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// The journals, the newest last.
fn journals(database: &Path) -> Result<Vec<PathBuf>, EngineError> {
    let mut journals = Vec::new();
    let entries = match fs::read_dir(database) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(EngineError::Io(error)),
    };
    for entry in entries {
        let path = entry.map_err(EngineError::Io)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let number = name
            .and_then(|name| name.strip_suffix(".jnl"))
            .and_then(|number| number.parse::<u64>().ok());
        if let Some(number) = number {
            journals.push((number, path));
        }
    }
    journals.sort_unstable();
    Ok(journals.into_iter().map(|(_, path)| path).collect())
}
