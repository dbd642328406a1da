//! Long answers over HTTP, and clients that read them slowly or not at all.

use std::{net::SocketAddr, time::Duration};

use lantern_actors::{
    domain::{PairKey, PairValue, UserId},
    user::{Authority, StorageRequest},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{MissedTickBehavior, interval},
};

use crate::harness::{TestHub, eventually, held_by_kernel, within};

const RESETS: &str = "lantern_connections_reset_total{kind=\"http\"}";

const LITTLE: u32 = 4_096;

/// A hub that closes connections on which nothing happens soon, and a user with so many pairs of
/// 20,000 bytes.
async fn hub(idle_timeout_ms: u64, pairs: usize) -> (TestHub, UserId) {
    let change = |config: &mut lantern::config::Config| {
        config.server.idle_timeout_ms = idle_timeout_ms;
    };
    let hub = TestHub::with(1, change).await;
    let user = hub.members().await[0];
    let pair = |number: usize| {
        let key = PairKey::try_from(format!("key{number:02}")).unwrap();
        let value = PairValue::try_from("x".repeat(20_000)).unwrap();
        (key, Some(value))
    };
    let request = StorageRequest::Merge((0..pairs).map(pair).collect());
    let filled = hub.hub().storage(user, Authority::Owner, request);
    filled.await.unwrap();
    (hub, user)
}

/// Asks for the user, with so much room for the answer.
async fn ask(addr: SocketAddr, user: UserId, room: u32) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(room).unwrap();
    let mut stream = socket.connect(addr).await.unwrap();
    let request = format!(
        "GET /api/v1/users/{user} HTTP/1.1\r\nHost: lantern.test\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn nothing_is_kept_for_a_client_that_does_not_read() {
    let (hub, user) = hub(2_000, 50).await;
    let addr = hub.app().addr();
    let before = hub.metric(RESETS).await;
    let mut stalled = ask(addr, user, LITTLE).await;
    eventually("the connection is full", async || {
        (held_by_kernel(addr) > 16 * 1024).then_some(())
    })
    .await;
    assert!(held_by_kernel(addr) < 100 * 1024);
    eventually("the connection is reset", async || {
        (hub.metric(RESETS).await > before).then_some(())
    })
    .await;
    // What is asked meanwhile is held for a moment, too.
    eventually("nothing is held", async || {
        (held_by_kernel(addr) == 0).then_some(())
    })
    .await;
    let mut rest = Vec::new();
    let ended = within("the end", stalled.read_to_end(&mut rest)).await;
    assert_eq!(
        ended.unwrap_err().kind(),
        std::io::ErrorKind::ConnectionReset
    );
}

/// The kernel has all of it, and hyper is through with it.
#[tokio::test]
async fn nothing_is_kept_of_a_short_answer_either() {
    let (hub, user) = hub(1_000, 2).await;
    let addr = hub.app().addr();
    let _stalled = ask(addr, user, LITTLE).await;
    eventually("something is held", async || {
        (held_by_kernel(addr) > 0).then_some(())
    })
    .await;
    eventually("nothing is held", async || {
        (held_by_kernel(addr) == 0).then_some(())
    })
    .await;
}

/// 256 KiB in a second, for longer than a connection may be idle.
#[tokio::test]
async fn who_reads_slowly_is_sent_everything() {
    let (hub, user) = hub(1_000, 50).await;
    let mut slow = ask(hub.app().addr(), user, 64 * 1024).await;
    let mut pace = interval(Duration::from_millis(16));
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut came, mut piece) = (Vec::new(), [0; 4 * 1024]);
    loop {
        pace.tick().await;
        match within("a piece", slow.read(&mut piece)).await.unwrap() {
            0 => break,
            length => came.extend_from_slice(&piece[..length]),
        }
    }
    let (_, whole) = hub.get(&format!("/api/v1/users/{user}")).await;
    let body = came
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap()
        + 4;
    let came: serde_json::Value = serde_json::from_slice(&came[body..]).unwrap();
    assert_eq!(came, whole);
}
