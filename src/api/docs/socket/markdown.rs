//! The document's texts, which are CommonMark with tables.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

/// A text as HTML. What looks like HTML in it is shown as it stands.
pub(super) fn html(text: &str) -> String {
    let events = Parser::new_ext(text, Options::ENABLE_TABLES).flat_map(|event| {
        let raw = |text: &str| Event::Html(text.to_owned().into());
        match event {
            Event::Html(text) | Event::InlineHtml(text) => vec![Event::Text(text)],
            // A wide table scrolls by itself, and not with the page.
            event @ Event::Start(Tag::Table(_)) => vec![raw("<div class=\"wide\">"), event],
            event @ Event::End(TagEnd::Table) => vec![event, raw("</div>\n")],
            event => vec![event],
        }
    });
    let mut out = String::new();
    html::push_html(&mut out, events);
    out
}

/// A text of one paragraph, to stand within a line.
pub(super) fn inline(text: &str) -> String {
    let html = html(text);
    let trimmed = html.trim();
    let inner = trimmed
        .strip_prefix("<p>")
        .and_then(|it| it.strip_suffix("</p>"));
    inner.unwrap_or(trimmed).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_scroll_and_html_is_text() {
        assert_eq!(
            inline("`a` <b>x</b> & y"),
            "<code>a</code> &lt;b&gt;x&lt;/b&gt; &amp; y"
        );
        let table = html("| a |\n|---|\n| <i> |\n");
        assert!(table.starts_with("<div class=\"wide\"><table>"), "{table}");
        assert!(table.contains("<td>&lt;i&gt;</td>"), "{table}");
    }
}
