//! REST: users, caching, cross-origin requests, errors, the server's own pages.

use std::time::SystemTime;

use lantern::api::user_schema::User;
use lantern_actors::{
    domain::{
        Activity, ActivityAsset, ActivityId, ActivityKind, Emoji, Platforms, Presence, Status,
        Timestamp,
    },
    ports::{GatewayState, Intake},
    wire::Encoding,
};
use poem::http::{Method, StatusCode};
use poem_openapi::types::{ParseFromJSON, ToJSON};
use serde_json::Value;

use crate::rest_harness::{Answer, Rest, online, profile};

const ANN: u64 = 123_456_789_012_345_678;
const BEN: u64 = 234_567_890_123_456_789;

fn user_uri(id: u64) -> String {
    format!("/api/v1/users/{id}")
}

fn assert_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status.as_u16(), status, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.header("cache-control"), "no-store");
    let problem = answer.json();
    assert_eq!(problem["code"], code);
    assert_eq!(problem["status"], status);
    assert_eq!(problem["error"], problem["detail"]);
}

#[tokio::test]
async fn a_user_is_the_published_document_byte_for_byte() {
    let rest = Rest::with_users([ANN]).await;
    let answer = rest.get(&user_uri(ANN)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.header("content-type"),
        "application/json; charset=utf-8"
    );
    assert_eq!(answer.header("cache-control"), "no-cache");
    let snapshot = rest.hub.user(profile(ANN).id).unwrap();
    assert_eq!(answer.body.as_bytes(), snapshot.document(Encoding::Json));
    let tag = format!("\"v-{}\"", answer.json()["v"]);
    assert_eq!(answer.header("etag"), tag);
}

#[tokio::test]
async fn an_unchanged_user_is_304_and_a_changed_one_is_not() {
    let mut rest = Rest::with_users([ANN]).await;
    let uri = user_uri(ANN);
    let tag = rest.get(&uri).await.header("etag").to_owned();
    for method in [Method::GET, Method::HEAD] {
        let known = [("if-none-match", tag.as_str())];
        let answer = rest.ask(method, &uri, &known).await;
        assert_eq!(answer.status, StatusCode::NOT_MODIFIED);
        assert_eq!(answer.header("etag"), tag);
        assert_eq!(answer.body, "");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
    }
    rest.publishing(|hub| hub.presence(profile(ANN).id, online()))
        .await;
    let answer = rest
        .ask(Method::GET, &uri, &[("if-none-match", &tag)])
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_ne!(answer.header("etag"), tag);
    assert_eq!(answer.json()["status"], "online");
}

#[tokio::test]
async fn users_are_answered_in_the_order_asked_and_unknown_ones_left_out() {
    let rest = Rest::with_users([ANN, BEN]).await;
    let uri = format!("/api/v1/users?user_ids={BEN}&user_ids=7&user_ids={ANN}");
    let answer = rest.get(&uri).await;
    assert_eq!(answer.status, StatusCode::OK);
    let one = |answer: Answer| answer.body;
    let (ann, ben) = (
        one(rest.get(&user_uri(ANN)).await),
        one(rest.get(&user_uri(BEN)).await),
    );
    assert_eq!(answer.body, format!("[{ben},{ann}]"));
    let tag = answer.header("etag");
    let known = [("if-none-match", format!("\"other\", W/{tag}"))];
    let known = known
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let again = rest.ask(Method::GET, &uri, &known).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    assert_eq!(again.body, "");
    let head = rest.ask(Method::HEAD, &uri, &[]).await;
    assert_eq!(head.status, StatusCode::OK);
    assert_eq!(head.header("content-length"), answer.body.len().to_string());
    assert_eq!(head.body, "");
}

#[tokio::test]
async fn fifty_users_are_answered_and_fifty_one_are_refused() {
    let rest = Rest::with_users(1..=51).await;
    let list = |ids: std::ops::RangeInclusive<u64>| {
        let pairs: Vec<_> = ids.map(|id| format!("user_ids={id}")).collect();
        format!("/api/v1/users?{}", pairs.join("&"))
    };
    let fifty = rest.get(&list(1..=50)).await;
    assert_eq!(fifty.json().as_array().unwrap().len(), 50);
    assert_problem(&rest.get(&list(1..=51)).await, 400, "too_many_user_ids");
}

