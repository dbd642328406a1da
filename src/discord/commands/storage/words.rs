//! What people are told: addresses, refusals, what a token is good for.

use lantern_actors::{
    domain::{UserId, pair::MAX_PAIRS},
    user::StorageError,
};

use crate::discord::commands::{desk::Desk, reply::Reply};

/// A refusal by the core, in words for the member who asked.
pub(super) fn refusal(error: &StorageError) -> Reply {
    match error {
        StorageError::UnknownKey(key) => Reply::refused(format!(
            "You have no pair with the key `{}`. `/storage create data` makes one.",
            key.as_str()
        )),
        StorageError::TooManyPairs => Reply::refused(format!(
            "You have {MAX_PAIRS} pairs, and more there cannot be. Delete one with `/storage delete \
             data` first."
        )),
        StorageError::UnknownUser => Reply::refused(
            "You are not a member of the server that this Lantern monitors, so it keeps nothing for \
             you. Join it first.",
        ),
        StorageError::NotReady => Reply::failed(
            "Lantern has just started and is still reading what it has. Try again in a moment.",
        ),
        StorageError::Unavailable(reason) => {
            tracing::warn!(reason, "a command's change could not be stored");
            Reply::failed(
                "This could not be stored just now; it may have been or not. Look with `/storage \
                 list`, and try again in a moment.",
            )
        }
        // Neither is asked for by any command but where it is said in other words.
        StorageError::OldToken | StorageError::PreconditionFailed => {
            Reply::refused(format!("This was not done: {error}."))
        }
    }
}

/// Why there are no tokens.
pub(super) fn no_tokens() -> Reply {
    Reply::failed(
        "There are no tokens here: whoever runs this Lantern has to set `KV_TOKEN_SECRET` first. \
         `/storage create data`, `update data` and `delete data` work without one.",
    )
}

/// Where a pair is for everybody to read.
pub(super) fn address(desk: &Desk, user: UserId, key: &str) -> String {
    format!(
        "{}/api/v1/users/{user}/storage/{key}",
        desk.config.public_url
    )
}

/// A token and how to use it.
pub(super) fn token(desk: &Desk, user: UserId, token: &str) -> String {
    let address = address(desk, user, "greeting");
    format!(
        "```\n{token}\n```\nWhoever has it can change your pairs, so keep it to yourself. For example, \
         from a shell:\n```sh\ncurl -X PUT {address} \\\n  -H 'Authorization: {token}' \\\n  -d \
         'Hello!'\n```"
    )
}

/// How many characters, or pairs, or whatever.
pub(super) fn counted(number: usize, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    }
}
