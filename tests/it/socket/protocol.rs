//! HELLO, INIT, heartbeats, and how a socket ends when they fail.

use std::time::Duration;

use serde_json::json;

use super::{hub, ids, init, settled, subscribe};
use crate::harness::{Closed, Frame, RawClient, TestHub, Upgrade};

#[tokio::test]
async fn hello_tells_the_configured_interval() {
    let hub = TestHub::with(1, |config| config.socket.heartbeat_interval_ms = 12_345).await;
    let client = hub.connect().await;
    assert_eq!(client.hello, json!({"heartbeat_interval": 12_345}));
}

#[tokio::test]
async fn init_answers_one_user_with_an_object_and_several_with_an_array() {
    let hub = hub(3).await;
    let members = hub.members().await;
    let (mut one, told) = hub.watch(members[0]).await;
    assert_eq!(told, hub.user(members[0]).await);
    one.expect_silence().await;

    let mut many = hub.connect().await;
    let told = many.init(&json!({"user_ids": &members[..2]})).await;
    let expected = json!([hub.user(members[0]).await, hub.user(members[1]).await]);
    assert_eq!(told, expected);

    let mut list_of_one = hub.connect().await;
    let told = list_of_one.init(&json!({"user_ids": [members[2]]})).await;
    assert_eq!(told, json!([hub.user(members[2]).await]));
}

#[tokio::test]
async fn all_is_everybody_in_any_letter_case() {
    let hub = hub(3).await;
    let (_, info) = hub.get("/").await;
    for all in ["All", "all", "ALL", "aLl"] {
        let mut client = hub.connect().await;
        let told = client.init(&json!({"user_id": all})).await;
        let told = ids(&told);
        for member in hub.members().await {
            assert!(told.contains(&member.to_string().as_str()), "{all}");
        }
        assert_eq!(told.len(), hub.hub().directory().monitored(), "{info}");
    }
}

#[tokio::test]
async fn unknown_users_are_named_and_init_may_be_sent_again() {
    let hub = hub(2).await;
    let members = hub.members().await;
    let mut client = hub.connect().await;
    init(&mut client, json!({"user_id": "42"})).await;
    assert_eq!(
        client.expect("ERROR").await,
        "User 42 is not monitored by Lantern."
    );
    init(&mut client, json!({"user_ids": ["42", "43"]})).await;
    assert_eq!(
        client.expect("ERROR").await,
        "Users 42, 43 are not monitored by Lantern."
    );
    let known_among_them = json!({"user_ids": [members[0], "42", members[1]]});
    let told = client.init(&known_among_them).await;
    assert_eq!(ids(&told).len(), 2);
    assert_eq!(
        client.expect("ERROR").await,
        "User 42 is not monitored by Lantern."
    );
    hub.control.playing(members[1], "Chess").await;
    client.expect("PRESENCE_UPDATE").await;
    subscribe(&mut client, json!({"user_id": "44"})).await;
    client.expect("ERROR").await;
    client.expect_silence().await;
}

#[tokio::test]
async fn a_long_list_of_unknown_users_is_cut_short() {
    let hub = hub(1).await;
    let mut client = hub.connect().await;
    let nobody: Vec<String> = (1..=1_000).map(|id| id.to_string()).collect();
    init(&mut client, json!({"user_ids": nobody})).await;
    let error = client.expect("ERROR").await;
    assert_eq!(
        error,
        "Users 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 990 more are not monitored by Lantern."
    );
}

#[tokio::test]
async fn without_init_the_socket_is_closed_and_others_stay() {
    let hub = TestHub::with(1, |config| config.socket.init_timeout_ms = 500).await;
    settled(&hub).await;
    let (mut bystander, _) = hub.watch(hub.members().await[0]).await;
    let mut silent = hub.connect().await;
    let mut talking = hub.connect().await;
    // Heartbeats do not count.
    talking.expect_silence().await;
    let expected = Closed {
        disconnect: Some("No INIT within 0.5 s.".to_owned()),
        code: Some(4002),
    };
    assert_eq!(silent.closed().await, expected);
    assert_eq!(talking.closed().await, expected);
    bystander.expect_silence().await;
}

#[tokio::test]
async fn an_init_that_finds_nobody_keeps_the_socket_open() {
    let hub = TestHub::with(1, |config| config.socket.init_timeout_ms = 500).await;
    settled(&hub).await;
    let user = hub.members().await[0];
    let mut silent = hub.connect().await;
    let mut early = hub.connect().await;
    init(&mut early, json!({"user_id": "42"})).await;
    early.expect("ERROR").await;
    // The other's time is up, so this one's would be too.
    assert_eq!(silent.closed().await.code, Some(4002));
    early.expect_silence().await;
    early.send(&json!({"op": 12, "d": {"user_id": user}})).await;
    assert_eq!(
        early.expect("SUBSCRIBE_ACK").await["metadata"]["id"],
        user.to_string()
    );
    hub.stop().await;
}

#[tokio::test]
async fn without_heartbeats_the_socket_is_closed_and_those_that_send_them_stay() {
    let hub = TestHub::with(1, |config| config.socket.heartbeat_interval_ms = 1_000).await;
    settled(&hub).await;
    let user = hub.members().await[0];
    // The other client answers pings by itself.
    let mut silent = RawClient::open(hub.app().addr(), &Upgrade::default()).await;
    let init = json!({"op": 2, "d": {"user_id": user}}).to_string();
    silent.send(Frame::text(init).bytes()).await;
    let (mut alive, _) = hub.watch(user).await;
    let reaped = tokio::spawn(async move { silent.closed().await });
    // Longer than an interval and a half in all.
    for _ in 0..9 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        alive.expect_silence().await;
    }
    assert_eq!(
        reaped.await.unwrap(),
        Closed {
            disconnect: Some("No heartbeat in time.".to_owned()),
            code: Some(4001),
        }
    );
    alive.expect_silence().await;
}

#[tokio::test]
async fn the_message_over_the_rate_is_answered_with_4008() {
    let hub = hub(1).await;
    let user = hub.members().await[0];
    let (mut bystander, _) = hub.watch(user).await;
    let (mut client, _) = hub.watch(user).await;
    for _ in 0..120 {
        client.send(&json!({"op": 4})).await;
    }
    // INIT was the first of the 120.
    for _ in 0..119 {
        client.expect("HEARTBEAT_ACK").await;
    }
    assert_eq!(
        client.closed().await,
        Closed {
            disconnect: Some("More than 120 messages in a minute.".to_owned()),
            code: Some(4008),
        }
    );
    bystander.expect_silence().await;
}

#[tokio::test]
async fn a_stop_tells_every_socket_and_says_why() {
    let hub = hub(1).await;
    let (mut watching, _) = hub.watch(hub.members().await[0]).await;
    let mut greeting = hub.connect().await;
    let (watching, greeting, ()) = tokio::join!(watching.closed(), greeting.closed(), hub.stop());
    let expected = Closed {
        disconnect: Some("The server is stopping. Reconnect in a moment.".to_owned()),
        code: Some(1001),
    };
    assert_eq!(watching, expected);
    assert_eq!(greeting, expected);
}
