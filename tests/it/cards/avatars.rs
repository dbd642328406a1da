//! `/ID.png` and its kin lead to the avatar.

use image::ImageFormat;
use serde_json::Value;

use super::{header, somebody};
use crate::harness::TestHub;

async fn location(hub: &TestHub, path: &str) -> (u16, String) {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let url = format!("http://{}{path}", hub.app().addr());
    let response = client.build().unwrap().get(url).send().await.unwrap();
    (
        response.status().as_u16(),
        header(&response, "location").to_owned(),
    )
}

#[tokio::test]
async fn an_avatar_is_had_in_every_format_and_size() {
    let (hub, _) = somebody().await;
    let mut seen = 0;
    for member in hub.members().await {
        let user = hub.user(member).await;
        if user["metadata"]["avatar"].is_null() {
            continue;
        }
        seen += 1;
        for (name, format) in [
            ("png", ImageFormat::Png),
            ("webp", ImageFormat::WebP),
            ("jpg", ImageFormat::Jpeg),
        ] {
            let (status, url) = location(&hub, &format!("/{member}.{name}?size=64")).await;
            assert_eq!(status, 302);
            let picture = reqwest::get(&url).await.unwrap().bytes().await.unwrap();
            assert_eq!(image::guess_format(&picture).unwrap(), format, "{url}");
            assert_eq!(image::load_from_memory(&picture).unwrap().width(), 64);
        }
        let (_, url) = location(&hub, &format!("/{member}.gif")).await;
        let moves = user["metadata"]["avatar"]
            .as_str()
            .unwrap()
            .starts_with("a_");
        assert!(url.ends_with(if moves { ".gif" } else { ".png" }), "{url}");
        assert_eq!(reqwest::get(&url).await.unwrap().status(), 200);
    }
    assert!(seen > 0);
    hub.stop().await;
}

#[tokio::test]
async fn who_has_no_avatar_has_the_default_one() {
    let (hub, member) = somebody().await;
    let patch = serde_json::json!({"avatar": null});
    hub.control
        .request(
            reqwest::Method::PATCH,
            &format!("/members/{member}/user"),
            patch,
        )
        .await;
    hub.until_user(member, "no avatar", |user| {
        user["metadata"]["avatar"] == Value::Null
    })
    .await;
    let (status, url) = location(&hub, &format!("/{member}.webp?size=64")).await;
    assert_eq!(status, 302);
    assert!(
        url.contains("/embed/avatars/") && url.ends_with(".png"),
        "{url}"
    );
    assert_eq!(reqwest::get(&url).await.unwrap().status(), 200);
    hub.stop().await;
}

#[tokio::test]
async fn what_cannot_be_led_to_is_told() {
    let (hub, member) = somebody().await;
    for (path, status, code) in [
        ("/12.png".to_owned(), 404, "unknown_user"),
        ("/ada.png".to_owned(), 400, "invalid_user_id"),
        (format!("/{member}.png?size=65"), 400, "invalid_option"),
        (format!("/{member}.png?size=8192"), 400, "invalid_option"),
        (format!("/{member}.png?size=big"), 400, "invalid_option"),
        (format!("/{member}.bmp"), 404, "not_found"),
        ("/robots.txt".to_owned(), 404, "not_found"),
        (format!("/avatar/{member}/png"), 404, "not_found"),
    ] {
        let (told, problem) = hub.get(&path).await;
        assert_eq!(
            (told, &problem["code"]),
            (status, &Value::from(code)),
            "{path}"
        );
    }
    hub.stop().await;
}
