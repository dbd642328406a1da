//! The way from a session actor to its socket.

use std::time::Instant;

use ractor::ActorId;

use crate::{
    hub::Hub,
    wire::{CloseCode, Selection, ServerMessage, Targets},
};

/// Names a socket: which shard owns it, and a number that is never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SocketKey {
    /// The shard's index.
    pub shard: u16,
    /// Unique in the process.
    pub id: u64,
}

/// What a session asks of its socket. Commands are carried out in order, and in order with the
/// publications that the shard has received.
#[derive(Debug)]
pub enum SocketCommand {
    /// Send one message.
    Send(ServerMessage),
    /// Add users to the subscription and answer with their snapshots, with nothing missed or told
    /// out of order between the answer and later updates. Users that are not monitored are named
    /// in an ERROR; those in `known` who have left the guild are told by USER_LEFT after the answer.
    /// In pieces, the subscription begins before the first, and each is made when there is room.
    /// The session is told the outcome by `SessionMsg::Subscribed`.
    Subscribe {
        /// Whom, and in what pieces.
        selection: Selection,
        /// Whether INIT_ACK or SUBSCRIBE_ACK answers.
        first: bool,
    },
    /// Take users out of the subscription, answer UNSUBSCRIBE_ACK, and say if nobody is left.
    Unsubscribe(Targets),
    /// Wake the session up at this time with `SessionMsg::Alarm`; a socket has one alarm.
    AlarmAt(Instant),
    /// Send a WebSocket ping: whoever is there answers it, and so is heard.
    Ping,
    /// Send DISCONNECT with the reason and close.
    Close {
        /// The status of the close frame.
        code: CloseCode,
        /// A sentence for a person.
        reason: String,
    },
    /// The client's message is dealt with: deliver the next one.
    Ready,
}

/// The sockets of this process.
pub trait Sockets: Send + Sync + 'static {
    /// Queues commands for one socket and returns at once; unknown sockets are ignored.
    fn command(&self, socket: SocketKey, commands: Vec<SocketCommand>);

    /// The session actor with this id fell: its socket is to be closed.
    fn session_fell(&self, actor: ActorId);

    /// There is a new supervisor of sessions, and those of an earlier one fell with it: every socket
    /// that was opened before this call is to be given another session by [`Hub::open_session`],
    /// later, and closed if there is none to be had.
    fn adopt(&self, hub: Hub);

    /// The hub is stopping: every session is to be told.
    fn going_away(&self);
}
