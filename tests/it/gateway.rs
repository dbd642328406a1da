//! What a lost connection to Discord means for those whom Lantern serves.

use std::{net::TcpListener, time::Duration};

use lantern::config::{Config, Secret};
use lantern_actors::{domain::UserId, ports::GatewayState};
use lantern_simulator::{Simulator, SimulatorConfig};
use serde_json::{Value, json};

use crate::harness::{Client, Control, Running, TestHub, eventually, still, within};

/// A Discord that wants a heartbeat, and so gives a word, every 600 ms; and a hub that takes two
/// seconds without one for a lost connection.
async fn attentive(members: u32) -> TestHub {
    let simulator = SimulatorConfig {
        members,
        heartbeat_interval: Duration::from_millis(600),
        ..still()
    };
    TestHub::simulating(simulator, |config| {
        config.discord.silence_timeout_ms = 2_000;
        config.discord.retry_first_ms = 20;
    })
    .await
}

/// Reads until the socket, which watches everybody, has been told what happened while Discord was
/// away: one changed, one left and one joined. Only what concerns one user has an order.
async fn news(client: &mut Client, changed: UserId, left: UserId, joined: UserId) {
    let mut awaited = 3;
    while awaited > 0 {
        let (t, d) = client.next().await.unwrap();
        let is_news = match t.as_str() {
            "PRESENCE_UPDATE" => {
                d["metadata"]["id"] == json!(changed) && d["activities"][0]["name"] == "While away"
            }
            "USER_LEFT" => d["user_id"] == json!(left),
            "USER_JOINED" => d["metadata"]["id"] == json!(joined),
            other => panic!("{other} {d}"),
        };
        // Those who joined have a presence too, and the bot.
        assert!(is_news || t == "PRESENCE_UPDATE", "{t} {d}");
        awaited -= u32::from(is_news);
    }
}

#[tokio::test]
async fn a_dropped_connection_is_resumed_and_nothing_is_lost() {
    let hub = TestHub::with(5, |_| {}).await;
    hub.until_live().await;
    let users = hub.members().await;
    let mut client = hub.connect().await;
    client.init(&json!({"user_id": "All"})).await;
    let censuses = hub.metric("lantern_gateway_censuses_total").await;

    hub.control.gateway("drop").await;
    hub.control.playing(users[0], "While away").await;
    hub.control.leave(users[1]).await;
    let joined = hub.control.join().await;

    news(&mut client, users[0], users[1], joined).await;
    hub.until_live().await;
    assert_eq!(hub.metric("lantern_gateway_resumes_total").await, 1);
    assert_eq!(hub.metric("lantern_gateway_sessions_total").await, 1);
    let again = hub.metric("lantern_gateway_censuses_total").await;
    assert_eq!(again, censuses, "nobody was counted anew");
}

#[tokio::test]
async fn a_reconnect_that_discord_asks_for_loses_nothing() {
    let hub = TestHub::start().await;
    hub.until_live().await;
    let user = hub.members().await[0];
    let (mut client, _) = hub.watch(user).await;
    hub.control.gateway("reconnect").await;
    for round in 0..20 {
        let game = format!("Round {round}");
        hub.control.playing(user, &game).await;
        let update = client.expect("PRESENCE_UPDATE").await;
        assert_eq!(update["activities"][0]["name"], game);
    }
    assert_eq!(hub.metric("lantern_gateway_resumes_total").await, 1);
}

#[tokio::test]
async fn after_an_invalid_session_members_are_reconciled() {
    let hub = TestHub::with(5, |_| {}).await;
    hub.until_live().await;
    let users = hub.members().await;
    let mut all = hub.connect().await;
    all.init(&json!({"user_id": "All"})).await;
    let (mut watcher, _) = hub.watch(users[1]).await;

    hub.control.gateway("invalidate").await;
    hub.control.playing(users[0], "While away").await;
    hub.control.leave(users[1]).await;
    let joined = hub.control.join().await;

    news(&mut all, users[0], users[1], joined).await;
    let left = watcher.expect("USER_LEFT").await;
    assert_eq!(left["user_id"], json!(users[1]));
    assert_eq!(watcher.closed().await.code, Some(4003));
    let (status, _) = hub.get(&format!("/api/v1/users/{}", users[1])).await;
    assert_eq!(status, 404);
    assert_eq!(hub.metric("lantern_gateway_sessions_total").await, 2);
}

