//! What the types of an operation cannot say: bounds and examples of parameters, how headers are
//! written, and the answers that come before any operation is asked.

use lantern_actors::domain::pair::MAX_KEY_CHARS;
use serde_json::{Value, json};

use super::{
    super::node::{Members, Node},
    card_options,
};

/// The first member of the demo, so that a request can be tried there as it is.
const MEMBER: &str = "1141913533068345344";

/// Every operation can be answered so, by what is in front of the router.
const MALFORMED: &str = "The URL cannot be decoded, or the header Host is missing or is none: `malformed_url`, `invalid_host`.";

/// What is to be in the schema of a parameter; and an example to try it with, if it is needed. What
/// may be left out has its examples in the schema, where pages do not send them unasked.
fn known(place: &str, name: &str) -> Option<(Value, Value)> {
    Some(match (place, name) {
        ("path", "id") => (
            json!({"minLength": 1, "maxLength": 20, "pattern": "^[0-9]{1,20}$"}),
            MEMBER.into(),
        ),
        ("path", "key") => (
            json!({"minLength": 1, "maxLength": MAX_KEY_CHARS, "pattern": "^[A-Za-z0-9]+$"}),
            "city".into(),
        ),
        ("query", "size") => (
            json!({"enum": ["16", "32", "64", "128", "256", "512", "1024", "2048", "4096"]}),
            "256".into(),
        ),
        ("query", "user_ids") => (json!({}), json!([MEMBER])),
        ("header", "If-Match") => (json!({"examples": ["\"p-0123456789abcdef\""]}), Value::Null),
        ("header", "If-None-Match") => (json!({"examples": ["*"]}), Value::Null),
        _ => return None,
    })
}

/// What a parameter is that many operations have.
fn description(name: &str) -> Option<&'static str> {
    match name {
        "id" => Some("The user's Discord id."),
        "size" => Some("How wide the avatar is to be, in pixels."),
        _ => None,
    }
}

/// An example of a header of answers.
fn header_example(name: &str) -> Option<Value> {
    Some(match name {
        "ETag" => "\"v-1620000000000000\"".into(),
        "Retry-After" => 2.into(),
        "Vary" => "Accept".into(),
        "Location" => "https://cdn.discordapp.com/embed/avatars/0.png".into(),
        "Lantern-Problem" => "unknown_user".into(),
        "WWW-Authenticate" => "Bearer realm=\"Lantern storage\"".into(),
        _ => return None,
    })
}

/// Completes an operation.
pub(super) fn complete(operation: &mut Node) {
    malformed(operation);
    card_options(operation);
    if operation.get("responses").has("304") {
        if_none_match(operation);
    }
    let parameters = operation.get_mut("parameters").map(Node::items_mut);
    parameters.into_iter().flatten().for_each(parameter);
    let responses = operation.get_mut("responses").into_iter();
    for (_, response) in responses.flat_map(Node::members_mut) {
        headers(response);
    }
}

fn card_options(operation: &mut Node) {
    let options = card_options::of(operation.get("operationId").as_text().unwrap_or_default());
    let mut parameters = operation.get("parameters").items().to_vec();
    parameters.extend(options);
    if !parameters.is_empty() {
        operation.set("parameters", Node::List(parameters));
    }
}

fn malformed(operation: &mut Node) {
    let Some(responses) = operation.get_mut("responses") else {
        return;
    };
    if let Some(response) = responses.get_mut("400") {
        let description = response.get("description").as_text().unwrap_or_default();
        let description = format!("{description} {MALFORMED}");
        response.set("description", description);
        return;
    }
    let schema = Node::object([("$ref", "#/components/schemas/Problem".into())]);
    let media = Node::object([("schema", schema)]);
    let content = Node::object([("application/problem+json", media)]);
    let response = Node::object([("description", MALFORMED.into()), ("content", content)]);
    responses.set("400", response);
    if let Some(responses) = responses.as_object_mut() {
        responses.sort_keys();
    }
}

/// What can be answered 304 was asked with `If-None-Match`.
fn if_none_match(operation: &mut Node) {
    let parameters = operation.get("parameters").items();
    if parameters
        .iter()
        .any(|it| it.get("name").as_text() == Some("If-None-Match"))
    {
        return;
    }
    let mut parameters = parameters.to_vec();
    parameters.push(Node::object([
        ("name", "If-None-Match".into()),
        (
            "schema",
            json!({"type": "string", "examples": ["\"v-1620000000000000\""]}).into(),
        ),
        ("in", "header".into()),
        (
            "description",
            "The `ETag` of what is there already: answered 304 if it is still that.".into(),
        ),
        ("required", false.into()),
    ]));
    operation.set("parameters", Node::List(parameters));
}

fn parameter(parameter: &mut Node) {
    tidy(parameter);
    let text = |name| parameter.get(name).as_text().unwrap_or_default();
    let Some((bounds, example)) = known(text("in"), text("name")) else {
        return;
    };
    if let Some(schema) = parameter.get_mut("schema") {
        for (name, bound) in Node::from(bounds).members() {
            if !schema.has(name) {
                schema.set(name, bound.clone());
            }
        }
    }
    let description = description(parameter.get("name").as_text().unwrap_or_default());
    if let Some(description) = description.filter(|_| !parameter.has("description")) {
        parameter.set("description", description);
    }
    if !example.is_null() && !parameter.has("example") {
        parameter.set("example", example);
    }
}

/// Names headers as RFC 9110 does.
fn headers(response: &mut Node) {
    let Some(Node::Object(headers)) = response.get_mut("headers") else {
        return;
    };
    *headers = std::mem::take(headers)
        .into_iter()
        .map(|(name, mut header)| {
            let name = header_name(&name);
            tidy(&mut header);
            if let Some(example) = header_example(&name) {
                header.set("example", example);
            }
            (name, header)
        })
        .collect::<Members>();
}

fn header_name(name: &str) -> String {
    match name.to_ascii_lowercase().as_str() {
        "etag" => "ETag".to_owned(),
        "www-authenticate" => "WWW-Authenticate".to_owned(),
        name => {
            let words = name.split('-').map(|word| {
                let (first, rest) = word.split_at_checked(1).unwrap_or_default();
                format!("{}{rest}", first.to_ascii_uppercase())
            });
            words.collect::<Vec<_>>().join("-")
        }
    }
}

/// Takes out what says no more than is so anyway.
fn tidy(parameter: &mut Node) {
    if *parameter.get("deprecated") == Node::Bool(false) {
        parameter.take("deprecated");
    }
    let is_plain = parameter.get("schema").get("type").as_text() != Some("array");
    if is_plain || parameter.get("in").as_text() == Some("query") {
        parameter.take("explode");
    }
}
