//! Cross-origin requests (the Fetch standard's CORS protocol): what is public may be read from any
//! web page.

use bytes::Bytes;
use poem::http::{self, HeaderMap, HeaderName, HeaderValue, StatusCode, header};

/// Whether pages of other origins may read what is at this path.
pub fn is_public(path: &str) -> bool {
    path.starts_with("/api/") || matches!(path, "/" | "/openapi.json" | "/asyncapi.yaml")
}

/// Says that pages of every origin may read the answer.
pub fn allow(headers: &mut HeaderMap) {
    let fields: [(HeaderName, &str); 2] = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            "ETag, Lantern-Problem, Retry-After",
        ),
    ];
    for (name, value) in fields {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// The answer to `OPTIONS`, a preflight or not. `allow` is for the header of that name.
pub(super) fn options(allow: &str) -> http::Response<Bytes> {
    let mut response = http::Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    if let Ok(allow) = HeaderValue::from_str(allow) {
        headers.insert(header::ALLOW, allow.clone());
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, allow);
    }
    let fields = [
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type, If-Match, If-None-Match",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    for (name, value) in fields {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
