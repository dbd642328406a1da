//! The REST interface over a real core, without sockets or Discord.

use std::{sync::Arc, time::Instant};

use lantern::{
    api::{ApiContext, Gate, endpoint},
    auth::{Failures, KvTokens},
    store::embedded::{EmbeddedConfig, EmbeddedStore},
};
use lantern_actors::{
    Hub, HubConfig,
    domain::{Presence, Profile, UserFlags, UserId},
    ports::{FanOut, Intake, Publication, SocketCommand, SocketKey, Sockets},
};
use poem::{
    Endpoint, Request, Response,
    endpoint::BoxEndpoint,
    http::{HeaderMap, Method, StatusCode},
};
use serde_json::Value;
use tokio::sync::watch;

/// What its tokens are made with.
pub const SECRET: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// A core and the interface on it.
pub struct Rest {
    _folder: tempfile::TempDir,
    pub hub: Hub,
    endpoint: BoxEndpoint<'static, Response>,
    published: watch::Receiver<u64>,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }
}

impl Rest {
    pub async fn start() -> Self {
        let (publications, published) = watch::channel(0);
        let nowhere = Arc::new(Nowhere(publications));
        let folder = tempfile::tempdir().unwrap();
        let store = EmbeddedStore::open(&EmbeddedConfig::at(folder.path())).unwrap();
        let config = HubConfig::default();
        let hub = Hub::start(config, nowhere.clone(), nowhere, Arc::new(store))
            .await
            .unwrap();
        let context = ApiContext {
            hub: hub.clone(),
            gate: Gate::new(KvTokens::new(SECRET).ok(), Failures::new(5)),
            started: Instant::now(),
            collectors: vec![Box::new(|out| out.push_str("lantern_extra 1\n"))],
        };
        Self {
            _folder: folder,
            endpoint: endpoint(context),
            hub,
            published,
        }
    }

    /// A core whose member list is complete and holds these users.
    pub async fn with_users(ids: impl IntoIterator<Item = u64>) -> Self {
        let mut rest = Self::start().await;
        let mut members = std::collections::HashSet::new();
        for id in ids {
            let profile = profile(id);
            members.insert(profile.id);
            rest.publishing(|hub| hub.member(profile, None)).await;
        }
        rest.hub.reconcile(members);
        rest
    }

    /// Does something and waits until it was published.
    pub async fn publishing(&mut self, act: impl FnOnce(&Hub)) {
        let before = *self.published.borrow_and_update();
        act(&self.hub);
        self.published
            .wait_for(|count| *count > before)
            .await
            .unwrap();
    }

    pub async fn ask(&self, method: Method, uri: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri_str(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.endpoint.call(request.finish()).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.into_string().await.unwrap(),
        }
    }

    pub async fn get(&self, uri: &str) -> Answer {
        self.ask(Method::GET, uri, &[]).await
    }
}

/// Somebody with this id.
pub fn profile(id: u64) -> Profile {
    Profile {
        id: UserId::try_from(id).unwrap(),
        username: format!("user{id}"),
        discriminator: 0,
        global_name: None,
        avatar: None,
        bot: false,
        flags: UserFlags::default(),
        server_tag: None,
    }
}

/// Online and doing nothing.
pub fn online() -> Presence {
    Presence::new(
        lantern_actors::domain::Status::Online,
        Default::default(),
        Vec::new(),
    )
}

/// Counts what is published, and delivers it nowhere.
struct Nowhere(watch::Sender<u64>);

impl FanOut for Nowhere {
    fn publish(&self, _: Publication) {
        self.0.send_modify(|count| *count += 1);
    }

    fn hold_back(&self) {}

    fn is_watched(&self, _: UserId) -> bool {
        false
    }
}

impl Sockets for Nowhere {
    fn command(&self, _: SocketKey, _: Vec<SocketCommand>) {}

    fn session_fell(&self, _: ractor::ActorId) {}

    fn adopt(&self, _: Hub) {}

    fn going_away(&self) {}
}
