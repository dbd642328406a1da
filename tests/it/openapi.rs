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

/// Every operation, with its path and method.
fn operations(document: &Value) -> impl Iterator<Item = (String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, operations)| {
        let operations = operations.as_object().unwrap().iter();
        operations.map(move |(method, operation)| (format!("{method} {path}"), operation))
    })
}

/// What a reference leads to; anything else is itself.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let reference = value["$ref"].as_str();
    reference.map_or(value, |text| {
        document.pointer(text.trim_start_matches('#')).unwrap()
    })
}

/// Media types of a request's or an answer's body.
fn content(of: &Value) -> impl Iterator<Item = (&String, &Value)> {
    of["content"].as_object().into_iter().flatten()
}

#[test]
fn the_document_is_3_1_and_says_nothing_in_the_words_of_3_0() {
    let document = generated();
    assert_eq!(document["openapi"], "3.1.0");
    for word in [
        "\"nullable\"",
        "\"exclusiveMinimum\": true",
        "\"format\": \"binary\"",
    ] {
        assert!(!self::document().contains(word), "{word}");
    }
    let tag = &document["components"]["schemas"]["User"]["properties"]["server_tag"];
    let any_of = serde_json::json!([
        {"$ref": "#/components/schemas/ServerTag"},
        {"type": "null"},
    ]);
    assert_eq!(tag["anyOf"], any_of);
}

#[test]
fn every_parameter_header_and_body_has_an_example() {
    let document = generated();
    for (name, operation) in operations(&document) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let responses = operation["responses"].as_object().unwrap();
        let headers = responses.values().flat_map(|it| it["headers"].as_object());
        for parameter in parameters.chain(headers.flat_map(|headers| headers.values())) {
            let has_example =
                !parameter["example"].is_null() || !parameter["schema"]["examples"].is_null();
            assert!(has_example, "{name}: {parameter}");
            let schema = resolved(&document, &parameter["schema"]);
            assert!(!schema["type"].is_null(), "{name}: {parameter}");
        }
        for body in responses.values().chain([&operation["requestBody"]]) {
            for (media_type, media) in content(body) {
                let is_bytes = !media["schema"]["contentMediaType"].is_null();
                let examples = media["examples"]
                    .as_object()
                    .map_or(0, serde_json::Map::len);
                let has_example = !media["example"].is_null() || examples > 0;
                assert!(has_example || is_bytes, "{name}: {media_type}");
            }
        }
    }
}

#[test]
fn the_examples_of_problems_have_the_status_of_their_answer() {
    let document = generated();
    let mut seen = 0;
    for (name, operation) in operations(&document) {
        for (status, answer) in operation["responses"].as_object().unwrap() {
            let problem = &answer["content"]["application/problem+json"];
            for (code, example) in problem["examples"].as_object().into_iter().flatten() {
                let example = &resolved(&document, example)["value"];
                assert_eq!(example["code"], code.as_str());
                assert_eq!(example["status"].to_string(), *status, "{name}: {code}");
                seen += 1;
            }
        }
    }
    assert!(seen > 50, "{seen}");
}

#[test]
fn what_can_be_refused_for_want_of_a_token_names_both_ways_to_send_it() {
    let document = generated();
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(schemes["KvToken"]["name"], "Authorization");
    assert_eq!(schemes["KvBearer"]["scheme"], "bearer");
    let both = serde_json::json!([{"KvToken": []}, {"KvBearer": []}]);
    for (name, operation) in operations(&document) {
        let may_be_refused = !operation["responses"]["401"].is_null();
        assert_eq!(operation["security"] == both, may_be_refused, "{name}");
        let writes = !name.starts_with("get ");
        assert_eq!(writes, may_be_refused, "{name}");
    }
}

#[tokio::test]
async fn every_operation_says_so_when_a_url_cannot_be_decoded() {
    let rest = Rest::start().await;
    let document = generated();
    for (name, _) in operations(&document) {
        let (method, path) = name.split_once(' ').unwrap();
        let method: Method = method.to_uppercase().parse().unwrap();
        let uri = path.replace("{id}", "%zz").replace("{key}", "k") + "?x=%zz";
        let answer = rest.ask(method.clone(), &uri, &[]).await;
        assert_eq!(answer.json()["code"], "malformed_url", "{name}");
        assert_documented(&document, &method, path, &answer);
    }
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
        ("/docs/socket", "/docs/socket"),
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
    assert!(
        docs.body
            .contains(document().replace("</", "<\\/").trim_end())
    );
    for outside in ["<script src", "<link rel=\"stylesheet", "@import"] {
        assert!(!docs.body.contains(outside), "{outside}");
    }
    let known = [("if-none-match", docs.header("etag"))];
    let again = rest.ask(Method::GET, "/docs", &known).await;
    assert_eq!(again.status.as_u16(), 304);
}
