//! The guild, its channels, roles and members.

use std::sync::Arc;

use poem::web::{Data, Path, Query};
use poem::{Request, handler};
use serde::Deserialize;
use serde_json::json;

use super::error::RestError;
use super::reply::Reply;
use super::request::{Bot, flag, id};
use crate::live::Live;
use crate::world::{BOT_ID, GUILD_ID, guild};

/// The most members in one answer.
const MAX_PAGE: usize = 1000;

/// GET /guilds/{id}
#[handler]
pub fn get_guild(
    req: &Request,
    _: Bot,
    Path(guild): Path<String>,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, RestError> {
    known(&guild)?;
    let world = live.world.lock();
    let mut object = guild::guild(world.first_member());
    if flag(req, "with_counts") {
        object.insert("approximate_member_count".to_owned(), json!(world.size()));
        object.insert(
            "approximate_presence_count".to_owned(),
            json!(world.present()),
        );
    }
    Ok(Reply::ok(&object.into()))
}

/// GET /guilds/{id}/channels
#[handler]
pub fn list_channels(_: Bot, Path(guild): Path<String>) -> Result<Reply, RestError> {
    known(&guild)?;
    Ok(Reply::ok(&guild::channels()))
}

/// GET /guilds/{id}/roles
#[handler]
pub fn list_roles(_: Bot, Path(guild): Path<String>) -> Result<Reply, RestError> {
    known(&guild)?;
    Ok(Reply::ok(&guild::roles()))
}

/// GET /channels/{id}
#[handler]
pub fn get_channel(_: Bot, Path(channel): Path<String>) -> Result<Reply, RestError> {
    guild::channel(id(&channel))
        .map(|channel| Reply::ok(&channel))
        .ok_or(RestError::UnknownChannel)
}

#[derive(Debug, Deserialize)]
struct Page {
    limit: Option<String>,
    after: Option<String>,
}

/// GET /guilds/{id}/members, in the order of ids.
#[handler]
pub fn list_members(
    _: Bot,
    Path(guild): Path<String>,
    Query(page): Query<Page>,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, RestError> {
    known(&guild)?;
    let limit = limit(page.limit.as_deref())?;
    let after = match page.after.as_deref() {
        None => 0,
        Some(after) => after.parse().map_err(|_| not_a_snowflake("after", after))?,
    };
    let world = live.world.lock();
    let list: Vec<String> = world
        .members_after(after)
        .take(limit)
        .map(|member| member.json())
        .collect();
    Ok(Reply::text(format!("[{}]", list.join(","))))
}

#[derive(Debug, Deserialize)]
struct Search {
    query: Option<String>,
    limit: Option<String>,
}

/// GET /guilds/{id}/members/search
#[handler]
pub fn search_members(
    _: Bot,
    Path(guild): Path<String>,
    Query(search): Query<Search>,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, RestError> {
    known(&guild)?;
    let limit = limit(search.limit.as_deref())?;
    let query = search
        .query
        .ok_or_else(|| RestError::field("query", "BASE_TYPE_REQUIRED", "This field is required"))?;
    let query = query.to_lowercase();
    let world = live.world.lock();
    let found = world
        .members()
        .filter(|member| member.is_called(&query))
        .take(limit);
    let list: Vec<String> = found.map(|member| member.json()).collect();
    Ok(Reply::text(format!("[{}]", list.join(","))))
}

/// GET /guilds/{id}/members/{id}
#[handler]
pub fn get_member(
    _: Bot,
    Path((guild, user)): Path<(String, String)>,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, RestError> {
    known(&guild)?;
    let user = if user == "@me" {
        BOT_ID
    } else {
        user.parse()
            .map_err(|_| not_a_snowflake("user_id", &user))?
    };
    let world = live.world.lock();
    world
        .member(user)
        .map(|member| Reply::text(member.json()))
        .ok_or(RestError::UnknownMember)
}

/// There is one guild, and the bot is in it.
pub fn known(guild: &str) -> Result<(), RestError> {
    match guild.parse() {
        Ok(GUILD_ID) => Ok(()),
        Ok(0_u64..) => Err(RestError::UnknownGuild),
        Err(_) => Err(not_a_snowflake("guild_id", guild)),
    }
}

fn not_a_snowflake(field: &str, value: &str) -> RestError {
    RestError::field(
        field,
        "NUMBER_TYPE_COERCE",
        format!("Value \"{value}\" is not snowflake."),
    )
}

fn limit(text: Option<&str>) -> Result<usize, RestError> {
    let Some(text) = text else { return Ok(1) };
    match text.parse() {
        Ok(limit @ 1..=MAX_PAGE) => Ok(limit),
        _ => Err(RestError::field(
            "limit",
            "NUMBER_TYPE_MAX",
            format!("int value should be between 1 and {MAX_PAGE}."),
        )),
    }
}
