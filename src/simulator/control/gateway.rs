//! What can be done to gateway connections, so that tests see how a client takes it.

use std::sync::Arc;

use poem::handler;
use poem::web::Data;
use serde::Deserialize;
use serde_json::json;

use super::error::ControlError;
use super::request::Body;
use crate::gateway::Order;
use crate::live::Live;
use crate::rest::reply::Reply;

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    /// Cut TCP without a close frame.
    Drop,
    /// Send nothing until `resume`.
    Pause,
    /// End a pause.
    Resume,
    /// Opcode 9, and forget the session.
    Invalidate,
    /// Opcode 7.
    Reconnect,
    /// Opcode 1: ask for a heartbeat at once.
    Heartbeat,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    action: Action,
}

/// POST /control/gateway
#[handler]
pub fn act(Body(wish): Body<Wish>, Data(live): Data<&Arc<Live>>) -> Reply {
    let gateway = &live.gateway;
    let affected = match wish.action {
        Action::Drop => gateway.cut_all(),
        Action::Pause => gateway.set_paused(true),
        Action::Resume => gateway.set_paused(false),
        Action::Reconnect => gateway.order_all(Order::Reconnect),
        Action::Heartbeat => gateway.order_all(Order::AskForHeartbeat),
        Action::Invalidate => {
            gateway.forget_released();
            gateway.order_all(Order::Invalidate)
        }
    };
    Reply::ok(&json!({"connections": affected, "paused": gateway.paused()}))
}

/// GET /control/gateway
#[handler]
pub fn show(Data(live): Data<&Arc<Live>>) -> Result<Reply, ControlError> {
    let sessions = live.gateway.sessions().into_iter().map(|session| {
        let (newest, sent) = session.numbers;
        json!({
            "session_id": session.id, "connected": session.connected, "intents": session.intents,
            "newest_seq": newest, "sent_seq": sent,
        })
    });
    Ok(Reply::ok(&json!({
        "connections": live.gateway.connections(),
        "paused": live.gateway.paused(),
        "sessions": sessions.collect::<Vec<_>>(),
    })))
}
