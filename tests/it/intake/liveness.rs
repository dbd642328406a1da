//! However the connection ends, it is noticed at once; then it comes back, or the intake ends with
//! a sentence.

use std::collections::HashSet;

use lantern_actors::domain::{Presence, ProfileUpdate, UserId};

use super::*;

/// Far less than Discord's interval of heartbeats, by which a loss would be noticed otherwise.
const AT_ONCE: Duration = Duration::from_secs(10);

async fn bench() -> Bench {
    let simulator = simulate(quiet(5)).await;
    let config = GatewayConfig {
        identify_interval: Duration::from_millis(20),
        ..config(&simulator)
    };
    Bench::with(simulator, config).await
}

impl Bench {
    async fn act(&self, action: serde_json::Value) {
        self.control
            .call(reqwest::Method::POST, "/gateway", action)
            .await;
    }

    /// Waits until what is known is stale, from this many announcements on.
    async fn away(&self, what: &str, before: usize) {
        let away = self.recorder.until(what, |seen| {
            let later = seen.states.get(before..).unwrap_or_default();
            later
                .iter()
                .any(|state| matches!(state, GatewayState::Away { .. }))
        });
        let noticed = tokio::time::timeout(AT_ONCE, away).await;
        assert!(noticed.is_ok(), "{what} is not noticed");
    }

    fn announcements(&self) -> usize {
        self.recorder.now(|seen| seen.states.len())
    }

    async fn until_live(&self, what: &str) {
        self.recorder.until(what, |seen| seen.is_live()).await;
    }
}

/// What follows a close.
enum Then {
    Resumes,
    LogsInAnew,
    Ends(fn(&GatewayError) -> bool),
}

#[tokio::test]
async fn every_close_code_is_noticed_at_once_and_has_its_consequence() {
    use Then::{Ends, LogsInAnew, Resumes};
    for (code, then) in [
        (4000, Resumes),
        (4001, Resumes),
        (4002, Resumes),
        (4003, LogsInAnew),
        (
            4004,
            Ends(|error| matches!(error, GatewayError::InvalidToken)),
        ),
        (4005, Resumes),
        (4007, LogsInAnew),
        (4008, Resumes),
        (4009, LogsInAnew),
        (
            4010,
            Ends(|error| matches!(error, GatewayError::ShardingRequired)),
        ),
        (
            4011,
            Ends(|error| matches!(error, GatewayError::ShardingRequired)),
        ),
        (
            4012,
            Ends(|error| matches!(error, GatewayError::UnknownVersion)),
        ),
        (
            4013,
            Ends(|error| matches!(error, GatewayError::MissingIntents)),
        ),
        (
            4014,
            Ends(|error| matches!(error, GatewayError::MissingIntents)),
        ),
        (1000, Resumes),
        (1001, Resumes),
        (1011, Resumes),
        (4999, Resumes),
    ] {
        let bench = bench().await;
        let before = bench.announcements();
        bench.act(json!({"action": "close", "code": code})).await;
        let what = format!("a close with {code}");
        bench.away(&what, before).await;
        let stats = Arc::clone(bench.gateway.stats());
        match then {
            Resumes => {
                bench.until_live(&what).await;
                assert_eq!((stats.sessions(), stats.resumes()), (1, 1), "{code}");
            }
            LogsInAnew => {
                bench.until_live(&what).await;
                assert_eq!((stats.sessions(), stats.resumes()), (2, 0), "{code}");
            }
            Ends(is_expected) => {
                let error = tokio::time::timeout(AT_ONCE, bench.gateway.ended()).await;
                let error = error.expect("the intake ends");
                assert!(is_expected(&error), "{code}: {error}");
            }
        }
        bench.stop().await;
    }
}

#[tokio::test]
async fn a_connection_that_is_reset_is_noticed_at_once() {
    let bench = bench().await;
    let before = bench.announcements();
    bench.act(json!({"action": "reset"})).await;
    bench.away("the reset", before).await;
    bench.until_live("the resumed session").await;
    assert_eq!(bench.gateway.stats().resumes(), 1);
    bench.stop().await;
}

#[tokio::test]
async fn a_session_that_is_declared_invalid_is_stale_at_once() {
    let bench = bench().await;
    let before = bench.announcements();
    bench.act(json!({"action": "invalidate"})).await;
    bench.away("the invalid session", before).await;
    bench.until_live("the next session").await;
    assert_eq!(bench.gateway.stats().sessions(), 2);
    bench.stop().await;
}

