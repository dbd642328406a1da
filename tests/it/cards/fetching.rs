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
