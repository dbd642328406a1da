//! Cross-origin requests (the Fetch standard's CORS protocol): what is public may be read, and with a
//! token changed, from any web page. No cookie is read, so nothing is gained by refusing one.

use bytes::Bytes;
use poem::http::{self, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

/// Whether pages of other origins may read what is at this path. The numbers for operators are not
/// for pages that an operator happens to look at.
pub fn is_public(path: &str) -> bool {
    path != "/metrics"
}

/// `*` stands for every header that is not named, but a browser that does not know it reads names.
const EXPOSED: &str = "*, Allow, Date, ETag, Lantern-Problem, Retry-After, WWW-Authenticate";

/// Says that pages of every origin may read the answer.
pub fn allow(headers: &mut HeaderMap) {
    let fields: [(HeaderName, &str); 2] = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED),
    ];
    for (name, value) in fields {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Whether a browser asks if a page may send a request. The answer is yes at any path: only then does
/// the browser show the page what is answered, be it an error.
pub fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    *method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Methods that HTTP clients have; another one that is asked for is added.
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// `*` stands for every header but this one.
const HEADERS: &str = "*, Authorization";

/// The answer to a preflight: whatever is asked for.
pub(super) fn preflight(asked: &HeaderMap) -> http::Response<Bytes> {
    let mut response = no_content();
    let headers = response.headers_mut();
    let methods = with_asked(METHODS, asked, &header::ACCESS_CONTROL_REQUEST_METHOD);
    let names = with_asked(HEADERS, asked, &header::ACCESS_CONTROL_REQUEST_HEADERS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names);
    let fields = [
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
        (
            header::VARY,
            "Access-Control-Request-Method, Access-Control-Request-Headers",
        ),
    ];
    for (name, value) in fields {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A list with what the values of a header ask for behind it, each name once.
fn with_asked(list: &'static str, asked: &HeaderMap, name: &HeaderName) -> HeaderValue {
    let mut names: Vec<&str> = list.split(", ").collect();
    let values = asked.get_all(name).iter();
    let values = values.filter_map(|value| value.to_str().ok());
    for name in values.flat_map(|value| value.split(',')).map(str::trim) {
        let is_new = !names.iter().any(|known| known.eq_ignore_ascii_case(name));
        // A page that asks for more than this is not asking in earnest.
        if is_new && !name.is_empty() && names.len() < MOST_NAMES {
            names.push(name);
        }
    }
    HeaderValue::try_from(names.join(", ")).unwrap_or(HeaderValue::from_static(list))
}

const MOST_NAMES: usize = 200;

/// The answer to an `OPTIONS` that is no preflight.
pub(super) fn options(allow: &str) -> http::Response<Bytes> {
    let mut response = no_content();
    if let Ok(allow) = HeaderValue::from_str(allow) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

fn no_content() -> http::Response<Bytes> {
    let mut response = http::Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preflight_is_allowed_what_it_asks_for() {
        let mut asked = HeaderMap::new();
        let mut ask = |name, value| asked.append(name, HeaderValue::from_static(value));
        ask(header::ACCESS_CONTROL_REQUEST_METHOD, "QUERY");
        ask(
            header::ACCESS_CONTROL_REQUEST_HEADERS,
            "authorization,traceparent, x-a",
        );
        ask(header::ACCESS_CONTROL_REQUEST_HEADERS, "x-b, X-A,");
        let answer = preflight(&asked);
        let header = |name| answer.headers().get(name).unwrap();
        assert_eq!(
            header("access-control-allow-headers"),
            "*, Authorization, traceparent, x-a, x-b"
        );
        assert_eq!(
            header("access-control-allow-methods"),
            "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, QUERY"
        );
    }
}
