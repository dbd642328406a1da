//! A hub that ends, in good order or killed, and another that goes on from its store.

use std::{collections::HashMap, fs, path::Path};

use lantern_actors::domain::UserId;
use serde_json::{Map, Value, json};

use crate::{
    harness::{Client, Discord, eventually, game, number},
    process::program::Program,
};

fn id(user: &Value) -> String {
    user["metadata"]["id"].as_str().unwrap().to_owned()
}

fn v(user: &Value) -> u64 {
    user["v"].as_u64().unwrap()
}

/// `known`, made of users as they were told.
fn known<'a>(users: impl IntoIterator<Item = &'a Value>) -> Value {
    let entries = users.into_iter().map(|user| (id(user), user["v"].clone()));
    Value::Object(entries.collect::<Map<_, _>>())
}

fn by_id(users: &Value) -> HashMap<String, Value> {
    let users = users.as_array().unwrap().iter();
    users.map(|user| (id(user), user.clone())).collect()
}

#[tokio::test]
async fn who_has_not_changed_is_the_same_after_a_restart_and_is_not_told_again() {
    let discord = Discord::start(20).await;
    let hub = discord.hub().await;
    let members = hub.members().await;
    let [quiet, back, gone] = [members[0], members[1], members[2]];
    for user in [quiet, gone] {
        hub.control.playing(user, "Go").await;
        hub.until_user(user, "it is told", |user| game(user) == "Go")
            .await;
    }
    hub.control
        .presence(gone, json!({"status": "offline"}))
        .await;
    hub.until_user(gone, "it is told", |user| user["status"] == "offline")
        .await;
    let before = hub.everybody().await;
    hub.stop().await;

    discord.control.playing(back, "Chess").await;
    let hub = discord.hub().await;
    let mut client = hub.connect().await;
    let selection = json!({"user_id": "All", "known": known(before.as_array().unwrap())});
    let told = client.init(&selection).await;
    assert_eq!(
        by_id(&told).into_keys().collect::<Vec<_>>(),
        [back.to_string()]
    );
    let after = hub.everybody().await;
    let (before, after) = (by_id(&before), by_id(&after));
    assert_eq!(before.len(), 21);
    for (user, before) in &before {
        if *user == back.to_string() {
            assert!(v(&after[user]) > v(before));
            let since = "monitoring_since";
            assert_eq!(after[user]["metadata"][since], before["metadata"][since]);
        } else {
            assert_eq!(&after[user], before);
        }
    }
    assert!(after[&gone.to_string()]["last_seen_at"]["unix"].is_number());
    client.expect_silence().await;
}

#[tokio::test]
async fn what_was_stored_is_served_as_stale_until_discord_is_reached() {
    let mut discord = Discord::start(3).await;
    let hub = discord.hub().await;
    let user = hub.members().await[0];
    hub.control.playing(user, "Go").await;
    let before = hub
        .until_user(user, "it is told", |user| game(user) == "Go")
        .await;
    hub.stop().await;

    discord.vanish().await;
    let hub = discord.starting_hub().await;
    let (_, told) = hub.watch(user).await;
    assert_eq!(told, hub.user(user).await);
    assert_eq!(told["stale"], true);
    let heard = told["observed_at"]["unix"].as_u64().unwrap();
    assert_eq!(heard, v(&before) / 1_000_000, "the newest that is stored");
    for field in ["metadata", "activities", "status", "v"] {
        assert_eq!(told[field], before[field]);
    }
    let (status, _) = hub.get("/readyz").await;
    assert_eq!(status, 503);
    let (status, problem) = hub.get("/api/v1/users/1").await;
    assert_eq!((status, &problem["code"]), (503, &json!("not_ready")));
}

#[tokio::test]
async fn who_left_while_the_hub_was_down_is_told_and_who_comes_back_begins_anew() {
    let discord = Discord::start(5).await;
    let hub = discord.hub().await;
    let user = hub.members().await[0];
    let before = hub.user(user).await;
    hub.stop().await;

    discord.control.leave(user).await;
    let hub = discord.hub().await;
    let (status, _) = hub.get(&format!("/api/v1/users/{user}")).await;
    assert_eq!(status, 404);
    let mut client = hub.connect().await;
    client
        .init(&json!({"user_id": "All", "known": known([&before])}))
        .await;
    assert_eq!(client.expect("USER_LEFT").await["user_id"], json!(user));
    hub.stop().await;

    let hub = discord.hub().await;
    assert!(hub.hub().user(user).is_none(), "it is not restored");
}

