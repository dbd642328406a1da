//! A member with as many bytes of pairs as many members together: every answer and message has them,
//! in every dialect, and they are the same everywhere.

use lantern_actors::{
    domain::{PairKey, PairValue, UserId},
    user::{Authority, StorageRequest},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Frame, RawClient, TestHub, Upgrade, eventually, game};

/// Some 2.4 MB in UTF-8.
const PAIRS: usize = 40;
const LETTERS: usize = 20_000;

async fn hub() -> (TestHub, UserId) {
    let hub = TestHub::with(2, |config| config.discord.silence_timeout_ms = 500).await;
    let user = hub.members().await[0];
    let pair = |number: usize| {
        let key = PairKey::try_from(format!("key{number:02}")).unwrap();
        let value = PairValue::try_from("灯".repeat(LETTERS)).unwrap();
        (key, Some(value))
    };
    let request = StorageRequest::Merge((0..PAIRS).map(pair).collect());
    let filled = hub.hub().storage(user, Authority::Owner, request);
    filled.await.unwrap();
    hub.until_live().await;
    (hub, user)
}

/// A client of a dialect that watches the user.
struct Watcher {
    client: RawClient,
    packed: bool,
}

impl Watcher {
    async fn all_dialects(hub: &TestHub) -> Vec<Self> {
        let mut watchers = Vec::new();
        for (packed, deflate) in [(false, false), (true, false), (false, true), (true, true)] {
            let mut upgrade = Upgrade::default();
            if packed {
                upgrade = upgrade.query("?encoding=msgpack");
            }
            if deflate {
                upgrade = upgrade.deflate();
            }
            let client = RawClient::open(hub.app().addr(), &upgrade).await;
            watchers.push(Self { client, packed });
        }
        watchers
    }

    async fn send(&mut self, message: &Value) {
        let frame = match self.packed {
            true => Frame::new(0x82, rmp_serde::to_vec_named(message).unwrap()),
            false => Frame::text(message.to_string()),
        };
        self.client.send(frame.bytes()).await;
    }

    async fn next(&mut self) -> Value {
        self.client.next().await.unwrap().message()
    }
}

#[tokio::test]
async fn every_message_has_the_pairs_in_every_dialect() {
    let (hub, user) = hub().await;
    let mut watchers = Watcher::all_dialects(&hub).await;
    let init = json!({"op": 2, "d": {"user_id": user}});
    let document = hub.user(user).await;
    assert_eq!(document["storage"].as_object().unwrap().len(), PAIRS);
    for watcher in &mut watchers {
        watcher.send(&init).await;
        assert_eq!(watcher.next().await["d"], document);
    }
    hub.control.playing(user, "Go").await;
    for watcher in &mut watchers {
        let update = watcher.next().await;
        assert_eq!(
            (&update["t"], game(&update["d"])),
            (&json!("PRESENCE_UPDATE"), "Go")
        );
        assert_eq!(update["d"], hub.user(user).await);
    }
    let token = hub.token(user).await;
    assert_eq!(hub.put(user, "key00", "short", &token).await, 200);
    let document = hub.user(user).await;
    for watcher in &mut watchers {
        let update = watcher.next().await;
        assert_eq!(update["t"], "STORAGE_UPDATE");
        assert_eq!(update["d"], document["storage"]);
        assert_eq!(update["user_id"], json!(user));
        assert_eq!(update["v"], document["v"]);
    }
}

