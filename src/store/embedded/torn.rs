//! Mends a journal whose last write was torn.
//!
//! fjall cuts a batch off that simply ends too early. One of which a page in the middle did not
//! reach the disk has a wrong checksum instead, and fjall refuses to open. Nothing behind it was
//! acknowledged as durable, because a batch that is waited for is on disk before the next one is
//! written; so it is set aside and the journal cut before it. The layout read here is that of
//! fjall 3's journal: start (1), items (2), clear (4) and end (3) with a checksum of what is between.

use std::{
    fs::{self, OpenOptions},
    hash::Hasher,
    path::{Path, PathBuf},
};

use xxhash_rust::xxh3::Xxh3;

use super::engine::EngineError;

const START_BYTES: usize = 1 + 4 + 8;
/// Tag, value type, compression, keyspace, and three lengths.
const ITEM_HEAD_BYTES: usize = 1 + 1 + 1 + 8 + 2 + 4 + 4;
const CLEAR_BYTES: usize = 1 + 8;
const MAGIC: &[u8] = b"FJL\x03";

/// Cuts the newest journal before its first broken batch and keeps what was cut in a file beside
/// the database.
pub(super) fn cut(
    database: &Path,
    reason: &fjall::JournalRecoveryError,
) -> Result<(), EngineError> {
    let damaged = || EngineError::Damaged(format!("the journal is damaged: {reason:?}"));
    let journal = newest_journal(database)?.ok_or_else(damaged)?;
    let bytes = fs::read(&journal).map_err(EngineError::Io)?;
    let (kept, rest) = bytes
        .split_at_checked(whole_batches(&bytes))
        .ok_or_else(damaged)?;
    let used = rest
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |at| at + 1);
    if used == 0 {
        // It is another journal that is damaged: one that was complete once.
        return Err(damaged());
    }
    let aside = database.with_file_name("torn-write");
    fs::write(&aside, rest.get(..used).unwrap_or_default()).map_err(EngineError::Io)?;
    let file = OpenOptions::new()
        .write(true)
        .open(&journal)
        .map_err(EngineError::Io)?;
    file.set_len(kept.len() as u64)
        .and_then(|()| file.sync_all())
        .map_err(EngineError::Io)?;
    tracing::warn!(
        bytes = used,
        kept_in = %aside.display(),
        "the last write of the store was torn, as by a power failure; it was not acknowledged and is cut off"
    );
    Ok(())
}

fn newest_journal(database: &Path) -> Result<Option<PathBuf>, EngineError> {
    let mut newest = None;
    for entry in fs::read_dir(database).map_err(EngineError::Io)? {
        let path = entry.map_err(EngineError::Io)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let number = name
            .and_then(|name| name.strip_suffix(".jnl"))
            .and_then(|number| number.parse::<u64>().ok());
        if let Some(number) = number {
            newest = newest.max(Some((number, path)));
        }
    }
    Ok(newest.map(|(_, path)| path))
}

/// How many bytes from the start are whole batches with the right checksum.
fn whole_batches(bytes: &[u8]) -> usize {
    let mut whole = 0;
    while let Some(length) = bytes.get(whole..).and_then(batch_length) {
        whole += length;
    }
    whole
}

/// The length of the batch at the start, if it is whole.
fn batch_length(bytes: &[u8]) -> Option<usize> {
    let count = u32::from_le_bytes(field(bytes, 1)?);
    if bytes.first() != Some(&1) {
        return None;
    }
    let mut at = START_BYTES;
    let mut checksum = Xxh3::default();
    for _ in 0..count {
        let rest = bytes.get(at..)?;
        let length = match rest.first()? {
            2 => {
                let key = usize::from(u16::from_le_bytes(field(rest, 11)?));
                let value = u32::from_le_bytes(field(rest, 17)?);
                ITEM_HEAD_BYTES + key + usize::try_from(value).ok()?
            }
            4 => CLEAR_BYTES,
            _ => return None,
        };
        checksum.update(rest.get(..length)?);
        at += length;
    }
    let end = bytes.get(at..)?;
    let is_whole = end.first() == Some(&3)
        && u64::from_le_bytes(field(end, 1)?) == checksum.finish()
        && end.get(9..9 + MAGIC.len()) == Some(MAGIC);
    is_whole.then_some(at + 9 + MAGIC.len())
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}
