//! What stands around answers: headers that protect browsers, and answers to what is no request.

use std::collections::HashMap;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::harness::{TestHub, within};

/// An answer as it came.
struct Raw {
    status: u16,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

impl Raw {
    /// The answer to these bytes, read until the server closes.
    async fn to(hub: &TestHub, request: &[u8]) -> Self {
        let mut stream = TcpStream::connect(hub.app().addr()).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        let reading = stream.read_to_end(&mut answer);
        within("the server answers and closes", reading)
            .await
            .unwrap();
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        let body = answer.split_off(end.expect("a head") + 4);
        let head = String::from_utf8(answer).unwrap();
        let (first, fields) = head.trim_end().split_once("\r\n").unwrap();
        let field = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_owned(), value.to_owned())
        };
        Self {
            status: first.split(' ').nth(1).unwrap().parse().unwrap(),
            headers: fields.split("\r\n").map(field).collect(),
            body,
        }
    }

    fn expect_problem(&self, status: u16, code: &str) {
        let problem: Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!((self.status, &problem["code"]), (status, &code.into()));
        assert_eq!(problem["status"], status);
        assert_eq!(problem["detail"], problem["error"]);
        for (name, value) in [
            ("content-type", "application/problem+json"),
            ("content-length", &self.body.len().to_string()),
            ("connection", "close"),
            ("x-content-type-options", "nosniff"),
            ("access-control-allow-origin", "*"),
        ] {
            assert_eq!(self.headers[name], value, "{name}");
        }
        assert!(self.headers.contains_key("date"));
    }
}

/// A request whose head has exactly so many bytes.
fn with_head_of(bytes: usize) -> Vec<u8> {
    let begin = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx: ";
    let end = "\r\n\r\n";
    let filler = "a".repeat(bytes - begin.len() - end.len());
    format!("{begin}{filler}{end}").into_bytes()
}

#[tokio::test]
async fn what_is_no_request_is_answered_with_a_problem() {
    let hub = TestHub::start().await;
    for request in [
        "nonsense\r\n\r\n",
        "GET /a b HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}",
    ] {
        let answer = Raw::to(&hub, request.as_bytes()).await;
        answer.expect_problem(400, "bad_request");
    }
    // Behind a request that was answered, too.
    let request = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut stream = TcpStream::connect(hub.app().addr()).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut first = [0; 15];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    stream.write_all(b"nonsense\r\n\r\n").await.unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    assert!(rest.contains("\"code\":\"bad_request\""), "{rest}");
}

#[tokio::test]
async fn a_head_may_have_64_kib_and_100_fields() {
    let hub = TestHub::start().await;
    let fits = Raw::to(&hub, &with_head_of(64 * 1024)).await;
    assert_eq!(fits.status, 200);
    for bytes in [64 * 1024 + 1, 80_000, 200_000] {
        let answer = Raw::to(&hub, &with_head_of(bytes)).await;
        answer.expect_problem(431, "head_too_large");
    }
    let fields = |count: usize| {
        let fields = "a: b\r\n".repeat(count - 2);
        format!("GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{fields}\r\n")
    };
    let fits = Raw::to(&hub, fields(100).as_bytes()).await;
    assert_eq!(fits.status, 200);
    let answer = Raw::to(&hub, fields(101).as_bytes()).await;
    answer.expect_problem(431, "head_too_large");
}

#[tokio::test]
async fn every_answer_says_that_its_type_is_right_and_pages_protect_their_readers() {
    let hub = TestHub::start().await;
    let user = hub.members().await[0];
    let (user, card) = (format!("/api/v1/users/{user}"), format!("/{user}.svg"));
    let storage = format!("{user}/storage");
    for path in [
        "/",
        "/card",
        "/docs",
        "/docs/socket",
        "/openapi.json",
        "/asyncapi.yaml",
        "/metrics",
        "/healthz",
        "/nothing",
        "/socket",
        &user,
        &card,
        &storage,
        "/api/v1/users/1",
    ] {
        let answer = hub.ask(path, &[("accept", "text/html,*/*;q=0.8")]).await;
        let headers = answer.headers().clone();
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        let is_page = headers["content-type"] == "text/html; charset=utf-8";
        assert_eq!(
            is_page,
            matches!(path, "/" | "/card" | "/docs" | "/docs/socket")
        );
        if is_page {
            assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
            let policy = headers["content-security-policy"].to_str().unwrap();
            assert!(!policy.contains("unsafe"), "{path}: {policy}");
            assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
            // Swagger UI holds HTML in its script; a browser test looks at it.
            let page = answer.text().await.unwrap();
            assert!(path == "/docs" || !page.contains(" style=\""), "{path}");
        }
    }
}

#[tokio::test]
async fn an_answer_tells_little_back_of_a_long_request() {
    let hub = TestHub::start().await;
    for path in [
        format!("/{}", "a".repeat(9_000)),
        format!("/{}", "%C3%A9".repeat(3_000)),
        format!("/api/v1/users/{}", "x".repeat(9_000)),
        format!("/api/v1/users/1/storage/{}", "x".repeat(9_000)),
        format!("/card?x={}", "x".repeat(9_000)),
        format!("/api/v1/users?user_ids={}", "x".repeat(9_000)),
    ] {
        let answer = hub.ask(&path, &[]).await;
        let body = answer.text().await.unwrap();
        if body.starts_with('{') {
            let problem: Value = serde_json::from_str(&body).unwrap();
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.len() < 400, "{} bytes: {path:.40}", detail.len());
        }
    }
}
