//! REST routes and the control API, by plain HTTP.

use lantern_simulator::{Simulator, SimulatorConfig};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

use super::raw::Socket;
use super::{quiet, soon, start};

/// A request to the control API; the status and the JSON that comes back.
pub async fn control(simulator: &Simulator, method: &str, path: &str, body: Value) -> (u16, Value) {
    let url = format!("{}/control{path}", simulator.api_url());
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let request = Client::new().request(method, url).body(body.to_string());
    let response = soon("an answer", request.send()).await.expect("an answer");
    (
        response.status().as_u16(),
        response.json().await.expect("JSON"),
    )
}

/// Sets the first member's presence.
pub async fn put_presence(simulator: &Simulator, presence: Value) {
    let path = format!("/members/{}/presence", simulator.first_member());
    let (status, body) = control(simulator, "PUT", &path, presence).await;
    assert_eq!(status, 200, "{body}");
}

pub async fn rest(
    simulator: &Simulator,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Value,
) -> Response {
    let url = format!("{}/api{path}", simulator.api_url());
    let mut request = Client::new().request(
        Method::from_bytes(method.as_bytes()).expect("a method"),
        url,
    );
    if let Some(token) = token {
        request = request.header("authorization", format!("Bot {token}"));
    }
    if !body.is_null() {
        request = request
            .header("content-type", "application/json")
            .body(body.to_string());
    }
    soon("an answer", request.send()).await.expect("an answer")
}

pub async fn get(simulator: &Simulator, path: &str) -> (u16, Value) {
    let response = rest(simulator, "GET", path, Some("simulated-token"), Value::Null).await;
    (
        response.status().as_u16(),
        response.json().await.expect("JSON"),
    )
}

#[tokio::test]
async fn the_routes_of_a_login_answer() {
    let simulator = start(quiet(10)).await;
    let guild = simulator.guild_id();
    for prefix in ["", "/v10", "/v9"] {
        for path in [
            "/gateway".to_owned(),
            "/gateway/bot".to_owned(),
            "/users/@me".to_owned(),
            "/users/%40me".to_owned(),
            format!("/users/{}", simulator.first_member()),
            "/applications/@me".to_owned(),
            "/oauth2/applications/@me".to_owned(),
            format!("/guilds/{guild}?with_counts=1"),
            format!("/guilds/{guild}/channels"),
            format!("/guilds/{guild}/members?limit=5&after=0"),
            format!("/guilds/{guild}/members/{}", simulator.first_member()),
            format!("/guilds/{guild}/members/search?query=amber%20x"),
        ] {
            let response = rest(
                &simulator,
                "GET",
                &format!("{prefix}{path}"),
                Some("simulated-token"),
                Value::Null,
            )
            .await;
            assert_eq!(response.status(), 200, "{path}");
            assert_eq!(
                response.headers()["content-type"],
                "application/json",
                "{path}"
            );
            for name in ["limit", "remaining", "reset", "reset-after", "bucket"] {
                assert!(
                    response
                        .headers()
                        .contains_key(format!("x-ratelimit-{name}")),
                    "{path} {name}"
                );
            }
        }
    }
    let (_, counted) = get(&simulator, &format!("/guilds/{guild}?with_counts=true")).await;
    assert_eq!(counted["approximate_member_count"], 11);
    assert_eq!(
        rest(&simulator, "GET", "/gateway", None, Value::Null)
            .await
            .status(),
        200
    );
    simulator.stop().await;
}

#[tokio::test]
async fn errors_have_discords_bodies() {
    let simulator = start(quiet(1)).await;
    let guild = simulator.guild_id();
    for (path, status, code) in [
        ("/users/1".to_owned(), 404, 10_013),
        (format!("/guilds/{guild}/members/1"), 404, 10_007),
        ("/guilds/1".to_owned(), 404, 10_004),
        ("/guilds/x".to_owned(), 400, 50_035),
        ("/channels/1".to_owned(), 404, 10_003),
        (format!("/guilds/{guild}/members?limit=5000"), 400, 50_035),
        (format!("/guilds/{guild}/members?after=x"), 400, 50_035),
        (
            format!("/applications/{}/commands/1", simulator.application_id()),
            404,
            10_063,
        ),
        ("/nothing/here".to_owned(), 404, 0),
    ] {
        let (got, body) = get(&simulator, &path).await;
        assert_eq!((got, &body["code"]), (status, &json!(code)), "{path}");
        assert!(body["message"].is_string(), "{path}");
    }
    for token in [None, Some("wrong")] {
        let response = rest(&simulator, "GET", "/users/@me", token, Value::Null).await;
        assert_eq!(response.status(), 401);
        assert_eq!(
            response.json::<Value>().await.unwrap(),
            json!({"message": "401: Unauthorized", "code": 0})
        );
    }
    let response = rest(
        &simulator,
        "POST",
        "/users/@me",
        Some("simulated-token"),
        Value::Null,
    )
    .await;
    assert_eq!(response.status(), 405);
    simulator.stop().await;
}

