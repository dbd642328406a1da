//! What is in fjall's journal, read without fjall.
//!
//! fjall 3 writes a batch as a start (1), items (2) or clears (4), and an end (3) with a checksum of
//! what is between and a mark. A new journal is a file of zeros, written from its beginning.

use std::hash::Hasher;

use xxhash_rust::xxh3::Xxh3;

/// Tag, number of items, sequence number.
const START_BYTES: usize = 1 + 4 + 8;
/// Tag, value type, compression, keyspace, and three lengths.
const ITEM_HEAD_BYTES: usize = 1 + 1 + 1 + 8 + 2 + 4 + 4;
const CLEAR_BYTES: usize = 1 + 8;
/// Tag, checksum, mark.
const END_BYTES: usize = 1 + 8 + 4;
const MARK: &[u8] = b"FJL\x03";

/// Why there is no batch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum NoBatch {
    /// The bytes end too early: it was being written.
    Unfinished,
    /// It cannot have been written like this.
    Broken,
}

/// What is written, without the zeros that nothing was written over yet. A batch ends with its mark.
pub(super) fn written(journal: &[u8]) -> &[u8] {
    // Mostly zeros, 64 MiB of them, so they are passed over by the page.
    const ZEROS: [u8; 4_096] = [0; 4_096];
    let mut used = journal;
    while let Some(rest) = used.strip_suffix(&ZEROS) {
        used = rest;
    }
    let last = used.iter().rposition(|byte| *byte != 0);
    used.get(..last.map_or(0, |last| last + 1))
        .unwrap_or_default()
}

/// How many bytes from the start are whole batches, and what ends them, if it is not the end.
pub(super) fn whole_batches(written: &[u8]) -> (usize, Option<NoBatch>) {
    let mut whole = 0;
    loop {
        match written.get(whole..) {
            None | Some([]) => return (whole, None),
            Some(rest) => match batch_length(rest) {
                Ok(length) => whole += length,
                Err(reason) => return (whole, Some(reason)),
            },
        }
    }
}

/// The length of the batch at the start.
pub(super) fn batch_length(bytes: &[u8]) -> Result<usize, NoBatch> {
    if *first(bytes)? != 1 {
        return Err(NoBatch::Broken);
    }
    let count = u32::from_le_bytes(field(bytes, 1)?);
    let mut at = START_BYTES;
    let mut checksum = Xxh3::default();
    for _ in 0..count {
        let rest = bytes.get(at..).ok_or(NoBatch::Unfinished)?;
        let length = match first(rest)? {
            2 => item(rest)?.length,
            4 => CLEAR_BYTES,
            _ => return Err(NoBatch::Broken),
        };
        checksum.update(rest.get(..length).ok_or(NoBatch::Unfinished)?);
        at += length;
    }
    let end = bytes.get(at..).ok_or(NoBatch::Unfinished)?;
    if *first(end)? != 3 {
        return Err(NoBatch::Broken);
    }
    let end = end.get(..END_BYTES).ok_or(NoBatch::Unfinished)?;
    let is_right = u64::from_le_bytes(field(end, 1)?) == checksum.finish() && end.ends_with(MARK);
    is_right.then_some(at + END_BYTES).ok_or(NoBatch::Broken)
}

/// A key and its value in a batch.
pub(super) struct Item<'a> {
    pub(super) key: &'a [u8],
    pub(super) value: &'a [u8],
    length: usize,
}

/// The item at the start.
fn item(bytes: &[u8]) -> Result<Item<'_>, NoBatch> {
    let key = usize::from(u16::from_le_bytes(field(bytes, 11)?));
    let [value, stored] = [13, 17].map(|at| field(bytes, at).map(u32::from_le_bytes));
    // Nothing is compressed.
    if first(bytes)? != &2 || value? != stored? {
        return Err(NoBatch::Broken);
    }
    let value = usize::try_from(value?).map_err(|_| NoBatch::Broken)?;
    let end_of_key = ITEM_HEAD_BYTES + key;
    let length = end_of_key.checked_add(value).ok_or(NoBatch::Broken)?;
    let part = |range| bytes.get::<std::ops::Range<usize>>(range);
    Ok(Item {
        key: part(ITEM_HEAD_BYTES..end_of_key).ok_or(NoBatch::Unfinished)?,
        value: part(end_of_key..length).ok_or(NoBatch::Unfinished)?,
        length,
    })
}

