//! permessage-deflate (RFC 7692), by a client that does it by hand.

use std::{io::Write as _, net::SocketAddr};

use flate2::{Compression, write::DeflateEncoder};
use lantern_actors::domain::UserId;
use serde_json::{Value, json};

use super::hub;
use crate::harness::{Frame, RawClient, TestHub, Upgrade, game};

const COMPRESSED_TEXT: u8 = 0xC1;
const COMPRESSED_BINARY: u8 = 0xC2;

/// Compressed, without the four bytes that RFC 7692 cuts off.
fn deflate(message: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(message).unwrap();
    encoder.flush().unwrap();
    let compressed = encoder.get_ref();
    compressed
        .strip_suffix(&[0, 0, 0xFF, 0xFF])
        .unwrap()
        .to_vec()
}

fn compressed(message: &Value) -> Vec<u8> {
    Frame::new(COMPRESSED_TEXT, deflate(message.to_string().as_bytes())).bytes()
}

async fn open(addr: SocketAddr) -> RawClient {
    RawClient::open(addr, &Upgrade::default().deflate()).await
}

/// Somebody who watches in every dialect there is.
async fn watchers(hub: &TestHub, user: UserId) -> Vec<RawClient> {
    let mut watchers = Vec::new();
    let message = json!({"op": 2, "d": {"user_id": user}});
    for deflate in [false, true] {
        for query in ["", "?encoding=json", "?encoding=msgpack"] {
            let mut upgrade = Upgrade::default().query(query);
            if deflate {
                upgrade = upgrade.deflate();
            }
            let mut client = RawClient::open(hub.app().addr(), &upgrade).await;
            let init = if query == "?encoding=msgpack" {
                Frame::new(0x82, rmp_serde::to_vec_named(&message).unwrap())
            } else {
                Frame::text(message.to_string())
            };
            client.send(init.bytes()).await;
            let answer = client.next().await.unwrap();
            assert_eq!(answer.is_compressed(), deflate);
            assert_eq!(answer.message()["d"], hub.user(user).await);
            watchers.push(client);
        }
    }
    watchers
}

#[tokio::test]
async fn every_dialect_is_told_the_same_of_the_same_user() {
    let (hub, members) = hub(1).await;
    let user = members[0];
    let mut watchers = watchers(&hub, user).await;
    for round in 0..5 {
        let name = format!("Go {round}");
        hub.control.playing(user, &name).await;
        let mut told = Vec::new();
        for (number, client) in watchers.iter_mut().enumerate() {
            let frame = client.next().await.unwrap();
            assert_eq!(frame.is_compressed(), number >= 3);
            let message = frame.message();
            assert_eq!(message["op"], 6);
            assert_eq!(game(&message["d"]), name);
            told.push(message);
        }
        told.dedup();
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0]["d"], hub.user(user).await);
    }
}

#[tokio::test]
async fn compression_is_agreed_only_when_offered() {
    let (hub, _) = hub(1).await;
    let ours = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    let window = &format!("{ours}; server_max_window_bits=15");
    for (offer, answer) in [
        ("permessage-deflate", Some(ours)),
        ("permessage-deflate; client_max_window_bits", Some(ours)),
        (
            "x-other, permessage-deflate; client_max_window_bits=10",
            Some(ours),
        ),
        (
            "permessage-deflate; server_max_window_bits=9, permessage-deflate",
            Some(ours),
        ),
        ("permessage-deflate; server_max_window_bits=9", None),
        (
            "permessage-deflate; server_max_window_bits=15",
            Some(window),
        ),
        ("permessage-deflate; nonsense=1", None),
        ("x-webkit-deflate-frame", None),
    ] {
        let upgrade = Upgrade::default().with("Sec-WebSocket-Extensions", offer);
        let client = RawClient::open(hub.app().addr(), &upgrade).await;
        assert_eq!(client.header("sec-websocket-extensions"), answer, "{offer}");
    }
}

