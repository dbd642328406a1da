//! The configuration: one struct per concern, each key explained in `config/default.toml`.
//!
//! [`Config::load`] lays a file over the defaults and the environment over both. Whatever is wrong
//! is reported at once, each problem with its key, so that nobody has to mend one to see the next.

mod cards;
mod layers;
mod scylla;
mod shares;

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use lantern_actors::{
    HubConfig, WriteBehind, directory::Passivation, domain::GuildId, session::SessionLimits,
};
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::{auth::KvTokens, server::ServerLimits, socket::SocketLimits, tcp::TcpLimits};

pub use self::{
    cards::CardsConfig,
    layers::{Base, Loaded, Origin, Setting},
    scylla::ScyllaConfig,
    shares::SharesConfig,
};

/// Everything that can be configured.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The listener and its connections.
    pub server: ServerConfig,
    /// What one client address may have of it.
    pub shares: SharesConfig,
    /// The presence socket.
    pub socket: SocketConfig,
    /// The connection to Discord.
    pub discord: DiscordConfig,
    /// The actors of monitored users.
    pub users: UsersConfig,
    /// Where state survives.
    pub store: StoreConfig,
    /// The key-value storage of users.
    pub kv: KvConfig,
    /// Slash commands.
    pub commands: CommandsSection,
    /// Profile cards.
    pub cards: CardsConfig,
    /// The ScyllaDB store.
    pub scylla: ScyllaConfig,
    /// The log.
    pub log: LogConfig,
}

/// `[server]`: the listener and its connections.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// Where clients connect.
    #[serde(deserialize_with = "address")]
    pub listen: SocketAddr,
    /// How long a stop may take.
    pub shutdown_timeout_ms: u64,
    /// How long an HTTP connection may be open without a complete request.
    pub idle_timeout_ms: u64,
    /// How soon the first request must have come.
    pub first_request_timeout_ms: u64,
    /// How many HTTP connections may be open at once; sockets are counted apart.
    pub max_connections: usize,
    /// How many bytes of a connection the kernel may hold that it has not sent.
    pub max_unsent_bytes: u32,
    /// Where people reach the server, without a slash at its end; without it, where it listens.
    #[serde(deserialize_with = "some_url")]
    pub public_url: Option<String>,
}

/// `[socket]`: the presence socket.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SocketConfig {
    /// How often clients are to send a heartbeat.
    pub heartbeat_interval_ms: u64,
    /// How soon after HELLO a client must have sent INIT.
    pub init_timeout_ms: u64,
    /// How many messages a client may send in a minute.
    pub messages_per_minute: u32,
    /// The longest message that is read from a client, after decompression.
    pub max_message_bytes: usize,
    /// Events that a slow reader may leave unread.
    pub max_queue_bytes: usize,
    /// What replaced texts may take that somebody still has to be sent, in bytes.
    pub max_pinned_bytes: usize,
    /// How long a client may read nothing at all while something waits for it.
    pub write_stall_timeout_ms: u64,
    /// How long a client that does not read may take to read that it is closed.
    pub close_timeout_ms: u64,
    /// How many presence sockets may be open at once.
    pub max_sockets: usize,
    /// How many threads deliver to sockets; 0 means one for each processor core.
    pub shards: u16,
}

/// `[discord]`: the connection to Discord.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscordConfig {
    /// The bot's token.
    #[serde(deserialize_with = "some_token")]
    pub token: Option<Secret>,
    /// The base guild; without it, the only guild of the bot.
    #[serde(deserialize_with = "some_guild")]
    pub guild_id: Option<GuildId>,
    /// The root of Discord's API, without a slash at its end; without it, Discord's own.
    #[serde(deserialize_with = "some_url")]
    pub api_url: Option<String>,
    /// How long Discord may be silent before the connection counts as lost.
    pub silence_timeout_ms: u64,
    /// How long Discord may take to answer a request for members before it is repeated.
    pub answer_timeout_ms: u64,
    /// The pause before the second attempt to reach Discord; it doubles from there.
    pub retry_first_ms: u64,
    /// The longest pause between two attempts.
    pub retry_max_ms: u64,
    /// The least pause between two changes of the bot's status; 0 means that it shows none.
    pub status_interval_ms: u64,
}

/// `[users]`: the actors of monitored users.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsersConfig {
    /// How long an actor that nobody watches may have nothing to do before it is let go.
    pub idle_after_ms: u64,
    /// How many actors may live before idle ones are let go early.
    pub most_actors: usize,
    /// How often idle actors are looked for.
    pub sweep_interval_ms: u64,
}

