//! Decisions committed to the built-in store.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use ::lantern::store::embedded::{EmbeddedConfig, EmbeddedStore};
use lantern_actors::{
    domain::{GuildId, PairKey, PairValue, UserId, Version},
    ports::store::{NewEvent, Revision, Store, UserChange, UserKey},
};

use crate::{
    child::{self, Child},
    commits, folder,
};

/// Commits that tell how many bytes one takes in the journal.
const TRIAL: u64 = 100;

/// Against a bare append of as many bytes.
pub fn compare(writers: usize, commits: usize) {
    let folders = [folder(), folder()];
    let [bare, store] = folders.each_ref().map(|folder| folder.path().display());
    let store = Child::start(&format!("embedded {store}"));
    let bytes = &store.greeting[0];
    let bare = Child::start(&format!("append {bare} {bytes}"));
    let append = format!("append of {bytes} bytes");
    commits::compare((&append, bare), ("embedded store", store), writers, commits);
}

/// In a child.
pub fn run(folder: &str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    println!("{}", runtime.block_on(bytes_of_a_commit(Path::new(folder))));
    let store = open(Path::new(folder));
    let stats = Arc::clone(store.stats());
    let mut counted = 0;
    let mut revisions = Vec::new();
    child::obey(|what, count| match what {
        "writers" => {
            revisions = vec![Revision::default(); count];
            Some(Vec::new())
        }
        "commit" => {
            runtime.block_on(write(&store, &mut revisions, count));
            let now = stats.batches.load(Relaxed);
            let together = count as f64 / (now - counted) as f64;
            counted = now;
            Some(vec![together])
        }
        other => panic!("unknown request {other}"),
    });
}

fn open(folder: &Path) -> Arc<EmbeddedStore> {
    Arc::new(EmbeddedStore::open(&EmbeddedConfig::at(folder)).unwrap())
}

async fn bytes_of_a_commit(folder: &Path) -> u64 {
    open(folder).close().await;
    // The journal of a store that was opened again ends where its last batch does.
    let store = open(folder);
    let journal = || fs::metadata(folder.join("fjall/0.jnl")).unwrap().len();
    let before = journal();
    let mut revision = Revision::default();
    for _ in 0..TRIAL {
        revision = commit(&store, u64::MAX, revision).await;
    }
    let bytes = (journal() - before) / TRIAL;
    store.close().await;
    bytes
}

async fn write(store: &Arc<EmbeddedStore>, revisions: &mut [Revision], count: usize) {
    let each = count / revisions.len();
    let tasks = (1..).zip(&*revisions).map(|(user, revision)| {
        let (store, mut revision) = (Arc::clone(store), *revision);
        tokio::spawn(async move {
            for _ in 0..each {
                revision = commit(&store, user, revision).await;
            }
            revision
        })
    });
    for (task, revision) in tasks.collect::<Vec<_>>().into_iter().zip(revisions) {
        *revision = task.await.unwrap();
    }
}

/// As when a user sets a pair and somebody is told of it.
async fn commit(store: &EmbeddedStore, user: u64, based_on: Revision) -> Revision {
    let user = UserKey {
        guild: GuildId::try_from(1).unwrap(),
        user: UserId::try_from(user).unwrap(),
    };
    let key = PairKey::try_from("location".to_owned()).unwrap();
    let value = PairValue::try_from("x".repeat(200)).unwrap();
    let version = Version::new(1_700_000_000_000_000 + based_on.get());
    let change = UserChange {
        version,
        member_version: version,
        token_version: None,
        pairs: BTreeMap::from([(key, Some(value))]),
        events: vec![NewEvent {
            kind: "pair_changed".to_owned(),
            body: "y".repeat(300),
            keep_for: Duration::from_secs(86_400),
        }],
    };
    store.users().commit(user, based_on, change).await.unwrap()
}
