//! What the README tells in tables and examples is what the program does.

mod command_lines;

use lantern_actors::wire::{CloseCode, Opcode};
use serde_json::Value;

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

/// The full names of what Discord is told.
fn names(at: &Value, before: &str) -> Vec<String> {
    let name = format!("{before}{}", at["name"].as_str().unwrap());
    let options = at["options"].as_array().into_iter().flatten();
    let inner = options.filter(|option| matches!(option["type"].as_u64(), Some(1 | 2)));
    let inner: Vec<String> = inner
        .flat_map(|it| names(it, &format!("{name} ")))
        .collect();
    match inner.as_slice() {
        [] => vec![name],
        _ => inner,
    }
}

#[tokio::test]
async fn every_command_is_in_the_table() {
    let hub = TestHub::start().await;
    let simulator = hub.app().simulator().unwrap();
    let (url, application) = (simulator.api_url(), simulator.application_id());
    let guild = simulator.guild_id();
    let url = format!("{url}/api/v10/applications/{application}/guilds/{guild}/commands");
    let request = reqwest::Client::new().get(url);
    let request = request.header("authorization", "Bot simulated-token");
    let list: Value = request.send().await.unwrap().json().await.unwrap();
    let list = list.as_array().unwrap().iter();
    let names: Vec<String> = list.flat_map(|command| names(command, "/")).collect();
    assert_eq!(names.len(), 9, "{names:?}");
    for name in names {
        assert!(!row(&format!("`{name}`"))[2].is_empty(), "{name}");
    }
}

#[tokio::test]
async fn the_member_of_the_examples_is_the_first_of_the_demo() {
    let demo = lantern_simulator::SimulatorConfig {
        members: 200,
        ..still()
    };
    let hub = TestHub::simulating(demo, |_| {}).await;
    let member = hub.app().simulator().unwrap().first_member();
    let named = format!("/control/members/{member}/presence");
    assert!(README.contains(&named), "{named}");
    let reference = lantern::api::document();
    assert!(reference.contains(&format!("\"example\": \"{member}\"")));
    let (status, user) = hub.get(&format!("/api/v1/users/{member}")).await;
    assert_eq!(status, 200);
    assert_eq!(user["metadata"]["global_name"], "Ada");
}
