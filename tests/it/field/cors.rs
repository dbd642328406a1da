//! Pages of other origins: every answer may be read, whatever the page's library adds to a request.

use reqwest::{Client, Method, Response, redirect::Policy};

use crate::harness::{RawClient, TestHub, Upgrade};

async fn ask(hub: &TestHub, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let url = format!("http://{}{path}", hub.app().addr());
    let request = client.request(method, url);
    let request = request.header("Origin", "https://example.com");
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    request.send().await.unwrap()
}

fn list(answer: &Response, name: &str) -> Vec<String> {
    let value = answer.headers().get(name);
    let text = value.map_or("", |value| value.to_str().unwrap());
    let names = text.split(',').map(|name| name.trim().to_lowercase());
    names.collect()
}

#[tokio::test]
async fn every_answer_may_be_read() {
    let hub = TestHub::start().await;
    let user = hub.members().await[0];
    let long = "x".repeat(200_000);
    for (method, path, status) in [
        ("GET", "/".to_owned(), 200),
        ("GET", format!("/api/v1/users/{user}"), 200),
        ("HEAD", format!("/api/v1/users/{user}"), 200),
        ("GET", format!("/api/v1/users/{user}?x=1"), 200),
        ("GET", format!("/api/v1/users/{user}.svg"), 200),
        ("GET", format!("/api/v1/users/{user}/storage"), 200),
        ("GET", format!("/api/v1/users/{user}/storage/none"), 404),
        ("PUT", format!("/api/v1/users/{user}/storage/key"), 401),
        ("PATCH", format!("/api/v1/users/{user}/storage"), 401),
        ("GET", format!("/{user}.png"), 302),
        ("GET", "/7.png".to_owned(), 404),
        ("GET", format!("/{user}.png?size=7"), 400),
        ("GET", "/api/v1/users/7".to_owned(), 404),
        ("GET", "/api/v1/users/%zz".to_owned(), 400),
        ("GET", "/nowhere".to_owned(), 404),
        ("GET", "/socket".to_owned(), 426),
        ("POST", "/".to_owned(), 405),
        ("DELETE", "/docs".to_owned(), 405),
        ("OPTIONS", "/docs".to_owned(), 204),
        ("GET", "/docs".to_owned(), 200),
        ("GET", "/docs/socket".to_owned(), 200),
        ("GET", "/card".to_owned(), 200),
        ("GET", "/openapi.json".to_owned(), 200),
        ("GET", "/asyncapi.yaml".to_owned(), 200),
        ("GET", "/healthz".to_owned(), 200),
        ("GET", "/readyz".to_owned(), 200),
    ] {
        let answer = ask(&hub, method.parse().unwrap(), &path, &[]).await;
        assert_eq!(answer.status(), status, "{method} {path}");
        let allowed = list(&answer, "access-control-allow-origin");
        assert_eq!(allowed, ["*"], "{method} {path}");
        let exposed = list(&answer, "access-control-expose-headers");
        for name in ["etag", "retry-after", "lantern-problem", "allow", "*"] {
            assert!(exposed.contains(&name.to_owned()), "{method} {path} {name}");
        }
    }
    let token = hub.token(user).await;
    let put = hub.change(Method::PUT, user, "/key", &token);
    let too_long = put.body(long).send().await.unwrap();
    assert_eq!(too_long.status(), 413);
    assert_eq!(list(&too_long, "access-control-allow-origin"), ["*"]);
    // The numbers are for operators, whatever page they look at.
    let metrics = ask(&hub, Method::GET, "/metrics", &[]).await;
    assert_eq!(list(&metrics, "access-control-allow-origin"), [""]);
}

#[tokio::test]
async fn a_preflight_is_allowed_any_header_and_method_at_any_path() {
    let hub = TestHub::start().await;
    let user = hub.members().await[0];
    for path in [
        format!("/api/v1/users/{user}"),
        format!("/api/v1/users/{user}/storage/key"),
        format!("/{user}.png"),
        "/".to_owned(),
        "/docs".to_owned(),
        "/nowhere".to_owned(),
        "/socket".to_owned(),
        "/api/v1/users/%zz".to_owned(),
    ] {
        for (method, headers) in [
            ("GET", "cache-control,pragma,x-requested-with"),
            ("GET", "sentry-trace, baggage, traceparent"),
            ("DELETE", "Authorization"),
            ("PUT", "authorization,content-type,if-match"),
            ("QUERY", "x-anything-at-all"),
        ] {
            let asked = [
                ("Access-Control-Request-Method", method),
                ("Access-Control-Request-Headers", headers),
            ];
            let answer = ask(&hub, Method::OPTIONS, &path, &asked).await;
            assert_eq!(answer.status(), 204, "{path}");
            assert_eq!(list(&answer, "access-control-allow-origin"), ["*"]);
            let methods = list(&answer, "access-control-allow-methods");
            assert!(methods.contains(&method.to_lowercase()), "{methods:?}");
            let allowed = list(&answer, "access-control-allow-headers");
            for name in headers.split(',') {
                let name = name.trim().to_lowercase();
                assert!(allowed.contains(&name), "{path} {name}: {allowed:?}");
            }
            let max_age = list(&answer, "access-control-max-age");
            assert_eq!(max_age, ["86400"]);
        }
    }
    let asked = [("Access-Control-Request-Method", "GET")];
    let metrics = ask(&hub, Method::OPTIONS, "/metrics", &asked).await;
    assert_eq!(list(&metrics, "access-control-allow-origin"), [""]);
}

#[tokio::test]
async fn what_is_refused_before_it_is_routed_may_be_read_too() {
    let hub = TestHub::start().await;
    let upgrade = Upgrade::default().without("Host");
    let refused = RawClient::handshake(hub.app().addr(), &upgrade, b"").await;
    assert_eq!(refused.status(), 400);
    assert_eq!(refused.header("access-control-allow-origin"), Some("*"));
}