#[tokio::test]
async fn compressed_messages_are_read_whole_and_in_fragments() {
    let (hub, members) = hub(1).await;
    let mut client = open(hub.app().addr()).await;
    client
        .send(compressed(&json!({"op": 2, "d": {"user_id": members[0]}})))
        .await;
    client.expect("INIT_ACK").await;
    let heartbeat = deflate(br#"{"op":4}"#);
    for cut in 0..=heartbeat.len() {
        let (head, tail) = heartbeat.split_at(cut);
        // RSV1 is set on the first fragment only.
        client.send(Frame::new(0x41, head).bytes()).await;
        client.send(Frame::new(0x89, "ping").bytes()).await;
        assert_eq!(client.next().await.unwrap().payload, b"ping");
        client.send(Frame::new(0x80, tail).bytes()).await;
        client.expect_ack().await;
    }
    // Uncompressed messages are as good, and a final block ends a message as well.
    client.send(Frame::text(r#"{"op":4}"#).bytes()).await;
    client.expect_ack().await;
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(br#"{"op":4}"#).unwrap();
    let final_block = [&encoder.finish().unwrap()[..], &[0]].concat();
    client
        .send(Frame::new(COMPRESSED_TEXT, final_block).bytes())
        .await;
    client.expect_ack().await;
    // As long as is allowed, after decompression.
    let longest = r#"{"op":4}"#.to_owned() + &" ".repeat(65_536 - 8);
    client
        .send(Frame::new(COMPRESSED_TEXT, deflate(longest.as_bytes())).bytes())
        .await;
    client.expect_ack().await;
}

#[tokio::test]
async fn compressed_msgpack_is_read() {
    let (hub, members) = hub(1).await;
    let upgrade = Upgrade::default().query("?encoding=msgpack").deflate();
    let mut client = RawClient::open(hub.app().addr(), &upgrade).await;
    let init = json!({"op": 2, "d": {"user_ids": members}});
    let packed = deflate(&rmp_serde::to_vec_named(&init).unwrap());
    client
        .send(Frame::new(COMPRESSED_BINARY, packed).bytes())
        .await;
    assert_eq!(
        client.expect("INIT_ACK").await,
        json!([hub.user(members[0]).await])
    );
}

#[tokio::test]
async fn what_cannot_be_decompressed_ends_one_socket() {
    let (hub, members) = hub(1).await;
    let user = members[0];
    let (mut bystander, _) = hub.watch(user).await;
    let bomb = deflate(&vec![b' '; 30_000_000]);
    assert!(bomb.len() < 65_536, "{}", bomb.len());
    let one_too_long = deflate(&[b' '; 65_537]);
    let not_utf8 = deflate(b"{\"op\":4,\"t\":\"\xED\xA0\x80\"}");
    for (case, frame, code) in [
        ("a bomb", Frame::new(COMPRESSED_TEXT, bomb), 1009),
        (
            "a byte too long",
            Frame::new(COMPRESSED_TEXT, one_too_long),
            1009,
        ),
        ("garbage", Frame::new(COMPRESSED_TEXT, [0xFF; 40]), 1007),
        ("no UTF-8", Frame::new(COMPRESSED_TEXT, not_utf8), 1007),
        ("RSV1 on a ping", Frame::new(0xC9, ""), 1002),
        ("RSV1 on a continuation", Frame::new(0xC0, ""), 1002),
        ("RSV2", Frame::new(0xA1, ""), 1002),
    ] {
        let mut client = open(hub.app().addr()).await;
        client.send(frame.bytes()).await;
        assert_eq!(client.closed().await.code, Some(code), "{case}");
    }
    let mut continued = open(hub.app().addr()).await;
    let fragments = [Frame::new(0x41, "x").bytes(), Frame::new(0xC0, "y").bytes()];
    continued.send(fragments.concat()).await;
    assert_eq!(continued.closed().await.code, Some(1002));
    // Who has not negotiated compression may not use it.
    let mut plain = RawClient::open(hub.app().addr(), &Upgrade::default()).await;
    plain.send(compressed(&json!({"op": 4}))).await;
    assert_eq!(plain.closed().await.code, Some(1002));

    hub.control.playing(user, "Go").await;
    bystander.until(|user| game(user) == "Go").await;
}