#[tokio::test]
async fn while_discord_is_silent_users_are_marked_as_stale() {
    let hub = attentive(3).await;
    hub.until_live().await;
    let user = hub.members().await[0];
    let path = &format!("/api/v1/users/{user}");
    let list = &format!("/api/v1/users?user_ids={user}");
    let (mut client, fresh) = hub.watch(user).await;
    assert!(fresh.get("stale").is_none());
    let tag = etag(&hub, path).await;
    let list_tag = etag(&hub, list).await;

    hub.control.gateway("pause").await;
    let stale = hub
        .until_user(user, "the user is stale", |user| user["stale"] == true)
        .await;
    assert!(stale["observed_at"]["unix"].as_u64().unwrap() > 1_600_000_000);
    let mut without_marks = stale.clone();
    for mark in ["stale", "observed_at"] {
        without_marks.as_object_mut().unwrap().remove(mark);
    }
    assert_eq!(without_marks, fresh, "what is known stays");
    for (path, tag) in [(path, &tag), (list, &list_tag)] {
        let asked = hub.ask(path, &[("if-none-match", tag)]).await;
        assert_eq!(asked.status(), 200, "it is told to who holds the fresh one");
        assert_ne!(asked.headers()["etag"], tag);
    }
    let (_, listed) = hub.get(list).await;
    assert!(listed.to_string().contains("\"stale\":true"), "{listed}");
    let (_, info) = hub.get("/").await;
    assert_eq!(info["gateway"]["state"], "away");
    assert!(info["gateway"]["since"]["unix"].is_u64());
    let state = |state| format!("lantern_gateway_state{{state=\"{state}\"}}");
    assert_eq!(hub.metric(&state("away")).await, 1);
    let (_, told) = hub.watch(user).await;
    assert_eq!(told["stale"], true, "a new socket is told as well");

    hub.control.playing(user, "In the silence").await;
    hub.control.gateway("resume").await;
    let update = client.until(|user| user.get("stale").is_none()).await;
    assert_eq!(update["activities"][0]["name"], "In the silence");
    hub.until_live().await;
    assert_eq!(hub.user(user).await, update);
    assert_eq!(hub.get("/").await.1["gateway"]["state"], "live");
    assert_eq!(hub.metric(&state("live")).await, 1);
}

async fn etag(hub: &TestHub, path: &str) -> String {
    let answer = hub.ask(path, &[]).await;
    answer.headers()["etag"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_presence_that_a_strict_parser_refuses_arrives() {
    let hub = TestHub::start().await;
    let user = hub.members().await[0];
    let (mut client, _) = hub.watch(user).await;
    let odd = json!({
        "status": "dnd",
        "client_status": {"desktop": "dnd", "toaster": 7},
        "activities": [
            {"name": "Chess", "type": "none", "flags": -1, "timestamps": "soon"},
            17,
            {"name": "Go", "type": 0, "created_at": 1_620_000_000_000_u64},
        ],
    });
    hub.control.presence(user, odd).await;
    let update = client.until(|user| user["status"] == "dnd").await;
    assert_eq!(update["active_platforms"]["desktop"], "dnd");
    let activities = update["activities"].as_array().unwrap();
    assert!(activities.iter().any(|activity| activity["name"] == "Go"));
    hub.control.playing(user, "Chess").await;
    client.until(|user| user["status"] == "online").await;
}

#[tokio::test]
async fn the_hub_waits_for_discord_and_comes_alive_with_it() {
    // Nobody else is given this port while a connection to it lingers in TIME_WAIT.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = free.local_addr().unwrap();
    drop(free);
    let mut config = Config::load(None, []).unwrap();
    config.server.listen = "127.0.0.1:0".parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    config.store.path = folder.path().to_owned();
    config.discord.api_url = Some(format!("http://{addr}"));
    config.discord.token = Some(Secret::new("simulated-token"));
    config.discord.retry_first_ms = 20;
    config.discord.retry_max_ms = 100;
    let running = Running::start(config, None).await;
    let url = format!("http://{}", running.app().addr());

    for path in ["/readyz", "/api/v1/users/1", "/api/v1/users?user_ids=1"] {
        let answer = reqwest::get(format!("{url}{path}")).await.unwrap();
        assert_eq!(answer.status(), 503, "{path}");
        let retry_after = answer.headers()["retry-after"].to_str().unwrap();
        assert!(retry_after.parse::<u32>().unwrap() > 0);
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], "not_ready", "{path}");
    }
    assert_eq!(
        running.app().hub().gateway_state(),
        GatewayState::Connecting
    );

    let listen = SimulatorConfig {
        listen: addr,
        ..still()
    };
    let simulator = Simulator::start(listen).await.unwrap();
    within("the hub comes alive", running.app().hub().completed()).await;
    let user = Control::new(&simulator).members().await[0];
    eventually("the user is served", async || {
        let answer = reqwest::get(format!("{url}/api/v1/users/{user}")).await;
        (answer.unwrap().status() == 200).then_some(())
    })
    .await;
    running.stop().await;
    simulator.stop().await;
}
