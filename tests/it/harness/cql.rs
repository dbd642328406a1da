//! The whole suite on a CQL server: with `LANTERN_TEST_STORE=scylla`, what would be in a folder is in
//! a keyspace of the server that `LANTERN_TEST_CQL` names. `tests/run` sets both.
//!
//! Making a keyspace takes a second, so those that tests are done with are emptied and used again.

use std::{
    collections::HashMap,
    env,
    path::{Path, PathBuf},
    sync::Mutex,
};

use lantern::{
    config::{Config, StoreKind},
    store::scylla::{ScyllaSettings, migrate},
};
use scylla::client::session_builder::SessionBuilder;

/// Keyspaces that no test uses now.
static FREE: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The keyspaces of folders that tests have named, because one hub after another uses them.
static NAMED: Mutex<Option<HashMap<PathBuf, String>>> = Mutex::new(None);

/// A keyspace that is given back when the test is done with it.
pub struct Keyspace(String);

impl Drop for Keyspace {
    fn drop(&mut self) {
        FREE.lock().unwrap().push(std::mem::take(&mut self.0));
    }
}

/// Replaces the embedded store if the environment says so. `own` is the folder that only this hub
/// has.
pub async fn choose(config: &mut Config, own: &Path) -> Option<Keyspace> {
    if env::var("LANTERN_TEST_STORE").ok()? != "scylla" || config.store.kind != StoreKind::Embedded
    {
        return None;
    }
    let node = env::var("LANTERN_TEST_CQL").expect("LANTERN_TEST_CQL names a server");
    config.store.kind = StoreKind::Scylla;
    config.scylla.nodes = vec![node];
    if config.store.path != own {
        let mut named = NAMED.lock().unwrap();
        let named = named.get_or_insert_default();
        let keyspace = named
            .entry(config.store.path.clone())
            .or_insert_with(new_name);
        config.scylla.keyspace = keyspace.clone();
        config.scylla.migrate_on_start = true;
        return None;
    }
    let free = FREE.lock().unwrap().pop();
    config.scylla.keyspace = match free {
        Some(keyspace) => emptied(config, keyspace).await,
        None => {
            config.scylla.keyspace = new_name();
            migrate(&ScyllaSettings::try_from(&*config).unwrap())
                .await
                .unwrap()
                .keyspace
        }
    };
    Some(Keyspace(config.scylla.keyspace.clone()))
}

async fn emptied(config: &Config, keyspace: String) -> String {
    let session = SessionBuilder::new().known_nodes(&config.scylla.nodes);
    let session = session.build().await.unwrap();
    for table in ["members", "users", "waiting_events"] {
        let text = format!("TRUNCATE {keyspace}.{table}");
        session.query_unpaged(text, ()).await.unwrap();
    }
    keyspace
}

fn new_name() -> String {
    format!("it_{:016x}", rand::random::<u64>())
}
