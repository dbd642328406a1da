//! `[scylla]`: where the ScyllaDB store is, and how patient with it.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer, de::Error as _};

use super::Secret;

/// `[scylla]`: the ScyllaDB store.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScyllaConfig {
    /// Where to connect first, each as `host:port`.
    #[serde(deserialize_with = "nodes")]
    pub nodes: Vec<String>,
    /// The keyspace.
    #[serde(deserialize_with = "keyspace")]
    pub keyspace: String,
    /// How a keyspace that is created replicates: a map as CQL writes it.
    #[serde(deserialize_with = "replication")]
    pub replication: String,
    /// Whether a missing keyspace and tables are created at a start.
    pub migrate_on_start: bool,
    /// The user; empty if the database wants none.
    pub user: String,
    /// The user's password.
    #[serde(deserialize_with = "password")]
    pub password: Secret,
    /// The certificate (PEM) that signed those of the nodes; without it there is no encryption.
    #[serde(deserialize_with = "some_path")]
    pub tls_ca: Option<PathBuf>,
    /// How long it may take to make a connection.
    pub connect_timeout_ms: u64,
    /// How long the database may take to answer a request.
    pub request_timeout_ms: u64,
    /// How long it is tried to find out what became of a commit whose answer was lost.
    pub resolve_timeout_ms: u64,
}

impl ScyllaConfig {
    pub(super) fn check(&self, within: &mut impl FnMut(&str, u64, u64, u64)) {
        let timeouts = [
            ("scylla.connect_timeout_ms", self.connect_timeout_ms),
            ("scylla.request_timeout_ms", self.request_timeout_ms),
            ("scylla.resolve_timeout_ms", self.resolve_timeout_ms),
        ];
        for (key, value) in timeouts {
            // A commit must end long before the ten minutes after which its trace in
            // `waiting_events` may be taken for an old one.
            within(key, value, 100, 60_000);
        }
    }
}

/// Where CQL servers listen if nothing else is said.
const CQL_PORT: u16 = 9042;

fn nodes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.split(',')
        .map(|node| self::node(node.trim()))
        .collect::<Option<_>>()
        .ok_or_else(|| {
            D::Error::custom("addresses as in \"10.0.0.1:9042, 10.0.0.2:9042\" are needed")
        })
}

fn node(text: &str) -> Option<String> {
    if text.is_empty() || text.contains(|letter: char| letter.is_whitespace() || letter == '/') {
        return None;
    }
    match text.rsplit_once(':') {
        // An IPv6 address without a port, unless it is in brackets.
        Some((host, _)) if host.contains(':') && !host.ends_with(']') => None,
        Some((host, port)) => {
            let is_address = !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0);
            is_address.then(|| text.to_owned())
        }
        None => Some(format!("{text}:{CQL_PORT}")),
    }
}

fn keyspace<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let is_name = (1..=48).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    is_name
        .then_some(text)
        .ok_or_else(|| D::Error::custom("1 to 48 of a-z, 0-9 and _ are needed, a letter first"))
}

fn replication<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let text = text.trim();
    let is_map = text.starts_with('{') && text.ends_with('}') && text.contains("'class'");
    if !is_map || text.contains(';') {
        return Err(D::Error::custom(
            "a map as in {'class': 'SimpleStrategy', 'replication_factor': 1} is needed",
        ));
    }
    Ok(text.to_owned())
}

fn password<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

fn some_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok((!text.is_empty()).then(|| PathBuf::from(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_have_a_port_and_get_the_usual_one_without() {
        assert_eq!(node("db1").as_deref(), Some("db1:9042"));
        assert_eq!(node("10.0.0.1:19042").as_deref(), Some("10.0.0.1:19042"));
        assert_eq!(node("[::1]:9042").as_deref(), Some("[::1]:9042"));
        for wrong in [
            "",
            "::1",
            "db1:",
            ":9042",
            "db1:0",
            "db1:99999",
            "http://db1",
        ] {
            assert_eq!(node(wrong), None, "{wrong}");
        }
    }
}
