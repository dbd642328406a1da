//! What a member wants of the bot. Its id and its token are enough to answer.

use std::num::NonZeroU64;

use serde_json::Value;

use super::fields::Fields;
use crate::discord::interaction::{CommandUse, Interaction, InteractionKind};

/// What Discord lets anybody attach; said with an interaction only since 2025.
const USUAL_LARGEST_FILE: i64 = 10 << 20;
/// The types of options that hold further ones.
const SUBCOMMANDS: [i64; 2] = [1, 2];

/// An interaction; `None` if it cannot be answered.
pub(super) fn interaction(fields: &Fields, told: &Value) -> Option<Interaction> {
    let member = fields.object(told, "member");
    let user = member
        .and_then(|member| fields.object(member, "user"))
        .or_else(|| fields.object(told, "user"));
    let limit = fields.number(told, "attachment_size_limit");
    Some(Interaction {
        id: fields.id::<NonZeroU64>(told, "id")?.get(),
        token: fields.text(told, "token")?,
        application_id: fields
            .id::<NonZeroU64>(told, "application_id")
            .map(NonZeroU64::get),
        user: user.and_then(|user| fields.id(user, "id")),
        largest_file: usize::try_from(limit.unwrap_or(USUAL_LARGEST_FILE)).unwrap_or_default(),
        kind: kind(fields, told),
    })
}

/// What somebody does; without its number, what it is about tells.
fn kind(fields: &Fields, told: &Value) -> InteractionKind {
    let number = fields.number(told, "type");
    let Some(data) = fields.object(told, "data") else {
        return InteractionKind::Other;
    };
    let is_button = data.get("custom_id").is_some();
    // What is submitted has an id too, and is no button.
    let number = number.filter(|number| (2..=5).contains(number));
    match (number, is_button) {
        (Some(2), _) => InteractionKind::Command(command(fields, data)),
        (Some(4), _) => InteractionKind::Autocomplete(command(fields, data)),
        (Some(3), _) | (None, true) => {
            InteractionKind::Component(fields.text(data, "custom_id").unwrap_or_default())
        }
        (None, false) => {
            let used = command(fields, data);
            match used.typed {
                Some(_) => InteractionKind::Autocomplete(used),
                None => InteractionKind::Command(used),
            }
        }
        (Some(_), _) => InteractionKind::Other,
    }
}

fn command(fields: &Fields, data: &Value) -> CommandUse {
    let mut used = CommandUse {
        name: fields.text(data, "name").unwrap_or_default(),
        ..CommandUse::default()
    };
    take_options(fields, data, &mut used);
    used
}

fn take_options(fields: &Fields, of: &Value, used: &mut CommandUse) {
    for option in fields.list(of, "options") {
        let Some(name) = fields.text(option, "name") else {
            continue;
        };
        let kind = fields.number(option, "type").unwrap_or_default();
        let holds_options = option.get("options").is_some_and(Value::is_array);
        if SUBCOMMANDS.contains(&kind) || holds_options {
            if !used.subcommand.is_empty() {
                used.subcommand.push(' ');
            }
            used.subcommand.push_str(&name);
            take_options(fields, option, used);
            continue;
        }
        let value = fields.text(option, "value");
        if fields.flag(option, "focused") == Some(true) {
            used.typed = Some(value.unwrap_or_default());
        } else if let Some(value) = value {
            used.texts.push((name, value));
        }
    }
}
