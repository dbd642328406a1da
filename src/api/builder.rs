//! `/card`: a page on which people make their card and copy what embeds it.

use std::sync::LazyLock;

use poem::http::HeaderMap;
use poem_openapi::OpenApi;

use super::{answer::Answer, docs, html::HtmlPage, tag::Tag};

/// One file with its style and script inside, so that it needs nothing else.
const PAGE: &str = include_str!("builder.html");

/// It talks to this server alone.
static HTML: LazyLock<HtmlPage> = LazyLock::new(|| {
    HtmlPage::new(
        PAGE,
        "connect-src 'self' ws: wss:; img-src 'self' data: blob:",
    )
});

/// The operation.
pub(super) struct BuilderRoutes;

#[OpenApi(tag = "Tag::Cards")]
impl BuilderRoutes {
    /// A page to make a card on
    ///
    /// Choose a member and options, see the card, copy the Markdown or HTML.
    #[oai(path = "/card", method = "get", operation_id = "get_card_builder")]
    async fn page(&self, headers: &HeaderMap) -> Answer<docs::Page> {
        HTML.answer(headers).into()
    }
}

#[cfg(test)]
mod tests {
    use super::PAGE;

    #[test]
    fn the_page_holds_everything_it_needs() {
        for outside in [
            "stylesheet",
            "src=\"http",
            "@import",
            "innerHTML",
            "outerHTML",
        ] {
            assert!(!PAGE.contains(outside), "{outside}");
        }
    }
}
