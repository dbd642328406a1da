//! A server in a process of its own, told what to do over its standard input.

use std::{
    io::{BufRead, BufReader, Write},
    process::{ChildStdin, ChildStdout, Command, Stdio},
};

/// The environment variable that makes this program the server.
pub const ROLE: &str = "LANTERN_BENCH_ROLE";

pub struct Child {
    process: std::process::Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    pub port: u16,
    /// The user that is watched.
    pub user: String,
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
        let (port, user) = first.split_once(' ').unwrap();
        Self {
            port: port.parse().unwrap(),
            user: user.to_owned(),
            process,
            input,
            output,
        }
    }

    /// Waits until the server has accepted so many connections.
    pub fn ready(&mut self, connections: usize) {
        writeln!(self.input, "ready {connections}").unwrap();
        assert_eq!(line(&mut self.output), "ready");
    }

    /// Sends so many updates to every socket.
    pub fn publish(&mut self, updates: usize) {
        writeln!(self.input, "publish {updates}").unwrap();
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

/// In the child: calls `publish` as the parent asks, until it is gone.
pub fn obey(mut ready: impl FnMut(usize), mut publish: impl FnMut(usize)) {
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let (what, count) = line.split_once(' ').unwrap();
        let count = count.parse().unwrap();
        match what {
            "ready" => {
                ready(count);
                println!("ready");
            }
            "publish" => publish(count),
            other => panic!("unknown request {other}"),
        }
    }
}
