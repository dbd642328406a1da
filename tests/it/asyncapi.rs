//! The description of the presence socket names every opcode and close code there is. That its
//! examples are frames is tested beside the encoder (`actors/src/wire/examples.rs`), and that no
//! other ERROR or DISCONNECT is ever sent, by the harness, in every test.

use std::collections::BTreeSet;

use lantern_actors::wire::{CloseCode, Opcode};

use crate::harness::TestHub;

const DOCUMENT: &str = include_str!("../../openapi/gateway.asyncapi.yaml");

#[test]
fn every_opcode_is_described_with_an_example() {
    for number in 1..=15 {
        let name = Opcode::from_number(number).unwrap().name();
        let title = format!("title: {name} ({number})\n");
        let described = DOCUMENT.split_once(&title).unwrap().1;
        let message = described.split("title: ").next().unwrap();
        assert!(message.contains("summary:"), "{name}");
        assert!(message.contains("examples:"), "{name}");
    }
}

#[test]
fn every_close_code_says_whether_to_reconnect() {
    for code in CloseCode::ALL {
        let row = format!("| {} |", code.number());
        let row = DOCUMENT.lines().find(|line| line.trim().starts_with(&row));
        let advice = row.unwrap().split('|').nth(4).unwrap().trim();
        assert!(
            advice.starts_with("yes") || advice.starts_with("no"),
            "{advice}"
        );
    }
}

#[test]
fn a_change_of_pairs_names_user_and_version_beside_the_pairs() {
    let (_, described) = DOCUMENT.split_once("title: STORAGE_UPDATE").unwrap();
    let (message, _) = described.split_once("title: ").unwrap();
    assert!(message.contains("required: [t, op, user_id, v, d]"));
    let example = message
        .split("payload: {\"t\":\"STORAGE_UPDATE\"")
        .nth(1)
        .unwrap();
    assert!(example.contains("\"user_id\":\"") && example.contains("\"v\":"));
}

#[test]
fn every_close_code_has_an_example_of_the_disconnect_before_it() {
    for code in CloseCode::ALL {
        let name = format!("- name: before {}\n", code.number());
        assert!(DOCUMENT.contains(&name), "{name}");
    }
}

#[tokio::test]
async fn every_refusal_of_a_handshake_is_in_the_table() {
    let hub = TestHub::with(1, |config| config.socket.max_sockets = 1).await;
    let key = ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    let handshake = [("connection", "Upgrade"), ("upgrade", "websocket")];
    let version = ("sec-websocket-version", "13");
    let [connection, upgrade] = handshake;
    let _first = hub.connect().await;
    let mut codes = BTreeSet::new();
    for (path, headers) in [
        ("/socket", &[][..]),
        (
            "/socket",
            &[connection, upgrade, version, ("sec-websocket-key", "x")],
        ),
        (
            "/socket",
            &[connection, upgrade, key, ("sec-websocket-version", "8")],
        ),
        ("/socket?encoding=xml", &[connection, upgrade, version, key]),
        ("/socket", &[connection, upgrade, version, key]),
    ] {
        let answer = hub.ask(path, headers).await;
        let status = answer.status().as_u16();
        let problem: serde_json::Value = answer.json().await.unwrap();
        let code = problem["code"].as_str().unwrap();
        let row = format!("| {status} | `{code}` |");
        assert!(DOCUMENT.contains(&row), "{row}");
        codes.insert(code.to_owned());
    }
    assert_eq!(codes.len(), 5, "{codes:?}");
}
