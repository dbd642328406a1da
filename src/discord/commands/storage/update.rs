//! `/storage update`: another value for a pair that is there.

use lantern_actors::user::{Condition, StorageRequest};
use serenity::all::CreateCommandOption;

use super::{
    Said, create, decide, group,
    keys::{self, given_key, given_value},
    subcommand, words,
};
use crate::discord::commands::{command::Call, desk::Desk, reply::Reply};

pub(super) fn definition() -> CreateCommandOption {
    group("update", "Changes a pair").add_sub_option(
        subcommand("data", "Gives one of your pairs another value")
            .add_sub_option(keys::known_key())
            .add_sub_option(keys::value()),
    )
}

/// Only if the pair is there.
pub(super) async fn data(desk: &Desk, call: &Call) -> Said {
    let (key, value) = (given_key(call)?, given_value(call)?);
    let request = StorageRequest::Put {
        key: key.clone(),
        value,
        condition: Condition::Exists,
    };
    match decide(desk, call.user, request).await {
        Ok(_) => Ok(Reply::done(create::stored(desk, call.user, &key))),
        Err(error) => Err(words::refusal(&error)),
    }
}
