//! `cargo bench --bench fan_out`: what a delivery costs, as ratios from one run.
//!
//! Parts can be chosen: `cargo bench --bench fan_out -- fan-out rest intake latency memory`.
//!
//! The server and the bare loop run in processes of their own, this one is the receiving side. CPU
//! time is the whole process's, user and system, as the kernel accounts it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot go on should stop"
)]

mod bare;
mod child;
mod discord;
mod lantern;
mod receiver;
mod report;
mod rest;

use child::Child;
use report::{Sample, Samples};

/// Pairs of measurements; the report gives their median and spread.
const ROUNDS: usize = 5;
/// Deliveries in one measurement, enough for the 10 ms ticks of CPU accounting.
const DELIVERIES: usize = 400_000;

fn main() {
    let role = std::env::var(child::ROLE).unwrap_or_default();
    let words: Vec<&str> = role.split_whitespace().collect();
    match words.as_slice() {
        ["bare"] => return bare::run(),
        ["lantern"] => return lantern::run(),
        ["simulator", members] => return discord::simulate(members),
        ["mirror", api_url] => return discord::mirror(api_url),
        ["bare_http"] => return rest::bare(),
        ["rest_client", port, path] => return rest::client(port, path),
        ["receiver", arguments @ ..] => return receiver::run(arguments),
        _ => {}
    }
    report::machine();
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let is_wanted = |part: &str| wanted.is_empty() || wanted.iter().any(|word| word == part);
    if is_wanted("fan-out") {
        fan_out(1_000);
        fan_out(10_000);
    }
    if is_wanted("rest") {
        rest::compare();
    }
    if is_wanted("intake") {
        discord::intake();
    }
    if is_wanted("latency") {
        discord::latency();
    }
    if is_wanted("memory") {
        discord::memory();
    }
}

/// A server, and the process that receives what it sends.
struct Pair {
    server: Child,
    receiver: Child,
    sockets: usize,
    frame: usize,
}

impl Pair {
    fn bare(sockets: usize) -> Self {
        let mut server = Child::start("bare");
        let receiver = receiver::start(&server.greeting[0], sockets, None);
        server.ask("accept", sockets);
        Self {
            server,
            receiver,
            sockets,
            frame: 0,
        }
    }

    /// And the KiB that a connection costs while it is idle.
    fn lantern(sockets: usize) -> (Self, f64) {
        let server = Child::start("lantern");
        let [port, user] = server.greeting.as_slice() else {
            panic!("{:?}", server.greeting);
        };
        // What the first connections bring with them is not what one costs.
        drop(receiver::start(port, 100, Some(user)));
        let before = server.resident_kib();
        let receiver = receiver::start(port, sockets, Some(user));
        let idle = (server.resident_kib() - before) as f64 / sockets as f64;
        let pair = Self {
            server,
            receiver,
            sockets,
            frame: 0,
        };
        (pair, idle)
    }

    /// Server CPU microseconds per delivery, and deliveries per second.
    fn measure(&mut self, outstanding: usize) -> Sample {
        let rounds = (DELIVERIES / self.sockets / outstanding).max(1);
        let (cpu, began) = (self.server.cpu(), std::time::Instant::now());
        for _ in 0..rounds {
            self.server.tell("publish", outstanding);
            self.frame = self.receiver.ask("await", outstanding)[0] as usize;
        }
        let deliveries = (rounds * outstanding * self.sockets) as f64;
        Sample {
            cpu_us: (self.server.cpu() - cpu) * 1e6 / deliveries,
            per_second: deliveries / began.elapsed().as_secs_f64(),
        }
    }
}

fn fan_out(sockets: usize) {
    let mut bare = Pair::bare(sockets);
    let (mut lantern, idle) = Pair::lantern(sockets);
    let mut loops = Samples::default();
    let mut one = Samples::default();
    let mut eight = Samples::default();
    for round in 0..=ROUNDS {
        let yardstick = bare.measure(1);
        let measured = [lantern.measure(1), lantern.measure(8)];
        // The first round warms up.
        if round > 0 {
            loops.add(yardstick, yardstick);
            one.add(measured[0], yardstick);
            eight.add(measured[1], yardstick);
        }
    }
    println!("\n{sockets} sockets, {} bytes a frame", lantern.frame);
    println!("  bare send() loop        {loops}");
    println!("  Lantern, 1 outstanding  {one}");
    println!("  Lantern, 8 outstanding  {eight}");
    println!("  idle connection         {idle:.2} KiB");
}
