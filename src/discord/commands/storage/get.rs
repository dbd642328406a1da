//! `/storage get`: the token, a value.

use lantern_actors::user::{StorageError, StorageRequest};
use serenity::all::CreateCommandOption;

use super::{
    Said, create, group,
    keys::{self, given_key},
    pairs_of, subcommand,
    words::{self, counted},
};
use crate::discord::commands::{
    command::Call,
    desk::Desk,
    reply::{LONGEST_TEXT, Reply},
};

pub(super) fn definition() -> CreateCommandOption {
    group("get", "Shows your token or a pair")
        .add_sub_option(subcommand(
            "token",
            "Shows your token, and makes one if there is none",
        ))
        .add_sub_option(
            subcommand("data", "Shows the value of one of your pairs")
                .add_sub_option(keys::known_key()),
        )
}

/// The token that is valid.
pub(super) async fn token(desk: &Desk, call: &Call) -> Said {
    let token = create::issue(desk, call.user, StorageRequest::Token).await?;
    Ok(Reply::done(format!(
        "Here is your token. If somebody else has it, `/storage create token` makes another one.\n{}",
        words::token(desk, call.user, &token)
    )))
}

/// A value: as it is in a code block, or as a file if that would not show it as it is.
pub(super) fn data(desk: &Desk, call: &Call) -> Said {
    let key = given_key(call)?;
    let user = pairs_of(desk, call.user)?;
    let Some(value) = user.pairs.get(&key) else {
        return Err(words::refusal(&StorageError::UnknownKey(key)));
    };
    let (key, value) = (key.as_str(), value.as_str());
    if value.is_empty() {
        return Ok(Reply::done(format!(
            "`{key}` is there, with an empty value."
        )));
    }
    let shown = format!("`{key}`:\n```\n{value}\n```");
    if !value.contains("```") && shown.chars().count() <= LONGEST_TEXT {
        return Ok(Reply::done(shown));
    }
    let length = counted(value.chars().count(), "character");
    let file = format!("{key}.txt");
    Ok(Reply::done(format!("`{key}` has {length}.")).with_file(file, value.into()))
}
