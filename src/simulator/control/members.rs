//! Members: who they are, what they do, who joins and who leaves.

use std::sync::Arc;

use poem::handler;
use poem::web::{Data, Path, Query};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::error::ControlError;
use super::request::{Body, path_id};
use crate::live::Live;
use crate::rest::reply::Reply;
use crate::world::BOT_ID;
use crate::world::member::Member;
use crate::world::presence::Presence;
use crate::world::snowflake::{id_from_json, now_ms};

const DEFAULT_PAGE: usize = 100;
const MAX_PAGE: usize = 1000;

#[derive(Debug, Deserialize)]
struct Page {
    limit: Option<String>,
    after: Option<String>,
}

/// GET /control/members
#[handler]
pub fn list(Query(page): Query<Page>, Data(live): Data<&Arc<Live>>) -> Result<Reply, ControlError> {
    let limit = match page.limit.as_deref().map(str::parse) {
        None => DEFAULT_PAGE,
        Some(Ok(limit @ 1..=MAX_PAGE)) => limit,
        Some(_) => {
            return Err(ControlError::InvalidQuery(format!(
                "limit must be between 1 and {MAX_PAGE}"
            )));
        }
    };
    let after = page.after.as_deref().map_or(Ok(0), path_id)?;
    let world = live.world.lock();
    let shown: Vec<&Member> = world.members_after(after).take(limit + 1).collect();
    let next = match (
        shown.len() > limit,
        limit.checked_sub(1).and_then(|last| shown.get(last)),
    ) {
        (true, Some(last)) => json!(last.id().to_string()),
        _ => Value::Null,
    };
    let members: Vec<String> = shown
        .iter()
        .take(limit)
        .map(|member| with_presence(member))
        .collect();
    let (total, members) = (world.size(), members.join(","));
    Ok(Reply::text(format!(
        r#"{{"members":[{members}],"total":{total},"next":{next}}}"#
    )))
}

/// GET /control/members/{id}
#[handler]
pub fn get(Path(id): Path<String>, Data(live): Data<&Arc<Live>>) -> Result<Reply, ControlError> {
    let id = path_id(&id)?;
    let world = live.world.lock();
    world
        .member(id)
        .map(|member| Reply::text(with_presence(member)))
        .ok_or(ControlError::UnknownMember(id))
}

/// PUT /control/members/{id}/presence
#[handler]
pub fn put_presence(
    Path(id): Path<String>,
    Body(presence): Body<Map<String, Value>>,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, ControlError> {
    let id = path_id(&id)?;
    let presence = Presence::verbatim(id, presence);
    let sent = Arc::clone(&presence.json);
    live.set_presence(id, presence)
        .map_err(|_| ControlError::UnknownMember(id))?;
    Ok(Reply::text(format!(r#"{{"sent":{sent}}}"#)))
}

/// PATCH /control/members/{id}/user
#[handler]
pub fn patch_user(
    Path(id): Path<String>,
    Body(changes): Body<Map<String, Value>>,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, ControlError> {
    let id = path_id(&id)?;
    if changes
        .get("id")
        .is_some_and(|other| id_from_json(other) != Some(id))
    {
        return Err(ControlError::InvalidBody(
            "a user's id cannot change".to_owned(),
        ));
    }
    if changes.is_empty() {
        return Err(ControlError::InvalidBody(
            "it names no field to change, as in {\"global_name\": \"Ada\"}".to_owned(),
        ));
    }
    live.set_user(id, |user| {
        user.extend(changes.into_iter().filter(|(key, _)| key != "id"))
    })
    .map_err(|_| ControlError::UnknownMember(id))?;
    let world = live.world.lock();
    world
        .member(id)
        .map(|member| Reply::text(with_presence(member)))
        .ok_or(ControlError::UnknownMember(id))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Newcomer {
    #[serde(default)]
    user: Map<String, Value>,
    nick: Option<String>,
    presence: Option<Map<String, Value>>,
}

/// POST /control/members
#[handler]
pub fn join(
    Body(newcomer): Body<Newcomer>,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, ControlError> {
    let id = match newcomer.user.get("id") {
        None => None,
        Some(id) => Some(id_from_json(id).ok_or_else(|| ControlError::InvalidId(id.to_string()))?),
    };
    let member = member(live, id, newcomer);
    let (id, shown) = (member.id(), with_presence(&member));
    if !live.join(member) {
        return Err(ControlError::AlreadyMember(id));
    }
    Ok(Reply::new(poem::http::StatusCode::CREATED, shown))
}

/// Someone whom the seed makes, with what was asked for in its place.
fn member(live: &Live, id: Option<u64>, newcomer: Newcomer) -> Member {
    let now = now_ms();
    let drawn = live.world.lock().newcomer(now);
    let id = id.unwrap_or(drawn.id());
    let mut user = drawn.user();
    user.extend(newcomer.user);
    user.insert("id".to_owned(), json!(id.to_string()));
    let presence = match newcomer.presence {
        Some(presence) => Presence::verbatim(id, presence),
        None if id == drawn.id() => drawn.presence().clone(),
        None => Presence::offline(id),
    };
    Member::new(id, user, newcomer.nick, vec![], now, presence)
}

/// DELETE /control/members/{id}
#[handler]
pub fn leave(Path(id): Path<String>, Data(live): Data<&Arc<Live>>) -> Result<Reply, ControlError> {
    match path_id(&id)? {
        BOT_ID => Err(ControlError::BotMustStay),
        id => match live.leave(id) {
            Ok(()) => Ok(Reply::ok(&json!({"left": id.to_string()}))),
            Err(_) => Err(ControlError::UnknownMember(id)),
        },
    }
}

fn with_presence(member: &Member) -> String {
    let json = member.json();
    let fields = json.strip_suffix('}').unwrap_or(&json);
    format!(
        r#"{{"id":"{}","presence":{},{}}}"#,
        member.id(),
        member.presence().json,
        fields.trim_start_matches('{')
    )
}
