//! What Discord may send and seldom does: odd users, odd members, odd answers.

use serde_json::{Value, json};

use super::interactions::{exchange, with_bot};
use super::raw::Socket;
use super::rest::{control, get, put_presence};
use super::{quiet, start};

#[tokio::test]
async fn a_presence_tells_more_of_its_user_than_the_id() {
    let simulator = start(quiet(1)).await;
    let (mut socket, _) = Socket::logged_in(&simulator).await;
    let user = json!({"username": "renamed", "public_flags": 64, "avatar": null});
    put_presence(&simulator, json!({"status": "idle", "user": user})).await;
    let update = socket.payload().await;
    let id = simulator.first_member().to_string();
    assert_eq!(update["t"], "PRESENCE_UPDATE");
    let wanted = json!({"id": id, "username": "renamed", "public_flags": 64, "avatar": null});
    assert_eq!(update["d"]["user"], wanted);
    // The member has not changed; PATCH .../user would do that.
    let (_, user) = get(&simulator, &format!("/users/{id}")).await;
    assert_eq!(user["global_name"], "Ada");
    simulator.stop().await;
}

#[tokio::test]
async fn an_interaction_differs_from_discords_as_it_is_told() {
    let (simulator, mut socket) = with_bot(quiet(1)).await;
    let fire = json!({
        "type": "command", "name": "card",
        "set": {
            "/member/user/public_flags": 17_592_186_044_416_u64,
            "/member/user/avatar": "not hex",
            "/member/permissions": "99999999999999999999999",
            "/member/nick": null,
            "/new": {"a": 1},
        },
        "remove": ["/attachment_size_limit", "/entitlements"],
    });
    let callback = json!({"type": 4, "data": {"content": "x"}});
    let (event, outcome) = exchange(&simulator, &mut socket, fire, callback).await;
    let member = &event["member"];
    assert_eq!(member["user"]["public_flags"], 17_592_186_044_416_u64);
    assert_eq!(member["user"]["avatar"], "not hex");
    assert_eq!(member["permissions"], "99999999999999999999999");
    assert_eq!(event["member"].get("nick"), Some(&Value::Null));
    assert_eq!(event["new"], json!({"a": 1}));
    assert_eq!(event.get("attachment_size_limit"), None);
    assert_eq!(event.get("entitlements"), None);
    assert_eq!(event["data"]["name"], "card");
    assert_eq!(outcome["message"]["content"], "x");
    simulator.stop().await;
}

#[tokio::test]
async fn a_patch_that_leads_nowhere_is_refused_and_nothing_is_sent() {
    let (simulator, mut socket) = with_bot(quiet(1)).await;
    for (patch, word) in [
        (
            json!({"set": {"/members/user/flags": 1}}),
            "/members/user/flags",
        ),
        (json!({"remove": ["/entitlement"]}), "/entitlement"),
        (json!({"remove": ["entitlements"]}), "pointer"),
    ] {
        let mut fire = json!({"type": "command", "name": "card"});
        let given = patch.as_object().unwrap().clone();
        fire.as_object_mut().unwrap().extend(given);
        let (status, body) = control(&simulator, "POST", "/interactions", fire).await;
        assert_eq!((status, &body["code"]), (400, &json!("invalid_patch")));
        assert!(body["error"].as_str().unwrap().contains(word), "{body}");
    }
    put_presence(&simulator, json!({})).await;
    assert_eq!(socket.payload().await["t"], "PRESENCE_UPDATE");
    simulator.stop().await;
}

#[tokio::test]
async fn answers_of_rest_differ_from_discords_until_they_are_told_not_to() {
    let simulator = start(quiet(1)).await;
    let (_, before) = get(&simulator, "/users/@me").await;
    let patch = json!({"route": "/users/@me", "set": {"/flags": null}, "remove": ["/avatar"]});
    let (status, shown) = control(&simulator, "PUT", "/rest/patch", patch).await;
    assert_eq!(status, 200);
    let wanted = json!({"set": {"/flags": null}, "remove": ["/avatar"]});
    assert_eq!(shown, json!({"patches": {"/users/@me": wanted}}));
    for prefix in ["", "/v10"] {
        let (status, user) = get(&simulator, &format!("{prefix}/users/@me")).await;
        assert_eq!((status, &user["id"]), (200, &before["id"]));
        assert_eq!(user.get("flags"), Some(&Value::Null));
        assert_eq!(user.get("avatar"), None);
    }
    let patch = json!({"route": "/gateway/bot", "set": {"/shards/x": 1}});
    control(&simulator, "PUT", "/rest/patch", patch).await;
    let (status, error) = get(&simulator, "/gateway/bot").await;
    assert_eq!(status, 500);
    assert!(error["message"].as_str().unwrap().contains("/shards/x"));
    for route in ["/users/@me", "/gateway/bot"] {
        control(&simulator, "PUT", "/rest/patch", json!({"route": route})).await;
    }
    assert_eq!(get(&simulator, "/users/@me").await, (200, before));
    let (_, shown) = control(&simulator, "GET", "/rest/patch", Value::Null).await;
    assert_eq!(shown, json!({"patches": {}}));
    let whole = json!({"route": "/api/v10/users/@me"});
    let (status, body) = control(&simulator, "PUT", "/rest/patch", whole).await;
    assert_eq!((status, &body["code"]), (400, &json!("invalid_body")));
    simulator.stop().await;
}
