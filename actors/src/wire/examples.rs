//! The examples of `openapi/gateway.asyncapi.yaml` are frames: each message to clients stands there
//! byte for byte as it is encoded here from the samples, and each message from clients is decoded.
//!
//! An example is one line there, `payload:` and the message as JSON, so that no YAML is read.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    ClientFrame, ClientFrameError, Dialect, Encoding, Opcode, PairsText, ServerMessage, Snapshot,
    StorageUpdate, Targets, Users,
};
use crate::{
    domain::{PairKey, PairValue, Profile, Timestamp, UserId, Version},
    ports::SocketCommand,
    session::{Phase, SessionLimits, state::SessionState},
    user::{UserState, samples},
};

const DOCUMENT: &str = include_str!("../../../openapi/gateway.asyncapi.yaml");

/// The examples of a message in the document, in order.
fn examples(opcode: Opcode) -> Vec<&'static str> {
    let title = format!("title: {} ({})\n", opcode.name(), opcode.number());
    let (_, described) = DOCUMENT.split_once(&title).unwrap();
    let message = described.split("title: ").next().unwrap();
    let payloads = message
        .lines()
        .filter_map(|line| line.split_once("payload: "));
    payloads.map(|(_, example)| example).collect()
}

/// The message within a frame without compression.
fn payload(frame: &[u8]) -> String {
    let header = match frame[1] {
        126 => 4,
        127 => 10,
        _ => 2,
    };
    String::from_utf8(frame[header..].to_vec()).unwrap()
}

fn sent(message: &ServerMessage) -> String {
    payload(&message.frame(Dialect::JSON, None))
}

fn user(id: u64) -> UserId {
    UserId::try_from(id).unwrap()
}

/// The user of the contract's example, as the user's actor publishes it.
fn busy() -> Arc<Snapshot> {
    let state = UserState::new(samples::profile(), Some(samples::presence()), samples::NOW);
    published(&state)
}

/// Somebody who is offline.
fn offline(id: u64, username: &str) -> Arc<Snapshot> {
    let profile = Profile {
        id: user(id),
        username: username.to_owned(),
        ..samples::bare_profile()
    };
    published(&UserState::new(profile, None, samples::NOW))
}

fn published(state: &UserState) -> Arc<Snapshot> {
    let document = serde_json::to_vec(&state.document()).unwrap();
    let read: Value = serde_json::from_slice(&document).unwrap();
    let id = read["metadata"]["id"].as_str().unwrap().parse().unwrap();
    let version = Version::new(read["v"].as_u64().unwrap());
    Arc::new(Snapshot::new(id, version, &document))
}

/// Every message to clients but ERROR and DISCONNECT, in the order of the examples.
fn frames() -> Vec<String> {
    let busy = busy();
    let second = offline(234_567_890_123_456_789, "second");
    let third = offline(345_678_901_234_567_890, "third");
    let hello = ServerMessage::Hello {
        heartbeat_interval_ms: 30_000,
    };
    let init_ack = |users| sent(&ServerMessage::InitAck(users));
    let away = Timestamp::from_unix_ms(samples::NOW.unix_ms() + 60_000);
    let stale = ServerMessage::InitAck(Users::Many(vec![second.clone()]));
    let joined = second.joined();
    let pairs = [("city", "Oslo"), ("mood", "curious")].map(|(key, value)| {
        let key = PairKey::try_from(key.to_owned()).unwrap();
        (key, PairValue::try_from(value.to_owned()).unwrap())
    });
    let pairs = PairsText::new(&pairs.into_iter().collect()).unwrap();
    let changed = StorageUpdate::new(busy.user(), busy.version(), &pairs);
    vec![
        sent(&hello),
        init_ack(Users::One(Some(busy.clone()))),
        init_ack(Users::One(None)),
        init_ack(Users::Many(vec![second, third.clone()])),
        init_ack(Users::Many(Vec::new())),
        payload(&stale.frame(Dialect::JSON, Some(away))),
        init_ack(Users::Piece(vec![third.clone()])),
        sent(&ServerMessage::HeartbeatAck),
        payload(&busy.update().pieces(Dialect::JSON)[0]),
        sent(&ServerMessage::UserLeft(busy.user())),
        payload(&joined.pieces(Dialect::JSON)[0]),
        payload(&changed.frame().pieces(Dialect::JSON)[0]),
        sent(&ServerMessage::SubscribeAck(Users::Many(vec![third]))),
        sent(&ServerMessage::UnsubscribeAck),
    ]
}

#[test]
fn every_message_to_clients_is_encoded_so() {
    insta::assert_snapshot!(frames().join("\n"));
}

#[test]
fn the_examples_of_messages_to_clients_are_these_frames() {
    let from_clients = [
        Opcode::Init,
        Opcode::Heartbeat,
        Opcode::Subscribe,
        Opcode::Unsubscribe,
    ];
    let others = [Opcode::Error, Opcode::Disconnect];
    let opcodes = (1..=15).filter_map(Opcode::from_number);
    let to_clients = opcodes.filter(|it| !from_clients.contains(it) && !others.contains(it));
    let examples: Vec<&str> = to_clients.flat_map(examples).collect();
    assert_eq!(examples, frames());
}

