//! The control API is not for web pages, and not for other machines unless they are let in.

use lantern_simulator::{Simulator, SimulatorConfig, SimulatorError};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::{quiet, soon, start};

/// A request to the control API with these headers; the status and the code of the error.
async fn ask(
    simulator: &Simulator,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> (u16, Value) {
    let url = format!("{}/control{path}", simulator.api_url());
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let request = Client::new().request(method, url).body("{}");
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    let response = soon("an answer", request.send()).await.unwrap();
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap_or_default();
    (status, body["code"].clone())
}

#[tokio::test]
async fn a_page_elsewhere_may_do_nothing() {
    let simulator = start(quiet(1)).await;
    let member = format!("/members/{}", simulator.first_member());
    let presence = format!("{member}/presence");
    let user = format!("{member}/user");
    for (method, path) in [
        ("GET", ""),
        ("GET", "/members"),
        ("POST", "/members"),
        ("GET", &member),
        ("DELETE", &member),
        ("PUT", &presence),
        ("PATCH", &user),
        ("GET", "/gateway"),
        ("POST", "/gateway"),
        ("POST", "/gateway/events"),
        ("PUT", "/gateway/limits"),
        ("PUT", "/stream"),
        ("POST", "/bursts"),
        ("PUT", "/images"),
        ("PUT", "/rest/patch"),
        ("POST", "/interactions"),
        ("GET", "/interactions/1"),
        ("OPTIONS", "/members"),
        ("GET", "/nothing"),
    ] {
        for (name, value, code) in [
            ("origin", "https://evil.example", "foreign_page"),
            ("origin", "null", "foreign_page"),
            ("sec-fetch-site", "cross-site", "foreign_page"),
            ("sec-fetch-site", "same-site", "foreign_page"),
            ("host", "evil.example:8081", "foreign_host"),
        ] {
            let answer = ask(&simulator, method, path, &[(name, value)]).await;
            assert_eq!(
                answer,
                (403, json!(code)),
                "{method} {path} {name}: {value}"
            );
        }
    }
    simulator.stop().await;
}

#[tokio::test]
async fn its_own_page_and_programs_may() {
    let simulator = start(quiet(1)).await;
    let own = simulator.api_url();
    let port = simulator.addr().port();
    let host = format!("localhost:{port}");
    let origin = format!("http://{host}");
    for headers in [
        &[][..],
        &[("origin", own.as_str()), ("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "none")],
        &[("host", host.as_str()), ("origin", origin.as_str())],
    ] {
        let (status, _) = ask(&simulator, "GET", "/members", headers).await;
        assert_eq!(status, 200, "{headers:?}");
    }
    let link = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ];
    assert_eq!(ask(&simulator, "GET", "", &link).await.0, 200);
    assert_eq!(ask(&simulator, "POST", "/members", &link).await.0, 403);
    simulator.stop().await;
}

#[tokio::test]
async fn hosts_that_are_named_may() {
    let simulator = start(SimulatorConfig {
        control_hosts: vec!["simulator.lan".to_owned()],
        ..quiet(1)
    })
    .await;
    for (host, status) in [
        ("simulator.lan", 200),
        ("Simulator.LAN:8081", 200),
        ("other.lan", 403),
    ] {
        let headers = [("host", host)];
        let answer = ask(&simulator, "GET", "/members", &headers).await;
        assert_eq!(answer.0, status, "{host}");
    }
    simulator.stop().await;
}

#[tokio::test]
async fn what_is_no_host_is_refused_at_the_start() {
    let config = SimulatorConfig {
        control_hosts: vec!["simulator.lan:8081".to_owned()],
        ..quiet(1)
    };
    let error = Simulator::start(config).await.unwrap_err();
    assert!(matches!(error, SimulatorError::ControlHost(_)));
    assert!(error.to_string().contains("simulator.lan:8081"), "{error}");
}

/// Otherwise a page could log in as a bot and hear the tokens of interactions, and read with them
/// what another bot answers.
#[tokio::test]
async fn a_page_elsewhere_opens_no_gateway_socket() {
    let simulator = start(quiet(1)).await;
    let open = async |origin: &str| {
        let url = format!("{}/?v=10&encoding=json", simulator.gateway_url());
        let mut request = url.into_client_request().unwrap();
        let origin = origin.parse().unwrap();
        request.headers_mut().insert("origin", origin);
        match soon("an answer", connect_async(request)).await {
            Ok((_, response)) => response.status().as_u16(),
            Err(Error::Http(response)) => response.status().as_u16(),
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(open("https://evil.example").await, 403);
    assert_eq!(open("null").await, 403);
    assert_eq!(open("http://localhost:3000").await, 101);
    simulator.stop().await;
}
