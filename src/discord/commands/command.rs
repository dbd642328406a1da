//! What a command is, and what it is told when somebody uses it.

use lantern_actors::domain::UserId;
use serenity::all::CreateCommand;

use super::{desk::Desk, reply::Reply};
use crate::discord::interaction::{CommandUse, Interaction};

/// A slash command.
#[serenity::async_trait]
pub(super) trait Command: Send + Sync {
    /// Its name, without the slash. The custom ids of its buttons begin with it and a colon.
    fn name(&self) -> &'static str;

    /// What Discord is told of it.
    fn definition(&self) -> CreateCommand;

    /// Does it; `None` if it has no such subcommand.
    async fn run(&self, desk: &Desk, call: &Call) -> Option<Reply>;

    /// What the text that is being typed may become, the best first, at most as many as Discord
    /// shows.
    fn complete(&self, _desk: &Desk, _call: &Call) -> Vec<String> {
        Vec::new()
    }

    /// One of its buttons was pressed; `None` if it has no such button.
    async fn press(&self, _desk: &Desk, _press: &Press) -> Option<Reply> {
        None
    }
}

/// Somebody uses a command, or is typing it.
#[derive(Debug)]
pub(super) struct Call {
    /// Who.
    pub(super) user: UserId,
    /// The subcommand behind the command's name, as in "create data"; empty if there is none.
    pub(super) subcommand: String,
    /// The largest file that may be attached to the answer, in bytes.
    pub(super) largest_file: usize,
    texts: Vec<(String, String)>,
    typed: Option<String>,
}

impl Call {
    /// What an interaction asks for; `None` if it does not say who asks.
    pub(super) fn read(interaction: &Interaction, used: &CommandUse) -> Option<Self> {
        Some(Self {
            user: interaction.user?,
            subcommand: used.subcommand.clone(),
            largest_file: interaction.largest_file,
            texts: used.texts.clone(),
            typed: used.typed.clone(),
        })
    }

    /// The text of an option; empty if it was not given, which Discord does not let happen to those
    /// that are required.
    pub(super) fn text(&self, option: &str) -> &str {
        let given = self.texts.iter().find(|(name, _)| name == option);
        given.map_or("", |(_, text)| text)
    }

    /// What was typed so far of the option that is being typed.
    pub(super) fn typed(&self) -> &str {
        self.typed.as_deref().unwrap_or_default()
    }
}

/// Somebody presses a button.
#[derive(Debug)]
pub(super) struct Press {
    /// Who.
    pub(super) user: UserId,
    /// The custom id of the button, as its command made it.
    pub(super) button: String,
}

impl Press {
    /// What an interaction presses; `None` if it does not say who does.
    pub(super) fn read(interaction: &Interaction, button: &str) -> Option<Self> {
        Some(Self {
            user: interaction.user?,
            button: button.to_owned(),
        })
    }
}