#[test]
fn the_examples_of_messages_from_clients_are_decoded() {
    let (mut targets, mut pieces) = (Vec::new(), 0);
    for opcode in [
        Opcode::Init,
        Opcode::Heartbeat,
        Opcode::Subscribe,
        Opcode::Unsubscribe,
    ] {
        let examples = examples(opcode);
        assert!(!examples.is_empty(), "{opcode:?}");
        for text in examples {
            let value: Value = serde_json::from_str(text).unwrap();
            let packed = rmp_serde::to_vec_named(&value).unwrap();
            let frame = ClientFrame::decode(Encoding::Json, text.as_bytes()).unwrap();
            assert_eq!(
                ClientFrame::decode(Encoding::MsgPack, &packed).as_ref(),
                Ok(&frame)
            );
            assert_eq!(value["op"], opcode.number());
            match frame {
                ClientFrame::Init(selection) | ClientFrame::Subscribe(selection) => {
                    pieces += usize::from(selection.chunk.is_some());
                    targets.push((selection.targets, selection.known.users().count() > 0));
                }
                ClientFrame::Unsubscribe(given) => targets.push((given, false)),
                ClientFrame::Heartbeat => assert_eq!(opcode, Opcode::Heartbeat),
            }
        }
    }
    assert!(targets.iter().any(|it| matches!(it, (Targets::All, false))));
    assert!(
        targets
            .iter()
            .any(|it| matches!(it, (Targets::One(_), false)))
    );
    assert!(
        targets
            .iter()
            .any(|it| matches!(it, (Targets::Many(_), false)))
    );
    assert!(targets.iter().any(|it| matches!(it, (_, true))));
    assert_eq!(pieces, 1);
}

#[test]
fn every_sentence_of_an_error_is_an_example() {
    use ClientFrameError as E;
    let mut sentences: Vec<String> = [
        E::Undecodable("JSON"),
        E::Undecodable("MessagePack"),
        E::NotAnObject,
        E::NoOpcode,
        E::UnknownOpcode("3".to_owned()),
        E::NoData(2),
        E::NoTargets,
        E::BadUserId("12".to_owned()),
        E::EmptyList,
        E::TooManyIds("user_ids"),
        E::BadKnown,
        E::TooManyKnown,
        E::BadChunk,
    ]
    .map(|error| error.to_string())
    .to_vec();
    let init = br#"{"op":2,"d":{"user_id":"All"}}"#;
    let subscribe = br#"{"op":12,"d":{"user_id":"All"}}"#;
    for (own, sent, phase, message) in [
        (
            Encoding::Json,
            Encoding::Json,
            Phase::Greeting,
            &subscribe[..],
        ),
        (Encoding::Json, Encoding::Json, Phase::Live, init),
        (Encoding::Json, Encoding::MsgPack, Phase::Live, init),
        (Encoding::MsgPack, Encoding::Json, Phase::Live, init),
    ] {
        let now = Instant::now();
        let mut state = SessionState::new(own, phase, now);
        match state
            .received(sent, message, &SessionLimits::default(), now)
            .first()
        {
            Some(SocketCommand::Send(ServerMessage::Error(sentence))) => {
                sentences.push(sentence.clone());
            }
            other => panic!("{other:?}"),
        }
    }
    let examples = examples(Opcode::Error);
    for sentence in sentences {
        let frame = sent(&ServerMessage::Error(sentence));
        assert!(examples.contains(&&frame[..]), "no example: {frame}");
    }
    for text in examples {
        let read: Value = serde_json::from_str(text).unwrap();
        let sentence = read["d"].as_str().unwrap().to_owned();
        assert_eq!(sent(&ServerMessage::Error(sentence)), text);
    }
}

#[test]
fn every_reason_of_a_session_to_disconnect_is_an_example() {
    let limits = SessionLimits::default();
    let now = Instant::now();
    let fresh = || SessionState::new(Encoding::Json, Phase::Greeting, now);
    let live = || SessionState::new(Encoding::Json, Phase::Live, now);
    let heartbeat = json!({"op": 4}).to_string();
    let silent = |mut state: SessionState, seconds: &[u64]| {
        let ends = seconds.iter().map(|at| now + Duration::from_secs(*at));
        ends.map(|at| state.alarm(now, &limits, at)).last().unwrap()
    };
    let mut busy = live();
    let mut beat = || busy.received(Encoding::Json, heartbeat.as_bytes(), &limits, now);
    let ends = [
        (1001, live().going_away()),
        (4001, silent(live(), &[34, 46])),
        (4002, silent(fresh(), &[5])),
        (4008, (0..=120).map(|_| beat()).last().unwrap()),
    ];
    let examples = examples(Opcode::Disconnect);
    for (number, commands) in ends {
        let [SocketCommand::Close { code, reason }] = &commands[..] else {
            panic!("{commands:?}");
        };
        let reason = reason.clone();
        let frame = sent(&ServerMessage::Disconnect { reason });
        assert_eq!(code.number(), number);
        assert!(examples.contains(&&frame[..]), "no example: {frame}");
    }
    for text in examples {
        let read: Value = serde_json::from_str(text).unwrap();
        let reason = read["d"]["reason"].as_str().unwrap().to_owned();
        assert_eq!(sent(&ServerMessage::Disconnect { reason }), text);
    }
}
