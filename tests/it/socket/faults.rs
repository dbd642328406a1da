//! Messages that make no sense: each gets its sentence, and the socket goes on.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::{hub, init, subscribe, unsubscribe};
use crate::harness::game;

#[tokio::test]
async fn out_of_turn_is_an_error() {
    let hub = hub(1).await;
    let user = hub.members().await[0];
    let mut client = hub.connect().await;
    let target = json!({ "user_id": user });
    subscribe(&mut client, target.clone()).await;
    assert_eq!(client.expect("ERROR").await, "Send INIT (opcode 2) first.");
    unsubscribe(&mut client, target.clone()).await;
    assert_eq!(client.expect("ERROR").await, "Send INIT (opcode 2) first.");
    client.init(&target).await;
    init(&mut client, target).await;
    let error = client.expect("ERROR").await;
    assert!(error.as_str().unwrap().contains("initialised already"));
    hub.control.playing(user, "Go").await;
    client.until(|user| game(user) == "Go").await;
}

#[tokio::test]
async fn two_inits_at_once_are_one_init_and_an_error() {
    let hub = hub(1).await;
    let target = json!({ "user_id": hub.members().await[0] });
    let mut client = hub.connect().await;
    init(&mut client, target.clone()).await;
    init(&mut client, target).await;
    client.expect("INIT_ACK").await;
    client.expect("ERROR").await;
    client.expect_silence().await;
}

