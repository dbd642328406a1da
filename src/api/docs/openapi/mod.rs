//! The OpenAPI document: 3.1, made of the 3.0 that the framework writes of the operations.
//!
//! What the framework cannot say is added here, in one place: `operations` has parameters, headers
//! and the answers of the door, `examples` and `problems` the bodies.

mod card_options;
mod examples;
mod operations;
mod problems;
mod schemas;

use std::collections::HashMap;

use poem::{endpoint::BoxEndpoint, http::Method};
use poem_openapi::{
    OpenApi, OpenApiService,
    registry::{MetaApi, Registry},
};

use super::node::{Members, Node};
use crate::api::{Operations, VERSION, routes};

const DESCRIPTION: &str = "Lantern mirrors the Discord presence of a guild's members in real time. \
This is its REST interface; the WebSocket at `/socket` pushes every change and is described at \
[/docs/socket](/docs/socket) and in [asyncapi.yaml](/asyncapi.yaml).\n\nErrors are \
`application/problem+json` (RFC 9457) with a `code` that never changes. `HEAD` is possible wherever \
`GET` is. `/`, everything under `/api`, `/openapi.json` and `/asyncapi.yaml` may be read from any web \
page.";

/// The OpenAPI document, pretty-printed, with a line feed at its end.
pub fn document() -> String {
    let mut document = described_by_framework();
    head(&mut document);
    let schemas = schemas(&mut document);
    let paths = document.get_mut("paths").and_then(Node::as_object_mut);
    for (_, path) in paths.into_iter().flatten() {
        for (_, operation) in path.members_mut() {
            bodies_and_parameters(operation);
            operations::complete(operation);
            examples::complete(operation, &schemas);
        }
    }
    if let Some(components) = document.get_mut("components") {
        components.set("examples", problems::all());
    }
    under_shown_names(&mut document);
    order_tags(&mut document);
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

/// The framework's document, 3.0.
fn described_by_framework() -> Node {
    let text = service().spec();
    #[expect(clippy::expect_used, reason = "it is JSON, and tests read it")]
    serde_json::from_str(&text).expect("the framework writes JSON")
}

/// The framework's page with its own document in it, and that document.
pub(super) fn framework_page() -> (String, String) {
    let service = service();
    (service.swagger_ui_html(), service.spec())
}

fn service() -> OpenApiService<Described, ()> {
    OpenApiService::new(Described, "Lantern", VERSION)
}

/// The operations without a server behind them: all that a document needs.
struct Described;

impl OpenApi for Described {
    fn meta() -> Vec<MetaApi> {
        Operations::meta()
    }

    fn register(registry: &mut Registry) {
        Operations::register(registry);
    }

    fn add_routes(self, _: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}

fn head(document: &mut Node) {
    let license = "GPL-3.0-or-later";
    document.set("openapi", "3.1.0");
    document.set(
        "info",
        Node::object([
            ("title", "Lantern".into()),
            (
                "summary",
                "What the members of a Discord server are doing, by REST".into(),
            ),
            ("description", DESCRIPTION.into()),
            (
                "contact",
                Node::object([("name", "The developers of Lantern".into())]),
            ),
            (
                "license",
                Node::object([("name", license.into()), ("identifier", license.into())]),
            ),
            ("version", VERSION.into()),
        ]),
    );
    let here = Node::object([("url", "/".into()), ("description", "This server.".into())]);
    document.set("servers", Node::List(vec![here]));
}

/// Rewrites the named schemas, and returns them.
fn schemas(document: &mut Node) -> Node {
    let components = document.get_mut("components");
    let Some(schemas) = components.and_then(|it| it.get_mut("schemas")) else {
        return Node::Null;
    };
    for (_, schema) in schemas.members_mut() {
        schemas::rewrite(schema);
    }
    let all = schemas.clone();
    for (_, schema) in schemas.members_mut() {
        let examples = schema.get("examples").items().iter();
        let examples: Vec<Node> = examples
            .map(|example| examples::in_order(example, schema, &all))
            .collect();
        if !examples.is_empty() {
            schema.set("examples", Node::List(examples));
        }
    }
    schemas.clone()
}

/// Rewrites the schemas of an operation.
fn bodies_and_parameters(operation: &mut Node) {
    let parameters = operation.get_mut("parameters").map(Node::items_mut);
    for parameter in parameters.into_iter().flatten() {
        parameter
            .get_mut("schema")
            .into_iter()
            .for_each(schemas::rewrite);
    }
    if let Some(request) = operation.get_mut("requestBody") {
        content(request);
    }
    let responses = operation.get_mut("responses").into_iter();
    for (_, response) in responses.flat_map(Node::members_mut) {
        content(response);
        let headers = response.get_mut("headers").into_iter();
        for (_, header) in headers.flat_map(Node::members_mut) {
            header
                .get_mut("schema")
                .into_iter()
                .for_each(schemas::rewrite);
        }
    }
}

fn content(of: &mut Node) {
    if let Some(Node::Object(content)) = of.get_mut("content") {
        schemas::rewrite_body(content);
    }
}

/// Paths are shown as they are requested, which is not always how the router has them.
fn under_shown_names(document: &mut Node) {
    if let Some(Node::Object(paths)) = document.get_mut("paths") {
        *paths = std::mem::take(paths)
            .into_iter()
            .map(|(path, operations)| (routes::shown(&path).to_owned(), operations))
            .collect::<Members>();
    }
}

/// Sections come in the order in which paths first use them.
fn order_tags(document: &mut Node) {
    let paths = document.get("paths").members();
    let operations = paths.flat_map(|(_, path)| path.members());
    let used = operations.flat_map(|(_, operation)| operation.get("tags").items());
    let used: Vec<Node> = used.cloned().collect();
    if let Some(Node::List(tags)) = document.get_mut("tags") {
        tags.sort_by_key(|tag| used.iter().position(|name| name == tag.get("name")));
    }
}
