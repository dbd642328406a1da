//! What a client is told after a gap, and that nothing is missed between the answer and the
//! updates.

use std::{collections::HashMap, sync::Arc};

use lantern_actors::domain::UserId;
use serde_json::{Map, Value, json};

use super::{hub, ids, init, subscribe};
use crate::harness::{Client, TestHub, eventually, game};

/// `known`, made of users as they were told.
fn known<'a>(users: impl IntoIterator<Item = &'a Value>) -> Value {
    let entry = |user: &Value| {
        let id = user["metadata"]["id"].as_str().unwrap().to_owned();
        (id, user["v"].clone())
    };
    Value::Object(users.into_iter().map(entry).collect::<Map<_, _>>())
}

#[tokio::test]
async fn who_has_not_changed_is_left_out_after_a_reconnect() {
    let hub = hub(3).await;
    let members = hub.members().await;
    let mut before = hub.connect().await;
    let told = before.init(&json!({"user_ids": members})).await;
    let known = known(told.as_array().unwrap());
    drop(before);

    let mut again = hub.connect().await;
    let answer = again
        .init(&json!({"user_ids": members, "known": known}))
        .await;
    assert_eq!(answer, json!([]));
    // Left out of the answer, and watched all the same.
    hub.control.playing(members[1], "Go").await;
    again.until(|user| game(user) == "Go").await;
    drop(again);

    let mut later = hub.connect().await;
    let answer = later
        .init(&json!({"user_ids": members, "known": known}))
        .await;
    assert_eq!(ids(&answer), [members[1].to_string()]);
    let mut everybody = hub.connect().await;
    let answer = everybody
        .init(&json!({"user_id": "All", "known": known}))
        .await;
    let told = ids(&answer);
    assert!(told.contains(&members[1].to_string().as_str()));
    assert!(!told.contains(&members[0].to_string().as_str()));
}

#[tokio::test]
async fn one_user_who_is_known_is_answered_with_null() {
    let hub = hub(2).await;
    let members = hub.members().await;
    let (_, told) = hub.watch(members[0]).await;
    let mut again = hub.connect().await;
    let selection = json!({"user_id": members[0], "known": known([&told])});
    assert_eq!(again.init(&selection).await, Value::Null);
    hub.control.playing(members[0], "Go").await;
    again.until(|user| game(user) == "Go").await;

    let other = hub.user(members[1]).await;
    let selection = json!({"user_id": members[1], "known": known([&other])});
    subscribe(&mut again, selection).await;
    assert_eq!(again.expect("SUBSCRIBE_ACK").await, Value::Null);
    // Any other version, even a later one, is not known.
    let stranger = json!({members[1].to_string(): other["v"].as_u64().unwrap() + 1});
    subscribe(
        &mut again,
        json!({"user_id": members[1], "known": stranger}),
    )
    .await;
    assert_eq!(again.expect("SUBSCRIBE_ACK").await, other);
}

#[tokio::test]
async fn who_left_during_the_gap_is_told_behind_the_answer() {
    let hub = hub(4).await;
    let members = hub.members().await;
    let mut before = hub.connect().await;
    let told = before.init(&json!({"user_ids": members})).await;
    let known = known(told.as_array().unwrap());
    hub.control.leave(members[0]).await;
    before.expect("USER_LEFT").await;
    hub.control.leave(members[1]).await;
    before.expect("USER_LEFT").await;
    drop(before);
    let left = [
        json!({"user_id": members[0]}),
        json!({"user_id": members[1]}),
    ];

    let mut everybody = hub.connect().await;
    everybody
        .init(&json!({"user_id": "All", "known": known}))
        .await;
    for user in &left {
        assert_eq!(everybody.expect("USER_LEFT").await, *user);
    }
    everybody.expect_silence().await;

    let mut named = hub.connect().await;
    let selection = json!({"user_ids": members, "known": known});
    assert_eq!(named.init(&selection).await, json!([]));
    for user in &left {
        assert_eq!(named.expect("USER_LEFT").await, *user);
    }
    // They were named, and cannot be watched.
    named.expect("ERROR").await;
    named.expect_silence().await;
    subscribe(&mut named, json!({"user_id": members[2], "known": known})).await;
    named.expect("SUBSCRIBE_ACK").await;
    for user in &left {
        assert_eq!(named.expect("USER_LEFT").await, *user);
    }

    let mut gone = hub.connect().await;
    init(
        &mut gone,
        json!({"user_id": members[0], "known": {members[0].to_string(): 1}}),
    )
    .await;
    assert_eq!(gone.expect("USER_LEFT").await, left[0]);
    gone.expect("ERROR").await;
    // INIT found nobody, so it may be sent again.
    gone.init(&json!({"user_id": members[2]})).await;
}

