//! Users as pictures: what is answered, at which address, to whom.

mod avatars;
mod fetching;
mod options;
mod problems;

use image::{DynamicImage, GenericImageView};
use lantern_actors::domain::UserId;
use reqwest::Response;

use crate::harness::TestHub;

/// What a browser asks for in an image element.
const IMAGES: &str = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

/// The markup of an answer that is to be a picture.
async fn svg(response: Response) -> String {
    assert_eq!(response.status(), 200);
    assert_eq!(
        header(&response, "content-type"),
        "image/svg+xml; charset=utf-8"
    );
    let markup = response.text().await.unwrap();
    resvg::usvg::Tree::from_str(&markup, &resvg::usvg::Options::default()).unwrap();
    markup
}

async fn png(response: Response) -> DynamicImage {
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "content-type"), "image/png");
    image::load_from_memory(&response.bytes().await.unwrap()).unwrap()
}

/// A hub, and a member who plays something.
async fn somebody() -> (TestHub, UserId) {
    let hub = TestHub::start().await;
    let member = hub.members().await[0];
    playing(&hub, member, "Chess & <Go>").await;
    (hub, member)
}

async fn playing(hub: &TestHub, member: UserId, game: &str) {
    hub.control.playing(member, game).await;
    hub.until_user(member, "the game", |user| {
        user["activities"][0]["name"] == game
    })
    .await;
}

#[tokio::test]
async fn the_same_card_is_at_both_addresses() {
    let (hub, member) = somebody().await;
    let user = hub.user(member).await;
    let at_user = svg(hub
        .ask(&format!("/api/v1/users/{member}?svg=1&animate=0"), &[])
        .await)
    .await;
    let as_file = svg(hub
        .ask(&format!("/api/v1/users/{member}.svg?animate=0"), &[])
        .await)
    .await;
    assert!(at_user == as_file);
    assert!(at_user.contains("Chess &amp; &lt;Go&gt;"));
    assert!(at_user.contains(user["metadata"]["username"].as_str().unwrap()));
    assert!(at_user.len() < 100_000);
    hub.stop().await;
}

#[tokio::test]
async fn a_card_is_also_a_png_of_any_width() {
    let (hub, member) = somebody().await;
    let wide = png(hub.ask(&format!("/api/v1/users/{member}.png"), &[]).await).await;
    assert_eq!(wide.width(), 600);
    let small = png(hub
        .ask(&format!("/api/v1/users/{member}.png?width=300"), &[])
        .await)
    .await;
    assert_eq!(small.width(), 300);
    assert_eq!(small.height(), wide.height() / 2);
    // The corners are round, and what is between them is not empty.
    assert_eq!(wide.get_pixel(0, 0).0[3], 0);
    assert_eq!(wide.get_pixel(300, 70).0[3], 255);
    hub.stop().await;
}

#[tokio::test]
async fn who_has_the_card_is_told_that_it_is_the_same_until_it_changes() {
    let (hub, member) = somebody().await;
    for (path, kind) in [("svg?animate=0", "image/svg+xml"), ("png", "image/png")] {
        let path = format!("/api/v1/users/{member}.{path}");
        let first = hub.ask(&path, &[]).await;
        let tag = header(&first, "etag").to_owned();
        assert!(tag.starts_with("\"c-"), "{tag}");
        assert_eq!(header(&first, "cache-control"), "no-cache");
        assert_eq!(header(&first, "x-content-type-options"), "nosniff");
        assert!(header(&first, "content-security-policy").starts_with("default-src 'none'"));
        assert_eq!(header(&first, "access-control-allow-origin"), "*");
        let again = hub.ask(&path, &[("if-none-match", &tag)]).await;
        assert_eq!(again.status(), 304);
        assert_eq!(header(&again, "etag"), tag);
        assert!(again.bytes().await.unwrap().is_empty());
        playing(&hub, member, &format!("Draughts as {kind}")).await;
        let changed = hub.ask(&path, &[("if-none-match", &tag)]).await;
        assert_eq!(changed.status(), 200);
        assert_ne!(header(&changed, "etag"), tag);
    }
    hub.stop().await;
}

#[tokio::test]
async fn head_tells_of_a_card_without_it() {
    let (hub, member) = somebody().await;
    let url = format!(
        "http://{}/api/v1/users/{member}.svg?animate=0",
        hub.app().addr()
    );
    let whole = reqwest::get(&url).await.unwrap();
    let head = reqwest::Client::new().head(&url).send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(header(&head, "etag"), header(&whole, "etag"));
    let length = header(&head, "content-length").parse::<usize>().unwrap();
    assert_eq!(whole.bytes().await.unwrap().len(), length);
    assert!(head.bytes().await.unwrap().is_empty());
    hub.stop().await;
}

#[tokio::test]
async fn cards_are_counted() {
    let (hub, member) = somebody().await;
    for path in ["svg", "svg", "png", "png"] {
        hub.ask(
            &format!("/api/v1/users/{member}.{path}?hideLastSeen=1"),
            &[],
        )
        .await;
    }
    assert_eq!(hub.metric("lantern_cards_total{drawn=\"svg\"}").await, 1);
    assert_eq!(hub.metric("lantern_cards_total{drawn=\"png\"}").await, 1);
    assert!(hub.metric("lantern_cards_total{drawn=\"kept\"}").await >= 3);
    assert!(
        hub.metric("lantern_card_pictures_total{outcome=\"fetched\"}")
            .await
            >= 1
    );
    hub.stop().await;
}