#[tokio::test]
async fn too_many_requests_are_told_when_to_come_back() {
    let simulator = start(SimulatorConfig {
        rest_rate_limit: 1,
        ..quiet(1)
    })
    .await;
    let mut refused = None;
    for _ in 0..20 {
        let response = rest(
            &simulator,
            "GET",
            "/users/@me",
            Some("simulated-token"),
            Value::Null,
        )
        .await;
        if response.status() == 429 {
            refused = Some(response);
            break;
        }
    }
    let refused = refused.expect("one is refused");
    for name in [
        "via",
        "retry-after",
        "x-ratelimit-reset-after",
        "x-ratelimit-scope",
    ] {
        assert!(refused.headers().contains_key(name), "{name}");
    }
    let body: Value = refused.json().await.unwrap();
    assert!(
        body["retry_after"].is_number() && body["global"] == false,
        "{body}"
    );
    simulator.stop().await;
}

#[tokio::test]
async fn commands_are_registered_changed_and_deleted() {
    let simulator = start(quiet(1)).await;
    let token = Some("simulated-token");
    let (application, guild) = (simulator.application_id(), simulator.guild_id());
    for base in [
        format!("/applications/{application}/commands"),
        format!("/applications/{application}/guilds/{guild}/commands"),
    ] {
        let created = rest(
            &simulator,
            "POST",
            &base,
            token,
            json!({"name": "a", "description": "d"}),
        )
        .await;
        assert_eq!(created.status(), 201);
        let created: Value = created.json().await.unwrap();
        let one = format!("{base}/{}", created["id"].as_str().unwrap());
        let edited = rest(
            &simulator,
            "PATCH",
            &one,
            token,
            json!({"description": "e"}),
        )
        .await;
        assert_eq!(edited.json::<Value>().await.unwrap()["description"], "e");
        let list = json!([{"name": "a", "description": "d"}, {"name": "b", "description": "d"}]);
        let list: Value = rest(&simulator, "PUT", &base, token, list)
            .await
            .json()
            .await
            .unwrap();
        assert_eq!(
            (list.as_array().unwrap().len(), &list[0]["id"]),
            (2, &created["id"])
        );
        let deleted = rest(&simulator, "DELETE", &one, token, Value::Null).await;
        assert_eq!(
            (
                deleted.status().as_u16(),
                deleted.headers().get("content-type")
            ),
            (204, None)
        );
        assert_eq!(get(&simulator, &base).await.1.as_array().unwrap().len(), 1);
        let bad = rest(
            &simulator,
            "POST",
            &base,
            token,
            json!({"name": "A B", "description": ""}),
        )
        .await;
        let bad: Value = bad.json().await.unwrap();
        assert_eq!(bad["code"], 50_035);
        assert!(
            bad["errors"]["name"]["_errors"][0]["code"].is_string(),
            "{bad}"
        );
    }
    simulator.stop().await;
}

#[tokio::test]
async fn an_interaction_goes_to_the_bot_and_its_answer_comes_back() {
    let simulator = start(quiet(3)).await;
    let token = Some("simulated-token");
    let application = simulator.application_id();
    let commands = format!("/applications/{application}/commands");
    let command = json!({"name": "ping", "description": "d", "options": [{"name": "text", "description": "t", "type": 3}]});
    rest(&simulator, "POST", &commands, token, command).await;
    let (mut socket, _) = Socket::logged_in(&simulator).await;
    let bot = async {
        let event = socket.event("INTERACTION_CREATE").await["d"].take();
        assert_eq!(
            event["data"]["options"],
            json!([{"name": "text", "type": 3, "value": "hi"}])
        );
        assert_eq!(event["data"]["guild_id"], event["guild_id"]);
        let (id, secret) = (
            event["id"].as_str().unwrap(),
            event["token"].as_str().unwrap(),
        );
        let callback = format!("/interactions/{id}/{secret}/callback?with_response=1");
        let reply = rest(&simulator, "POST", &callback, None, json!({"type": 5})).await;
        let reply: Value = reply.json().await.unwrap();
        assert_eq!(reply["interaction"]["response_message_loading"], true);
        let again: Value = rest(&simulator, "POST", &callback, None, json!({"type": 5}))
            .await
            .json()
            .await
            .unwrap();
        assert_eq!(again["code"], 40_060);
        let webhook = format!("/webhooks/{application}/{secret}");
        let original = format!("{webhook}/messages/%40original");
        let edited = rest(
            &simulator,
            "PATCH",
            &original,
            None,
            json!({"content": "pong"}),
        )
        .await;
        assert_eq!(edited.json::<Value>().await.unwrap()["content"], "pong");
        let empty: Value = rest(&simulator, "POST", &webhook, None, json!({}))
            .await
            .json()
            .await
            .unwrap();
        assert_eq!(empty["code"], 50_006);
        assert_eq!(
            rest(
                &simulator,
                "POST",
                &webhook,
                None,
                json!({"content": "more"})
            )
            .await
            .status(),
            200
        );
    };
    let fire =
        json!({"type": "command", "name": "ping", "options": {"text": "hi"}, "followups": 1});
    let (_, (status, outcome)) =
        tokio::join!(bot, control(&simulator, "POST", "/interactions", fire));
    assert_eq!(status, 200, "{outcome}");
    assert_eq!(outcome["callback"]["type"], 5);
    assert_eq!(outcome["message"]["content"], "pong");
    assert_eq!(outcome["followups"][0]["content"], "more");
    assert_eq!(outcome["complete"], true);
    simulator.stop().await;
}

