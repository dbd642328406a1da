//! `chunk`: an answer with many users in pieces that a client's library takes.

use std::collections::{BTreeMap, BTreeSet};

use lantern_actors::domain::UserId;
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::harness::{Client, Frame, RawClient, TestHub, Upgrade, eventually, game, within};

const MEMBERS: u32 = 20;

fn id(user: &Value) -> String {
    user["metadata"]["id"].as_str().unwrap().to_owned()
}

fn by_id(users: &Value) -> BTreeMap<String, Value> {
    let users = users.as_array().unwrap().iter();
    users.map(|user| (id(user), user.clone())).collect()
}

async fn hub(members: u32) -> TestHub {
    let hub = TestHub::with(members, |_| {}).await;
    let count = members as usize + 1;
    eventually("every member is published", async || {
        (hub.hub().directory().monitored() >= count).then_some(())
    })
    .await;
    hub
}

/// The pieces of one answer, and that all but the last announce more.
async fn pieces(client: &mut Client, t: &str) -> Vec<Vec<Value>> {
    let mut pieces = Vec::new();
    loop {
        let message = client.next_whole().await.unwrap();
        assert_eq!(message["t"], t, "{message}");
        pieces.push(message["d"].as_array().unwrap().clone());
        match message.get("more") {
            Some(more) => assert_eq!(*more, json!(true)),
            None => return pieces,
        }
    }
}

fn sizes(pieces: &[Vec<Value>]) -> Vec<usize> {
    pieces.iter().map(Vec::len).collect()
}

#[tokio::test]
async fn everybody_comes_in_pieces_in_every_dialect() {
    let hub = hub(MEMBERS).await;
    let user = hub.members().await[0];
    let init = json!({"op": 2, "d": {"user_id": "All", "chunk": 6}});
    for (packed, deflate) in [(false, false), (true, false), (false, true), (true, true)] {
        let query = if packed { "?encoding=msgpack" } else { "" };
        let mut upgrade = Upgrade::default().query(query);
        let mut frame = Frame::text(init.to_string());
        if packed {
            frame = Frame::new(0x82, rmp_serde::to_vec_named(&init).unwrap());
        }
        if deflate {
            upgrade = upgrade.deflate();
        }
        let whole = by_id(&hub.everybody().await);
        let mut client = RawClient::open(hub.app().addr(), &upgrade).await;
        client.send(frame.bytes()).await;
        let (mut sent, mut sizes) = (BTreeMap::new(), Vec::new());
        loop {
            let received = client.next().await.unwrap();
            assert_eq!(received.is_compressed(), deflate);
            let message = received.message();
            assert_eq!(message["t"], "INIT_ACK");
            sizes.push(message["d"].as_array().unwrap().len());
            sent.extend(by_id(&message["d"]));
            if message.get("more").is_none() {
                break;
            }
            assert_eq!(message["more"], true);
        }
        assert_eq!(sizes, [6, 6, 6, 3]);
        assert_eq!(sent, whole);
        let name = format!("{packed} {deflate}");
        hub.control.playing(user, &name).await;
        let update = client.expect("PRESENCE_UPDATE").await;
        assert_eq!(game(&update), name);
    }
}

#[tokio::test]
async fn users_by_id_come_in_pieces_and_one_user_does_not() {
    let hub = hub(5).await;
    let members = hub.members().await;
    let mut client = hub.connect().await;
    let mut named = json!(members);
    named.as_array_mut().unwrap().push(json!("7"));
    let d = json!({"user_ids": named, "chunk": 2.0});
    client.send(&json!({"op": 2, "d": d})).await;
    let sent = pieces(&mut client, "INIT_ACK").await;
    assert_eq!(sizes(&sent), [2, 2, 1]);
    let ids: Vec<String> = sent.iter().flatten().map(id).collect();
    let expected: Vec<String> = members.iter().map(UserId::to_string).collect();
    assert_eq!(ids, expected);
    let error = client.expect("ERROR").await;
    assert_eq!(error, "User 7 is not monitored by Lantern.");

    let d = json!({"user_ids": members, "chunk": 5});
    client.send(&json!({"op": 12, "d": d})).await;
    assert_eq!(sizes(&pieces(&mut client, "SUBSCRIBE_ACK").await), [5]);
    let d = json!({"user_id": members[0], "chunk": 1});
    client.send(&json!({"op": 12, "d": d})).await;
    let one = client.next_whole().await.unwrap();
    assert_eq!(id(&one["d"]), members[0].to_string());
    assert_eq!(one.get("more"), None);
    for chunk in [json!(0), json!(1_001), json!(1.5), json!("5")] {
        let d = json!({"user_id": "All", "chunk": chunk});
        client.send(&json!({"op": 12, "d": d})).await;
        let error = client.expect("ERROR").await;
        assert!(error.as_str().unwrap().starts_with("\"chunk\" must be"));
    }
    client.expect_silence().await;
}

