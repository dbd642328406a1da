//! Interactions: what members did with commands and components, and what the bot said to it.
//!
//! [`create`] builds the event, [`thread`] keeps one interaction's answers, [`message`] makes
//! messages of them.

pub mod create;
pub mod message;
pub mod options;
pub mod thread;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::{Map, Value};

use super::world::snowflake::{now_ms, snowflake};
use thread::Thread;

/// Interactions that are kept.
const KEPT: usize = 1000;
/// How long the token of an interaction is good for.
const TOKEN_LIFETIME: Duration = Duration::from_secs(15 * 60);

/// The interactions of late, by id.
#[derive(Debug, Default)]
pub struct Interactions {
    threads: Mutex<BTreeMap<u64, Arc<Thread>>>,
    next: Mutex<u64>,
}

impl Interactions {
    /// An id that nothing else here has.
    pub fn new_id(&self) -> u64 {
        let mut next = self.next.lock();
        *next = (*next + 1).max(snowflake(now_ms(), 0));
        *next
    }

    /// Keeps an interaction, and lets go of the oldest if there are too many.
    pub fn keep(&self, thread: Arc<Thread>) {
        let mut threads = self.threads.lock();
        threads.insert(thread.origin.interaction, thread);
        if threads.len() > KEPT {
            threads.pop_first();
        }
    }

    /// An interaction by its id.
    pub fn by_id(&self, id: u64) -> Option<Arc<Thread>> {
        self.threads.lock().get(&id).cloned()
    }

    /// An interaction by its token, while that is good.
    pub fn by_token(&self, token: &str) -> Option<Arc<Thread>> {
        let threads = self.threads.lock();
        let thread = threads
            .values()
            .rev()
            .find(|thread| thread.token == token)?;
        (thread.started.elapsed() < TOKEN_LIFETIME).then(|| Arc::clone(thread))
    }

    /// A file that a bot uploaded: its media type and bytes.
    pub fn file(&self, id: u64) -> Option<(Option<String>, Bytes)> {
        self.threads
            .lock()
            .values()
            .rev()
            .find_map(|thread| thread.answers().files.get(&id).cloned())
    }

    /// The newest message that has a component with the custom id, and the component.
    pub fn component(
        &self,
        custom_id: &str,
        message: Option<u64>,
    ) -> Option<(Map<String, Value>, Value)> {
        let threads = self.threads.lock();
        threads.values().rev().find_map(|thread| {
            let answers = thread.answers();
            let messages = answers
                .messages
                .iter()
                .rev()
                .filter(|(id, _)| message.is_none_or(|it| it == **id));
            messages.into_iter().find_map(|(_, message)| {
                let component = find_component(message.get("components")?, custom_id)?;
                Some((message.clone(), component.clone()))
            })
        })
    }

    /// Shows a message as it is now to all interactions that have it: the one it answered, and those
    /// of its buttons.
    pub fn share(&self, thread: &Thread, id: u64) {
        let Some(message) = thread.answers().messages.remove(&id) else {
            return;
        };
        let others: Vec<Arc<Thread>> = self.threads.lock().values().cloned().collect();
        for other in others {
            if other.origin.interaction != thread.origin.interaction {
                other.follow(id, &message);
            }
        }
    }

    /// The newest modal with the custom id, and the message whose component opened it.
    pub fn modal(&self, custom_id: &str) -> Option<(Value, Arc<Thread>)> {
        let threads = self.threads.lock();
        threads.values().rev().find_map(|thread| {
            let (kind, data) = thread.answers().callback?;
            let matches = kind == 9 && data.get("custom_id").is_some_and(|it| it == custom_id);
            matches.then(|| (data, Arc::clone(thread)))
        })
    }
}

/// The component with the custom id, at any depth.
pub fn find_component<'a>(within: &'a Value, custom_id: &str) -> Option<&'a Value> {
    match within {
        Value::Array(list) => list.iter().find_map(|it| find_component(it, custom_id)),
        Value::Object(map) if map.get("custom_id").is_some_and(|it| it == custom_id) => {
            Some(within)
        }
        Value::Object(map) => ["components", "component", "accessory"]
            .into_iter()
            .filter_map(|key| map.get(key))
            .find_map(|it| find_component(it, custom_id)),
        _ => None,
    }
}
