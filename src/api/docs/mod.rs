//! `/openapi.json` and `/docs`: the reference, generated from the operations; and, beside it, the
//! description of the socket: `/asyncapi.yaml` and `/docs/socket`.

mod node;
mod openapi;
mod socket;
mod swagger;

use std::sync::OnceLock;

use bytes::Bytes;
use poem::http::{self, HeaderMap, HeaderValue, StatusCode, header};
use poem_openapi::{
    ApiResponse, OpenApi,
    payload::{Html, Json},
    types::Any,
};
use serde_json::Value;

use super::{answer::Answer, etag, html::HtmlPage, tag::Tag};

pub use self::openapi::document;

/// Everything is in the page: it may load nothing.
const SOURCES: &str = "connect-src 'self'; img-src 'self' data:";

/// The operations. The texts are made when first asked for.
#[derive(Default)]
pub(super) struct DocsRoutes {
    document: OnceLock<Bytes>,
    page: OnceLock<HtmlPage>,
    socket_page: OnceLock<HtmlPage>,
}

#[OpenApi(tag = "Tag::Server")]
impl DocsRoutes {
    /// This reference, as an OpenAPI document
    #[oai(path = "/openapi.json", method = "get", operation_id = "get_openapi")]
    async fn document(&self, headers: &HeaderMap) -> Answer<Document> {
        let text = self.document.get_or_init(|| document().into());
        text_answer(text, "application/json; charset=utf-8", headers).into()
    }

    /// The WebSocket, as an AsyncAPI document
    #[oai(path = "/asyncapi.yaml", method = "get", operation_id = "get_asyncapi")]
    async fn socket(&self, headers: &HeaderMap) -> Answer<SocketDocument> {
        let text = Bytes::from_static(socket::DOCUMENT.as_bytes());
        text_answer(&text, "application/yaml", headers).into()
    }

    /// This reference, to read
    #[oai(path = "/docs", method = "get", operation_id = "get_docs")]
    async fn page(&self, headers: &HeaderMap) -> Answer<Page> {
        let page = || HtmlPage::new(swagger::page(), SOURCES);
        self.page.get_or_init(page).answer(headers).into()
    }

    /// The reference of the WebSocket, to read
    #[oai(
        path = "/docs/socket",
        method = "get",
        operation_id = "get_socket_docs"
    )]
    async fn socket_page(&self, headers: &HeaderMap) -> Answer<Page> {
        let page = || HtmlPage::new(socket::page(), SOURCES);
        self.socket_page.get_or_init(page).answer(headers).into()
    }
}

#[derive(ApiResponse)]
#[expect(dead_code, reason = "only documents what is answered")]
enum Document {
    /// The document.
    #[oai(status = 200)]
    Ok(
        Json<Any<Value>>,
        /// Changes with the program.
        #[oai(header = "ETag")]
        String,
    ),
    /// `If-None-Match` names the current one.
    #[oai(status = 304)]
    NotModified(
        /// The current one's.
        #[oai(header = "ETag")]
        String,
    ),
}

#[derive(ApiResponse)]
#[expect(dead_code, reason = "only documents what is answered")]
enum SocketDocument {
    /// The document.
    #[oai(status = 200, content_type = "application/yaml")]
    Ok(
        Json<Any<Value>>,
        /// Changes with the program.
        #[oai(header = "ETag")]
        String,
    ),
    /// `If-None-Match` names the current one.
    #[oai(status = 304)]
    NotModified(
        /// The current one's.
        #[oai(header = "ETag")]
        String,
    ),
}

#[derive(ApiResponse)]
#[expect(dead_code, reason = "only documents what is answered")]
pub(super) enum Page {
    /// A page that needs nothing else.
    #[oai(status = 200)]
    Ok(
        Html<String>,
        /// Changes with the program.
        #[oai(header = "ETag")]
        String,
    ),
    /// `If-None-Match` names the current one.
    #[oai(status = 304)]
    NotModified(
        /// The current one's.
        #[oai(header = "ETag")]
        String,
    ),
}

pub(super) fn text_answer(
    text: &Bytes,
    content_type: &'static str,
    asked: &HeaderMap,
) -> http::Response<Bytes> {
    let tag = etag::of_bytes(text);
    let is_known = etag::is_known(asked, &tag);
    let mut response = http::Response::new(if is_known { Bytes::new() } else { text.clone() });
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(header::ETAG, tag);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