/// Whether there is such an item anywhere, also in a batch that is damaged.
pub(super) fn has_item(bytes: &[u8], is_such: impl Fn(&Item<'_>) -> bool) -> bool {
    starting_with(bytes, 2).any(|(_, rest)| {
        // A value that is set, not removed, and not compressed.
        rest.get(1..3) == Some(&[0, 0]) && item(rest).is_ok_and(|item| is_such(&item))
    })
}

/// Where the last whole batch is that is found anywhere, from and to.
pub(super) fn last_batch(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut last: Option<(usize, usize)> = None;
    for (at, rest) in starting_with(bytes, 1) {
        let is_inside = last.is_some_and(|(_, to)| at < to);
        if !is_inside && let Ok(length) = batch_length(rest) {
            last = Some((at, at + length));
        }
    }
    last
}

fn starting_with(bytes: &[u8], tag: u8) -> impl Iterator<Item = (usize, &[u8])> {
    let tagged = bytes
        .iter()
        .enumerate()
        .filter(move |(_, byte)| **byte == tag);
    tagged.filter_map(|(at, _)| Some((at, bytes.get(at..)?)))
}

fn first(bytes: &[u8]) -> Result<&u8, NoBatch> {
    bytes.first().ok_or(NoBatch::Unfinished)
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], NoBatch> {
    let field = bytes.get(at..).and_then(<[u8]>::first_chunk);
    field.copied().ok_or(NoBatch::Unfinished)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use fjall::{Database, KeyspaceCreateOptions, PersistMode};
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// Keys and values; `None` removes.
    type Change = (Vec<u8>, Option<Vec<u8>>);

    fn change() -> impl Strategy<Value = Change> {
        let key = vec(any::<u8>(), 1..40);
        (key, proptest::option::of(vec(any::<u8>(), 0..300)))
    }

    /// Lets fjall write batches, and gives the journal and where each batch ends in it.
    fn written_by_fjall(folder: &Path, batches: &[Vec<Change>]) -> (Vec<u8>, Vec<usize>) {
        let journal = folder.join("0.jnl");
        let mut ends = Vec::new();
        // What was opened again has no zeros at its end, so its length is where the last batch ends.
        for batches in [&[], batches] {
            let builder = Database::builder(folder).manual_journal_persist(true);
            let database = builder.open().unwrap();
            let keyspaces =
                ["a", "b"].map(|name| database.keyspace(name, KeyspaceCreateOptions::default));
            let [one, other] = keyspaces.map(Result::unwrap);
            for changes in batches {
                let mut batch = database.batch().durability(Some(PersistMode::Buffer));
                for (number, (key, value)) in changes.iter().enumerate() {
                    let keyspace = if number % 2 == 0 { &one } else { &other };
                    match value {
                        Some(value) => batch.insert(keyspace, key.as_slice(), value.as_slice()),
                        None => batch.remove(keyspace, key.as_slice()),
                    }
                }
                batch.commit().unwrap();
                ends.push(usize::try_from(fs::metadata(&journal).unwrap().len()).unwrap());
            }
        }
        (fs::read(journal).unwrap(), ends)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn what_fjall_wrote_is_understood(batches in vec(vec(change(), 1..6), 1..6)) {
            let folder = tempfile::tempdir().unwrap();
            let (journal, ends) = written_by_fjall(folder.path(), &batches);
            let end = *ends.last().unwrap();
            prop_assert_eq!(whole_batches(&journal), (end, None));
            let padded = [journal.as_slice(), &[0; 100]].concat();
            prop_assert_eq!(written(&padded), journal.as_slice());

            let mut from = 0;
            for (to, changes) in ends.iter().zip(&batches) {
                prop_assert_eq!(batch_length(&journal[from..]), Ok(to - from));
                for (key, value) in changes {
                    let is_found = has_item(&journal[from..*to], |item| {
                        item.key == key && Some(item.value) == value.as_deref()
                    });
                    prop_assert!(is_found || value.is_none());
                }
                from = *to;
            }
            let last = ends.iter().rev().nth(1).map_or(0, |from| *from);
            prop_assert_eq!(last_batch(&journal), Some((last, end)));
        }

        #[test]
        fn wherever_it_is_cut_off_what_is_before_is_whole(
            batches in vec(vec(change(), 1..4), 1..4)
        ) {
            let folder = tempfile::tempdir().unwrap();
            let (journal, ends) = written_by_fjall(folder.path(), &batches);
            for cut in 0..journal.len() {
                let whole = ends.iter().copied().filter(|end| *end <= cut).max().unwrap_or(0);
                let reason = (cut > whole).then_some(NoBatch::Unfinished);
                prop_assert_eq!(whole_batches(&journal[..cut]), (whole, reason));
            }
        }

        #[test]
        fn any_flipped_byte_is_seen_and_nothing_panics(
            batches in vec(vec(change(), 1..4), 2..4),
            at in any::<prop::sample::Index>(),
            flip in 1..=255_u8,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let (mut journal, ends) = written_by_fjall(folder.path(), &batches);
            let at = at.index(journal.len());
            let batch = ends.iter().position(|end| at < *end).unwrap();
            let from = batch.checked_sub(1).map_or(0, |before| ends[before]);
            journal[at] ^= flip;
            let (whole, reason) = whole_batches(&journal);
            // A batch's own number is not in fjall's checksum.
            if !(from + 5..from + START_BYTES).contains(&at) {
                prop_assert_eq!(whole, from);
                prop_assert!(reason.is_some());
            }
            last_batch(&journal[whole..]);
            has_item(&journal[whole..], |_| false);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..2_000)) {
            whole_batches(&bytes);
            last_batch(&bytes);
            has_item(&bytes, |_| false);
        }
    }
}
