//! `?encoding=msgpack`.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::hub;
use crate::harness::{Client, Frame, RawClient, TestHub, Upgrade, game};

async fn packed(hub: &TestHub) -> Client {
    Client::connect(hub.app().addr(), "?encoding=msgpack").await
}

/// A JSON socket and a MessagePack socket that send the same and are told the same.
struct Pair {
    json: Client,
    packed: Client,
}

impl Pair {
    async fn send(&mut self, message: Value) {
        self.json.send(&message).await;
        self.packed.send_packed(&message).await;
    }

    /// Both are told this next, with the same `d`.
    async fn expect(&mut self, t: &str) -> Value {
        let d = self.json.expect(t).await;
        assert_eq!(self.packed.expect(t).await, d, "{t}");
        d
    }
}

#[tokio::test]
async fn every_kind_of_message_has_the_same_values() {
    let (hub, members) = hub(3).await;
    let mut pair = Pair {
        json: hub.connect().await,
        packed: packed(&hub).await,
    };
    assert_eq!(pair.packed.hello, pair.json.hello);
    pair.send(json!({"op": 12, "d": {"user_id": members[0]}}))
        .await;
    pair.expect("ERROR").await;
    pair.send(json!({"op": 2, "d": {"user_ids": &members[..2]}}))
        .await;
    let told = pair.expect("INIT_ACK").await;
    assert_eq!(told[0]["metadata"]["id"], json!(members[0].to_string()));
    assert!(told[0]["v"].is_u64());

    let known = json!({members[0].to_string(): told[0]["v"]});
    pair.send(json!({"op": 12, "d": {"user_id": members[0], "known": known}}))
        .await;
    assert_eq!(pair.expect("SUBSCRIBE_ACK").await, Value::Null);
    pair.send(json!({"op": 4})).await;
    pair.expect("HEARTBEAT_ACK").await;
    hub.control.playing(members[0], "Go 囲碁").await;
    assert_eq!(game(&pair.expect("PRESENCE_UPDATE").await), "Go 囲碁");
    hub.control.leave(members[1]).await;
    let left = pair.expect("USER_LEFT").await;
    assert_eq!(left, json!({"user_id": members[1].to_string()}));

    pair.send(json!({"op": 12, "d": {"user_id": "All"}})).await;
    // In no particular order.
    pair.json.expect("SUBSCRIBE_ACK").await;
    let everybody = pair.packed.expect("SUBSCRIBE_ACK").await;
    for user in everybody.as_array().unwrap() {
        let id = user["metadata"]["id"].as_str().unwrap().parse().unwrap();
        assert_eq!(*user, hub.user(id).await);
    }
    hub.control.join().await;
    pair.expect("USER_JOINED").await;
    pair.send(json!({"op": 14, "d": {"user_id": "All"}})).await;
    pair.expect("UNSUBSCRIBE_ACK").await;
    pair.expect("DISCONNECT").await;
    assert_eq!(pair.json.closed().await.code, Some(4003));
    assert_eq!(pair.packed.closed().await.code, Some(4003));
}

#[tokio::test]
async fn faults_are_told_in_msgpack_and_the_socket_stays() {
    let (hub, members) = hub(1).await;
    let mut client = packed(&hub).await;
    client
        .send_packed(&json!({"op": 2, "d": {"user_id": members[0]}}))
        .await;
    client.expect("INIT_ACK").await;
    let deep = vec![0x91; 60_000];
    for (bytes, sentence) in [
        (&b""[..], "not valid MessagePack"),
        (b"\xC1", "not valid MessagePack"),
        (b"\x81\xA2op\x04\x04", "not valid MessagePack"),
        (b"\x81\xA2op", "not valid MessagePack"),
        (b"\xDD\xFF\xFF\xFF\xFF", "not valid MessagePack"),
        (b"\xDF\xFF\xFF\xFF\xFF", "not valid MessagePack"),
        (b"\xDB\xFF\xFF\xFF\xFFx", "not valid MessagePack"),
        (b"\xC6\xFF\xFF\xFF\xFFx", "not valid MessagePack"),
        (b"{\"op\":4}", "not valid MessagePack"),
        (&deep, "not valid MessagePack"),
        (b"\x91\x04", "A message is an object"),
        (b"\x81\xA2op\xA14", "\"op\" is missing"),
        (b"\x81\xA2op\x03", "Opcode 3 is not one"),
        (
            b"\x82\xA2op\x0C\xA1d\x81\xA7user_id\x01",
            "1 is not a user id",
        ),
    ] {
        client.send_raw(Message::binary(bytes.to_vec())).await;
        let error = client.expect("ERROR").await;
        assert!(
            error.as_str().unwrap().contains(sentence),
            "{bytes:x?}: {error}"
        );
    }
    client.send_raw(Message::text(r#"{"op":4}"#)).await;
    let error = client.expect("ERROR").await;
    assert!(error.as_str().unwrap().contains("send binary frames"));
    hub.control.playing(members[0], "Go").await;
    client.until(|user| game(user) == "Go").await;
}

#[tokio::test]
async fn messages_are_in_binary_frames_with_names_and_short_heads() {
    let (hub, _) = hub(1).await;
    let upgrade = Upgrade::default().query("?encoding=msgpack");
    let mut client = RawClient::handshake(hub.app().addr(), &upgrade, b"").await;
    let hello = client.next().await.unwrap();
    assert_eq!(hello.first, 0x82);
    let expected = b"\x83\xA1t\xA5HELLO\xA2op\x01\xA1d\x81\xB2heartbeat_interval\xCD\x75\x30";
    assert_eq!(hello.payload, expected);
    client
        .send(Frame::new(0x82, b"\x81\xA2op\x04").bytes())
        .await;
    let ack = client.next().await.unwrap();
    assert_eq!(ack.payload, b"\x82\xA1t\xADHEARTBEAT_ACK\xA2op\x05");
}
