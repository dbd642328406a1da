//! `/card`: a page on which people make their card and copy what embeds it.

use bytes::Bytes;
use poem::http::{self, HeaderMap, HeaderValue, header};
use poem_openapi::OpenApi;

use super::{answer::Answer, docs, tag::Tag};

/// One file with its style and script inside, so that it needs nothing else.
const PAGE: &str = include_str!("builder.html");

/// It talks to this server alone.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; \
    style-src 'unsafe-inline'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'self'";

/// The operation.
pub(super) struct BuilderRoutes;

#[OpenApi(tag = "Tag::Cards")]
impl BuilderRoutes {
    /// A page to make a card on
    ///
    /// Choose a member and options, see the card, copy the Markdown or HTML.
    #[oai(path = "/card", method = "get", operation_id = "get_card_builder")]
    async fn page(&self, headers: &HeaderMap) -> Answer<docs::Page> {
        let mut response: http::Response<Bytes> = docs::text_answer(
            &Bytes::from_static(PAGE.as_bytes()),
            "text/html; charset=utf-8",
            headers,
        );
        let policy = HeaderValue::from_static(CONTENT_SECURITY_POLICY);
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, policy);
        response.into()
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
