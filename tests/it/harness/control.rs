//! The control API of the simulated Discord, as a test drives it.

use lantern_actors::domain::UserId;
use lantern_simulator::Simulator;
use reqwest::Method;
use serde_json::{Value, json};

#[derive(Clone)]
pub struct Control {
    url: String,
    bot: u64,
    http: reqwest::Client,
}

impl Control {
    pub fn new(simulator: &Simulator) -> Self {
        Self::at(&simulator.api_url(), simulator.bot_id())
    }

    /// Of a simulated Discord in another process.
    pub fn at(api_url: &str, bot: u64) -> Self {
        Self {
            url: format!("{api_url}/control"),
            bot,
            // The simulator would wait for idle connections when it stops.
            http: reqwest::Client::builder()
                .pool_max_idle_per_host(0)
                .build()
                .unwrap(),
        }
    }

    /// Any request; panics unless it succeeds.
    pub async fn request(&self, method: Method, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.url);
        let request = self.http.request(method, url).json(&body);
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    pub async fn get(&self, path: &str) -> Value {
        self.request(Method::GET, path, Value::Null).await
    }

    pub async fn presence(&self, user: UserId, presence: Value) {
        let path = format!("/members/{user}/presence");
        self.request(Method::PUT, &path, presence).await;
    }

    /// A presence that can be told by its text.
    pub async fn playing(&self, user: UserId, game: &str) {
        let presence = json!({
            "status": "online",
            "client_status": {"desktop": "online"},
            "activities": [{"name": game, "type": 0, "created_at": 1_620_000_000_000_u64}],
        });
        self.presence(user, presence).await;
    }

    /// So many updates at once, going round these members. The `state` of the first activity tells
    /// their order: "17 of 20000".
    pub async fn burst(&self, members: &[UserId], updates: usize) {
        let body = json!({ "members": members, "updates": updates });
        self.request(Method::POST, "/bursts", body).await;
    }

    pub async fn leave(&self, user: UserId) {
        let path = format!("/members/{user}");
        self.request(Method::DELETE, &path, Value::Null).await;
    }

    /// Somebody joins; their id.
    pub async fn join(&self) -> UserId {
        let joined = self.request(Method::POST, "/members", json!({})).await;
        let id = joined["id"].as_str().or(joined["user"]["id"].as_str());
        id.unwrap_or_else(|| panic!("{joined}")).parse().unwrap()
    }

    /// `drop`, `pause`, `resume`, `invalidate` or `reconnect`.
    pub async fn gateway(&self, action: &str) -> Value {
        let body = json!({ "action": action });
        self.request(Method::POST, "/gateway", body).await
    }

    /// How the hosts of pictures behave from now on: `serve`, `missing`, `failing`, `silent`,
    /// `broken`, `huge`, `wrong_type` or `redirect`.
    pub async fn images(&self, behaviour: &str) {
        self.images_at("", behaviour).await;
    }

    /// As [`Self::images`], for pictures whose `{host}/{path}` begins so; the others are served.
    pub async fn images_at(&self, prefix: &str, behaviour: &str) {
        let body = json!({ "behaviour": behaviour, "prefix": prefix });
        self.request(Method::PUT, "/images", body).await;
    }

    /// How many pictures were asked for, however they were answered.
    pub async fn image_requests(&self) -> u64 {
        self.get("/images").await["requests"].as_u64().unwrap()
    }

    /// How many redirects of pictures were followed.
    pub async fn followed_redirects(&self) -> u64 {
        self.get("/images").await["followed"].as_u64().unwrap()
    }

    /// The bot left out, in ascending order.
    pub async fn members(&self) -> Vec<UserId> {
        let mut members: Vec<UserId> = Vec::new();
        loop {
            let after = members.last().map_or(0, |last| last.get());
            let path = format!("/members?limit=1000&after={after}");
            let page = self.request(Method::GET, &path, Value::Null).await;
            let list = page.as_array().or(page["members"].as_array()).unwrap();
            let id = |member: &Value| {
                let id = member["id"].as_str().or(member["user"]["id"].as_str());
                id.unwrap().parse::<UserId>().unwrap()
            };
            if list.is_empty() {
                members.retain(|member| member.get() != self.bot);
                return members;
            }
            members.extend(list.iter().map(id));
        }
    }
}