#[tokio::test]
async fn while_the_gateway_is_away_users_say_so() {
    let rest = Rest::with_users([ANN]).await;
    let fresh = rest.get(&user_uri(ANN)).await;
    let long_ago = Timestamp::from_unix_ms(1_620_000_000_123);
    rest.hub.gateway(GatewayState::Away { since: long_ago });
    let newer = rest.get(&user_uri(ANN)).await;
    assert_eq!(newer.body, fresh.body, "heard of since");
    assert_eq!(newer.header("etag"), fresh.header("etag"));
    let since = Timestamp::from(SystemTime::now());
    rest.hub.gateway(GatewayState::Away { since });
    let list = format!("/api/v1/users?user_ids={ANN}");
    let (stale, listed) = (rest.get(&user_uri(ANN)).await, rest.get(&list).await);
    assert_eq!(stale.json()["stale"], true);
    assert_eq!(stale.json()["observed_at"]["raw"], since.to_string());
    assert_eq!(stale.json()["v"], fresh.json()["v"]);
    assert_ne!(stale.header("etag"), fresh.header("etag"));
    assert_eq!(listed.json()[0], stale.json());
    assert_eq!(rest.get("/").await.json()["gateway"]["state"], "away");
    rest.hub.gateway(GatewayState::Live);
    let again = rest.get(&user_uri(ANN)).await;
    assert_eq!(again.body, fresh.body);
    assert_eq!(again.header("etag"), fresh.header("etag"));
}

