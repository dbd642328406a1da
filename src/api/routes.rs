//! Which methods are possible at which path, read from the documented operations.
//!
//! poem answers an unknown method without `Allow` (RFC 9110 section 15.5.6 wants it) and knows
//! nothing of `OPTIONS`, so the door asks here first.

use poem::http::{Method, Uri};
use poem_openapi::OpenApi;

/// Every path and its methods.
pub(super) struct RouteTable(Vec<Route>);

struct Route {
    /// `None` stands for any one segment.
    segments: Vec<Option<String>>,
    /// As in the header `Allow`.
    allow: String,
}

impl RouteTable {
    /// The table of these operations.
    pub fn of<T: OpenApi>() -> Self {
        let paths = T::meta().into_iter().flat_map(|api| api.paths);
        let mut routes: Vec<Route> = paths
            .map(|path| Route {
                segments: path.path.split('/').map(segment).collect(),
                allow: allow(
                    path.operations
                        .into_iter()
                        .map(|operation| operation.method),
                ),
            })
            .collect();
        // A fixed segment is chosen before a parameter.
        routes.sort_by_key(|route| route.segments.iter().filter(|part| part.is_none()).count());
        Self(routes)
    }

    /// The methods that are possible at a path, if there is anything.
    pub fn allow(&self, path: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|route| route.matches(path))
            .map(|route| route.allow.as_str())
    }
}

impl Route {
    fn matches(&self, path: &str) -> bool {
        let mut given = path.split('/');
        let all = self
            .segments
            .iter()
            .all(|wanted| match (wanted, given.next()) {
                (Some(wanted), Some(given)) => wanted == given,
                (None, Some(given)) => !given.is_empty(),
                (_, None) => false,
            });
        all && given.next().is_none()
    }
}

fn segment(text: &str) -> Option<String> {
    (!text.starts_with('{')).then(|| text.to_owned())
}

fn allow(methods: impl Iterator<Item = Method>) -> String {
    let mut allow = Vec::new();
    for method in methods {
        let implied = (method == Method::GET).then_some(Method::HEAD);
        allow.push(method);
        allow.extend(implied);
    }
    allow.push(Method::OPTIONS);
    let names: Vec<&str> = allow.iter().map(Method::as_str).collect();
    names.join(", ")
}

/// Whether path and query can be percent-decoded to UTF-8.
pub(super) fn is_well_formed(uri: &Uri) -> bool {
    let whole = uri.path_and_query().map_or("/", |whole| whole.as_str());
    decoded(whole.as_bytes()).is_some_and(|bytes| std::str::from_utf8(&bytes).is_ok())
}

fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => nibble(*rest.next()?)? << 4 | nibble(*rest.next()?)?,
            byte => *byte,
        });
    }
    Some(bytes)
}

fn nibble(digit: u8) -> Option<u8> {
    (digit as char).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_cannot_be_decoded_are_found() {
        for (text, fine) in [
            ("/", true),
            ("/api?x=%41%e2%82%AC", true),
            ("/api/%", false),
            ("/api/%4", false),
            ("/api/%zz", false),
            ("/api?x=%ff", false),
        ] {
            assert_eq!(is_well_formed(&text.parse().unwrap()), fine, "{text}");
        }
    }

    #[test]
    fn paths_are_matched_segment_by_segment() {
        let table = RouteTable::of::<crate::api::Operations>();
        for path in ["/", "/api/v1/users", "/api/v1/users/x", "/healthz", "/docs"] {
            assert_eq!(table.allow(path), Some("GET, HEAD, OPTIONS"), "{path}");
        }
        let pair = table.allow("/api/v1/users/1/storage/key");
        assert_eq!(pair, Some("GET, HEAD, PUT, PATCH, DELETE, OPTIONS"));
        for path in [
            "",
            "//",
            "/api",
            "/api/v1/users/",
            "/api/v1/users/1/2",
            "/api/v1/users/1/storage/",
            "/api/v1/users/1/storage/key/x",
            "/doc",
        ] {
            assert_eq!(table.allow(path), None, "{path}");
        }
    }
}
