//! A CQL server of a test's own, which it may pause, kill and start again. What several tests share
//! is the server that `LANTERN_TEST_CQL` names; this one is made of the same jars by the same script.

use std::{
    fs,
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::{Mutex, MutexGuard};

/// Each takes nearly 1 GiB, so tests that have one take turns.
static TURN: Mutex<()> = Mutex::const_new(());

/// How long a start may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Whether connections are encrypted and users have passwords.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Neither.
    Open,
    /// By the certificate in [`CqlServer::certificate`]; the user is cassandra, so is the password.
    Secure,
}

/// A CQL server. It ends when this is dropped, and also when the test's thread ends.
pub struct CqlServer {
    access: Access,
    process: Child,
    folder: tempfile::TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl CqlServer {
    /// Starts one in an empty folder and waits until it accepts connections.
    pub async fn start(access: Access) -> Self {
        let turn = TURN.lock().await;
        let target = root().join("target/cql");
        fs::create_dir_all(&target).unwrap();
        let folder = tempfile::Builder::new().tempdir_in(target).unwrap();
        let process = spawn(folder.path(), access);
        let mut server = Self {
            access,
            process,
            folder,
            _turn: turn,
        };
        server.accepting().await;
        server
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        let text = fs::read_to_string(self.folder.path().join("address"));
        text.unwrap_or_default().trim().to_owned()
    }

    /// The certificate that its own is signed by.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("conf/ca.pem")
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again after [`CqlServer::kill`], where it was and with what it had stored.
    pub async fn start_again(&mut self) {
        self.process = spawn(self.folder.path(), self.access);
        self.accepting().await;
    }

    /// Makes it silent: it accepts, because the kernel does, and answers nothing.
    pub fn pause(&self) {
        kill_process(self.pid(), Signal::STOP).unwrap();
    }

    /// Lets it go on.
    pub fn resume(&self) {
        kill_process(self.pid(), Signal::CONT).unwrap();
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.process)
    }

    async fn accepting(&mut self) {
        const PAUSE: Duration = Duration::from_millis(50);
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(self.address()).is_err() {
            let ended = self.process.try_wait().unwrap();
            let is_hopeless = ended.is_some() || Instant::now() > deadline;
            assert!(
                !is_hopeless,
                "the CQL server does not start:\n{}",
                self.log()
            );
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for CqlServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The script ends up as the server itself, so the child is the server.
fn spawn(folder: &Path, access: Access) -> Child {
    let mut command = Command::new(root().join("tests/cql/start"));
    command.arg(folder);
    if access == Access::Secure {
        command.arg("--secure");
    }
    command.spawn().unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
