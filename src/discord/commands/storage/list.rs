//! `/storage list`: every pair.

use std::fmt::Write;

use lantern_actors::domain::{pair::MAX_PAIRS, pair::Pairs};
use serenity::all::CreateCommandOption;

use super::{Said, pairs_of, subcommand, words::counted};
use crate::discord::commands::{
    command::Call,
    desk::Desk,
    reply::{LONGEST_TEXT, Reply},
};

/// What of the largest file is left for the form around it.
const FORM_BYTES: usize = 4_096;

pub(super) fn definition() -> CreateCommandOption {
    subcommand("list", "Shows all of your pairs")
}

/// All pairs as JSON: in the message if they fit, in a file otherwise, and if that would be larger
/// than Discord takes, their keys.
pub(super) fn list(desk: &Desk, call: &Call) -> Said {
    let user = pairs_of(desk, call.user)?;
    let pairs = &user.pairs;
    if pairs.is_empty() {
        return Ok(Reply::done(
            "Your storage is empty. `/storage create data` stores something.",
        ));
    }
    let count = format!("{} of at most {MAX_PAIRS}", counted(pairs.len(), "pair"));
    let json = serde_json::to_string_pretty(pairs).unwrap_or_default();
    let shown = format!("{count}:\n```json\n{json}\n```");
    if !json.contains("```") && shown.chars().count() <= LONGEST_TEXT {
        return Ok(Reply::done(shown));
    }
    if json.len() <= call.largest_file.saturating_sub(FORM_BYTES) {
        return Ok(Reply::done(format!("{count}.")).with_file("storage.json", json.into_bytes()));
    }
    let all = format!(
        "{}/api/v1/users/{}/storage",
        desk.config.public_url, call.user
    );
    let text = format!(
        "{count}. Their values are too much for a file in Discord, so here are the keys; everything \
         is at <{all}>."
    );
    Ok(Reply::done(text).with_file("keys.txt", keys(pairs).into_bytes()))
}

fn keys(pairs: &Pairs) -> String {
    let mut text = String::new();
    for (key, value) in pairs {
        let length = counted(value.as_str().chars().count(), "character");
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{}: {length}", key.as_str());
    }
    text
}
