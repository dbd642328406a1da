//! Changes of storage over HTTP in a second, against reads of the same pairs by the same clients in
//! the same run, in turns: `cargo bench --bench kv`.
//!
//! Every change has another value, so each is committed and on disk before it is answered. The last
//! rows are all clients with one user's pairs, where what waits goes into the next commit.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a benchmark ends by panicking"
)]

mod client;

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use lantern::{
    app::App,
    config::{Config, Secret},
};
use lantern_actors::domain::UserId;
use lantern_simulator::{Simulator, SimulatorConfig};
use tokio::runtime::{Builder, Runtime};

use self::client::{Client, Pair};

const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_secs(2);
const CLIENTS: usize = 64;
const SECRET: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn main() {
    lantern::server::allow_many_sockets();
    let folder = tempfile::tempdir().unwrap();
    let server = runtime("server", 2);
    let mut config = Config::load(None, []).unwrap();
    config.server.listen = "127.0.0.1:0".parse().unwrap();
    config.store.path = folder.path().to_owned();
    config.kv.token_secret = Some(Secret::new(SECRET));
    let (app, simulator, pairs) = server.block_on(start(config));
    let clients = runtime("clients", 1);
    println!("store in {}", folder.path().display());
    for (label, users) in [
        ("1 client", vec![0]),
        ("64 clients", (0..CLIENTS).collect()),
        ("64 clients, one user", vec![0; CLIENTS]),
    ] {
        let pairs = users.iter().enumerate().map(|(number, user)| {
            let pair: &Pair = &pairs[*user];
            pair.with_key(number)
        });
        println!(
            "{label:22} {}",
            clients.block_on(measure(app.addr(), pairs.collect()))
        );
    }
    server.block_on(async {
        app.stop().await;
        simulator.stop().await;
    });
}

fn runtime(name: &str, threads: usize) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    let builder = builder.worker_threads(threads).thread_name(name);
    builder.enable_all().build().unwrap()
}

/// A hub with as many members as there are clients, and a token for each.
async fn start(mut config: Config) -> (App, Simulator, Vec<Pair>) {
    let simulator = SimulatorConfig {
        listen: "127.0.0.1:0".parse().unwrap(),
        members: CLIENTS as u32,
        rate: 0.0,
        ..SimulatorConfig::default()
    };
    let token = simulator.token.clone();
    let simulator = Simulator::start(simulator).await.unwrap();
    config.discord.api_url = Some(simulator.api_url());
    config.discord.token = Some(Secret::new(&token));
    let app = App::start(&config, None).await.unwrap();
    app.hub().completed().await;
    let mut users: Vec<UserId> = app.hub().directory().users().into_iter().collect();
    users.sort();
    let mut pairs = Vec::new();
    for user in users {
        let token = app.kv_token(user).await.unwrap();
        pairs.push(Pair {
            user,
            token,
            key: 0,
        });
    }
    (app, simulator, pairs)
}

/// What the clients do.
#[derive(Clone, Copy)]
enum Doing {
    Reading,
    Changing,
}

async fn measure(addr: SocketAddr, pairs: Vec<Pair>) -> String {
    let mut clients = Vec::new();
    for pair in pairs {
        clients.push(Client::connect(addr, pair).await);
    }
    let (mut reads, mut changes, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    // The first warms up, and makes the pairs.
    run(&mut clients, Doing::Changing).await;
    for _ in 0..ROUNDS {
        let read = run(&mut clients, Doing::Reading).await;
        let change = run(&mut clients, Doing::Changing).await;
        reads.push(read);
        changes.push(change);
        ratios.push(change / read);
    }
    let (least, median, most) = spread(ratios);
    format!(
        "{:7.0} changes/s, {:7.0} reads/s, {median:.2}x ({least:.2}-{most:.2})",
        spread(changes).1,
        spread(reads).1,
    )
}

/// Requests that were answered in a second, by all clients.
async fn run(clients: &mut Vec<Client>, doing: Doing) -> f64 {
    let began = Instant::now();
    let running: Vec<_> = clients
        .drain(..)
        .map(|mut client| {
            tokio::spawn(async move {
                let mut answered = 0;
                while began.elapsed() < ROUND {
                    match doing {
                        Doing::Reading => client.read().await,
                        Doing::Changing => client.change().await,
                    }
                    answered += 1;
                }
                (client, answered)
            })
        })
        .collect();
    let mut answered = 0;
    for client in running {
        let (client, count) = client.await.unwrap();
        clients.push(client);
        answered += count;
    }
    f64::from(answered) / began.elapsed().as_secs_f64()
}

/// The least, the median and the most.
fn spread(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    (
        values[0],
        values[values.len() / 2],
        values[values.len() - 1],
    )
}
