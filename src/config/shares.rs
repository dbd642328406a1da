//! `[shares]`: what one client may have of the whole.

use serde::{Deserialize, Deserializer, de::Error as _};

use super::Config;
use crate::admission::{Proxies, Wanted};

/// The section.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharesConfig {
    /// Who is believed when they say for whom they ask.
    #[serde(deserialize_with = "proxies")]
    pub trusted_proxies: Proxies,
    /// HTTP connections that a client may have open.
    pub connections_per_address: usize,
    /// Connections that a client may make in a second.
    pub connections_per_second: u32,
    /// Presence sockets that a client may have open.
    pub sockets_per_address: usize,
    /// Bytes of heads that are not complete, of all clients.
    pub max_head_bytes: usize,
    /// Bytes of bodies that are being read, of all clients.
    pub max_body_bytes: usize,
}

impl SharesConfig {
    /// Tells `within` of each value and its bounds.
    pub(super) fn check(&self, within: &mut impl FnMut(&str, u64, u64, u64)) {
        let counts = [
            (
                "shares.connections_per_address",
                self.connections_per_address,
            ),
            ("shares.sockets_per_address", self.sockets_per_address),
        ];
        for (key, value) in counts {
            within(key, value as u64, 1, 10_000_000);
        }
        within(
            "shares.connections_per_second",
            self.connections_per_second.into(),
            1,
            1_000_000,
        );
        // A client has a quarter: room for the longest head, and for the longest body.
        const MIB: u64 = 1 << 20;
        let (heads, bodies) = (self.max_head_bytes, self.max_body_bytes);
        within("shares.max_head_bytes", heads as u64, MIB, 1 << 40);
        within("shares.max_body_bytes", bodies as u64, 8 * MIB, 1 << 40);
    }
}

impl From<&Config> for Wanted {
    fn from(config: &Config) -> Self {
        let shares = &config.shares;
        Self {
            connections: config.server.max_connections,
            connections_of_address: shares.connections_per_address,
            connections_per_second: shares.connections_per_second,
            sockets: config.socket.max_sockets,
            sockets_of_address: shares.sockets_per_address,
            head_bytes: shares.max_head_bytes,
            body_bytes: shares.max_body_bytes,
        }
    }
}

fn proxies<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Proxies, D::Error> {
    String::deserialize(deserializer)?
        .parse()
        .map_err(D::Error::custom)
}
