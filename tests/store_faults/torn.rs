//! Damage to journals, as a power failure does it, and as a bad disk does.

use std::{
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
};

use lantern_actors::ports::store::Store;
use rand::RngCore;
use tempfile::TempDir;

use crate::{
    child::random,
    decisions::{decide, guild, left, member, member_version, open, user},
};

const PAGE: usize = 4_096;

/// What is written before the damage is done.
#[derive(Clone, Copy)]
enum Write {
    /// A commit with texts of this length.
    Commit(usize),
    /// A member, who is not waited for to be on disk.
    Keep,
}
use Write::{Commit, Keep};

/// A store that was closed, and where each write ends in its journal.
struct Scene {
    folder: TempDir,
    ends: Vec<usize>,
    journal: Vec<u8>,
}

impl Scene {
    #[tokio::main(flavor = "current_thread")]
    async fn new(writes: &[Write]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let journal = newest_journal(folder.path());
        // A journal that was opened again has no zeros at its end.
        open(folder.path()).unwrap().close().await;
        let store = open(folder.path()).unwrap();
        let mut ends = Vec::new();
        for (number, write) in (1..).zip(writes) {
            match write {
                Commit(length) => {
                    decide(&*store, user(1), &"x".repeat(*length))
                        .await
                        .unwrap();
                }
                Keep => {
                    let member = member(2, number);
                    store.members().keep(guild(), vec![member]).await.unwrap();
                }
            }
            ends.push(usize::try_from(fs::metadata(&journal).unwrap().len()).unwrap());
        }
        store.close().await;
        Self {
            ends,
            journal: fs::read(journal).unwrap(),
            folder,
        }
    }

    /// Where this write begins and ends, counted from 0.
    fn write(&self, number: usize) -> std::ops::Range<usize> {
        let from = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        from..self.ends[number]
    }

    /// A copy of the folder with another journal.
    fn with(&self, journal: &[u8]) -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        copy_all(self.folder.path(), copy.path());
        fs::write(newest_journal(copy.path()), journal).unwrap();
        copy
    }
}

fn newest_journal(folder: &Path) -> PathBuf {
    folder.join("fjall/0.jnl")
}

