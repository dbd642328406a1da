//! The connection to Discord as the rest of the server sees it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use lantern_actors::domain::{GuildId, UserId};
use lantern_actors::ports::intake::Intake;
use tokio::sync::{mpsc, watch};

use super::client::Client;
use super::commands::Commands;
use super::handler::{Ask, Handler};
use super::liveness::Moment;
use super::stats::GatewayStats;

/// How long [`DiscordGateway::stop`] waits.
const STOP_TIMEOUT: Duration = Duration::from_secs(4);

/// How to connect to Discord.
#[derive(Clone)]
pub struct GatewayConfig {
    /// The bot's token.
    pub token: String,
    /// Where Discord's REST API is, if not at Discord: `http://127.0.0.1:8081`.
    pub api_url: Option<String>,
    /// The guild whose members Lantern shows; the bot's only one if not set.
    pub guild_id: Option<GuildId>,
    /// How long Discord may leave a heartbeat unanswered before the connection counts as lost. It
    /// wants one every 41 s.
    pub silence: Duration,
    /// How long an answer to a request for members may take before it is repeated.
    pub patience: Duration,
    /// The pause before the second attempt to reach Discord; it doubles from there.
    pub retry_first: Duration,
    /// The longest pause between two attempts.
    pub retry_max: Duration,
    /// The least pause between two new sessions; Discord takes one in 5 s.
    pub identify_interval: Duration,
    /// The least pause between two changes of the bot's status; zero means that it shows none.
    pub status_interval: Duration,
    /// Who answers slash commands; nobody if not set.
    pub commands: Option<Arc<Commands>>,
}

impl GatewayConfig {
    /// A configuration with this token and the usual times.
    pub fn new(token: impl Into<String>) -> Self {
        Self {
            token: token.into(),
            api_url: None,
            guild_id: None,
            silence: Duration::from_secs(10),
            patience: Duration::from_secs(15),
            retry_first: Duration::from_secs(1),
            retry_max: Duration::from_secs(60),
            identify_interval: Duration::from_secs(5),
            status_interval: Duration::from_secs(20),
            commands: None,
        }
    }
}

impl fmt::Debug for GatewayConfig {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("GatewayConfig")
            .field("api_url", &self.api_url)
            .field("guild_id", &self.guild_id)
            .field("silence", &self.silence)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

/// Why there can be no connection to Discord until somebody changes something.
#[derive(Clone, Debug, thiserror::Error)]
pub enum GatewayError {
    /// The token is not one.
    #[error("Discord does not accept the bot token: check DISCORD_BOT_TOKEN")]
    InvalidToken,
    /// Close code 4014 (or 4013).
    #[error(
        "the bot may not see members and presences: turn on PRESENCE INTENT and GUILD MEMBERS \
         INTENT for it in Discord's developer portal"
    )]
    MissingIntents,
    /// The configured guild is not among the bot's.
    #[error("the bot is not in guild {guild}: invite it there, or configure another base guild")]
    NotInGuild {
        /// The configured guild.
        guild: GuildId,
    },
    /// No guild is configured, and the bot is in none.
    #[error("the bot is in no guild: invite it to the one whose members are to be shown")]
    NoGuild,
    /// No guild is configured, and there is a choice.
    #[error(
        "the bot is in several guilds: configure one of them as base guild: {}",
        list(guilds)
    )]
    SeveralGuilds {
        /// The bot's guilds.
        guilds: Vec<GuildId>,
    },
    /// Close code 4010 or 4011.
    #[error(
        "the bot is in more guilds than one connection may serve: Lantern mirrors one guild, so give \
         it a bot of its own"
    )]
    ShardingRequired,
    /// Close code 4012.
    #[error("Discord does not speak version 10 of its gateway any more: update Lantern")]
    UnknownVersion,
    /// A defect.
    #[error("the intake of Discord's events crashed, which is a defect of Lantern: start it again")]
    Crashed,
    /// The system gives no thread or runtime.
    #[error("the thread for the connection to Discord cannot be started")]
    Thread(#[source] Arc<std::io::Error>),
    /// It was stopped.
    #[error("the connection to Discord was stopped")]
    Stopped,
}

