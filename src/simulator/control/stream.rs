//! The stream of presence updates, and bursts beside it.

use std::sync::Arc;

use poem::handler;
use poem::web::Data;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::error::ControlError;
use super::request::{Body, Id};
use crate::config::valid_rate;
use crate::live::Live;
use crate::rest::reply::Reply;
use crate::world::presence::Presence;
use crate::world::snowflake::now_ms;

/// The most updates in one burst.
const MAX_BURST: usize = 100_000;
/// Updates after which other tasks get a turn.
const STEP: usize = 500;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rate {
    rate: f64,
}

/// PUT /control/stream
#[handler]
pub fn set_rate(
    Body(wish): Body<Rate>,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, ControlError> {
    if !valid_rate(wish.rate) {
        return Err(ControlError::InvalidRate);
    }
    live.rate.send_replace(wish.rate);
    Ok(Reply::ok(&json!({"rate": wish.rate})))
}

/// GET /control/stream
#[handler]
pub fn get_rate(Data(live): Data<&Arc<Live>>) -> Reply {
    let rate = *live.rate.borrow();
    Reply::ok(&json!({"rate": rate, "seed": live.config.seed}))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Burst {
    members: Vec<Id>,
    updates: Option<usize>,
}

/// POST /control/bursts: so many updates at once, going round the chosen members. Each shows a
/// game whose `state` is its number, so that whoever receives them can tell their order.
#[handler]
pub async fn burst(
    Body(burst): Body<Burst>,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, ControlError> {
    let updates = burst.updates.unwrap_or(burst.members.len());
    if burst.members.is_empty() || updates == 0 || updates > MAX_BURST {
        let message = format!("it takes at least one member and 1 to {MAX_BURST} updates");
        return Err(ControlError::InvalidBody(message));
    }
    let unknown = burst
        .members
        .iter()
        .find(|id| live.world.lock().member(id.0).is_none());
    if let Some(Id(id)) = unknown {
        return Err(ControlError::UnknownMember(*id));
    }
    let started = now_ms();
    for (number, Id(member)) in (1..=updates).zip(burst.members.iter().cycle()) {
        let presence = Presence::verbatim(*member, numbered(number, updates, started));
        // Someone may have let the member leave meanwhile.
        live.set_presence(*member, presence)
            .map_err(|_| ControlError::UnknownMember(*member))?;
        if number % STEP == 0 {
            tokio::task::yield_now().await;
        }
    }
    Ok(Reply::ok(&json!({
        "sent": updates,
        "members": burst.members.len(),
        "last_state": format!("{updates} of {updates}"),
    })))
}

fn numbered(number: usize, of: usize, started_ms: u64) -> Map<String, Value> {
    let activity = json!({
        "id": format!("{number:x}"), "name": "Burst", "type": 0, "details": "Many at once",
        "state": format!("{number} of {of}"), "created_at": started_ms, "timestamps": {"start": started_ms},
    });
    let mut presence = Map::new();
    presence.insert("status".to_owned(), json!("online"));
    presence.insert("activities".to_owned(), json!([activity]));
    presence.insert("client_status".to_owned(), json!({"desktop": "online"}));
    presence
}
