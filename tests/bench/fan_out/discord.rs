//! The whole program against a simulated Discord in a process of its own.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use ::lantern::{
    app::App,
    config::{Config, Secret},
};

use crate::{
    child::{self, Child},
    receiver,
    report::spread,
};
use lantern_simulator::{Simulator, SimulatorConfig};

const ROUNDS: usize = 5;

/// In a child: Discord.
pub fn simulate(members: &str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let simulator = Simulator::start(SimulatorConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            members: members.parse().unwrap(),
            rate: 0.0,
            ..SimulatorConfig::default()
        })
        .await
        .unwrap();
        println!("{} {}", simulator.addr().port(), simulator.first_member());
        std::future::pending::<()>().await;
    });
}

/// In a child: Lantern. Greets when the member list is complete.
pub fn mirror(api_url: &str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let app = runtime.block_on(async {
        let mut config = Config::load(None, []).unwrap();
        config.server.listen = "127.0.0.1:0".parse().unwrap();
        config.store.path = folder.path().to_owned();
        config.socket.heartbeat_interval_ms = 3_600_000;
        config.users.idle_after_ms = 2_000;
        config.users.sweep_interval_ms = 500;
        config.discord.api_url = Some(api_url.to_owned());
        config.discord.token = Some(Secret::new("simulated-token"));
        App::start(&config, None).await.unwrap()
    });
    let greeting = format!("{}", app.addr().port());
    println!("{greeting}");
    child::obey(|what, count| match what {
        "complete" => {
            runtime.block_on(app.hub().completed());
            while app.hub().directory().monitored() < count {
                std::thread::sleep(Duration::from_millis(10));
            }
            Some(vec![app.hub().directory().monitored() as f64])
        }
        "passive" => {
            while app.hub().directory().actors() > count {
                std::thread::sleep(Duration::from_millis(10));
            }
            Some(Vec::new())
        }
        other => panic!("unknown request {other}"),
    });
}

struct Whole {
    simulator: Child,
    lantern: Child,
}

impl Whole {
    fn start(members: usize) -> Self {
        let simulator = Child::start(&format!("simulator {members}"));
        let url = format!("http://127.0.0.1:{}", simulator.greeting[0]);
        let mut lantern = Child::start(&format!("mirror {url}"));
        lantern.ask("complete", members);
        Self { simulator, lantern }
    }

    fn member(&self) -> &str {
        &self.simulator.greeting[1]
    }

    fn control(&self, method: &str, path: &str, body: &str) -> String {
        http(
            &self.simulator.greeting[0],
            method,
            &format!("/control{path}"),
            body,
        )
    }

    fn user(&self) -> String {
        let path = format!("/api/v1/users/{}", self.member());
        http(&self.lantern.greeting[0], "GET", &path, "")
    }
}

/// Presence updates from the gateway's socket to user actors.
pub fn intake() {
    const UPDATES: usize = 50_000;
    let whole = Whole::start(1_000);
    let (mut per_second, mut cpu_us) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let body = format!(
            r#"{{"members":["{}"],"updates":{UPDATES}}}"#,
            whole.member()
        );
        let (began, cpu) = (Instant::now(), whole.lantern.cpu());
        whole.control("POST", "/bursts", &body);
        let last = format!("{UPDATES} of {UPDATES}");
        while !whole.user().contains(&last) {
            std::thread::sleep(Duration::from_millis(2));
        }
        per_second.push(UPDATES as f64 / began.elapsed().as_secs_f64());
        cpu_us.push((whole.lantern.cpu() - cpu) * 1e6 / UPDATES as f64);
    }
    let (low, median, high) = spread(&per_second);
    println!("\nintake, from the simulated Discord to user actors");
    println!(
        "  {median:.0} presence updates/s ({low:.0}-{high:.0}), {:.1} us CPU an update",
        spread(&cpu_us).1
    );
}

/// From the control API's change to the sockets.
pub fn latency() {
    const WATCHERS: usize = 1_000;
    const CHANGES: usize = 200;
    let whole = Whole::start(200);
    let mut watchers = receiver::start(&whole.lantern.greeting[0], WATCHERS, Some(whole.member()));
    let path = format!("/members/{}/presence", whole.member());
    let change = |number: usize| {
        let body = format!(
            r#"{{"status":"online","client_status":{{"desktop":"online"}},"activities":[{{"name":"Game {number:08}","type":0,"created_at":1620000000000}}]}}"#
        );
        whole.control("PUT", &path, &body);
    };
    change(0);
    watchers.ask("await", 1);
    let mut all = Vec::with_capacity(WATCHERS * CHANGES);
    for number in 1..=CHANGES {
        let began = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        watchers.tell("latency", usize::try_from(began.as_micros()).unwrap());
        change(number);
        all.extend(watchers.answer());
    }
    all.sort_by(f64::total_cmp);
    let at = |share: f64| all[(all.len() as f64 * share) as usize];
    println!("\nlatency, from the control API's change to {WATCHERS} sockets, {CHANGES} changes");
    println!("  p50 {:.2} ms, p99 {:.2} ms", at(0.5), at(0.99));
}

/// Memory of a member that is tracked.
pub fn memory() {
    const MEMBERS: usize = 100_000;
    let few = Whole::start(100).lantern.resident_kib();
    let began = Instant::now();
    let mut many = Whole::start(MEMBERS);
    let took = began.elapsed().as_secs_f64();
    let monitored = many.lantern.ask("complete", MEMBERS)[0];
    let with_actors = (many.lantern.resident_kib() - few) as f64 / monitored;
    many.lantern.ask("passive", 0);
    let each = (many.lantern.resident_kib() - few) as f64 / monitored;
    println!(
        "\nmemory, {monitored} members from the simulated Discord, complete after {took:.1} s"
    );
    println!(
        "  {each:.2} KiB a tracked user that nobody watches ({with_actors:.2} with the last actors still there)"
    );
}

fn http(port: &str, method: &str, path: &str, body: &str) -> String {
    let port: u16 = port.parse().unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 2"), "{answer}");
    answer
}
