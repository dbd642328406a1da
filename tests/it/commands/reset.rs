use std::time::Duration;

use lantern_actors::domain::UserId;
use reqwest::Method;
use serde_json::{Value, json};

use super::{deed, fill, hub, hub_with, put, says, stored, text};
use crate::harness::{Discord, TestHub, eventually};

/// Asks for a reset; the interaction and the buttons' ids, confirm first.
async fn ask(hub: &TestHub, member: UserId) -> (String, [String; 2]) {
    let command = json!({"type": "command", "name": "storage reset"});
    let outcome = deed(&hub.control, member, command).await;
    let message = &outcome["message"];
    assert_eq!(message["flags"], super::EPHEMERAL);
    let buttons = &message["components"][0]["components"];
    let id = |number: usize| buttons[number]["custom_id"].as_str().unwrap().to_owned();
    let interaction = outcome["interaction"]["id"].as_str().unwrap();
    (interaction.to_owned(), [id(0), id(1)])
}

async fn press(hub: &TestHub, member: UserId, button: &str) -> Value {
    deed(
        &hub.control,
        member,
        json!({"type": "button", "custom_id": button}),
    )
    .await
}

/// The question as it is now.
async fn question(hub: &TestHub, interaction: &str) -> Value {
    let path = format!("/interactions/{interaction}");
    hub.control.get(&path).await["message"].clone()
}

fn has_no_buttons(message: &Value) -> bool {
    message["components"] == json!([])
}

#[tokio::test]
async fn confirming_deletes_everything() {
    let hub = hub().await;
    let member = hub.members().await[0];
    let answer = says(&hub, member, "storage reset", json!({})).await;
    assert!(answer.contains("empty already"), "{answer}");
    fill(&hub, member, 3).await;
    let (asked, [confirm, _]) = ask(&hub, member).await;
    let outcome = press(&hub, member, &confirm).await;
    assert_eq!(outcome["callback"]["type"], 7);
    assert_eq!(
        text(&outcome["message"]),
        "Deleted 3 pairs. Your storage is empty."
    );
    let now = question(&hub, &asked).await;
    assert!(has_no_buttons(&now), "{now}");
    assert_eq!(now["content"], outcome["message"]["content"]);
    assert_eq!(stored(&hub, member).await, json!({}));
    let name = "lantern_commands_total{command=\"storage reset confirm\",outcome=\"done\"}";
    assert_eq!(hub.metric(name).await, 1);
}

#[tokio::test]
async fn cancelling_deletes_nothing() {
    let hub = hub().await;
    let member = hub.members().await[0];
    put(&hub, member, "a", "1").await;
    let (asked, [_, cancel]) = ask(&hub, member).await;
    let outcome = press(&hub, member, &cancel).await;
    assert_eq!(text(&outcome["message"]), "Nothing was deleted.");
    assert!(has_no_buttons(&question(&hub, &asked).await));
    assert_eq!(stored(&hub, member).await, json!({"a": "1"}));
}

#[tokio::test]
async fn nobody_else_can_answer() {
    let hub = hub().await;
    let [member, other] = [hub.members().await[0], hub.members().await[1]];
    put(&hub, member, "a", "1").await;
    put(&hub, other, "b", "2").await;
    let (asked, buttons) = ask(&hub, member).await;
    for button in &buttons {
        let outcome = press(&hub, other, button).await;
        assert_eq!(outcome["callback"]["type"], 4, "a message of its own");
        let message = &outcome["message"];
        assert!(text(message).contains("not your question"), "{message}");
        assert_eq!(message["flags"], super::EPHEMERAL);
    }
    assert!(!has_no_buttons(&question(&hub, &asked).await));
    assert_eq!(stored(&hub, member).await, json!({"a": "1"}));
    assert_eq!(stored(&hub, other).await, json!({"b": "2"}));
    press(&hub, member, &buttons[0]).await;
    assert_eq!(stored(&hub, member).await, json!({}));
}

#[tokio::test]
async fn both_buttons_at_once_are_one_answer() {
    let hub = hub().await;
    let member = hub.members().await[0];
    put(&hub, member, "a", "1").await;
    for _ in 0..5 {
        let (_, [confirm, cancel]) = ask(&hub, member).await;
        let (confirmed, cancelled) =
            tokio::join!(press(&hub, member, &confirm), press(&hub, member, &cancel));
        let kinds = [confirmed, cancelled].map(|outcome| outcome["callback"]["type"].clone());
        assert!(
            kinds == [json!(7), json!(4)] || kinds == [json!(4), json!(7)],
            "{kinds:?}"
        );
        let was_confirmed = kinds[0] == 7;
        let is_empty = stored(&hub, member).await == json!({});
        assert_eq!(was_confirmed, is_empty);
        put(&hub, member, "a", "1").await;
    }
}

#[tokio::test]
async fn a_question_that_nobody_answers_is_taken_back() {
    let hub = hub_with(|config| config.commands.button_timeout_ms = 300).await;
    let member = hub.members().await[0];
    put(&hub, member, "a", "1").await;
    let (asked, [confirm, _]) = ask(&hub, member).await;
    let over = eventually("the question is taken back", async || {
        let now = question(&hub, &asked).await;
        has_no_buttons(&now).then_some(now)
    })
    .await;
    assert!(text(&over).contains("not answered in time"), "{over}");
    // The button is gone from Discord too.
    let http = reqwest::Client::new();
    let url = format!(
        "{}/control/interactions",
        hub.app().simulator().unwrap().api_url()
    );
    let late = json!({"type": "button", "custom_id": confirm, "member": member.to_string()});
    let refused = http.request(Method::POST, url).json(&late).send().await;
    assert_eq!(refused.unwrap().status(), 404);
    assert_eq!(stored(&hub, member).await, json!({"a": "1"}));
}

#[tokio::test]
async fn an_answered_question_is_not_taken_back() {
    let hub = hub_with(|config| config.commands.button_timeout_ms = 400).await;
    let member = hub.members().await[0];
    put(&hub, member, "a", "1").await;
    let (asked, [_, cancel]) = ask(&hub, member).await;
    press(&hub, member, &cancel).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(text(&question(&hub, &asked).await), "Nothing was deleted.");
}

/// Who asked, and when, is in the buttons, and not in the hub that has made them.
#[tokio::test]
async fn buttons_outlive_a_restart_but_not_their_time() {
    let discord = Discord::start(3).await;
    lantern_commands(&discord).await;
    let hub = discord.hub().await;
    let [member, other] = [hub.members().await[0], hub.members().await[1]];
    put(&hub, member, "a", "1").await;
    put(&hub, other, "b", "2").await;
    let (_, [confirm, _]) = ask(&hub, member).await;
    let (late, [late_confirm, _]) = ask(&hub, other).await;
    hub.stop().await;

    let hub = discord.hub().await;
    let outcome = press(&hub, member, &confirm).await;
    assert_eq!(
        text(&outcome["message"]),
        "Deleted 1 pair. Your storage is empty."
    );
    hub.stop().await;

    let hub = discord
        .hub_with(|config| config.commands.button_timeout_ms = 100)
        .await;
    let outcome = press(&hub, other, &late_confirm).await;
    assert!(text(&outcome["message"]).contains("not answered in time"));
    assert!(has_no_buttons(&question(&hub, &late).await));
    assert_eq!(stored(&hub, other).await, json!({"b": "2"}));
}

async fn lantern_commands(discord: &Discord) {
    let environment = discord.environment();
    let environment: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let ended = crate::process::program::run(&["commands", "register"], &environment).await;
    assert!(ended.succeeded, "{}", ended.errors);
}
