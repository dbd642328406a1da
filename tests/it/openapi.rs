//! The reference: the committed document is the generated one, and answers keep to it.

use lantern::api::document;
use poem::http::Method;
use serde_json::Value;

use crate::rest_harness::{Answer, Rest};

pub fn generated() -> Value {
    serde_json::from_str(&document()).unwrap()
}

#[test]
fn the_committed_document_is_the_generated_one() {
    let committed = include_str!("../../openapi/lantern.json");
    assert!(
        committed == document(),
        "openapi/lantern.json is out of date: cargo run -q -- openapi > openapi/lantern.json"
    );
}

#[test]
fn every_operation_and_answer_is_described() {
    let document = generated();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            for field in ["summary", "operationId", "tags"] {
                assert!(
                    !operation[field].is_null(),
                    "{method} {path} has no {field}"
                );
            }
            for (status, answer) in operation["responses"].as_object().unwrap() {
                let description = answer["description"].as_str().unwrap();
                assert!(!description.is_empty(), "{method} {path} {status}");
            }
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(!schema["description"].is_null(), "{name}");
    }
}

#[tokio::test]
async fn every_answer_is_documented() {
    let rest = Rest::with_users([1, 2]).await;
    let empty = Rest::start().await;
    let document = generated();
    for (path, uri) in [
        ("/", "/"),
        ("/api/v1/users/{id}", "/api/v1/users/1"),
        ("/api/v1/users/{id}", "/api/v1/users/3"),
        ("/api/v1/users/{id}", "/api/v1/users/x"),
        ("/api/v1/users", "/api/v1/users"),
        ("/api/v1/users", "/api/v1/users?user_ids=1&user_ids=2"),
        ("/api/v1/users", "/api/v1/users?user_ids=3"),
        ("/healthz", "/healthz"),
        ("/readyz", "/readyz"),
        ("/metrics", "/metrics"),
        ("/docs", "/docs"),
        ("/openapi.json", "/openapi.json"),
        ("/asyncapi.yaml", "/asyncapi.yaml"),
    ] {
        for rest in [&rest, &empty] {
            for headers in [&[][..], &[("if-none-match", "*")]] {
                let answer = rest.ask(Method::GET, uri, headers).await;
                assert_documented(&document, &Method::GET, path, &answer);
            }
        }
    }
}

/// That an answer has a status, the headers and a content type that the document names.
pub fn assert_documented(document: &Value, method: &Method, path: &str, answer: &Answer) {
    let operation = method.as_str().to_lowercase();
    let responses = &document["paths"][path][operation]["responses"];
    let status = answer.status.as_str();
    let documented = &responses[status];
    assert!(documented.is_object(), "{method} {path} answers {status}");
    let promised = documented["headers"].as_object().into_iter().flatten();
    for (name, header) in promised {
        let is_there = !answer.header(&name.to_lowercase()).is_empty();
        let may_be_missing = header["required"] != true;
        assert!(
            is_there || may_be_missing,
            "{method} {path} {status} {name}"
        );
    }
    let kind = answer.header("content-type");
    let mut content = documented["content"].as_object().into_iter().flatten();
    let is_known = content.any(|(documented, _)| kind.starts_with(documented.as_str()));
    assert!(
        is_known || answer.body.is_empty(),
        "{method} {path} {status} {kind}"
    );
}

#[tokio::test]
async fn the_reference_is_served_and_loads_nothing_from_elsewhere() {
    let rest = Rest::start().await;
    let served = rest.get("/openapi.json").await;
    assert_eq!(served.body, document());
    let docs = rest.get("/docs").await;
    assert!(docs.header("content-type").starts_with("text/html"));
    assert!(
        docs.header("content-security-policy")
            .starts_with("default-src 'none'")
    );
    assert!(docs.body.contains("SwaggerUIBundle"));
    for outside in ["<script src", "<link rel=\"stylesheet", "@import"] {
        assert!(!docs.body.contains(outside), "{outside}");
    }
    let known = [("if-none-match", docs.header("etag"))];
    let again = rest.ask(Method::GET, "/docs", &known).await;
    assert_eq!(again.status.as_u16(), 304);
}