#[tokio::test]
async fn a_session_that_cannot_be_resumed_is_given_up() {
    let bench = bench().await;
    let before = bench.announcements();
    // Nothing about these closes says that the session is gone.
    let refuse = json!({"action": "refuse", "code": 4000, "times": 3});
    bench.act(refuse).await;
    bench.act(json!({"action": "drop"})).await;
    bench.away("the drop", before).await;
    bench.until_live("the next session").await;
    let stats = bench.gateway.stats();
    assert_eq!((stats.sessions(), stats.resumes()), (2, 0));
    bench.stop().await;
}

#[tokio::test]
async fn a_heartbeat_that_is_not_answered_is_loss_whatever_else_comes() {
    let simulator = simulate(SimulatorConfig {
        heartbeat_interval: Duration::from_millis(300),
        rate: 50.0,
        ..quiet(10)
    })
    .await;
    let config = GatewayConfig {
        silence: Duration::from_millis(300),
        ..config(&simulator)
    };
    let bench = Bench::with(simulator, config).await;
    let before = bench.announcements();
    bench.act(json!({"action": "mute"})).await;
    bench.away("the missing answer", before).await;
    bench.act(json!({"action": "unmute"})).await;
    bench.until_live("the resumed session").await;
    bench.stop().await;
}

#[tokio::test]
async fn a_login_that_is_refused_ends_with_a_sentence() {
    for (code, sentence) in [
        (4004, "token"),
        (4010, "guilds"),
        (4011, "guilds"),
        (4012, "update Lantern"),
        (4013, "INTENT"),
        (4014, "INTENT"),
    ] {
        let simulator = simulate(quiet(1)).await;
        let refuse = json!({"action": "refuse", "code": code});
        let control = Control::of(&simulator);
        control
            .call(reqwest::Method::POST, "/gateway", refuse)
            .await;
        let config = config(&simulator);
        let started = DiscordGateway::start(config, Recorder::new() as Arc<dyn Intake>).await;
        let error = started.err().expect("it cannot start").to_string();
        assert!(error.contains(sentence), "{code}: {error}");
        simulator.stop().await;
    }
}

/// Discord takes one request for the list in 30 s, whoever of the bot's processes makes it.
#[tokio::test]
async fn after_quick_restarts_members_are_known_when_discord_allows_it() {
    const WINDOW: Duration = Duration::from_millis(1_500);
    let simulator = simulate(SimulatorConfig {
        members_request_window: WINDOW,
        ..quiet(10)
    })
    .await;
    for restart in 0..10 {
        let recorder = Recorder::new();
        let intake = Arc::clone(&recorder) as Arc<dyn Intake>;
        let gateway = DiscordGateway::start(config(&simulator), intake).await;
        let gateway = gateway.expect("the intake starts");
        // Less than it would take to notice that no answer comes.
        let live = recorder.until("the members", |seen| seen.is_live());
        let in_time = tokio::time::timeout(WINDOW + AT_ONCE, live).await;
        assert!(in_time.is_ok(), "restart {restart}");
        assert_eq!(recorder.now(|seen| seen.members.len()), 11);
        let limited = gateway.stats().received(EventKind::RateLimited);
        assert!(limited <= 1, "{limited} requests came too early");
        gateway.stop().await;
    }
    simulator.stop().await;
}

/// A core with a defect.
struct Defective;

impl Intake for Defective {
    fn base(&self, _: GuildId) {}
    fn member(&self, _: ProfileUpdate, _: Option<Presence>) {
        panic!("a defect, on purpose");
    }
    fn presence(&self, _: UserId, _: Presence) {}
    fn left(&self, _: UserId) {}
    fn reconcile(&self, _: HashSet<UserId>) {}
    fn gateway(&self, _: GatewayState) {}
}

#[tokio::test]
async fn an_intake_that_crashes_does_not_go_on_as_live() {
    let simulator = simulate(quiet(3)).await;
    let started = DiscordGateway::start(config(&simulator), Arc::new(Defective)).await;
    let end = match started {
        Ok(gateway) => tokio::time::timeout(AT_ONCE, gateway.ended()).await,
        Err(error) => Ok(error),
    };
    let error = end.expect("the intake ends");
    assert!(matches!(error, GatewayError::Crashed), "{error}");
    simulator.stop().await;
}
