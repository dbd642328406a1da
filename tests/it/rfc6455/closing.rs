//! The closing handshake.

use super::{Bench, FIN, Frame, HEARTBEAT, TEXT, fails, init};
use crate::harness::{Closed, Received, eventually};

/// The connection ends after the echo of a close frame with this payload.
async fn echoes(bench: &Bench, case: &str, bytes: &[u8], payload: &[u8]) {
    let mut client = bench.client().await;
    client.send(bytes).await;
    let echo = Received {
        first: FIN | 0x8,
        payload: payload.to_vec(),
    };
    assert_eq!(client.next().await, Some(echo), "{case}");
    assert_eq!(client.next().await, None, "{case}");
}

#[tokio::test]
async fn a_close_is_answered_with_its_code() {
    let bench = Bench::start().await;
    let valid = [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000,
        4999,
    ];
    for code in valid {
        let bytes = Frame::close(code, b"").bytes();
        echoes(&bench, &code.to_string(), &bytes, &code.to_be_bytes()).await;
    }
    echoes(&bench, "no code", &Frame::new(FIN | 0x8, "").bytes(), b"").await;
    let reason = "🏮".repeat(30) + "123";
    assert_eq!(reason.len(), 123);
    let longest = Frame::close(1000, reason.as_bytes()).bytes();
    echoes(
        &bench,
        "the longest reason",
        &longest,
        &1000_u16.to_be_bytes(),
    )
    .await;
    bench.stop().await;
}

#[tokio::test]
async fn codes_that_may_not_be_sent_are_closed_with_1002() {
    let bench = Bench::start().await;
    let invalid = [
        0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535,
    ];
    for code in invalid {
        fails(
            &bench,
            &code.to_string(),
            &Frame::close(code, b"").bytes(),
            1002,
        )
        .await;
    }
    bench.stop().await;
}

#[tokio::test]
async fn a_reason_that_is_not_utf8_is_closed_with_1007() {
    let bench = Bench::start().await;
    for reason in [&b"\xFF"[..], b"fine until \xED\xA0\x80", b"cut \xCE"] {
        let bytes = Frame::close(1000, reason).bytes();
        fails(&bench, &format!("{reason:x?}"), &bytes, 1007).await;
    }
    bench.stop().await;
}

#[tokio::test]
async fn what_follows_a_close_is_ignored() {
    let bench = Bench::start().await;
    let close = Frame::close(1000, b"bye").bytes();
    for behind in [
        Frame::text(HEARTBEAT).bytes(),
        Frame::new(FIN | 0x9, "ping").bytes(),
        close.clone(),
        vec![0xFF; 100],
    ] {
        let bytes = [close.clone(), behind].concat();
        echoes(&bench, "data behind", &bytes, &1000_u16.to_be_bytes()).await;
    }
    let within_a_message = [Frame::new(TEXT, "{").bytes(), close].concat();
    echoes(
        &bench,
        "within a message",
        &within_a_message,
        &1000_u16.to_be_bytes(),
    )
    .await;
    bench.stop().await;
}

#[tokio::test]
async fn answers_come_before_the_close_is_answered() {
    let bench = Bench::start().await;
    let mut client = bench.client().await;
    let bytes = [
        Frame::text(init(bench.user)).bytes(),
        Frame::text(HEARTBEAT).bytes(),
        Frame::close(1000, b"").bytes(),
    ];
    client.send(bytes.concat()).await;
    client.expect("INIT_ACK").await;
    client.expect("HEARTBEAT_ACK").await;
    let expected = Closed {
        disconnect: None,
        code: Some(1000),
    };
    assert_eq!(client.closed().await, expected);
    bench.stop().await;
}

#[tokio::test]
async fn an_end_of_the_stream_ends_the_socket() {
    let bench = Bench::start().await;
    let mut client = bench.client().await;
    client.send(Frame::text(init(bench.user)).bytes()).await;
    client.expect("INIT_ACK").await;
    client.shut_down().await;
    assert_eq!(client.next().await, None);
    let shards = bench.hub.app().shards();
    eventually("the subscription is gone", async || {
        (shards.subscriptions() == 1).then_some(())
    })
    .await;
    bench.stop().await;
}

#[tokio::test]
async fn a_client_that_never_ends_its_side_is_dropped() {
    let bench = Bench::start().await;
    let mut client = bench.client().await;
    client.send(Frame::new(FIN | 0x3, "").bytes()).await;
    assert_eq!(client.closed().await.code, Some(1002));
    let shards = bench.hub.app().shards();
    eventually("only the bystander is left", async || {
        (*shards.stats().open.borrow() == 1).then_some(())
    })
    .await;
    drop(client);
    bench.stop().await;
}
