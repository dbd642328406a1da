//! The gateway intake against the simulated Discord.

mod control;
mod liveness;
mod odd;
mod recorder;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use lantern::discord::{DiscordGateway, EventKind, GatewayConfig, GatewayError};
use lantern_actors::domain::{GuildId, Status};
use lantern_actors::ports::intake::{GatewayState, Intake};
use lantern_simulator::{Simulator, SimulatorConfig};
use serde_json::json;

use control::Control;
use recorder::{PATIENCE, Recorder};

const TOKEN: &str = "simulated-token";

fn quiet(members: u32) -> SimulatorConfig {
    SimulatorConfig {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        members,
        rate: 0.0,
        members_request_window: Duration::ZERO,
        ..SimulatorConfig::default()
    }
}

async fn simulate(config: SimulatorConfig) -> Simulator {
    Simulator::start(config)
        .await
        .expect("the simulator starts")
}

fn config(simulator: &Simulator) -> GatewayConfig {
    GatewayConfig {
        api_url: Some(simulator.api_url()),
        retry_first: Duration::from_millis(50),
        ..GatewayConfig::new(TOKEN)
    }
}

/// A simulator, its control, and an intake that has counted everybody.
struct Bench {
    control: Control,
    recorder: Arc<Recorder>,
    gateway: DiscordGateway,
    simulator: Simulator,
}

impl Bench {
    async fn live(members: u32) -> Self {
        let simulator = simulate(quiet(members)).await;
        let config = config(&simulator);
        Self::with(simulator, config).await
    }

    async fn with(simulator: Simulator, config: GatewayConfig) -> Self {
        let recorder = Recorder::new();
        let intake = Arc::clone(&recorder) as Arc<dyn Intake>;
        let gateway = DiscordGateway::start(config, intake)
            .await
            .expect("the intake starts");
        recorder
            .until("the first census", |seen| seen.is_live())
            .await;
        let control = Control::of(&simulator);
        Self {
            control,
            recorder,
            gateway,
            simulator,
        }
    }

    async fn stop(self) {
        self.gateway.stop().await;
        self.simulator.stop().await;
    }
}

/// Looks again and again until it is so, for what nobody announces.
async fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let mut looks = tokio::time::interval(Duration::from_millis(5));
    let looking = async {
        while !is_so() {
            looks.tick().await;
        }
    };
    let looking = tokio::time::timeout(PATIENCE, looking).await;
    assert!(looking.is_ok(), "waited too long for {what}");
}

#[tokio::test]
async fn everybody_is_counted_with_what_they_are_doing() {
    let bench = Bench::live(1_500).await;
    assert_eq!(bench.recorder.now(|seen| seen.members.len()), 1_501);
    assert_eq!(bench.gateway.guild_id().get(), bench.simulator.guild_id());
    let mut present = bench.control.present().await;
    let mut told: Vec<_> = bench.recorder.now(|seen| {
        let there = seen
            .members
            .iter()
            .filter(|(_, (_, presence))| presence.status != Status::Offline);
        there.map(|(user, _)| *user).collect()
    });
    present.sort_unstable();
    told.sort_unstable();
    assert!(present.len() > 100);
    assert_eq!(told, present);
    let stats = bench.gateway.stats();
    assert_eq!(
        (stats.sessions(), stats.censuses(), stats.reconnects()),
        (1, 1, 0)
    );
    bench.stop().await;
}

#[tokio::test]
async fn rapid_updates_of_one_user_keep_their_order() {
    const UPDATES: usize = 5_000;
    let bench = Bench::live(10).await;
    let user = bench.control.members(1).await[0];
    bench.control.burst(user, UPDATES).await;
    bench
        .recorder
        .until("all updates", |seen| {
            seen.lines(user).last() == Some(&format!("{UPDATES} of {UPDATES}"))
        })
        .await;
    let lines = bench.recorder.now(|seen| seen.lines(user));
    assert_eq!(numbers(&lines), (1..=UPDATES).collect::<Vec<_>>());
    bench.stop().await;
}

