//! A member uses a command, types one, or presses a button.

use lantern_actors::domain::UserId;

/// An interaction, as far as it is needed to answer it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Interaction {
    /// Its id.
    pub(super) id: u64,
    /// The secret with which it is answered.
    pub(super) token: String,
    /// The application that it is for.
    pub(super) application_id: Option<u64>,
    /// Who; `None` if that could not be read.
    pub(super) user: Option<UserId>,
    /// The largest file that may be attached to the answer, in bytes.
    pub(super) largest_file: usize,
    /// What.
    pub(super) kind: InteractionKind,
}

/// What somebody does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum InteractionKind {
    /// Sends a command.
    Command(CommandUse),
    /// Is typing one, and wants to know what the text may become.
    Autocomplete(CommandUse),
    /// Presses a button; this is the id that its command gave it.
    Component(String),
    /// Something that Lantern never offers.
    Other,
}

/// A command with its options.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct CommandUse {
    /// The command's name.
    pub(super) name: String,
    /// The subcommand behind it, as in "create data"; empty if there is none.
    pub(super) subcommand: String,
    /// The texts given, by option.
    pub(super) texts: Vec<(String, String)>,
    /// What was typed so far of the option that is being typed.
    pub(super) typed: Option<String>,
}
