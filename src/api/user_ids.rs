//! `user_ids` of a query, in every spelling that HTTP clients have for a list.
//!
//! The documented one repeats the name. axios and PHP write brackets behind it, others put an index
//! in them, and others again join the ids: OpenAPI knows commas, spaces and pipes.

use poem::http::Uri;

const NAME: &str = "user_ids";

/// The ids that a query names, in their order, not looked at yet.
pub(super) fn of(uri: &Uri) -> Vec<String> {
    let query = uri.query().unwrap_or_default();
    // What cannot be decoded has been refused before.
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    let values = pairs.into_iter().filter(|(name, _)| is_named(name));
    values.flat_map(|(_, value)| split(&value)).collect()
}

/// Whether a parameter is `user_ids`, with or without brackets.
fn is_named(name: &str) -> bool {
    match name.strip_prefix(NAME) {
        Some("") => true,
        Some(brackets) => brackets.starts_with('[') && brackets.ends_with(']'),
        None => false,
    }
}

/// The ids of a value. One that has none stays as it is, for the error to show.
fn split(value: &str) -> Vec<String> {
    let separates = |letter: char| matches!(letter, ',' | '|' | ';') || letter.is_whitespace();
    let parts = value.split(separates).filter(|part| !part.is_empty());
    let ids: Vec<String> = parts.map(str::to_owned).collect();
    if ids.is_empty() {
        return vec![value.to_owned()];
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_list_is_read() {
        for query in [
            "user_ids=1&user_ids=2&user_ids=3",
            "user_ids[]=1&user_ids[]=2&user_ids[]=3",
            "user_ids%5B%5D=1&user_ids%5b%5d=2&user_ids[]=3",
            "user_ids[0]=1&user_ids[1]=2&user_ids[2]=3",
            "user_ids%5B0%5D=1&user_ids%5B1%5D=2&user_ids%5B2%5D=3",
            "user_ids=1,2,3",
            "user_ids=1%2C2%2c3",
            "user_ids=1,+2,%203,",
            "user_ids=1+2+3",
            "user_ids=1%7C2|3",
            "user_ids[]=1,2&x=9&user_ids=3",
            "user_id=7&userids=8&user_ids=1,2&xuser_ids=9&user_ids.0=5&user_ids[2]=3",
        ] {
            let uri = format!("/api/v1/users?{query}").parse().unwrap();
            assert_eq!(of(&uri), ["1", "2", "3"], "{query}");
        }
    }

    #[test]
    fn what_names_nobody_stays_as_it_is() {
        for (query, ids) in [
            ("", &[][..]),
            ("?", &[]),
            ("?x=1", &[]),
            ("?user_ids", &[""]),
            ("?user_ids=", &[""]),
            ("?user_ids[]=", &[""]),
            ("?user_ids=,", &[","]),
            ("?user_ids=x,1", &["x", "1"]),
            ("?user_ids=[1]", &["[1]"]),
        ] {
            let uri = format!("/api/v1/users{query}").parse().unwrap();
            assert_eq!(of(&uri), ids, "{query}");
        }
    }
}