/// The numbers that a burst's updates carry, "3 of 10".
fn numbers(lines: &[String]) -> Vec<usize> {
    let numbered = lines.iter().filter_map(|line| line.split_once(" of "));
    numbered
        .map(|(number, _)| number.parse().expect("a number"))
        .collect()
}

#[tokio::test]
async fn a_connection_that_breaks_is_resumed_and_nothing_is_lost() {
    const UPDATES: usize = 1_000;
    let bench = Bench::live(10).await;
    let user = bench.control.members(1).await[0];
    let stats = bench.gateway.stats();
    for round in 1..=3 {
        let (burst, drop) = (
            bench.control.burst(user, UPDATES),
            bench.control.gateway("drop"),
        );
        tokio::join!(burst, drop);
        eventually("a resumed session", || stats.resumes() == round).await;
    }
    let lines = bench.recorder.now(|seen| seen.lines(user));
    assert_eq!(
        numbers(&lines),
        (1..=3).flat_map(|_| 1..=UPDATES).collect::<Vec<_>>()
    );
    assert!(bench.recorder.now(|seen| seen.is_live()));
    assert_eq!((stats.sessions(), stats.censuses()), (1, 1));
    bench.stop().await;
}

#[tokio::test]
async fn a_lost_session_is_counted_anew() {
    let bench = Bench::live(50).await;
    let people = bench.control.members(3).await;
    let [leaver, sleeper, renamed] = people[..] else {
        panic!("too few members")
    };
    bench
        .control
        .put_presence(sleeper, json!({"status": "online"}))
        .await;
    bench.control.gateway("invalidate").await;
    // Serenity takes some seconds to log in again; what happens now is told to no session.
    bench.control.leave(leaver).await;
    let joined = json!({"user": {"username": "newcomer"}, "presence": {"status": "dnd"}});
    let newcomer = bench.control.join(joined).await;
    bench
        .control
        .put_presence(sleeper, json!({"status": "offline"}))
        .await;
    bench
        .control
        .patch_user(renamed, json!({"username": "renamed"}))
        .await;
    bench
        .recorder
        .until("the second census", |seen| {
            seen.is_live() && bench.gateway.stats().censuses() == 2
        })
        .await;
    bench.recorder.now(|seen| {
        assert!(!seen.members.contains_key(&leaver));
        assert_eq!(seen.members[&newcomer].1.status, Status::Dnd);
        assert_eq!(seen.members[&sleeper].1.status, Status::Offline);
        assert_eq!(seen.members[&renamed].0.username, "renamed");
        let [
            GatewayState::Live,
            GatewayState::Away { .. },
            GatewayState::Live,
        ] = seen.states[..]
        else {
            panic!("{:?}", seen.states);
        };
    });
    bench.stop().await;
}

#[tokio::test]
async fn a_census_goes_on_when_the_connection_breaks() {
    let simulator = simulate(quiet(5_000)).await;
    let control = Control::of(&simulator);
    let recorder = Recorder::new();
    let intake = Arc::clone(&recorder) as Arc<dyn Intake>;
    let starting = DiscordGateway::start(config(&simulator), intake);
    let gateway = starting.await.expect("the intake starts");
    // The login is through, and the list was only just asked for.
    control.gateway("drop").await;
    let leaver = control.members(1).await[0];
    control.leave(leaver).await;
    recorder
        .until("the census", |seen| {
            seen.is_live() && seen.members.len() == 5_000
        })
        .await;
    assert!(recorder.now(|seen| !seen.members.contains_key(&leaver)));
    assert_eq!(gateway.stats().sessions(), 1);
    gateway.stop().await;
    simulator.stop().await;
}

#[tokio::test]
async fn a_discord_that_asks_to_reconnect_is_resumed() {
    let bench = Bench::live(10).await;
    let user = bench.control.members(1).await[0];
    bench.control.gateway("reconnect").await;
    bench
        .control
        .put_presence(user, json!({"status": "dnd"}))
        .await;
    bench
        .recorder
        .until("the update", |seen| {
            seen.members[&user].1.status == Status::Dnd
        })
        .await;
    assert_eq!(bench.gateway.stats().sessions(), 1);
    bench.stop().await;
}

