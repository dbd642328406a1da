//! The protocol of the presence socket, message by message.

mod faults;
mod gap;
mod protocol;
mod watching;

use serde_json::{Value, json};

use crate::harness::{Client, TestHub, eventually};

/// The ids of the users in an answer.
fn ids(users: &Value) -> Vec<&str> {
    let users = users.as_array().unwrap().iter();
    users
        .map(|user| user["metadata"]["id"].as_str().unwrap())
        .collect()
}

/// A hub of so many members, all of whom are monitored already.
async fn hub(members: u32) -> TestHub {
    let hub = TestHub::with(members, |_| {}).await;
    settled(&hub).await;
    hub
}

/// Waits until every member is published.
async fn settled(hub: &TestHub) {
    let members = hub.members().await.len();
    eventually("every member is published", async || {
        (hub.hub().directory().monitored() >= members).then_some(())
    })
    .await;
}

async fn init(client: &mut Client, d: Value) {
    client.send(&json!({"op": 2, "d": d})).await;
}

async fn subscribe(client: &mut Client, d: Value) {
    client.send(&json!({"op": 12, "d": d})).await;
}

async fn unsubscribe(client: &mut Client, d: Value) {
    client.send(&json!({"op": 14, "d": d})).await;
}
