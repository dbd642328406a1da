//! What a library asks for when it logs in: the gateway, the bot itself and its application.

use std::sync::Arc;

use poem::http::header::HOST;
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Map, Value, json};

use super::error::RestError;
use super::reply::Reply;
use super::request::{Bot, id};
use crate::live::Live;
use crate::world::{BOT_ID, GUILD_ID, guild};

/// GET /gateway, which needs no token.
#[handler]
pub fn get_gateway(req: &Request, Data(live): Data<&Arc<Live>>) -> Reply {
    Reply::ok(&json!({"url": live.gateway_url(req.header(HOST))}))
}

/// GET /gateway/bot
#[handler]
pub fn get_gateway_bot(req: &Request, _: Bot, Data(live): Data<&Arc<Live>>) -> Reply {
    let limit = json!({"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1});
    Reply::ok(
        &json!({"url": live.gateway_url(req.header(HOST)), "shards": 1, "session_start_limit": limit}),
    )
}

/// GET /users/{id}, where the id may be `@me`.
#[handler]
pub fn get_user(
    _: Bot,
    Path(user): Path<String>,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, RestError> {
    if user == "@me" {
        return Ok(Reply::ok(&guild::current_user().into()));
    }
    let world = live.world.lock();
    let member = world.member(id(&user)).ok_or(RestError::UnknownUser)?;
    Ok(Reply::text(member.user_json().to_owned()))
}

/// GET /users/@me/guilds
#[handler]
pub fn list_user_guilds(
    _: Bot,
    Path(user): Path<String>,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, RestError> {
    if user != "@me" {
        return Err(RestError::MissingAccess);
    }
    let members = live.world.lock().size();
    Ok(Reply::ok(&json!([{
        "id": GUILD_ID.to_string(), "name": guild::GUILD_NAME, "icon": null, "banner": null, "owner": false,
        "permissions": guild::PERMISSIONS, "features": ["COMMUNITY"], "approximate_member_count": members,
    }])))
}

/// GET /applications/@me, or by id.
#[handler]
pub fn get_application(
    _: Bot,
    Path(application): Path<String>,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, RestError> {
    if application != "@me" && id(&application) != BOT_ID {
        return Err(RestError::UnknownApplication);
    }
    let mut object = application_object(live);
    let more = [
        ("approximate_guild_count", json!(1)),
        ("approximate_user_install_count", json!(0)),
        ("interactions_endpoint_url", Value::Null),
        ("role_connections_verification_url", Value::Null),
        ("redirect_uris", json!([])),
    ];
    object.extend(more.map(|(key, value)| (key.to_owned(), value)));
    Ok(Reply::ok(&object.into()))
}

/// GET /oauth2/applications/@me
#[handler]
pub fn get_oauth2_application(_: Bot, Data(live): Data<&Arc<Live>>) -> Reply {
    Reply::ok(&application_object(live).into())
}

fn application_object(live: &Live) -> Map<String, Value> {
    let world = live.world.lock();
    let owner: Value = world
        .member(world.first_member())
        .map_or_else(|| guild::bot_user().into(), |member| member.user().into());
    let application = json!({
        "id": BOT_ID.to_string(), "name": "Lantern", "icon": null, "description": "Mirrors presence", "summary": "",
        "type": null, "bot_public": false, "bot_require_code_grant": false, "terms_of_service_url": null,
        "privacy_policy_url": null, "verify_key": "0".repeat(64), "flags": 0x0088_e000, "hook": true,
        "is_monetized": false, "tags": [], "team": null, "owner": owner, "bot": guild::bot_user(),
        "integration_types_config": {"0": {}},
    });
    match application {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
