//! The whole program put together: the core, the sockets, HTTP and the way to Discord.

mod commands;
#[cfg(test)]
mod tests;

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use lantern_actors::{
    Hub, HubConfig,
    domain::{GuildId, UserId},
    ports::{Resync, Sockets as _},
    user::{Authority, StorageAnswer, StorageRequest},
};
use lantern_card::{Cards, PictureSettings};
use lantern_simulator::{Simulator, SimulatorConfig, SimulatorError};
use tokio::{
    net::TcpListener,
    sync::watch,
    task::{AbortHandle, JoinHandle},
};

use crate::{
    admission::{Admission, Descriptors, Limits, Resource, Wanted},
    api::{self, ApiContext, Gate},
    auth::{Claims, Failures, KvTokens},
    config::Config,
    discord::{DiscordGateway, GatewayConfig, GatewayError, commands::Commands},
    metrics,
    server::{self, Routes, ServerLimits},
    socket::{Shards, SocketLimits, Upgrader},
    store::{self, StoreOpenError, embedded::Door},
    vital::{self, Vital},
};

/// Why the program cannot start or go on: one sentence for a person.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The address cannot be listened on.
    #[error(
        "cannot listen on {addr}: {source}; stop what listens there, or choose another address with --listen"
    )]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// No token is configured.
    #[error("no bot token: set DISCORD_BOT_TOKEN, or try `lantern serve --demo`, which needs none")]
    NoToken,
    /// The connection to Discord cannot be, or ended for good.
    #[error("{0}")]
    Discord(#[from] GatewayError),
    /// The simulated Discord cannot start.
    #[error("cannot {0}")]
    Simulator(#[from] SimulatorError),
    /// The core did not start.
    #[error("cannot start the core: {0}")]
    Core(#[from] ractor::SpawnErr),
    /// The core gave up.
    #[error("the core failed more often than it may; the log says why")]
    CoreFailed,
    /// A part ended that must not.
    #[error("{0} ended, and without it nobody is served; the log says why")]
    Part(&'static str),
    /// The store cannot be opened.
    #[error("{0}")]
    Store(#[from] StoreOpenError),
    /// The fan-out threads cannot be started.
    #[error("cannot start the fan-out threads: {0}")]
    Shards(io::Error),
    /// Pictures cannot be fetched.
    #[error("cannot fetch pictures for cards: {0}")]
    Pictures(reqwest::Error),
}

/// A running Lantern.
pub struct App {
    addr: SocketAddr,
    hub: Hub,
    shards: Arc<Shards>,
    gateway: Arc<Gateway>,
    commands: Arc<Commands>,
    connecting: AbortHandle,
    gateway_ended: watch::Receiver<Option<GatewayError>>,
    simulator: Option<Simulator>,
    /// Where backups are handed out, as long as this runs.
    _door: Option<Door>,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
    /// What must not end.
    vitals: Vec<Vital>,
    shutdown_timeout: Duration,
    kv_tokens: Option<KvTokens>,
}

/// The connection to Discord, once there is one.
#[derive(Default)]
struct Gateway(OnceLock<DiscordGateway>);

impl Resync for Gateway {
    fn members(&self, users: Vec<UserId>) {
        if let Some(gateway) = self.0.get() {
            gateway.resync(&users);
        }
    }

    fn everybody(&self) {
        if let Some(gateway) = self.0.get() {
            gateway.recount();
        }
    }
}

impl App {
    /// Starts serving. With a demo, a simulated Discord runs inside and is mirrored. Discord is
    /// connected to in the background; [`App::failed`] tells if that cannot be.
    pub async fn start(config: &Config, demo: Option<SimulatorConfig>) -> Result<Self, AppError> {
        let listen = config.server.listen;
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|source| AppError::Listen {
                addr: listen,
                source,
            })?;
        let addr = listener.local_addr().unwrap_or(listen);
        let mut way = way_to_discord(config);
        let simulator = match demo {
            Some(demo) => {
                let token = demo.token.clone();
                let simulator = Simulator::start(demo).await?;
                way = Ok(simulated(&simulator, &token, config));
                Some(simulator)
            }
            None => None,
        };
        let mut way = way?;
        if simulator.is_some() {
            commands::register(&way).await;
        }

        let opened = store::open(config).await?;
        let shards = Shards::start(shard_count(config), &SocketLimits::from(config))
            .map_err(AppError::Shards)?;
        let hub = Hub::start(
            HubConfig::from(config),
            shards.clone(),
            shards.clone(),
            opened.store,
        )
        .await?;
        let patience = Duration::from_millis(config.store.restore_timeout_ms);
        let _ = tokio::time::timeout(patience, restore(&hub, way.guild_id)).await;
        let gateway = Arc::new(Gateway::default());
        hub.resync_through(gateway.clone());
        let answering = Arc::new(commands::start(config, &way, addr, &hub));
        way.commands = Some(Arc::clone(&answering));
        let (connecting, gateway_ended) = connect(way, hub.clone(), gateway.clone());

        let (stop, stopping) = watch::channel(false);
        let discord = Arc::clone(&gateway);
        let cards = Arc::new(cards(config, simulator.as_ref())?);
        let mut collectors = vec![
            metrics::cards(Arc::clone(&cards)),
            metrics::sockets(Arc::clone(&shards)),
            metrics::tcp(addr, Arc::clone(&shards)),
            metrics::commands(Arc::clone(answering.stats())),
            metrics::log(),
            metrics::gateway(move || discord.0.get().map(|up| Arc::clone(up.stats()))),
        ];
        collectors.extend(opened.embedded.map(metrics::embedded_store));
        let admission = admission(config);
        collectors.push(metrics::admission(Arc::clone(&admission)));
        let gate = Arc::new(gate(config, &admission));
        let routes = Routes {
            hub: hub.clone(),
            gate: Arc::clone(&gate),
            sockets: Upgrader::new(hub.clone(), Arc::clone(&shards), Arc::clone(&admission)),
            admission,
            api: Arc::new(api::endpoint(ApiContext {
                hub: hub.clone(),
                gate,
                cards,
                started: Instant::now(),
                collectors,
            })),
        };
        let server = server::serve(listener, routes, ServerLimits::from(config), stopping);
        let (accepting, pulse) = Vital::new("the accept loop");
        let mut vitals = vec![accepting];
        vitals.extend(shards.vitals().iter().cloned());
        vitals.extend(opened.writer);
        Ok(Self {
            addr,
            hub,
            shards,
            gateway,
            commands: answering,
            connecting,
            gateway_ended,
            simulator,
            _door: opened.door,
            stop,
            server: tokio::spawn(async move {
                let _pulse = pulse;
                server.await;
            }),
            vitals,
            shutdown_timeout: Duration::from_millis(config.server.shutdown_timeout_ms),
            kv_tokens: kv_tokens(config),
        })
    }

    /// Where clients connect.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The live core.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// The sockets.
    pub fn shards(&self) -> &Arc<Shards> {
        &self.shards
    }

    /// The connection to Discord, once it is made.
    pub fn discord(&self) -> Option<&DiscordGateway> {
        self.gateway.0.get()
    }

    /// The token of a member's storage, made if there was none; `None` without a secret.
    pub async fn kv_token(&self, user: UserId) -> Option<String> {
        let tokens = self.kv_tokens.as_ref()?;
        let asked = self
            .hub
            .storage(user, Authority::Owner, StorageRequest::Token);
        match asked.await {
            Ok(StorageAnswer::Token(version)) => Some(tokens.issue(Claims { user, version })),
            Ok(StorageAnswer::Done) => None,
            Err(error) => {
                tracing::warn!(%user, %error, "no token for the demo's member");
                None
            }
        }
    }

    /// The simulated Discord of a demo.
    pub fn simulator(&self) -> Option<&Simulator> {
        self.simulator.as_ref()
    }

    /// Resolves when the program cannot go on, and says why.
    pub async fn failed(&self) -> AppError {
        let mut ended = self.gateway_ended.clone();
        tokio::select! {
            Ok(error) = ended.wait_for(Option::is_some) => match &*error {
                Some(error) => AppError::Discord(error.clone()),
                None => AppError::CoreFailed,
            },
            () = self.hub.ended() => AppError::CoreFailed,
            part = vital::first_ended(&self.vitals) => AppError::Part(part),
        }
    }

    /// Stops accepting, tells every socket that the server is going away, and ends, at the latest
    /// after the configured time.
    pub async fn stop(self) {
        self.connecting.abort();
        self.stop.send_replace(true);
        self.shards.going_away();
        let (gateway, simulator, commands) = (self.gateway, self.simulator, self.commands);
        let leave_discord = async {
            if let Some(gateway) = gateway.0.get() {
                gateway.stop().await;
            }
            commands.stop().await;
            if let Some(simulator) = simulator {
                simulator.stop().await;
            }
        };
        let mut server = self.server;
        let orderly = async {
            let _ = tokio::join!(&mut server, self.shards.closed(), leave_discord);
        };
        if tokio::time::timeout(self.shutdown_timeout, orderly)
            .await
            .is_err()
        {
            tracing::warn!("some connections did not end in time; they are cut");
            server.abort();
        }
        self.hub.stop().await;
        // Joining threads blocks.
        let shards = self.shards;
        let _ = tokio::task::spawn_blocking(move || shards.stop()).await;
    }
}

/// Who draws cards. The pictures of a demo are in the simulated Discord.
fn cards(config: &Config, demo: Option<&Simulator>) -> Result<Cards, AppError> {
    let mut pictures = PictureSettings::from(&config.cards);
    if let Some(demo) = demo {
        pictures.proxy = format!("{}/images", demo.api_url()).parse().ok();
    }
    Cards::new(pictures, config.cards.cache_bytes).map_err(AppError::Pictures)
}

/// Who is let in. What else needs files has opened them.
fn admission(config: &Config) -> Arc<Admission> {
    let wanted = Wanted::from(config);
    let descriptors = Descriptors::of_process();
    let limits = Limits::new(&wanted, descriptors);
    let sockets = limits.all(Resource::Sockets);
    if sockets < wanted.sockets {
        tracing::info!(
            files = descriptors.limit,
            sockets,
            connections = limits.all(Resource::Connections),
            "the process may open fewer files than max_sockets of [socket] needs: so many sockets and connections are possible"
        );
    }
    Admission::new(limits, config.shares.trusted_proxies.clone())
}

/// Who may change storage.
fn gate(config: &Config, admission: &Arc<Admission>) -> Gate {
    let failures = Failures::new(config.kv.failures_per_minute);
    Gate::new(kv_tokens(config), failures, Arc::clone(admission))
}

/// The maker of tokens, if there is a secret. It was checked with the configuration.
fn kv_tokens(config: &Config) -> Option<KvTokens> {
    let secrets = config.kv.token_secret.as_ref()?;
    KvTokens::new(secrets.reveal()).ok()
}

/// Restores the members of the guild that is configured, or else of the only one that is stored: most
/// likely that is the bot's, and if it is not, the login tells.
async fn restore(hub: &Hub, guild: Option<GuildId>) {
    let guild = match guild {
        Some(guild) => Some(guild),
        None => match hub.store().guilds().await.as_deref() {
            Ok([only]) => Some(*only),
            _ => None,
        },
    };
    if let Some(guild) = guild {
        hub.restore(guild);
        hub.restored().await;
    }
}

/// The way to Discord, as configured.
pub(crate) fn way_to_discord(config: &Config) -> Result<GatewayConfig, AppError> {
    let token = config.discord.token.as_ref().ok_or(AppError::NoToken)?;
    Ok(GatewayConfig {
        api_url: config.discord.api_url.clone(),
        guild_id: config.discord.guild_id,
        ..with_times(token.reveal(), config)
    })
}

/// The way to the simulated Discord of a demo, whatever the configuration says of the real one.
fn simulated(simulator: &Simulator, token: &str, config: &Config) -> GatewayConfig {
    GatewayConfig {
        api_url: Some(simulator.api_url()),
        guild_id: simulator.guild_id().try_into().ok(),
        ..with_times(token, config)
    }
}

fn with_times(token: &str, config: &Config) -> GatewayConfig {
    let discord = &config.discord;
    GatewayConfig {
        silence: Duration::from_millis(discord.silence_timeout_ms),
        patience: Duration::from_millis(discord.answer_timeout_ms),
        retry_first: Duration::from_millis(discord.retry_first_ms),
        retry_max: Duration::from_millis(discord.retry_max_ms),
        status_interval: Duration::from_millis(discord.status_interval_ms),
        ..GatewayConfig::new(token)
    }
}

/// Connects to Discord in the background. The channel tells when that failed or ended for good.
fn connect(
    config: GatewayConfig,
    hub: Hub,
    slot: Arc<Gateway>,
) -> (AbortHandle, watch::Receiver<Option<GatewayError>>) {
    let (ended, ending) = watch::channel(None);
    let task = tokio::spawn(async move {
        let error = match DiscordGateway::start(config, Arc::new(hub)).await {
            Ok(gateway) => slot.0.get_or_init(|| gateway).ended().await,
            Err(error) => error,
        };
        ended.send_replace(Some(error));
    });
    (task.abort_handle(), ending)
}

fn shard_count(config: &Config) -> u16 {
    match config.socket.shards {
        0 => std::thread::available_parallelism()
            .map_or(1, |cores| u16::try_from(cores.get()).unwrap_or(u16::MAX)),
        shards => shards,
    }
}
