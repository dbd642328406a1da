//! The program as people start and stop it.

mod log;
pub mod program;

use std::time::{Duration, Instant};

use lantern_simulator::{Simulator, SimulatorConfig};
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use self::program::{Program, run};
use crate::harness::{Client, Control, eventually, game, sample, still};

const DEMO: [&str; 8] = [
    "serve",
    "--demo",
    "--listen",
    "127.0.0.1:0",
    "--simulator-listen",
    "127.0.0.1:0",
    "--rate",
    "0",
];

#[tokio::test]
async fn the_demo_prints_addresses_that_work() {
    let mut demo = Program::start(&DEMO, &[]);
    let text = demo.says("\n  curl -X PUT ").await.to_owned();
    let after = |label: &str| {
        let rest = text.split(label).nth(1).unwrap();
        rest.split_whitespace().next().unwrap().to_owned()
    };
    for label in ["Live page", "curl", "Reference", "Control"] {
        let answer = reqwest::get(after(label)).await.unwrap();
        assert_eq!(answer.status(), 200, "{label}: {}", after(label));
    }
    let user: Value = reqwest::get(after("curl"))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let mut client = Client::connect(demo.addr(), "").await;
    client
        .init(&json!({"user_id": user["metadata"]["id"]}))
        .await;
    let put = after("curl -X PUT");
    let request = reqwest::Client::new().put(put).body("{\"status\":\"dnd\"}");
    assert_eq!(request.send().await.unwrap().status(), 200);
    client.until(|user| user["status"] == "dnd").await;
    demo.stop(Signal::INT).await;
}

/// A client that does not answer the close, an idle HTTP connection, and one that has sent half a
/// request: none of them holds the program up.
#[tokio::test]
async fn a_stop_tells_sockets_and_waits_for_nobody_too_long() {
    for (signal, timeout) in [(Signal::INT, "10000"), (Signal::TERM, "1000")] {
        let environment = [
            ("LANTERN__SERVER__SHUTDOWN_TIMEOUT_MS", timeout),
            ("LANTERN__USERS__SWEEP_INTERVAL_MS", "100"),
        ];
        let mut demo = Program::start(&DEMO, &environment);
        demo.says("Live page").await;
        let mut client = Client::connect(demo.addr(), "").await;
        client.init(&json!({"user_id": "All"})).await;
        let mut deaf = Client::connect(demo.addr(), "").await;
        deaf.init(&json!({"user_id": "All"})).await;
        let mut idle = TcpStream::connect(demo.addr()).await.unwrap();
        idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        let mut answer = [0; 12];
        idle.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        let _silent = TcpStream::connect(demo.addr()).await.unwrap();
        let mut half = TcpStream::connect(demo.addr()).await.unwrap();
        if signal == Signal::TERM {
            half.write_all(b"GET /healthz HT").await.unwrap();
        }

        let asked = Instant::now();
        let (closed, ended) = tokio::join!(client.closed(), demo.stop(signal));
        assert_eq!(closed.code, Some(1001), "{signal:?}");
        assert!(closed.disconnect.is_some());
        assert!(asked.elapsed() < Duration::from_secs(10), "{signal:?}");
        if signal == Signal::TERM {
            assert!(ended.contains("did not end in time"), "{ended}");
        } else {
            assert_eq!(ended, "", "there is nothing to complain about");
        }
        drop(deaf);
    }
}

/// Runs a program that cannot go on; its one sentence.
async fn refusal(args: &[&str], environment: &[(&str, &str)]) -> String {
    let ended = run(args, environment).await;
    assert_eq!(ended.code, Some(1), "{args:?}: {}", ended.errors);
    let lines = ended.errors.lines();
    let said: Vec<&str> = lines.filter(|line| line.starts_with("lantern: ")).collect();
    assert_eq!(said.len(), 1, "{}", ended.errors);
    for nonsense in ["panicked", "stack backtrace", "Error {", "Os {"] {
        assert!(!ended.errors.contains(nonsense), "{}", ended.errors);
    }
    said[0].to_owned()
}

