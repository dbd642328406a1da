//! One interaction and all that a bot says in answer to it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::message::{self, LOADING, Origin, Upload};
use crate::rest::error::RestError;

/// What an interaction is.
pub const COMMAND: u8 = 2;
/// A button or a select menu.
pub const COMPONENT: u8 = 3;
/// A command that is being typed.
pub const AUTOCOMPLETE: u8 = 4;
/// A modal that was submitted.
pub const MODAL: u8 = 5;

/// An interaction, kept for as long as it may be asked about.
#[derive(Debug)]
pub struct Thread {
    /// Where its messages go.
    pub origin: Origin,
    /// What shows that a request is about it.
    pub token: String,
    /// When the member acted.
    pub started: Instant,
    /// The message whose component was used.
    source: Option<Map<String, Value>>,
    answers: Mutex<Answers>,
    /// How often something was said; changes wake those who wait.
    changes: watch::Sender<u64>,
}

/// What the bot said.
#[derive(Debug, Default, Clone)]
pub struct Answers {
    /// The callback: its type, and its data as it came.
    pub callback: Option<(u64, Value)>,
    /// The message that `@original` names.
    pub original: Option<u64>,
    /// Messages by id.
    pub messages: BTreeMap<u64, Map<String, Value>>,
    /// Files by id: media type and bytes.
    pub files: BTreeMap<u64, (Option<String>, Bytes)>,
    /// Messages that were deleted.
    pub deleted: Vec<u64>,
}

impl Answers {
    /// Whether "thinking…" is all that there is.
    pub fn loading(&self) -> bool {
        self.original
            .and_then(|id| self.messages.get(&id))
            .is_some_and(|it| message::flags(it) & LOADING != 0)
    }

    /// The message that `@original` names.
    pub fn original(&self) -> Option<&Map<String, Value>> {
        self.messages.get(&self.original?)
    }

    /// All other messages.
    pub fn followups(&self) -> Vec<&Map<String, Value>> {
        self.messages
            .iter()
            .filter(|(id, _)| Some(**id) != self.original)
            .map(|(_, it)| it)
            .collect()
    }
}

/// A message and what came with it.
#[derive(Debug)]
pub struct Draft {
    /// The payload.
    pub data: Map<String, Value>,
    /// The files, each with its new id.
    pub files: Vec<(u64, Upload)>,
}

impl Draft {
    fn check(&self, edit: bool) -> Result<(), RestError> {
        let files: Vec<Upload> = self.files.iter().map(|(_, file)| file.clone()).collect();
        message::check(&self.data, &files, edit)
    }
}

impl Thread {
    /// An interaction that nobody has answered yet.
    pub fn new(origin: Origin, token: String, source: Option<Map<String, Value>>) -> Self {
        Self {
            origin,
            token,
            started: Instant::now(),
            source,
            answers: Mutex::default(),
            changes: watch::Sender::new(0),
        }
    }

    /// The message whose component was used.
    pub fn source(&self) -> Option<&Map<String, Value>> {
        self.source.as_ref()
    }

    /// What the bot has said up to now.
    pub fn answers(&self) -> Answers {
        self.answers.lock().clone()
    }

    /// Changes when the bot says something.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The first answer. It must come within `timeout`, once, and suit the interaction.
    pub fn call_back(
        &self,
        kind: u64,
        draft: Draft,
        id: u64,
        timeout: Duration,
    ) -> Result<Answers, RestError> {
        let mut answers = self.answers.lock();
        if answers.callback.is_some() {
            return Err(RestError::AlreadyAcknowledged);
        }
        if self.started.elapsed() > timeout {
            return Err(RestError::UnknownInteraction);
        }
        self.check_callback(kind, &draft)?;
        match kind {
            4 => self.add(&mut answers, id, &draft),
            5 => {
                let flags = message::flags(&draft.data) | LOADING;
                let data = message::object(json!({"flags": flags}));
                self.add(
                    &mut answers,
                    id,
                    &Draft {
                        data,
                        files: vec![],
                    },
                );
            }
            6 | 7 => {
                if let Some((id, source)) = self.source_message() {
                    answers.messages.insert(id, source);
                    answers.original = Some(id);
                }
            }
            _ => {}
        }
        if let (7, Some(id)) = (kind, answers.original) {
            self.change(&mut answers, id, &draft);
        }
        answers.callback = Some((kind, draft.data.into()));
        Ok(self.changed(&answers))
    }

