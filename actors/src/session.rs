//! A client's session on the presence socket: the protocol, without the bytes.
//!
//! The socket and the subscription belong to a fan-out shard; the session actor decides what the
//! client may do and when it has been silent for too long. Frames to the client do not pass
//! through here.

mod actor;
pub(crate) mod state;
mod supervisor;
#[cfg(test)]
mod tests;

pub use actor::{Session, SessionArguments};
pub use state::{Phase, SessionLimits};
pub use supervisor::{SessionSupervisor, SessionSupervisorMsg};

use std::time::Instant;

use crate::wire::Encoding;

/// What reaches a session.
#[derive(Debug)]
pub enum SessionMsg {
    /// The shard owns the socket now; the conversation can begin.
    Attached,
    /// One complete message from the client. The shard delivers the next one after
    /// [`SocketCommand::Ready`](crate::ports::SocketCommand::Ready).
    Received {
        /// How the client encoded it, by the kind of its frame.
        encoding: Encoding,
        /// The message.
        payload: Vec<u8>,
    },
    /// The outcome of a subscribe command.
    Subscribed {
        /// Whether anybody is watched now.
        watching: bool,
    },
    /// The time that [`SocketCommand::AlarmAt`](crate::ports::SocketCommand::AlarmAt) asked for.
    Alarm {
        /// When the client was last heard: when its last frame of any kind came.
        heard_at: Instant,
    },
    /// The hub is stopping.
    GoingAway,
    /// The socket is gone.
    Closed,
}
