//! Limits of the gateway that can be changed while it runs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use poem::handler;
use poem::web::Data;
use serde::Deserialize;
use serde_json::json;

use super::request::Body;
use crate::live::Live;
use crate::rest::reply::Reply;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    members_request_window_ms: u64,
}

/// GET /control/gateway/limits
#[handler]
pub fn show(Data(live): Data<&Arc<Live>>) -> Reply {
    state(live)
}

/// PUT /control/gateway/limits
#[handler]
pub fn set(Body(limits): Body<Limits>, Data(live): Data<&Arc<Live>>) -> Reply {
    let window = Duration::from_millis(limits.members_request_window_ms);
    live.members_limit.set_window(window);
    state(live)
}

fn state(live: &Live) -> Reply {
    let (window, left) = live.members_limit.state(Instant::now());
    let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    Reply::ok(&json!({
        "members_request_window_ms": ms(window),
        "members_request_retry_after_ms": left.map(ms),
    }))
}
