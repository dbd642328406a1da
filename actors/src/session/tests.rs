//! The session's protocol, by behaviour.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{
    SessionLimits,
    state::{Phase, SessionState},
};
use crate::{
    ports::SocketCommand,
    wire::{CloseCode, Encoding, ServerMessage},
};

struct Bench {
    limits: SessionLimits,
    state: SessionState,
    now: Instant,
    /// When the client was last heard.
    heard_at: Instant,
}

impl Bench {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            limits: SessionLimits::default(),
            state: SessionState::new(Encoding::Json, Phase::Greeting, now),
            now,
            heard_at: now,
        }
    }

    fn live() -> Self {
        let mut bench = Self::new();
        bench.state.subscribed(true);
        bench
    }

    fn send(&mut self, message: serde_json::Value) -> Vec<SocketCommand> {
        let payload = message.to_string();
        self.heard_at = self.now;
        self.state
            .received(Encoding::Json, payload.as_bytes(), &self.limits, self.now)
    }

    fn wait(&mut self, seconds: u64) -> Vec<SocketCommand> {
        self.now += Duration::from_secs(seconds);
        self.state.alarm(self.heard_at, &self.limits, self.now)
    }
}

fn error_of(commands: &[SocketCommand]) -> &str {
    match commands {
        [
            SocketCommand::Send(ServerMessage::Error(sentence)),
            SocketCommand::Ready,
        ] => sentence,
        other => panic!("expected an ERROR, got {other:?}"),
    }
}

fn close_of(commands: &[SocketCommand]) -> CloseCode {
    match commands {
        [SocketCommand::Close { code, .. }] => *code,
        other => panic!("expected a close, got {other:?}"),
    }
}

#[test]
fn it_greets_with_the_interval_and_waits_for_init() {
    let mut bench = Bench::new();
    let commands = bench.state.attached(&bench.limits, bench.now);
    let [
        SocketCommand::Send(ServerMessage::Hello {
            heartbeat_interval_ms,
        }),
        SocketCommand::AlarmAt(at),
    ] = &commands[..]
    else {
        panic!("{commands:?}");
    };
    assert_eq!(*heartbeat_interval_ms, 30_000);
    assert_eq!(*at, bench.now + Duration::from_secs(5));
}

#[test]
fn a_client_that_never_initialises_is_closed() {
    let mut bench = Bench::new();
    assert_eq!(close_of(&bench.wait(5)), CloseCode::InitTimeout);
    assert!(bench.wait(60).is_empty(), "closing happens once");
}

/// When the next alarm is, and whether a ping goes out.
fn look(commands: &[SocketCommand]) -> (bool, Instant) {
    match commands {
        [SocketCommand::Ping, SocketCommand::AlarmAt(at)] => (true, *at),
        [SocketCommand::AlarmAt(at)] => (false, *at),
        other => panic!("expected a look at the silence, got {other:?}"),
    }
}

#[test]
fn who_is_heard_as_often_as_wanted_is_never_pinged() {
    let mut bench = Bench::live();
    for _ in 0..10 {
        bench.send(json!({"op": 4}));
        let (pinged, at) = look(&bench.wait(33));
        assert!(!pinged && at == bench.heard_at + Duration::from_millis(33_750));
        bench.send(json!({"op": 4}));
        assert!(!look(&bench.wait(30)).0);
    }
}

#[test]
fn who_is_silent_is_pinged_once_and_closed_when_no_answer_comes() {
    let mut bench = Bench::live();
    let (pinged, at) = look(&bench.wait(34));
    assert!(pinged);
    assert_eq!(at, bench.now + Duration::from_millis(11_250));
    let (pinged, again) = look(&bench.wait(11));
    assert!(!pinged && again == at, "asked once");
    assert_eq!(close_of(&bench.wait(1)), CloseCode::HeartbeatTimeout);
    assert!(bench.wait(60).is_empty(), "closing happens once");
}

