//! One serenity client, from login until it ends or is given up.
//!
//! serenity spawns a task for each event, so the client has a runtime with one thread of its own,
//! where tasks run in the order of events, and the handler does all of its work before any await.
//! Interactions are handed over to the commands, which answer on another runtime.
//! The runtime is dropped with the client: serenity's tasks may outlive it otherwise, and some end
//! without a word (when a message cannot be sent, or a task panics), which is why the connection is
//! watched from outside.

use std::sync::Arc;
use std::time::Duration;

use lantern_actors::domain::GuildId;
use parking_lot::Mutex;
use serenity::all::{
    ChunkGuildFilter, Client, ClientBuilder, ConnectionStage, Context, Event, GatewayIntents,
    RawEventHandler, ShardId, ShardManager, ShardMessenger,
};
use tokio::sync::{mpsc, watch};

use super::commands::Commands;
use super::connection::{Link, Moment};
use super::gateway::{GatewayConfig, GatewayError};
use super::login;
use super::reception::{Outlook, Reception, Request};

/// Members and presences are privileged: the bot's owner turns them on in the developer portal.
const INTENTS: GatewayIntents = GatewayIntents::GUILDS
    .union(GatewayIntents::GUILD_MEMBERS)
    .union(GatewayIntents::GUILD_PRESENCES);

/// The pause between two looks at the connection.
const LOOK: Duration = Duration::from_millis(250);

/// How long saying goodbye to Discord may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// Lantern needs one connection: it shows one guild.
const SHARD: ShardId = ShardId(0);

/// How a client ended.
pub(super) enum SessionEnd {
    /// As wanted.
    Stopped,
    /// Another client would fare no better.
    Failed(GatewayError),
    /// Another client may fare better.
    Lost,
}

/// Runs one client.
pub(super) async fn run(
    config: &GatewayConfig,
    reception: &Arc<Mutex<Reception>>,
    mut stop: watch::Receiver<bool>,
) -> SessionEnd {
    reception.lock().no_session(Moment::now());
    let connected = tokio::select! {
        connected = connect(config, reception) => connected,
        _ = stop.wait_for(|stop| *stop) => return SessionEnd::Stopped,
    };
    let (mut client, mut failures) = match connected {
        Ok(connected) => connected,
        Err(error) => return SessionEnd::Failed(error),
    };
    // Logging in may have taken long, and the client has its own time to be heard.
    reception.lock().no_session(Moment::now());
    let manager = Arc::clone(&client.shard_manager);
    let end = tokio::select! {
        result = client.start() => ended(result),
        Some(error) = failures.recv() => SessionEnd::Failed(error),
        () = watch_over(&manager, reception, config.commands.as_deref()) => SessionEnd::Lost,
        _ = stop.wait_for(|stop| *stop) => SessionEnd::Stopped,
    };
    if matches!(end, SessionEnd::Stopped) {
        // Lets Discord show the bot as offline at once.
        let _ = tokio::time::timeout(GOODBYE, manager.shutdown_all()).await;
    }
    end
}

async fn connect(
    config: &GatewayConfig,
    reception: &Arc<Mutex<Reception>>,
) -> Result<(Client, mpsc::UnboundedReceiver<GatewayError>), GatewayError> {
    let http = login::http(config);
    let url = login::gateway_url(&http, config).await?;
    let (failed, failures) = mpsc::unbounded_channel();
    let handler = Handler {
        reception: Arc::clone(reception),
        commands: config.commands.clone(),
        failed,
    };
    let client = ClientBuilder::new_with_http(http, INTENTS)
        .raw_event_handler(handler)
        .await
        .map_err(|error| GatewayError::Refused {
            reason: error.to_string(),
        })?;
    // The builder asks for the address once more and, should that fail, takes Discord's own, also
    // when another one is configured.
    *client.ws_url.lock().await = url;
    Ok((client, failures))
}

fn ended(result: serenity::Result<()>) -> SessionEnd {
    use serenity::gateway::GatewayError as Cause;
    match result {
        Err(serenity::Error::Gateway(Cause::InvalidAuthentication)) => {
            SessionEnd::Failed(GatewayError::InvalidToken)
        }
        Err(serenity::Error::Gateway(
            Cause::DisallowedGatewayIntents | Cause::InvalidGatewayIntents,
        )) => SessionEnd::Failed(GatewayError::MissingIntents),
        _ => SessionEnd::Lost,
    }
}

struct Handler {
    reception: Arc<Mutex<Reception>>,
    commands: Option<Arc<Commands>>,
    failed: mpsc::UnboundedSender<GatewayError>,
}

#[serenity::async_trait]
impl RawEventHandler for Handler {
    async fn raw_event(&self, context: Context, event: Event) {
        let mut reception = self.reception.lock();
        let event = match event {
            Event::InteractionCreate(created) => {
                reception.interaction(Moment::now());
                if let Some(commands) = &self.commands {
                    commands.answer(created.interaction);
                }
                return;
            }
            event => event,
        };
        match reception.event(event, Moment::now()) {
            Ok(request) => {
                if let (Some(request), Some(guild)) = (request, *reception.base().borrow()) {
                    send(&context.shard, guild, request);
                }
            }
            // Nobody listens any more if the client is about to end anyway.
            Err(error) => drop(self.failed.send(error)),
        }
    }
}

/// Returns when the client should be given up.
async fn watch_over(
    manager: &ShardManager,
    reception: &Mutex<Reception>,
    commands: Option<&Commands>,
) {
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let runners = manager.runners.lock().await;
        let runner = runners.get(&SHARD);
        let stage = runner.map(|runner| runner.stage);
        let link = match stage {
            Some(ConnectionStage::Connected | ConnectionStage::Identifying) => Link::Up,
            _ => Link::Down,
        };
        let round_trip = runner.and_then(|runner| runner.latency);
        if let Some(commands) = commands {
            commands.heard(round_trip);
        }
        let mut reception = reception.lock();
        match reception.look(link, round_trip, Moment::now()) {
            Outlook::Hopeless => return,
            Outlook::Good(requests) => {
                if let (Some(runner), Some(guild)) = (runner, *reception.base().borrow()) {
                    for request in requests {
                        send(&runner.runner_tx, guild, request);
                    }
                }
                if let (Some(runner), Some(ConnectionStage::Connected)) = (runner, stage)
                    && let Some(status) = reception.status(Moment::now())
                {
                    runner.runner_tx.set_activity(Some(status));
                }
            }
        }
    }
}

fn send(shard: &ShardMessenger, guild: GuildId, request: Request) {
    let (filter, nonce) = match request {
        Request::Everybody { nonce } => (ChunkGuildFilter::None, nonce),
        Request::Users(question) => {
            let users = question
                .users
                .into_iter()
                .map(|user| user.get().into())
                .collect();
            (ChunkGuildFilter::UserIds(users), question.nonce)
        }
    };
    shard.chunk_guild(guild.get().into(), None, true, filter, Some(nonce));
}
