//! The ScyllaDB store, on the CQL server that `LANTERN_TEST_CQL` names. `tests/run` starts one.

use std::{env, sync::Arc, time::Duration};

use async_trait::async_trait;
use lantern::store::scylla::{self, ScyllaSettings, ScyllaStore};
use lantern_actors::ports::store::Store;
use tokio::sync::OnceCell;

use crate::fixture::Fixture;

/// A schema change takes long, so all tests share a keyspace.
const KEYSPACE: &str = "store_contract";

/// A session that no store is opened with, so it may take as long as a busy machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

static MIGRATED: OnceCell<()> = OnceCell::const_new();

pub struct ScyllaFixture {
    address: String,
}

fn address() -> Option<String> {
    env::var("LANTERN_TEST_CQL").ok()
}

fn settings(address: &str, keep_left: Duration) -> ScyllaSettings {
    ScyllaSettings {
        nodes: vec![address.to_owned()],
        keyspace: KEYSPACE.to_owned(),
        replication: "{'class': 'SimpleStrategy', 'replication_factor': 1}".to_owned(),
        migrate_on_start: false,
        user: None,
        tls: None,
        connect_timeout: PATIENCE,
        request_timeout: PATIENCE,
        resolve_timeout: PATIENCE,
        keep_left,
    }
}

#[async_trait]
impl Fixture for ScyllaFixture {
    fn is_there() -> bool {
        address().is_some()
    }

    async fn prepare() -> Self {
        let address = address().expect("LANTERN_TEST_CQL is set");
        MIGRATED
            .get_or_init(async || {
                let settings = settings(&address, Duration::from_secs(1));
                scylla::migrate(&settings).await.unwrap();
            })
            .await;
        Self { address }
    }

    async fn open(&self, keep_left: Duration) -> Arc<dyn Store> {
        let store = ScyllaStore::start(settings(&self.address, keep_left));
        store.ready(PATIENCE).await.unwrap();
        Arc::new(store)
    }

    fn histories(&self) -> u32 {
        8
    }
}
