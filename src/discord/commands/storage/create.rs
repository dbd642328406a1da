//! `/storage create`: a new token, a new pair.

use lantern_actors::{
    domain::{PairKey, UserId, pair::MAX_PAIRS},
    user::{Condition, StorageAnswer, StorageError, StorageRequest},
};
use serenity::all::CreateCommandOption;

use super::{
    Said, decide, group,
    keys::{self, given_key, given_value},
    pairs_of, subcommand,
    words::{self, counted},
};
use crate::{
    auth::Claims,
    discord::commands::{command::Call, desk::Desk, reply::Reply},
};

pub(super) fn definition() -> CreateCommandOption {
    let token = "Makes a new token, with which you change your pairs from elsewhere; the old one \
                 ends";
    group("create", "Makes a token or a pair")
        .add_sub_option(subcommand("token", token))
        .add_sub_option(
            subcommand("data", "Stores a new pair")
                .add_sub_option(keys::new_key())
                .add_sub_option(keys::value()),
        )
}

/// A new token; those before open nothing from then on.
pub(super) async fn token(desk: &Desk, call: &Call) -> Said {
    let token = issue(desk, call.user, StorageRequest::RenewToken).await?;
    Ok(Reply::done(format!(
        "Here is your new token. If you had one before, it does not work any more.\n{}",
        words::token(desk, call.user, &token)
    )))
}

/// The token that a request leads to.
pub(super) async fn issue(
    desk: &Desk,
    user: UserId,
    request: StorageRequest,
) -> Result<String, Reply> {
    // First: what cannot be shown must not be renewed.
    let tokens = desk.tokens.as_ref().ok_or_else(words::no_tokens)?;
    match decide(desk, user, request).await {
        Ok(StorageAnswer::Token(version)) => Ok(tokens.issue(Claims { user, version })),
        Ok(StorageAnswer::Done) => Err(words::no_tokens()),
        Err(error) => Err(words::refusal(&error)),
    }
}

/// A pair that was not there.
pub(super) async fn data(desk: &Desk, call: &Call) -> Said {
    let (key, value) = (given_key(call)?, given_value(call)?);
    let request = StorageRequest::Put {
        key: key.clone(),
        value,
        condition: Condition::Absent,
    };
    match decide(desk, call.user, request).await {
        Ok(_) => Ok(Reply::done(stored(desk, call.user, &key))),
        Err(StorageError::PreconditionFailed) => Err(Reply::refused(format!(
            "You have a pair with the key `{}` already. `/storage update data` gives it another \
             value.",
            key.as_str()
        ))),
        Err(error) => Err(words::refusal(&error)),
    }
}

/// What is said when a pair was stored.
pub(super) fn stored(desk: &Desk, user: UserId, key: &PairKey) -> String {
    let (key, address) = (key.as_str(), words::address(desk, user, key.as_str()));
    let pairs = pairs_of(desk, user).map_or(1, |user| user.pairs.len());
    let pairs = counted(pairs, "pair");
    format!(
        "Stored `{key}`. You have {pairs} of at most {MAX_PAIRS}.\nEverybody can read it: <{address}>"
    )
}
