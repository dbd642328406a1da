//! The hub is killed amid changes and started again: every change that was answered is there.

use std::{sync::Arc, time::Duration};

use lantern_actors::domain::UserId;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::{sync::mpsc, task::JoinSet};

use super::pairs;
use crate::{
    harness::{Discord, eventually},
    process::program::Program,
};

#[tokio::test]
async fn a_restart_keeps_pairs_tokens_and_versions() {
    let discord = Discord::start(3).await;
    let hub = discord.hub().await;
    let user = hub.members().await[0];
    let token = hub.token(user).await;
    for key in ["city", "mood"] {
        assert_eq!(hub.put(user, key, "Überraschung 🏮", &token).await, 200);
    }
    let before = hub.user(user).await;
    let tag = hub.ask(&format!("/api/v1/users/{user}/storage"), &[]).await;
    let tag = tag.headers()["etag"].clone();
    hub.stop().await;
    let hub = discord.hub().await;
    hub.until_live().await;
    assert_eq!(hub.user(user).await, before);
    let path = format!("/api/v1/users/{user}/storage");
    let again = hub
        .ask(&path, &[("if-none-match", tag.to_str().unwrap())])
        .await;
    assert_eq!(again.status(), 304);
    assert_eq!(hub.token(user).await, token);
    assert_eq!(hub.put(user, "city", "Oslo", &token).await, 200);
    let after = hub.user(user).await;
    assert!(after["v"].as_u64() > before["v"].as_u64());
    assert_eq!(
        pairs(&hub, user).await,
        json!({"city": "Oslo", "mood": "Überraschung 🏮"})
    );
}

#[tokio::test]
async fn the_pairs_of_who_left_are_not_told_nor_changed() {
    let discord = Discord::start(3).await;
    let hub = discord.hub().await;
    let user = hub.members().await[0];
    let token = hub.token(user).await;
    assert_eq!(hub.put(user, "city", "Oslo", &token).await, 200);
    hub.control.leave(user).await;
    eventually("they are gone", async || {
        let (status, _) = hub.get(&format!("/api/v1/users/{user}/storage")).await;
        (status == 404).then_some(())
    })
    .await;
    assert_eq!(hub.put(user, "city", "Rome", &token).await, 404);
    let answer = hub
        .change(reqwest::Method::DELETE, user, "", &token)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 404);
}

/// What a writer was told, and the last that it asked for.
#[derive(Clone, Copy, Default)]
struct Count {
    answered: u64,
    asked: u64,
}

/// Counts up in a pair of its own until the hub is gone.
async fn write(url: String, token: String, mut count: Count, answers: mpsc::Sender<()>) -> Count {
    let http = Client::new();
    loop {
        count.asked += 1;
        let request = http.put(&url).header("authorization", &token);
        match request.body(count.asked.to_string()).send().await {
            Ok(answer) if answer.status() == StatusCode::OK => {
                count.answered = count.asked;
                // Whoever counts may have enough.
                let _ = answers.send(()).await;
            }
            Ok(answer) => panic!("{}", answer.status()),
            Err(_) => return count,
        }
    }
}

#[tokio::test]
async fn every_change_that_was_answered_outlives_a_kill() {
    const WRITERS: usize = 8;
    let discord = Discord::start(4).await;
    let hub = discord.hub().await;
    let members = hub.members().await;
    let users: Vec<UserId> = members[..2].to_vec();
    let mut tokens = Vec::new();
    for user in &users {
        tokens.push(hub.token(*user).await);
    }
    hub.stop().await;
    let environment = discord.environment();
    let environment: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let mut counts = [Count::default(); WRITERS];
    let mut versions = vec![0; users.len()];
    for round in 0..6 {
        let mut hub = Program::start(&["serve", "--listen", "127.0.0.1:0"], &environment);
        hub.says("Live page").await;
        let addr = hub.addr();
        for (number, count) in counts.iter_mut().enumerate() {
            let user = users[number % 2];
            let url = format!("http://{addr}/api/v1/users/{user}");
            let told = until_told(&url).await;
            let v = told["v"].as_u64().unwrap();
            assert!(v >= versions[number % 2], "round {round}: {v}");
            versions[number % 2] = v;
            let key = format!("writer{number}");
            let value = told["storage"][&key].as_str();
            let value = value.map_or(0, |value| value.parse().unwrap());
            let possible = count.answered..=count.asked;
            assert!(possible.contains(&value), "round {round}: {key} is {value}");
        }
        let (answers, mut answered) = mpsc::channel(1);
        let mut writers = JoinSet::new();
        for (number, count) in counts.into_iter().enumerate() {
            let user = users[number % 2];
            let url = format!("http://{addr}/api/v1/users/{user}/storage/writer{number}");
            let token = tokens[number % 2].clone();
            let answers = answers.clone();
            writers.spawn(async move { (number, write(url, token, count, answers).await) });
        }
        drop(answers);
        // Killed at another point each time.
        for _ in 0..10 + 29 * round {
            answered.recv().await;
        }
        let draining = tokio::spawn(async move { while answered.recv().await.is_some() {} });
        hub.kill().await;
        for (number, count) in writers.join_all().await {
            counts[number] = count;
        }
        draining.await.unwrap();
    }
    let hub = Arc::new(discord.hub().await);
    for (number, count) in counts.into_iter().enumerate() {
        let told = hub.user(users[number % 2]).await;
        let value = told["storage"][format!("writer{number}")].as_str();
        let value = value.map_or(0, |value| value.parse().unwrap());
        assert!((count.answered..=count.asked).contains(&value));
    }
}

/// A user, once the store has told of them too.
async fn until_told(url: &str) -> Value {
    eventually("the pairs are told", async || {
        let storage = reqwest::get(format!("{url}/storage")).await.ok()?;
        if storage.status() != StatusCode::OK {
            tokio::time::sleep(Duration::from_millis(5)).await;
            return None;
        }
        reqwest::get(url).await.ok()?.json().await.ok()
    })
    .await
}
