//! Entity tags from versions (RFC 9110 section 8.8.3) and `If-None-Match` (section 13.1.2).
//!
//! The tags are strong: a user at version `v` is always the same bytes, and while the gateway is
//! away, with `stale` added, the tag says since when.

use std::hash::{DefaultHasher, Hash, Hasher};

use lantern_actors::{
    domain::{Timestamp, UserId, Version},
    wire::Snapshot,
};
use poem::http::{HeaderMap, HeaderValue, header};

/// The tag of one user.
pub fn of_one(version: Version, stale_since: Option<Timestamp>) -> HeaderValue {
    tag(format_args!("v-{version}"), stale_since)
}

/// The tag of a user's pairs as a whole, by the version of the last decision about them.
pub fn of_storage(version: Version) -> HeaderValue {
    tag(format_args!("s-{version}"), None)
}

/// The newest version of one user that `If-None-Match` names.
pub fn held_version(headers: &HeaderMap) -> Option<Version> {
    candidates(headers)
        .filter_map(|candidate| {
            let digits = std::str::from_utf8(candidate.strip_prefix(b"\"v-")?).ok()?;
            let end = digits.find(|letter: char| !letter.is_ascii_digit())?;
            digits.get(..end)?.parse().ok().map(Version::new)
        })
        .max()
}

/// The tag of a list: of who is in it, in which order, at which versions.
pub fn of_list<'a>(
    users: impl IntoIterator<Item = &'a Snapshot>,
    stale_since: Option<Timestamp>,
) -> HeaderValue {
    let mut hasher = DefaultHasher::new();
    for user in users {
        let pair: (UserId, Version) = (user.user(), user.version());
        pair.hash(&mut hasher);
    }
    tag(format_args!("l-{:016x}", hasher.finish()), stale_since)
}

/// The tag of a picture.
pub(super) fn of_fingerprint(fingerprint: u128) -> HeaderValue {
    tag(format_args!("c-{fingerprint:032x}"), None)
}

/// The tag of a text that changes only with the program.
pub(super) fn of_bytes(bytes: &[u8]) -> HeaderValue {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    tag(format_args!("t-{:016x}", hasher.finish()), None)
}

fn tag(of: std::fmt::Arguments<'_>, stale_since: Option<Timestamp>) -> HeaderValue {
    let text = match stale_since {
        None => format!("\"{of}\""),
        Some(since) => format!("\"{of}-stale-{}\"", since.unix_ms()),
    };
    // Quotes, letters, digits and dashes are a valid header value.
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// Whether `If-None-Match` names this tag, so that 304 is the answer. Comparison is weak.
pub fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    candidates(headers).any(|candidate| candidate == b"*" || candidate == tag)
}

/// The tags of `If-None-Match`, without what marks them as weak.
fn candidates(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .map(|candidate| candidate.strip_prefix(b"W/").unwrap_or(candidate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_tell_versions_and_staleness_apart() {
        let version = Version::new(1_620_000_000_000_000);
        let since = Some(Timestamp::from_unix_ms(5));
        assert_eq!(of_one(version, None), "\"v-1620000000000000\"");
        assert_eq!(of_one(version, since), "\"v-1620000000000000-stale-5\"");
        let ann = Snapshot::new(UserId::try_from(1).unwrap(), version, b"{}");
        let ben = Snapshot::new(UserId::try_from(2).unwrap(), version, b"{}");
        let tags = [
            of_list([&ann], None),
            of_list([&ben], None),
            of_list([&ann, &ben], None),
            of_list([&ben, &ann], None),
            of_list([&ann], since),
        ];
        for (index, tag) in tags.iter().enumerate() {
            assert!(!tags[..index].contains(tag));
        }
    }

    #[test]
    fn if_none_match_is_a_list_compared_weakly() {
        let tag = of_one(Version::new(7), None);
        let known = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::IF_NONE_MATCH, HeaderValue::from_static(value));
            }
            is_known(&headers, &tag)
        };
        for values in [
            &["\"v-7\""][..],
            &["W/\"v-7\""],
            &["\"x\", \"v-7\""],
            &["\"x\"", "W/\"y\",\"v-7\""],
            &["*"],
        ] {
            assert!(known(values), "{values:?}");
        }
        for values in [&[][..], &["\"v-8\""], &["v-7"], &["\"v-7"], &[""]] {
            assert!(!known(values), "{values:?}");
        }
    }
}
