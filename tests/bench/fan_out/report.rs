//! What is printed.

use std::fmt;

/// One measurement.
#[derive(Clone, Copy)]
pub struct Sample {
    pub cpu_us: f64,
    pub per_second: f64,
}

/// Measurements, with their ratios to the bare loop of the same round.
#[derive(Default)]
pub struct Samples {
    cpu_us: Vec<f64>,
    per_second: Vec<f64>,
    ratio: Vec<f64>,
}

impl Samples {
    pub fn add(&mut self, sample: Sample, bare: Sample) {
        self.cpu_us.push(sample.cpu_us);
        self.per_second.push(sample.per_second);
        self.ratio.push(sample.cpu_us / bare.cpu_us);
    }
}

impl fmt::Display for Samples {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (low, median, high) = spread(&self.ratio);
        write!(
            out,
            "{:5.2} us CPU a delivery, {:8.0} deliveries/s, {median:.2}x bare ({low:.2}-{high:.2})",
            spread(&self.cpu_us).1,
            spread(&self.per_second).1,
        )
    }
}

/// The least, the median and the most.
pub fn spread(values: &[f64]) -> (f64, f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    (
        sorted[0],
        sorted[sorted.len() / 2],
        sorted[sorted.len() - 1],
    )
}

/// What the figures were measured on.
pub fn machine() {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1))
        .unwrap_or("unknown processor");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("{cores} cores, {model}");
}
