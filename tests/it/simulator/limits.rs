//! How often a bot may ask for all members.

use std::time::Duration;

use lantern_simulator::{Simulator, SimulatorConfig};
use serde_json::{Value, json};

use super::raw::Socket;
use super::rest::control;
use super::{quiet, start};

const HOUR: Duration = Duration::from_secs(3_600);

async fn limited() -> Simulator {
    start(SimulatorConfig {
        members_request_window: HOUR,
        ..quiet(1)
    })
    .await
}

fn everybody(simulator: &Simulator, nonce: Value) -> Value {
    let guild = simulator.guild_id().to_string();
    json!({"op": 8, "d": {"guild_id": guild, "query": "", "limit": 0, "nonce": nonce}})
}

#[test]
fn by_default_the_limit_is_discords() {
    let config = SimulatorConfig::default();
    assert_eq!(config.members_request_window, Duration::from_secs(30));
}

#[tokio::test]
async fn a_second_request_for_all_members_is_limited_in_any_session() {
    let simulator = limited().await;
    let (mut first, _) = Socket::logged_in(&simulator).await;
    let (mut second, _) = Socket::logged_in(&simulator).await;
    first.send(everybody(&simulator, json!("a"))).await;
    assert_eq!(first.event("GUILD_MEMBERS_CHUNK").await["d"]["nonce"], "a");
    for nonce in [json!("b"), Value::Null] {
        for socket in [&mut first, &mut second] {
            socket.send(everybody(&simulator, nonce.clone())).await;
            let limited = socket.payload().await;
            assert_eq!(limited["t"], "RATE_LIMITED");
            let d = &limited["d"];
            assert_eq!(d["opcode"], 8);
            let wait = d["retry_after"].as_f64().unwrap();
            assert!(wait > 3_500.0 && wait <= 3_600.0, "{wait}");
            assert_eq!(d["meta"]["guild_id"], simulator.guild_id().to_string());
            assert_eq!(d["meta"].get("nonce").unwrap_or(&Value::Null), &nonce);
        }
    }
    simulator.stop().await;
}

#[tokio::test]
async fn requests_for_some_members_are_not_limited() {
    let simulator = limited().await;
    let (mut socket, _) = Socket::logged_in(&simulator).await;
    let guild = simulator.guild_id().to_string();
    let user = simulator.first_member().to_string();
    socket.send(everybody(&simulator, Value::Null)).await;
    socket.event("GUILD_MEMBERS_CHUNK").await;
    for d in [
        json!({"guild_id": guild, "user_ids": [user]}),
        json!({"guild_id": guild, "query": "a", "limit": 0}),
        json!({"guild_id": guild, "query": "", "limit": 1}),
    ] {
        socket.send(json!({"op": 8, "d": d})).await;
        assert_eq!(socket.payload().await["t"], "GUILD_MEMBERS_CHUNK", "{d}");
    }
    simulator.stop().await;
}

#[tokio::test]
async fn the_limit_can_be_changed_while_it_runs() {
    let simulator = limited().await;
    let (mut socket, _) = Socket::logged_in(&simulator).await;
    let (_, shown) = control(&simulator, "GET", "/gateway/limits", Value::Null).await;
    assert_eq!(
        shown,
        json!({"members_request_window_ms": 3_600_000, "members_request_retry_after_ms": null})
    );
    for (window_ms, answer) in [(0, "GUILD_MEMBERS_CHUNK"), (3_600_000, "RATE_LIMITED")] {
        socket.send(everybody(&simulator, Value::Null)).await;
        socket.payload().await;
        let body = json!({"members_request_window_ms": window_ms});
        let (status, shown) = control(&simulator, "PUT", "/gateway/limits", body).await;
        assert_eq!(
            (status, &shown["members_request_window_ms"]),
            (200, &json!(window_ms))
        );
        assert_eq!(
            shown["members_request_retry_after_ms"].is_u64(),
            window_ms > 0
        );
        socket.send(everybody(&simulator, Value::Null)).await;
        assert_eq!(socket.payload().await["t"], answer);
    }
    simulator.stop().await;
}
