//! How a test makes the hosts of pictures misbehave, and what it is told of who asked.

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// How requests for pictures are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    /// With the picture.
    #[default]
    Serve,
    /// 404.
    Missing,
    /// 500.
    Failing,
    /// Not at all, until the simulator stops.
    Silent,
    /// 200 and `image/png`, with bytes that are no picture.
    Broken,
    /// 200 and `image/png`, with a body of 64 MiB whose length is not told.
    Huge,
    /// 200 and a page of HTML.
    WrongType,
    /// 302 to the same picture at another host, which serves it whatever the behaviour.
    Redirect,
}

/// What is asked of the hosts: a behaviour, and for which addresses.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// How requests are answered.
    pub behaviour: Behaviour,
    /// How `{host}/{path}` must begin for it; the others are served.
    #[serde(default)]
    pub prefix: String,
}

/// What came in since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Requests for pictures, however they were answered.
    pub requests: u64,
    /// Requests that followed a redirect.
    pub followed: u64,
}

/// The setting of the moment, and the counts.
#[derive(Debug)]
pub struct Faults {
    now: Mutex<(Setting, Counts)>,
    stopped: watch::Sender<bool>,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            now: Mutex::default(),
            stopped: watch::Sender::new(false),
        }
    }
}

impl Faults {
    /// Sets how requests are answered from now on.
    pub fn set(&self, setting: Setting) {
        self.now.lock().0 = setting;
    }

    /// How requests are answered, and how many there were.
    pub fn now(&self) -> (Setting, Counts) {
        self.now.lock().clone()
    }

    /// Counts a request for a picture and tells how it is to be answered.
    pub fn meet(&self, host: &str, path: &str) -> Behaviour {
        let mut now = self.now.lock();
        let (setting, counts) = &mut *now;
        counts.requests += 1;
        match format!("{host}/{path}").starts_with(&setting.prefix) {
            true => setting.behaviour,
            false => Behaviour::Serve,
        }
    }

    /// Counts a request that followed a redirect.
    pub fn follow(&self) {
        self.now.lock().1.followed += 1;
    }

    /// Ends every silence, now and from now on.
    pub fn stop(&self) {
        self.stopped.send_replace(true);
    }

    /// Returns when the simulator stops.
    pub async fn silence(&self) {
        // It cannot fail: the sender is in `self`.
        _ = self.stopped.subscribe().wait_for(|stopped| *stopped).await;
    }
}
