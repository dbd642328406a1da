//! `cargo bench --bench fan_out`: what a delivery costs, as ratios from one run.
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
mod lantern;
mod receiver;
mod report;

use child::Child;
use receiver::Receiver;
use report::Samples;

/// Pairs of measurements; the report gives their median and spread.
const ROUNDS: usize = 5;
/// Deliveries in one measurement, enough for the 10 ms ticks of CPU accounting.
const DELIVERIES: usize = 400_000;

fn main() {
    match std::env::var(child::ROLE).as_deref() {
        Ok("bare") => return bare::run(),
        Ok("lantern") => return lantern::run(),
        _ => {}
    }
    report::machine();
    for sockets in [1_000, 10_000] {
        fan_out(sockets);
    }
}

fn fan_out(sockets: usize) {
    let mut bare = Child::start("bare");
    let mut bare_receiver = Receiver::plain(bare.port, sockets);
    bare.ready(sockets);
    let mut lantern = Child::start("lantern");
    let before = lantern.resident_kib();
    let mut receiver = Receiver::websockets(lantern.port, sockets, &lantern.user);
    let idle = (lantern.resident_kib() - before) as f64 / sockets as f64;

    let (mut loops, mut one, mut eight) =
        (Samples::default(), Samples::default(), Samples::default());
    for round in 0..=ROUNDS {
        let measured = [
            measure(&mut bare, &mut bare_receiver, 1),
            measure(&mut lantern, &mut receiver, 1),
            measure(&mut lantern, &mut receiver, 8),
        ];
        // The first round warms up.
        if round > 0 {
            let [a, b, c] = measured;
            loops.add(a, a);
            one.add(b, a);
            eight.add(c, a);
        }
    }
    println!("\n{sockets} sockets, {} bytes a frame", receiver.frame);
    println!("  bare send() loop        {loops}");
    println!("  Lantern, 1 outstanding  {one}");
    println!("  Lantern, 8 outstanding  {eight}");
    println!("  idle connection         {idle:.2} KiB");
}

/// One measurement: server CPU microseconds per delivery, and deliveries per second.
fn measure(server: &mut Child, receiver: &mut Receiver, outstanding: usize) -> report::Sample {
    let rounds = (DELIVERIES / receiver.sockets() / outstanding).max(1);
    let (cpu, began) = (server.cpu(), std::time::Instant::now());
    for _ in 0..rounds {
        server.publish(outstanding);
        receiver.await_frames(outstanding);
    }
    let deliveries = (rounds * outstanding * receiver.sockets()) as f64;
    report::Sample {
        cpu_us: (server.cpu() - cpu) * 1e6 / deliveries,
        per_second: deliveries / began.elapsed().as_secs_f64(),
    }
}
