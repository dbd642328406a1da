//! The gateway's protocol, word for word.

use std::io::Read;
use std::time::Duration;

use flate2::read::ZlibDecoder;
use flate2::{Decompress, FlushDecompress};
use lantern_simulator::SimulatorConfig;
use serde_json::{Value, json};

use super::raw::{End, Socket, identify, identify_with, resume};
use super::rest::{control, put_presence};
use super::{quiet, start};

#[tokio::test]
async fn login_gives_ready_and_then_the_guild() {
    let simulator = start(quiet(50)).await;
    let mut socket = Socket::open(&simulator, "v=10&encoding=json").await;
    let hello = socket.payload().await;
    assert_eq!(
        (&hello["op"], &hello["d"]["heartbeat_interval"]),
        (&json!(10), &json!(41_250))
    );
    socket.send(json!({"op": 1, "d": null})).await;
    assert_eq!(socket.payload().await["op"], 11);
    socket.send(identify_with(json!({"shard": [0, 1]}))).await;
    let ready = socket.payload().await;
    assert_eq!((&ready["t"], &ready["s"]), (&json!("READY"), &json!(1)));
    assert_eq!(
        ready["d"]["guilds"],
        json!([{"id": simulator.guild_id().to_string(), "unavailable": true}])
    );
    assert_eq!(
        ready["d"]["application"]["id"],
        simulator.application_id().to_string()
    );
    assert_eq!(
        ready["d"]["resume_gateway_url"],
        format!("ws://{}", simulator.addr())
    );
    assert_eq!(ready["d"]["shard"], json!([0, 1]));
    let guild = socket.payload().await;
    assert_eq!(
        (&guild["t"], &guild["s"]),
        (&json!("GUILD_CREATE"), &json!(2))
    );
    assert_eq!(guild["d"]["unavailable"], false);
    assert_eq!(guild["d"]["member_count"], 51);
    assert_eq!(guild["d"]["members"].as_array().unwrap().len(), 51);
    simulator.stop().await;
}