#[test]
fn who_only_answers_pings_stays() {
    let mut bench = Bench::live();
    for _ in 0..10 {
        assert!(look(&bench.wait(34)).0);
        bench.now += Duration::from_secs(5);
        bench.heard_at = bench.now;
        let (pinged, at) = look(&bench.wait(6));
        assert!(!pinged && at == bench.heard_at + Duration::from_millis(33_750));
        bench.now = bench.heard_at;
    }
}

#[test]
fn nobody_is_closed_unasked_however_late_the_alarm_is() {
    let mut bench = Bench::live();
    assert!(look(&bench.wait(3_600)).0);
    bench.heard_at = bench.now;
    assert!(!look(&bench.wait(12)).0);
}

#[test]
fn init_subscribes_and_is_valid_once() {
    let mut bench = Bench::new();
    let init = json!({"op": 2, "d": {"user_id": "1"}});
    assert!(matches!(
        bench.send(init.clone())[..],
        [
            SocketCommand::Subscribe { first: true, .. },
            SocketCommand::Ready
        ]
    ));
    bench.state.subscribed(false);
    assert!(
        matches!(
            bench.send(init.clone())[0],
            SocketCommand::Subscribe { first: true, .. }
        ),
        "an INIT that found nobody may be sent again"
    );
    bench.state.subscribed(true);
    assert!(error_of(&bench.send(init)).contains("initialised already"));
}

#[test]
fn subscribing_before_init_is_refused() {
    for op in [12, 14] {
        let mut bench = Bench::new();
        let commands = bench.send(json!({"op": op, "d": {"user_id": "1"}}));
        assert!(error_of(&commands).contains("INIT"));
    }
}

#[test]
fn a_frame_in_the_other_encoding_is_refused_and_the_socket_stays() {
    let mut bench = Bench::live();
    let commands = bench
        .state
        .received(Encoding::MsgPack, b"\x80", &bench.limits, bench.now);
    assert!(error_of(&commands).contains("text frames"));
    assert_eq!(bench.state.phase(), Phase::Live);
}

#[test]
fn the_message_over_the_rate_closes_and_a_new_minute_starts_afresh() {
    let mut bench = Bench::live();
    for _ in 0..120 {
        assert_eq!(bench.send(json!({"op": 4})).len(), 2);
    }
    bench.now += Duration::from_secs(60);
    for _ in 0..120 {
        assert_eq!(bench.send(json!({"op": 4})).len(), 2);
    }
    assert_eq!(
        close_of(&bench.send(json!({"op": 4}))),
        CloseCode::RateLimited
    );
    assert!(matches!(
        bench.send(json!({"op": 4}))[..],
        [SocketCommand::Ready]
    ));
}

#[test]
fn a_session_that_takes_over_does_not_greet_again() {
    let mut bench = Bench::new();
    bench.state = SessionState::new(Encoding::Json, Phase::Live, bench.now);
    assert!(matches!(
        bench.state.attached(&bench.limits, bench.now)[..],
        [SocketCommand::AlarmAt(_)]
    ));
}

#[test]
fn after_an_init_that_found_nobody_only_heartbeats_are_awaited() {
    let mut bench = Bench::new();
    bench.state.subscribed(false);
    assert!(matches!(bench.wait(5)[..], [SocketCommand::AlarmAt(_)]));
    let subscribe = bench.send(json!({"op": 12, "d": {"user_id": "1"}}));
    assert!(matches!(
        subscribe[0],
        SocketCommand::Subscribe { first: false, .. }
    ));
    let init = bench.send(json!({"op": 2, "d": {"user_id": "1"}}));
    assert!(matches!(
        init[0],
        SocketCommand::Subscribe { first: true, .. }
    ));
    assert!(look(&bench.wait(40)).0);
    assert_eq!(close_of(&bench.wait(12)), CloseCode::HeartbeatTimeout);
}
