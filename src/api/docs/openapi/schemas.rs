//! Schemas of OpenAPI 3.0 as those of 3.1, which are JSON Schema 2020-12.

use super::super::node::{Members, Node};

/// Rewrites a schema and all within it.
pub(super) fn rewrite(schema: &mut Node) {
    for list in ["allOf", "anyOf", "oneOf"] {
        let inner = schema.get_mut(list).map(Node::items_mut);
        inner.into_iter().flatten().for_each(rewrite);
    }
    for inner in ["items", "additionalProperties", "not"] {
        schema.get_mut(inner).into_iter().for_each(rewrite);
    }
    let properties = schema.get_mut("properties").into_iter();
    for (_, property) in properties.flat_map(Node::members_mut) {
        rewrite(property);
    }
    reference(schema);
    null(schema);
    bound(schema, "minimum", "exclusiveMinimum");
    bound(schema, "maximum", "exclusiveMaximum");
    unsigned(schema);
    encoded(schema);
    if let Some(example) = schema.take("example") {
        schema.set("examples", Node::List(vec![example]));
    }
}

/// 3.0 lets nothing stand beside `$ref`, so a described reference is wrapped in an `allOf`.
fn reference(schema: &mut Node) {
    let wraps_one = {
        let parts = schema.get("allOf").items();
        let (references, others): (Vec<_>, Vec<_>) =
            parts.iter().partition(|part| part.has("$ref"));
        let only_describes = |part: &&Node| part.members().all(|(name, _)| name == "description");
        references.len() == 1 && others.iter().all(only_describes) && !schema.has("$ref")
    };
    let is_nullable = *schema.get("nullable") == Node::Bool(true);
    if !wraps_one || is_nullable {
        return;
    }
    let Some(Node::List(parts)) = schema.take("allOf") else {
        return;
    };
    for part in parts {
        for (name, value) in part.members() {
            if !schema.has(name) {
                schema.set(name, value.clone());
            }
        }
    }
}

/// `nullable` became a type of its own.
fn null(schema: &mut Node) {
    if schema.take("nullable") != Some(Node::Bool(true)) {
        return;
    }
    let null = Node::object([("type", "null".into())]);
    if let Some(values) = schema.get_mut("enum")
        && let Node::List(values) = values
    {
        values.push(Node::Null);
    }
    if let Some(of) = schema.get("type").as_text() {
        let types = vec![of.to_owned(), "null".to_owned()];
        schema.set("type", types);
    } else if let Some(Node::List(mut parts)) = schema.take("allOf") {
        if parts.len() > 1 {
            parts = vec![Node::object([("allOf", Node::List(parts))])];
        }
        parts.push(null);
        schema.set("anyOf", Node::List(parts));
    }
}

/// An exclusive bound is a number of its own, and no longer said of the other one.
fn bound(schema: &mut Node, inclusive: &str, exclusive: &str) {
    match schema.take(exclusive) {
        Some(Node::Bool(true)) => {
            if let Some(number) = schema.take(inclusive) {
                schema.set(exclusive, number);
            }
        }
        Some(number @ Node::Number(_)) => schema.set(exclusive, number),
        _ => {}
    }
}

fn unsigned(schema: &mut Node) {
    let is_unsigned = schema
        .get("format")
        .as_text()
        .is_some_and(|format| format.starts_with("uint"));
    if is_unsigned && !schema.has("minimum") && !schema.has("exclusiveMinimum") {
        schema.set("minimum", 0);
    }
}

/// Bytes in a text say how they are encoded, and bytes as they are, of what kind they are.
fn encoded(schema: &mut Node) {
    match schema.get("format").as_text() {
        Some("binary") => {
            schema.take("type");
            schema.take("format");
            schema.set("contentMediaType", "application/octet-stream");
        }
        Some("byte" | "base64") => {
            schema.take("format");
            schema.set("contentEncoding", "base64");
        }
        _ => {}
    }
}

/// Rewrites the schema of a whole body, which is of a media type.
pub(super) fn rewrite_body(content: &mut Members) {
    for (media_type, media) in content {
        let Some(schema) = media.get_mut("schema") else {
            continue;
        };
        rewrite(schema);
        if schema.has("contentMediaType") {
            schema.set("contentMediaType", media_type.as_str());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_3_1_says_otherwise_is_rewritten() {
        let reference = r##""$ref":"#/components/schemas/X""##;
        for (old, new) in [
            (
                r#"{"type":"string","nullable":true}"#.to_owned(),
                r#"{"type":["string","null"]}"#.to_owned(),
            ),
            (
                r#"{"type":"string","nullable":false}"#.to_owned(),
                r#"{"type":"string"}"#.to_owned(),
            ),
            (
                r#"{"type":"string","enum":["a"],"nullable":true}"#.to_owned(),
                r#"{"type":["string","null"],"enum":["a",null]}"#.to_owned(),
            ),
            (
                format!(r#"{{"description":"x","nullable":true,"allOf":[{{{reference}}}]}}"#),
                format!(r#"{{"description":"x","anyOf":[{{{reference}}},{{"type":"null"}}]}}"#),
            ),
            (
                format!(r#"{{"allOf":[{{{reference}}},{{"description":"x"}}]}}"#),
                format!(r#"{{{reference},"description":"x"}}"#),
            ),
            (
                format!(r#"{{"allOf":[{{{reference}}},{{"type":"object"}}]}}"#),
                format!(r#"{{"allOf":[{{{reference}}},{{"type":"object"}}]}}"#),
            ),
            (
                r#"{"minimum":1,"exclusiveMinimum":true,"maximum":9,"exclusiveMaximum":false}"#
                    .to_owned(),
                r#"{"maximum":9,"exclusiveMinimum":1}"#.to_owned(),
            ),
            (
                r#"{"items":{"type":"integer","format":"uint64","example":7}}"#.to_owned(),
                r#"{"items":{"type":"integer","format":"uint64","minimum":0,"examples":[7]}}"#
                    .to_owned(),
            ),
            (
                r#"{"properties":{"example":{"type":"string","format":"byte"}}}"#.to_owned(),
                r#"{"properties":{"example":{"type":"string","contentEncoding":"base64"}}}"#
                    .to_owned(),
            ),
        ] {
            let mut schema = serde_json::from_str(&old).unwrap();
            rewrite(&mut schema);
            assert_eq!(serde_json::to_string(&schema).unwrap(), new);
        }
    }

    #[test]
    fn a_body_of_bytes_says_of_what_kind_they_are() {
        let text = r#"{"image/png":{"schema":{"type":"string","format":"binary"}},"a/b":{}}"#;
        let mut content: Node = serde_json::from_str(text).unwrap();
        rewrite_body(content.as_object_mut().unwrap());
        assert_eq!(
            serde_json::to_string(&content).unwrap(),
            r#"{"image/png":{"schema":{"contentMediaType":"image/png"}},"a/b":{}}"#
        );
    }
}
