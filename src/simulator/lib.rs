//! A Discord that runs here: gateway, REST and a control API over real HTTP and WebSocket.
//!
//! Libraries log in to it unchanged when they are pointed at its address. One guild of members
//! who play, listen and come and go is made from a seed; people and tests change it through
//! `/control`.
//!
//! - `world`: the guild, its members and the stream of changes; no sockets, all of it decided by the seed
//! - `live`: the world while it runs: every way in which it changes, and who is told
//! - `pace`: makes the stream's changes at the rate that was asked for
//! - `patch`: changes to JSON that is about to be sent
//! - `gateway`: gateway v10: sessions, resume, chunks, compression, close codes
//! - `commands`, `interactions`: what the bot registered, what members do with it, what it answers
//! - `access`: who may use the control API
//! - `control`: the control API and its page
//! - `tcp`: connections as they are accepted, and how they are reset
//! - `rest`: the routes that bots use, with Discord's errors and rate limits
//! - `pictures`: what the URLs of pictures lead to that members show
//!
//! What is sent follows <https://docs.discord.com/developers>.

mod access;
mod commands;
mod config;
mod control;
mod gateway;
mod interactions;
mod live;
mod pace;
mod patch;
mod pictures;
mod rest;
mod tcp;
mod world;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use poem::{EndpointExt, Route, Server, get};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use config::{MAX_MEMBERS, MAX_RATE, SimulatorConfig, SimulatorError};
use live::Live;
use tcp::Accepting;

/// How long requests that are under way may take when it stops.
const STOPPING: Duration = Duration::from_millis(500);

/// A Discord that runs. Dropping it stops it; [`Simulator::stop`] also waits until it has stopped.
#[derive(Debug)]
pub struct Simulator {
    live: Arc<Live>,
    pace: JoinHandle<()>,
    server: Option<JoinHandle<()>>,
    stop: Option<oneshot::Sender<()>>,
}

impl Simulator {
    /// Listens and starts the stream. Fails if the address is taken or the config makes no sense.
    pub async fn start(config: SimulatorConfig) -> Result<Self, SimulatorError> {
        config.validate()?;
        let refused = |source| SimulatorError::listen(config.listen, source);
        let listener = TcpListener::bind(config.listen).await.map_err(refused)?;
        let addr = listener.local_addr().map_err(refused)?;
        let live = Arc::new(Live::new(config, addr));
        let acceptor = Accepting {
            listener,
            addr,
            streams: live.streams.clone(),
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let app = routes(&live);
        let server = tokio::spawn(async move {
            let stopped = async { _ = stopped.await };
            let served = Server::new_with_acceptor(acceptor).run_with_graceful_shutdown(
                app,
                stopped,
                Some(STOPPING),
            );
            if let Err(error) = served.await {
                tracing::error!(%error, "the simulator stopped serving");
            }
        });
        let pace = tokio::spawn(pace::run(Arc::clone(&live)));
        Ok(Self {
            live,
            pace,
            server: Some(server),
            stop: Some(stop),
        })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.live.addr
    }

    /// The base of all URLs, as in `http://127.0.0.1:8081`.
    pub fn api_url(&self) -> String {
        self.live.api_url()
    }

    /// Where gateway sockets are opened, as in `ws://127.0.0.1:8081`.
    pub fn gateway_url(&self) -> String {
        self.live.gateway_url(None)
    }

    /// The guild that is simulated.
    pub fn guild_id(&self) -> u64 {
        world::GUILD_ID
    }

    /// The bot's application.
    pub fn application_id(&self) -> u64 {
        world::BOT_ID
    }

    /// The bot's user, which has the id of its application.
    pub fn bot_id(&self) -> u64 {
        world::BOT_ID
    }

    /// A member to name in examples: the guild's owner.
    pub fn first_member(&self) -> u64 {
        self.live.world.lock().first_member()
    }

    /// Ends all connections without a word, stops listening, and returns when all tasks have ended.
    pub async fn stop(mut self) {
        self.pace.abort();
        drop(self.stop.take());
        self.live.pictures.faults.stop();
        self.live.gateway.shut_down().await;
        if let Some(server) = self.server.take() {
            // The task ends by itself; an error is a panic that it has reported already.
            _ = server.await;
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.pace.abort();
        drop(self.stop.take());
        self.live.pictures.faults.stop();
        self.live.gateway.cut_all();
    }
}

/// Gateway, REST, pictures and control API, in one tree.
fn routes(live: &Arc<Live>) -> impl poem::Endpoint + use<> {
    let rest = Arc::new(rest::routes(live.config.rest_rate_limit).map_to_response());
    Route::new()
        .at("/", get(gateway::upgrade::open))
        .nest("/api/v8", Arc::clone(&rest))
        .nest("/api/v9", Arc::clone(&rest))
        .nest("/api/v10", Arc::clone(&rest))
        .nest("/api", rest)
        .at(
            "/attachments/:channel/:id/:filename",
            get(rest::interactions::attachment),
        )
        .at("/images/:host/*path", get(pictures::route::serve))
        .at("/elsewhere/:host/*path", get(pictures::route::elsewhere))
        .nest("/control", control::routes())
        .data(Arc::clone(live))
}
