//! Answers of REST other than Discord's, so that tests see how a client takes them.

use std::collections::BTreeMap;
use std::sync::Arc;

use poem::handler;
use poem::web::Data;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ControlError;
use super::request::Body;
use crate::live::Live;
use crate::patch::Patch;
use crate::rest::reply::Reply;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    route: String,
    #[serde(default)]
    set: BTreeMap<String, Value>,
    #[serde(default)]
    remove: Vec<String>,
}

/// GET /control/rest/patch
#[handler]
pub fn show(Data(live): Data<&Arc<Live>>) -> Reply {
    state(live)
}

/// PUT /control/rest/patch
#[handler]
pub fn set(
    Body(change): Body<Change>,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, ControlError> {
    if !change.route.starts_with('/') || change.route.starts_with("/api/") {
        let message = "route is a path without /api/v10, as in \"/users/@me\"";
        return Err(ControlError::InvalidBody(message.to_owned()));
    }
    let patch = Patch {
        set: change.set,
        remove: change.remove,
    };
    live.patches.set(change.route, patch);
    Ok(state(live))
}

fn state(live: &Live) -> Reply {
    Reply::ok(&json!({"patches": live.patches.all()}))
}
