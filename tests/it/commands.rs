//! Slash commands, used by members of the simulated Discord. A file per command.

mod completion;
mod create;
mod delete;
mod get;
mod list;
mod odd_members;
mod ping;
mod registration;
mod reset;
mod slow;
mod status;
mod update;

use lantern::config::Config;
use lantern_actors::{
    domain::{PairKey, PairValue, UserId},
    user::{Authority, Condition, StorageRequest},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Control, TestHub};

const SECRET: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// Only who asked sees the message.
const EPHEMERAL: u64 = 1 << 6;

/// A hub whose members may have tokens.
async fn hub() -> TestHub {
    hub_with(|_| {}).await
}

async fn hub_with(change: impl FnOnce(&mut Config)) -> TestHub {
    TestHub::with(3, |config| {
        config.kv.token_secret = Some(lantern::config::Secret::new(SECRET));
        config.server.public_url = Some("https://lantern.example.org".to_owned());
        change(config);
    })
    .await
}

/// What a member does, and what the bot said to it.
async fn deed(control: &Control, member: UserId, mut deed: Value) -> Value {
    deed["member"] = json!(member.to_string());
    deed["settle_ms"] = json!(1);
    control.request(Method::POST, "/interactions", deed).await
}

/// A member uses a command; the message with the answer, which nobody else sees.
async fn used(hub: &TestHub, member: UserId, name: &str, options: Value) -> Value {
    let command = json!({"type": "command", "name": name, "options": options});
    let outcome = deed(&hub.control, member, command).await;
    assert_eq!(outcome["complete"], true, "{outcome}");
    assert_eq!(outcome["callback"]["type"], 4, "at once: {outcome}");
    let message = outcome["message"].clone();
    let flags = message["flags"].as_u64().unwrap();
    assert_eq!(flags & EPHEMERAL, EPHEMERAL, "{message}");
    message
}

/// What is answered to a command.
async fn says(hub: &TestHub, member: UserId, name: &str, options: Value) -> String {
    text(&used(hub, member, name, options).await).to_owned()
}

fn text(message: &Value) -> &str {
    message["content"].as_str().unwrap()
}

/// A pair by another way than commands.
async fn put(hub: &TestHub, member: UserId, key: &str, value: &str) {
    let request = StorageRequest::Put {
        key: PairKey::try_from(key.to_owned()).unwrap(),
        value: PairValue::try_from(value.to_owned()).unwrap(),
        condition: Condition::Always,
    };
    let put = hub.hub().storage(member, Authority::Owner, request);
    put.await.unwrap();
}

/// So many pairs, `key0` and so on.
async fn fill(hub: &TestHub, member: UserId, pairs: usize) {
    fill_with(hub, member, pairs, |number| number.to_string()).await;
}

async fn fill_with(hub: &TestHub, member: UserId, pairs: usize, value: impl Fn(usize) -> String) {
    let pair = |number: usize| {
        let key = PairKey::try_from(format!("key{number}")).unwrap();
        (key, PairValue::try_from(value(number)).ok())
    };
    let request = StorageRequest::Merge((0..pairs).map(pair).collect());
    let filled = hub.hub().storage(member, Authority::Owner, request);
    filled.await.unwrap();
}

/// The pairs as everybody reads them.
async fn stored(hub: &TestHub, member: UserId) -> Value {
    hub.user(member).await["storage"].clone()
}

/// The file that is attached to a message: its name and what is in it.
async fn file(message: &Value) -> (String, Vec<u8>) {
    let attachment = &message["attachments"][0];
    let url = attachment["url"].as_str().unwrap();
    let bytes = reqwest::get(url).await.unwrap().bytes().await.unwrap();
    assert_eq!(attachment["size"], bytes.len());
    let name = attachment["filename"].as_str().unwrap();
    (name.to_owned(), bytes.to_vec())
}
