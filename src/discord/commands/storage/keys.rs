//! The options `key` and `value`: what may be typed, and what a key is completed to.

use lantern_actors::domain::{
    PairKey, PairValue,
    pair::{MAX_KEY_CHARS, MAX_VALUE_CHARS},
};
use serenity::all::{CommandOptionType, CreateCommandOption};

use crate::discord::commands::{command::Call, reply::Reply};

/// Discord shows at most so many choices.
const MOST_CHOICES: usize = 25;
/// The longest text that Discord takes as a choice. Longer keys have to be typed.
const LONGEST_CHOICE: usize = 100;
/// The longest text that Discord lets somebody type.
const LONGEST_TYPED: u16 = 6_000;

/// The option of a new key.
pub(super) fn new_key() -> CreateCommandOption {
    let longest = u16::try_from(MAX_KEY_CHARS).unwrap_or(LONGEST_TYPED);
    let words = "Letters and digits, A-Z, a-z and 0-9";
    CreateCommandOption::new(CommandOptionType::String, "key", words)
        .required(true)
        .min_length(1)
        .max_length(longest)
}

/// The option of a key that is there.
pub(super) fn known_key() -> CreateCommandOption {
    new_key()
        .description("One of your keys")
        .set_autocomplete(true)
}

/// The option of a value.
pub(super) fn value() -> CreateCommandOption {
    let words = "Any text; one of more than 6,000 characters can be stored through REST";
    CreateCommandOption::new(CommandOptionType::String, "value", words)
        .required(true)
        .max_length(LONGEST_TYPED)
}

/// The key that was given.
pub(super) fn given_key(call: &Call) -> Result<PairKey, Reply> {
    PairKey::try_from(call.text("key").to_owned()).map_err(|_| {
        Reply::refused(format!(
            "This is not a key: a key is 1 to {MAX_KEY_CHARS} letters and digits, A-Z, a-z and 0-9, \
             without spaces."
        ))
    })
}

/// The value that was given.
pub(super) fn given_value(call: &Call) -> Result<PairValue, Reply> {
    let text = call.text("value");
    PairValue::try_from(text.to_owned()).map_err(|_| {
        Reply::refused(format!(
            "This value has {} characters; a value has at most {MAX_VALUE_CHARS}.",
            text.chars().count()
        ))
    })
}

/// Keys with what was typed in them, whatever the case of its letters; those that begin with it come
/// first.
pub(super) fn complete<'a>(keys: impl Iterator<Item = &'a PairKey>, typed: &str) -> Vec<String> {
    let typed = typed.trim().to_lowercase();
    let mut matches: Vec<(usize, &str)> = keys
        .map(PairKey::as_str)
        .filter(|key| key.len() <= LONGEST_CHOICE)
        .filter_map(|key| Some((key.to_ascii_lowercase().find(&typed)?, key)))
        .map(|(at, key)| (at.min(1), key))
        .collect();
    // Stable: within both parts the order of keys stays.
    matches.sort_by_key(|(at, _)| *at);
    let best = matches.into_iter().take(MOST_CHOICES);
    best.map(|(_, key)| key.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(keys: &[&str], typed: &str) -> Vec<String> {
        let key = |text: &&str| PairKey::try_from((*text).to_owned()).unwrap();
        let keys: Vec<PairKey> = keys.iter().map(key).collect();
        complete(keys.iter(), typed)
    }

    #[test]
    fn keys_that_begin_with_what_was_typed_come_first() {
        let keys = ["Anna", "Banana", "anton", "bob", "nan"];
        assert_eq!(completed(&keys, "AN"), ["Anna", "anton", "Banana", "nan"]);
        assert_eq!(completed(&keys, " bob "), ["bob"]);
        assert_eq!(completed(&keys, ""), keys);
        assert!(completed(&keys, "ann a").is_empty());
        assert!(completed(&keys, "ä").is_empty());
    }

    #[test]
    fn no_more_than_discord_shows_and_none_that_it_refuses() {
        let keys: Vec<String> = (0..40).map(|number| format!("key{number:02}")).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        assert_eq!(completed(&keys, "key").len(), 25);
        let (fits, long) = ("k".repeat(100), "k".repeat(101));
        assert_eq!(completed(&[&fits, &long], "k"), vec![fits.clone()]);
    }
}
