//! What Discord names pictures by, checked: past these types, a name fits into an address.

use std::fmt;

/// Letters, digits, `_` and `-`: a hash, an id, the name of an account elsewhere.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Word<'a>(&'a str);

impl<'a> Word<'a> {
    /// The word, or nothing if this is not one.
    pub fn new(text: &'a str) -> Option<Self> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        (!text.is_empty() && text.bytes().all(fits)).then_some(Self(text))
    }

    /// The text.
    pub fn as_str(self) -> &'a str {
        self.0
    }
}

impl fmt::Display for Word<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0)
    }
}

/// A path at Discord's media proxy, without the leading slash, maybe with a query.
///
/// A picture from elsewhere is `external/{signature}/{query, if any}/{scheme}/{host}/{path}`, a
/// file of a message `attachments/{channel}/{id}/{file}`; other folders have at least one name in
/// them. Every byte is one that RFC 3986 allows there, and no segment is `.` or `..`, which a
/// browser would resolve to another address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MediaPath<'a>(&'a str);

impl<'a> MediaPath<'a> {
    /// The path, or nothing if there can be no picture.
    pub fn new(text: &'a str) -> Option<Self> {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let segments: Vec<&str> = path.split('/').collect();
        let is_dots = |segment: &&str| {
            matches!(
                segment.to_ascii_lowercase().replace("%2e", ".").as_str(),
                "." | ".."
            )
        };
        let is_clean =
            is_escaped(path, b"/") && is_escaped(query, b"/?") && !segments.iter().any(is_dots);
        (is_clean && leads_somewhere(&segments)).then_some(Self(text))
    }
}

impl fmt::Display for MediaPath<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0)
    }
}

fn leads_somewhere(segments: &[&str]) -> bool {
    match segments {
        ["external", signature, rest @ ..] => {
            let is_from =
                |rest: &[&str]| matches!(rest, ["http" | "https", host, _, ..] if !host.is_empty());
            let is_there =
                is_from(rest) || rest.split_first().is_some_and(|(_, rest)| is_from(rest));
            Word::new(signature).is_some() && is_there
        }
        ["attachments", rest @ ..] => {
            rest.len() == 3 && rest.iter().all(|segment| !segment.is_empty())
        }
        [_, _, ..] => segments.iter().all(|segment| !segment.is_empty()),
        _ => false,
    }
}

/// Whether all bytes are `pchar` of RFC 3986 or one of `also`, and every `%` begins an escape.
fn is_escaped(text: &str, also: &[u8]) -> bool {
    let fits = |byte: &u8| {
        byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%".contains(byte) || also.contains(byte)
    };
    let is_escape = |after: &str| {
        let digits = after.as_bytes().first_chunk::<2>();
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    text.as_bytes().iter().all(fits) && text.split('%').skip(1).all(is_escape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_of_letters_and_digits() {
        for word in ["a_0-Z", "123", "-"] {
            assert_eq!(Word::new(word).unwrap().to_string(), word);
        }
        for other in ["", "a b", "a/b", "a.b", "\u{e9}", "a%20"] {
            assert_eq!(Word::new(other), None, "{other}");
        }
    }

    #[test]
    fn paths_of_the_media_proxy_lead_somewhere() {
        for path in [
            "external/x/https/e.org/p.png",
            "external/x/http/e.org/",
            "external/x/%3Fa%3Db/https/e.org/p.png",
            "external/x/https/e.org/a//b?width=3",
            "attachments/1/2/p.png",
            "attachments/1/2/p.png?ex=a/b",
            "stickers/1.png",
        ] {
            assert_eq!(MediaPath::new(path).unwrap().to_string(), path);
        }
        for path in [
            "",
            "x",
            "external",
            "external/x",
            "external/x/y.png",
            "external//https/e.org/p.png",
            "external/x/https//p.png",
            "external/x/https/e.org",
            "external/x/https/e.org/../p.png",
            "external/x/https/e.org/%2E%2e/p.png",
            "external/x/https/e.org/p q.png",
            "external/x/https/e.org/p.png#a",
            "external/x/https/e.org/\u{e9}.png",
            "external/x/https/e.org/%zz.png",
            "external/x/https/e.org/%2",
            "external/x/https/e.org/a\\b",
            "attachments/1/2",
            "attachments/1//p.png",
            "attachments/1/2/",
            "//e.org",
            "a//b",
        ] {
            assert_eq!(MediaPath::new(path), None, "{path}");
        }
    }
}
