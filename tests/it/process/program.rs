//! The built program, run as a child.

use std::{
    net::SocketAddr,
    process::Stdio,
    sync::{Arc, Mutex},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
    task::JoinHandle,
};

use crate::harness::{eventually, within};

pub struct Program {
    child: Child,
    /// Where its store is, unless the environment names another place.
    _folder: TempDir,
    said: String,
    errors: Arc<Mutex<String>>,
    reading_errors: JoinHandle<()>,
}

/// How a program ended.
pub struct Ended {
    pub succeeded: bool,
    pub code: Option<i32>,
    pub says: String,
    pub errors: String,
}

fn command(args: &[&str], environment: &[(&str, &str)], folder: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lantern"));
    command
        .args(args)
        .env_clear()
        .env("LANTERN__STORE__PATH", folder.path())
        .envs(environment.iter().copied())
        .env("RUST_BACKTRACE", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn collect(mut pipe: impl AsyncRead + Unpin, text: Arc<Mutex<String>>) {
    let mut more = [0; 4_096];
    loop {
        match pipe.read(&mut more).await.unwrap() {
            0 => return,
            length => *text.lock().unwrap() += &String::from_utf8_lossy(&more[..length]),
        }
    }
}

/// Runs a program to its end.
pub async fn run(args: &[&str], environment: &[(&str, &str)]) -> Ended {
    run_writing(args, environment, Stdio::piped()).await
}

/// With its standard output going elsewhere than to the test.
pub async fn run_writing(args: &[&str], environment: &[(&str, &str)], out: Stdio) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let child = command(args, environment, &folder).stdout(out).spawn();
    let running = child.unwrap().wait_with_output();
    let output = within("the program ends", running).await.unwrap();
    Ended {
        succeeded: output.status.success(),
        code: output.status.code(),
        says: String::from_utf8(output.stdout).unwrap(),
        errors: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Program {
    pub fn start(args: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::start_logging(args, environment, Stdio::piped())
    }

    /// With its log going elsewhere than to the test.
    pub fn start_logging(args: &[&str], environment: &[(&str, &str)], log: Stdio) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = command(args, environment, &folder);
        let mut child = command.stderr(log).spawn().unwrap();
        let errors = Arc::default();
        let (stderr, collected) = (child.stderr.take(), Arc::clone(&errors));
        let reading = async {
            if let Some(stderr) = stderr {
                collect(stderr, collected).await;
            }
        };
        Self {
            child,
            _folder: folder,
            said: String::new(),
            errors,
            reading_errors: tokio::spawn(reading),
        }
    }

    /// Reads what it prints until this; all that it has printed.
    pub async fn says(&mut self, wanted: &str) -> &str {
        let stdout = self.child.stdout.as_mut().unwrap();
        let said = &mut self.said;
        let reading = async {
            let mut more = [0; 4_096];
            while !said.contains(wanted) {
                let length = stdout.read(&mut more).await.unwrap();
                assert_ne!(length, 0, "it ended after {said:?}");
                said.push_str(std::str::from_utf8(&more[..length]).unwrap());
            }
        };
        within(&format!("it says {wanted:?}"), reading).await;
        &self.said
    }

    /// Waits until it has written this to its log.
    #[allow(dead_code, reason = "for the tests of the store")]
    pub async fn logs(&self, wanted: &str) {
        eventually(&format!("it logs {wanted:?}"), async || {
            let errors = self.errors.lock().unwrap();
            errors.contains(wanted).then_some(())
        })
        .await;
    }

    /// Ends it without a warning, as `kill -9` does; what it has logged.
    pub async fn kill(mut self) -> String {
        self.child.kill().await.unwrap();
        self.reading_errors.await.unwrap();
        self.errors.lock().unwrap().clone()
    }

    /// Where it listens: the first address that it named.
    pub fn addr(&self) -> SocketAddr {
        let url = self.said.split("http://").nth(1).unwrap();
        let is_part = |letter: char| letter.is_ascii_digit() || ".:".contains(letter);
        let end = url.find(|letter| !is_part(letter)).unwrap_or(url.len());
        url[..end].parse().unwrap()
    }

    /// Its memory, in KiB.
    pub fn resident_kib(&self) -> u64 {
        let status = format!("/proc/{}/status", self.child.id().unwrap());
        let status = std::fs::read_to_string(status).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let value = line.unwrap().split_whitespace().nth(1).unwrap();
        value.parse().unwrap()
    }

    /// The processor time that it has used, in hundredths of a second.
    pub fn cpu_ticks(&self) -> u64 {
        let stat = format!("/proc/{}/stat", self.child.id().unwrap());
        let stat = std::fs::read_to_string(stat).unwrap();
        // Behind the name, which may hold spaces, come the state and so on (proc_pid_stat(5)).
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        let fields: Vec<&str> = fields.split(' ').collect();
        let ticks = |field: usize| fields[field].parse::<u64>().unwrap();
        ticks(11) + ticks(12)
    }

    /// Sends it a signal, sees it end well, and gives what it complained of.
    pub async fn stop(mut self, signal: Signal) -> String {
        let id = i32::try_from(self.child.id().unwrap()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
        let status = within("the program ends", self.child.wait()).await.unwrap();
        self.reading_errors.await.unwrap();
        let errors = self.errors.lock().unwrap();
        assert!(status.success(), "{status}: {errors}");
        let complaints = errors.lines().filter(|line| !line.contains("INFO"));
        complaints.collect::<Vec<_>>().join("\n")
    }
}
