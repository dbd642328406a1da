//! The whole server on a port of its own, with a simulated Discord, and clients for it.

mod control;
mod cql;
mod discord;
mod exemplified;
mod kernel;
mod raw;
mod running;
mod socket;

pub use control::Control;
pub use discord::Discord;
pub use kernel::held_by_kernel;
pub use raw::{Frame, RawClient, Received, Upgrade};
pub use running::Running;
pub use socket::{Client, Closed, game, number};

use std::{future::Future, time::Duration};

use lantern::{
    app::App,
    config::{Config, Secret},
};
use lantern_actors::{Hub, domain::UserId, ports::GatewayState};
use lantern_simulator::SimulatorConfig;
use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;

/// What tokens of storage are made with.
pub const SECRET: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// How long anything may take before a test fails. Far longer than it takes.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Where a hub's store is; gone when dropped.
pub struct Place {
    pub folder: TempDir,
    /// If it is on a CQL server.
    _keyspace: Option<cql::Keyspace>,
}

/// A running Lantern.
pub struct TestHub {
    running: Running,
    /// Where its store is, unless the test has named another place.
    _place: Option<Place>,
    pub control: Control,
    http: reqwest::Client,
}

impl TestHub {
    /// With three members that do nothing by themselves.
    pub async fn start() -> Self {
        Self::with(3, |_| {}).await
    }

    /// With so many members, and a changed configuration.
    pub async fn with(members: u32, change: impl FnOnce(&mut Config)) -> Self {
        Self::simulating(SimulatorConfig { members, ..still() }, change).await
    }

    /// With a simulated Discord of one's own; start from [`still`].
    pub async fn simulating(simulator: SimulatorConfig, change: impl FnOnce(&mut Config)) -> Self {
        lantern::server::allow_many_sockets();
        let mut config = Config::load(None, []).unwrap();
        config.server.listen = "127.0.0.1:0".parse().unwrap();
        config.kv.token_secret = Some(Secret::new(SECRET));
        let folder = tempfile::tempdir().unwrap();
        config.store.path = folder.path().to_owned();
        // The bot is a member, and nobody but a test is to change what members show.
        config.discord.status_interval_ms = 0;
        change(&mut config);
        let keyspace = cql::choose(&mut config, folder.path()).await;
        let place = Place {
            folder,
            _keyspace: keyspace,
        };
        let running = Running::start(config, Some(simulator)).await;
        let control = Control::new(running.app().simulator().unwrap());
        let hub = Self::around(running, control, Some(place));
        within("the member list is complete", hub.hub().completed()).await;
        hub
    }

    fn around(running: Running, control: Control, place: Option<Place>) -> Self {
        Self {
            running,
            _place: place,
            control,
            http: reqwest::Client::new(),
        }
    }

    pub fn app(&self) -> &App {
        self.running.app()
    }

    pub fn hub(&self) -> &Hub {
        self.app().hub()
    }

    /// The ids of the members, the bot left out, in ascending order.
    pub async fn members(&self) -> Vec<UserId> {
        self.control.members().await
    }

    /// A client on `/socket`, after HELLO.
    pub async fn connect(&self) -> Client {
        Client::connect(self.app().addr(), "").await
    }

    /// A client that watches this user, and the user as INIT_ACK told.
    pub async fn watch(&self, user: UserId) -> (Client, Value) {
        let mut client = self.connect().await;
        let told = client.init(&serde_json::json!({ "user_id": user })).await;
        (client, told)
    }

    /// Everybody, as a socket that watches All is told first, once nobody is stale any more. The
    /// shards hear that the gateway is live a moment after the hub.
    pub async fn everybody(&self) -> Value {
        let all = serde_json::json!({"user_id": "All"});
        eventually("nobody is stale", async || {
            let told = self.connect().await.init(&all).await;
            let is_fresh = |user: &Value| user.get("stale").is_none();
            let is_live = told.as_array().unwrap().iter().all(is_fresh);
            is_live.then_some(told)
        })
        .await
    }

    /// `GET` of a path: the status and the JSON.
    pub async fn get(&self, path: &str) -> (u16, Value) {
        let url = format!("http://{}{path}", self.app().addr());
        let response = self.http.get(url).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// `GET` of a path as it is answered, with further headers.
    pub async fn ask(&self, path: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        let url = format!("http://{}{path}", self.app().addr());
        let request = headers.iter().fold(self.http.get(url), |request, pair| {
            request.header(pair.0, pair.1)
        });
        request.send().await.unwrap()
    }

    /// The token of a user's storage, made if there was none.
    pub async fn token(&self, user: UserId) -> String {
        self.app().kv_token(user).await.unwrap()
    }

    /// A change of storage: `path` begins behind `/storage`, and may be empty.
    pub fn change(
        &self,
        method: Method,
        user: UserId,
        path: &str,
        token: &str,
    ) -> reqwest::RequestBuilder {
        let addr = self.app().addr();
        let url = format!("http://{addr}/api/v1/users/{user}/storage{path}");
        let request = self.http.request(method, url);
        request.header("authorization", token)
    }

    /// Sets a pair; the status.
    pub async fn put(&self, user: UserId, key: &str, value: &str, token: &str) -> u16 {
        let request = self.change(Method::PUT, user, &format!("/{key}"), token);
        let response = request.body(value.to_owned()).send().await.unwrap();
        response.status().as_u16()
    }

    /// The value of a sample in `/metrics`; `name` with its labels.
    pub async fn metric(&self, name: &str) -> u64 {
        let text = self.ask("/metrics", &[]).await.text().await.unwrap();
        sample(&text, name)
    }

    /// A user as REST tells it.
    pub async fn user(&self, user: UserId) -> Value {
        let (status, json) = self.get(&format!("/api/v1/users/{user}")).await;
        assert_eq!(status, 200, "{json}");
        json
    }

    /// Waits until REST tells of a user what is wanted.
    pub async fn until_user(
        &self,
        user: UserId,
        what: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let user = &format!("/api/v1/users/{user}");
        eventually(what, async || {
            let (_, json) = self.get(user).await;
            wanted(&json).then_some(json)
        })
        .await
    }

    /// Waits until nobody but clients can be the cause of anything more: Discord is heard, and
    /// nothing is being counted.
    pub async fn until_live(&self) {
        eventually("the gateway is live", async || {
            (self.hub().gateway_state() == GatewayState::Live).then_some(())
        })
        .await;
    }

    /// Stops as at SIGTERM, and sees that no actor is left.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}

/// A simulated Discord on a port of its own whose members do nothing by themselves.
pub fn still() -> SimulatorConfig {
    SimulatorConfig {
        listen: "127.0.0.1:0".parse().unwrap(),
        members: 3,
        rate: 0.0,
        members_request_window: Duration::ZERO,
        ..SimulatorConfig::default()
    }
}

/// The value of a sample in the text of `/metrics`.
pub fn sample(text: &str, name: &str) -> u64 {
    let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok();
    let value = text.lines().find_map(value);
    value.unwrap_or_else(|| panic!("{name} in {text}"))
}

/// Waits for something that must come.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .unwrap_or_else(|_| panic!("not within {PATIENCE:?}: {what}"))
}

/// Asks again and again until there is an answer; for what cannot be waited for otherwise.
pub async fn eventually<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    within(what, async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
}
