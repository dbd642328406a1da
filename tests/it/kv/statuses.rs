//! Every status of every endpoint, with the body of every error.

use lantern::auth::{Claims, KvTokens};
use lantern_actors::{domain::UserId, ports::store::TokenVersion, user::StorageRequest};
use poem::http::Method;
use serde_json::json;

use crate::{
    harness::SECRET,
    openapi::{assert_documented, generated},
    rest_harness::{Answer, Rest},
};

const ALL: &str = "/api/v1/users/{id}/storage";
const ONE: &str = "/api/v1/users/{id}/storage/{key}";

/// The value of `city`, which user 1 has.
const OSLO: &str = "Oslo";

/// User 1 has 512 pairs, among them `city`.
async fn full() -> (Rest, String) {
    let rest = Rest::with_users([1, 2]).await;
    let token = rest.token(1, StorageRequest::Token).await;
    let mut pairs: serde_json::Map<_, _> = (1..512)
        .map(|number| (format!("key{number}"), json!("x")))
        .collect();
    pairs.insert("city".to_owned(), json!(OSLO));
    let headers = [("authorization", token.as_str())];
    let body = serde_json::to_vec(&pairs).unwrap();
    let uri = "/api/v1/users/1/storage";
    let merged = rest.send(Method::PATCH, uri, &headers, body).await;
    assert_eq!(merged.status, 200, "{}", merged.body);
    (rest, token)
}

async fn tag(rest: &Rest) -> String {
    let answer = rest.get("/api/v1/users/1/storage/city").await;
    answer.header("etag").to_owned()
}

/// What is asked, and what has to come.
struct Case<'a> {
    method: Method,
    uri: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    body: Vec<u8>,
    status: u16,
    code: &'a str,
}

fn case<'a>(line: &'a str, headers: &[(&'a str, &'a str)], body: impl Into<Vec<u8>>) -> Case<'a> {
    let parts: Vec<&str> = line.split_whitespace().collect();
    Case {
        method: parts[0].parse().unwrap(),
        uri: parts[1],
        headers: headers.to_vec(),
        body: body.into(),
        status: parts[2].parse().unwrap(),
        code: parts.get(3).copied().unwrap_or_default(),
    }
}

impl Case<'_> {
    /// Asks, and looks at everything that every answer has; a line about it.
    async fn run(&self, rest: &Rest) -> (Answer, String) {
        let (method, uri) = (&self.method, self.uri);
        let answer = rest
            .send(method.clone(), uri, &self.headers, self.body.clone())
            .await;
        assert_eq!(
            answer.status.as_u16(),
            self.status,
            "{method} {uri}: {}",
            answer.body
        );
        let documented = match uri.matches('/').count() {
            5 => ALL,
            _ => ONE,
        };
        assert_documented(&generated(), method, documented, &answer);
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{uri}");
        if answer.status.is_client_error() || answer.status.is_server_error() {
            let problem = answer.json();
            assert_eq!(problem["code"], self.code, "{method} {uri}");
            assert_eq!(problem["error"], problem["detail"]);
            assert_eq!(answer.header("content-type"), "application/problem+json");
            assert_eq!(
                !answer.header("www-authenticate").is_empty(),
                self.status == 401
            );
            assert_eq!(
                !answer.header("retry-after").is_empty(),
                self.status == 429 || (self.status == 503 && self.code != "tokens_off")
            );
        }
        let line = format!("{method} {uri} -> {} {}", self.status, answer.body);
        (answer, line)
    }
}

