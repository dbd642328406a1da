//! Which methods are possible at which path, read from the documented operations.
//!
//! poem answers an unknown method without `Allow` (RFC 9110 section 15.5.6 wants it) and knows
//! nothing of `OPTIONS`, so the door asks here first.

use poem::http::{Method, Uri};
use poem_openapi::OpenApi;

/// Paths in which a parameter is only a part of a segment, as in `{id}.svg`. The router cannot match
/// those, so each has a path of its own there: (as the router has it, as it is requested and shown in
/// the reference).
pub(super) const FILE_NAMES: [(&str, &str); 6] = [
    ("/api/v1/users/{id}/svg", "/api/v1/users/{id}.svg"),
    ("/api/v1/users/{id}/png", "/api/v1/users/{id}.png"),
    ("/avatar/{id}/png", "/{id}.png"),
    ("/avatar/{id}/webp", "/{id}.webp"),
    ("/avatar/{id}/gif", "/{id}.gif"),
    ("/avatar/{id}/jpg", "/{id}.jpg"),
];

/// A path of the router as it is requested and shown in the reference.
pub(super) fn shown(router_path: &str) -> &str {
    let mut names = FILE_NAMES.into_iter();
    let name = names.find(|(router, _)| *router == router_path);
    name.map_or(router_path, |(_, shown)| shown)
}

/// Formats of the file names of [`FILE_NAMES`] below the root.
const AVATARS: [&str; 4] = ["png", "webp", "gif", "jpg"];

/// The address as the router has it, if it ends with a file name of [`FILE_NAMES`].
pub(super) fn without_file_name(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let (folder, name) = path.rsplit_once('/')?;
    let (stem, format) = name.rsplit_once('.')?;
    let is_known = match folder {
        "/api/v1/users" => matches!(format, "svg" | "png"),
        "" => AVATARS.contains(&format),
        _ => false,
    };
    if !is_known || stem.is_empty() {
        return None;
    }
    let folder = if folder.is_empty() { "/avatar" } else { folder };
    let query = uri.query().map(|query| format!("?{query}"));
    format!("{folder}/{stem}/{format}{}", query.unwrap_or_default())
        .parse()
        .ok()
}

/// Every path, as it is requested, and its methods.
pub(super) struct RouteTable(Vec<Route>);

struct Route {
    segments: Vec<Segment>,
    /// As in the header `Allow`.
    allow: String,
}

/// What stands between two slashes: texts and, as `None`, parameters of one character or more.
struct Segment(Vec<Option<String>>);

impl RouteTable {
    /// The table of these operations.
    pub fn of<T: OpenApi>() -> Self {
        let paths = T::meta().into_iter().flat_map(|api| api.paths);
        Self::new(paths.map(|path| {
            let operations = path.operations.into_iter();
            let allow = allow(operations.map(|operation| operation.method));
            (shown(&path.path).to_owned(), allow)
        }))
    }

    fn new(paths: impl Iterator<Item = (String, String)>) -> Self {
        let mut routes: Vec<Route> = paths
            .map(|(path, allow)| Route {
                segments: path.split('/').map(Segment::of).collect(),
                allow,
            })
            .collect();
        routes.sort_by_key(Route::vagueness);
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
        let mut wanted = self.segments.iter();
        wanted.all(|wanted| given.next().is_some_and(|given| wanted.matches(given)))
            && given.next().is_none()
    }

    /// A fixed segment is chosen before a file name with a parameter, and that before a parameter.
    fn vagueness(&self) -> (usize, usize) {
        let parameters = |segment: &Segment| segment.0.iter().filter(|part| part.is_none()).count();
        let wholes = self.segments.iter().filter(|segment| segment.0.len() == 1);
        let mixed = self.segments.iter().filter(|segment| segment.0.len() > 1);
        (wholes.map(parameters).sum(), mixed.map(parameters).sum())
    }
}

impl Segment {
    fn of(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            if !before.is_empty() {
                parts.push(Some(before.to_owned()));
            }
            parts.push(None);
            rest = after.split_once('}').map_or("", |(_, rest)| rest);
        }
        if !rest.is_empty() || parts.is_empty() {
            parts.push(Some(rest.to_owned()));
        }
        Self(parts)
    }

    fn matches(&self, given: &str) -> bool {
        fits(&self.0, given)
    }
}

fn fits(parts: &[Option<String>], given: &str) -> bool {
    match parts {
        [] => given.is_empty(),
        [None] => !given.is_empty(),
        [Some(text), rest @ ..] => given
            .strip_prefix(text.as_str())
            .is_some_and(|given| fits(rest, given)),
        [None, rest @ ..] => given.char_indices().skip(1).any(|(at, _)| {
            let (_, given) = given.split_at(at);
            fits(rest, given)
        }),
    }
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

    #[test]
    fn file_names_with_parameters_are_matched_before_parameters() {
        let paths = ["/u/{id}", "/u/{id}.{format}", "/u/{id}.svg", "/u/all.svg"];
        let table = RouteTable::new(
            paths
                .map(|path| (path.to_owned(), path.to_owned()))
                .into_iter(),
        );
        for (path, route) in [
            ("/u/1", "/u/{id}"),
            ("/u/1.", "/u/{id}"),
            ("/u/.svg", "/u/{id}"),
            ("/u/1.png", "/u/{id}.{format}"),
            ("/u/1.svg", "/u/{id}.svg"),
            ("/u/1.svg.svg", "/u/{id}.svg"),
            ("/u/1.svgz", "/u/{id}.{format}"),
            ("/u/ü.svg", "/u/{id}.svg"),
            ("/u/all.svg", "/u/all.svg"),
        ] {
            assert_eq!(table.allow(path), Some(route), "{path}");
        }
        for path in ["/u/", "/u/1.svg/", "/1.svg"] {
            assert_eq!(table.allow(path), None, "{path}");
        }
    }
}
