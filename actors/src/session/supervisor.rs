//! Supervises the session actors.

use std::sync::Arc;

use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};

use crate::ports::Sockets;

/// The supervisor of all session actors.
///
/// Policy: a session that fell is never started again. Its socket is closed with a code that tells
/// the client to reconnect, for the client holds the rest of the conversation's state.
#[derive(Debug)]
pub struct SessionSupervisor;

/// The session supervisor is sent nothing; it only watches.
#[derive(Debug)]
pub enum SessionSupervisorMsg {}

impl Actor for SessionSupervisor {
    type Msg = SessionSupervisorMsg;
    type State = Arc<dyn Sockets>;
    type Arguments = Arc<dyn Sockets>;

    async fn pre_start(
        &self,
        _myself: ActorRef<SessionSupervisorMsg>,
        sockets: Arc<dyn Sockets>,
    ) -> Result<Arc<dyn Sockets>, ActorProcessingErr> {
        Ok(sockets)
    }

    async fn handle_supervisor_evt(
        &self,
        _myself: ActorRef<SessionSupervisorMsg>,
        event: SupervisionEvent,
        sockets: &mut Arc<dyn Sockets>,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorFailed(actor, error) => {
                tracing::error!(%error, "a session actor failed; its socket is closed");
                sockets.session_fell(actor.get_id());
            }
            // A session that ended by itself stops without a reason, after its socket is gone.
            SupervisionEvent::ActorTerminated(actor, _, Some(reason)) => {
                tracing::warn!(%reason, "a session actor was stopped; its socket is closed");
                sockets.session_fell(actor.get_id());
            }
            _ => {}
        }
        Ok(())
    }
}