#[tokio::test]
async fn joins_leaves_and_changes_are_told() {
    let bench = Bench::live(10).await;
    let (control, recorder) = (&bench.control, &bench.recorder);
    let member = json!({"user": {"username": "ada"}, "presence": {"status": "idle"}});
    let ada = control.join(member).await;
    recorder
        .until("who joined", |seen| {
            seen.members
                .get(&ada)
                .is_some_and(|(_, presence)| presence.status == Status::Idle)
        })
        .await;
    let tag = json!({
        "identity_guild_id": "987654321098765432", "identity_enabled": true, "tag": "GGEZ",
        "badge": "0123456789abcdef0123456789abcdef"
    });
    control
        .patch_user(ada, json!({"global_name": "Ada L.", "primary_guild": tag}))
        .await;
    recorder
        .until("the new name and tag", |seen| {
            let (profile, _) = &seen.members[&ada];
            profile.global_name.as_deref() == Some("Ada L.")
                && profile
                    .server_tag
                    .as_ref()
                    .is_some_and(|tag| tag.name == "GGEZ")
        })
        .await;
    let disabled = json!({"primary_guild": {"identity_enabled": false, "tag": "GGEZ"}});
    control.patch_user(ada, disabled).await;
    recorder
        .until("the tag turned off", |seen| {
            seen.members[&ada].0.server_tag.is_none()
        })
        .await;
    control.leave(ada).await;
    recorder
        .until("who left", |seen| !seen.members.contains_key(&ada))
        .await;
    bench.stop().await;
}

#[tokio::test]
async fn a_presence_that_serenity_cannot_read_is_salvaged() {
    let bench = Bench::live(10).await;
    let user = bench.control.members(1).await[0];
    let odd = json!({
        "status": "dnd", "client_status": {"desktop": 7, "mobile": "dnd", "vr": "online"},
        "activities": [
            {"name": "osu!", "type": 0, "created_at": "soon", "state": "kept"},
            {"type": {}, "name": []},
            {"name": "New Thing", "type": 77, "created_at": 1}
        ]
    });
    bench.control.put_presence(user, odd).await;
    bench
        .recorder
        .until("the salvaged presence", |seen| {
            seen.lines(user).last().is_some_and(|line| line == "kept")
        })
        .await;
    bench.recorder.now(|seen| {
        let presence = &seen.members[&user].1;
        assert_eq!(
            (presence.status, presence.platforms.mobile),
            (Status::Dnd, Status::Dnd)
        );
        let names = presence
            .activities
            .iter()
            .map(|activity| activity.name.as_str());
        assert_eq!(names.collect::<Vec<_>>(), ["osu!", "New Thing"]);
    });
    let stats = bench.gateway.stats();
    assert_eq!(stats.unparsed(EventKind::PresenceUpdate), 1);
    assert_eq!(stats.salvaged(EventKind::PresenceUpdate), 1);
    assert_eq!(stats.parts_lost(), 1);
    bench.stop().await;
}

#[tokio::test]
async fn members_that_serenity_cannot_read_are_counted_all_the_same() {
    let simulator = simulate(quiet(10)).await;
    let control = Control::of(&simulator);
    let odd = control.members(1).await[0];
    control
        .patch_user(odd, json!({"avatar": "short", "public_flags": 1_u64 << 50}))
        .await;
    control
        .put_presence(odd, json!({"status": "idle", "activities": "none"}))
        .await;
    let config = config(&simulator);
    let bench = Bench::with(simulator, config).await;
    bench.recorder.now(|seen| {
        assert_eq!(seen.members.len(), 11);
        let (profile, presence) = &seen.members[&odd];
        assert_eq!(profile.avatar.as_deref(), Some("short"));
        assert_eq!(profile.flags.bits(), 1 << 50);
        assert_eq!(presence.status, Status::Idle);
    });
    bench.stop().await;
}

