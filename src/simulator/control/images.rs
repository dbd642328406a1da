//! How the hosts of pictures behave, so that tests see how a client takes it.

use std::sync::Arc;

use poem::handler;
use poem::web::Data;
use serde_json::json;

use super::request::Body;
use crate::live::Live;
use crate::pictures::faults::Setting;
use crate::rest::reply::Reply;

/// GET /control/images
#[handler]
pub fn show(Data(live): Data<&Arc<Live>>) -> Reply {
    state(live)
}

/// PUT /control/images
#[handler]
pub fn set(Body(setting): Body<Setting>, Data(live): Data<&Arc<Live>>) -> Reply {
    live.pictures.faults.set(setting);
    state(live)
}

fn state(live: &Live) -> Reply {
    let (setting, counts) = live.pictures.faults.now();
    Reply::ok(&json!({
        "behaviour": setting.behaviour, "prefix": setting.prefix,
        "requests": counts.requests, "followed": counts.followed,
    }))
}
