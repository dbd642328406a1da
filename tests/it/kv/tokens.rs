//! Who may change storage.

use lantern::config::Secret;
use lantern_actors::user::{Authority, StorageRequest};
use reqwest::Method;
use serde_json::Value;

use crate::harness::{Discord, SECRET, TestHub};

const NEWER: &str = "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

#[tokio::test]
async fn a_token_may_stand_alone_or_behind_bearer() {
    let hub = TestHub::start().await;
    let user = hub.members().await[0];
    let token = hub.token(user).await;
    for scheme in ["", "Bearer ", "bearer ", "BEARER ", "bEaReR  "] {
        let header = format!("{scheme}{token}");
        assert_eq!(hub.put(user, "key", scheme, &header).await, 200, "{scheme}");
    }
    for scheme in ["Basic ", "Bearer", "Token ", "Bearer Bearer "] {
        let header = format!("{scheme}{token}");
        assert_eq!(hub.put(user, "key", "", &header).await, 401, "{scheme}");
    }
}

#[tokio::test]
async fn a_token_is_valid_until_the_next_one_is_made() {
    let hub = TestHub::start().await;
    let members = hub.members().await;
    let (user, other) = (members[0], members[1]);
    let old = hub.token(user).await;
    assert_eq!(hub.token(user).await, old);
    assert_eq!(hub.put(user, "key", "x", &old).await, 200);
    assert_eq!(hub.put(other, "key", "x", &old).await, 403);
    let before = hub.user(user).await;
    let renewal = StorageRequest::RenewToken;
    let renewed = hub.hub().storage(user, Authority::Owner, renewal).await;
    assert!(renewed.is_ok());
    let new = hub.token(user).await;
    let request = hub.change(Method::PUT, user, "/key", &old).body("x");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 401);
    let problem: Value = answer.json().await.unwrap();
    assert!(problem["detail"].as_str().unwrap().contains("newer"));
    assert_eq!(hub.user(user).await, before, "a token is nothing to tell");
    assert_eq!(hub.put(user, "key", "y", &new).await, 200);
}

#[tokio::test]
async fn tokens_outlive_a_restart_and_their_secret_while_it_is_listed() {
    let mut discord = Discord::start(3).await;
    let hub = discord.hub().await;
    let user = hub.members().await[0];
    let token = hub.token(user).await;
    hub.stop().await;
    for (secret, status) in [
        (SECRET.to_owned(), 200),
        (format!("{NEWER},{SECRET}"), 200),
        (NEWER.to_owned(), 401),
    ] {
        discord.config_mut().kv.token_secret = Some(Secret::new(&secret));
        let hub = discord.hub().await;
        let value = format!("{status}{}", secret.len());
        assert_eq!(hub.put(user, "key", &value, &token).await, status);
        let newest = hub.token(user).await;
        assert_eq!(hub.put(user, "key", "newest", &newest).await, 200);
        assert_eq!(newest == token, secret == SECRET);
        hub.stop().await;
    }
}

#[tokio::test]
async fn who_is_wrong_too_often_waits_and_genuine_tokens_pass() {
    let hub = TestHub::with(3, |config| config.kv.failures_per_minute = 3).await;
    let user = hub.members().await[0];
    let token = hub.token(user).await;
    for expected in [401, 401, 401, 429, 429] {
        let request = hub.change(Method::PUT, user, "/key", "lt_kv_wrong");
        let answer = request.body("x").send().await.unwrap();
        assert_eq!(answer.status(), expected);
        let wait = answer.headers().get("retry-after");
        let wait: Option<u32> = wait.map(|wait| wait.to_str().unwrap().parse().unwrap());
        assert_eq!(
            wait.is_some_and(|wait| (1..=60).contains(&wait)),
            expected == 429
        );
        assert_eq!(hub.put(user, "key", "x", &token).await, 200);
        assert_eq!(
            hub.put(user, "key", "x", "").await,
            401,
            "none is no wrong one"
        );
    }
}