#[tokio::test]
async fn a_member_can_be_asked_for_again() {
    let bench = Bench::live(10).await;
    let people = bench.control.members(2).await;
    let before = bench.recorder.now(|seen| seen.tellings.clone());
    bench.gateway.resync(&people);
    bench
        .recorder
        .until("both members", |seen| {
            people
                .iter()
                .all(|user| seen.tellings.get(user) > before.get(user))
        })
        .await;
    bench.stop().await;
}

#[tokio::test]
async fn a_silent_discord_is_away_and_comes_back() {
    let simulator = simulate(SimulatorConfig {
        heartbeat_interval: Duration::from_millis(1_500),
        ..quiet(10)
    })
    .await;
    let config = GatewayConfig {
        silence: Duration::from_millis(3_500),
        ..config(&simulator)
    };
    let bench = Bench::with(simulator, config).await;
    bench.control.gateway("pause").await;
    bench
        .recorder
        .until("away", |seen| {
            matches!(seen.states.last(), Some(GatewayState::Away { .. }))
        })
        .await;
    bench.control.gateway("resume").await;
    bench.recorder.until("live", |seen| seen.is_live()).await;
    assert_eq!(bench.recorder.now(|seen| seen.members.len()), 11);
    bench.stop().await;
}

#[tokio::test]
async fn a_discord_that_is_not_there_yet_is_waited_for() {
    let first = simulate(quiet(10)).await;
    let (addr, config) = (first.addr(), config(&first));
    first.stop().await;
    let recorder = Recorder::new();
    let intake = Arc::clone(&recorder) as Arc<dyn Intake>;
    let starting = tokio::spawn(DiscordGateway::start(config, intake));
    let simulator = simulate(SimulatorConfig {
        listen: addr,
        ..quiet(10)
    })
    .await;
    let gateway = starting
        .await
        .expect("no panic")
        .expect("the intake starts");
    recorder.until("the census", |seen| seen.is_live()).await;
    gateway.stop().await;
    simulator.stop().await;
}

#[tokio::test]
async fn a_discord_that_goes_away_for_a_while_is_found_again() {
    let bench = Bench::live(10).await;
    let addr = bench.simulator.addr();
    bench.simulator.stop().await;
    bench
        .recorder
        .until("away", |seen| {
            matches!(seen.states.last(), Some(GatewayState::Away { .. }))
        })
        .await;
    let simulator = simulate(SimulatorConfig {
        listen: addr,
        ..quiet(20)
    })
    .await;
    bench
        .recorder
        .until("live", |seen| seen.is_live() && seen.members.len() == 21)
        .await;
    bench.gateway.stop().await;
    simulator.stop().await;
}

#[tokio::test]
async fn stopping_closes_the_connection() {
    let bench = Bench::live(10).await;
    assert_eq!(bench.control.connections().await, 1);
    bench.gateway.stop().await;
    assert_eq!(bench.control.connections().await, 0);
    bench.simulator.stop().await;
}

async fn refusal(
    simulator: SimulatorConfig,
    change: impl FnOnce(&mut GatewayConfig),
) -> GatewayError {
    let simulator = simulate(simulator).await;
    let mut config = config(&simulator);
    change(&mut config);
    let started = DiscordGateway::start(config, Recorder::new() as Arc<dyn Intake>).await;
    let error = started.err().expect("it cannot start");
    simulator.stop().await;
    error
}

#[tokio::test]
async fn a_wrong_token_is_said() {
    for token in ["wrong", ""] {
        let error = refusal(quiet(1), |config| config.token = token.to_owned()).await;
        assert!(
            matches!(error, GatewayError::InvalidToken),
            "{token:?}: {error}"
        );
    }
}

#[tokio::test]
async fn a_missing_intent_is_said() {
    let simulator = SimulatorConfig {
        privileged_intents: false,
        ..quiet(1)
    };
    let error = refusal(simulator, |_| {}).await;
    assert!(matches!(error, GatewayError::MissingIntents), "{error}");
}

#[tokio::test]
async fn a_guild_that_the_bot_is_not_in_is_said() {
    let guild = GuildId::try_from(7).expect("an id");
    let error = refusal(quiet(1), |config| config.guild_id = Some(guild)).await;
    assert!(error.to_string().contains("not in guild 7"), "{error}");
}