/// Messages that cannot be carried out, with a part of the sentence that answers.
fn nonsense() -> Vec<(String, &'static str)> {
    let text = |message: Value| message.to_string();
    let many: Vec<String> = (1..=1_001).map(|id| id.to_string()).collect();
    let known = (1..=10_001).map(|id| (id.to_string(), json!(1)));
    let known: serde_json::Map<String, Value> = known.collect();
    let mut list = vec![
        (String::new(), "not valid JSON"),
        ("{".to_owned(), "not valid JSON"),
        ("\u{0}".to_owned(), "not valid JSON"),
        (r#"{"op": 4} x"#.to_owned(), "not valid JSON"),
        (r#"{"op": 1e999}"#.to_owned(), "not valid JSON"),
        ("[".repeat(60_000), "not valid JSON"),
        ("null".to_owned(), "A message is an object"),
        (text(json!([{"op": 4}])), "A message is an object"),
        (text(json!({})), "\"op\" is missing"),
        (text(json!({"op": null})), "\"op\" is missing"),
        (text(json!({"op": "4"})), "\"op\" is missing"),
        (text(json!({"op": -4})), "Opcode -4 is not one"),
        (text(json!({"op": 4.5})), "Opcode 4.5 is not one"),
        (text(json!({"op": u64::MAX})), "Opcode 18446744073709551615"),
        (text(json!({"op": 12})), "Opcode 12 needs \"d\""),
        (text(json!({"op": 14, "d": null})), "Opcode 14 needs \"d\""),
        (text(json!({"op": 12, "d": []})), "Opcode 12 needs \"d\""),
        (text(json!({"op": 12, "d": {}})), "either \"user_id\" or"),
        (
            text(json!({"op": 12, "d": {"user_id": "1", "user_ids": ["1"]}})),
            "either \"user_id\" or",
        ),
        (
            text(json!({"op": 12, "d": {"user_id": 1}})),
            "1 is not a user id",
        ),
        (
            text(json!({"op": 12, "d": {"user_id": ""}})),
            "\"\" is not a user id",
        ),
        (
            text(json!({"op": 12, "d": {"user_id": "0"}})),
            "\"0\" is not a user id",
        ),
        (
            text(json!({"op": 12, "d": {"user_id": "+1"}})),
            "is not a user id",
        ),
        (
            text(json!({"op": 12, "d": {"user_id": "18446744073709551616"}})),
            "is not a user id",
        ),
        (
            text(json!({"op": 12, "d": {"user_id": "x".repeat(60_000)}})),
            "That is not a user id",
        ),
        (
            text(json!({"op": 12, "d": {"user_ids": []}})),
            "\"user_ids\" is empty",
        ),
        (
            text(json!({"op": 12, "d": {"user_ids": {}}})),
            "either \"user_id\" or",
        ),
        (
            text(json!({"op": 12, "d": {"user_ids": ["1", null]}})),
            "null is not a user id",
        ),
        (
            text(json!({"op": 12, "d": {"user_ids": ["All"]}})),
            "is not a user id",
        ),
        (
            text(json!({"op": 12, "d": {"user_ids": many}})),
            "more than 1000 users",
        ),
        (
            text(json!({"op": 14, "d": {"user_ids": many}})),
            "more than 1000 users",
        ),
        (
            text(json!({"op": 12, "d": {"user_id": "1", "known": [1]}})),
            "\"known\" must be",
        ),
        (
            text(json!({"op": 12, "d": {"user_id": "1", "known": {"1": "1"}}})),
            "\"known\" must be",
        ),
        (
            text(json!({"op": 12, "d": {"user_id": "1", "known": {"x": 1}}})),
            "\"known\" must be",
        ),
        (
            text(json!({"op": 12, "d": {"user_id": "All", "known": known}})),
            "more than 10000 entries",
        ),
    ];
    for of_the_server in [0, 1, 3, 5, 6, 7, 8, 9, 10, 11, 13, 15, 16, 255] {
        let message = json!({"op": of_the_server, "d": {"user_id": "1"}});
        list.push((message.to_string(), "is not one that clients send"));
    }
    list
}

#[tokio::test]
async fn every_fault_gets_its_sentence_and_changes_nothing() {
    let hub = crate::harness::TestHub::with(1, |config| {
        // A larger message than usual, to come past it with too many entries.
        config.socket.max_message_bytes = 256 * 1_024;
    })
    .await;
    super::settled(&hub).await;
    let user = hub.members().await[0];
    let (mut bystander, _) = hub.watch(user).await;
    let (mut client, _) = hub.watch(user).await;
    for (message, sentence) in nonsense() {
        let shown: String = message.chars().take(80).collect();
        client.send_raw(Message::text(message)).await;
        let error = client.expect("ERROR").await;
        assert!(
            error.as_str().unwrap().contains(sentence),
            "{shown}: {error}"
        );
    }
    assert_eq!(hub.app().shards().subscriptions(), 2);
    hub.control.playing(user, "Go").await;
    client.until(|user| game(user) == "Go").await;
    bystander.until(|user| game(user) == "Go").await;
}

#[tokio::test]
async fn faults_before_init_leave_time_for_init() {
    let hub = hub(1).await;
    let mut client = hub.connect().await;
    for (message, _) in nonsense()
        .into_iter()
        .filter(|(text, _)| text.len() < 1_000)
    {
        client.send_raw(Message::text(message)).await;
        client.expect("ERROR").await;
    }
    client
        .init(&json!({"user_id": hub.members().await[0]}))
        .await;
}

#[tokio::test]
async fn members_that_are_not_known_and_extra_fields_are_passed_over() {
    let hub = hub(1).await;
    let user = hub.members().await[0];
    let mut client = hub.connect().await;
    let init = json!({"t": "INIT", "op": 2, "s": 7, "d": {"user_id": user, "more": [1]}});
    client.send(&init).await;
    client.expect("INIT_ACK").await;
    client.send(&json!({"op": 4, "d": null})).await;
    client.expect("HEARTBEAT_ACK").await;
}

#[tokio::test]
async fn binary_frames_are_refused_on_a_json_socket() {
    let hub = hub(1).await;
    let user = hub.members().await[0];
    let (mut client, _) = hub.watch(user).await;
    client.send_raw(Message::binary(&b"{\"op\":4}"[..])).await;
    let error = client.expect("ERROR").await;
    assert!(error.as_str().unwrap().contains("send text frames"));
    client.expect_silence().await;
}
