//! What the kernel is told about the connections of clients, and what it holds for them.
//!
//! Left alone, the kernel takes up to 4 MB (`net.ipv4.tcp_wmem`) for a client that does not read, and
//! keeps it after the connection was closed, until the client is gone.

mod held;
mod stream;

use std::time::Duration;

use socket2::SockRef;

pub use self::{
    held::unacknowledged_bytes,
    stream::{ClientStream, http_resets},
};

/// What holds for every connection, from the configuration.
#[derive(Debug, Clone, Copy)]
pub struct TcpLimits {
    /// Bytes that the kernel may hold of a connection and has not sent. What was sent and not
    /// acknowledged is bounded by what the client's end of the connection takes.
    pub max_unsent_bytes: u32,
    /// How long the kernel may go on with what was written to a connection that is closed.
    pub abandoned_timeout: Duration,
}

/// Prepares an accepted connection. A kernel that does not have an option does without.
pub fn tune<'a>(stream: impl Into<SockRef<'a>>, limits: &TcpLimits) {
    let socket = stream.into();
    // Presences are small and must not wait for more.
    let _ = socket.set_tcp_nodelay(true);
    #[cfg(target_os = "linux")]
    let _ = socket.set_tcp_notsent_lowat(limits.max_unsent_bytes);
    #[cfg(not(target_os = "linux"))]
    let _ = limits;
}

/// Before a connection is dropped: bounds how long the kernel goes on with what is not acknowledged.
///
/// Not for a connection that is open: Linux counts `TCP_USER_TIMEOUT` on while a client that reads
/// slowly opens its window by less than the next segment, and so resets one that does read.
pub fn abandon<'a>(stream: impl Into<SockRef<'a>>, timeout: Duration) {
    let socket = stream.into();
    #[cfg(target_os = "linux")]
    let _ = socket.set_tcp_user_timeout(Some(timeout));
    #[cfg(not(target_os = "linux"))]
    let _ = (socket, timeout);
}

/// Before a connection is dropped: has it reset, and what the kernel holds for it freed.
pub fn reset<'a>(stream: impl Into<SockRef<'a>>) {
    // Fails only for a connection that is gone already.
    let _ = stream.into().set_linger(Some(Duration::ZERO));
}
