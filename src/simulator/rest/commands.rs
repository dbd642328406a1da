//! Application commands, global ones and the guild's.

use std::collections::HashMap;
use std::sync::Arc;

use poem::handler;
use poem::web::{Data, Path};
use serde_json::Value;

use super::error::RestError;
use super::guilds::known;
use super::reply::Reply;
use super::request::{Bot, JsonBody, id};
use crate::commands::Registered;
use crate::live::Live;
use crate::world::{BOT_ID, GUILD_ID};

/// Whose commands a path names: `/applications/{id}[/guilds/{id}]/commands[/{id}]`.
#[derive(Debug)]
struct Scope {
    guild: Option<u64>,
    command: u64,
}

fn scope(path: &HashMap<String, String>) -> Result<Scope, RestError> {
    let part = |name: &str| path.get(name).map(String::as_str);
    if part("application").map(id) != Some(BOT_ID) {
        return Err(RestError::MissingAccess);
    }
    let guild = match part("guild") {
        None => None,
        Some(guild) => known(guild).map(|()| Some(GUILD_ID))?,
    };
    Ok(Scope {
        guild,
        command: part("command").map(id).unwrap_or_default(),
    })
}

/// Lists commands.
#[handler]
pub fn list(
    _: Bot,
    Path(path): Path<HashMap<String, String>>,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, RestError> {
    let scope = scope(&path)?;
    Ok(Reply::ok(&live.commands.lock().list(scope.guild).into()))
}

/// Shows one command.
#[handler]
pub fn get(
    _: Bot,
    Path(path): Path<HashMap<String, String>>,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, RestError> {
    let scope = scope(&path)?;
    let command = live
        .commands
        .lock()
        .get(scope.guild, scope.command)
        .ok_or(RestError::UnknownCommand)?;
    Ok(Reply::ok(&command))
}

/// Registers a command: 201, or 200 when it takes the place of one.
#[handler]
pub fn create(
    _: Bot,
    Path(path): Path<HashMap<String, String>>,
    JsonBody(body): JsonBody,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, RestError> {
    let scope = scope(&path)?;
    let new_id = live.interactions.new_id();
    match live.commands.lock().register(scope.guild, &body, new_id)? {
        (command, Registered::Created) => Ok(Reply::created(&command)),
        (command, Registered::Replaced) => Ok(Reply::ok(&command)),
    }
}

/// Makes a list of commands the only ones.
#[handler]
pub fn overwrite(
    _: Bot,
    Path(path): Path<HashMap<String, String>>,
    JsonBody(body): JsonBody,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, RestError> {
    let scope = scope(&path)?;
    let Value::Array(bodies) = body else {
        return Err(RestError::field(
            "_",
            "LIST_TYPE_CONVERT",
            "Only iterables may be used in a ListType",
        ));
    };
    let registered = live
        .commands
        .lock()
        .overwrite(scope.guild, &bodies, || live.interactions.new_id())?;
    Ok(Reply::ok(&registered.into()))
}

/// Changes a command.
#[handler]
pub fn edit(
    _: Bot,
    Path(path): Path<HashMap<String, String>>,
    JsonBody(body): JsonBody,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, RestError> {
    let scope = scope(&path)?;
    let version = live.interactions.new_id();
    Ok(Reply::ok(&live.commands.lock().edit(
        scope.guild,
        scope.command,
        &body,
        version,
    )?))
}

/// Deletes a command.
#[handler]
pub fn delete(
    _: Bot,
    Path(path): Path<HashMap<String, String>>,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, RestError> {
    let scope = scope(&path)?;
    live.commands.lock().delete(scope.guild, scope.command)?;
    Ok(Reply::no_content())
}
