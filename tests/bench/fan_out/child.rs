//! Another part of the benchmark in a process of its own, told what to do over its standard input.

use std::{
    io::{BufRead, BufReader, Write},
    process::{ChildStdin, ChildStdout, Command, Stdio},
};

/// The environment variable that makes this program the other part: a role and its arguments.
pub const ROLE: &str = "LANTERN_BENCH_ROLE";

pub struct Child {
    process: std::process::Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// What it printed first, in words.
    pub greeting: Vec<String>,
}

impl Child {
    pub fn start(role: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .env(ROLE, role)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = process.stdin.take().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let first = line(&mut output);
        Self {
            greeting: first.split_whitespace().map(str::to_owned).collect(),
            process,
            input,
            output,
        }
    }

    /// Asks for something that is answered with numbers when it is done.
    pub fn ask(&mut self, what: &str, count: usize) -> Vec<f64> {
        self.tell(what, count);
        self.answer()
    }

    /// The answer to what was told.
    pub fn answer(&mut self) -> Vec<f64> {
        let answer = line(&mut self.output);
        let numbers = answer
            .split_whitespace()
            .map(|number| number.parse().unwrap());
        numbers.collect()
    }

    /// Asks for something that is not answered.
    pub fn tell(&mut self, what: &str, count: usize) {
        writeln!(self.input, "{what} {count}").unwrap();
    }

    /// Seconds of CPU that the process has used.
    pub fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        let fields: Vec<&str> = stat
            .rsplit_once(')')
            .unwrap()
            .1
            .split_whitespace()
            .collect();
        let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        ticks as f64 / 100.0
    }

    /// Memory in RAM, in KiB.
    pub fn resident_kib(&self) -> i64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        line.unwrap()
            .split_whitespace()
            .nth(1)
            .unwrap()
            .parse()
            .unwrap()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn line(output: &mut impl BufRead) -> String {
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

/// In the child: does what the parent asks, until it is gone. An answer is printed.
pub fn obey(mut carry_out: impl FnMut(&str, usize) -> Option<Vec<f64>>) {
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let (what, count) = line.split_once(' ').unwrap();
        if let Some(answer) = carry_out(what, count.parse().unwrap()) {
            let words: Vec<String> = answer.iter().map(f64::to_string).collect();
            println!("{}", words.join(" "));
        }
    }
}
