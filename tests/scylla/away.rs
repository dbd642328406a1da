//! The server is away when Lantern starts: the store answers at once that it is not available, and
//! becomes so when the server comes.

use std::time::{Duration, Instant};

use lantern::store::scylla::{ScyllaSettings, ScyllaStore};
use lantern_actors::ports::store::{Store, StoreError};

use crate::{
    fixture::{PATIENCE, settings, shared_server, somebody},
    server::{Access, CqlServer},
};

#[tokio::test]
async fn a_store_starts_without_its_server_and_finds_it_later() {
    if shared_server().is_none() {
        return;
    }
    let mut server = CqlServer::start(Access::Open).await;
    server.kill();
    let store = ScyllaStore::start(ScyllaSettings {
        migrate_on_start: true,
        ..settings(&server.address())
    });
    let began = Instant::now();
    for _ in 0..100 {
        let answer = store.users().load(somebody()).await;
        assert!(
            matches!(answer, Err(StoreError::Unavailable(_))),
            "{answer:?}"
        );
    }
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    server.start_again().await;
    store.ready(PATIENCE).await.unwrap();
    assert_eq!(store.guilds().await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_server_that_accepts_and_is_silent_keeps_nobody_waiting() {
    if shared_server().is_none() {
        return;
    }
    let server = CqlServer::start(Access::Open).await;
    server.pause();
    let settings = ScyllaSettings {
        connect_timeout: Duration::from_millis(300),
        request_timeout: Duration::from_millis(300),
        migrate_on_start: true,
        ..settings(&server.address())
    };
    let store = ScyllaStore::start(settings);
    let mut reason = String::new();
    while !reason.contains(&server.address()) {
        tokio::task::yield_now().await;
        reason = store.guilds().await.unwrap_err().to_string();
    }
    server.resume();
}
