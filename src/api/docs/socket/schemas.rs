//! Schemas as tables: a row for each field.

use super::{
    super::node::Node,
    html::{self, code, escape},
    markdown,
};

const NAMED: &str = "#/components/schemas/";

/// Where the table of a named schema is.
pub(super) fn id(name: &str) -> String {
    format!("type-{}", html::id(name))
}

/// All named schemas.
pub(super) fn all(document: &Node) -> String {
    let schemas = document.at("#/components/schemas").members();
    let sections = schemas.map(|(name, schema)| {
        let (id, title) = (id(name), escape(name));
        let description = described(schema);
        let fields = fields(schema, document);
        let body = if fields.is_empty() {
            format!("<p class=\"type\">{}</p>\n", kind(schema))
        } else {
            table(&fields)
        };
        format!("<article id=\"{id}\"><h3>{title}</h3>\n<p>{description}</p>\n{body}</article>\n")
    });
    sections.collect()
}

/// A schema's fields as a table; nothing if it has none.
pub(super) fn of(schema: &Node, document: &Node) -> String {
    table(&fields(schema, document))
}

/// A field of an object.
struct Field<'a> {
    /// With the names of the objects that it is in.
    path: String,
    schema: &'a Node,
    need: Need,
}

/// Whether a field has to be there.
enum Need {
    Always,
    /// Either it or another.
    OneOf,
    Never,
}

fn fields<'a>(schema: &'a Node, document: &'a Node) -> Vec<Field<'a>> {
    let mut fields = Vec::new();
    collect(&mut fields, "", schema, document);
    fields
}

fn collect<'a>(into: &mut Vec<Field<'a>>, within: &str, schema: &'a Node, document: &'a Node) {
    for part in schema.get("allOf").items() {
        let reference = part.get("$ref").as_text();
        collect(
            into,
            within,
            reference.map_or(part, |at| document.at(at)),
            document,
        );
    }
    for (name, field) in schema.get("properties").members() {
        let path = format!("{within}{name}");
        into.push(Field {
            path: path.clone(),
            schema: field,
            need: need(schema, name),
        });
        collect(into, &format!("{path}."), field, document);
    }
}

fn need(object: &Node, field: &str) -> Need {
    let names = |of: &Node| {
        let names = of.get("required").items().iter();
        names.filter_map(Node::as_text).any(|name| name == field)
    };
    if names(object) {
        Need::Always
    } else if object.get("oneOf").items().iter().any(names) {
        Need::OneOf
    } else {
        Need::Never
    }
}

fn table(fields: &[Field<'_>]) -> String {
    if fields.is_empty() {
        return String::new();
    }
    let rows = fields.iter().map(|field| {
        let need = match field.need {
            Need::Always => "yes",
            Need::OneOf => "one of them",
            Need::Never => "no",
        };
        format!(
            "<tr><td>{}</td><td>{}</td><td>{need}</td><td>{}</td></tr>\n",
            code(&field.path),
            kind(field.schema),
            described(field.schema)
        )
    });
    format!(
        "<div class=\"wide\"><table class=\"fields\"><thead><tr><th>Field</th><th>Type</th>\
         <th>Required</th><th>Description</th></tr></thead><tbody>\n{}</tbody></table></div>\n",
        rows.collect::<String>()
    )
}

/// What a value is, with links to the named schemas.
fn kind(schema: &Node) -> String {
    if let Some(name) = schema
        .get("$ref")
        .as_text()
        .and_then(|at| at.strip_prefix(NAMED))
    {
        return format!("<a href=\"#{}\">{}</a>", id(name), escape(name));
    }
    let json = |value: &Node| code(&serde_json::to_string(value).unwrap_or_default());
    if schema.has("const") {
        return json(schema.get("const"));
    }
    let alternatives = [schema.get("anyOf"), schema.get("oneOf")];
    let alternatives = alternatives.into_iter().flat_map(Node::items);
    let kinds: Vec<String> = match schema.get("type") {
        Node::Text(of) if of == "array" => vec![match kind(schema.get("items")) {
            of if of.is_empty() => "array".to_owned(),
            of => format!("array of {of}"),
        }],
        Node::Text(of) => vec![escape(of)],
        Node::List(of) => of.iter().filter_map(Node::as_text).map(escape).collect(),
        _ if schema.has("enum") => schema.get("enum").items().iter().map(json).collect(),
        _ => alternatives
            .map(kind)
            .filter(|kind| !kind.is_empty())
            .collect(),
    };
    kinds.join(" | ")
}

/// The description, and the bounds that the schema sets.
fn described(schema: &Node) -> String {
    let description = markdown::inline(schema.get("description").as_text().unwrap_or_default());
    let bounds = bounds(schema);
    match (description.is_empty(), bounds.is_empty()) {
        (_, true) => description,
        (true, false) => format!("<small>{bounds}</small>"),
        (false, false) => format!("{description} <small>{bounds}</small>"),
    }
}

fn bounds(schema: &Node) -> String {
    let values = schema.get("additionalProperties");
    let mut bounds: Vec<String> = [
        ("minItems", "at least", "items"),
        ("maxItems", "at most", "items"),
        ("maxProperties", "at most", "members"),
        ("minimum", "at least", ""),
        ("maxLength", "at most", "characters"),
    ]
    .into_iter()
    .filter_map(|(name, before, behind)| {
        let Node::Number(number) = schema.get(name) else {
            return None;
        };
        Some(format!(
            "{before} {} {behind}",
            grouped(&number.to_string())
        ))
    })
    .map(|bound| bound.trim_end().to_owned())
    .collect();
    for (name, before) in [("pattern", ""), ("propertyNames", "names ")] {
        let of = schema.get(name);
        let pattern = of.as_text().or_else(|| of.get("pattern").as_text());
        bounds.extend(pattern.map(|pattern| format!("{before}like {}", code(pattern))));
    }
    let values_kind = kind(values);
    if !values_kind.is_empty() {
        let more = self::bounds(values);
        let more = if more.is_empty() {
            more
        } else {
            format!(" ({more})")
        };
        bounds.push(format!("values {values_kind}{more}"));
    }
    bounds.join(", ")
}

/// Digits in groups of three.
fn grouped(digits: &str) -> String {
    let length = digits.len();
    let grouped = digits.char_indices().flat_map(|(at, digit)| {
        let begins_group = at > 0 && (length - at).is_multiple_of(3);
        begins_group.then_some(',').into_iter().chain([digit])
    });
    grouped.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_bounds_are_told_in_words() {
        for (schema, told, bounds) in [
            (r#"{"const":"HELLO"}"#, "<code>&quot;HELLO&quot;</code>", ""),
            (r#"{"type":["object","null"]}"#, "object | null", ""),
            (
                r##"{"$ref":"#/components/schemas/UserId"}"##,
                "<a href=\"#type-userid\">UserId</a>",
                "",
            ),
            (
                r#"{"type":"array","items":{"type":"string"},"minItems":1,"maxItems":1000}"#,
                "array of string",
                "at least 1 items, at most 1,000 items",
            ),
            (
                r#"{"type":"object","additionalProperties":{"type":"integer","minimum":0}}"#,
                "object",
                "values integer (at least 0)",
            ),
        ] {
            let schema = serde_json::from_str(schema).unwrap();
            assert_eq!(kind(&schema), told);
            assert_eq!(self::bounds(&schema), bounds);
        }
    }
}
