//! Sockets that come and go in great numbers, and what is left of them.

use futures_util::{StreamExt, stream};
use lantern_actors::domain::UserId;
use serde_json::json;

use crate::harness::{Client, TestHub, within};

const SOCKETS: usize = 700;
const AT_ONCE: usize = 50;

/// One socket's life; how it ends depends on its number.
async fn come_and_go(hub: &TestHub, users: &[UserId], number: usize) -> Option<Client> {
    let mut client = hub.connect().await;
    match number % 5 {
        // Goes before it has said anything.
        0 => return None,
        1 => client.init(&json!({"user_id": "All"})).await,
        2 => client.init(&json!({"user_ids": users})).await,
        _ => {
            client
                .init(&json!({"user_id": users[number % users.len()]}))
                .await
        }
    };
    if number % 5 < 3 {
        client.expect("PRESENCE_UPDATE").await;
    }
    match number % 3 {
        0 => {
            client.close().await;
            None
        }
        // Without a word.
        1 => None,
        // Stays until the end of the round.
        _ => Some(client),
    }
}

async fn round(hub: &TestHub, users: &[UserId]) {
    let lives = stream::iter(0..SOCKETS).map(|number| come_and_go(hub, users, number));
    let stayed: Vec<Option<Client>> = lives.buffer_unordered(AT_ONCE).collect().await;
    let stayed = stayed.into_iter().flatten().count();
    assert!(stayed > SOCKETS / 5);
    within("every socket is gone", hub.app().shards().closed()).await;
}

#[tokio::test]
async fn nothing_is_left_of_sockets_that_are_gone() {
    let hub = TestHub::with(20, |_| {}).await;
    let users = hub.members().await;
    let body = json!({"rate": 200.0});
    hub.control
        .request(reqwest::Method::PUT, "/stream", body)
        .await;
    for _ in 0..3 {
        round(&hub, &users).await;
        assert_eq!(hub.metric("lantern_sockets_open").await, 0);
        assert_eq!(hub.metric("lantern_subscriptions").await, 0);
        assert_eq!(hub.metric("lantern_queued_messages").await, 0);
        let (_, sessions) = hub.hub().supervisors();
        for session in sessions.unwrap().get_children() {
            within("a session ends", session.wait(None)).await.unwrap();
        }
    }
    let opened = hub.metric("lantern_sockets_opened_total").await;
    assert_eq!(opened, 3 * SOCKETS as u64);
}
