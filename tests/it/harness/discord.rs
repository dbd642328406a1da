//! A simulated Discord that outlives the hubs that mirror it, and the store that they share.

use lantern::{
    config::{Config, Secret},
    simulator::{Simulator, SimulatorConfig},
};
use tempfile::TempDir;

use super::{Control, Running, TestHub, still, within};

pub struct Discord {
    simulator: Option<Simulator>,
    api_url: String,
    pub control: Control,
    folder: TempDir,
}

impl Discord {
    /// With so many members that do nothing by themselves.
    pub async fn start(members: u32) -> Self {
        let config = SimulatorConfig { members, ..still() };
        let simulator = Simulator::start(config).await.unwrap();
        Self {
            control: Control::new(&simulator),
            api_url: simulator.api_url(),
            simulator: Some(simulator),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Where its hubs store.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// A hub that mirrors it, once it knows its members.
    pub async fn hub(&self) -> TestHub {
        let hub = self.starting_hub().await;
        within("the member list is complete", hub.hub().completed()).await;
        hub
    }

    /// A hub that mirrors it and may not have reached it yet.
    pub async fn starting_hub(&self) -> TestHub {
        let mut config = Config::load(None, []).unwrap();
        config.server.listen = "127.0.0.1:0".parse().unwrap();
        config.store.path = self.folder().to_owned();
        config.discord.api_url = Some(self.api_url.clone());
        config.discord.token = Some(Secret::new("simulated-token"));
        let running = Running::start(config, None).await;
        TestHub::around(running, self.control.clone(), None)
    }

    /// What makes `lantern serve` mirror it.
    pub fn environment(&self) -> [(String, String); 3] {
        let pair = |name: &str, value: String| (name.to_owned(), value);
        [
            pair("LANTERN__DISCORD__API_URL", self.api_url.clone()),
            pair("DISCORD_BOT_TOKEN", "simulated-token".to_owned()),
            pair("LANTERN__STORE__PATH", self.folder().display().to_string()),
        ]
    }

    /// Is gone from here on; who asks is refused.
    pub async fn vanish(&mut self) {
        if let Some(simulator) = self.simulator.take() {
            simulator.stop().await;
        }
    }
}