const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

#[tokio::test]
async fn what_keeps_it_from_discord_is_said_in_a_sentence() {
    let simulator = Simulator::start(still()).await.unwrap();
    let api = simulator.api_url();
    let at = |token| {
        [
            ("LANTERN__DISCORD__API_URL", api.as_str()),
            ("DISCORD_BOT_TOKEN", token),
        ]
    };
    let said = refusal(&SERVE, &at("wrong-token")).await;
    assert!(said.contains("DISCORD_BOT_TOKEN"), "{said}");
    let mut elsewhere = at("simulated-token").to_vec();
    elsewhere.push(("LANTERN__DISCORD__GUILD_ID", "41771983423143937"));
    let said = refusal(&SERVE, &elsewhere).await;
    assert!(said.contains("41771983423143937"), "{said}");
    simulator.stop().await;

    let without_intents = SimulatorConfig {
        privileged_intents: false,
        ..still()
    };
    let simulator = Simulator::start(without_intents).await.unwrap();
    let api = simulator.api_url();
    let environment = [
        ("LANTERN__DISCORD__API_URL", api.as_str()),
        ("DISCORD_BOT_TOKEN", "simulated-token"),
    ];
    let said = refusal(&SERVE, &environment).await;
    assert!(said.contains("PRESENCE INTENT"), "{said}");
    simulator.stop().await;
}

#[tokio::test]
async fn what_is_wrong_on_this_machine_is_said_in_a_sentence() {
    let said = refusal(&SERVE, &[]).await;
    assert!(said.contains("DISCORD_BOT_TOKEN"), "{said}");

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    for place in [3, 5] {
        let mut args = DEMO;
        args[place] = &addr;
        let said = refusal(&args, &[]).await;
        assert!(said.contains(&addr) && said.contains("in use"), "{said}");
        assert!(said.contains(args[place - 1]), "{said}");
    }
    let said = refusal(&["simulate", "--listen", &addr], &[]).await;
    assert!(said.contains(&addr) && said.contains("in use"), "{said}");
    let said = refusal(&["simulate", "--control-host", "a:1"], &[]).await;
    assert!(said.contains("\"a:1\""), "{said}");

    let file = std::env::temp_dir().join(format!("lantern-{}.toml", std::process::id()));
    std::fs::write(&file, "[server]\nlisten = 7\n").unwrap();
    let path = file.to_str().unwrap();
    let said = refusal(&["serve", "--config", path], &[]).await;
    assert!(said.contains("server.listen"), "{said}");
    std::fs::write(&file, "[server\n").unwrap();
    let said = refusal(&["serve", "--config", path], &[]).await;
    assert!(said.contains(path), "{said}");
    std::fs::remove_file(&file).unwrap();
    let said = refusal(&["serve", "--config", path], &[]).await;
    assert!(said.contains(path), "{said}");
}

#[tokio::test]
async fn the_configuration_and_the_document_are_printed() {
    let environment = [
        ("LANTERN__DISCORD__SILENCE_TIMEOUT_MS", "12345"),
        ("DISCORD_BOT_TOKEN", "a-secret"),
    ];
    let checked = run(&["check-config"], &environment).await;
    assert!(checked.succeeded && checked.errors.is_empty());
    let setting = "discord.silence_timeout_ms";
    let line = checked.says.lines().find(|line| line.starts_with(setting));
    let line = line.unwrap();
    assert!(line.contains("12345") && line.contains("$LANTERN__DISCORD__SILENCE_TIMEOUT_MS"));
    assert!(!checked.says.contains("a-secret"));
    let wrong = [("LANTERN__SERVER__SHUTDOWN_TIMEOUT_MS", "soon")];
    let checked = run(&["check-config"], &wrong).await;
    assert!(!checked.succeeded && checked.says.is_empty());
    assert!(checked.errors.contains("server.shutdown_timeout_ms"));

    let printed = run(&["openapi"], &[]).await;
    assert!(printed.succeeded && printed.errors.is_empty());
    let document: Value = serde_json::from_str(&printed.says).unwrap();
    assert!(document["openapi"].is_string());
}