/// The hub is killed amid updates, again and again. Whoever watched never sees a version go back,
/// and in the end everybody sees what Discord says.
#[tokio::test]
async fn versions_never_go_back_when_the_hub_is_killed() {
    const UPDATES: usize = 400;
    let discord = Discord::start(12).await;
    let environment = discord.environment();
    let environment: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let members = discord.control.members().await;
    let mut held: HashMap<String, Value> = HashMap::new();
    for round in 0..6 {
        let mut hub = Program::start(&["serve", "--listen", "127.0.0.1:0"], &environment);
        hub.says("Live page").await;
        let mut client = Client::connect(hub.addr(), "").await;
        let selection = json!({"user_id": "All", "known": known(held.values())});
        let told = client.init(&selection).await;
        told.as_array()
            .unwrap()
            .iter()
            .for_each(|user| hold(&mut held, user));
        let watching = async {
            // Killed at another point each time, with updates under way.
            for _ in 0..20 + 37 * round {
                if let Some((t, user)) = client.next().await {
                    assert_eq!(t, "PRESENCE_UPDATE");
                    hold(&mut held, &user);
                }
            }
            hub.kill().await;
        };
        tokio::join!(discord.control.burst(&members, UPDATES), watching);
    }
    let hub = discord.hub().await;
    hub.until_live().await;
    let mut client = hub.connect().await;
    let told = client
        .init(&json!({"user_id": "All", "known": known(held.values())}))
        .await;
    told.as_array()
        .unwrap()
        .iter()
        .for_each(|user| hold(&mut held, user));
    for user in members {
        let at_discord = discord.control.get(&format!("/members/{user}")).await;
        let wanted = number(&at_discord["presence"]);
        while number(&held[&user.to_string()]) != wanted {
            let update = client.expect("PRESENCE_UPDATE").await;
            hold(&mut held, &update);
        }
    }
}

fn hold(held: &mut HashMap<String, Value>, user: &Value) {
    if let Some(before) = held.insert(id(user), user.clone()) {
        assert!(v(user) > v(&before), "{before} then {user}");
    }
}

/// A presence that was published and not stored before the hub was killed, made by taking the store
/// back to what it was.
#[tokio::test]
async fn who_holds_a_version_that_was_lost_is_told_a_newer_one() {
    let discord = Discord::on_embedded_store(3).await;
    let hub = discord.hub().await;
    let user = hub.members().await[0];
    discord.control.playing(user, "Go").await;
    hub.until_user(user, "it is told", |user| game(user) == "Go")
        .await;
    hub.stop().await;
    let earlier = tempfile::tempdir().unwrap();
    copy(discord.folder(), earlier.path());

    let hub = discord.hub().await;
    discord.control.playing(user, "Chess").await;
    let lost = hub
        .until_user(user, "it is told", |user| game(user) == "Chess")
        .await;
    hub.stop().await;
    fs::remove_dir_all(discord.folder()).unwrap();
    copy(earlier.path(), discord.folder());
    discord.control.playing(user, "Go").await;

    let hub = discord.hub().await;
    let restored = hub.user(user).await;
    assert!(game(&restored) == "Go" && v(&restored) < v(&lost));
    let tag = format!("\"v-{}\"", v(&lost));
    let path = format!("/api/v1/users/{user}");
    let answer = hub.ask(&path, &[("if-none-match", &tag)]).await;
    assert_eq!(answer.status(), 304, "it keeps what it holds");
    assert_eq!(answer.headers()["etag"], tag.as_str());
    let mut client = hub.connect().await;
    let told = client
        .init(&json!({"user_id": user, "known": known([&lost])}))
        .await;
    let newer = match told {
        Value::Null => client.expect("PRESENCE_UPDATE").await,
        told => told,
    };
    assert!(game(&newer) == "Go" && v(&newer) > v(&lost));
    let unchanged = |user: &Value| v(user) == v(&newer);
    hub.until_user(user, "REST tells it too", unchanged).await;
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

#[tokio::test]
async fn the_number_of_members_that_are_not_stored_yet_falls_to_none() {
    let discord = Discord::on_embedded_store(50).await;
    let hub = discord.hub().await;
    let members: Vec<UserId> = hub.members().await;
    discord.control.burst(&members, 500).await;
    eventually("everything is stored", async || {
        let unsaved = hub.metric("lantern_members_unsaved").await;
        (unsaved == 0).then_some(())
    })
    .await;
    assert!(hub.metric("lantern_store_members_total").await >= 51);
    assert_eq!(hub.metric("lantern_store_up").await, 1);
}
