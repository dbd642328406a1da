//! Tells Discord which commands there are: `lantern commands register` and `unregister`.
//!
//! What Discord has is compared with what there should be, and left alone where it is the same:
//! Discord counts changes, and people's clients load changed commands anew. Commands of other names
//! are somebody else's and stay.

use std::time::Duration;

use lantern_actors::domain::GuildId;
use serde_json::{Map, Value};
use serenity::all::{Command as Registered, CommandId, Http, HttpError, StatusCode};

use super::{ALL, command::Command, named};
use crate::discord::{gateway::GatewayConfig, login};

/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// What was done about a command.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Change {
    /// It was not there, and is now.
    Registered,
    /// It was different.
    Updated,
    /// It is as it should be and was not touched.
    Unchanged,
    /// It is not there any more.
    Unregistered,
    /// It is not Lantern's and was not touched.
    Foreign,
}

/// A command and what was done about it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Changed {
    /// Its name.
    pub name: String,
    /// What was done.
    pub change: Change,
}

/// Why Discord's list was not changed, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// The token is not one.
    #[error("Discord does not accept the bot token: check DISCORD_BOT_TOKEN")]
    InvalidToken,
    /// Discord knows no such guild, or lets the bot do nothing there.
    #[error(
        "the bot is not in guild {0}, or was invited there without the scope applications.commands"
    )]
    NoAccess(GuildId),
    /// Discord has another reason.
    #[error("Discord refuses: {0}")]
    Refused(String),
    /// No answer came.
    #[error("Discord cannot be reached: {0}")]
    Unreachable(String),
}

/// A bot, to change its commands.
pub struct Registrar {
    http: Http,
    guild: Option<GuildId>,
}

impl Registrar {
    /// Logs in. The commands are those of one guild, or else those that the bot has everywhere.
    ///
    /// # Errors
    /// The token is wrong, or Discord does not answer.
    pub async fn log_in(
        gateway: &GatewayConfig,
        guild: Option<GuildId>,
    ) -> Result<Self, RegistrationError> {
        let registrar = Self {
            http: login::http(gateway),
            guild,
        };
        let application = registrar
            .ask(registrar.http.get_current_application_info())
            .await?;
        registrar.http.set_application_id(application.id);
        Ok(registrar)
    }

    /// Registers what is missing or different; says what it did about each command.
    ///
    /// # Errors
    /// As [`RegistrationError`] says. Commands before that one were changed.
    pub async fn register(&self) -> Result<Vec<Changed>, RegistrationError> {
        let there = self.list().await?;
        let mut changes = Vec::new();
        for command in ALL {
            let change = self.register_one(command, &there).await?;
            changes.push(Changed {
                name: command.name().to_owned(),
                change,
            });
        }
        changes.extend(there.iter().filter(|old| is_foreign(old)).map(left_alone));
        Ok(changes)
    }

    async fn register_one(
        &self,
        command: &dyn Command,
        there: &[Registered],
    ) -> Result<Change, RegistrationError> {
        let wanted = command.definition();
        let old = there.iter().find(|old| old.name == command.name());
        let form = |command: Option<Value>| normal(command.unwrap_or_default(), self.guild);
        let is_same = old.is_some_and(|old| {
            form(serde_json::to_value(old).ok()) == form(serde_json::to_value(&wanted).ok())
        });
        if is_same {
            return Ok(Change::Unchanged);
        }
        // One of the same name is replaced.
        match self.guild {
            Some(guild) => {
                let guild = guild.get().into();
                self.ask(self.http.create_guild_command(guild, &wanted))
                    .await?
            }
            None => self.ask(self.http.create_global_command(&wanted)).await?,
        };
        Ok(match old {
            Some(_) => Change::Updated,
            None => Change::Registered,
        })
    }

    /// Takes Lantern's commands out; says what it did about each command.
    ///
    /// # Errors
    /// As [`RegistrationError`] says. Commands before that one are gone.
    pub async fn unregister(&self) -> Result<Vec<Changed>, RegistrationError> {
        let there = self.list().await?;
        let mut changes = Vec::new();
        for old in &there {
            if is_foreign(old) {
                changes.push(left_alone(old));
                continue;
            }
            self.delete(old.id).await?;
            changes.push(Changed {
                name: old.name.clone(),
                change: Change::Unregistered,
            });
        }
        Ok(changes)
    }

    async fn list(&self) -> Result<Vec<Registered>, RegistrationError> {
        match self.guild {
            Some(guild) => {
                let guild = guild.get().into();
                self.ask(self.http.get_guild_commands(guild)).await
            }
            None => self.ask(self.http.get_global_commands()).await,
        }
    }

