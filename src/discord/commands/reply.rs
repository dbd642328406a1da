//! What is said in answer to a command or a button. Only who asked sees it, whatever it is: so no
//! command shows a secret by forgetting to say that it is one.

use std::time::Duration;

use serenity::all::{
    ButtonStyle, CreateActionRow, CreateAllowedMentions, CreateAttachment, CreateButton,
    CreateInteractionResponseFollowup, CreateInteractionResponseMessage, EditInteractionResponse,
};

use super::{questions::Question, stats::Outcome};

/// The longest text of a message, in characters.
pub(super) const LONGEST_TEXT: usize = 2_000;

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    /// How it went.
    pub(super) outcome: Outcome,
    /// Where a button's answer goes.
    pub(super) place: Place,
    /// What happens if nobody presses a button.
    pub(super) expiry: Option<Box<Expiry>>,
    text: String,
    file: Option<File>,
    buttons: Vec<Button>,
}

/// Where the answer to a button goes. That to a command is always a message of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    /// In place of the message with the button.
    Instead,
    /// Into a message of its own.
    Apart,
}

/// A question that is taken back if nobody answers it.
#[derive(Clone, Debug)]
pub(super) struct Expiry {
    /// When.
    pub(super) after: Duration,
    /// Which.
    pub(super) question: Question,
    /// What its message says then; its buttons are gone.
    pub(super) text: String,
}

/// A file to attach.
#[derive(Clone, Debug)]
pub(super) struct File {
    /// What it is called.
    pub(super) name: String,
    /// What is in it.
    pub(super) bytes: Vec<u8>,
}

/// A button below an answer.
#[derive(Clone, Debug)]
pub(super) struct Button {
    /// What it is known by, 100 characters at most; begins with the command's name and a colon.
    pub(super) id: String,
    /// What is on it.
    pub(super) label: &'static str,
    /// What it looks like.
    pub(super) style: ButtonStyle,
}

impl Reply {
    fn new(outcome: Outcome, text: impl Into<String>) -> Self {
        Self {
            outcome,
            place: Place::Instead,
            expiry: None,
            text: text.into(),
            file: None,
            buttons: Vec::new(),
        }
    }

    /// What was asked was done.
    pub(super) fn done(text: impl Into<String>) -> Self {
        Self::new(Outcome::Done, text)
    }

    /// It was not done, because of what was asked.
    pub(super) fn refused(text: impl Into<String>) -> Self {
        Self::new(Outcome::Refused, text)
    }

    /// It could not be done.
    pub(super) fn failed(text: impl Into<String>) -> Self {
        Self::new(Outcome::Failed, text)
    }

    /// With a file.
    pub(super) fn with_file(mut self, name: impl Into<String>, bytes: Vec<u8>) -> Self {
        let name = name.into();
        self.file = Some(File { name, bytes });
        self
    }

    /// With buttons, in one row, and what happens if none of them is pressed.
    pub(super) fn asking(mut self, buttons: Vec<Button>, expiry: Expiry) -> Self {
        self.buttons = buttons;
        self.expiry = Some(Box::new(expiry));
        self
    }

    /// In a message of its own, if it answers a button.
    pub(super) fn apart(mut self) -> Self {
        self.place = Place::Apart;
        self
    }

    fn rows(&self) -> Vec<CreateActionRow> {
        let button = |button: &Button| {
            CreateButton::new(&button.id)
                .label(button.label)
                .style(button.style)
        };
        match self.buttons.as_slice() {
            [] => Vec::new(),
            buttons => vec![CreateActionRow::Buttons(
                buttons.iter().map(button).collect(),
            )],
        }
    }

    fn attachment(&self) -> Option<CreateAttachment> {
        let file = self.file.as_ref()?;
        Some(CreateAttachment::bytes(file.bytes.clone(), &file.name))
    }

    /// As a message that only who asked sees.
    pub(super) fn message(&self) -> CreateInteractionResponseMessage {
        self.update().ephemeral(true)
    }

    /// In place of the message with the button.
    pub(super) fn update(&self) -> CreateInteractionResponseMessage {
        CreateInteractionResponseMessage::new()
            .content(&self.text)
            .components(self.rows())
            .allowed_mentions(CreateAllowedMentions::new())
            .add_files(self.attachment())
    }

    /// In place of what was promised.
    pub(super) fn edit(&self) -> EditInteractionResponse {
        let edit = EditInteractionResponse::new()
            .content(&self.text)
            .components(self.rows())
            .allowed_mentions(CreateAllowedMentions::new());
        match self.attachment() {
            Some(file) => edit.new_attachment(file),
            None => edit,
        }
    }

    /// As one more message.
    pub(super) fn followup(&self) -> CreateInteractionResponseFollowup {
        CreateInteractionResponseFollowup::new()
            .content(&self.text)
            .components(self.rows())
            .allowed_mentions(CreateAllowedMentions::new())
            .add_files(self.attachment())
            .ephemeral(true)
    }
}
