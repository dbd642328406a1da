//! Interactions of every kind, answered by a bot of a few lines.

use std::time::Duration;

use lantern_simulator::{Simulator, SimulatorConfig};
use serde_json::{Value, json};

use super::raw::Socket;
use super::rest::{control, rest};
use super::{quiet, start};

const TOKEN: Option<&str> = Some("simulated-token");

pub async fn with_bot(config: SimulatorConfig) -> (Simulator, Socket) {
    let simulator = start(config).await;
    let path = format!("/applications/{}/commands", simulator.application_id());
    let options = json!([{"name": "who", "description": "Whose", "type": 6}, {"name": "text", "description": "What", "type": 3, "autocomplete": true}]);
    let command = json!({"name": "card", "description": "Shows a card", "options": options});
    assert_eq!(
        rest(&simulator, "POST", &path, TOKEN, command)
            .await
            .status(),
        201
    );
    let (socket, _) = Socket::logged_in(&simulator).await;
    (simulator, socket)
}

/// Fires an interaction and lets the bot answer it; the event, and what the control API says.
pub async fn exchange(
    simulator: &Simulator,
    socket: &mut Socket,
    fire: Value,
    callback: Value,
) -> (Value, Value) {
    let bot = async {
        let event = socket.event("INTERACTION_CREATE").await["d"].take();
        let (id, token) = (
            event["id"].as_str().expect("text"),
            event["token"].as_str().expect("text"),
        );
        let path = format!("/interactions/{id}/{token}/callback");
        let reply = rest(simulator, "POST", &path, None, callback).await;
        assert_eq!(reply.status(), 204, "{:?}", reply.text().await);
        event
    };
    let (event, (status, outcome)) =
        tokio::join!(bot, control(simulator, "POST", "/interactions", fire));
    assert_eq!(status, 200, "{outcome}");
    (event, outcome)
}

#[tokio::test]
async fn users_that_a_command_names_are_resolved() {
    let (simulator, mut socket) = with_bot(quiet(3)).await;
    let who = simulator.first_member().to_string();
    let fire = json!({"type": "command", "name": "/card", "options": {"who": who}});
    let (event, _) = exchange(
        &simulator,
        &mut socket,
        fire,
        json!({"type": 4, "data": {"content": "x"}}),
    )
    .await;
    assert_eq!(event["data"]["resolved"]["users"][&who]["id"], who);
    assert_eq!(event["member"]["user"]["id"], who);
    for key in ["id", "name", "type", "position"] {
        assert!(event["channel"].get(key).is_some(), "{key}");
    }
    simulator.stop().await;
}

#[tokio::test]
async fn autocomplete_marks_what_is_typed_and_brings_choices_back() {
    let (simulator, mut socket) = with_bot(quiet(1)).await;
    let fire = json!({"type": "autocomplete", "name": "card", "options": {"text": "a"}, "focused": "text"});
    let choices = json!({"choices": [{"name": "A", "value": "a"}]});
    let (event, outcome) = exchange(
        &simulator,
        &mut socket,
        fire,
        json!({"type": 8, "data": choices}),
    )
    .await;
    assert_eq!(event["data"]["options"][0]["focused"], true);
    assert_eq!(outcome["callback"], json!({"type": 8, "data": choices}));
    assert_eq!(outcome["message"], Value::Null);
    simulator.stop().await;
}

#[tokio::test]
async fn buttons_menus_and_modals_lead_on_from_a_message() {
    let (simulator, mut socket) = with_bot(quiet(1)).await;
    let components = json!([
        {"type": 1, "components": [{"type": 2, "custom_id": "more", "label": "More", "style": 1}]},
        {"type": 1, "components": [{"type": 3, "custom_id": "pick", "options": [{"label": "A", "value": "a"}]}]},
    ]);
    let fire = json!({"type": "command", "name": "card"});
    let message = json!({"type": 4, "data": {"content": "first", "components": components}});
    let (_, first) = exchange(&simulator, &mut socket, fire, message).await;

    let fire = json!({"type": "select", "custom_id": "pick", "values": ["a"]});
    let update = json!({"type": 7, "data": {"content": "picked a"}});
    let (event, outcome) = exchange(&simulator, &mut socket, fire, update).await;
    assert_eq!(
        (&event["data"]["component_type"], &event["data"]["values"]),
        (&json!(3), &json!(["a"]))
    );
    assert_eq!(event["message"]["id"], first["message"]["id"]);
    assert_eq!(outcome["message"]["id"], first["message"]["id"]);
    assert_eq!(outcome["message"]["content"], "picked a");

    let fire = json!({"type": "button", "custom_id": "more"});
    let rows = json!([{"type": 1, "components": [{"type": 4, "custom_id": "name", "label": "Name", "style": 1}]}]);
    let modal =
        json!({"type": 9, "data": {"custom_id": "form", "title": "Form", "components": rows}});
    exchange(&simulator, &mut socket, fire, modal).await;

    let fire = json!({"type": "modal", "custom_id": "form", "fields": {"name": "Ada"}});
    let (event, _) = exchange(
        &simulator,
        &mut socket,
        fire,
        json!({"type": 4, "data": {"content": "hi Ada"}}),
    )
    .await;
    assert_eq!(
        event["data"]["components"][0]["components"][0]["value"],
        "Ada"
    );

    for (fire, code) in [
        (
            json!({"type": "button", "custom_id": "nothing"}),
            "unknown_component",
        ),
        (
            json!({"type": "modal", "custom_id": "nothing"}),
            "unknown_modal",
        ),
        (
            json!({"type": "command", "name": "card", "optoins": {}}),
            "invalid_body",
        ),
        (
            json!({"type": "command", "name": "card", "options": {"who": 5}}),
            "invalid_option",
        ),
        (
            json!({"type": "command", "name": "card", "member": "5"}),
            "unknown_member",
        ),
        (
            json!({"type": "command", "name": "card", "channel": "5"}),
            "invalid_body",
        ),
    ] {
        assert_eq!(
            control(&simulator, "POST", "/interactions", fire).await.1["code"],
            code
        );
    }
    simulator.stop().await;
}

#[tokio::test]
async fn an_answer_that_comes_late_or_does_not_suit_is_refused() {
    let config = SimulatorConfig {
        interaction_timeout: Duration::from_millis(30),
        ..quiet(1)
    };
    let (simulator, mut socket) = with_bot(config).await;
    let fire = json!({"type": "command", "name": "card"});
    let (status, error) = control(&simulator, "POST", "/interactions", fire).await;
    assert_eq!((status, &error["code"]), (504, &json!("no_reply")));
    let event = socket.event("INTERACTION_CREATE").await["d"].take();
    let (id, token) = (
        event["id"].as_str().unwrap(),
        event["token"].as_str().unwrap(),
    );
    let webhook = format!("/webhooks/{}/{token}", simulator.application_id());
    for (path, body, code) in [
        (
            format!("/interactions/{id}/{token}/callback"),
            json!({"type": 4, "data": {"content": "x"}}),
            10_062,
        ),
        (
            format!("/interactions/{id}/wrong/callback"),
            json!({"type": 4}),
            10_062,
        ),
        (
            format!("/interactions/{id}/{token}/callback"),
            json!({}),
            50_035,
        ),
        (webhook, json!({"content": "x"}), 10_015),
        (
            format!("/webhooks/{}/wrong", simulator.application_id()),
            json!({"content": "x"}),
            50_027,
        ),
    ] {
        let body: Value = rest(&simulator, "POST", &path, None, body)
            .await
            .json()
            .await
            .unwrap();
        assert_eq!(body["code"], code, "{path}");
    }
    simulator.stop().await;
}