/// `[store]`: where state survives.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    /// Which store.
    pub kind: StoreKind,
    /// The folder of the embedded store.
    pub path: PathBuf,
    /// How many days the trace of a member who left is kept.
    pub keep_left_days: u32,
    /// How long after a change a member is written.
    pub write_delay_ms: u64,
    /// How long a start waits for what was stored.
    pub restore_timeout_ms: u64,
}

/// `[kv]`: the key-value storage of users.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KvConfig {
    /// The secrets that tokens are made with, the newest first; without one there are no tokens.
    #[serde(deserialize_with = "some_secrets")]
    pub token_secret: Option<Secret>,
    /// How many tokens that are none an address may come with in a minute.
    pub failures_per_minute: u32,
    /// How long a change may take.
    pub timeout_ms: u64,
}

/// `[commands]`: the bot's slash commands.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandsSection {
    /// How long a command may take before Discord is told to wait for its answer.
    pub promise_after_ms: u64,
    /// How long buttons can be pressed.
    pub button_timeout_ms: u64,
}

/// The stores that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// Built in, in a folder.
    Embedded,
    /// ScyllaDB or Apache Cassandra.
    Scylla,
}

/// `[log]`: the log.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// What is logged, as tracing-subscriber's `EnvFilter` reads it.
    #[serde(deserialize_with = "log_filter")]
    pub filter: String,
}

/// A text that is never shown: `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for whom it is meant.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("(hidden)")
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not TOML.
    #[error("{name} is not valid TOML: {source}")]
    Syntax {
        /// The file.
        name: String,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// The values are wrong: all of them, one a line.
    #[error("{}", .0.join("\n"))]
    Invalid(Vec<String>),
}

impl Config {
    /// What is wrong with the values that a type alone does not tell: a sentence each.
    pub fn validate(&self) -> Vec<String> {
        let (server, socket, users) = (&self.server, &self.socket, &self.users);
        let discord = &self.discord;
        let mut problems = Vec::new();
        let mut within = |key: &str, value: u64, least: u64, most: u64| {
            if !(least..=most).contains(&value) {
                problems.push(format!(
                    "{key}: {value} is out of range; it may be {least} to {most}"
                ));
            }
        };
        let timeouts = [
            ("server.shutdown_timeout_ms", server.shutdown_timeout_ms),
            ("server.idle_timeout_ms", server.idle_timeout_ms),
            (
                "server.first_request_timeout_ms",
                server.first_request_timeout_ms,
            ),
            ("socket.init_timeout_ms", socket.init_timeout_ms),
            (
                "socket.write_stall_timeout_ms",
                socket.write_stall_timeout_ms,
            ),
            ("socket.close_timeout_ms", socket.close_timeout_ms),
            ("users.sweep_interval_ms", users.sweep_interval_ms),
            ("discord.silence_timeout_ms", discord.silence_timeout_ms),
            ("discord.answer_timeout_ms", discord.answer_timeout_ms),
        ];
        for (key, value) in timeouts {
            within(key, value, 100, HOUR_MS);
        }
        if discord.status_interval_ms != 0 {
            let interval = discord.status_interval_ms;
            within("discord.status_interval_ms", interval, 100, HOUR_MS);
        }
        let commands = &self.commands;
        // Discord wants its first answer within 3 s, and takes changes of one for 15 minutes.
        within(
            "commands.promise_after_ms",
            commands.promise_after_ms,
            0,
            2_500,
        );
        within(
            "commands.button_timeout_ms",
            commands.button_timeout_ms,
            100,
            14 * 60_000,
        );
        within(
            "discord.retry_first_ms",
            discord.retry_first_ms,
            10,
            HOUR_MS,
        );
        within(
            "discord.retry_max_ms",
            discord.retry_max_ms,
            discord.retry_first_ms,
            HOUR_MS,
        );
        within(
            "socket.heartbeat_interval_ms",
            socket.heartbeat_interval_ms,
            100,
            HOUR_MS,
        );
        within(
            "socket.messages_per_minute",
            socket.messages_per_minute.into(),
            1,
            1_000_000,
        );
        let counts = [
            ("server.max_connections", server.max_connections, 1),
            ("socket.max_sockets", socket.max_sockets, 1),
            (
                "server.max_unsent_bytes",
                server.max_unsent_bytes as usize,
                4_096,
            ),
            ("users.most_actors", users.most_actors, 1),
        ];
        for (key, value, least) in counts {
            within(key, value as u64, least, 10_000_000);
        }
        within(
            "socket.max_message_bytes",
            socket.max_message_bytes as u64,
            1_024,
            16 << 20,
        );
        within(
            "socket.max_queue_bytes",
            socket.max_queue_bytes as u64,
            4_096,
            1 << 30,
        );
        within(
            "socket.max_pinned_bytes",
            socket.max_pinned_bytes as u64,
            1 << 20,
            1 << 40,
        );
        within("socket.shards", socket.shards.into(), 0, 1_024);
        let failures = self.kv.failures_per_minute;
        within("kv.failures_per_minute", failures.into(), 1, 1_000_000);
        within("kv.timeout_ms", self.kv.timeout_ms, 100, HOUR_MS);
        let store = &self.store;
        within(
            "store.keep_left_days",
            store.keep_left_days.into(),
            1,
            3_650,
        );
        within("store.write_delay_ms", store.write_delay_ms, 0, 60_000);
        within(
            "store.restore_timeout_ms",
            store.restore_timeout_ms,
            0,
            600_000,
        );
        self.shares.check(&mut within);
        self.cards.check(&mut within);
        self.scylla.check(&mut within);
        if store.path.as_os_str().is_empty() {
            problems.push("store.path: a folder is needed".to_owned());
        }
        problems
    }
}