#[tokio::test]
async fn simulator_and_server_in_two_processes() {
    let simulate = ["simulate", "--listen", "127.0.0.1:0", "--rate", "0"];
    let mut simulator = Program::start(&simulate, &[]);
    simulator.says("Mirror it:").await;
    let api = format!("http://{}", simulator.addr());
    let environment = [
        ("LANTERN__DISCORD__API_URL", api.as_str()),
        ("DISCORD_BOT_TOKEN", "simulated-token"),
    ];
    let mut server = Program::start(&SERVE, &environment);
    server.says("Live page").await;
    let control = Control::at(&api, 0);
    let user = control.members().await[0];
    let mut client = Client::connect(server.addr(), "").await;
    client.init(&json!({"user_id": user})).await;
    control.playing(user, "Chess").await;
    client.until(|user| game(user) == "Chess").await;
    server.stop(Signal::TERM).await;
    simulator.stop(Signal::TERM).await;
}

/// Memory is looked at in a process of its own, which runs nothing else.
#[tokio::test]
async fn sockets_that_come_and_go_leave_no_memory_behind() {
    const SOCKETS: usize = 300;
    let mut demo = Program::start(&DEMO, &[]);
    let text = demo.says("/control/members/").await;
    let user = text.split("/api/v1/users/").nth(1).unwrap();
    let user = user.split_whitespace().next().unwrap().to_owned();
    let metrics = format!("http://{}/metrics", demo.addr());
    let mut resident_kib = Vec::new();
    for _ in 0..4 {
        let mut clients = Vec::new();
        for _ in 0..SOCKETS {
            let mut client = Client::connect(demo.addr(), "").await;
            client.init(&json!({"user_id": user})).await;
            clients.push(client);
        }
        drop(clients);
        eventually("every socket is gone", async || {
            let text = reqwest::get(&metrics).await.unwrap().text().await.unwrap();
            (sample(&text, "lantern_sockets_open") == 0).then_some(())
        })
        .await;
        resident_kib.push(demo.resident_kib());
    }
    // A leak of no more than 8 KiB a socket would be seen.
    let grown = resident_kib[3].saturating_sub(resident_kib[0]);
    assert!(grown < 3 * SOCKETS as u64 * 8, "{resident_kib:?}");
    demo.stop(Signal::TERM).await;
}

#[tokio::test]
async fn clients_that_do_not_answer_a_close_cost_no_time() {
    let mut demo = Program::start(&DEMO, &[("LANTERN__SOCKET__INIT_TIMEOUT_MS", "300")]);
    demo.says("Live page").await;
    let metrics = format!("http://{}/metrics", demo.addr());
    let sockets = async || {
        let text = reqwest::get(&metrics).await.unwrap().text().await.unwrap();
        let closed = sample(&text, "lantern_sockets_closed_total{code=\"4002\"}");
        (closed, sample(&text, "lantern_sockets_open"))
    };
    let mut deaf = Vec::new();
    for _ in 0..8 {
        deaf.push(Client::connect(demo.addr(), "").await);
    }
    eventually("the server closes them", async || {
        (sockets().await == (8, 8)).then_some(())
    })
    .await;
    let before = demo.cpu_ticks();
    eventually("the server drops them", async || {
        (sockets().await == (8, 0)).then_some(())
    })
    .await;
    // A thread that spins for as long as they linger, two seconds, takes 200.
    let ticks = demo.cpu_ticks() - before;
    assert!(ticks < 120, "{ticks}");
    demo.stop(Signal::TERM).await;
}
