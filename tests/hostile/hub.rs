//! The program under attack, with as many open files as a test allows it.

use std::{net::SocketAddr, process::Stdio, time::Duration};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::{TcpSocket, TcpStream},
    process::{Child, Command},
};

/// How long anything may take before a test fails. Far longer than it takes.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct Hub {
    child: Child,
    _folder: TempDir,
    pub addr: SocketAddr,
    /// The first member.
    pub user: String,
    /// The token of that member's storage.
    pub token: String,
}

impl Hub {
    /// A demo whose members do nothing by themselves. Every address of this machine is a client like
    /// any other.
    pub async fn start(files: u32, environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = env!("CARGO_BIN_EXE_lantern");
        let ports = "--listen 127.0.0.1:0 --simulator-listen 127.0.0.1:0";
        let line = format!("ulimit -n {files} && exec '{program}' serve --demo --rate 0 {ports}");
        let mut child = Command::new("sh")
            .args(["-c", &line])
            .env_clear()
            .env("LANTERN__STORE__PATH", folder.path())
            .env("LANTERN__SHARES__TRUSTED_PROXIES", "")
            .env("LANTERN__LOG__FILTER", "error")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let reading = async {
            let mut found = None;
            loop {
                let line = lines.next_line().await.unwrap().expect("it starts");
                if let Some((_, rest)) = line.split_once("/api/v1/users/") {
                    let (before, _) = line.split_once("/api/v1").unwrap();
                    let addr = before.rsplit('/').next().unwrap().parse().unwrap();
                    let digits = rest.find(|letter: char| !letter.is_ascii_digit());
                    found = Some((addr, rest[..digits.unwrap_or(rest.len())].to_owned()));
                }
                if let Some((_, token)) = line.split_once("Authorization: ") {
                    let (addr, user) = found.expect("the member comes first");
                    break (addr, user, token.trim_end_matches('\'').to_owned());
                }
            }
        };
        let (addr, user, token) = tokio::time::timeout(PATIENCE, reading).await.unwrap();
        // What it prints behind that is nobody's.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self {
            child,
            _folder: folder,
            addr,
            user,
            token,
        }
    }

    /// A connection from this address of the machine.
    pub async fn connect(&self, from: &str) -> std::io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(format!("{from}:0").parse().unwrap())?;
        let connecting = socket.connect(self.addr);
        tokio::time::timeout(PATIENCE, connecting).await.unwrap()
    }

    /// Its memory, in MiB.
    pub fn resident_mib(&self) -> f64 {
        let status = format!("/proc/{}/status", self.child.id().unwrap());
        let status = std::fs::read_to_string(status).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kib = line.unwrap().split_whitespace().nth(1).unwrap();
        kib.parse::<f64>().unwrap() / 1_024.0
    }
}
