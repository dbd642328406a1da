//! Avatars and artwork inside cards come from the picture hosts, once; a dead host harms no card.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{playing, somebody, svg};
use crate::harness::{TestHub, eventually};

fn embedded(markup: &str) -> usize {
    markup.matches("href=\"data:image/").count()
}

#[tokio::test]
async fn pictures_are_embedded_and_fetched_once() {
    let (hub, member) = somebody().await;
    let game = json!({"name": "Chess", "type": 0, "created_at": 0, "application_id": "7",
        "assets": {"large_image": "8", "small_image": "9"}});
    hub.control
        .presence(member, json!({"status": "online", "activities": [game]}))
        .await;
    hub.until_user(member, "the artwork", |user| {
        !user["activities"][0]["assets"].is_null()
    })
    .await;
    let tag = usize::from(!hub.user(member).await["server_tag"]["icon_url"].is_null());
    let path = format!("/api/v1/users/{member}.svg");
    let before = hub.control.image_requests().await;
    let markup = svg(hub.ask(&path, &[]).await).await;
    // The avatar, the artwork, what is at its corner; and the badge of a server tag.
    assert_eq!(embedded(&markup), 3 + tag);
    let fetched = hub.control.image_requests().await - before;
    assert_eq!(fetched as usize, 3 + tag);
    for theme in ["light", "dark"] {
        hub.ask(&format!("{path}?theme={theme}"), &[]).await;
    }
    assert_eq!(hub.control.image_requests().await - before, fetched);
    hub.stop().await;
}

#[tokio::test]
async fn whatever_a_picture_host_does_there_is_a_card() {
    for behaviour in [
        "missing",
        "failing",
        "silent",
        "broken",
        "huge",
        "wrong_type",
        "redirect",
    ] {
        let hub = TestHub::with(3, |config| {
            config.cards.image_wait_ms = 300;
            config.cards.max_image_bytes = 100_000;
        })
        .await;
        let member = hub.members().await[0];
        playing(&hub, member, "Chess").await;
        hub.control.images(behaviour).await;
        let began = Instant::now();
        let markup = svg(hub.ask(&format!("/api/v1/users/{member}.svg"), &[]).await).await;
        assert!(began.elapsed() < Duration::from_secs(4), "{behaviour}");
        assert_eq!(embedded(&markup), 0, "{behaviour}");
        assert!(markup.contains("Chess"));
        assert_eq!(hub.control.followed_redirects().await, 0, "{behaviour}");
        hub.stop().await;
    }
}

#[tokio::test]
async fn a_picture_that_is_not_there_is_not_asked_for_again_at_once() {
    let (hub, member) = somebody().await;
    hub.control.images("missing").await;
    let path = format!("/api/v1/users/{member}.svg");
    hub.ask(&path, &[]).await;
    let asked = hub.control.image_requests().await;
    assert!(asked > 0);
    hub.ask(&path, &[]).await;
    assert_eq!(hub.control.image_requests().await, asked);
    hub.stop().await;
}

#[tokio::test]
async fn a_picture_that_is_late_is_there_for_the_next_card() {
    let hub = TestHub::with(3, |config| config.cards.image_wait_ms = 0).await;
    let member = hub.members().await[0];
    let path = format!("/api/v1/users/{member}.svg");
    eventually("the avatar", async || {
        let markup = svg(hub.ask(&path, &[]).await).await;
        (embedded(&markup) > 0).then_some(())
    })
    .await;
    hub.stop().await;
}

#[tokio::test]
async fn a_silent_host_does_not_hold_up_the_pictures_of_others() {
    let hub = TestHub::with(3, |config| config.cards.image_wait_ms = 200).await;
    let members = hub.members().await;
    hub.control
        .images_at("media.discordapp.net/", "silent")
        .await;
    // More artwork than a host has turns, each at an address of its own.
    for number in 0..10 {
        let game = json!({"name": format!("Game {number}"), "type": 0, "created_at": 0,
            "assets": {"large_image": format!("mp:external/x{number}/https/example.org/a.png")}});
        hub.control
            .presence(
                members[0],
                json!({"status": "online", "activities": [game]}),
            )
            .await;
        hub.until_user(members[0], "the game", |user| {
            user["activities"][0]["name"] == format!("Game {number}")
        })
        .await;
        svg(hub
            .ask(
                &format!("/api/v1/users/{}.svg?hideStatus={}", members[0], number % 2),
                &[],
            )
            .await)
        .await;
    }
    eventually("the other's avatar", async || {
        let markup = svg(hub
            .ask(&format!("/api/v1/users/{}.svg", members[1]), &[])
            .await)
        .await;
        (embedded(&markup) > 0).then_some(())
    })
    .await;
    hub.stop().await;
}

#[tokio::test]
async fn who_asks_for_the_same_card_at_once_is_given_one_drawing() {
    let (hub, member) = somebody().await;
    let path = format!("/api/v1/users/{member}.png?width=321&hideLastSeen=1");
    // So that the pictures are there, and the card looks the same to everybody.
    hub.ask(&format!("/api/v1/users/{member}.svg?hideLastSeen=1"), &[])
        .await;
    let asking = (0..16).map(|_| hub.ask(&path, &[]));
    let answers = futures_util::future::join_all(asking).await;
    assert!(answers.iter().all(|answer| answer.status() == 200));
    let cores = std::thread::available_parallelism().unwrap().get() as u64;
    let drawn = hub.metric("lantern_cards_total{drawn=\"png\"}").await;
    // As many as are drawn at a time may have begun before the first was there.
    assert!((1..cores.max(2)).contains(&drawn), "{drawn}");
    hub.stop().await;
}