fn set_aside(folder: &Path) -> Option<Vec<u8>> {
    fs::read(folder.join("torn-write-1")).ok()
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_all(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

/// Opens a store whose user has this revision, and the member this version; it goes on from there.
#[tokio::main(flavor = "current_thread")]
async fn holds(folder: &Path, revision: u64, version: u64) {
    for revision in [revision, revision + 1] {
        let store = open(folder).unwrap();
        let left = left(&*store, user(1)).await;
        assert_eq!(left.revision, revision);
        let events = left.events.iter().map(|event| event.0);
        assert!(events.eq(1..=revision), "{left:?}");
        assert_eq!(member_version(&*store, 2).await, version);
        decide(&*store, user(1), "and on").await.unwrap();
        store.close().await;
    }
}

/// Sees that the store refuses this folder and has changed nothing; what it says.
fn refused(folder: &Path) -> String {
    let read = || fs::read(newest_journal(folder)).unwrap();
    let before = read();
    let said = open(folder).err().expect("it is refused").to_string();
    assert!(before == read() && set_aside(folder).is_none());
    assert!(said.contains("is damaged at byte") && said.contains("restore a backup"));
    said
}

#[test]
fn a_commit_that_is_cut_off_anywhere_never_was() {
    let scene = Scene::new(&[Commit(30), Keep, Commit(30), Commit(30)]);
    let last = scene.write(3);
    // The scanner itself is tried at every byte, beside it.
    for cut in last
        .clone()
        .step_by(29)
        .chain([last.start + 1, last.end - 1])
    {
        let mut journal = scene.journal[..cut].to_vec();
        if cut % 2 == 0 {
            journal.resize(cut + 3 * PAGE, 0);
        }
        let folder = scene.with(&journal);
        holds(folder.path(), 2, 2);
        assert_eq!(
            set_aside(folder.path()),
            None,
            "an unfinished write is nothing to keep"
        );
    }
}

#[test]
fn a_commit_of_which_a_page_did_not_reach_the_disk_is_cut_off_and_kept() {
    let scene = Scene::new(&[Commit(30), Commit(5_000)]);
    let last = scene.write(1);
    let pages = (last.start / PAGE + 1)..(last.end / PAGE);
    assert!(pages.len() > 4);
    for page in pages.step_by(2) {
        let mut journal = scene.journal.clone();
        journal[page * PAGE..(page + 1) * PAGE].fill(0);
        let folder = scene.with(&journal);
        holds(folder.path(), 1, 0);
        let kept = set_aside(folder.path());
        assert!(kept.as_deref() == Some(&journal[last.clone()]));
    }
}

#[test]
fn garbage_behind_the_last_commit_is_cut_off() {
    let scene = Scene::new(&[Commit(30), Keep, Commit(30)]);
    let last = scene.write(2);
    // As the start of a batch whose first value has 4 GiB.
    let head = [&[1][..], &[0xFF; 12], &[2, 0, 0], &[0; 8], &[0xFF; 10]].concat();
    let mut garbage = vec![head, vec![3], vec![4; 40]];
    for seed in 0..6 {
        let mut random = random(seed, 0);
        let mut bytes = vec![0; 1 + random.next_u32() as usize % 3_000];
        random.fill_bytes(&mut bytes);
        garbage.push(bytes);
    }
    for garbage in garbage {
        let behind = [&scene.journal, garbage.as_slice()].concat();
        holds(scene.with(&behind).path(), 2, 2);
        let instead = [&scene.journal[..last.start], &garbage].concat();
        holds(scene.with(&instead).path(), 1, 2);
    }
}

#[test]
fn damage_before_an_acknowledged_commit_is_refused() {
    let scene = Scene::new(&[Commit(30), Commit(30), Commit(30)]);
    let damaged = scene.write(1);
    for at in damaged.clone().step_by(31) {
        let mut journal = scene.journal.clone();
        journal[at] ^= 0x55;
        // fjall's checksum leaves out the number of a batch, and so do we.
        if (damaged.start + 5..damaged.start + 13).contains(&at) {
            continue;
        }
        let folder = scene.with(&journal);
        let said = refused(folder.path());
        assert!(
            said.contains(&format!("at byte {}", damaged.start)),
            "{said}"
        );
        assert!(said.contains("0.jnl"), "{said}");
        // What it says helps.
        let journal = newest_journal(folder.path());
        let journal = OpenOptions::new().write(true).open(journal).unwrap();
        journal.set_len(damaged.start as u64).unwrap();
        holds(folder.path(), 1, 0);
    }
}

#[test]
fn a_commit_with_something_behind_it_was_acknowledged() {
    let scene = Scene::new(&[Commit(30), Keep, Commit(30), Keep]);
    for damaged in [1, 2] {
        let mut journal = scene.journal.clone();
        journal[scene.write(damaged).end - 10] ^= 0x55;
        refused(scene.with(&journal).path());
    }
}

/// A power failure takes them in any order, for nobody waited.
#[test]
fn members_that_were_not_on_disk_do_not_keep_it_from_opening() {
    let scene = Scene::new(&[Commit(30), Keep, Keep, Keep, Keep]);
    let mut journal = scene.journal.clone();
    let damaged = scene.write(2);
    journal[damaged.end - 10] ^= 0x55;
    let folder = scene.with(&journal);
    holds(folder.path(), 1, 2);
    let kept = set_aside(folder.path());
    assert!(kept.as_deref() == Some(&journal[damaged.start..]));
}

#[test]
fn damage_in_an_older_journal_is_refused() {
    let scene = Scene::new(&[Commit(30), Commit(30)]);
    let older = newest_journal(scene.folder.path());
    fs::write(older.with_file_name("1.jnl"), []).unwrap();
    holds(scene.folder.path(), 2, 0);
    let mut journal = scene.journal.clone();
    fs::write(&older, &journal).unwrap();
    holds(scene.folder.path(), 4, 0);
    let end = journal.len();
    journal[end - 10] ^= 0x55;
    fs::write(&older, &journal).unwrap();
    refused(scene.folder.path());
}

#[test]
fn a_start_that_was_cut_short_is_no_obstacle() {
    let none: &[(&str, &[u8])] = &[];
    let beginnings = [
        none,
        &[("lock", b"")],
        &[("0.jnl", &[0; 64])],
        &[("0.jnl", &[0; 64]), ("version", b"FJL")],
    ];
    for files in beginnings {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("format"), "lantern-store 1\n").unwrap();
        fs::create_dir_all(folder.path().join("fjall/keyspaces")).unwrap();
        for (name, bytes) in files {
            fs::write(folder.path().join("fjall").join(name), bytes).unwrap();
        }
        holds(folder.path(), 0, 0);
    }
}
