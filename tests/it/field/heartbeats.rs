//! Signs of life: any frame is one, and who is silent is asked by a ping, because a browser runs the
//! timers of a hidden tab once a minute and answers pings at once.

use std::time::Duration;

use lantern_actors::domain::UserId;
use serde_json::json;

use crate::harness::{Closed, Frame, RawClient, Received, TestHub, Upgrade, eventually};

const PING: u8 = 0x89;
const PONG: u8 = 0x8A;

const INTERVAL_MS: u64 = 1_200;

/// A hub whose clients have to be heard often.
async fn hub() -> (TestHub, UserId) {
    let hub = TestHub::with(1, |config| {
        config.socket.heartbeat_interval_ms = INTERVAL_MS;
        config.socket.messages_per_minute = 40;
    })
    .await;
    let user = hub.members().await[0];
    eventually("the member is published", async || hub.hub().user(user)).await;
    (hub, user)
}

/// A client that watches the user, and does nothing more by itself.
async fn client(hub: &TestHub, user: UserId) -> RawClient {
    let mut client = RawClient::open(hub.app().addr(), &Upgrade::default()).await;
    let init = json!({"op": 2, "d": {"user_id": user}}).to_string();
    client.send(Frame::text(init).bytes()).await;
    client.expect("INIT_ACK").await;
    client
}

async fn is_open(client: &mut RawClient) {
    client.send(Frame::text(r#"{"op":4}"#).bytes()).await;
    client.expect_ack().await;
}

fn timed_out() -> Closed {
    Closed {
        disconnect: Some("No heartbeat in time.".to_owned()),
        code: Some(4001),
    }
}

#[tokio::test]
async fn who_only_answers_pings_stays() {
    let (hub, user) = hub().await;
    let mut client = client(&hub, user).await;
    for _ in 0..3 {
        let Received { first, payload } = client.next().await.unwrap();
        assert_eq!(first, PING);
        client.send(Frame::new(PONG, payload).bytes()).await;
    }
    is_open(&mut client).await;
}

#[tokio::test]
async fn who_answers_nothing_is_closed_after_being_asked() {
    let (hub, user) = hub().await;
    let mut client = client(&hub, user).await;
    assert_eq!(client.next().await.unwrap().first, PING);
    assert_eq!(client.closed().await, timed_out());
}

#[tokio::test]
async fn any_frame_is_a_sign_of_life() {
    let (hub, user) = hub().await;
    let subscribe = json!({"op": 12, "d": {"user_id": user}}).to_string();
    let frames = [
        (Frame::text(subscribe), Some(0x81)),
        (Frame::text("nonsense"), Some(0x81)),
        (Frame::new(PING, b"here"), Some(PONG)),
        (Frame::new(PONG, b"unasked"), None),
    ];
    let alive = frames.map(|(frame, answer)| {
        let hub = &hub;
        async move {
            let mut client = client(hub, user).await;
            // Twice as long as may be silent, and never so long that a ping is due.
            for _ in 0..6 {
                tokio::time::sleep(Duration::from_millis(INTERVAL_MS / 2)).await;
                client.send(frame.bytes()).await;
                if let Some(answer) = answer {
                    assert_eq!(client.next().await.unwrap().first, answer);
                }
            }
            is_open(&mut client).await;
        }
    });
    futures_util::future::join_all(alive).await;
}

#[tokio::test]
async fn pings_keep_no_unfinished_message_alive() {
    let (hub, user) = hub().await;
    let mut client = client(&hub, user).await;
    client.send(Frame::new(0x01, r#"{"op""#).bytes()).await;
    let mut pongs = 0;
    let ended = loop {
        client.send(Frame::new(PING, b"").bytes()).await;
        match client.next().await {
            Some(frame) if frame.first == PONG => pongs += 1,
            Some(frame) if frame.first == PING => {
                client.send(Frame::new(PONG, b"").bytes()).await;
            }
            Some(frame) => break frame.message(),
            None => panic!("the connection ended without a word"),
        }
        tokio::time::sleep(Duration::from_millis(INTERVAL_MS / 8)).await;
    };
    assert!(pongs > 3, "{pongs}");
    assert_eq!(ended["d"]["reason"], "No heartbeat in time.");
    assert_eq!(client.closed().await.code, Some(4001));
}

#[tokio::test]
async fn a_flood_of_pongs_is_still_a_flood() {
    let (hub, user) = hub().await;
    let mut client = client(&hub, user).await;
    let pong = Frame::new(PONG, b"").bytes();
    client.send(pong.repeat(400)).await;
    assert_eq!(client.closed().await.code, Some(4008));
}