    fn check_callback(&self, kind: u64, draft: &Draft) -> Result<(), RestError> {
        let suits = match kind {
            4 | 5 | 12 => self.origin.kind != AUTOCOMPLETE,
            6 | 7 => self.source.is_some(),
            8 => self.origin.kind == AUTOCOMPLETE,
            9 => matches!(self.origin.kind, COMMAND | COMPONENT),
            _ => false,
        };
        if !suits {
            let message = format!(
                "Value must not be {kind} for an interaction of type {}.",
                self.origin.kind
            );
            return Err(RestError::field("type", "BASE_TYPE_CHOICES", message));
        }
        let required = |key: &str| match draft.data.contains_key(key) {
            true => Ok(()),
            false => Err(RestError::field(
                &format!("data.{key}"),
                "BASE_TYPE_REQUIRED",
                "This field is required",
            )),
        };
        match kind {
            4 => draft.check(false),
            7 => draft.check(true),
            8 => required("choices").and_then(|()| message::check_choices(&draft.data)),
            9 => required("custom_id")
                .and_then(|()| required("title"))
                .and_then(|()| required("components")),
            _ => Ok(()),
        }
    }

    /// A follow-up. The first one after "thinking…" takes its place.
    pub fn follow_up(&self, draft: &Draft, id: u64) -> Result<Map<String, Value>, RestError> {
        let mut answers = self.answers.lock();
        if answers.callback.is_none() {
            return Err(RestError::UnknownWebhook);
        }
        draft.check(false)?;
        let id = match answers.original {
            Some(original) if answers.loading() => {
                self.change(&mut answers, original, draft);
                original
            }
            _ => {
                self.add(&mut answers, id, draft);
                id
            }
        };
        self.changed(&answers);
        answers
            .messages
            .get(&id)
            .cloned()
            .ok_or(RestError::UnknownMessage)
    }

    /// Reads a message.
    pub fn message(&self, name: &str) -> Result<Map<String, Value>, RestError> {
        let answers = self.answers.lock();
        let id = Self::find(&answers, name)?;
        answers
            .messages
            .get(&id)
            .cloned()
            .ok_or(RestError::UnknownMessage)
    }

    /// Edits a message.
    pub fn edit(&self, name: &str, draft: &Draft) -> Result<Map<String, Value>, RestError> {
        let mut answers = self.answers.lock();
        let id = Self::find(&answers, name)?;
        draft.check(true)?;
        self.change(&mut answers, id, draft);
        self.changed(&answers);
        answers
            .messages
            .get(&id)
            .cloned()
            .ok_or(RestError::UnknownMessage)
    }

    /// Takes in what became of a message that another interaction has changed, if this one has it too.
    pub fn follow(&self, id: u64, changed: &Map<String, Value>) {
        let mut answers = self.answers.lock();
        if let Some(message) = answers.messages.get_mut(&id) {
            message.clone_from(changed);
        }
    }

    /// Deletes a message.
    pub fn delete(&self, name: &str) -> Result<(), RestError> {
        let mut answers = self.answers.lock();
        let id = Self::find(&answers, name)?;
        answers.messages.remove(&id);
        answers.deleted.push(id);
        if answers.original == Some(id) {
            answers.original = None;
        }
        self.changed(&answers);
        Ok(())
    }

    fn find(answers: &Answers, name: &str) -> Result<u64, RestError> {
        if answers.callback.is_none() {
            return Err(RestError::UnknownWebhook);
        }
        let id = if name == "@original" {
            answers.original
        } else {
            name.parse().ok()
        };
        id.filter(|id| answers.messages.contains_key(id))
            .ok_or(RestError::UnknownMessage)
    }

    fn source_message(&self) -> Option<(u64, Map<String, Value>)> {
        let source = self.source.clone()?;
        let id = source.get("id")?.as_str()?.parse().ok()?;
        Some((id, source))
    }

    fn add(&self, answers: &mut Answers, id: u64, draft: &Draft) {
        let first = answers.callback.is_none();
        // 20: the reply to a command; 19: a reply.
        let kind = if first && self.origin.kind == COMMAND {
            20
        } else {
            19
        };
        answers.messages.insert(
            id,
            message::new(id, &self.origin, &draft.data, &draft.files, kind),
        );
        if first {
            answers.original = Some(id);
        }
        keep(answers, draft);
    }

    fn change(&self, answers: &mut Answers, id: u64, draft: &Draft) {
        if let Some(message) = answers.messages.get_mut(&id) {
            message::edit(message, &self.origin, &draft.data, &draft.files);
        }
        keep(answers, draft);
    }

    fn changed(&self, answers: &Answers) -> Answers {
        self.changes.send_modify(|changes| *changes += 1);
        answers.clone()
    }
}

fn keep(answers: &mut Answers, draft: &Draft) {
    for (id, file) in &draft.files {
        answers
            .files
            .insert(*id, (file.content_type.clone(), file.bytes.clone()));
    }
}