#[tokio::test]
async fn who_has_not_changed_is_left_out_and_who_left_is_told_behind_the_last_piece() {
    let hub = hub(MEMBERS).await;
    let members = hub.members().await;
    let before = by_id(&hub.everybody().await);
    let versions = before
        .iter()
        .map(|(id, user)| (id.clone(), user["v"].clone()));
    let known: Map<String, Value> = versions.collect();
    for user in &members[..5] {
        hub.control.playing(*user, "Go").await;
        hub.until_user(*user, "the game is published", |user| game(user) == "Go")
            .await;
    }
    let mut bystander = hub.connect().await;
    bystander.init(&json!({"user_id": "All"})).await;
    hub.control.leave(members[9]).await;
    bystander.expect("USER_LEFT").await;
    for (selection, error) in [
        (json!({"user_id": "All", "known": known, "chunk": 2}), false),
        (
            json!({"user_ids": members, "known": known, "chunk": 2}),
            true,
        ),
    ] {
        let mut client = hub.connect().await;
        client.send(&json!({"op": 2, "d": selection})).await;
        let sent = pieces(&mut client, "INIT_ACK").await;
        assert_eq!(sizes(&sent), [2, 2, 1]);
        let ids: BTreeSet<String> = sent.iter().flatten().map(id).collect();
        let changed = members[..5].iter().map(UserId::to_string);
        assert_eq!(ids, changed.collect());
        let left = client.expect("USER_LEFT").await;
        assert_eq!(left, json!({"user_id": members[9]}));
        if error {
            client.expect("ERROR").await;
        }
        client.expect_silence().await;
    }
    let now = by_id(&hub.everybody().await);
    let versions = now.iter().map(|(id, user)| (id.clone(), user["v"].clone()));
    let known: Map<String, Value> = versions.collect();
    let mut client = hub.connect().await;
    let d = json!({"user_id": "All", "known": known, "chunk": 2});
    client.send(&json!({"op": 2, "d": d})).await;
    assert_eq!(sizes(&pieces(&mut client, "INIT_ACK").await), [0]);
}

/// What a client holds that keeps what it is sent, and fails if it is sent anything old.
#[derive(Default)]
struct Held {
    users: BTreeMap<String, Value>,
    left: BTreeSet<String>,
    /// Updates that came before the last piece.
    between: usize,
    is_whole: bool,
}

impl Held {
    fn take(&mut self, message: &Value) {
        let d = &message["d"];
        match message["t"].as_str().unwrap() {
            "INIT_ACK" => {
                for (id, user) in by_id(d) {
                    assert!(!self.left.contains(&id), "{id} left before");
                    let held = self.users.insert(id, user.clone());
                    let held = held.map_or(0, |held| held["v"].as_u64().unwrap());
                    assert!(user["v"].as_u64().unwrap() >= held, "{held}: {user}");
                }
                self.is_whole = message.get("more").is_none();
            }
            "PRESENCE_UPDATE" | "USER_JOINED" => {
                self.between += usize::from(!self.is_whole);
                let held = self.users.insert(id(d), d.clone());
                let held = held.map_or(0, |held| held["v"].as_u64().unwrap());
                assert!(d["v"].as_u64().unwrap() > held, "{held}: {d}");
            }
            "USER_LEFT" => {
                let id = d["user_id"].as_str().unwrap().to_owned();
                self.users.remove(&id);
                self.left.insert(id);
            }
            other => panic!("{other}"),
        }
    }
}