#[tokio::test]
async fn every_fault_closes_with_its_code() {
    let simulator = start(quiet(1)).await;
    let payload = |text: &str| vec![text.to_owned()];
    let identify = identify().to_string();
    for (code, query, payloads) in [
        (4012, "v=5&encoding=json", vec![]),
        (4012, "encoding=json", vec![]),
        (4001, "v=10", payload(r#"{"op":77,"d":null}"#)),
        (4002, "v=10", payload("{")),
        (4002, "v=10", payload(r#"{"op":2,"d":[]}"#)),
        (4002, "v=10", payload(&"x".repeat(5000))),
        (4003, "v=10", payload(r#"{"op":8,"d":{}}"#)),
        (4003, "v=10", payload(r#"{"op":3,"d":{}}"#)),
        (
            4004,
            "v=10",
            payload(&identify_with(json!({"token": "wrong"})).to_string()),
        ),
        (
            4004,
            "v=10",
            payload(r#"{"op":6,"d":{"token":"wrong","session_id":"x","seq":1}}"#),
        ),
        (4005, "v=10", vec![identify.clone(), identify.clone()]),
        (
            4010,
            "v=10",
            payload(&identify_with(json!({"shard": [2, 1]})).to_string()),
        ),
        (
            4013,
            "v=10",
            payload(&identify_with(json!({"intents": 1_u64 << 50})).to_string()),
        ),
    ] {
        let mut socket = Socket::open(&simulator, query).await;
        for payload in &payloads {
            socket.send_text(payload).await;
        }
        assert_eq!(
            socket.end().await,
            End::Closed(code),
            "{query} {payloads:?}"
        );
    }
    simulator.stop().await;
}

#[tokio::test]
async fn more_than_120_payloads_a_minute_are_refused() {
    let simulator = start(quiet(1)).await;
    let mut socket = Socket::greeted(&simulator).await;
    for _ in 0..121 {
        socket.send(json!({"op": 1, "d": null})).await;
    }
    assert_eq!(socket.end().await, End::Closed(4008));
    simulator.stop().await;
}

#[tokio::test]
async fn intents_that_the_bot_may_not_have_are_refused() {
    let simulator = start(SimulatorConfig {
        privileged_intents: false,
        ..quiet(1)
    })
    .await;
    let mut socket = Socket::greeted(&simulator).await;
    socket.send(identify()).await;
    assert_eq!(socket.end().await, End::Closed(4014));
    simulator.stop().await;
}

#[tokio::test]
async fn whoever_is_silent_is_closed() {
    let short = Duration::from_millis(50);
    let config = SimulatorConfig {
        identify_timeout: Duration::from_millis(500),
        heartbeat_interval: short,
        ..quiet(1)
    };
    let simulator = start(config).await;
    let mut mute = Socket::greeted(&simulator).await;
    assert_eq!(mute.end().await, End::Closed(4009));
    let (mut heartless, ready) = Socket::logged_in(&simulator).await;
    assert_eq!(heartless.end().await, End::Closed(4009));
    let mut socket = Socket::greeted(&simulator).await;
    socket.send(resume(&ready, 2)).await;
    assert_eq!(socket.op(9).await["d"], false);
    simulator.stop().await;
}

#[tokio::test]
async fn without_intents_there_are_no_such_events() {
    let simulator = start(quiet(5)).await;
    let mut socket = Socket::greeted(&simulator).await;
    socket.send(identify_with(json!({"intents": 1}))).await;
    let guild = socket.event("GUILD_CREATE").await;
    assert_eq!(guild["d"]["presences"], json!([]));
    put_presence(&simulator, json!({"status": "dnd"})).await;
    control(&simulator, "POST", "/members", json!({})).await;
    socket.send(json!({"op": 1, "d": 2})).await;
    assert_eq!(socket.payload().await["op"], 11);
    simulator.stop().await;
}

#[tokio::test]
async fn resume_replays_what_was_missed_in_order() {
    let simulator = start(quiet(5)).await;
    let (mut socket, ready) = Socket::logged_in(&simulator).await;
    put_presence(&simulator, json!({"status": "idle", "n": 3})).await;
    assert_eq!(socket.event("PRESENCE_UPDATE").await["s"], 3);
    let (_, dropped) = control(&simulator, "POST", "/gateway", json!({"action": "drop"})).await;
    assert_eq!(dropped["connections"], 1);
    assert_eq!(socket.end().await, End::Cut);
    for n in [4, 5] {
        put_presence(&simulator, json!({"status": "idle", "n": n})).await;
    }
    let mut again = Socket::greeted(&simulator).await;
    again.send(resume(&ready, 2)).await;
    for n in [3, 4, 5] {
        let payload = again.payload().await;
        assert_eq!((&payload["s"], &payload["d"]["n"]), (&json!(n), &json!(n)));
    }
    let resumed = again.payload().await;
    assert_eq!(
        (&resumed["t"], &resumed["s"]),
        (&json!("RESUMED"), &json!(6))
    );
    assert!(resumed["d"].is_object());
    simulator.stop().await;
}

#[tokio::test]
async fn what_cannot_be_resumed_is_an_invalid_session() {
    let simulator = start(SimulatorConfig {
        replay_events: 2,
        ..quiet(5)
    })
    .await;
    let (socket, ready) = Socket::logged_in(&simulator).await;
    let mut unknown = Socket::greeted(&simulator).await;
    unknown
        .send(resume(&json!({"session_id": "nobody's"}), 1))
        .await;
    assert_eq!(unknown.op(9).await["d"], false);
    // The same connection may identify then.
    unknown.send(identify()).await;
    unknown.event("READY").await;

    let mut future = Socket::greeted(&simulator).await;
    future.send(resume(&ready, 99)).await;
    assert_eq!(future.end().await, End::Closed(4007));

    control(&simulator, "POST", "/gateway", json!({"action": "drop"})).await;
    drop(socket);
    for _ in 0..5 {
        put_presence(&simulator, json!({"status": "idle"})).await;
    }
    let mut late = Socket::greeted(&simulator).await;
    late.send(resume(&ready, 2)).await;
    assert_eq!(late.op(9).await["d"], false);
    simulator.stop().await;
}

#[tokio::test]
async fn a_client_that_says_goodbye_gives_its_session_up() {
    let simulator = start(quiet(1)).await;
    let (mut socket, ready) = Socket::logged_in(&simulator).await;
    socket.close(1000).await;
    socket.end().await;
    let mut again = Socket::greeted(&simulator).await;
    again.send(resume(&ready, 2)).await;
    assert_eq!(again.op(9).await["d"], false);
    simulator.stop().await;
}

#[tokio::test]
async fn reconnect_and_invalidate_are_said() {
    let simulator = start(quiet(1)).await;
    let (mut socket, ready) = Socket::logged_in(&simulator).await;
    control(
        &simulator,
        "POST",
        "/gateway",
        json!({"action": "heartbeat"}),
    )
    .await;
    socket.op(1).await;
    control(
        &simulator,
        "POST",
        "/gateway",
        json!({"action": "reconnect"}),
    )
    .await;
    socket.op(7).await;
    socket.close(4200).await;
    socket.end().await;
    let mut again = Socket::greeted(&simulator).await;
    again.send(resume(&ready, 2)).await;
    again.event("RESUMED").await;
    control(
        &simulator,
        "POST",
        "/gateway",
        json!({"action": "invalidate"}),
    )
    .await;
    assert_eq!(again.op(9).await["d"], false);
    again.send(identify()).await;
    let fresh = again.event("READY").await;
    assert_ne!(fresh["d"]["session_id"], ready["session_id"]);
    simulator.stop().await;
}

#[tokio::test]
async fn a_pause_is_silent_and_loses_nothing() {
    let simulator = start(quiet(3)).await;
    let (mut socket, _) = Socket::logged_in(&simulator).await;
    let (_, paused) = control(&simulator, "POST", "/gateway", json!({"action": "pause"})).await;
    assert_eq!(
        (&paused["connections"], &paused["paused"]),
        (&json!(1), &json!(true))
    );
    socket.send(json!({"op": 1, "d": 2})).await;
    put_presence(&simulator, json!({"status": "idle", "n": 1})).await;
    let silence = tokio::time::timeout(Duration::from_millis(200), socket.message()).await;
    assert!(silence.is_err(), "{silence:?}");
    control(&simulator, "POST", "/gateway", json!({"action": "resume"})).await;
    assert_eq!(socket.payload().await["d"]["n"], 1);
    assert_eq!(socket.payload().await["op"], 11);
    simulator.stop().await;
}

#[tokio::test]
async fn members_are_requested_all_by_prefix_and_by_ids() {
    let simulator = start(quiet(2_100)).await;
    let (mut socket, _) = Socket::logged_in(&simulator).await;
    let guild = simulator.guild_id().to_string();
    let mut chunks = Vec::new();
    socket.send(json!({"op": 8, "d": {"guild_id": guild, "query": "", "limit": 0, "presences": true, "nonce": "n"}})).await;
    for _ in 0..3 {
        chunks.push(socket.event("GUILD_MEMBERS_CHUNK").await["d"].take());
    }
    let sizes: Vec<usize> = chunks
        .iter()
        .map(|chunk| chunk["members"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [1000, 1000, 101]);
    assert!(
        chunks
            .iter()
            .enumerate()
            .all(|(index, chunk)| chunk["chunk_index"] == index && chunk["nonce"] == "n")
    );
    assert!(chunks[0]["presences"].as_array().unwrap().len() > 400);

    socket
        .send(json!({"op": 8, "d": {"guild_id": guild, "query": "AMBER", "limit": 3}}))
        .await;
    let found = socket.event("GUILD_MEMBERS_CHUNK").await["d"].take();
    assert_eq!(found["members"].as_array().unwrap().len(), 3);
    assert!(found.get("presences").is_none());

    let first = simulator.first_member();
    socket
        .send(json!({"op": 8, "d": {"guild_id": guild, "user_ids": [first, "5"], "limit": 1}}))
        .await;
    let found = socket.event("GUILD_MEMBERS_CHUNK").await["d"].take();
    assert_eq!(found["members"][0]["user"]["id"], first.to_string());
    assert_eq!(found["not_found"], json!(["5"]));
    simulator.stop().await;
}

#[tokio::test]
async fn zlib_stream_is_one_stream() {
    let simulator = start(quiet(300)).await;
    let mut socket = Socket::open(&simulator, "v=10&encoding=json&compress=zlib-stream").await;
    let mut inflate = Decompress::new(true);
    let mut read = |bytes: &[u8]| -> Value {
        let mut out = Vec::with_capacity(4 << 20);
        inflate
            .decompress_vec(bytes, &mut out, FlushDecompress::Sync)
            .unwrap();
        serde_json::from_slice(&out).unwrap()
    };
    let hello = socket.message().await.unwrap().into_data();
    assert_eq!(read(&hello)["op"], 10);
    socket.send(identify_with(json!({"compress": true}))).await;
    let ready = socket.message().await.unwrap().into_data();
    assert_eq!(read(&ready)["t"], "READY");
    let guild = socket.message().await.unwrap().into_data();
    assert!(guild.ends_with(&[0, 0, 0xff, 0xff]));
    assert_eq!(read(&guild)["t"], "GUILD_CREATE");
    simulator.stop().await;
}

#[tokio::test]
async fn compress_makes_large_payloads_zlib() {
    let simulator = start(quiet(20)).await;
    let mut socket = Socket::greeted(&simulator).await;
    socket.send(identify_with(json!({"compress": true}))).await;
    let ready = socket.message().await.unwrap();
    assert!(ready.is_binary() || ready.is_text());
    let guild = socket.message().await.unwrap();
    assert!(guild.is_binary());
    let mut text = String::new();
    ZlibDecoder::new(&guild.into_data()[..])
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&text).unwrap()["t"],
        "GUILD_CREATE"
    );
    simulator.stop().await;
}

#[tokio::test]
async fn a_burst_arrives_complete_and_in_order() {
    let simulator = start(quiet(5)).await;
    let (mut socket, _) = Socket::logged_in(&simulator).await;
    let body = json!({"members": [simulator.first_member().to_string()], "updates": 3_000});
    let (status, _) = control(&simulator, "POST", "/bursts", body).await;
    assert_eq!(status, 200);
    for n in 1..=3_000 {
        let update = socket.event("PRESENCE_UPDATE").await;
        assert_eq!(
            update["d"]["activities"][0]["state"],
            format!("{n} of 3000")
        );
    }
    simulator.stop().await;
}

#[tokio::test]
async fn the_same_seed_gives_the_same_stream() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let simulator = start(SimulatorConfig {
            seed: 7,
            ..quiet(30)
        })
        .await;
        let (mut socket, _) = Socket::logged_in(&simulator).await;
        control(&simulator, "PUT", "/stream", json!({"rate": 1000})).await;
        let mut run = Vec::new();
        for _ in 0..200 {
            let d = socket.event("PRESENCE_UPDATE").await["d"].take();
            let names: Vec<Value> = d["activities"]
                .as_array()
                .unwrap()
                .iter()
                .map(|it| it["name"].clone())
                .collect();
            run.push((
                d["user"]["id"].clone(),
                d["status"].clone(),
                d["client_status"].clone(),
                names,
            ));
        }
        runs.push(run);
        simulator.stop().await;
    }
    assert_eq!(runs[0], runs[1]);
}
