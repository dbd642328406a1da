//! A log that cannot be written never stops anything.

use std::{fs::File, io, process::Stdio};

use rustix::process::Signal;
use serde_json::json;

use super::{
    DEMO,
    program::{Program, run_writing},
};
use crate::harness::{Client, Control, eventually, game, sample};

/// Everything that is served, while many lines are logged to this standard error.
async fn serves(log: Stdio, filter: &str) -> u64 {
    let mut demo = Program::start_logging(&DEMO, &[("LANTERN__LOG__FILTER", filter)], log);
    let text = demo.says("/control/members/").await;
    let control = text.split("Control    ").nth(1).unwrap();
    let control = control.split("/control").next().unwrap().to_owned();
    let control = Control::at(&control, 0);
    let user = control.members().await[0];
    let mut client = Client::connect(demo.addr(), "").await;
    client.init(&json!({"user_id": user})).await;
    for action in ["drop", "invalidate", "reconnect"] {
        control.gateway(action).await;
        eventually(&format!("presence flows after {action}"), async || {
            control.playing(user, action).await;
            let at = format!("http://{}/api/v1/users/{user}", demo.addr());
            let answer = reqwest::get(at).await.unwrap();
            assert_eq!(answer.status(), 200);
            let user: serde_json::Value = answer.json().await.unwrap();
            (game(&user) == action && user.get("stale").is_none()).then_some(())
        })
        .await;
        client.until(|user| game(user) == action).await;
    }
    let metrics = format!("http://{}/metrics", demo.addr());
    let metrics = reqwest::get(metrics).await.unwrap().text().await.unwrap();
    demo.stop(Signal::TERM).await;
    sample(&metrics, "lantern_log_lines_dropped_total")
}

#[tokio::test]
async fn commands_whose_output_nobody_reads_end_without_a_word() {
    for args in [&["openapi"], &["check-config"], &["--help"]] {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let ended = run_writing(args, &[], writer.into()).await;
        assert_eq!(ended.errors, "", "{args:?}");
        assert!(
            matches!(ended.code, Some(0 | 1)),
            "{args:?}: {:?}",
            ended.code
        );
    }
}

#[tokio::test]
async fn a_log_that_nobody_reads_any_more_stops_nothing() {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    assert!(serves(writer.into(), "info").await > 0);
}

#[tokio::test]
async fn a_log_on_a_full_disk_stops_nothing() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    assert!(serves(full.into(), "info").await > 0);
}

#[tokio::test]
async fn a_log_whose_reader_is_stuck_stops_nothing() {
    let (reader, writer) = io::pipe().unwrap();
    serves(writer.into(), "trace").await;
    drop(reader);
}
