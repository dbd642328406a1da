//! A server that wants encryption and a password.

use std::time::Duration;

use lantern::{
    config::Secret,
    store::scylla::{ScyllaSettings, ScyllaStore, Tls},
};
use lantern_actors::ports::store::{Revision, Store};

use crate::{
    fixture::{PATIENCE, change, settings, shared_server, somebody},
    server::{Access, CqlServer},
};

/// Why a store with these settings does not come up, once it says something like `part`.
async fn refusal(settings: &ScyllaSettings, part: &str) -> String {
    let store = ScyllaStore::start(settings.clone());
    let told = async {
        loop {
            let reason = store.guilds().await.unwrap_err().to_string();
            if reason.contains(part) {
                return reason;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let told = tokio::time::timeout(PATIENCE, told).await;
    told.unwrap_or_else(|_| panic!("nothing is said of {part:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_encrypted_server_with_passwords_is_used_by_whoever_may() {
    if shared_server().is_none() {
        return;
    }
    let server = CqlServer::start(Access::Secure).await;
    let may = ScyllaSettings {
        migrate_on_start: true,
        user: Some(("cassandra".to_owned(), Secret::new("cassandra"))),
        tls: Some(Tls::trusting(server.certificate()).unwrap()),
        ..settings(&server.address())
    };
    let store = ScyllaStore::start(may.clone());
    store.ready(PATIENCE).await.unwrap();
    let user = somebody();
    let commit = store
        .users()
        .commit(user, Revision::new(0), change(&["a"], "1"));
    commit.await.unwrap();
    assert_eq!(store.users().load(user).await.unwrap().pairs.len(), 1);

    let wrong_password = ScyllaSettings {
        user: Some(("cassandra".to_owned(), Secret::new("wrong"))),
        ..may.clone()
    };
    let reason = refusal(&wrong_password, "uthenticat").await;
    assert!(!reason.contains("wrong"), "{reason}");

    // Signed by somebody else.
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.pem");
    std::fs::write(&other, OTHER_CERTIFICATE).unwrap();
    let wrong_certificate = ScyllaSettings {
        tls: Some(Tls::trusting(other).unwrap()),
        ..may.clone()
    };
    refusal(&wrong_certificate, "ertificate").await;
}

#[test]
fn a_certificate_that_is_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let missing = Tls::trusting(path.clone()).unwrap_err().to_string();
    assert!(missing.contains("ca.pem"), "{missing}");
    std::fs::write(&path, "nothing").unwrap();
    let empty = Tls::trusting(path).unwrap_err().to_string();
    assert!(empty.contains("no certificate"), "{empty}");
}

const OTHER_CERTIFICATE: &str = include_str!("other.pem");
