//! Counters of commands, for metrics.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use parking_lot::Mutex;

/// What came of a command or a button.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Outcome {
    /// What was asked was done.
    Done,
    /// It was not done, because of what was asked.
    Refused,
    /// It could not be done.
    Failed,
    /// Whatever came of it, Discord did not take the answer.
    Unanswered,
}

impl Outcome {
    /// Its name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Unanswered => "unanswered",
        }
    }
}

/// What was counted since the start. Every figure only grows.
#[derive(Debug, Default)]
pub struct CommandStats {
    commands: Mutex<BTreeMap<(String, Outcome), u64>>,
    pub(super) completions: AtomicU64,
    pub(super) promised: AtomicU64,
    pub(super) turned_away: AtomicU64,
}

impl CommandStats {
    /// Commands and buttons, by full name and outcome: `storage create data`, `storage reset confirm`.
    pub fn commands(&self) -> Vec<(String, Outcome, u64)> {
        let commands = self.commands.lock();
        let each = commands
            .iter()
            .map(|((name, outcome), count)| (name.clone(), *outcome, *count));
        each.collect()
    }

    /// How often keys were completed while they were typed.
    pub fn completions(&self) -> u64 {
        self.completions.load(Relaxed)
    }

    /// Answers that took so long that Discord was told to wait.
    pub fn promised(&self) -> u64 {
        self.promised.load(Relaxed)
    }

    /// Interactions that were not looked at, because too many were under way.
    pub fn turned_away(&self) -> u64 {
        self.turned_away.load(Relaxed)
    }

    /// `name` must be one of a few: each is a label.
    pub(super) fn count(&self, name: String, outcome: Outcome) {
        *self.commands.lock().entry((name, outcome)).or_default() += 1;
    }
}
