//! JSON that is read even where a strict reader refuses all of it for one place.
//!
//! A number beyond what a float holds, half of a surrogate pair, a control character in a text and
//! too many levels cost what holds them and not the message.

use serde_json::Value;

/// The deepest nesting that is read; serde_json stops at 128 levels.
const MAX_DEPTH: usize = 100;

/// The value of a text, mended if need be; `None` if it is no JSON.
pub(super) fn parse(text: &str) -> Option<Value> {
    serde_json::from_str(text)
        .or_else(|_| serde_json::from_str(&Mender::new(text).mend()))
        .ok()
}

/// Writes a text again, with `null` and U+FFFD for what cannot be read.
struct Mender<'a> {
    rest: &'a str,
    out: String,
    depth: usize,
}

impl<'a> Mender<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text,
            out: String::with_capacity(text.len()),
            depth: 0,
        }
    }

    fn mend(mut self) -> String {
        while let Some(next) = self.rest.chars().next() {
            match next {
                '"' => self.text(),
                '-' | '0'..='9' => self.number(),
                '{' | '[' => {
                    if self.depth == MAX_DEPTH {
                        self.out.push_str("null");
                    }
                    self.depth += 1;
                    self.take(next);
                }
                '}' | ']' => {
                    self.take(next);
                    self.depth = self.depth.saturating_sub(1);
                }
                other => self.take(other),
            }
        }
        self.out
    }

    /// Goes past a character, which is kept unless it is too deep.
    fn take(&mut self, next: char) {
        self.rest = self.rest.get(next.len_utf8()..).unwrap_or_default();
        self.push(next);
    }

    fn push(&mut self, next: char) {
        if self.depth <= MAX_DEPTH {
            self.out.push(next);
        }
    }

    fn number(&mut self) {
        let is_part = |next: char| matches!(next, '-' | '+' | '.' | 'e' | 'E' | '0'..='9');
        let end = self.rest.find(|next| !is_part(next));
        let (number, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        if self.depth <= MAX_DEPTH {
            let is_finite = number.parse().is_ok_and(f64::is_finite);
            self.out.push_str(if is_finite { number } else { "null" });
        }
    }

    fn text(&mut self) {
        self.take('"');
        while let Some(next) = self.rest.chars().next() {
            match next {
                '"' => return self.take(next),
                '\\' => self.escape(),
                '\0'..='\x1f' => {
                    self.rest = self.rest.get(1..).unwrap_or_default();
                    self.push('\u{fffd}');
                }
                other => self.take(other),
            }
        }
    }

    fn escape(&mut self) {
        let (length, is_whole) = match unit(self.rest) {
            Some(0xd800..=0xdbff) => {
                let second = self.rest.get(6..).and_then(unit);
                match second {
                    Some(0xdc00..=0xdfff) => (12, true),
                    _ => (6, false),
                }
            }
            Some(0xdc00..=0xdfff) => (6, false),
            Some(_) => (6, true),
            None => {
                let named = self.rest.chars().nth(1);
                let is_known =
                    matches!(named, Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't'));
                (1 + named.map_or(0, char::len_utf8), is_known)
            }
        };
        let (escape, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        if self.depth <= MAX_DEPTH {
            self.out
                .push_str(if is_whole { escape } else { "\u{fffd}" });
        }
    }
}

/// The UTF-16 unit that a text begins with, as in `\ud83c`.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u16::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn one_odd_place_costs_itself_alone() {
        for (text, value) in [
            (r#"{"a": 1e999, "b": 2}"#, json!({"a": null, "b": 2})),
            (r#"["\ud83c", "b"]"#, json!(["\u{fffd}", "b"])),
            (
                r#"["\udfee\ud83c\udfee\ud83c"]"#,
                json!(["\u{fffd}🏮\u{fffd}"]),
            ),
            (r#"["\ud83c\n\"", -1e400]"#, json!(["\u{fffd}\n\"", null])),
            (r#"["\q\u12", 1.5]"#, json!(["\u{fffd}\u{fffd}12", 1.5])),
            ("[\"a\u{1}b\n\"]", json!(["a\u{fffd}b\u{fffd}"])),
        ] {
            assert_eq!(parse(text), Some(value), "{text}");
        }
    }

    #[test]
    fn what_is_too_deep_is_null() {
        let deep = format!(
            r#"{{"deep": {}"x"{}, "kept": [1]}}"#,
            "[".repeat(500),
            "]".repeat(500)
        );
        let value = parse(&deep).unwrap();
        assert_eq!(value["kept"], json!([1]));
        assert!(value["deep"].is_array());
    }

    #[test]
    fn what_is_no_json_is_none() {
        for text in ["", "{", "hello", r#"{"a": }"#, r#"["#, r#"[""#] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn anything_is_read_or_refused(text in ".{0,60}", json in r#"[\[\]{}",:\\ud8c0-9eE.+-]{0,60}"#) {
            parse(&text);
            parse(&json);
        }
    }
}
