//! `/storage reset`: deletes every pair, after asking.
//!
//! The buttons' ids are `storage:reset:<confirm or cancel>:<user>:<when>`, so a press can be judged
//! whoever sees it and after a restart.

use lantern_actors::user::StorageRequest;
use serenity::all::{ButtonStyle, CreateCommandOption};

use super::{
    Said, decide, pairs_of, subcommand,
    words::{self, counted},
};
use crate::discord::commands::{
    command::{Call, Press},
    desk::Desk,
    questions::Question,
    reply::{Button, Expiry, Reply},
};

const TOO_LATE: &str = "Nothing was deleted: the question was not answered in time. `/storage reset` \
                        asks again.";

pub(super) fn definition() -> CreateCommandOption {
    subcommand(
        "reset",
        "Deletes all of your pairs, after asking you once more",
    )
}

/// Asks.
pub(super) fn ask(desk: &Desk, call: &Call) -> Said {
    let user = pairs_of(desk, call.user)?;
    if user.pairs.is_empty() {
        return Ok(Reply::done("Your storage is empty already."));
    }
    let question = Question::new(call.user);
    let button = |answer: &str, label, style| Button {
        id: format!("storage:reset:{answer}:{question}"),
        label,
        style,
    };
    let buttons = vec![
        button("confirm", "Delete everything", ButtonStyle::Danger),
        button("cancel", "Cancel", ButtonStyle::Secondary),
    ];
    let expiry = Expiry {
        after: desk.questions.lifetime,
        question,
        text: TOO_LATE.to_owned(),
    };
    let pairs = counted(user.pairs.len(), "pair");
    let text = format!("Delete {pairs}, everything that you have stored? It cannot be undone.");
    Ok(Reply::done(text).asking(buttons, expiry))
}

/// A button was pressed.
pub(super) async fn press(desk: &Desk, press: &Press) -> Option<Reply> {
    let (answer, question) = press
        .button
        .strip_prefix("storage:reset:")?
        .split_once(':')?;
    let is_confirmed = match answer {
        "confirm" => true,
        "cancel" => false,
        _ => return None,
    };
    let question: Question = question.parse().ok()?;
    if question.user != press.user {
        let text = "This is not your question: only who asked for it can answer.";
        return Some(Reply::refused(text).apart());
    }
    if desk.questions.is_over(question) {
        return Some(Reply::refused(TOO_LATE));
    }
    if !desk.questions.settle(question) {
        return Some(Reply::refused("This was answered already.").apart());
    }
    Some(match is_confirmed {
        true => reset(desk, press).await.unwrap_or_else(|refusal| refusal),
        false => Reply::done("Nothing was deleted."),
    })
}

async fn reset(desk: &Desk, press: &Press) -> Said {
    let pairs = pairs_of(desk, press.user)?.pairs.len();
    match decide(desk, press.user, StorageRequest::Reset).await {
        Ok(_) => Ok(Reply::done(format!(
            "Deleted {}. Your storage is empty.",
            counted(pairs, "pair")
        ))),
        Err(error) => Err(words::refusal(&error)),
    }
}
