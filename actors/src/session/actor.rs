//! The actor around a session's state machine: it routes, the state machine decides.

use std::{sync::Arc, time::Instant};

use ractor::{Actor, ActorProcessingErr, ActorRef};

use super::{
    SessionMsg,
    state::{Phase, SessionLimits, SessionState},
};
use crate::{
    ports::{SocketCommand, SocketKey, Sockets},
    wire::Encoding,
};

/// A session actor; what it needs to know lives in its state.
#[derive(Debug)]
pub struct Session;

/// What a session starts with.
pub struct SessionArguments {
    /// The socket it speaks on.
    pub socket: SocketKey,
    /// Where commands to the socket go.
    pub sockets: Arc<dyn Sockets>,
    /// From the configuration.
    pub limits: Arc<SessionLimits>,
    /// How this socket's messages are encoded.
    pub encoding: Encoding,
    /// [`Phase::Greeting`], unless it takes over a socket.
    pub phase: Phase,
}

/// What a session actor holds.
pub struct SessionActorState {
    socket: SocketKey,
    sockets: Arc<dyn Sockets>,
    limits: Arc<SessionLimits>,
    session: SessionState,
}

impl SessionActorState {
    fn command(&self, commands: Vec<SocketCommand>) {
        if !commands.is_empty() {
            self.sockets.command(self.socket, commands);
        }
    }
}

impl Actor for Session {
    type Msg = SessionMsg;
    type State = SessionActorState;
    type Arguments = SessionArguments;

    async fn pre_start(
        &self,
        _myself: ActorRef<SessionMsg>,
        arguments: SessionArguments,
    ) -> Result<SessionActorState, ActorProcessingErr> {
        Ok(SessionActorState {
            socket: arguments.socket,
            sockets: arguments.sockets,
            limits: arguments.limits,
            session: SessionState::new(arguments.encoding, arguments.phase, Instant::now()),
        })
    }

    async fn handle(
        &self,
        myself: ActorRef<SessionMsg>,
        message: SessionMsg,
        state: &mut SessionActorState,
    ) -> Result<(), ActorProcessingErr> {
        let now = Instant::now();
        let SessionActorState {
            session, limits, ..
        } = state;
        let commands = match message {
            SessionMsg::Attached => session.attached(limits, now),
            SessionMsg::Received { encoding, payload } => {
                session.received(encoding, &payload, limits, now)
            }
            SessionMsg::Subscribed { watching } => {
                session.subscribed(watching);
                Vec::new()
            }
            SessionMsg::Alarm { heard_at } => session.alarm(heard_at, limits, now),
            SessionMsg::GoingAway => session.going_away(),
            SessionMsg::Closed => {
                myself.stop(None);
                Vec::new()
            }
        };
        state.command(commands);
        Ok(())
    }
}
