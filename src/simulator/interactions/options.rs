//! Options of a command as people write them, made into what Discord sends.
//!
//! They are given by name, `{"text": "hi", "sub": {"count": 2}}`, or as Discord sends them.

use serde_json::{Map, Value, json};

use crate::control::error::ControlError;

const SUB_COMMAND: u64 = 1;
const SUB_COMMAND_GROUP: u64 = 2;
const STRING: u64 = 3;
/// The longest text that an option takes.
const MAX_TEXT: u64 = 6_000;

/// What an interaction's options must be like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness {
    /// The command was sent: required options must be there, and values of their type.
    Sent,
    /// The command is being typed.
    Typing,
}

/// Makes the `options` of an interaction from the command's definitions and what was given.
pub fn resolve(
    definitions: &Value,
    given: &Value,
    completeness: Completeness,
) -> Result<Vec<Value>, ControlError> {
    let definitions = definitions
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let options = match given {
        Value::Null => vec![],
        Value::Object(by_name) => by_name
            .iter()
            .map(|(name, value)| by_definition(definitions, name, value, completeness))
            .collect::<Result<_, _>>()?,
        Value::Array(list) => list
            .iter()
            .map(|option| as_sent(definitions, option, completeness))
            .collect::<Result<_, _>>()?,
        _ => {
            return Err(wrong(
                "options are an object, or a list as Discord sends it",
            ));
        }
    };
    if completeness == Completeness::Sent {
        require_all(definitions, &options)?;
    }
    Ok(options)
}

fn by_definition(
    definitions: &[Value],
    name: &str,
    value: &Value,
    completeness: Completeness,
) -> Result<Value, ControlError> {
    let definition = find(definitions, name)?;
    let kind = kind_of(definition);
    if matches!(kind, SUB_COMMAND | SUB_COMMAND_GROUP) {
        let inner = definition.get("options").unwrap_or(&Value::Null);
        return Ok(
            json!({"name": name, "type": kind, "options": resolve(inner, value, completeness)?}),
        );
    }
    if completeness == Completeness::Sent {
        check(name, kind, value)?;
        check_length(name, definition, value)?;
    }
    Ok(json!({"name": name, "type": kind, "value": value}))
}

fn as_sent(
    definitions: &[Value],
    option: &Value,
    completeness: Completeness,
) -> Result<Value, ControlError> {
    let mut option: Map<String, Value> = option
        .as_object()
        .cloned()
        .ok_or_else(|| wrong("each option is an object"))?;
    let name = option
        .get("name")
        .and_then(Value::as_str)
        .ok_or_else(|| wrong("each option has a name"))?
        .to_owned();
    let given = match (option.get("options"), option.get("value")) {
        (Some(options), _) => options.clone(),
        (None, Some(value)) => value.clone(),
        (None, None) => Value::Null,
    };
    let Value::Object(resolved) = by_definition(definitions, &name, &given, completeness)? else {
        return Ok(option.into());
    };
    option.extend(resolved);
    Ok(option.into())
}

fn find<'a>(definitions: &'a [Value], name: &str) -> Result<&'a Value, ControlError> {
    let names = || {
        definitions
            .iter()
            .filter_map(name_of)
            .collect::<Vec<_>>()
            .join(", ")
    };
    definitions
        .iter()
        .find(|definition| name_of(definition) == Some(name))
        .ok_or_else(|| {
            wrong(format!(
                "the command has no option \"{name}\"; it has: {}",
                names()
            ))
        })
}

fn require_all(definitions: &[Value], options: &[Value]) -> Result<(), ControlError> {
    let given = |name| options.iter().any(|option| name_of(option) == name);
    let required = |definition: &&Value| definition.get("required").is_some_and(|it| *it == true);
    match definitions
        .iter()
        .filter(required)
        .find(|definition| !given(name_of(definition)))
    {
        Some(missing) => Err(wrong(format!(
            "the option \"{}\" is required",
            name_of(missing).unwrap_or_default()
        ))),
        None => Ok(()),
    }
}

fn check(name: &str, kind: u64, value: &Value) -> Result<(), ControlError> {
    let (fits, what) = match kind {
        3 => (value.is_string(), "a string"),
        4 => (value.is_i64() || value.is_u64(), "a whole number"),
        5 => (value.is_boolean(), "true or false"),
        10 => (value.is_number(), "a number"),
        6..=9 | 11 => (
            value.as_str().is_some_and(|id| id.parse::<u64>().is_ok()),
            "an id, as a string",
        ),
        _ => (true, "anything"),
    };
    if fits {
        Ok(())
    } else {
        Err(wrong(format!("the option \"{name}\" takes {what}")))
    }
}

