//! A store that takes its time, or is away: the answer is promised within Discord's time and comes
//! when it can.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use lantern::{
    config::Config,
    discord::{
        DiscordGateway, GatewayConfig,
        commands::{Commands, CommandsConfig, Registrar},
    },
    socket::{Shards, SocketLimits},
    store,
};
use lantern_actors::{
    Hub, HubConfig,
    domain::{GuildId, UserId},
    ports::{
        Store,
        store::{
            Events, Members, Revision, Scan, StoreError, StoredUser, UserChange, UserKey, Users,
        },
    },
};
use lantern_simulator::{Simulator, SimulatorConfig};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{EPHEMERAL, deed, text};
use crate::harness::{Control, eventually, still, within};

/// How long the simulated Discord waits for the first word.
const DISCORD_WAITS: Duration = Duration::from_millis(600);
const PROMISED_AFTER: Duration = Duration::from_millis(200);
/// Longer than Discord waits.
const SLOW: Duration = Duration::from_millis(1_200);

#[derive(Clone, Copy)]
enum Mood {
    Quick,
    Slow,
    Away,
}

/// A store whose commits are as its mood is.
struct Moody {
    store: Arc<dyn Store>,
    mood: Mutex<Mood>,
}

#[async_trait::async_trait]
impl Store for Moody {
    fn members(&self) -> &dyn Members {
        self.store.members()
    }

    fn users(&self) -> &dyn Users {
        self
    }

    fn events(&self) -> &dyn Events {
        self.store.events()
    }

    async fn guilds(&self) -> Result<Vec<GuildId>, StoreError> {
        self.store.guilds().await
    }

    fn kind(&self) -> &'static str {
        "moody"
    }

    fn is_available(&self) -> bool {
        true
    }

    fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    async fn close(&self) {
        self.store.close().await;
    }
}

#[async_trait::async_trait]
impl Users for Moody {
    async fn load(&self, user: UserKey) -> Result<StoredUser, StoreError> {
        self.store.users().load(user).await
    }

    async fn commit(
        &self,
        user: UserKey,
        based_on: Revision,
        change: UserChange,
    ) -> Result<Revision, StoreError> {
        let mood = *self.mood.lock();
        match mood {
            Mood::Quick => {}
            Mood::Slow => tokio::time::sleep(SLOW).await,
            Mood::Away => return Err(StoreError::Unavailable("the disk is full".to_owned())),
        }
        self.store.users().commit(user, based_on, change).await
    }

    fn scan(&self, guild: GuildId) -> Scan<'_, (UserId, StoredUser)> {
        self.store.users().scan(guild)
    }
}

struct Bench {
    hub: Hub,
    store: Arc<Moody>,
    commands: Arc<Commands>,
    gateway: DiscordGateway,
    simulator: Simulator,
    shards: Arc<Shards>,
    control: Control,
    member: UserId,
    _folder: TempDir,
}

impl Bench {
    async fn start() -> Self {
        let simulator = Simulator::start(SimulatorConfig {
            interaction_timeout: DISCORD_WAITS,
            ..still()
        });
        let simulator = simulator.await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::load(None, []).unwrap();
        config.store.path = folder.path().to_owned();
        let store = Arc::new(Moody {
            store: store::open(&config).await.unwrap().store,
            mood: Mutex::new(Mood::Quick),
        });
        let shards = Shards::start(1, &SocketLimits::from(&config)).unwrap();
        let limits = HubConfig {
            storage_timeout: Duration::from_secs(2),
            ..HubConfig::default()
        };
        let hub = Hub::start(limits, shards.clone(), shards.clone(), store.clone());
        let hub = hub.await.unwrap();
        let mut way = GatewayConfig {
            api_url: Some(simulator.api_url()),
            ..GatewayConfig::new("simulated-token")
        };
        let registrar = Registrar::log_in(&way, None).await.unwrap();
        registrar.register().await.unwrap();
        let settings = CommandsConfig {
            promise_after: PROMISED_AFTER,
            button_lifetime: Duration::from_secs(60),
            public_url: "http://127.0.0.1".to_owned(),
        };
        let commands = Arc::new(Commands::new(settings, &way, hub.clone(), None));
        way.commands = Some(commands.clone());
        let gateway = DiscordGateway::start(way, Arc::new(hub.clone()))
            .await
            .unwrap();
        within("the members are counted", hub.completed()).await;
        let control = Control::new(&simulator);
        let member = control.members().await[0];
        Self {
            hub,
            store,
            commands,
            gateway,
            simulator,
            shards,
            control,
            member,
            _folder: folder,
        }
    }

