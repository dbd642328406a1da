//! Where interactions are handed over, and what commands work with.

use std::{
    fmt,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use lantern_actors::Hub;
use parking_lot::Mutex;
use serenity::all::Http;
use tokio::{runtime::Handle, sync::Semaphore, task::JoinSet};

use super::{answering, questions::Questions, stats::CommandStats};
use crate::{
    auth::KvTokens,
    discord::{gateway::GatewayConfig, interaction::Interaction, login},
};

/// How many interactions may be under way. Members type by hand; this is for when nothing answers.
const MOST_AT_ONCE: usize = 512;
/// How long answers that are under way may take when it stops.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// How commands are answered.
#[derive(Clone, Debug)]
pub struct CommandsConfig {
    /// How long a command may take before Discord is told to wait for its answer.
    pub promise_after: Duration,
    /// How long buttons can be pressed.
    pub button_lifetime: Duration,
    /// Where people reach the REST interface, without a slash at the end; it is shown to them.
    pub public_url: String,
}

/// What commands work with.
pub(super) struct Desk {
    pub(super) hub: Hub,
    /// `None` if no secret is configured.
    pub(super) tokens: Option<KvTokens>,
    pub(super) config: CommandsConfig,
    /// A client of its own: the gateway's belongs to a runtime that ends with each of its sessions.
    pub(super) http: Http,
    pub(super) questions: Questions,
    pub(super) stats: Arc<CommandStats>,
    /// The round trip of the gateway's last heartbeat.
    pub(super) round_trip: Mutex<Option<Duration>>,
}

/// Answers slash commands on the runtime on which it was made.
pub struct Commands {
    desk: Arc<Desk>,
    runtime: Handle,
    room: Arc<Semaphore>,
    /// `None` once it has stopped.
    under_way: Mutex<Option<JoinSet<()>>>,
}

impl Commands {
    /// Commands of the bot that `gateway` names.
    pub fn new(
        config: CommandsConfig,
        gateway: &GatewayConfig,
        hub: Hub,
        tokens: Option<KvTokens>,
    ) -> Self {
        Self {
            desk: Arc::new(Desk {
                hub,
                tokens,
                http: login::http(gateway),
                questions: Questions::new(config.button_lifetime),
                config,
                stats: Arc::default(),
                round_trip: Mutex::default(),
            }),
            runtime: Handle::current(),
            room: Arc::new(Semaphore::new(MOST_AT_ONCE)),
            under_way: Mutex::new(Some(JoinSet::new())),
        }
    }

    /// What was counted.
    pub fn stats(&self) -> &Arc<CommandStats> {
        &self.desk.stats
    }

    /// Has an interaction answered. Returns at once, so that no presence waits.
    pub(in crate::discord) fn answer(&self, interaction: Interaction) {
        let Ok(place) = Arc::clone(&self.room).try_acquire_owned() else {
            self.desk.stats.turned_away.fetch_add(1, Relaxed);
            return;
        };
        if let Some(under_way) = &mut *self.under_way.lock() {
            while under_way.try_join_next().is_some() {}
            let answering = answering::answer(Arc::clone(&self.desk), interaction, place);
            under_way.spawn_on(answering, &self.runtime);
        }
    }

    /// What the gateway's last heartbeat took, if there was one.
    pub(in crate::discord) fn heard(&self, round_trip: Option<Duration>) {
        *self.desk.round_trip.lock() = round_trip;
    }

    /// Ends; answers that are under way are finished if that takes a moment.
    pub async fn stop(&self) {
        // Nobody else answers what comes from here on, so nothing is under way that is not in here.
        let under_way = self.under_way.lock().take();
        if let Some(mut under_way) = under_way {
            // All places: questions that wait for their time have given theirs back.
            let most = u32::try_from(MOST_AT_ONCE).unwrap_or(u32::MAX);
            let idle = self.room.acquire_many(most);
            let _ = tokio::time::timeout(LAST_ANSWERS, idle).await;
            under_way.shutdown().await;
        }
    }
}

impl fmt::Debug for Commands {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Commands")
            .field("config", &self.desk.config)
            .finish_non_exhaustive()
    }
}
