//! The server is killed in the middle of a storm of commits and started again: every commit that was
//! acknowledged is there, and none is half there.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use lantern::store::scylla::{ScyllaSettings, ScyllaStore};
use lantern_actors::ports::store::{AggregateId, Revision, Store, StoreError, StoredUser, UserKey};

use crate::{
    fixture::{PATIENCE, change, settings, shared_server, somebody, store},
    server::{Access, CqlServer},
};

const WRITERS: usize = 16;

/// How many commits each writer makes at least.
const COMMITS: u64 = 40;

/// How many have been acknowledged when the server is killed.
const BEFORE_KILL: usize = 200;

/// Commits until it has made enough, whatever happens to the server. Gives what was acknowledged.
async fn storm(store: Arc<ScyllaStore>, user: UserKey, acknowledged: Arc<AtomicUsize>) -> Vec<u64> {
    let mut made = Vec::new();
    let mut base = Revision::new(0);
    while base.get() < COMMITS {
        let next = base.next();
        let commit = change(&["left", "right"], &next.get().to_string());
        match store.users().commit(user, base, commit).await {
            Ok(revision) => {
                assert_eq!(revision, next);
                made.push(revision.get());
                acknowledged.fetch_add(1, Ordering::Relaxed);
                base = revision;
            }
            Err(StoreError::Unavailable(_)) => base = load(&store, user).await.revision,
            Err(error) => panic!("{error}"),
        }
    }
    made
}

async fn load(store: &ScyllaStore, user: UserKey) -> StoredUser {
    let loaded = async {
        loop {
            match store.users().load(user).await {
                Err(StoreError::Unavailable(_)) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                other => break other.unwrap(),
            }
        }
    };
    tokio::time::timeout(2 * PATIENCE, loaded).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_killed_server_and_nothing_is_half_there() {
    if shared_server().is_none() {
        return;
    }
    let mut server = CqlServer::start(Access::Open).await;
    let keyspace = settings(&server.address());
    store(&keyspace).await;
    let store = ScyllaStore::start(ScyllaSettings {
        request_timeout: Duration::from_secs(3),
        resolve_timeout: Duration::from_secs(3),
        ..keyspace
    });
    store.ready(PATIENCE).await.unwrap();
    let store = Arc::new(store);

    let acknowledged = Arc::new(AtomicUsize::new(0));
    let users = [(); WRITERS].map(|()| somebody());
    let writers =
        users.map(|user| tokio::spawn(storm(Arc::clone(&store), user, Arc::clone(&acknowledged))));
    while acknowledged.load(Ordering::Relaxed) < BEFORE_KILL {
        tokio::task::yield_now().await;
    }
    server.kill();
    let began = std::time::Instant::now();
    let answer = store.users().load(somebody()).await;
    assert!(
        matches!(answer, Err(StoreError::Unavailable(_))),
        "{answer:?}"
    );
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    server.start_again().await;

    for (user, writer) in users.into_iter().zip(writers) {
        let made = writer.await.unwrap();
        let stored = load(&store, user).await;
        let last = made.last().copied().unwrap_or_default();
        assert!(stored.revision.get() >= last);
        let expected = stored.revision.get().to_string();
        let values: Vec<_> = stored.pairs.values().map(|value| value.as_str()).collect();
        assert_eq!(values, [expected.as_str(), expected.as_str()]);
        // Each revision was made by one commit, and its event is there.
        let events = store
            .events()
            .read(AggregateId::User(user), None, usize::MAX);
        let told: Vec<_> = events
            .await
            .unwrap()
            .into_iter()
            .map(|event| event.body)
            .collect();
        let every: Vec<_> = (1..=stored.revision.get())
            .map(|number| number.to_string())
            .collect();
        assert_eq!(told, every);
    }
}