    async fn create(&self, key: &str) -> (Value, Duration) {
        let options = json!({"key": key, "value": "x"});
        let command = json!({"type": "command", "name": "storage create data", "options": options,
            "wait_ms": 5_000});
        let asked = Instant::now();
        let outcome = deed(&self.control, self.member, command).await;
        (outcome, asked.elapsed())
    }

    fn is(&self, mood: Mood) {
        *self.store.mood.lock() = mood;
    }

    async fn stop(self) {
        self.gateway.stop().await;
        self.commands.stop().await;
        self.simulator.stop().await;
        self.hub.stop().await;
        let shards = self.shards;
        tokio::task::spawn_blocking(move || shards.stop())
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_store_is_waited_for_and_discord_is_told_in_time() {
    let bench = Bench::start().await;
    let (outcome, _) = bench.create("quick").await;
    assert_eq!(outcome["callback"]["type"], 4);

    bench.is(Mood::Slow);
    let (outcome, took) = bench.create("slow").await;
    assert!(took >= SLOW, "{took:?}");
    assert_eq!(outcome["callback"]["type"], 5, "promised: {outcome}");
    assert_eq!(outcome["complete"], true, "{outcome}");
    let message = &outcome["message"];
    assert!(text(message).starts_with("Stored `slow`"), "{message}");
    assert_eq!(message["flags"], EPHEMERAL);
    assert_eq!(bench.commands.stats().promised(), 1);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn presences_do_not_wait_for_a_command() {
    let bench = Bench::start().await;
    bench.is(Mood::Slow);
    let other = bench.control.members().await[1];
    let (before, asked) = (bench.hub.user(other).map(|it| it.version()), Instant::now());
    let presence = async {
        // Behind the command, which is under way.
        tokio::time::sleep(Duration::from_millis(100)).await;
        bench.control.playing(other, "Go").await;
        eventually("the presence is published", async || {
            (bench.hub.user(other).map(|it| it.version()) > before).then_some(())
        })
        .await;
        asked.elapsed()
    };
    let ((_, answered), published) = tokio::join!(bench.create("slow"), presence);
    assert!(published < answered, "{published:?} {answered:?}");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_away_is_said_in_a_sentence() {
    let bench = Bench::start().await;
    bench.is(Mood::Away);
    let (outcome, _) = bench.create("lost").await;
    assert_eq!(outcome["complete"], true, "{outcome}");
    let message = &outcome["message"];
    assert!(
        text(message).contains("could not be stored just now"),
        "{message}"
    );
    assert_eq!(message["flags"], EPHEMERAL);
    bench.is(Mood::Quick);
    eventually("it is stored when the store is back", async || {
        let (outcome, _) = bench.create("found").await;
        let text = text(&outcome["message"]);
        (text.starts_with("Stored") || text.contains("already")).then_some(())
    })
    .await;
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_button_is_acknowledged_in_time_too() {
    let bench = Bench::start().await;
    bench.create("a").await;
    let ask = json!({"type": "command", "name": "storage reset"});
    let asked = deed(&bench.control, bench.member, ask).await;
    let confirm = &asked["message"]["components"][0]["components"][0]["custom_id"];
    bench.is(Mood::Slow);
    let press = json!({"type": "button", "custom_id": confirm});
    let outcome = deed(&bench.control, bench.member, press).await;
    assert_eq!(outcome["callback"]["type"], 6, "{outcome}");
    let id = asked["interaction"]["id"].as_str().unwrap();
    let path = format!("/interactions/{id}");
    eventually("the question says what was done", async || {
        let now = bench.control.get(&path).await;
        text(&now["message"])
            .starts_with("Deleted 1 pair")
            .then_some(())
    })
    .await;
    bench.stop().await;
}