#[tokio::test]
async fn every_status_of_every_endpoint() {
    let (rest, token) = full().await;
    let tag = tag(&rest).await;
    let other = rest.token(2, StorageRequest::Token).await;
    let (kept, last) = token.split_at(token.len() - 1);
    let wrong = format!("{kept}{}", if last == "x" { "y" } else { "x" });
    let mine = [("authorization", token.as_str())];
    let all = "/api/v1/users/1/storage";
    let of_all = rest.get(all).await.header("etag").to_owned();
    let if_match = |tag| [("authorization", token.as_str()), ("if-match", tag)];
    let create = [("authorization", token.as_str()), ("if-none-match", "*")];
    let nobody = token_of_nobody();
    let nobody = [("authorization", nobody.as_str())];
    let wrong = [("authorization", wrong.as_str())];
    let other = [("authorization", other.as_str())];
    let no_key = |method: &str| format!("{method} {all}/a-key 400 invalid_key");
    let no_keys = ["GET", "PUT", "PATCH", "DELETE"].map(no_key);

    let mut cases = vec![
        case("GET /api/v1/users/1/storage 200", &[], ""),
        case(
            "GET /api/v1/users/1/storage 304",
            &[("if-none-match", &of_all)],
            "",
        ),
        case("GET /api/v1/users/one/storage 400 invalid_user_id", &[], ""),
        case("GET /api/v1/users/3/storage 404 unknown_user", &[], ""),
        case("GET /api/v1/users/1/storage/city 200", &[], ""),
        case(
            "GET /api/v1/users/1/storage/city 304",
            &[("if-none-match", &tag)],
            "",
        ),
        case(
            "GET /api/v1/users/one/storage/city 400 invalid_user_id",
            &[],
            "",
        ),
        case("GET /api/v1/users/3/storage/city 404 unknown_user", &[], ""),
        case("GET /api/v1/users/1/storage/none 404 unknown_key", &[], ""),
        case("PUT /api/v1/users/1/storage/city 200", &mine, OSLO),
        case(
            "PUT /api/v1/users/1/storage/city 200",
            &if_match(&tag),
            OSLO,
        ),
        case(
            "PUT /api/v1/users/1/storage/city 400 value_not_text",
            &mine,
            b"\xff\xfe".as_slice(),
        ),
        case(
            "PUT /api/v1/users/1/storage/city 400 value_too_long",
            &mine,
            "x".repeat(30_001),
        ),
        case(
            "PUT /api/v1/users/1/storage/more 409 too_many_pairs",
            &mine,
            "x",
        ),
        case(
            "PUT /api/v1/users/1/storage/city 412 precondition_failed",
            &if_match("\"p-0\""),
            "x",
        ),
        case(
            "PUT /api/v1/users/1/storage/none 412 precondition_failed",
            &if_match("*"),
            "x",
        ),
        case(
            "PUT /api/v1/users/1/storage/city 412 precondition_failed",
            &create,
            "x",
        ),
        case("PATCH /api/v1/users/1/storage/city 200", &mine, OSLO),
        case(
            "PATCH /api/v1/users/1/storage/city 400 value_not_text",
            &mine,
            b"\xff".as_slice(),
        ),
        case(
            "PATCH /api/v1/users/1/storage/none 404 unknown_key",
            &mine,
            "x",
        ),
        case(
            "PATCH /api/v1/users/1/storage/none 404 unknown_key",
            &if_match("*"),
            "x",
        ),
        case(
            "PATCH /api/v1/users/1/storage/city 412 precondition_failed",
            &if_match("é"),
            "x",
        ),
        case(
            "DELETE /api/v1/users/1/storage/none 404 unknown_key",
            &mine,
            "",
        ),
        case(
            "DELETE /api/v1/users/1/storage/none 404 unknown_key",
            &if_match(&tag),
            "",
        ),
        case(
            "DELETE /api/v1/users/1/storage/city 412 precondition_failed",
            &if_match("\"p-0\""),
            "",
        ),
        case(
            "PATCH /api/v1/users/1/storage 400 invalid_pairs",
            &mine,
            "[]",
        ),
        case(
            "PATCH /api/v1/users/1/storage 409 too_many_pairs",
            &mine,
            r#"{"more": "x"}"#,
        ),
        case(
            "PATCH /api/v1/users/1/storage 200",
            &mine,
            r#"{"key1": null, "more": "x"}"#,
        ),
    ];
    cases.extend(no_keys.iter().map(|line| case(line, &mine, "x")));
    let refusals = refusals();
    for (line, body) in &refusals {
        let headers = match line {
            _ if line.contains("missing_token") => &[][..],
            _ if line.contains("invalid_token") => &wrong,
            _ if line.contains("not_your") => &other,
            _ if line.contains("unknown_user") => &nobody,
            _ => &mine,
        };
        cases.push(case(line, headers, body.clone()));
    }
    cases.extend([
        case(
            "DELETE /api/v1/users/1/storage/city 200",
            &if_match(&tag),
            "",
        ),
        case(
            "DELETE /api/v1/users/1/storage/city 404 unknown_key",
            &mine,
            "",
        ),
        case("PUT /api/v1/users/1/storage/city 200", &create, OSLO),
        case("DELETE /api/v1/users/1/storage 200", &mine, ""),
        case("DELETE /api/v1/users/1/storage 200", &mine, ""),
    ]);
    let mut lines = Vec::new();
    for case in cases {
        let (_, line) = case.run(&rest).await;
        if case.status >= 400 {
            lines.push(line);
        }
    }
    assert_eq!(rest.get(all).await.body, "{}");
    lines.sort();
    lines.dedup();
    insta::assert_snapshot!(lines.join("\n"));
}

