//! What watchers are told of storage: STORAGE_UPDATE, in the order of the commits.

use std::sync::Arc;

use lantern_actors::domain::UserId;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::pairs;
use crate::harness::{Client, TestHub, number};

/// The messages about a user until the pair `end` is there.
async fn until_end(mut client: Client, user: UserId) -> Vec<Value> {
    let mut told = Vec::new();
    loop {
        let message = client.next_whole().await.unwrap();
        let is_end = message["op"] == 10 && !message["d"]["end"].is_null();
        let of = match message["op"].as_u64() {
            Some(10) => &message["user_id"],
            Some(6) => &message["d"]["metadata"]["id"],
            _ => panic!("{message}"),
        };
        assert_eq!(*of, json!(user));
        told.push(message);
        if is_end {
            client.expect_silence().await;
            return told;
        }
    }
}

fn v(message: &Value) -> u64 {
    let v = message["v"].as_u64().or(message["d"]["v"].as_u64());
    v.unwrap()
}

fn counter(pairs: &Value, key: &str) -> usize {
    pairs[key].as_str().map_or(0, |text| text.parse().unwrap())
}

#[tokio::test]
async fn every_watcher_sees_the_same_commits_in_the_same_order() {
    const WRITERS: usize = 4;
    // So few that they all fit into what the kernel takes: nobody is told less than another.
    const EACH: usize = 8;
    const BURST: usize = 20;
    let hub = Arc::new(TestHub::start().await);
    let user = hub.members().await[0];
    let token = hub.token(user).await;
    let (by_id, _) = hub.watch(user).await;
    let addr = hub.app().addr();
    let mut packed = Client::connect(addr, "?encoding=msgpack").await;
    packed.init(&json!({"user_ids": [user]})).await;
    let mut all = Client::connect(addr, "").await;
    all.init(&json!({"user_id": "All"})).await;

    let writing = async {
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let (hub, token) = (Arc::clone(&hub), token.clone());
            writers.spawn(async move {
                for count in 1..=EACH {
                    let key = format!("writer{writer}");
                    let status = hub.put(user, &key, &count.to_string(), &token).await;
                    assert_eq!(status, 200);
                }
            });
        }
        hub.control.burst(&[user], BURST).await;
        writers.join_all().await;
        hub.until_user(user, "the burst is told", |user| number(user) == BURST)
            .await;
        assert_eq!(hub.put(user, "end", "", &token).await, 200);
    };
    let (first, second, third, ()) = tokio::join!(
        until_end(by_id, user),
        until_end(packed, user),
        until_end(all, user),
        writing
    );
    assert_eq!(first, second);
    assert_eq!(first, third);
    for two in first.windows(2) {
        assert!(v(&two[0]) < v(&two[1]), "{two:?}");
    }
    // A presence tells the pairs that were told last, so one walk sees all.
    let mut last = json!({});
    for message in &first {
        let told = match message["op"].as_u64() {
            Some(10) => &message["d"],
            _ => &message["d"]["storage"],
        };
        for writer in 0..WRITERS {
            let key = format!("writer{writer}");
            assert!(counter(&last, &key) <= counter(told, &key), "{message}");
        }
        assert!(
            message["op"] == 10 || *told == last,
            "only 10 tells new pairs"
        );
        last = told.clone();
    }
    let rest = hub.user(user).await;
    assert_eq!(
        (&rest["storage"], rest["v"].as_u64()),
        (&last, Some(v(first.last().unwrap())))
    );
    assert_eq!(pairs(&hub, user).await, last);
    assert_eq!(counter(&last, "writer0"), EACH);
}

#[tokio::test]
async fn what_is_told_beside_the_pairs() {
    let hub = TestHub::start().await;
    let members = hub.members().await;
    let user = members[0];
    let token = hub.token(user).await;
    let (mut client, before) = hub.watch(user).await;
    let (mut stranger, _) = hub.watch(members[1]).await;
    hub.put(user, "city", "Oslo", &token).await;
    let told = client.next_whole().await.unwrap();
    let now = hub.user(user).await;
    let expected = json!({
        "t": "STORAGE_UPDATE",
        "op": 10,
        "user_id": user,
        "v": now["v"],
        "d": {"city": "Oslo"},
    });
    assert_eq!(told, expected);
    assert!(v(&told) > before["v"].as_u64().unwrap());
    // What changes nothing is not told.
    hub.put(user, "city", "Oslo", &token).await;
    hub.put(user, "city", "Rome", "lt_kv_wrong").await;
    client.expect_silence().await;
    stranger.expect_silence().await;
    let reset = hub.change(Method::DELETE, user, "", &token);
    assert_eq!(reset.send().await.unwrap().status(), 200);
    assert_eq!(client.expect("STORAGE_UPDATE").await, json!({}));
    let reset = hub.change(Method::DELETE, user, "", &token);
    assert_eq!(reset.send().await.unwrap().status(), 200);
    client.expect_silence().await;
}

#[tokio::test]
async fn who_missed_a_change_of_pairs_is_told_when_they_come_back() {
    let hub = TestHub::start().await;
    let user = hub.members().await[0];
    let token = hub.token(user).await;
    let (client, before) = hub.watch(user).await;
    client.close().await;
    let known = |user: &Value| json!({user["metadata"]["id"].as_str().unwrap(): user["v"]});
    hub.put(user, "city", "Oslo", &token).await;
    let mut client = hub.connect().await;
    let selection = json!({"user_ids": [user], "known": known(&before)});
    let told = client.init(&selection).await;
    assert_eq!(told[0]["storage"], json!({"city": "Oslo"}));
    let mut client = hub.connect().await;
    let selection = json!({"user_ids": [user], "known": known(&told[0])});
    assert_eq!(client.init(&selection).await, json!([]));
    let tag = format!("\"v-{}\"", told[0]["v"]);
    let path = format!("/api/v1/users/{user}");
    assert_eq!(
        hub.ask(&path, &[("if-none-match", &tag)]).await.status(),
        304
    );
}
