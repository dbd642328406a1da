//! Changes to JSON that is about to be sent, so that tests see how a client takes what Discord may
//! send: members of objects with other values, or missing.
//!
//! A merge patch (RFC 7396) could not set null, which is a value that Discord sends.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

/// Values to set and to remove, named by JSON pointers (RFC 6901).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Patch {
    /// What is there instead. Set after the removals, in the order of the pointers.
    #[serde(default)]
    pub set: BTreeMap<String, Value>,
    /// What is not there.
    #[serde(default)]
    pub remove: Vec<String>,
}

/// A pointer that leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatchError {
    /// It does not begin with a slash.
    #[error("\"{0}\" is not a JSON pointer; \"/member/user/avatar\" is one")]
    NotAPointer(String),
    /// It is inside of nothing.
    #[error("\"{0}\" cannot be set: there is no object or array that it would be in")]
    NoParent(String),
    /// There is nothing to remove.
    #[error("\"{0}\" cannot be removed: it is not there")]
    Absent(String),
}

impl Patch {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.remove.is_empty()
    }

    /// Changes `json`. After an error, part of it may be changed.
    pub fn apply(&self, json: &mut Value) -> Result<(), PatchError> {
        for pointer in &self.remove {
            let (parent, key) = split(pointer)?;
            let removed = json.pointer_mut(parent).and_then(|it| remove(it, &key));
            removed.ok_or_else(|| PatchError::Absent(pointer.clone()))?;
        }
        for (pointer, value) in &self.set {
            let (parent, key) = split(pointer)?;
            let set = json.pointer_mut(parent);
            set.and_then(|parent| set_in(parent, key, value.clone()))
                .ok_or_else(|| PatchError::NoParent(pointer.clone()))?;
        }
        Ok(())
    }
}

/// The pointer to the parent, and the key in it.
fn split(pointer: &str) -> Result<(&str, String), PatchError> {
    let found = pointer.rsplit_once('/');
    let split = found.filter(|(parent, _)| parent.is_empty() || parent.starts_with('/'));
    let (parent, key) = split.ok_or_else(|| PatchError::NotAPointer(pointer.to_owned()))?;
    Ok((parent, key.replace("~1", "/").replace("~0", "~")))
}

fn remove(parent: &mut Value, key: &str) -> Option<Value> {
    match parent {
        Value::Object(map) => map.remove(key),
        Value::Array(list) => {
            let index = key.parse().ok().filter(|index| *index < list.len())?;
            Some(list.remove(index))
        }
        _ => None,
    }
}

/// In an array, `-` is the place after the last.
fn set_in(parent: &mut Value, key: String, value: Value) -> Option<()> {
    match parent {
        Value::Object(map) => _ = map.insert(key, value),
        Value::Array(list) if key == "-" => list.push(value),
        Value::Array(list) => *list.get_mut(key.parse::<usize>().ok()?)? = value,
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patched(patch: Value) -> Result<Value, PatchError> {
        let mut json = json!({"a": {"b": 1, "c/d": [1, 2]}, "e": null});
        let patch: Patch = serde_json::from_value(patch).unwrap();
        patch.apply(&mut json)?;
        Ok(json)
    }

    #[test]
    fn values_are_set_null_among_them() {
        let patch = json!({"set": {"/a/b": null, "/a/c~1d/0": {}, "/a/c~1d/-": 3, "/new": {}, "/new/x": 1}});
        let wanted = json!({"a": {"b": null, "c/d": [{}, 2, 3]}, "e": null, "new": {"x": 1}});
        assert_eq!(patched(patch), Ok(wanted));
    }

    #[test]
    fn values_are_removed_before_others_are_set() {
        let patch = json!({"remove": ["/a/c~1d/0", "/e"], "set": {"/a/c~1d/0": 9}});
        assert_eq!(patched(patch), Ok(json!({"a": {"b": 1, "c/d": [9]}})));
    }

    #[test]
    fn pointers_that_lead_nowhere_are_named() {
        let text = |pointer: &str| pointer.to_owned();
        for (patch, error) in [
            (
                json!({"set": {"/x/y": 1}}),
                PatchError::NoParent(text("/x/y")),
            ),
            (
                json!({"set": {"/a/b/c": 1}}),
                PatchError::NoParent(text("/a/b/c")),
            ),
            (
                json!({"set": {"/a/c~1d/2": 1}}),
                PatchError::NoParent(text("/a/c~1d/2")),
            ),
            (
                json!({"set": {"a/b": 1}}),
                PatchError::NotAPointer(text("a/b")),
            ),
            (json!({"set": {"": 1}}), PatchError::NotAPointer(text(""))),
            (json!({"remove": ["/x"]}), PatchError::Absent(text("/x"))),
            (
                json!({"remove": ["/a/c~1d/2"]}),
                PatchError::Absent(text("/a/c~1d/2")),
            ),
        ] {
            assert_eq!(patched(patch), Err(error));
        }
    }
}