/// Discord lets nobody send a text that is longer or shorter than the command says.
fn check_length(name: &str, definition: &Value, value: &Value) -> Result<(), ControlError> {
    let Some(text) = value.as_str().filter(|_| kind_of(definition) == STRING) else {
        return Ok(());
    };
    let bound = |key: &str| definition.get(key).and_then(Value::as_u64);
    let least = bound("min_length").unwrap_or_default();
    let most = bound("max_length").unwrap_or(MAX_TEXT);
    let length = text.chars().count() as u64;
    if (least..=most).contains(&length) {
        Ok(())
    } else {
        Err(wrong(format!(
            "the option \"{name}\" takes {least} to {most} characters"
        )))
    }
}

/// Whether the option that is typed is one that the bot completes.
pub fn is_completed(definitions: &Value, options: &[Value]) -> bool {
    let definitions = definitions.as_array().map(Vec::as_slice);
    let definitions = definitions.unwrap_or_default();
    options.iter().any(|option| {
        let name = name_of(option).unwrap_or_default();
        let Ok(definition) = find(definitions, name) else {
            return false;
        };
        let is_true = |of: &Value, key: &str| of.get(key).is_some_and(|it| *it == true);
        match option.get("options").and_then(Value::as_array) {
            Some(inner) => is_completed(definition.get("options").unwrap_or(&Value::Null), inner),
            None => is_true(option, "focused") && is_true(definition, "autocomplete"),
        }
    })
}

/// Marks the option that is being typed: the one named, or the last.
pub fn focus(options: &mut [Value], name: Option<&str>) -> bool {
    let position = match name {
        Some(name) => options
            .iter()
            .position(|option| name_of(option) == Some(name)),
        None => options.len().checked_sub(1),
    };
    if let Some(Value::Object(option)) = position.and_then(|position| options.get_mut(position)) {
        if let Some(Value::Array(inner)) = option.get_mut("options") {
            return focus(inner, name);
        }
        option.insert("focused".to_owned(), json!(true));
        return true;
    }
    options
        .iter_mut()
        .filter_map(|option| option.get_mut("options")?.as_array_mut())
        .any(|inner| focus(inner, name))
}

/// The ids that options of users, channels, roles and mentionables hold, with their kinds.
pub fn mentioned(options: &[Value]) -> Vec<(u64, u64)> {
    options
        .iter()
        .flat_map(
            |option| match option.get("options").and_then(Value::as_array) {
                Some(inner) => mentioned(inner),
                None => {
                    let id = option
                        .get("value")
                        .and_then(Value::as_str)
                        .and_then(|id| id.parse().ok());
                    id.map(|id| (kind_of(option), id)).into_iter().collect()
                }
            },
        )
        .filter(|(kind, _)| (6..=9).contains(kind))
        .collect()
}

fn kind_of(definition: &Value) -> u64 {
    definition.get("type").and_then(Value::as_u64).unwrap_or(3)
}

fn name_of(definition: &Value) -> Option<&str> {
    definition.get("name").and_then(Value::as_str)
}

fn wrong(message: impl Into<String>) -> ControlError {
    ControlError::InvalidOption(message.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definitions() -> Value {
        json!([{"name": "set", "type": 1, "options": [
            {"name": "key", "type": 3, "required": true, "max_length": 5, "autocomplete": true}, {"name": "count", "type": 4}, {"name": "who", "type": 6},
        ]}])
    }

    #[test]
    fn options_by_name_become_those_that_discord_sends() {
        let given = json!({"set": {"key": "a", "count": 2, "who": "77"}});
        let options = resolve(&definitions(), &given, Completeness::Sent).unwrap();
        assert_eq!(options[0]["type"], 1);
        assert_eq!(
            options[0]["options"][1],
            json!({"name": "key", "type": 3, "value": "a"})
        );
        assert_eq!(mentioned(&options), [(6, 77)]);
        assert_eq!(
            resolve(&definitions(), &json!(options), Completeness::Sent).unwrap(),
            options
        );
    }

    #[test]
    fn faults_are_named() {
        for (given, says) in [
            (json!({"get": {}}), "no option \"get\"; it has: set"),
            (json!({"set": {}}), "\"key\" is required"),
            (json!({"set": {"key": "a", "count": "2"}}), "a whole number"),
            (json!({"set": {"key": "longer"}}), "0 to 5 characters"),
            (json!(5), "an object"),
        ] {
            let error = resolve(&definitions(), &given, Completeness::Sent)
                .unwrap_err()
                .to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn what_is_typed_is_marked() {
        let mut options = resolve(
            &definitions(),
            &json!({"set": {"key": "a"}}),
            Completeness::Typing,
        )
        .unwrap();
        assert!(focus(&mut options, Some("key")));
        assert_eq!(options[0]["options"][0]["focused"], true);
        assert!(is_completed(&definitions(), &options));
        assert!(!focus(&mut options, Some("nothing")));
    }
}
