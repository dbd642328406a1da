//! The ways in which the control API ends gateway connections, and leaves heartbeats unanswered.

use lantern_simulator::Simulator;
use serde_json::{Value, json};

use super::raw::{End, Socket, identify, resume};
use super::rest::{control, put_presence};
use super::{quiet, start};

async fn act(simulator: &Simulator, action: Value) -> Value {
    let (status, body) = control(simulator, "POST", "/gateway", action).await;
    assert_eq!(status, 200, "{body}");
    body
}

/// Whether the session can be resumed from its READY and GUILD_CREATE on.
async fn resumes(simulator: &Simulator, ready: &Value) -> bool {
    let mut socket = Socket::greeted(simulator).await;
    socket.send(resume(ready, 2)).await;
    socket.payload().await["t"] == "RESUMED"
}

#[tokio::test]
async fn connections_are_closed_with_any_code() {
    let simulator = start(quiet(1)).await;
    for (code, can_resume) in [
        (1000, true),
        (1012, true),
        (4000, true),
        (4003, false),
        (4004, false),
        (4007, false),
        (4008, true),
        (4009, false),
        (4010, false),
        (4014, false),
        (4999, true),
    ] {
        let (mut socket, ready) = Socket::logged_in(&simulator).await;
        act(&simulator, json!({"action": "close", "code": code})).await;
        assert_eq!(socket.end().await, End::Closed(code));
        assert_eq!(resumes(&simulator, &ready).await, can_resume, "{code}");
    }
    simulator.stop().await;
}

#[tokio::test]
async fn what_becomes_of_the_session_can_be_said() {
    let simulator = start(quiet(1)).await;
    for (code, keep) in [(4009, true), (4000, false)] {
        let (mut socket, ready) = Socket::logged_in(&simulator).await;
        let close =
            json!({"action": "close", "code": code, "reason": "told so", "keep_session": keep});
        act(&simulator, close).await;
        assert_eq!(socket.end().await, End::Closed(code));
        assert_eq!(resumes(&simulator, &ready).await, keep, "{code}");
    }
    simulator.stop().await;
}

#[tokio::test]
async fn a_close_that_ends_sessions_ends_those_without_a_connection() {
    let simulator = start(quiet(1)).await;
    let (mut socket, ready) = Socket::logged_in(&simulator).await;
    act(&simulator, json!({"action": "drop"})).await;
    assert_eq!(socket.end().await, End::Cut);
    // Its session is released before the connection counts as ended.
    while act(&simulator, json!({"action": "close", "code": 4009})).await["connections"] != 0 {}
    act(&simulator, json!({"action": "close", "code": 4009})).await;
    assert!(!resumes(&simulator, &ready).await);
    simulator.stop().await;
}

#[tokio::test]
async fn what_is_sent_while_it_closes_is_replayed() {
    let simulator = start(quiet(1)).await;
    let (mut socket, ready) = Socket::logged_in(&simulator).await;
    act(&simulator, json!({"action": "close", "code": 4000})).await;
    put_presence(&simulator, json!({"status": "idle"})).await;
    assert_eq!(socket.end().await, End::Closed(4000));
    let mut again = Socket::greeted(&simulator).await;
    again.send(resume(&ready, 2)).await;
    assert_eq!(again.event("PRESENCE_UPDATE").await["s"], 3);
    simulator.stop().await;
}

#[tokio::test]
async fn a_reset_is_no_orderly_end_and_the_session_stays() {
    let simulator = start(quiet(1)).await;
    let (mut socket, ready) = Socket::logged_in(&simulator).await;
    let done = act(&simulator, json!({"action": "reset"})).await;
    assert_eq!(done["connections"], 1);
    assert_eq!(socket.end().await, End::Reset);
    assert!(resumes(&simulator, &ready).await);
    simulator.stop().await;
}

