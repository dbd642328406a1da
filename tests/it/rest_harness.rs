//! The REST interface over a real core, without sockets or Discord.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use lantern::{
    admission::Admission,
    api::{ApiContext, Gate, endpoint},
    auth::{Claims, Failures, KvTokens},
    store::embedded::{EmbeddedConfig, EmbeddedStore},
};
use lantern_actors::{
    Hub, HubConfig,
    domain::{GuildId, Presence, Profile, UserFlags, UserId},
    ports::{FanOut, Intake, Publication, SocketCommand, SocketKey, Sockets, Store},
    user::{Authority, StorageAnswer, StorageRequest},
};
use lantern_card::{Cards, PictureSettings};
use poem::{
    Endpoint, Request, Response,
    endpoint::BoxEndpoint,
    http::{HeaderMap, Method, StatusCode},
};
use serde_json::Value;
use tokio::sync::watch;

use crate::harness::{SECRET, eventually};

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

/// Draws cards without pictures: where they would come from, nobody listens.
fn cards() -> Cards {
    let settings = PictureSettings {
        proxy: Some("http://127.0.0.1:9".parse().unwrap()),
        wait: Duration::ZERO,
        timeout: Duration::from_secs(1),
        most_bytes: 1 << 20,
        cache_bytes: 1 << 20,
    };
    Cards::new(settings, 1 << 20).unwrap()
}

impl Rest {
    pub async fn start() -> Self {
        Self::built(HubConfig::default(), KvTokens::new(SECRET).ok()).await
    }

    /// A core that never learns what its store holds, and does not wait for it.
    pub async fn without_store() -> Self {
        let config = HubConfig {
            storage_timeout: Duration::from_millis(20),
            ..HubConfig::default()
        };
        Self::built(config, KvTokens::new(SECRET).ok()).await
    }

    /// A core on a store of one's own.
    pub async fn on(store: Arc<dyn Store>) -> Self {
        let config = HubConfig::default();
        let folder = tempfile::tempdir().unwrap();
        Self::over(config, KvTokens::new(SECRET).ok(), store, folder).await
    }

    /// A core without a secret to make tokens with.
    pub async fn without_tokens() -> Self {
        Self::built(HubConfig::default(), None).await
    }

    async fn built(config: HubConfig, tokens: Option<KvTokens>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = EmbeddedStore::open(&EmbeddedConfig::at(folder.path())).unwrap();
        Self::over(config, tokens, Arc::new(store), folder).await
    }

    async fn over(
        config: HubConfig,
        tokens: Option<KvTokens>,
        store: Arc<dyn Store>,
        folder: tempfile::TempDir,
    ) -> Self {
        let (publications, published) = watch::channel(0);
        let nowhere = Arc::new(Nowhere(publications));
        let hub = Hub::start(config, nowhere.clone(), nowhere, store)
            .await
            .unwrap();
        let context = ApiContext {
            hub: hub.clone(),
            gate: Arc::new(Gate::new(tokens, Failures::new(5), Admission::boundless())),
            cards: Arc::new(cards()),
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
        Self::start().await.and_users(ids).await
    }

    /// Its member list becomes complete and holds these users, of whom the store knows nothing.
    pub async fn and_users(self, ids: impl IntoIterator<Item = u64>) -> Self {
        let guild = GuildId::try_from(1).unwrap();
        self.hub.restore(guild);
        self.hub.restored().await;
        let rest = self.and_unsettled_users(ids).await;
        for user in rest.hub.directory().users() {
            eventually("the store has told of the user", async || {
                rest.hub.decided(user)?.ok()
            })
            .await;
        }
        rest
    }

    /// Its member list becomes complete and holds these users.
    pub async fn and_unsettled_users(self, ids: impl IntoIterator<Item = u64>) -> Self {
        let mut rest = self;
        let mut members = std::collections::HashSet::new();
        for id in ids {
            let profile = profile(id);
            members.insert(profile.id);
            rest.publishing(|hub| hub.member(profile.into(), None))
                .await;
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

    /// The token of a user; made anew if asked for by [`StorageRequest::RenewToken`].
    pub async fn token(&self, user: u64, request: StorageRequest) -> String {
        let user = UserId::try_from(user).unwrap();
        let asked = self.hub.storage(user, Authority::Owner, request).await;
        let Ok(StorageAnswer::Token(version)) = asked else {
            panic!("{asked:?}");
        };
        let tokens = KvTokens::new(SECRET).unwrap();
        tokens.issue(Claims { user, version })
    }

    pub async fn ask(&self, method: Method, uri: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(method, uri, headers, Vec::new()).await
    }

    pub async fn send(
        &self,
        method: Method,
        uri: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri_str(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.endpoint.call(request.body(body.into())).await.unwrap();
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
