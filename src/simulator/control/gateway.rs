//! What can be done to gateway connections, so that tests see how a client takes it.

use std::sync::Arc;

use poem::handler;
use poem::web::Data;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ControlError;
use super::request::Body;
use crate::gateway::close::Frame;
use crate::gateway::refusals::Refusal;
use crate::gateway::{Dismissal, Fate, Gateway, Order};
use crate::live::Live;
use crate::rest::reply::Reply;

/// What is done. Variants without fields have braces, so that they refuse unknown fields.
#[derive(Debug, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
enum Action {
    /// Cut TCP without a close frame.
    Drop {},
    /// Cut TCP by a reset.
    Reset {},
    /// Close with a frame.
    Close {
        code: u16,
        reason: Option<String>,
        keep_session: Option<bool>,
    },
    /// Answer the next logins with a close frame.
    Refuse {
        code: u16,
        reason: Option<String>,
        times: Option<u32>,
        keep_session: Option<bool>,
    },
    /// Send nothing and read nothing until `resume`.
    Pause {},
    /// End a pause.
    Resume {},
    /// Leave heartbeats without an answer until `unmute`; all else goes on.
    Mute {},
    /// Answer heartbeats again.
    Unmute {},
    /// Opcode 9, and forget the session.
    Invalidate {},
    /// Opcode 7.
    Reconnect {},
    /// Opcode 1: ask for a heartbeat at once.
    Heartbeat {},
}

/// POST /control/gateway
#[handler]
pub fn act(
    Body(action): Body<Action>,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, ControlError> {
    let gateway = &live.gateway;
    let affected = match action {
        Action::Drop {} => gateway.cut_all(),
        Action::Reset {} => gateway.reset_all(),
        Action::Pause {} => gateway.set_paused(true),
        Action::Resume {} => gateway.set_paused(false),
        Action::Mute {} => gateway.set_muted(true),
        Action::Unmute {} => gateway.set_muted(false),
        Action::Reconnect {} => gateway.order_all(Order::Reconnect),
        Action::Heartbeat {} => gateway.order_all(Order::AskForHeartbeat),
        Action::Invalidate {} => {
            gateway.forget_released();
            gateway.order_all(Order::Invalidate)
        }
        Action::Close {
            code,
            reason,
            keep_session,
        } => close(gateway, dismissal(code, reason, keep_session)?),
        Action::Refuse {
            code,
            reason,
            times,
            keep_session,
        } => gateway.refuse(Refusal {
            dismissal: dismissal(code, reason, keep_session)?,
            times: times.unwrap_or(1),
        }),
    };
    Ok(Reply::ok(&json!({
        "connections": affected, "paused": gateway.paused(), "muted": gateway.is_muted(),
        "refusing": refusing(gateway),
    })))
}

fn close(gateway: &Gateway, dismissal: Dismissal) -> usize {
    if dismissal.session == Fate::Forgotten {
        gateway.forget_released();
    }
    gateway.order_all(Order::Close(dismissal))
}

fn dismissal(
    code: u16,
    reason: Option<String>,
    keep_session: Option<bool>,
) -> Result<Dismissal, ControlError> {
    let frame =
        Frame::new(code, reason).map_err(|error| ControlError::InvalidClose(error.to_string()))?;
    let session = match keep_session.unwrap_or(!frame.ends_session()) {
        true => Fate::Kept,
        false => Fate::Forgotten,
    };
    Ok(Dismissal { frame, session })
}

fn refusing(gateway: &Gateway) -> Value {
    let refusal = gateway.refusal();
    refusal.map_or(
        Value::Null,
        |refusal| json!({"code": refusal.dismissal.frame.code(), "times": refusal.times}),
    )
}

/// GET /control/gateway
#[handler]
pub fn show(Data(live): Data<&Arc<Live>>) -> Reply {
    let gateway = &live.gateway;
    let sessions = gateway.sessions().into_iter().map(|session| {
        let (newest, sent) = session.numbers;
        json!({
            "session_id": session.id, "connected": session.connected, "intents": session.intents,
            "newest_seq": newest, "sent_seq": sent,
        })
    });
    Reply::ok(&json!({
        "connections": gateway.connections(),
        "paused": gateway.paused(),
        "muted": gateway.is_muted(),
        "refusing": refusing(gateway),
        "sessions": sessions.collect::<Vec<_>>(),
    }))
}