/// What every change is refused for, with a body.
fn refusals() -> Vec<(String, String)> {
    let mut refusals = Vec::new();
    for (method, path, body) in [
        ("PUT", "storage/city", "x"),
        ("PATCH", "storage/city", "x"),
        ("DELETE", "storage/city", ""),
        ("PATCH", "storage", "{}"),
        ("DELETE", "storage", ""),
    ] {
        for (id, expected) in [
            ("one", "400 invalid_user_id"),
            ("1", "401 missing_token"),
            ("1", "401 invalid_token"),
            ("1", "403 not_your_storage"),
            ("9", "404 unknown_user"),
        ] {
            let line = format!("{method} /api/v1/users/{id}/{path} {expected}");
            refusals.push((line, body.to_owned()));
        }
        let most = if path == "storage" { 2 << 20 } else { 120_000 };
        if !body.is_empty() {
            let line = format!("{method} /api/v1/users/1/{path} 413 payload_too_large");
            refusals.push((line, "x".repeat(most + 1)));
        }
    }
    refusals
}

/// A genuine token for user 9, who is no member.
fn token_of_nobody() -> String {
    KvTokens::new(SECRET).unwrap().issue(Claims {
        user: UserId::try_from(9).unwrap(),
        version: TokenVersion::new(1),
    })
}

/// Every operation.
const OPERATIONS: [(&str, &str); 7] = [
    ("GET", "storage"),
    ("PATCH", "storage"),
    ("DELETE", "storage"),
    ("GET", "storage/city"),
    ("PUT", "storage/city"),
    ("PATCH", "storage/city"),
    ("DELETE", "storage/city"),
];

async fn all_answer(rest: &Rest, token: &str, wanted: impl Fn(&str) -> &'static str) -> String {
    let mut lines = Vec::new();
    for (method, path) in OPERATIONS {
        let body = if path == "storage" { "{}" } else { "x" };
        let line = format!("{method} /api/v1/users/1/{path} {}", wanted(method));
        let case = case(&line, &[("authorization", token)], body);
        lines.push(case.run(rest).await.1);
    }
    lines.join("\n")
}

#[tokio::test]
async fn a_store_that_has_not_told_is_said_and_not_an_empty_storage() {
    let rest = Rest::without_store().await.and_unsettled_users([1]).await;
    let token = KvTokens::new(SECRET).unwrap().issue(Claims {
        user: UserId::try_from(1).unwrap(),
        version: TokenVersion::new(1),
    });
    let answers = all_answer(&rest, &token, |_| "503 store_unavailable").await;
    insta::assert_snapshot!(answers);
}

#[tokio::test]
async fn before_the_members_are_counted_nobody_is_unknown() {
    let rest = Rest::start().await;
    let token = KvTokens::new(SECRET).unwrap().issue(Claims {
        user: UserId::try_from(1).unwrap(),
        version: TokenVersion::new(1),
    });
    all_answer(&rest, &token, |_| "503 not_ready").await;
}

#[tokio::test]
async fn without_a_secret_there_are_no_changes() {
    let rest = Rest::without_tokens().await.and_users([1]).await;
    let uri = "/api/v1/users/1/storage/city 503 tokens_off";
    for method in ["PUT", "PATCH", "DELETE"] {
        let line = format!("{method} {uri}");
        case(&line, &[], "x").run(&rest).await;
    }
    case("GET /api/v1/users/1/storage 200", &[], "")
        .run(&rest)
        .await;
}

#[tokio::test]
async fn head_is_answered_like_get_without_its_body() {
    let (rest, _) = full().await;
    for uri in [
        "/api/v1/users/1/storage",
        "/api/v1/users/1/storage/city",
        "/api/v1/users/1/storage/none",
    ] {
        let get = rest.get(uri).await;
        let head = rest.ask(Method::HEAD, uri, &[]).await;
        assert_eq!((head.status, head.body.as_str()), (get.status, ""));
        assert_eq!(head.header("etag"), get.header("etag"));
        assert_eq!(head.header("content-length"), get.body.len().to_string());
    }
}

#[tokio::test]
async fn pages_of_other_origins_may_change_storage() {
    let rest = Rest::with_users([1]).await;
    for (path, methods) in [
        ("storage", "GET, HEAD, PATCH, DELETE, OPTIONS"),
        ("storage/city", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
    ] {
        let headers = [
            ("origin", "https://example.com"),
            ("access-control-request-method", "PATCH"),
            ("access-control-request-headers", "authorization, if-match"),
        ];
        let uri = format!("/api/v1/users/1/{path}");
        let answer = rest.ask(Method::OPTIONS, &uri, &headers).await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        let allowed = answer.header("access-control-allow-methods");
        assert!(allowed.split(", ").any(|name| name == "PATCH"), "{allowed}");
        let allowed = answer.header("access-control-allow-headers").to_lowercase();
        for header in ["authorization", "if-match"] {
            assert!(allowed.split(", ").any(|name| name == header), "{header}");
        }
        let answer = rest.ask(Method::POST, &uri, &[]).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("allow")),
            (405, methods)
        );
    }
}