#[tokio::test]
async fn control_says_what_is_wrong() {
    let config = SimulatorConfig {
        interaction_timeout: std::time::Duration::from_millis(50),
        ..quiet(2)
    };
    let simulator = start(config).await;
    let ping = json!({"type": "command", "name": "ping"});
    for (method, path, body, status, code) in [
        ("GET", "/nothing", Value::Null, 404, "not_found"),
        ("DELETE", "/stream", Value::Null, 405, "method_not_allowed"),
        (
            "PUT",
            "/members/1/presence",
            json!({}),
            404,
            "unknown_member",
        ),
        ("PUT", "/members/x/presence", json!({}), 400, "invalid_id"),
        ("PUT", "/members/1/presence", json!([]), 400, "invalid_body"),
        ("GET", "/members?limit=0", Value::Null, 400, "invalid_query"),
        ("PUT", "/stream", json!({"rate": -1}), 400, "invalid_rate"),
        (
            "POST",
            "/gateway",
            json!({"action": "explode"}),
            400,
            "invalid_body",
        ),
        (
            "POST",
            "/bursts",
            json!({"members": [], "updates": 5}),
            400,
            "invalid_body",
        ),
        ("POST", "/interactions", ping.clone(), 409, "no_bot"),
        (
            "GET",
            "/interactions/5",
            Value::Null,
            404,
            "unknown_interaction",
        ),
    ] {
        let (got, error) = control(&simulator, method, path, body).await;
        assert_eq!(
            (got, &error["code"]),
            (status, &json!(code)),
            "{method} {path} {error}"
        );
        assert!(error["error"].is_string());
    }
    let _bot = Socket::logged_in(&simulator).await;
    assert_eq!(
        control(&simulator, "POST", "/interactions", ping.clone())
            .await
            .1["code"],
        "unknown_command"
    );
    let path = format!("/applications/{}/commands", simulator.application_id());
    rest(
        &simulator,
        "POST",
        &path,
        Some("simulated-token"),
        json!({"name": "ping", "description": "d"}),
    )
    .await;
    assert_eq!(
        control(&simulator, "POST", "/interactions", ping).await.1["code"],
        "no_reply"
    );
    simulator.stop().await;
}

#[tokio::test]
async fn members_join_change_and_leave() {
    let simulator = start(quiet(2)).await;
    let (mut socket, _) = Socket::logged_in(&simulator).await;
    let body = json!({"user": {"id": "77", "username": "new"}, "presence": {"status": "idle"}});
    let (status, _) = control(&simulator, "POST", "/members", body.clone()).await;
    assert_eq!(status, 201);
    let added = socket.payload().await;
    assert_eq!(
        (&added["t"], &added["d"]["user"]["username"]),
        (&json!("GUILD_MEMBER_ADD"), &json!("new"))
    );
    assert_eq!(socket.payload().await["d"]["user"], json!({"id": "77"}));
    assert_eq!(
        control(&simulator, "POST", "/members", body).await.1["code"],
        "already_member"
    );
    control(
        &simulator,
        "PATCH",
        "/members/77/user",
        json!({"global_name": "Neu"}),
    )
    .await;
    assert_eq!(
        socket.event("GUILD_MEMBER_UPDATE").await["d"]["user"]["global_name"],
        "Neu"
    );
    assert_eq!(
        socket.event("PRESENCE_UPDATE").await["d"]["user"]["username"],
        "new"
    );
    control(&simulator, "DELETE", "/members/77", Value::Null).await;
    assert_eq!(
        socket.event("GUILD_MEMBER_REMOVE").await["d"]["user"]["id"],
        "77"
    );
    let (_, page) = control(&simulator, "GET", "/members?limit=2", Value::Null).await;
    assert_eq!(
        (&page["total"], page["members"].as_array().unwrap().len()),
        (&json!(3), 2)
    );
    let rest = format!("/members?after={}", page["next"].as_str().unwrap());
    let (_, page) = control(&simulator, "GET", &rest, Value::Null).await;
    assert_eq!(
        (page["members"].as_array().unwrap().len(), &page["next"]),
        (1, &Value::Null)
    );
    simulator.stop().await;
}

#[tokio::test]
async fn the_page_tells_what_can_be_done() {
    let simulator = start(quiet(1)).await;
    let page = reqwest::get(format!("{}/control", simulator.api_url()))
        .await
        .unwrap();
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    assert!(
        page.contains("/control/bursts")
            && page.contains("/control/images")
            && !page.contains("{{"),
        "{page}"
    );
    simulator.stop().await;
}
