//! A simulated Discord that outlives the hubs that mirror it, and the store that they share.

use std::path::Path;

use lantern::config::{Config, Secret, StoreKind};
use lantern_simulator::{Simulator, SimulatorConfig};

use super::{Control, Place, Running, SECRET, TestHub, cql, still, within};

pub struct Discord {
    simulator: Option<Simulator>,
    pub control: Control,
    /// What its hubs are configured with.
    config: Config,
    place: Place,
}

impl Discord {
    /// With so many members that do nothing by themselves.
    pub async fn start(members: u32) -> Self {
        let mut discord = Self::on_embedded_store(members).await;
        let folder = discord.place.folder.path();
        discord.place._keyspace = cql::choose(&mut discord.config, folder).await;
        discord
    }

    /// As [`Self::start`], for what concerns the embedded store alone.
    pub async fn on_embedded_store(members: u32) -> Self {
        let simulator = SimulatorConfig { members, ..still() };
        let simulator = Simulator::start(simulator).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::load(None, []).unwrap();
        config.server.listen = "127.0.0.1:0".parse().unwrap();
        config.kv.token_secret = Some(Secret::new(SECRET));
        config.store.path = folder.path().to_owned();
        config.discord.api_url = Some(simulator.api_url());
        config.discord.status_interval_ms = 0;
        config.discord.token = Some(Secret::new("simulated-token"));
        Self {
            control: Control::new(&simulator),
            simulator: Some(simulator),
            config,
            place: Place {
                folder,
                _keyspace: None,
            },
        }
    }

    /// What its next hub is configured with.
    pub fn config_mut(&mut self) -> &mut Config {
        &mut self.config
    }

    /// Where its hubs store, if that is in a folder.
    pub fn folder(&self) -> &Path {
        self.place.folder.path()
    }

    /// A hub that mirrors it, once it knows its members.
    pub async fn hub(&self) -> TestHub {
        let hub = self.starting_hub().await;
        within("the member list is complete", hub.hub().completed()).await;
        hub
    }

    /// A hub that mirrors it, with a changed configuration, once it knows its members.
    pub async fn hub_with(&self, change: impl FnOnce(&mut Config)) -> TestHub {
        let mut config = self.config.clone();
        change(&mut config);
        let running = Running::start(config, None).await;
        let hub = TestHub::around(running, self.control.clone(), None);
        within("the member list is complete", hub.hub().completed()).await;
        hub
    }

    /// A hub that mirrors it and may not have reached it yet.
    pub async fn starting_hub(&self) -> TestHub {
        let running = Running::start(self.config.clone(), None).await;
        TestHub::around(running, self.control.clone(), None)
    }

    /// What makes `lantern serve` mirror it.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let config = &self.config;
        let api_url = config.discord.api_url.clone();
        let mut variables = vec![
            ("LANTERN__DISCORD__API_URL", api_url.unwrap()),
            ("DISCORD_BOT_TOKEN", "simulated-token".to_owned()),
            ("KV_TOKEN_SECRET", SECRET.to_owned()),
            ("LANTERN__STORE__PATH", self.folder().display().to_string()),
        ];
        if config.store.kind == StoreKind::Scylla {
            variables.extend([
                ("LANTERN__STORE__KIND", "scylla".to_owned()),
                ("LANTERN__SCYLLA__NODES", config.scylla.nodes.join(", ")),
                ("LANTERN__SCYLLA__KEYSPACE", config.scylla.keyspace.clone()),
            ]);
        }
        variables
    }

    /// Is gone from here on; who asks is refused.
    pub async fn vanish(&mut self) {
        if let Some(simulator) = self.simulator.take() {
            simulator.stop().await;
        }
    }
}