#[tokio::test]
async fn while_muted_events_flow_and_heartbeats_are_not_acknowledged() {
    let simulator = start(quiet(1)).await;
    let (mut socket, _) = Socket::logged_in(&simulator).await;
    let done = act(&simulator, json!({"action": "mute"})).await;
    assert_eq!(
        (&done["muted"], &done["paused"]),
        (&json!(true), &json!(false))
    );
    socket.send(json!({"op": 1, "d": 2})).await;
    // An answer to what came after the heartbeat shows that it was read.
    let guild = simulator.guild_id().to_string();
    socket
        .send(json!({"op": 8, "d": {"guild_id": guild, "user_ids": []}}))
        .await;
    assert_eq!(socket.payload().await["t"], "GUILD_MEMBERS_CHUNK");
    put_presence(&simulator, json!({"status": "idle"})).await;
    assert_eq!(socket.payload().await["t"], "PRESENCE_UPDATE");
    act(&simulator, json!({"action": "unmute"})).await;
    socket.send(json!({"op": 1, "d": 4})).await;
    assert_eq!(socket.payload().await["op"], 11);
    simulator.stop().await;
}

#[tokio::test]
async fn so_many_logins_are_refused() {
    let simulator = start(quiet(1)).await;
    let (mut socket, ready) = Socket::logged_in(&simulator).await;
    let refuse = json!({"action": "refuse", "code": 4014, "times": 2, "keep_session": true});
    let done = act(&simulator, refuse).await;
    assert_eq!(done["refusing"], json!({"code": 4014, "times": 2}));
    for login in [identify(), resume(&ready, 2)] {
        let mut refused = Socket::greeted(&simulator).await;
        refused.send(login).await;
        assert_eq!(refused.end().await, End::Closed(4014));
    }
    // Whoever is connected is not concerned.
    socket.send(json!({"op": 1, "d": 2})).await;
    assert_eq!(socket.payload().await["op"], 11);
    let (_, shown) = control(&simulator, "GET", "/gateway", Value::Null).await;
    assert_eq!(shown["refusing"], Value::Null);
    assert!(resumes(&simulator, &ready).await);
    simulator.stop().await;
}

#[tokio::test]
async fn a_session_whose_resume_is_refused_for_good_is_gone() {
    let simulator = start(quiet(1)).await;
    let (_socket, ready) = Socket::logged_in(&simulator).await;
    act(&simulator, json!({"action": "refuse", "code": 4004})).await;
    let mut refused = Socket::greeted(&simulator).await;
    refused.send(resume(&ready, 2)).await;
    assert_eq!(refused.end().await, End::Closed(4004));
    assert!(!resumes(&simulator, &ready).await);
    simulator.stop().await;
}

#[tokio::test]
async fn what_cannot_be_done_to_connections_is_said() {
    let simulator = start(quiet(1)).await;
    let long = "x".repeat(124);
    for (action, code, word) in [
        (json!({"action": "close"}), "invalid_body", "code"),
        (
            json!({"action": "close", "code": 1005}),
            "invalid_close",
            "1005",
        ),
        (
            json!({"action": "refuse", "code": 5000}),
            "invalid_close",
            "4999",
        ),
        (
            json!({"action": "close", "code": 4000, "reason": long}),
            "invalid_close",
            "124 bytes",
        ),
        (
            json!({"action": "close", "code": 70_000}),
            "invalid_body",
            "70000",
        ),
        (
            json!({"action": "drop", "code": 4000}),
            "invalid_body",
            "code",
        ),
        (
            json!({"action": "refuse", "code": 4004, "time": 1}),
            "invalid_body",
            "times",
        ),
    ] {
        let (status, body) = control(&simulator, "POST", "/gateway", action.clone()).await;
        assert_eq!(
            (status, &body["code"]),
            (400, &json!(code)),
            "{action} {body}"
        );
        assert!(body["error"].as_str().unwrap().contains(word), "{body}");
    }
    simulator.stop().await;
}
