//! Two hubs on one CQL server: commits are conditional, so nothing that one decided is undone by the
//! other. Only where a server is at hand: `tests/run` starts one.

use std::{collections::HashMap, env, sync::Arc};

use lantern_actors::user::{Authority, StorageRequest};
use reqwest::Method;
use tokio::task::JoinSet;

use super::pairs;
use crate::harness::{Discord, TestHub, eventually};

fn is_shared() -> bool {
    env::var("LANTERN_TEST_STORE").is_ok_and(|store| store == "scylla")
}

async fn two_hubs(discord: &Discord) -> [Arc<TestHub>; 2] {
    [discord.hub().await, discord.hub().await].map(Arc::new)
}

#[tokio::test]
async fn of_600_pairs_at_once_by_two_hubs_512_are_taken() {
    if !is_shared() {
        return;
    }
    let discord = Discord::start(3).await;
    let hubs = two_hubs(&discord).await;
    let user = hubs[0].members().await[0];
    let token = hubs[0].token(user).await;
    let mut puts = JoinSet::new();
    for number in 0..600 {
        let (hub, token) = (Arc::clone(&hubs[number % 2]), token.clone());
        puts.spawn(async move {
            let key = format!("key{number}");
            (key.clone(), hub.put(user, &key, &key, &token).await)
        });
    }
    let answers = puts.join_all().await;
    let mut counts = HashMap::new();
    for (_, status) in &answers {
        *counts.entry(*status).or_insert(0) += 1;
    }
    assert_eq!(counts, HashMap::from([(200, 512), (409, 88)]));
    // Either has to decide once more, and so to read, to know of the other's.
    for hub in &hubs {
        assert_eq!(hub.put(user, "one0more", "x", &token).await, 409);
        let told = pairs(hub, user).await;
        for (key, status) in &answers {
            assert_eq!(told.get(key).is_some(), *status == 200, "{key}");
        }
    }
}

#[tokio::test]
async fn a_new_token_of_one_hub_invalidates_the_old_one_at_the_other_at_once() {
    if !is_shared() {
        return;
    }
    let discord = Discord::start(3).await;
    let hubs = two_hubs(&discord).await;
    let user = hubs[0].members().await[0];
    let mut old = hubs[0].token(user).await;
    for round in 0..20 {
        let (one, other) = (&hubs[round % 2], &hubs[(round + 1) % 2]);
        assert_eq!(other.put(user, "key", &round.to_string(), &old).await, 200);
        let renewal = StorageRequest::RenewToken;
        let renewed = one.hub().storage(user, Authority::Owner, renewal).await;
        assert!(renewed.is_ok(), "{renewed:?}");
        // The same value, another one, and a pair that is not there.
        for value in [round.to_string(), "other".to_owned()] {
            assert_eq!(other.put(user, "key", &value, &old).await, 401);
        }
        let deletion = other.change(Method::DELETE, user, "/none", &old);
        assert_eq!(deletion.send().await.unwrap().status(), 401);
        let new = other.token(user).await;
        assert_ne!(new, old);
        assert_eq!(new, one.token(user).await);
        old = new;
    }
}

#[tokio::test]
async fn counting_by_compare_and_set_at_two_hubs_loses_nothing() {
    if !is_shared() {
        return;
    }
    const EACH: usize = 25;
    let discord = Discord::start(3).await;
    let hubs = two_hubs(&discord).await;
    let user = hubs[0].members().await[0];
    let token = hubs[0].token(user).await;
    assert_eq!(hubs[0].put(user, "count", "0", &token).await, 200);
    let count = async |hub: &TestHub| {
        let path = format!("/api/v1/users/{user}/storage/count");
        let mut added = 0;
        while added < EACH {
            let read = hub.ask(&path, &[]).await;
            let Some(tag) = read.headers().get("etag").cloned() else {
                // It was never asked, so it knows nothing of the other's.
                let request = hub.change(Method::DELETE, user, "/none", &token);
                request.send().await.unwrap();
                continue;
            };
            let told: serde_json::Value = read.json().await.unwrap();
            let count: usize = told["value"].as_str().unwrap().parse().unwrap();
            let request = hub.change(Method::PUT, user, "/count", &token);
            let request = request.header("if-match", tag);
            let answer = request.body((count + 1).to_string()).send().await.unwrap();
            match answer.status().as_u16() {
                200 => added += 1,
                412 => {}
                other => panic!("{other}"),
            }
        }
    };
    tokio::join!(count(&hubs[0]), count(&hubs[1]));
    let wanted = (2 * EACH).to_string();
    eventually("one of them told last", async || {
        let mut told = Vec::new();
        for hub in &hubs {
            told.push(pairs(hub, user).await["count"].clone());
        }
        told.contains(&serde_json::json!(wanted)).then_some(())
    })
    .await;
}
