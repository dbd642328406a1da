//! The commands that the bot has registered, globally and for the guild.

use serde_json::{Map, Value, json};

use super::interactions::message::object;
use super::rest::error::{FieldErrors, RestError};
use super::world::BOT_ID;

/// The most chat commands in one scope.
const MAX_COMMANDS: usize = 100;
const CHAT_INPUT: u64 = 1;

/// Registered commands in the order of their registration.
#[derive(Debug, Default)]
pub struct Commands {
    list: Vec<Command>,
}

#[derive(Debug, Clone)]
struct Command {
    id: u64,
    guild: Option<u64>,
    fields: Map<String, Value>,
}

/// Whether a command is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    /// There was none of the name.
    Created,
    /// It took the place of one.
    Replaced,
}

impl Commands {
    /// All commands of a scope: a guild, or everywhere.
    pub fn list(&self, guild: Option<u64>) -> Vec<Value> {
        self.of(guild)
            .map(|command| command.fields.clone().into())
            .collect()
    }

    /// One command.
    pub fn get(&self, guild: Option<u64>, id: u64) -> Option<Value> {
        self.of(guild)
            .find(|command| command.id == id)
            .map(|command| command.fields.clone().into())
    }

    /// The command that a member means: the guild's own comes before the global one.
    pub fn named(&self, guild: u64, name: &str, kind: Option<u64>) -> Option<Map<String, Value>> {
        let matches = |command: &&Command| {
            let (its_name, its_kind) = identity(&command.fields);
            its_name == name && kind.is_none_or(|kind| kind == its_kind)
        };
        let found = self
            .of(Some(guild))
            .find(matches)
            .or_else(|| self.of(None).find(matches));
        found.map(|command| command.fields.clone())
    }

    /// The names of all commands.
    pub fn names(&self) -> Vec<String> {
        self.list
            .iter()
            .map(|command| identity(&command.fields).0.to_owned())
            .collect()
    }

    /// Registers a command, in the place of one with the same name and type.
    pub fn register(
        &mut self,
        guild: Option<u64>,
        body: &Value,
        new_id: u64,
    ) -> Result<(Value, Registered), RestError> {
        let mut errors = FieldErrors::default();
        check(body, "", &mut errors);
        errors.into_result()?;
        let given = body.as_object().cloned().unwrap_or_default();
        let same = |command: &&mut Command| {
            command.guild == guild && identity(&command.fields) == identity(&given)
        };
        if let Some(old) = self.list.iter_mut().find(same) {
            old.fields = complete(guild, old.id, new_id, given);
            return Ok((old.fields.clone().into(), Registered::Replaced));
        }
        if self.of(guild).count() >= MAX_COMMANDS {
            return Err(RestError::TooManyCommands);
        }
        let fields = complete(guild, new_id, new_id, given);
        self.list.push(Command {
            id: new_id,
            guild,
            fields: fields.clone(),
        });
        Ok((fields.into(), Registered::Created))
    }

    /// Changes fields of a command.
    pub fn edit(
        &mut self,
        guild: Option<u64>,
        id: u64,
        changes: &Value,
        version: u64,
    ) -> Result<Value, RestError> {
        let command = self
            .list
            .iter_mut()
            .find(|command| command.guild == guild && command.id == id);
        let command = command.ok_or(RestError::UnknownCommand)?;
        let mut fields = command.fields.clone();
        fields.extend(changes.as_object().cloned().ok_or_else(not_an_object)?);
        let mut errors = FieldErrors::default();
        check(&fields.clone().into(), "", &mut errors);
        errors.into_result()?;
        command.fields = complete(guild, id, version, fields);
        Ok(command.fields.clone().into())
    }

    /// Takes a command out.
    pub fn delete(&mut self, guild: Option<u64>, id: u64) -> Result<(), RestError> {
        let before = self.list.len();
        self.list
            .retain(|command| !(command.guild == guild && command.id == id));
        if self.list.len() == before {
            Err(RestError::UnknownCommand)
        } else {
            Ok(())
        }
    }

    /// Makes these the only commands of a scope. Those that were there keep their ids. If one is
    /// at fault, nothing changes.
    pub fn overwrite(
        &mut self,
        guild: Option<u64>,
        bodies: &[Value],
        mut new_id: impl FnMut() -> u64,
    ) -> Result<Vec<Value>, RestError> {
        let mut errors = FieldErrors::default();
        for (number, body) in bodies.iter().enumerate() {
            check(body, &format!("{number}."), &mut errors);
        }
        errors.into_result()?;
        let old: Vec<Command> = self.of(guild).cloned().collect();
        let before = self.list.clone();
        self.list.retain(|command| command.guild != guild);
        let mut registered = Vec::with_capacity(bodies.len());
        for body in bodies {
            let given = body.as_object().cloned().unwrap_or_default();
            let same = old
                .iter()
                .find(|command| identity(&command.fields) == identity(&given));
            let id = same.map_or_else(&mut new_id, |command| command.id);
            match self.register(guild, body, id) {
                Ok((command, _)) => registered.push(command),
                Err(error) => {
                    self.list = before;
                    return Err(error);
                }
            }
        }
        Ok(registered)
    }

    fn of(&self, guild: Option<u64>) -> impl Iterator<Item = &Command> {
        self.list
            .iter()
            .filter(move |command| command.guild == guild)
    }
}

fn identity(fields: &Map<String, Value>) -> (&str, u64) {
    let name = fields
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    (
        name,
        fields
            .get("type")
            .and_then(Value::as_u64)
            .unwrap_or(CHAT_INPUT),
    )
}