#[tokio::test]
async fn while_the_gateway_is_away_answers_say_since_when() {
    let hub = hub(1).await;
    let user = hub.members().await[0];
    let (mut client, fresh) = hub.watch(user).await;
    assert_eq!(fresh.get("stale"), None);
    // A new login takes seconds, and the pause makes them as long as is needed.
    hub.control.gateway("invalidate").await;
    hub.control.gateway("pause").await;
    hub.until_user(user, "the gateway is away", |user| user["stale"] == true)
        .await;
    // The shards hear of it a moment after REST.
    let told = eventually("a socket is told of it", async || {
        let (_, told) = hub.watch(user).await;
        (told["stale"] == true).then_some(told)
    })
    .await;
    assert_eq!(told, hub.user(user).await);
    assert!(told["observed_at"]["unix"].is_u64(), "{told}");
    assert_eq!(told["v"], fresh["v"]);
    subscribe(&mut client, json!({"user_ids": [user]})).await;
    assert_eq!(client.expect("SUBSCRIBE_ACK").await, json!([told]));
    let mut packed = Client::connect(hub.app().addr(), "?encoding=msgpack").await;
    packed
        .send_packed(&json!({"op": 2, "d": {"user_id": user}}))
        .await;
    assert_eq!(packed.expect("INIT_ACK").await, told);

    hub.control.gateway("resume").await;
    hub.until_user(user, "the gateway is back", |user| {
        user.get("stale").is_none()
    })
    .await;
}

/// Follows what a client is told of each user, and fails if it is ever older than before.
async fn follow(mut client: Client, users: &[UserId], first: Value) -> HashMap<String, Value> {
    let mut newest = HashMap::new();
    let id = |user: &Value| user["metadata"]["id"].as_str().unwrap().to_owned();
    for user in first.as_array().unwrap() {
        newest.insert(id(user), user.clone());
    }
    let at_the_end = |newest: &HashMap<String, Value>| {
        let told = users
            .iter()
            .filter_map(|user| newest.get(&user.to_string()));
        told.filter(|user| game(user) == "the end").count() == users.len()
    };
    while !at_the_end(&newest) {
        let update = client.expect("PRESENCE_UPDATE").await;
        let before = newest.insert(id(&update), update.clone());
        let before = before.map_or(0, |user| user["v"].as_u64().unwrap());
        assert!(update["v"].as_u64().unwrap() > before, "{before}: {update}");
    }
    newest
}

/// Some clients that come while updates flow.
async fn newcomers(hub: Arc<TestHub>, users: Vec<UserId>) -> Vec<HashMap<String, Value>> {
    let mut following = Vec::new();
    for number in 0..40 {
        let mut client = hub.connect().await;
        let selection = match number % 2 {
            0 => json!({"user_ids": users}),
            _ => json!({"user_id": "All"}),
        };
        let first = client.init(&selection).await;
        let users = users.clone();
        following.push(tokio::spawn(
            async move { follow(client, &users, first).await },
        ));
    }
    let mut told = Vec::new();
    for follower in following {
        told.push(follower.await.unwrap());
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_missed_between_the_answer_and_the_updates() {
    let hub = Arc::new(hub(5).await);
    let users = hub.members().await;
    let coming = tokio::spawn(newcomers(Arc::clone(&hub), users.clone()));
    // At least one update of everybody for each client, and until all have come.
    let mut round = 0;
    while round < 20 || hub.app().shards().subscriptions() < 20 * users.len() + 20 {
        for user in &users {
            hub.control.playing(*user, &format!("round {round}")).await;
        }
        round += 1;
    }
    for user in &users {
        hub.control.playing(*user, "the end").await;
    }
    let told = coming.await.unwrap();
    assert_eq!(told.len(), 40);
    for user in &users {
        let by_rest = hub.user(*user).await;
        for told in &told {
            assert_eq!(told[&user.to_string()], by_rest);
        }
    }
    Arc::into_inner(hub).unwrap().stop().await;
}
