//! The schema: missing, created once by whoever comes, and newer than this Lantern.

use std::process::{Command, Output};

use lantern::store::scylla::{self, MigrateError, ScyllaSettings, ScyllaStore};
use lantern_actors::ports::store::{Store, StoreError};

use crate::fixture::{PATIENCE, session, settings, shared_server, somebody};

#[tokio::test]
async fn without_a_schema_the_store_says_what_to_run_and_is_there_when_it_was_run() {
    let Some(server) = shared_server() else {
        return;
    };
    let settings = settings(&server);
    let store = ScyllaStore::start(settings.clone());
    let mut reason = String::new();
    // At first it says that it has not connected yet.
    while !reason.contains("lantern migrate") {
        tokio::task::yield_now().await;
        match store.users().load(somebody()).await {
            Err(StoreError::Unavailable(said)) => reason = said,
            other => panic!("{other:?}"),
        }
    }
    assert!(reason.contains(&settings.keyspace), "{reason}");
    scylla::migrate(&settings).await.unwrap();
    store.ready(PATIENCE).await.unwrap();
    store.users().load(somebody()).await.unwrap();
}

#[tokio::test]
async fn a_missing_table_is_named() {
    let Some(server) = shared_server() else {
        return;
    };
    let settings = settings(&server);
    scylla::migrate(&settings).await.unwrap();
    let drop_it = format!("DROP TABLE {}.waiting_events", settings.keyspace);
    let dropped = session(&settings).await.query_unpaged(drop_it, ()).await;
    dropped.unwrap();
    let store = ScyllaStore::start(settings.clone());
    let mut reason = String::new();
    while !reason.contains("no table waiting_events") {
        tokio::task::yield_now().await;
        reason = store.guilds().await.unwrap_err().to_string();
    }
    // It is mended by the same command.
    let migration = scylla::migrate(&settings).await.unwrap();
    assert_eq!(migration.created, ["waiting_events"]);
    store.ready(PATIENCE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_migrations_at_once_one_does_it_and_later_ones_change_nothing() {
    let Some(server) = shared_server() else {
        return;
    };
    let settings = settings(&server);
    let runners = [(); 4].map(|()| {
        let settings = settings.clone();
        tokio::spawn(async move { scylla::migrate(&settings).await })
    });
    let mut first_ones = 0;
    for runner in runners {
        let migration = runner.await.unwrap().unwrap();
        assert_eq!(migration.after, 1);
        first_ones += usize::from(migration.before.is_none());
    }
    assert_eq!(first_ones, 1);
    let again = scylla::migrate(&settings).await.unwrap();
    assert_eq!(again.before, Some(1));
    let store = ScyllaStore::start(settings);
    store.ready(PATIENCE).await.unwrap();
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let Some(server) = shared_server() else {
        return;
    };
    let settings = settings(&server);
    scylla::migrate(&settings).await.unwrap();
    let newer = format!(
        "UPDATE {}.schema_version SET version = 2 WHERE name = 'schema'",
        settings.keyspace
    );
    session(&settings)
        .await
        .query_unpaged(newer, ())
        .await
        .unwrap();
    let refused = scylla::migrate(&settings).await.unwrap_err();
    assert!(matches!(refused, MigrateError::Newer(_)), "{refused}");
    let store = ScyllaStore::start(settings);
    let mut reason = String::new();
    while !reason.contains("use a newer Lantern") {
        tokio::task::yield_now().await;
        reason = store.guilds().await.unwrap_err().to_string();
    }
}

#[tokio::test]
async fn the_store_migrates_when_the_settings_allow_it() {
    let Some(server) = shared_server() else {
        return;
    };
    let settings = ScyllaSettings {
        migrate_on_start: true,
        ..settings(&server)
    };
    let store = ScyllaStore::start(settings);
    store.ready(PATIENCE).await.unwrap();
    assert_eq!(store.guilds().await, Ok(Vec::new()));
}

#[tokio::test]
async fn the_command_says_what_it_did() {
    let Some(server) = shared_server() else {
        return;
    };
    let keyspace = settings(&server).keyspace;
    let first = lantern_migrate(&server, &keyspace);
    let said = String::from_utf8(first.stdout).unwrap();
    assert!(first.status.success(), "{said}");
    assert!(
        said.contains(&format!("keyspace {keyspace} and its tables were created")),
        "{said}"
    );
    let second = lantern_migrate(&server, &keyspace);
    let said = String::from_utf8(second.stdout).unwrap();
    assert!(
        second.status.success() && said.contains("nothing was changed"),
        "{said}"
    );

    let nowhere = lantern_migrate("127.0.0.1:1", &keyspace);
    assert!(!nowhere.status.success());
    let said = String::from_utf8(nowhere.stderr).unwrap();
    assert!(
        said.contains("cannot connect to the database at 127.0.0.1:1"),
        "{said}"
    );
}

fn lantern_migrate(nodes: &str, keyspace: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lantern"))
        .arg("migrate")
        .env("LANTERN__SCYLLA__NODES", nodes)
        .env("LANTERN__SCYLLA__KEYSPACE", keyspace)
        .env("LANTERN__SCYLLA__CONNECT_TIMEOUT_MS", "60000")
        .env("LANTERN__SCYLLA__REQUEST_TIMEOUT_MS", "60000")
        .output()
        .unwrap()
}