/// What was given, with what Discord adds.
fn complete(
    guild: Option<u64>,
    id: u64,
    version: u64,
    given: Map<String, Value>,
) -> Map<String, Value> {
    let mut command = object(json!({
        "type": CHAT_INPUT, "description": "", "name_localizations": null, "description_localizations": null,
        "default_member_permissions": null, "dm_permission": true, "nsfw": false, "integration_types": [0],
        "contexts": null, "options": [],
    }));
    command.extend(given);
    for (key, value) in [("id", id), ("application_id", BOT_ID), ("version", version)] {
        command.insert(key.to_owned(), json!(value.to_string()));
    }
    if let Some(guild) = guild {
        // Where a guild's command can be used goes without saying.
        command.insert("contexts".to_owned(), Value::Null);
        command.insert("integration_types".to_owned(), json!([0]));
        command.insert("guild_id".to_owned(), json!(guild.to_string()));
    }
    if command.get("options").is_some_and(Value::is_null) {
        command.insert("options".to_owned(), json!([]));
    }
    command
}

fn not_an_object() -> RestError {
    RestError::field(
        "_",
        "DICT_TYPE_CONVERT",
        "Only dictionaries may be used in a DictType",
    )
}

/// Checks a command or an option; `at` is where in the form it is.
fn check(body: &Value, at: &str, errors: &mut FieldErrors) {
    let Some(body) = body.as_object() else {
        return errors.add(
            &format!("{at}_"),
            "DICT_TYPE_CONVERT",
            "Only dictionaries may be used in a DictType",
        );
    };
    let kind = body
        .get("type")
        .and_then(Value::as_u64)
        .unwrap_or(CHAT_INPUT);
    // Options of commands for users and messages do not exist; those of chat commands are lower case.
    let strict = at.contains("options.") || kind == CHAT_INPUT;
    match body.get("name").and_then(Value::as_str) {
        None => errors.add(
            &format!("{at}name"),
            "BASE_TYPE_REQUIRED",
            "This field is required",
        ),
        Some(name) if !(1..=32).contains(&name.chars().count()) => {
            errors.add(
                &format!("{at}name"),
                "BASE_TYPE_BAD_LENGTH",
                "Must be between 1 and 32 in length.",
            );
        }
        Some(name) if strict && !chat_name(name) => {
            errors.add(
                &format!("{at}name"),
                "APPLICATION_COMMAND_INVALID_NAME",
                "Command name is invalid",
            );
        }
        Some(_) => {}
    }
    let description = body
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .chars()
        .count();
    if strict && description == 0 {
        errors.add(
            &format!("{at}description"),
            "BASE_TYPE_REQUIRED",
            "This field is required",
        );
    } else if description > 100 {
        errors.add(
            &format!("{at}description"),
            "BASE_TYPE_BAD_LENGTH",
            "Must be between 1 and 100 in length.",
        );
    }
    let options = body
        .get("options")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    if options.len() > 25 {
        errors.add(
            &format!("{at}options"),
            "BASE_TYPE_MAX_LENGTH",
            "Must be 25 or fewer in length.",
        );
    }
    for (number, option) in options.iter().enumerate() {
        check(option, &format!("{at}options.{number}."), errors);
    }
}

fn chat_name(name: &str) -> bool {
    name.chars().all(|c| {
        matches!(c, '-' | '_' | '\'') || (c.is_alphanumeric() && !c.is_uppercase()) || is_mark(c)
    })
}

/// Vowel signs of Devanagari and Thai, which names may contain though they are no letters.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{0900}'..='\u{097f}' | '\u{0e00}'..='\u{0e7f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(name: &str) -> Value {
        json!({"name": name, "description": "does it"})
    }

    #[test]
    fn overwriting_keeps_the_ids_of_those_that_stay() {
        let mut commands = Commands::default();
        let (first, _) = commands.register(None, &command("a"), 1).unwrap();
        let mut next = 10;
        let mut new_id = || {
            next += 1;
            next
        };
        let list = commands
            .overwrite(None, &[command("b"), command("a")], &mut new_id)
            .unwrap();
        assert_eq!(list[1]["id"], first["id"]);
        assert_eq!(commands.list(None).len(), 2);
        assert!(commands.overwrite(None, &[json!({})], new_id).is_err());
        assert_eq!(commands.list(None).len(), 2);
    }

    #[test]
    fn the_guilds_command_comes_before_the_global_one() {
        let mut commands = Commands::default();
        commands.register(None, &command("a"), 1).unwrap();
        commands.register(Some(5), &command("a"), 2).unwrap();
        assert_eq!(commands.named(5, "a", None).unwrap()["id"], "2");
        assert_eq!(commands.named(6, "a", None).unwrap()["id"], "1");
    }

    #[test]
    fn registering_again_replaces() {
        let mut commands = Commands::default();
        assert_eq!(
            commands.register(None, &command("a"), 1).unwrap().1,
            Registered::Created
        );
        let (again, registered) = commands.register(None, &command("a"), 2).unwrap();
        assert_eq!(
            (&again["id"], registered),
            (&json!("1"), Registered::Replaced)
        );
    }

    #[test]
    fn malformed_commands_are_refused() {
        let mut commands = Commands::default();
        for body in [
            json!([]),
            json!({"name": "A B", "description": "x"}),
            json!({"name": "a"}),
            json!({"name": "x".repeat(33), "description": "x"}),
            json!({"name": "a", "description": "x", "options": [{"name": "b"}]}),
        ] {
            assert!(
                matches!(
                    commands.register(None, &body, 1),
                    Err(RestError::InvalidForm(_))
                ),
                "{body}"
            );
        }
        assert!(
            commands
                .register(None, &json!({"name": "Show Card", "type": 2}), 1)
                .is_ok()
        );
        assert!(commands.register(None, &command("灯"), 2).is_ok());
    }
}
