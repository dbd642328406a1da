use lantern::auth::KvTokens;
use lantern_actors::{
    domain::UserId,
    user::{Authority, StorageError, StorageRequest},
};
use serde_json::json;

use super::{SECRET, fill, hub, hub_with, says, stored};
use crate::harness::TestHub;

/// The token in an answer.
fn token(text: &str) -> String {
    let words = text.split_whitespace();
    let mut tokens = words.filter(|word| word.starts_with("lt_kv_"));
    tokens.next().unwrap_or_else(|| panic!("{text}")).to_owned()
}

/// Whether a token opens a member's storage now.
async fn opens(hub: &TestHub, member: UserId, token: &str) -> bool {
    let claims = KvTokens::new(SECRET).unwrap().verify(token).unwrap();
    assert_eq!(claims.user, member);
    let authority = Authority::Token(claims.version);
    let asked = hub
        .hub()
        .storage(member, authority, StorageRequest::Reset)
        .await;
    assert!(matches!(asked, Ok(_) | Err(StorageError::OldToken)));
    asked.is_ok()
}

#[tokio::test]
async fn a_new_token_ends_the_old_one_and_comes_with_a_line_to_try() {
    let hub = hub().await;
    let member = hub.members().await[0];
    let first = says(&hub, member, "storage create token", json!({})).await;
    assert!(first.contains("does not work any more"), "{first}");
    let line =
        format!("curl -X PUT https://lantern.example.org/api/v1/users/{member}/storage/greeting");
    assert!(first.contains(&line), "{first}");
    let first = token(&first);
    assert!(opens(&hub, member, &first).await);

    let second = token(&says(&hub, member, "storage create token", json!({})).await);
    assert_ne!(first, second);
    assert!(!opens(&hub, member, &first).await);
    assert!(opens(&hub, member, &second).await);
    // Getting it changes nothing.
    let got = says(&hub, member, "storage get token", json!({})).await;
    assert_eq!(token(&got), second);
    let name = "lantern_commands_total{command=\"storage create token\",outcome=\"done\"}";
    assert_eq!(hub.metric(name).await, 2);
}

#[tokio::test]
async fn the_line_to_try_works_as_it_stands() {
    let hub = hub_with(|config| config.server.public_url = None).await;
    let member = hub.members().await[0];
    let answer = says(&hub, member, "storage create token", json!({})).await;
    let words: Vec<&str> = answer.split_whitespace().collect();
    let behind = |word: &str| words[words.iter().position(|it| *it == word).unwrap() + 1];
    let put = |token: String| {
        let request = reqwest::Client::new().put(behind("PUT"));
        let request = request.header("Authorization", token).body("Hello!");
        async move { request.send().await.unwrap().status().as_u16() }
    };
    let first = token(&answer);
    assert_eq!(put(first.clone()).await, 200);
    assert_eq!(stored(&hub, member).await, json!({"greeting": "Hello!"}));
    let second = says(&hub, member, "storage create token", json!({})).await;
    assert_eq!(put(first).await, 401);
    assert_eq!(put(token(&second)).await, 200);
}

#[tokio::test]
async fn without_a_secret_there_are_no_tokens_and_it_is_said_what_to_do() {
    let hub = hub_with(|config| config.kv.token_secret = None).await;
    let member = hub.members().await[0];
    for command in ["storage create token", "storage get token"] {
        let answer = says(&hub, member, command, json!({})).await;
        assert!(answer.contains("KV_TOKEN_SECRET"), "{answer}");
    }
}

#[tokio::test]
async fn a_pair_is_stored_once() {
    let hub = hub().await;
    let member = hub.members().await[0];
    let pair = json!({"key": "greeting", "value": "Hi ```there``` 🏮"});
    let answer = says(&hub, member, "storage create data", pair).await;
    let address = format!("<https://lantern.example.org/api/v1/users/{member}/storage/greeting>");
    assert!(answer.contains(&address), "{answer}");
    assert!(answer.contains("1 pair of at most 512"), "{answer}");
    let kept = json!({"greeting": "Hi ```there``` 🏮"});
    assert_eq!(stored(&hub, member).await, kept);

    let pair = json!({"key": "greeting", "value": "other"});
    let answer = says(&hub, member, "storage create data", pair).await;
    assert!(answer.contains("/storage update data"), "{answer}");
    assert_eq!(stored(&hub, member).await, kept);
    let name = "lantern_commands_total{command=\"storage create data\",outcome=\"refused\"}";
    assert_eq!(hub.metric(name).await, 1);
}

#[tokio::test]
async fn keys_that_are_none_and_pairs_past_the_last_are_refused() {
    let hub = hub().await;
    let member = hub.members().await[0];
    fill(&hub, member, 512).await;
    for (key, says_why) in [
        ("a b", "letters and digits"),
        ("ä", "letters and digits"),
        ("more", "You have 512 pairs"),
    ] {
        let pair = json!({"key": key, "value": "x"});
        let answer = says(&hub, member, "storage create data", pair).await;
        assert!(answer.contains(says_why), "{answer}");
    }
    assert_eq!(stored(&hub, member).await.as_object().unwrap().len(), 512);
}