#[tokio::test]
async fn who_joins_brings_the_pairs() {
    let (hub, user) = hub().await;
    let mut watchers = Watcher::all_dialects(&hub).await;
    for watcher in &mut watchers {
        watcher
            .send(&json!({"op": 2, "d": {"user_id": "All"}}))
            .await;
        let all = watcher.next().await;
        let all = all["d"].as_array().unwrap();
        let mut lengths = all
            .iter()
            .map(|user| user["storage"].as_object().unwrap().len());
        assert!(lengths.any(|length| length == PAIRS));
    }
    hub.control.leave(user).await;
    let back = json!({"user": {"id": user, "username": "back"}, "presence": {"status": "dnd"}});
    hub.control.request(Method::POST, "/members", back).await;
    for watcher in &mut watchers {
        let is_told = async |watcher: &mut Watcher| {
            // Whoever is restored from the store may be told without pairs first.
            loop {
                let message = watcher.next().await;
                let storage = message["d"].get("storage").cloned().unwrap_or_default();
                let pairs = match message["t"].as_str() {
                    Some("STORAGE_UPDATE") => &message["d"],
                    _ => &storage,
                };
                if pairs.as_object().is_some_and(|pairs| pairs.len() == PAIRS) {
                    return;
                }
            }
        };
        is_told(watcher).await;
    }
}

#[tokio::test]
async fn answers_share_the_pairs_also_while_they_are_stale() {
    let (hub, user) = hub().await;
    let path = format!("/api/v1/users/{user}");
    let list = format!(
        "/api/v1/users?user_ids={user}&user_ids={}",
        hub.members().await[1]
    );
    let fresh = hub.user(user).await;
    assert_eq!(hub.get(&list).await.1[0], fresh);
    assert_eq!(
        hub.get(&format!("{path}/storage")).await.1,
        fresh["storage"]
    );

    hub.control.gateway("pause").await;
    hub.control.gateway("drop").await;
    let stale = hub
        .until_user(user, "the user is stale", |it| it["stale"] == true)
        .await;
    assert_eq!(stale["storage"], fresh["storage"]);
    let told = hub.get(&list).await.1;
    assert_eq!((&told[0], &told[1]["stale"]), (&stale, &json!(true)));
    for mut watcher in Watcher::all_dialects(&hub).await {
        watcher
            .send(&json!({"op": 2, "d": {"user_ids": [user]}}))
            .await;
        assert_eq!(watcher.next().await["d"][0], stale);
    }
    hub.control.gateway("resume").await;
    hub.until_user(user, "the user is fresh", |it| it.get("stale").is_none())
        .await;
}

#[tokio::test]
async fn head_says_how_long_the_answer_is_and_sends_nothing() {
    let (hub, user) = hub().await;
    let path = format!("/api/v1/users/{user}");
    let list = format!("/api/v1/users?user_ids={user}");
    for path in [&path, &format!("{path}/storage"), &list] {
        let url = format!("http://{}{path}", hub.app().addr());
        let head = reqwest::Client::new().head(&url).send().await.unwrap();
        let length = head.headers()["content-length"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(head.bytes().await.unwrap().is_empty());
        let body = reqwest::get(&url).await.unwrap();
        assert_eq!(body.headers()["content-length"], length, "{path}");
        assert_eq!(body.bytes().await.unwrap().len().to_string(), length);
    }
}

#[tokio::test]
async fn a_card_does_not_depend_on_pairs() {
    let (hub, user) = hub().await;
    let path = format!("/api/v1/users/{user}.svg");
    let before = hub.ask(&path, &[]).await;
    assert_eq!(before.status(), 200);
    let tag = before.headers()["etag"].clone();
    let token = hub.token(user).await;
    let emptied = hub.change(Method::DELETE, user, "", &token).send().await;
    assert_eq!(emptied.unwrap().status(), 200);
    let after = hub.ask(&path, &[]).await;
    assert_eq!(after.headers()["etag"], tag);
}

#[tokio::test]
async fn what_nobody_waits_for_is_not_pinned() {
    let (hub, user) = hub().await;
    let token = hub.token(user).await;
    for round in 0..5 {
        assert_eq!(
            hub.put(user, "key00", &round.to_string(), &token).await,
            200
        );
    }
    eventually("nothing is pinned", async || {
        // Other tests of this process publish large texts too.
        (hub.metric("lantern_pinned_bytes").await < 64 << 20).then_some(())
    })
    .await;
}
