//! Users that nobody watches lose their actor, and nothing else.

use serde_json::json;

use crate::harness::{TestHub, eventually, game};

/// Lets go at the next look, which comes soon.
async fn with_short_idle_times(members: u32) -> TestHub {
    TestHub::with(members, |config| {
        config.users.idle_after_ms = 0;
        config.users.sweep_interval_ms = 100;
    })
    .await
}

async fn until_actors(hub: &TestHub, wanted: usize) {
    eventually(&format!("{wanted} actors are left"), async || {
        (hub.hub().directory().actors() == wanted).then_some(())
    })
    .await;
}

#[tokio::test]
async fn unwatched_users_lose_their_actor_and_a_presence_wakes_them() {
    let hub = with_short_idle_times(5).await;
    let users = hub.members().await;
    until_actors(&hub, 0).await;
    let before = hub.user(users[0]).await;
    assert_eq!(hub.hub().directory().actors(), 0, "REST wakes nobody");
    hub.control.playing(users[0], "Chess").await;
    let after = hub
        .until_user(users[0], "the presence arrives", |user| {
            game(user) == "Chess"
        })
        .await;
    assert!(after["v"].as_u64() > before["v"].as_u64());
    assert_eq!(after["metadata"], before["metadata"]);
    until_actors(&hub, 0).await;
    assert_eq!(hub.user(users[0]).await, after);
}

#[tokio::test]
async fn watched_users_keep_their_actor() {
    let hub = with_short_idle_times(5).await;
    let users = hub.members().await;
    until_actors(&hub, 0).await;
    let mut client = hub.connect().await;
    client
        .init(&json!({"user_ids": [users[0], users[1]]}))
        .await;
    let started = hub.hub().directory().actors_started();
    for round in 0..3 {
        for user in &users {
            hub.control.playing(*user, &format!("Round {round}")).await;
        }
        until_actors(&hub, 2).await;
    }
    let started = hub.hub().directory().actors_started() - started;
    // Two were started once; the other three may have been let go in each round.
    assert!(started <= 2 + 3 * 3, "{started}");
    client
        .send(&json!({"op": 14, "d": {"user_id": users[0]}}))
        .await;
    until_actors(&hub, 1).await;
}

#[tokio::test]
async fn actors_are_bounded_while_many_members_are_counted() {
    const MOST: usize = 100;
    let hub = TestHub::with(5_000, |config| config.users.most_actors = MOST).await;
    // The bot is a member too.
    let everybody = hub.members().await.len() + 1;
    assert_eq!(hub.hub().directory().monitored(), everybody);
    eventually("no more actors live than may", async || {
        (hub.hub().directory().actors() <= MOST).then_some(())
    })
    .await;
    let (users, _) = hub.hub().supervisors();
    let users = users.unwrap();
    eventually("those that were let go have ended", async || {
        (users.get_children().len() <= MOST).then_some(())
    })
    .await;
}
