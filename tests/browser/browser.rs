//! A Chromium without a window, of a test's own.

use std::{
    env,
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    process::{Child, ChildStderr, Command, Stdio},
    sync::Arc,
    thread,
};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::{devtools::DevTools, harness::within, page::Page};

/// Names the browser's program.
const VARIABLE: &str = "LANTERN_TEST_BROWSER";

/// What Chromium is started with: no window, no sandbox (CI is root), nothing asked of the network,
/// and a port of its own choice for its tools.
const OPTIONS: [&str; 11] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
];

/// A running browser; dropping it ends all its processes.
pub struct Browser {
    /// First to be dropped: the folder is in use until then.
    process: Process,
    tools: Arc<DevTools>,
    _folder: TempDir,
}

/// The browser's process and all that it has started, which are its process group.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let group = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            // It may be gone already.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.0.wait();
    }
}

impl Browser {
    /// Starts the browser that the environment names. Without one, says so; the test is skipped.
    pub async fn start() -> Option<Self> {
        let Some(program) = env::var_os(VARIABLE).filter(|program| !program.is_empty()) else {
            eprintln!("skipped: {VARIABLE} names no browser");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(program);
        command.args(OPTIONS).arg("about:blank");
        command.arg(format!("--user-data-dir={}", folder.path().display()));
        // What it keeps elsewhere is to be in the folder too.
        command.env("HOME", folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(Stdio::piped()).process_group(0);
        let mut process = Process(command.spawn().expect("the browser starts"));
        let said = process.0.stderr.take().unwrap();
        let address = within("the browser says where its tools are", address(said)).await;
        Some(Self {
            process,
            tools: DevTools::connect(&address).await,
            _folder: folder,
        })
    }

    /// A page with nothing in it, 1280 by 800, light. What is to be so before anything is loaded is
    /// set on it; then [`Page::open`].
    pub async fn page(&self) -> Page {
        let target = json!({"url": "about:blank"});
        let target = self.tools.ask(None, "Target.createTarget", target).await;
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = self.tools.ask(None, "Target.attachToTarget", attach).await;
        let session = attached["sessionId"].as_str().unwrap();
        Page::new(Arc::clone(&self.tools), session.to_owned()).await
    }

    /// A page on which this has been loaded.
    pub async fn open(&self, url: &str) -> Page {
        let page = self.page().await;
        page.open(url).await;
        page
    }

    /// The id of the browser's process.
    pub fn id(&self) -> u32 {
        self.process.0.id()
    }
}

/// Where the browser's tools listen, as it says on its standard error. That is read to its end, so
/// that the browser never waits for a reader.
async fn address(said: ChildStderr) -> String {
    let (tell, told) = oneshot::channel();
    thread::spawn(move || {
        let mut tell = Some(tell);
        let mut before = String::new();
        for line in BufReader::new(said).lines().map_while(Result::ok) {
            let address = line.strip_prefix("DevTools listening on ");
            if let (Some(address), Some(tell)) = (address, tell.take_if(|_| address.is_some())) {
                let _ = tell.send(Ok(address.to_owned()));
            }
            before.push_str(&line);
            before.push('\n');
        }
        if let Some(tell) = tell {
            let _ = tell.send(Err(before));
        }
    });
    let told = told.await.expect("somebody reads");
    told.unwrap_or_else(|said| panic!("the browser ended:\n{said}"))
}

#[tokio::test]
async fn a_browser_that_is_dropped_leaves_no_process() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let group = browser.id();
    browser.page().await;
    let members = || {
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let stats = processes.filter_map(|it| std::fs::read_to_string(it.path().join("stat")).ok());
        let in_group = stats.filter(|stat| {
            // After the name in brackets: state, parent, group.
            let behind = stat.rsplit_once(") ").unwrap().1;
            let mut fields = behind.split(' ');
            let is_alive = !matches!(fields.next(), Some("Z" | "X"));
            is_alive && fields.nth(1) == Some(&group.to_string())
        });
        in_group.count()
    };
    assert!(members() > 1);
    drop(browser);
    crate::harness::eventually("its processes are gone", async || {
        (members() == 0).then_some(())
    })
    .await;
}
