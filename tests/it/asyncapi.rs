//! The description of the presence socket names every opcode and close code there is.

use lantern_actors::wire::{CloseCode, Opcode};

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
        .split("payload: { t: STORAGE_UPDATE")
        .nth(1)
        .unwrap();
    assert!(example.contains("user_id: '") && example.contains(" v: "));
}