fn list(guilds: &[GuildId]) -> String {
    guilds
        .iter()
        .map(GuildId::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

/// The running intake. Dropping it ends the connection.
pub struct DiscordGateway {
    guild: GuildId,
    asks: mpsc::UnboundedSender<Ask>,
    stats: Arc<GatewayStats>,
    stop: watch::Sender<bool>,
    end: watch::Receiver<Option<GatewayError>>,
}

impl DiscordGateway {
    /// Connects, and returns when Discord has taken the login and the base guild is found. While
    /// Discord is not reachable it tries again; dropping the future gives up.
    ///
    /// # Errors
    /// What trying again would not heal.
    pub async fn start(
        mut config: GatewayConfig,
        intake: Arc<dyn Intake>,
    ) -> Result<Self, GatewayError> {
        config.token = bare_token(&config.token)?;
        let stats = Arc::new(GatewayStats::default());
        let (handler, asks) = Handler::new(&config, intake, Arc::clone(&stats), Moment::now());
        let mut base = handler.base();
        // Dropping the sender stops the thread too.
        let (stop, stopping) = watch::channel(false);
        let (ending, mut end) = watch::channel(None);
        std::thread::Builder::new()
            .name("discord-gateway".to_owned())
            .spawn(move || drop(ending.send(Some(run(config, handler, stopping)))))
            .map_err(|error| GatewayError::Thread(Arc::new(error)))?;
        let guild = tokio::select! {
            error = wait_for_end(&mut end) => return Err(error),
            Ok(guild) = base.wait_for(Option::is_some) => *guild,
        };
        let Some(guild) = guild else {
            return Err(GatewayError::Stopped);
        };
        Ok(Self {
            guild,
            asks,
            stats,
            stop,
            end,
        })
    }

    /// The guild whose members are shown.
    pub fn guild_id(&self) -> GuildId {
        self.guild
    }

    /// What was counted.
    pub fn stats(&self) -> &Arc<GatewayStats> {
        &self.stats
    }

    /// Has Discord tell these members and their presences again, soon. Returns at once.
    pub fn resync(&self, users: &[UserId]) {
        for user in users {
            // The receiver is gone when the connection has ended for good.
            let _ = self.asks.send(Ask::Member(*user));
        }
    }

    /// Has Discord tell all members anew. Returns at once.
    pub fn recount(&self) {
        let _ = self.asks.send(Ask::Everybody);
    }

    /// Returns when the connection has ended for good, and why.
    pub async fn ended(&self) -> GatewayError {
        wait_for_end(&mut self.end.clone()).await
    }

    /// Ends the connection and waits for that, a few seconds at most.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let _ = tokio::time::timeout(STOP_TIMEOUT, self.ended()).await;
    }
}

async fn wait_for_end(end: &mut watch::Receiver<Option<GatewayError>>) -> GatewayError {
    match end.wait_for(Option::is_some).await {
        Ok(error) => error.clone().unwrap_or(GatewayError::Stopped),
        // The thread is gone, and did not say why.
        Err(_) => GatewayError::Crashed,
    }
}

/// What runs on the gateway's thread. It has a runtime of its own, where nothing else is served:
/// events are handled one by one in their order.
fn run(config: GatewayConfig, handler: Handler, stop: watch::Receiver<bool>) -> GatewayError {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(async { Client::new(config, handler, stop).run().await }),
        Err(error) => GatewayError::Thread(Arc::new(error)),
    }
}

/// The token without the spaces and the prefix with which it may have been copied. It goes into a
/// header, so what does not fit there is no token.
fn bare_token(token: &str) -> Result<String, GatewayError> {
    let token = token.trim();
    let token = token.strip_prefix("Bot ").unwrap_or(token);
    let is_sendable = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    if is_sendable {
        Ok(token.to_owned())
    } else {
        Err(GatewayError::InvalidToken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_as_people_copy_it() {
        for token in ["abc.def", " abc.def\n", "Bot abc.def"] {
            assert_eq!(bare_token(token).unwrap(), "abc.def", "{token:?}");
        }
        for token in ["", "  ", "Bot a b", "a b", "a\nb", "t\u{f6}ken"] {
            assert!(bare_token(token).is_err(), "{token:?}");
        }
    }

    #[test]
    fn a_configuration_does_not_show_its_token() {
        assert!(!format!("{:?}", GatewayConfig::new("secret")).contains("secret"));
    }
}