    async fn delete(&self, command: CommandId) -> Result<(), RegistrationError> {
        match self.guild {
            Some(guild) => {
                let guild = guild.get().into();
                self.ask(self.http.delete_guild_command(guild, command))
                    .await
            }
            None => self.ask(self.http.delete_global_command(command)).await,
        }
    }

    async fn ask<T>(
        &self,
        request: impl Future<Output = serenity::Result<T>>,
    ) -> Result<T, RegistrationError> {
        let error = match tokio::time::timeout(REQUEST_TIMEOUT, request).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error,
            Err(_) => return Err(RegistrationError::Unreachable("no answer".to_owned())),
        };
        let serenity::Error::Http(HttpError::UnsuccessfulRequest(answer)) = error else {
            return Err(RegistrationError::Unreachable(error.to_string()));
        };
        Err(match (answer.status_code, self.guild) {
            (StatusCode::UNAUTHORIZED, _) => RegistrationError::InvalidToken,
            (StatusCode::FORBIDDEN | StatusCode::NOT_FOUND, Some(guild)) => {
                RegistrationError::NoAccess(guild)
            }
            _ => RegistrationError::Refused(answer.error.message),
        })
    }
}

fn is_foreign(command: &Registered) -> bool {
    named(&command.name).is_none()
}

fn left_alone(command: &Registered) -> Changed {
    Changed {
        name: command.name.clone(),
        change: Change::Foreign,
    }
}

/// What matters of a command, without what Discord adds and without what is as if it were not said.
fn normal(command: Value, guild: Option<GuildId>) -> Value {
    const KEYS: [&str; 8] = [
        "name",
        "description",
        "name_localizations",
        "description_localizations",
        "default_member_permissions",
        "nsfw",
        "contexts",
        "integration_types",
    ];
    let Value::Object(mut command) = command else {
        return Value::Null;
    };
    let options = command.remove("options").unwrap_or_default();
    // A guild's commands are for that guild, and Discord tells nothing else of them.
    let is_told = |key: &&str| guild.is_none() || !matches!(*key, "contexts" | "integration_types");
    let mut normal: Map<String, Value> = KEYS
        .into_iter()
        .filter(is_told)
        .filter_map(|key| Some((key.to_owned(), command.remove(key)?)))
        .filter(|(_, value)| says_something(value))
        .collect();
    normal.insert("options".to_owned(), normal_options(options));
    normal.into()
}

fn normal_options(options: Value) -> Value {
    let Value::Array(options) = options else {
        return Value::Array(Vec::new());
    };
    let option = |option: Value| match option {
        Value::Object(mut option) => {
            let inner = option.remove("options").unwrap_or_default();
            option.retain(|_, value| says_something(value));
            option.insert("options".to_owned(), normal_options(inner));
            option.into()
        }
        other => other,
    };
    options.into_iter().map(option).collect()
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_discord_adds_makes_no_difference() {
        for command in ALL {
            let ours = serde_json::to_value(command.definition()).unwrap();
            let mut theirs = ours.clone();
            for (key, value) in [
                ("id", json!("5")),
                ("type", json!(1)),
                ("version", json!("6")),
                ("dm_permission", json!(false)),
                ("name_localizations", Value::Null),
                ("default_member_permissions", Value::Null),
            ] {
                theirs[key] = value;
            }
            assert_eq!(normal(theirs.clone(), None), normal(ours.clone(), None));
            let guild = GuildId::try_from(5).ok();
            theirs["contexts"] = Value::Null;
            assert_eq!(normal(theirs.clone(), guild), normal(ours.clone(), guild));
            assert_ne!(normal(theirs, None), normal(ours, None));
        }
    }

    #[test]
    fn a_difference_inside_of_an_option_is_one() {
        let option = json!({"type": 3, "name": "key", "description": "x", "required": true});
        let command = |option: &Value| {
            let inner = json!({"type": 1, "name": "get", "description": "x", "options": [option]});
            normal(
                json!({"name": "a", "description": "x", "options": [inner]}),
                None,
            )
        };
        let mut same = option.clone();
        same["autocomplete"] = json!(false);
        assert_eq!(command(&option), command(&same));
        for (key, value) in [("required", json!(false)), ("max_length", json!(5))] {
            let mut other = option.clone();
            other[key] = value;
            assert_ne!(command(&option), command(&other), "{key}");
        }
    }

    #[test]
    fn names_and_descriptions_are_as_discord_wants_them() {
        fn check(at: &Value) {
            let length = |key: &str| at[key].as_str().unwrap().chars().count();
            assert!((1..=32).contains(&length("name")), "{at}");
            assert!((1..=100).contains(&length("description")), "{at}");
            at["options"]
                .as_array()
                .into_iter()
                .flatten()
                .for_each(check);
        }
        for command in ALL {
            check(&serde_json::to_value(command.definition()).unwrap());
        }
    }
}
