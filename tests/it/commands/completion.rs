use lantern_actors::domain::UserId;
use serde_json::{Value, json};

use super::{deed, fill, hub, put};
use crate::harness::TestHub;

/// What a member is offered while typing a key.
async fn offered(hub: &TestHub, member: UserId, command: &str, typed: &str) -> Vec<String> {
    let typing = json!({
        "type": "autocomplete", "name": command, "options": {"key": typed}, "focused": "key",
    });
    let outcome = deed(&hub.control, member, typing).await;
    assert_eq!(outcome["callback"]["type"], 8, "{outcome}");
    let choices = outcome["callback"]["data"]["choices"].as_array().unwrap();
    let choice = |choice: &Value| {
        assert_eq!(choice["name"], choice["value"]);
        choice["value"].as_str().unwrap().to_owned()
    };
    choices.iter().map(choice).collect()
}

#[tokio::test]
async fn keys_are_offered_by_what_was_typed() {
    let hub = hub().await;
    let [member, other] = [hub.members().await[0], hub.members().await[1]];
    for key in ["Anna", "anton", "Banana", "bob", &"an".repeat(60)] {
        put(&hub, member, key, "x").await;
    }
    put(&hub, other, "anders", "x").await;
    for command in ["get", "update", "delete"] {
        let command = format!("storage {command} data");
        let keys = offered(&hub, member, &command, "AN").await;
        assert_eq!(keys, ["Anna", "anton", "Banana"]);
    }
    let none = offered(&hub, member, "storage get data", "zz").await;
    assert!(none.is_empty());
    assert_eq!(hub.metric("lantern_command_completions_total").await, 4);
}

#[tokio::test]
async fn no_more_than_25_are_offered() {
    let hub = hub().await;
    let member = hub.members().await[0];
    fill(&hub, member, 40).await;
    let keys = offered(&hub, member, "storage get data", "").await;
    assert_eq!(keys.len(), 25);
    let keys = offered(&hub, member, "storage get data", "Y39").await;
    assert_eq!(keys, ["key39"]);
}
