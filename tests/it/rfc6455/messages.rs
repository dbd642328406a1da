//! Messages in one frame and in many, pings and pongs between them.

use super::{
    Bench, CONTINUATION, FIN, Frame, HEARTBEAT, PING, PONG, RawClient, TEXT, answers, init,
};
use crate::harness::Received;

fn pong(payload: &[u8]) -> Received {
    Received {
        first: FIN | PONG,
        payload: payload.to_vec(),
    }
}

/// A message in fragments.
fn fragments(parts: &[&[u8]]) -> Vec<Vec<u8>> {
    let last = parts.len() - 1;
    let frame = |(index, part): (usize, &&[u8])| {
        let opcode = if index == 0 { TEXT } else { CONTINUATION };
        let fin = if index == last { FIN } else { 0 };
        Frame::new(fin | opcode, part).bytes()
    };
    parts.iter().enumerate().map(frame).collect()
}

async fn acknowledges(client: &mut RawClient, case: &str) {
    let frame = client.next().await;
    let frame = frame.unwrap_or_else(|| panic!("{case}: the connection ended"));
    assert_eq!(frame.message()["t"], "HEARTBEAT_ACK", "{case}");
}

#[tokio::test]
async fn fragments_are_put_together() {
    let bench = Bench::start().await;
    let mut client = bench.client().await;
    let message = HEARTBEAT.as_bytes();
    for cut in 0..=message.len() {
        let (head, tail) = message.split_at(cut);
        client.send(fragments(&[head, tail]).concat()).await;
        acknowledges(&mut client, "two fragments").await;
        client
            .send(fragments(&[b"", head, b"", b"", tail, b""]).concat())
            .await;
        acknowledges(&mut client, "empty fragments").await;
    }
    let single: Vec<&[u8]> = message.chunks(1).collect();
    for fragment in fragments(&single) {
        client.send(fragment).await;
    }
    acknowledges(&mut client, "fragments of one byte").await;
    bench.stop().await;
}

#[tokio::test]
async fn characters_may_be_cut_by_fragments() {
    let bench = Bench::start().await;
    let message = "{\"op\":4,\"t\":\"κόσμε 🏮\"}".as_bytes();
    let mut client = bench.client().await;
    for cut in 0..message.len() {
        let (head, tail) = message.split_at(cut);
        client.send(fragments(&[head, tail]).concat()).await;
        acknowledges(&mut client, "cut characters").await;
    }
    bench.stop().await;
}

#[tokio::test]
async fn an_empty_message_is_a_message() {
    let bench = Bench::start().await;
    let mut client = bench.client().await;
    for empty in [Frame::text("").bytes(), fragments(&[b"", b""]).concat()] {
        client.send(empty).await;
        let error = client.expect("ERROR").await;
        assert!(error.as_str().unwrap().contains("not valid JSON"));
    }
    answers(&mut client, "after empty messages").await;
    bench.stop().await;
}

#[tokio::test]
async fn pings_are_answered_with_their_payload() {
    let bench = Bench::start().await;
    let mut client = bench.client().await;
    for payload in [&b""[..], b"x", b"\xFF\xFE\x00", &[7; 124], &[8; 125]] {
        client.send(Frame::new(FIN | PING, payload).bytes()).await;
        assert_eq!(client.next().await, Some(pong(payload)));
    }
    let burst: Vec<u8> = (0..50)
        .flat_map(|number| Frame::new(FIN | PING, [number]).bytes())
        .collect();
    client.send(burst).await;
    for number in 0..50 {
        assert_eq!(client.next().await, Some(pong(&[number])));
    }
    // Pongs that nobody asked for.
    client.send(Frame::new(FIN | PONG, "x").bytes()).await;
    answers(&mut client, "after a pong").await;
    bench.stop().await;
}

#[tokio::test]
async fn control_frames_may_come_between_fragments() {
    let bench = Bench::start().await;
    let mut client = bench.client().await;
    let message = HEARTBEAT.as_bytes();
    let parts: Vec<&[u8]> = message.chunks(1).collect();
    for (number, fragment) in (0..).zip(fragments(&parts)) {
        if number > 0 {
            client.send(Frame::new(FIN | PING, [number]).bytes()).await;
            assert_eq!(client.next().await, Some(pong(&[number])));
            client.send(Frame::new(FIN | PONG, [number]).bytes()).await;
        }
        client.send(fragment).await;
    }
    acknowledges(&mut client, "control frames in between").await;
    bench.stop().await;
}

#[tokio::test]
async fn messages_up_to_the_limit_are_read() {
    let bench = Bench::start().await;
    let mut client = bench.client().await;
    for length in [125, 126, 127, 128, 65_535, 65_536] {
        let message = HEARTBEAT.to_owned() + &" ".repeat(length - HEARTBEAT.len());
        client.send(Frame::text(&message).bytes()).await;
        acknowledges(&mut client, &format!("{length} bytes")).await;
        let parts: Vec<&[u8]> = message.as_bytes().chunks(997).collect();
        client.send(fragments(&parts).concat()).await;
        acknowledges(&mut client, &format!("{length} bytes in fragments")).await;
    }
    bench.stop().await;
}

#[tokio::test]
async fn every_mask_is_taken_off() {
    let bench = Bench::start().await;
    let mut client = bench.client().await;
    for mask in [[0; 4], [0xFF; 4], [1, 2, 3, 4], *b"{\"op"] {
        let frame = Frame {
            mask: Some(mask),
            ..Frame::text(HEARTBEAT)
        };
        client.send(frame.bytes()).await;
        acknowledges(&mut client, "a mask").await;
    }
    bench.stop().await;
}

#[tokio::test]
async fn a_whole_conversation_can_come_in_one_segment() {
    let bench = Bench::start().await;
    let mut client = bench.client().await;
    let mut bytes = Frame::text(init(bench.user)).bytes();
    bytes.extend(Frame::new(FIN | PING, "1").bytes());
    for _ in 0..20 {
        bytes.extend(Frame::text(HEARTBEAT).bytes());
    }
    bytes.extend(Frame::new(FIN | PING, "2").bytes());
    client.send(bytes).await;
    client.expect("INIT_ACK").await;
    assert_eq!(client.next().await, Some(pong(b"1")));
    for _ in 0..20 {
        acknowledges(&mut client, "in order").await;
    }
    assert_eq!(client.next().await, Some(pong(b"2")));
    bench.stop().await;
}
