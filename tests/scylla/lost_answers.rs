//! Commits whose answer is lost, because the server was silent in the middle of them: what the store
//! says in the end is true.

use std::{sync::Arc, time::Duration};

use lantern::store::scylla::{ScyllaSettings, ScyllaStore};
use lantern_actors::ports::store::{Revision, Store, StoreError, StoredUser, UserChange, UserKey};

use crate::{
    fixture::{PATIENCE, change, settings, shared_server, somebody, store},
    server::{Access, CqlServer},
};

const START: Revision = Revision::new(0);

/// How long the server is silent. It is the fault that is tested, not a wait for something.
const SILENCE: Duration = Duration::from_millis(1_500);

/// A store that loses patience while the server is silent.
async fn impatient(server: &CqlServer, resolve_timeout: Duration) -> Arc<ScyllaStore> {
    let keyspace = settings(&server.address());
    store(&keyspace).await;
    let settings = ScyllaSettings {
        request_timeout: Duration::from_millis(500),
        resolve_timeout,
        ..keyspace
    };
    let store = ScyllaStore::start(settings);
    store.ready(PATIENCE).await.unwrap();
    Arc::new(store)
}

/// A change without events: their hint is written before the commit, and if the answer to that is
/// lost there is no commit to look for.
fn quiet(names: &[&str], text: &str) -> UserChange {
    UserChange {
        events: Vec::new(),
        ..change(names, text)
    }
}

/// Loads as soon as the server answers again.
async fn load(store: &ScyllaStore, user: UserKey) -> StoredUser {
    let loaded = async {
        loop {
            match store.users().load(user).await {
                Err(StoreError::Unavailable(_)) => tokio::task::yield_now().await,
                other => break other.unwrap(),
            }
        }
    };
    tokio::time::timeout(PATIENCE, loaded).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_found_or_made_once() {
    if shared_server().is_none() {
        return;
    }
    let server = CqlServer::start(Access::Open).await;
    let store = impatient(&server, PATIENCE).await;
    for round in 0..3 {
        let users = [(); 8].map(|()| somebody());
        let commits = users.map(|user| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let text = round.to_string();
                let first = quiet(&["a", "b"], &text);
                let first = store.users().commit(user, START, first).await?;
                store
                    .users()
                    .commit(user, first, quiet(&["c"], &text))
                    .await
            })
        });
        server.pause();
        tokio::time::sleep(SILENCE).await;
        server.resume();
        for (user, commit) in users.into_iter().zip(commits) {
            // Nobody else commits, so there is no other right answer.
            assert_eq!(commit.await.unwrap(), Ok(Revision::new(2)));
            let stored = load(&store, user).await;
            assert_eq!(stored.revision, Revision::new(2));
            assert_eq!(stored.pairs.len(), 3);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_rivals_whose_answers_are_lost_one_is_told_that_it_won() {
    if shared_server().is_none() {
        return;
    }
    let server = CqlServer::start(Access::Open).await;
    let store = impatient(&server, PATIENCE).await;
    for _ in 0..3 {
        let user = somebody();
        let rivals = ["one", "two", "three"].map(|name| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let commit = store.users().commit(user, START, quiet(&["who"], name));
                (name, commit.await)
            })
        });
        server.pause();
        tokio::time::sleep(SILENCE).await;
        server.resume();
        let mut winners = Vec::new();
        for rival in rivals {
            match rival.await.unwrap() {
                (name, Ok(revision)) => winners.push((name, revision)),
                (_, Err(error)) => assert_eq!(error, StoreError::Conflict),
            }
        }
        let [(name, revision)] = winners[..] else {
            panic!("{winners:?}");
        };
        let stored = load(&store, user).await;
        assert_eq!(stored.revision, revision);
        let written: Vec<_> = stored.pairs.values().map(|value| value.as_str()).collect();
        assert_eq!(written, [name]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_found_out_in_time_is_said_and_is_whole() {
    if shared_server().is_none() {
        return;
    }
    let server = CqlServer::start(Access::Open).await;
    let store = impatient(&server, Duration::from_millis(1_000)).await;
    let user = somebody();
    server.pause();
    let began = std::time::Instant::now();
    let answer = store
        .users()
        .commit(user, START, quiet(&["a", "b"], "1"))
        .await;
    let took = began.elapsed();
    server.resume();
    let Err(StoreError::Unavailable(reason)) = answer else {
        panic!("{answer:?}");
    };
    assert!(reason.contains("could not be found out"), "{reason}");
    // Request and resolution have 1.5 s; the rest is for a busy machine.
    assert!(took < Duration::from_secs(5), "{took:?}");
    let stored = load(&store, user).await;
    let is_whole = match stored.revision.get() {
        0 => stored.pairs.is_empty(),
        1 => stored.pairs.len() == 2,
        _ => false,
    };
    assert!(is_whole, "{stored:?}");
}
