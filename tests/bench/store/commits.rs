//! Commits a second of two ways to commit, in turns.

use std::time::Instant;

use crate::{child::Child, report::spread};

/// Pairs of measurements; the report gives their median and spread.
const ROUNDS: usize = 7;

/// Measurements of one way, with their ratios to the yardstick of the same round.
#[derive(Default)]
struct Way {
    per_second: Vec<f64>,
    cpu_us: Vec<f64>,
    together: Vec<f64>,
    ratio: Vec<f64>,
}

/// Lets so many writers commit so often in both, and prints what came of it. The children take
/// `commit <count>` with as many `writers <count>` as was told before; they answer how many
/// commits a batch had, on average.
pub fn compare(yardstick: (&str, Child), other: (&str, Child), writers: usize, commits: usize) {
    let mut children = [yardstick.1, other.1];
    let mut ways = [Way::default(), Way::default()];
    for child in &mut children {
        child.ask("writers", writers);
    }
    for round in 0..=ROUNDS {
        let mut rates = [0.0; 2];
        for (number, child) in children.iter_mut().enumerate() {
            let (began, cpu) = (Instant::now(), child.cpu());
            let together = child.ask("commit", commits)[0];
            rates[number] = commits as f64 / began.elapsed().as_secs_f64();
            // The first round warms up.
            if round > 0 {
                let way = &mut ways[number];
                way.per_second.push(rates[number]);
                way.cpu_us.push((child.cpu() - cpu) * 1e6 / commits as f64);
                way.together.push(together);
                way.ratio.push(rates[number] / rates[0]);
            }
        }
    }
    let plural = if writers == 1 { "writer" } else { "writers" };
    println!("\n{writers} {plural}, {commits} commits a round, {ROUNDS} rounds");
    for (name, way) in [yardstick.0, other.0].iter().zip(&ways) {
        let (slowest, rate, fastest) = spread(&way.per_second);
        let (low, ratio, high) = spread(&way.ratio);
        println!(
            "  {name:24}{rate:8.0} commits/s ({slowest:.0}-{fastest:.0}), {ratio:.2}x ({low:.2}-{high:.2}), {:.1} us CPU each, {:.0} a batch",
            spread(&way.cpu_us).1,
            spread(&way.together).1,
        );
    }
}
