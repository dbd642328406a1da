//! The simulator's control API, as far as these tests need it.

use lantern_actors::domain::UserId;
use lantern_simulator::Simulator;
use reqwest::{Client, Method};
use serde_json::{Value, json};

pub struct Control {
    url: String,
    client: Client,
}

impl Control {
    pub fn of(simulator: &Simulator) -> Self {
        let url = format!("{}/control", simulator.api_url());
        Self {
            url,
            client: Client::new(),
        }
    }

    pub async fn call(&self, method: Method, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.url);
        let answer = self.client.request(method, url).json(&body).send().await;
        let answer = answer.expect("the control API answers");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.expect("the answer is JSON")
    }

    /// Some members, the bot left out.
    pub async fn members(&self, count: usize) -> Vec<UserId> {
        let page = format!("/members?limit={}", count + 1);
        let page = self.call(Method::GET, &page, json!({})).await;
        let members = page["members"].as_array().expect("members");
        let people = members
            .iter()
            .filter(|member| member["user"]["bot"] != true);
        people.map(id).take(count).collect()
    }

    /// Everybody who is not offline.
    pub async fn present(&self) -> Vec<UserId> {
        let (mut present, mut after) = (Vec::new(), "0".to_owned());
        loop {
            let path = format!("/members?limit=1000&after={after}");
            let page = self.call(Method::GET, &path, json!({})).await;
            let members = page["members"].as_array().expect("members");
            let there = |member: &&Value| {
                let status = member["presence"]["status"].as_str();
                status.is_some_and(|status| status != "offline" && status != "invisible")
            };
            present.extend(members.iter().filter(there).map(id));
            match page["next"].as_str() {
                Some(next) => after = next.to_owned(),
                None => return present,
            }
        }
    }

    pub async fn put_presence(&self, user: UserId, presence: Value) {
        let path = format!("/members/{user}/presence");
        self.call(Method::PUT, &path, presence).await;
    }

    pub async fn patch_user(&self, user: UserId, changes: Value) {
        let path = format!("/members/{user}/user");
        self.call(Method::PATCH, &path, changes).await;
    }

    pub async fn join(&self, member: Value) -> UserId {
        id(&self.call(Method::POST, "/members", member).await)
    }

    pub async fn leave(&self, user: UserId) {
        let path = format!("/members/{user}");
        self.call(Method::DELETE, &path, json!({})).await;
    }

    pub async fn gateway(&self, action: &str) {
        let body = json!({"action": action});
        self.call(Method::POST, "/gateway", body).await;
    }

    pub async fn connections(&self) -> u64 {
        let gateway = self.call(Method::GET, "/gateway", json!({})).await;
        gateway["connections"].as_u64().expect("a number")
    }

    pub async fn burst(&self, user: UserId, updates: usize) {
        let body = json!({"members": [user.to_string()], "updates": updates});
        self.call(Method::POST, "/bursts", body).await;
    }
}

fn id(member: &Value) -> UserId {
    let id = member["id"].as_str().expect("an id");
    id.parse().expect("a Discord id")
}
