//! `If-Match`: what many clients do to one pair, none of it lost.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::pairs;
use crate::harness::TestHub;

#[tokio::test]
async fn counting_by_compare_and_set_loses_nothing() {
    const CLIENTS: usize = 8;
    const EACH: usize = 12;
    let hub = Arc::new(TestHub::start().await);
    let user = hub.members().await[0];
    let token = hub.token(user).await;
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (hub, token) = (Arc::clone(&hub), token.clone());
        clients.spawn(async move {
            let path = format!("/api/v1/users/{user}/storage/count");
            let mut added = 0;
            let mut refused = 0;
            while added < EACH {
                let read = hub.ask(&path, &[]).await;
                let (count, condition) = match read.headers().get("etag") {
                    Some(tag) => {
                        let tag = tag.to_str().unwrap().to_owned();
                        let told: Value = read.json().await.unwrap();
                        let count: usize = told["value"].as_str().unwrap().parse().unwrap();
                        (count, ("if-match", tag))
                    }
                    None => (0, ("if-none-match", "*".to_owned())),
                };
                let request = hub.change(Method::PUT, user, "/count", &token);
                let request = request.header(condition.0, condition.1);
                let answer = request.body((count + 1).to_string()).send().await.unwrap();
                match answer.status().as_u16() {
                    200 => added += 1,
                    412 => refused += 1,
                    other => panic!("{other}"),
                }
            }
            refused
        });
    }
    let refused: usize = clients.join_all().await.into_iter().sum();
    assert!(refused > 0, "they met");
    let expected = json!({"count": (CLIENTS * EACH).to_string()});
    assert_eq!(pairs(&hub, user).await, expected);
}

#[tokio::test]
async fn the_tag_of_a_change_is_that_of_the_pair() {
    let hub = TestHub::start().await;
    let user = hub.members().await[0];
    let token = hub.token(user).await;
    let path = format!("/api/v1/users/{user}/storage/key");
    for method in [Method::PUT, Method::PATCH] {
        let request = hub.change(method.clone(), user, "/key", &token);
        let answer = request.body(method.to_string()).send().await.unwrap();
        let read = hub.ask(&path, &[]).await;
        assert_eq!(answer.headers()["etag"], read.headers()["etag"]);
        let tag = answer.headers()["etag"].to_str().unwrap();
        assert_eq!(
            hub.ask(&path, &[("if-none-match", tag)]).await.status(),
            304
        );
    }
}

/// Of two header lines both count, and one that is no text matches nothing.
#[tokio::test]
async fn no_condition_is_passed_over() {
    let hub = TestHub::start().await;
    let user = hub.members().await[0];
    let token = hub.token(user).await;
    assert_eq!(hub.put(user, "key", "x", &token).await, 200);
    let unreadable = reqwest::header::HeaderValue::from_bytes(b"\"\xff\"").unwrap();
    let request = hub.change(Method::PUT, user, "/key", &token);
    let request = request.header("if-match", unreadable).body("y");
    assert_eq!(request.send().await.unwrap().status(), 412);
    let request = hub.change(Method::PUT, user, "/key", &token);
    let request = request
        .header("if-match", "\"p-0\"")
        .header("if-match", "*");
    assert_eq!(request.body("y").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn readers_see_a_merge_as_a_whole() {
    let hub = Arc::new(TestHub::start().await);
    let user = hub.members().await[0];
    let token = hub.token(user).await;
    let merges = async {
        for round in 0..60 {
            let merge = match round % 2 {
                0 => json!({"a": round.to_string(), "b": round.to_string(), "c": null}),
                _ => json!({"a": round.to_string(), "b": null, "c": round.to_string()}),
            };
            let request = hub.change(Method::PATCH, user, "", &token).json(&merge);
            assert_eq!(request.send().await.unwrap().status(), 200);
        }
    };
    let reads = async {
        loop {
            let told = pairs(&hub, user).await;
            let told = told.as_object().unwrap();
            assert!([0, 2].contains(&told.len()), "{told:?}");
            let values: Vec<&Value> = told.values().collect();
            assert!(values.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");
        }
    };
    tokio::select! {
        () = merges => {}
        () = reads => {}
    }
}
