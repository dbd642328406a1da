//! What is wrong is shown where pictures are shown, and told to who prefers JSON.

use serde_json::Value;

use super::{IMAGES, header, png, somebody, svg};
use crate::rest_harness::Rest;

const JSON: &str = "application/json";

#[tokio::test]
async fn an_unknown_user_is_a_picture_too() {
    let (hub, _) = somebody().await;
    for accept in ["*/*", "image/*", IMAGES] {
        for path in ["/api/v1/users/12?svg=1", "/api/v1/users/12.svg"] {
            let response = hub.ask(path, &[("accept", accept)]).await;
            assert_eq!(header(&response, "lantern-problem"), "unknown_user");
            assert_eq!(header(&response, "etag"), "");
            assert!(svg(response).await.contains("User 12 is not monitored."));
        }
    }
    png(hub.ask("/api/v1/users/12.png", &[]).await).await;
    let response = hub.ask("/api/v1/users/ada.svg", &[]).await;
    assert_eq!(header(&response, "lantern-problem"), "invalid_user_id");
    svg(response).await;
    hub.stop().await;
}

#[tokio::test]
async fn who_prefers_json_is_told_in_json() {
    let (hub, member) = somebody().await;
    for (path, status, code) in [
        ("/api/v1/users/12?svg=1".to_owned(), 404, "unknown_user"),
        ("/api/v1/users/12.svg".to_owned(), 404, "unknown_user"),
        ("/api/v1/users/ada.png".to_owned(), 400, "invalid_user_id"),
        (
            format!("/api/v1/users/{member}.svg?theme=blue"),
            400,
            "invalid_option",
        ),
    ] {
        let response = hub.ask(&path, &[("accept", JSON)]).await;
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(
            header(&response, "content-type"),
            "application/problem+json"
        );
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["code"], code, "{path}");
    }
    hub.stop().await;
}

#[tokio::test]
async fn before_the_members_are_counted_a_card_says_so() {
    let rest = Rest::start().await;
    let answer = rest.get("/api/v1/users/12.svg").await;
    assert_eq!(answer.status.as_u16(), 200);
    assert_eq!(answer.header("lantern-problem"), "not_ready");
    assert!(answer.body.contains("still being counted"));
}
