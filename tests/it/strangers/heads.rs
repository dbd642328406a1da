//! Heads that are not complete take little, and not for long.

use std::time::Instant;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::connected;
use crate::harness::{TestHub, eventually, within};

#[tokio::test]
async fn who_asks_nothing_is_left_soon() {
    let hub = TestHub::with(1, |config| config.server.first_request_timeout_ms = 100).await;
    for sent in ["", "GET / HTTP/1.1\r\nHost: "] {
        let mut stream = TcpStream::connect(hub.app().addr()).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let began = Instant::now();
        let read = within("it is closed", stream.read(&mut [0])).await;
        assert_eq!(read.unwrap_or(0), 0);
        assert!(
            began.elapsed().as_secs() < 10,
            "not by the timeout of idle ones"
        );
    }
}

#[tokio::test]
async fn unfinished_heads_share_a_budget_and_a_client_has_a_quarter_of_it() {
    let hub = TestHub::with(1, |config| {
        config.shares.trusted_proxies = "".parse().unwrap();
        config.shares.max_head_bytes = 400_000;
    })
    .await;
    let head = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}", "x".repeat(60_000));
    let mut waiting = Vec::new();
    let begin = async |from: &str| {
        let mut stream = connected(from, hub.app().addr()).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    };
    for address in 1..=4 {
        waiting.push(begin(&format!("127.0.0.{address}")).await);
    }
    let held = "lantern_admitted{resource=\"head_bytes\"}";
    eventually("they are held", async || {
        (hub.metric(held).await > 200_000).then_some(())
    })
    .await;
    let mut one_more = begin("127.0.0.1").await;
    let mut answer = String::new();
    let reading = one_more.read_to_string(&mut answer);
    within("it is answered", reading).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 429 ") && answer.contains("retry-after: "),
        "{answer}"
    );
    assert!(answer.contains("too_much_from_address"), "{answer}");
    let refused = "lantern_refused_total{reason=\"head_bytes_of_address\"}";
    assert_eq!(hub.metric(refused).await, 1);

    let mut fine = begin("127.0.0.5").await;
    fine.write_all(b"\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    let reading = fine.read_to_string(&mut answer);
    within("it is answered", reading).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    drop(waiting);
    eventually("what they took is given back", async || {
        (hub.metric(held).await == 0).then_some(())
    })
    .await;
}