const HOUR_MS: u64 = 3_600_000;

impl From<&Config> for HubConfig {
    fn from(config: &Config) -> Self {
        Self {
            sessions: SessionLimits {
                heartbeat_interval: Duration::from_millis(config.socket.heartbeat_interval_ms),
                init_timeout: Duration::from_millis(config.socket.init_timeout_ms),
                messages_per_minute: config.socket.messages_per_minute,
            },
            passivation: Passivation {
                idle_after: Duration::from_millis(config.users.idle_after_ms),
                most_actors: config.users.most_actors,
            },
            sweep_interval: Duration::from_millis(config.users.sweep_interval_ms),
            write_behind: WriteBehind {
                delay: Duration::from_millis(config.store.write_delay_ms),
            },
            restore_timeout: Duration::from_millis(config.store.restore_timeout_ms),
            storage_timeout: Duration::from_millis(config.kv.timeout_ms),
        }
    }
}

impl From<&Config> for SocketLimits {
    fn from(config: &Config) -> Self {
        let socket = &config.socket;
        Self {
            max_message_bytes: socket.max_message_bytes,
            frames_per_minute: socket
                .messages_per_minute
                .saturating_mul(FRAMES_PER_MESSAGE),
            max_queue_bytes: socket.max_queue_bytes,
            max_pinned_bytes: socket.max_pinned_bytes,
            write_stall_timeout: Duration::from_millis(socket.write_stall_timeout_ms),
            close_timeout: Duration::from_millis(socket.close_timeout_ms),
        }
    }
}

/// Pings and fragments count as frames, so a well-behaved client sends more of them than messages.
const FRAMES_PER_MESSAGE: u32 = 10;

impl From<&Config> for ServerLimits {
    fn from(config: &Config) -> Self {
        let idle_timeout = Duration::from_millis(config.server.idle_timeout_ms);
        Self {
            idle_timeout,
            tcp: TcpLimits {
                max_unsent_bytes: config.server.max_unsent_bytes,
                abandoned_timeout: idle_timeout,
            },
            first_request_timeout: Duration::from_millis(config.server.first_request_timeout_ms),
        }
    }
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse()
        .map_err(|_| D::Error::custom("an IP address and a port are needed, as in 127.0.0.1:8080"))
}

fn some_token<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    let text = String::deserialize(deserializer)?;
    // A token is sent in a header, and its text must not come back in an error.
    if text.bytes().any(|byte| !byte.is_ascii_graphic()) {
        return Err(D::Error::custom(
            "a token has no spaces or control characters",
        ));
    }
    Ok((!text.is_empty()).then_some(Secret(text)))
}

fn some_secrets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    KvTokens::new(&text).map_err(D::Error::custom)?;
    Ok(Some(Secret(text)))
}

fn some_guild<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<GuildId>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(D::Error::custom)
}

fn some_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    let host = text
        .strip_prefix("http://")
        .or_else(|| text.strip_prefix("https://"))
        .and_then(|rest| rest.split('/').next());
    if host.is_none_or(str::is_empty) || text.contains(char::is_whitespace) {
        let wanted = "an address as in http://127.0.0.1:8081 is needed";
        return Err(D::Error::custom(wanted));
    }
    Ok(Some(text.trim_end_matches('/').to_owned()))
}

fn log_filter<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    crate::telemetry::parse_filter(&text).map_err(D::Error::custom)?;
    Ok(text)
}
