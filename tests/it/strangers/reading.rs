//! Who reads does not write: a version that nobody published changes few users, once each.

use serde_json::{Map, Value, json};

use crate::harness::Discord;

const MEMBERS: u32 = 90;
/// How many a client may name.
const MOST: usize = 32;

fn id(user: &Value) -> &str {
    user["metadata"]["id"].as_str().unwrap()
}

fn above(user: &Value) -> u64 {
    user["v"].as_u64().unwrap() + 1
}

#[tokio::test]
async fn a_version_above_the_published_one_changes_few_users_after_a_restart() {
    let discord = Discord::start(MEMBERS).await;
    let hub = discord.hub().await;
    hub.until_live().await;
    hub.stop().await;
    let hub = discord.hub().await;
    hub.until_live().await;
    let before = hub.everybody().await;
    let before = before.as_array().unwrap();
    assert_eq!(before.len(), MEMBERS as usize + 1);
    let mut watcher = hub.connect().await;
    watcher.init(&json!({"user_id": "All"})).await;

    let mut kept = 0;
    for user in before {
        let tag = format!("\"v-{}\"", above(user));
        let headers = [("if-none-match", &*tag), ("x-forwarded-for", "192.0.2.1")];
        let path = format!("/api/v1/users/{}", id(user));
        let status = hub.ask(&path, &headers).await.status().as_u16();
        kept += usize::from(status == 304);
    }
    assert_eq!(kept, MOST);
    let known = before.iter().rev();
    let known = known.map(|user| (id(user).to_owned(), above(user).into()));
    let known = Value::Object(known.collect::<Map<_, _>>());
    let mut client = hub.connect().await;
    let told = client
        .init(&json!({"user_id": "All", "known": known}))
        .await;
    let told = told.as_array().unwrap().len();
    // Who was named by the other client is above by now, and told or kept.
    assert!(told >= before.len() - 2 * MOST, "{told} were told");

    // Whoever changed is told to the watcher, in an order of its own; then nobody.
    let last = hub.members().await[0];
    hub.control.playing(last, "Go").await;
    let mut changed = 0;
    loop {
        let update = watcher.expect("PRESENCE_UPDATE").await;
        match id(&update) == last.to_string() && crate::harness::game(&update) == "Go" {
            true => break,
            false => changed += 1,
        }
    }
    assert!(changed <= 2 * MOST, "{changed} changed");
}
