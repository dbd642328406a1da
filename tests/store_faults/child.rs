//! Another process: this test binary again, which plays a role and tells what it did.

use std::{
    io::{BufRead, BufReader, Lines, Write},
    process::{ChildStdin, ChildStdout, Command, Stdio},
};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The environment variable that makes this program a child: a role and its arguments.
const ROLE: &str = "LANTERN_FAULT_ROLE";
/// What marks a line as the role's, among those of the test runner.
const MARK: &str = "@ ";

pub struct Child {
    process: std::process::Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Child {
    pub fn start(role: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child::plays_its_role", "--nocapture"])
            .env(ROLE, role)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        Self {
            input: process.stdin.take().unwrap(),
            lines: BufReader::new(process.stdout.take().unwrap()).lines(),
            process,
        }
    }

    /// The next thing it tells; `None` when it has ended. What was cut off by its end was not told.
    pub fn told(&mut self) -> Option<String> {
        loop {
            let line = self.lines.next()?.ok()?;
            if let Some((_, told)) = line.split_once(MARK) {
                return Some(told.to_owned());
            }
        }
    }

    pub fn tell(&mut self, what: &str) {
        writeln!(self.input, "{what}").unwrap();
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// In the child: tells the parent, and returns when the system has it.
pub fn say(what: &str) {
    let mut out = std::io::stdout().lock();
    let line = format!("{MARK}{what}\n");
    // One write, so that it arrives whole or not at all.
    let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
}

/// The random choices of one part of a test.
pub fn random(seed: u64, part: u64) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(part);
    random
}

/// Not a test unless this is a child.
#[test]
fn plays_its_role() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let words: Vec<&str> = role.split(' ').collect();
    match words.as_slice() {
        ["storm", folder, seed, life] => {
            crate::storm::rage(folder, seed.parse().unwrap(), life.parse().unwrap());
        }
        ["hold", folder] => crate::folder::hold(folder),
        other => panic!("no such role: {other:?}"),
    }
}
