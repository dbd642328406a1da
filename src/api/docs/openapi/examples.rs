//! An example for every body.
//!
//! Most are those of the body's type. A problem has one for each code that the answer's description
//! names. The others are in [`BODIES`].

use super::{
    super::node::{Members, Node},
    problems,
};

/// Bodies of a kind that has no type of its own: operation, status or "request", example.
const BODIES: [(&str, &str, &str); 16] = [
    ("get_storage", "200", r#"{"city":"Oslo","mood":"curious"}"#),
    ("merge_storage", "request", r#"{"city":"Oslo","mood":null}"#),
    ("put_pair", "request", "Oslo"),
    ("patch_pair", "request", "Bergen"),
    ("get_info", "200", "<!doctype html>"),
    ("get_user", "200", CARD),
    ("get_card_svg", "200", CARD),
    ("get_card_builder", "200", "<!doctype html>"),
    ("get_card_png", "200", "\u{89}PNG"),
    ("get_health", "200", "ok\n"),
    ("get_readiness", "200", "ready\n"),
    (
        "get_metrics",
        "200",
        "# HELP lantern_users_monitored Users that are monitored.\n\
         # TYPE lantern_users_monitored gauge\nlantern_users_monitored 201\n",
    ),
    (
        "get_openapi",
        "200",
        r#"{"openapi":"3.1.0","info":{"title":"Lantern","version":"0.1.0"},"paths":{}}"#,
    ),
    (
        "get_asyncapi",
        "200",
        r#"{"asyncapi":"3.0.0","info":{"title":"Lantern presence socket","version":"0.1.0"}}"#,
    ),
    ("get_docs", "200", "<!doctype html>"),
    ("get_socket_docs", "200", "<!doctype html>"),
];

const CARD: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"600\" height=\"152\"/>";

/// Gives the bodies of an operation examples.
pub(super) fn complete(operation: &mut Node, schemas: &Node) {
    let id = operation
        .get("operationId")
        .as_text()
        .unwrap_or_default()
        .to_owned();
    if let Some(request) = operation.get_mut("requestBody") {
        bodies(request, &id, "request", schemas);
    }
    let responses = operation.get_mut("responses").into_iter();
    for (status, response) in responses.flat_map(Node::members_mut) {
        bodies(response, &id, status, schemas);
    }
}

fn bodies(of: &mut Node, operation: &str, status: &str, schemas: &Node) {
    let description = of
        .get("description")
        .as_text()
        .unwrap_or_default()
        .to_owned();
    let content = of.get_mut("content").into_iter();
    for (media_type, media) in content.flat_map(Node::members_mut) {
        if media_type == "application/problem+json" {
            media.set("examples", problems::named_in(&description));
            continue;
        }
        let example = of_schema(media.get("schema"), schemas)
            .or_else(|| of_table(operation, status, is_data(media_type)));
        if let Some(example) = example {
            media.set("example", example);
        }
    }
}

/// Whether the body is data, so that its example is too.
fn is_data(media_type: &str) -> bool {
    let media_type = media_type.split(';').next().unwrap_or_default();
    matches!(media_type, "application/json" | "application/yaml") || media_type.ends_with("+json")
}

fn of_table(operation: &str, status: &str, is_data: bool) -> Option<Node> {
    let mut bodies = BODIES.into_iter();
    let (_, _, text) = bodies.find(|body| body.0 == operation && body.1 == status)?;
    if is_data {
        serde_json::from_str(text).ok()
    } else {
        Some(text.into())
    }
}

fn of_schema(schema: &Node, schemas: &Node) -> Option<Node> {
    let schema = resolved(schema, schemas);
    if let Some(example) = schema.get("examples").items().first() {
        return Some(in_order(example, schema, schemas));
    }
    let items = schema.has("items").then(|| schema.get("items"))?;
    Some(Node::List(vec![of_schema(items, schemas)?]))
}

/// An example with its members in the order of the schema's properties.
pub(super) fn in_order(example: &Node, schema: &Node, schemas: &Node) -> Node {
    let schema = resolved(schema, schemas);
    let schema = match schema.get("anyOf").items() {
        [one, ..] => resolved(one, schemas),
        [] => schema,
    };
    match example {
        Node::Object(members) => {
            let properties = schema.get("properties");
            let named = properties.members().map(|(name, _)| name);
            let others = members.keys().map(String::as_str);
            let others = others.filter(|name| !properties.has(name));
            let ordered = named.chain(others).filter_map(|name| {
                let value = in_order(members.get(name)?, properties.get(name), schemas);
                Some((name.to_owned(), value))
            });
            Node::Object(ordered.collect::<Members>())
        }
        Node::List(items) => {
            let of = schema.get("items");
            let items = items.iter().map(|item| in_order(item, of, schemas));
            Node::List(items.collect())
        }
        other => other.clone(),
    }
}

fn resolved<'a>(schema: &'a Node, schemas: &'a Node) -> &'a Node {
    let reference = schema.get("$ref").as_text();
    let name = reference.and_then(|text| text.strip_prefix("#/components/schemas/"));
    name.map_or(schema, |name| schemas.get(name))
}
