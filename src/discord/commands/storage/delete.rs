//! `/storage delete`: a pair less.

use lantern_actors::user::{Condition, StorageRequest};
use serenity::all::CreateCommandOption;

use super::{
    Said, decide, group,
    keys::{self, given_key},
    subcommand, words,
};
use crate::discord::commands::{command::Call, desk::Desk, reply::Reply};

pub(super) fn definition() -> CreateCommandOption {
    group("delete", "Deletes a pair").add_sub_option(
        subcommand("data", "Deletes one of your pairs").add_sub_option(keys::known_key()),
    )
}

/// Only if the pair is there.
pub(super) async fn data(desk: &Desk, call: &Call) -> Said {
    let key = given_key(call)?;
    let request = StorageRequest::Delete {
        key: key.clone(),
        condition: Condition::Always,
    };
    match decide(desk, call.user, request).await {
        Ok(_) => Ok(Reply::done(format!("Deleted `{}`.", key.as_str()))),
        Err(error) => Err(words::refusal(&error)),
    }
}