const LARGE: u32 = 30;

/// A hub whose members have so much stored that a kernel does not take the answer with all of them.
async fn large_hub() -> TestHub {
    let hub = hub(LARGE).await;
    let pairs = (0..10).map(|number| (format!("key{number}"), json!("x".repeat(30_000))));
    let pairs = Value::Object(pairs.collect()).to_string();
    for user in hub.members().await {
        let token = hub.token(user).await;
        let change = hub.change(Method::PATCH, user, "", &token);
        let answer = change.body(pairs.clone()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    hub
}

/// A client that has asked for everybody in pieces and reads nothing: the rest has to wait.
async fn waiting(hub: &TestHub) -> Client {
    let mut client = Client::with_little_room(hub.app().addr(), 4_096).await;
    let d = json!({"user_id": "All", "chunk": 1});
    client.send(&json!({"op": 2, "d": d})).await;
    eventually("a piece waits", async || {
        (hub.metric("lantern_queued_messages").await > 0).then_some(())
    })
    .await;
    client
}

#[tokio::test]
async fn nothing_is_missed_between_the_pieces_and_nothing_is_older_than_before() {
    let hub = large_hub().await;
    let members = hub.members().await;
    let mut client = waiting(&hub).await;
    // One piece waits, and not the whole guild.
    assert_eq!(hub.metric("lantern_queued_messages").await, 1);
    for user in &members {
        hub.control.playing(*user, "between").await;
    }
    for user in &members[..3] {
        hub.control.leave(*user).await;
    }
    let joined = hub.control.join().await;
    let last = members[members.len() - 1];
    hub.until_user(last, "all is taken in", |user| game(user) == "between")
        .await;
    eventually("they left, and one joined", async || {
        let are_gone = members[..3]
            .iter()
            .all(|user| hub.hub().user(*user).is_none());
        (are_gone && hub.hub().user(joined).is_some()).then_some(())
    })
    .await;
    let mut held = Held::default();
    while !held.is_whole {
        held.take(&client.next_whole().await.unwrap());
    }
    client.send(&json!({"op": 4})).await;
    loop {
        let message = client.next_whole().await.unwrap();
        if message["t"] == "HEARTBEAT_ACK" {
            break;
        }
        held.take(&message);
    }
    assert!(held.between > 0, "no update came between the pieces");
    assert_eq!(held.users, by_id(&hub.everybody().await));
}

#[tokio::test]
async fn heartbeats_are_answered_between_pieces_and_subscriptions_behind_the_last() {
    let hub = large_hub().await;
    let members = hub.members().await;
    let mut client = waiting(&hub).await;
    client.send(&json!({"op": 4})).await;
    let d = json!({"user_ids": members[..9]});
    client.send(&json!({"op": 12, "d": d})).await;
    client.send(&json!({"op": 4})).await;
    let mut order: Vec<String> = Vec::new();
    let mut heartbeats = 0;
    while heartbeats < 2 {
        let message = client.next_whole().await.unwrap();
        let kind = message["t"].as_str().unwrap().to_owned();
        heartbeats += usize::from(kind == "HEARTBEAT_ACK");
        order.push(match message.get("more") {
            Some(_) => kind + " and more",
            None => kind,
        });
        order.dedup();
    }
    let expected = [
        "INIT_ACK and more",
        "HEARTBEAT_ACK",
        "INIT_ACK and more",
        "INIT_ACK",
        "SUBSCRIBE_ACK",
        "HEARTBEAT_ACK",
    ];
    assert_eq!(order, expected);
}

#[tokio::test]
async fn a_client_that_goes_away_between_pieces_leaves_nothing() {
    let hub = large_hub().await;
    let client = waiting(&hub).await;
    drop(client);
    within("the socket is dropped", hub.app().shards().closed()).await;
    assert_eq!(hub.metric("lantern_queued_messages").await, 0);
    assert_eq!(hub.metric("lantern_subscriptions").await, 0);
}
