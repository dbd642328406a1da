//! Stores, keyspaces and changes for the tests.

use std::{env, io::Write, sync::Once, time::Duration};

use ::scylla::client::{session::Session, session_builder::SessionBuilder};
use lantern::store::scylla::{self, ScyllaSettings, ScyllaStore};
use lantern_actors::{
    domain::{GuildId, PairKey, PairValue, UserId},
    ports::store::{NewEvent, UserChange, UserKey},
};

/// As long as a busy machine may need for anything.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The server that tests share; without one, the test is to be skipped.
pub fn shared_server() -> Option<String> {
    static SAID: Once = Once::new();
    let address = env::var("LANTERN_TEST_CQL").ok();
    if address.is_none() {
        // Past the harness, which keeps what passing tests print to itself.
        SAID.call_once(|| {
            let said = "LANTERN_TEST_CQL is not set (tests/run sets it): skipped\n";
            std::io::stderr().write_all(said.as_bytes()).unwrap();
        });
    }
    address
}

/// Settings for a keyspace that does not exist yet.
pub fn settings(address: &str) -> ScyllaSettings {
    ScyllaSettings {
        nodes: vec![address.to_owned()],
        keyspace: format!("test_{:016x}", rand::random::<u64>()),
        replication: "{'class': 'SimpleStrategy', 'replication_factor': 1}".to_owned(),
        migrate_on_start: false,
        user: None,
        tls: None,
        connect_timeout: PATIENCE,
        request_timeout: PATIENCE,
        resolve_timeout: PATIENCE,
        keep_left: Duration::from_secs(3_600),
    }
}

/// A store that is ready, in a keyspace that is there.
pub async fn store(settings: &ScyllaSettings) -> ScyllaStore {
    scylla::migrate(settings).await.unwrap();
    let store = ScyllaStore::start(settings.clone());
    store.ready(PATIENCE).await.unwrap();
    store
}

/// A session of the test's own.
pub async fn session(settings: &ScyllaSettings) -> Session {
    let builder = SessionBuilder::new().known_nodes(&settings.nodes);
    builder.build().await.unwrap()
}

/// A user that no other test has.
pub fn somebody() -> UserKey {
    let number = || rand::random::<u64>().max(1);
    UserKey {
        guild: GuildId::try_from(number()).unwrap(),
        user: UserId::try_from(number()).unwrap(),
    }
}

/// A change that sets pairs and tells an event with the same text.
pub fn change(names: &[&str], text: &str) -> UserChange {
    let pair = |name: &&str| {
        let key = PairKey::try_from((*name).to_owned()).unwrap();
        (key, Some(PairValue::try_from(text.to_owned()).unwrap()))
    };
    UserChange {
        pairs: names.iter().map(pair).collect(),
        events: vec![NewEvent {
            kind: "changed".to_owned(),
            body: text.to_owned(),
            keep_for: Duration::from_secs(3_600),
        }],
        ..UserChange::default()
    }
}
