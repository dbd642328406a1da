//! What the README tells in tables and examples is what the program does.

use lantern_actors::wire::{CloseCode, Opcode};

use crate::harness::{TestHub, still};

const README: &str = include_str!("../../README.md");

/// The cells of the table row that begins with this cell.
fn row(first: &str) -> Vec<&'static str> {
    let begin = format!("| {first} |");
    let row = README.lines().find(|line| line.starts_with(&begin));
    let row = row.unwrap_or_else(|| panic!("no row {first}"));
    row.split('|').map(str::trim).collect()
}

#[test]
fn every_opcode_is_in_the_table() {
    for number in 1..=15 {
        let name = Opcode::from_number(number).unwrap().name();
        assert_eq!(row(&number.to_string())[2], name);
    }
}

#[test]
fn every_close_code_is_in_the_table() {
    for code in CloseCode::ALL {
        let cells = row(&code.number().to_string());
        assert!(!cells[2].is_empty() && !cells[3].is_empty(), "{cells:?}");
    }
}

#[tokio::test]
async fn the_member_of_the_examples_is_the_first_of_the_demo() {
    let demo = lantern::simulator::SimulatorConfig {
        members: 200,
        ..still()
    };
    let hub = TestHub::simulating(demo, |_| {}).await;
    let member = hub.app().simulator().unwrap().first_member();
    let named = format!("/control/members/{member}/presence");
    assert!(README.contains(&named), "{named}");
    let (status, user) = hub.get(&format!("/api/v1/users/{member}")).await;
    assert_eq!(status, 200);
    assert_eq!(user["metadata"]["global_name"], "Ada");
}
