//! A disk that fills under an open store.

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, Once},
    time::Duration,
};

use lantern::store::embedded::EmbeddedStore;
use lantern_actors::ports::store::{Members, Store, StoreError};

use crate::{
    decisions::{decide, guild, left, member, member_version, open, user},
    disk::{SmallDisk, on_small_disk},
    harness::{eventually, within},
};

const WRITERS: u64 = 8;

/// What all of this process logs.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Lines of the log about this folder that contain this.
fn logged(folder: &Path, text: &str) -> usize {
    let log = LOG.lock().unwrap();
    let folder = folder.to_str().unwrap();
    let log = String::from_utf8_lossy(&log);
    let lines = log.lines();
    lines
        .filter(|line| line.contains(folder) && line.contains(text))
        .count()
}

fn keep_the_log() {
    struct Keep;
    impl io::Write for Keep {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            LOG.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(|| Keep)
            .init();
    });
}

#[test]
fn writes_are_refused_while_the_disk_is_full_and_go_on_when_it_is_not() {
    let test = "full::writes_are_refused_while_the_disk_is_full_and_go_on_when_it_is_not";
    keep_the_log();
    on_small_disk(test, 24, |disk| {
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(fill_and_empty(disk));
    });
}

async fn fill_and_empty(disk: &SmallDisk) {
    let folder = disk.path().join("store");
    let store = open(&folder).unwrap();
    let mut acknowledged = [0; WRITERS as usize];
    for times in 1..=3 {
        let version = times as u64;
        for number in 1..=WRITERS {
            acknowledged[number as usize - 1] = write(&store, number).await.unwrap();
        }
        disk.fill();
        let writers =
            (1..=WRITERS).map(|number| tokio::spawn(until_refused(store.clone(), number)));
        for (writer, last) in writers.zip(&mut acknowledged).collect::<Vec<_>>() {
            let refused = within("a write is refused", writer).await.unwrap();
            *last = (*last).max(refused);
        }
        let kept = store.keep(guild(), vec![member(1, version)]).await;
        assert!(matches!(kept, Err(StoreError::Unavailable(_))), "{kept:?}");
        // Nothing is read either: what the disk took of the last commits is not known.
        let read = store.users().load(user(1)).await;
        assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
        assert_eq!(logged(&folder, "the store cannot write"), times);
        assert_eq!(logged(&folder, "can write again"), times - 1);

        disk.empty();
        eventually("it writes again", async || write(&store, 1).await.ok()).await;
        assert_eq!(logged(&folder, "the store cannot write"), times);
        assert_eq!(logged(&folder, "can write again"), times);
        store.keep(guild(), vec![member(1, version)]).await.unwrap();
        for (number, last) in (1..).zip(&acknowledged) {
            assert!(left(&*store, user(number)).await.revision >= *last);
        }
    }
    assert!(
        !store
            .stats()
            .away
            .load(std::sync::atomic::Ordering::Relaxed)
    );
    store.close().await;
    let store = open(&folder).unwrap();
    for (number, last) in (1..).zip(&acknowledged) {
        assert!(left(&*store, user(number)).await.revision >= *last);
    }
    assert_eq!(member_version(&*store, 1).await, 3);
    store.close().await;
}

async fn write(store: &Arc<EmbeddedStore>, number: u64) -> Result<u64, StoreError> {
    decide(&**store, user(number), &"x".repeat(300)).await
}

/// Commits until it is refused; the last revision that was acknowledged, 0 if none was.
async fn until_refused(store: Arc<EmbeddedStore>, number: u64) -> u64 {
    let mut last = 0;
    loop {
        match write(&store, number).await {
            Ok(revision) => last = revision,
            Err(StoreError::Unavailable(_)) => return last,
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[test]
fn a_store_that_found_no_room_to_be_made_is_made_later() {
    let test = "full::a_store_that_found_no_room_to_be_made_is_made_later";
    on_small_disk(test, 8, |disk| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let folder = disk.path().join("store");
        let mut refused = 0;
        // From no room at all up to enough, a page at a time.
        for pages in 0.. {
            disk.fill();
            disk.give_back(pages);
            let opened = open(&folder);
            disk.empty();
            match opened {
                Ok(store) => {
                    runtime.block_on(store.close());
                    break;
                }
                Err(error) => {
                    let said = error.to_string();
                    assert!(said.contains("No space left on device"), "{said}");
                    refused += 1;
                }
            }
        }
        assert!(refused > 0);
        let store = open(&folder).unwrap();
        assert_eq!(runtime.block_on(write(&store, 1)), Ok(1));
        runtime.block_on(store.close());
    });
}

/// A store that gives up must not take the thread that asked with it.
#[test]
fn closing_while_the_disk_is_full_takes_no_time() {
    let test = "full::closing_while_the_disk_is_full_takes_no_time";
    on_small_disk(test, 24, |disk| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let folder = disk.path().join("store");
            let store = open(&folder).unwrap();
            let before = write(&store, 1).await.unwrap();
            disk.fill();
            let last = until_refused(store.clone(), 1).await.max(before);
            let closed = tokio::time::timeout(Duration::from_secs(5), store.close()).await;
            assert!(closed.is_ok());
            disk.empty();
            let store = open(&folder).unwrap();
            assert!(left(&*store, user(1)).await.revision >= last);
            store.close().await;
        });
    });
}
