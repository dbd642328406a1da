//! Texts as HTML.

use std::fmt::Write;

use super::super::node::Node;

/// A text, to stand in an element or in an attribute.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// A text as code.
pub(super) fn code(text: &str) -> String {
    format!("<code>{}</code>", escape(text))
}

/// A heading as an id: small letters, digits, dashes.
pub(super) fn id(heading: &str) -> String {
    let words = heading.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words: Vec<String> = words
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    words.join("-")
}

/// JSON over several lines, coloured.
pub(super) fn json(node: &Node) -> String {
    let mut out = String::new();
    put(&mut out, node, 0);
    out
}

fn put(out: &mut String, node: &Node, depth: usize) {
    match node {
        Node::Text(_) => coloured(out, "s", node),
        Node::Null | Node::Bool(_) | Node::Number(_) => coloured(out, "n", node),
        Node::List(items) if items.is_empty() => out.push_str("[]"),
        Node::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                begin_line(out, index, depth + 1);
                put(out, item, depth + 1);
            }
            end_lines(out, ']', depth);
        }
        Node::Object(members) if members.is_empty() => out.push_str("{}"),
        Node::Object(members) => {
            out.push('{');
            for (index, (name, value)) in members.iter().enumerate() {
                begin_line(out, index, depth + 1);
                coloured(out, "k", &Node::from(name.as_str()));
                out.push_str(": ");
                put(out, value, depth + 1);
            }
            end_lines(out, '}', depth);
        }
    }
}

fn begin_line(out: &mut String, index: usize, depth: usize) {
    out.push_str(if index == 0 { "\n" } else { ",\n" });
    out.push_str(&"  ".repeat(depth));
}

fn end_lines(out: &mut String, bracket: char, depth: usize) {
    out.push('\n');
    out.push_str(&"  ".repeat(depth));
    out.push(bracket);
}

fn coloured(out: &mut String, class: &str, node: &Node) {
    let text = serde_json::to_string(node).unwrap_or_default();
    // Writing to a string does not fail.
    let _ = write!(out, "<i class=\"{class}\">{}</i>", escape(&text));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_indented_coloured_and_escaped() {
        let node = serde_json::from_str(r#"{"b":[1,{}],"a":"<\"","c":[]}"#).unwrap();
        let text = json(&node);
        assert!(
            text.contains("<i class=\"s\">&quot;&lt;\\&quot;&quot;</i>"),
            "{text}"
        );
        let plain: String = text
            .split('<')
            .map(|it| it.split_once('>').map_or(it, |it| it.1))
            .collect();
        assert_eq!(
            plain.replace("&quot;", "\""),
            "{\n  \"b\": [\n    1,\n    {}\n  ],\n  \"a\": \"&lt;\\\"\",\n  \"c\": []\n}"
        );
    }
}
