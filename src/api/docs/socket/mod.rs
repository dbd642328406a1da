//! `/docs/socket`: the description of the presence socket, to read. One page that needs nothing else,
//! made of the AsyncAPI document.

mod html;
mod markdown;
mod messages;
mod schemas;

use super::node::Node;
use html::escape;

/// The document: the source of the page.
pub(super) const DOCUMENT: &str = include_str!("../../../../openapi/gateway.asyncapi.yaml");

const TEMPLATE: &str = include_str!("page.html");

/// The section that stands behind the messages; the others stand before them.
const LAST_SECTION: &str = "Close codes";

/// The page.
pub(super) fn page() -> String {
    let document = read(DOCUMENT);
    let info = document.get("info");
    let description = info.get("description").as_text().unwrap_or_default();
    let (introduction, sections) = split(description);
    let (last, first): (Vec<_>, Vec<_>) = sections
        .into_iter()
        .partition(|(title, _)| *title == LAST_SECTION);
    let sections = |sections: &[(&str, &str)]| -> String {
        let sections = sections.iter();
        sections.map(|(title, text)| section(title, text)).collect()
    };
    let text = |node: &Node| escape(node.as_text().unwrap_or_default());
    let parts = [
        ("title", text(info.get("title"))),
        ("version", text(info.get("version"))),
        ("asyncapi", text(document.get("asyncapi"))),
        ("contents", contents(&document, &first, &last)),
        ("introduction", markdown::html(introduction)),
        ("sections", sections(&first)),
        ("messages", messages::html(&document)),
        ("schemas", schemas::all(&document)),
        ("last", sections(&last)),
    ];
    filled(TEMPLATE, &parts)
}

/// Reads the document.
fn read(yaml: &str) -> Node {
    #[expect(clippy::expect_used, reason = "the text is ours and tests read it")]
    serde_saphyr::from_str(yaml).expect("the document is YAML")
}

/// The text before the first heading of the second level, and each heading with its text.
fn split(description: &str) -> (&str, Vec<(&str, &str)>) {
    let mut parts = description.split("\n## ");
    let introduction = parts.next().unwrap_or_default();
    let sections = parts.map(|part| part.split_once('\n').unwrap_or((part, "")));
    (introduction, sections.collect())
}

fn section(title: &str, text: &str) -> String {
    let (id, title, text) = (html::id(title), escape(title), markdown::html(text));
    format!("<section id=\"{id}\"><h2>{title}</h2>\n{text}</section>\n")
}

/// Links to all that is on the page.
fn contents(document: &Node, first: &[(&str, &str)], last: &[(&str, &str)]) -> String {
    let link = |id: String, text: String| format!("<li><a href=\"#{id}\">{text}</a></li>");
    let sections = |sections: &[(&str, &str)]| -> String {
        let sections = sections.iter();
        let links = sections.map(|(title, _)| link(html::id(title), escape(title)));
        links.collect()
    };
    let messages: String = messages::all(document)
        .iter()
        .map(|message| link(message.id(), escape(message.title())))
        .collect();
    let types = document.at("#/components/schemas").members();
    let types: String = types
        .map(|(name, _)| link(schemas::id(name), escape(name)))
        .collect();
    format!(
        "<ul>{}</ul><h2>Messages</h2><ul>{messages}</ul><h2>Types</h2><ul>{types}</ul><ul>{}</ul>",
        sections(first),
        sections(last)
    )
}

/// The template with the parts in the place of their names in double braces.
fn filled(template: &str, parts: &[(&str, String)]) -> String {
    let mut pieces = template.split("{{");
    let mut page = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, behind) = piece.split_once("}}").unwrap_or(("", piece));
        let part = parts.iter().find(|(known, _)| *known == name);
        page.push_str(part.map_or("", |(_, text)| text));
        page.push_str(behind);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_everything_it_needs() {
        let page = page();
        assert!(!page.contains("{{"));
        for outside in ["<script", "stylesheet", "src=\"", "@import", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
    }

    #[test]
    fn every_link_on_the_page_leads_somewhere() {
        let page = page();
        let targets: Vec<&str> = page.split("href=\"#").skip(1).collect();
        assert!(targets.len() > 40, "{}", targets.len());
        for target in targets {
            let (id, _) = target.split_once('"').unwrap();
            let place = format!("id=\"{id}\"");
            assert_eq!(page.matches(&place).count(), 1, "{id}");
        }
    }

    #[test]
    fn text_is_never_markup() {
        let yaml = DOCUMENT
            .replace("A sentence for a person.", "<b>1</b>")
            .replace("Still here.", "<b>2</b> & `<b>3</b>`")
            .replace("before 1001", "<b>4</b>")
            .replace("No heartbeat in time.", "<b>5</b>");
        let document = read(&yaml);
        let html = messages::html(&document) + &schemas::all(&document);
        assert!(!html.contains("<b>"));
        for number in 1..=5 {
            assert!(
                html.contains(&format!("&lt;b&gt;{number}&lt;/b&gt;")),
                "{number}"
            );
        }
    }
}