#[tokio::test]
async fn before_the_member_list_is_complete_nobody_is_unknown() {
    let mut rest = Rest::start().await;
    rest.publishing(|hub| hub.member(profile(ANN).into(), None))
        .await;
    assert_eq!(rest.get(&user_uri(ANN)).await.status, StatusCode::OK);
    let partly = format!("/api/v1/users?user_ids={ANN}&user_ids={BEN}");
    for uri in [user_uri(BEN), partly] {
        let answer = rest.get(&uri).await;
        assert_problem(&answer, 503, "not_ready");
        assert_eq!(answer.header("retry-after"), "2");
    }
    assert_problem(&rest.get("/readyz").await, 503, "not_ready");
    rest.hub.reconcile([profile(ANN).id].into());
    assert_problem(&rest.get(&user_uri(BEN)).await, 404, "unknown_user");
    assert_eq!(rest.get("/readyz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn bad_requests_are_told_what_is_wrong() {
    let rest = Rest::with_users([ANN]).await;
    let mut told = String::new();
    for uri in [
        "/api/v1/users/abc",
        "/api/v1/users/0",
        "/api/v1/users/18446744073709551616",
        "/api/v1/users/%3Cscript%3E",
        "/api/v1/users/%zz",
        "/api/v1/users/%ff",
        "/api/v1/users/7",
        "/api/v1/users/7/storage",
        "/api/v1/users",
        "/api/v1/users?user_ids=",
        "/api/v1/users?user_ids=1&user_ids=x",
        "/api/v1/users?user_ids=1,2",
        "/api/v1/users?user_ids=1&user_ids=01",
        "/api/v1/users?user_ids=%",
        "/api/v1/users?user_ids=7&user_ids=8",
        "/api/v1/users/",
        "/nowhere",
    ] {
        let answer = rest.get(uri).await;
        let code = answer.json()["code"].as_str().unwrap().to_owned();
        assert_problem(&answer, answer.status.as_u16(), &code);
        told.push_str(&format!("{uri}\n{}\n\n", answer.body));
    }
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn methods_that_are_not_possible_are_405_with_allow() {
    let rest = Rest::with_users([ANN]).await;
    for uri in [&user_uri(ANN), "/api/v1/users", "/", "/metrics", "/docs"] {
        for method in [Method::POST, Method::DELETE, Method::PATCH, Method::TRACE] {
            let answer = rest.ask(method, uri, &[]).await;
            assert_problem(&answer, 405, "method_not_allowed");
            assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS");
        }
    }
    let nowhere = rest.ask(Method::POST, "/nowhere", &[]).await;
    assert_problem(&nowhere, 404, "not_found");
}

#[tokio::test]
async fn other_origins_may_read_what_is_public() {
    let rest = Rest::with_users([ANN]).await;
    let preflight = [
        ("origin", "https://example.com"),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "if-none-match"),
    ];
    for uri in [&user_uri(ANN), "/", "/api/v1/users", "/openapi.json"] {
        let answer = rest.ask(Method::OPTIONS, uri, &preflight).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        let methods = answer.header("access-control-allow-methods");
        assert!(methods.contains("GET"), "{methods}");
        let headers = answer.header("access-control-allow-headers");
        assert!(headers.contains("if-none-match"), "{headers}");
    }
    for uri in [
        "/",
        &user_uri(ANN),
        &user_uri(7),
        "/api/nowhere",
        "/api/v1/users",
    ] {
        let answer = rest.get(uri).await;
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{uri}");
        let exposed = answer.header("access-control-expose-headers");
        assert!(exposed.contains("ETag"), "{uri}");
    }
    let metrics = rest.get("/metrics").await;
    assert_eq!(metrics.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let rest = Rest::with_users([ANN]).await;
    let paths = [
        "/",
        "/healthz",
        "/readyz",
        "/docs",
        "/openapi.json",
        "/nowhere",
    ];
    for uri in paths.iter().copied().chain([&*user_uri(ANN), &user_uri(7)]) {
        let (get, head) = (rest.get(uri).await, rest.ask(Method::HEAD, uri, &[]).await);
        assert_eq!(head.status, get.status, "{uri}");
        assert_eq!(head.body, "", "{uri}");
        assert_eq!(head.header("content-length"), get.body.len().to_string());
        assert_eq!(head.header("content-type"), get.header("content-type"));
        assert_eq!(head.header("etag"), get.header("etag"));
    }
}

#[tokio::test]
async fn the_root_tells_programs_and_shows_people() {
    let rest = Rest::with_users([ANN, BEN]).await;
    let info = rest.get("/").await;
    assert_eq!(info.json()["name"], "Lantern");
    assert_eq!(info.json()["monitored_users"], 2);
    assert_eq!(info.json()["links"]["socket"], "/socket");
    assert_eq!(info.header("vary"), "Accept");
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let page = rest.ask(Method::GET, "/", &[("accept", browser)]).await;
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(
        page.header("content-security-policy")
            .contains("default-src 'none'")
    );
    assert!(page.body.starts_with("<!doctype html>"));
}

#[tokio::test]
async fn metrics_hold_ours_and_what_others_add() {
    let rest = Rest::with_users([ANN, BEN]).await;
    let answer = rest.get("/metrics").await;
    assert_eq!(
        answer.header("content-type"),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    for line in [
        "lantern_users_monitored 2",
        "lantern_ready 1",
        "lantern_gateway_state{state=\"connecting\"} 1",
        "lantern_gateway_state{state=\"live\"} 0",
        "lantern_extra 1",
    ] {
        assert!(answer.body.lines().any(|found| found == line), "{line}");
    }
}

#[tokio::test]
async fn the_documented_user_has_the_fields_of_a_real_one() {
    let mut rest = Rest::with_users([ANN]).await;
    let start = Timestamp::from_unix_ms(1_620_000_000_000);
    let mut song = game("Spotify", ActivityKind::Listening);
    song.sync_id = Some("track".to_owned());
    song.end = Some(Timestamp::from_unix_ms(1_620_000_180_000));
    let mut picture = game("Chess", ActivityKind::Playing);
    picture.start = Some(start);
    picture.large_image = ActivityAsset::new(Some("spotify:abc".to_owned()), None);
    let plain = game("Plain", ActivityKind::Unknown(9));
    let mut custom = game("Custom Status", ActivityKind::Custom);
    custom.emoji = Emoji::new(None, Some(41_771_983_429_993_937), true);
    for activities in [vec![], vec![song, picture, plain, custom]] {
        let presence = Presence::new(Status::Dnd, Platforms::default(), activities);
        rest.publishing(|hub| hub.presence(profile(ANN).id, presence))
            .await;
        let real = rest.get(&user_uri(ANN)).await.json();
        assert_eq!(as_documented(real.clone()), real);
    }
    rest.hub.gateway(GatewayState::Away { since: start });
    let stale = rest.get(&user_uri(ANN)).await.json();
    assert_eq!(as_documented(stale.clone()), stale);
}

fn as_documented(real: Value) -> Value {
    User::parse_from_json(Some(real))
        .unwrap()
        .to_json()
        .unwrap()
}

fn game(name: &str, kind: ActivityKind) -> Activity {
    Activity {
        id: ActivityId::from(7),
        kind,
        name: name.to_owned(),
        state: None,
        details: None,
        application_id: None,
        created_at: Timestamp::from_unix_ms(1_620_000_000_000),
        start: None,
        end: None,
        large_image: None,
        small_image: None,
        emoji: None,
        sync_id: None,
    }
}
