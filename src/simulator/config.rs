//! What a simulated Discord can be told when it starts, and why it may not start.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use thiserror::Error;

use super::access::Access;

/// The most members that a simulated guild may have.
pub const MAX_MEMBERS: u32 = 1_000_000;
/// The most presence updates a second that the stream may be asked for.
pub const MAX_RATE: f64 = 100_000.0;

/// How a simulated Discord behaves. `Default` is what `lantern simulate` does without options.
#[derive(Debug, Clone)]
pub struct SimulatorConfig {
    /// Where REST, gateway and control API listen. Port 0 takes any free port.
    pub listen: SocketAddr,
    /// Hosts, without ports, by which the control API may be asked for besides 127.0.0.1 and
    /// localhost. Other machines may use it by these alone.
    pub control_hosts: Vec<String>,
    /// Members of the guild besides the bot, at most [`MAX_MEMBERS`].
    pub members: u32,
    /// Presence updates a second, from 0 (none) to [`MAX_RATE`].
    pub rate: f64,
    /// Decides the members and the stream of updates: the same seed gives the same ones.
    pub seed: u64,
    /// The token that a bot must show, without the `Bot ` prefix.
    pub token: String,
    /// How often clients must send a heartbeat. One that is half an interval late is closed.
    pub heartbeat_interval: Duration,
    /// How long a client may take from HELLO to IDENTIFY or RESUME.
    pub identify_timeout: Duration,
    /// Whether the bot may ask for members, presences and message content (else close 4014).
    pub privileged_intents: bool,
    /// How long a session that lost its connection can be resumed, and events are kept for it.
    pub resume_window: Duration,
    /// Events kept for a session that has lost its connection.
    pub replay_events: usize,
    /// How long after a request for all members of the guild a further one is RATE_LIMITED; zero
    /// for no limit.
    pub members_request_window: Duration,
    /// How long a bot has for its first answer to an interaction.
    pub interaction_timeout: Duration,
    /// Requests a second that each REST route takes before it answers 429.
    pub rest_rate_limit: u32,
}

impl Default for SimulatorConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8081)),
            control_hosts: vec![],
            members: 200,
            rate: 5.0,
            seed: 1,
            token: "simulated-token".to_owned(),
            heartbeat_interval: Duration::from_millis(41_250),
            identify_timeout: Duration::from_secs(30),
            privileged_intents: true,
            resume_window: Duration::from_secs(120),
            replay_events: 100_000,
            members_request_window: Duration::from_secs(30),
            interaction_timeout: Duration::from_secs(3),
            rest_rate_limit: 50,
        }
    }
}

impl SimulatorConfig {
    /// Refuses what cannot be simulated.
    pub(super) fn validate(&self) -> Result<(), SimulatorError> {
        if self.members == 0 || self.members > MAX_MEMBERS {
            return Err(SimulatorError::Members(self.members));
        }
        if !valid_rate(self.rate) {
            return Err(SimulatorError::Rate(self.rate));
        }
        if self.token.trim().is_empty() {
            return Err(SimulatorError::Token);
        }
        let access = Access::new(&self.control_hosts);
        access.map(|_| ()).map_err(SimulatorError::ControlHost)
    }
}

/// Whether a stream can run at this many updates a second.
pub(super) fn valid_rate(rate: f64) -> bool {
    rate.is_finite() && (0.0..=MAX_RATE).contains(&rate)
}

/// Why a simulated Discord did not start.
#[derive(Debug, Error)]
pub enum SimulatorError {
    /// Another program listens on the address.
    #[error("listen on {0}: the address is already in use by another program")]
    AddressInUse(SocketAddr),
    /// The address cannot be listened on for another reason.
    #[error("listen on {addr}: {source}")]
    Listen {
        /// The address that was asked for.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The number of members is out of range.
    #[error("simulate {0} members: it takes 1 to {MAX_MEMBERS}")]
    Members(u32),
    /// The rate is out of range.
    #[error("send {0} updates a second: it takes 0 to {MAX_RATE}")]
    Rate(f64),
    /// The token is empty.
    #[error("use an empty token: a bot could not log in with it")]
    Token,
    /// A host of the control API is none, or has a port.
    #[error(
        "let the control API answer as \"{0}\": it takes hosts without ports, as in simulator.lan"
    )]
    ControlHost(String),
}

impl SimulatorError {
    pub(super) fn listen(addr: SocketAddr, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::AddressInUse(addr),
            _ => Self::Listen { addr, source },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_valid() {
        assert!(SimulatorConfig::default().validate().is_ok());
    }

    #[test]
    fn what_cannot_be_simulated_is_refused() {
        for (members, rate, token) in [
            (0, 1.0, "t"),
            (MAX_MEMBERS + 1, 1.0, "t"),
            (1, -1.0, "t"),
            (1, f64::NAN, "t"),
            (1, 1.0, " "),
        ] {
            let config = SimulatorConfig {
                members,
                rate,
                token: token.to_owned(),
                ..SimulatorConfig::default()
            };
            assert!(config.validate().is_err(), "{members} {rate} {token:?}");
        }
    }
}
