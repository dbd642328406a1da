//! Faults amid changes: what was answered 200 is there afterwards, and what readers see never goes
//! back.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use lantern_actors::{
    domain::{GuildId, Status, UserId},
    ports::{
        Intake,
        store::{Store, UserKey},
    },
    user::StorageRequest,
    wire::Encoding,
};
use poem::http::Method;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::faulty_store::{Fault, FaultyStore};
use crate::{
    harness::{eventually, within},
    rest_harness::{Answer, Rest, online, profile},
};

const USER: u64 = 1;

struct Faulty {
    rest: Rest,
    store: Arc<FaultyStore>,
    token: String,
}

impl Faulty {
    async fn start() -> Self {
        let store = FaultyStore::new();
        let rest = Rest::on(store.clone()).await.and_users([USER]).await;
        let token = rest.token(USER, StorageRequest::Token).await;
        Self { rest, store, token }
    }

    fn user(&self) -> UserId {
        UserId::try_from(USER).unwrap()
    }

    async fn put(&self, key: &str, value: &str) -> Answer {
        let uri = format!("/api/v1/users/{USER}/storage/{key}");
        let headers = [("authorization", self.token.as_str())];
        let putting = self.rest.send(Method::PUT, &uri, &headers, value);
        within("a change is answered", putting).await
    }

    async fn value(&self, key: &str) -> Option<String> {
        let uri = format!("/api/v1/users/{USER}/storage/{key}");
        let answer = self.rest.get(&uri).await;
        let value = answer.json()["value"].as_str().map(str::to_owned);
        assert_eq!(answer.status, if value.is_some() { 200 } else { 404 });
        value
    }

    fn told(&self) -> Value {
        let snapshot = self.rest.hub.user(self.user()).unwrap();
        serde_json::from_slice(&snapshot.document(Encoding::Json)).unwrap()
    }
}

#[tokio::test]
async fn presence_goes_on_while_a_commit_is_under_way() {
    let faulty = Faulty::start().await;
    faulty.store.set(Fault::Late);
    let mut commits = faulty.store.commits();
    let watching = async {
        within("a commit is asked for", commits.changed())
            .await
            .unwrap();
        faulty.rest.hub.presence(faulty.user(), online());
        let during = eventually("the presence is told", async || {
            let told = faulty.told();
            (told["status"] == "online").then_some(told)
        })
        .await;
        assert_eq!(during["storage"], json!({}));
        faulty.store.set(Fault::None);
        during["v"].as_u64()
    };
    let (answer, during) = tokio::join!(faulty.put("key", "x"), watching);
    assert_eq!(answer.status, 200);
    let told = faulty.told();
    assert_eq!(
        (&told["storage"], &told["status"]),
        (&json!({"key": "x"}), &json!("online"))
    );
    assert!(told["v"].as_u64() > during);
}

#[tokio::test]
async fn what_waits_for_a_commit_goes_into_the_next_one() {
    let faulty = Arc::new(Faulty::start().await);
    faulty.store.set(Fault::Late);
    let mut commits = faulty.store.commits();
    let mut puts = JoinSet::new();
    let put = |key: String| {
        let faulty = Arc::clone(&faulty);
        async move { faulty.put(&key, "x").await.status }
    };
    puts.spawn(put("first".to_owned()));
    within("a commit is asked for", commits.changed())
        .await
        .unwrap();
    for number in 0..100 {
        puts.spawn(put(format!("key{number}")));
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    let before = revision(&faulty).await;
    faulty.store.set(Fault::None);
    assert!(puts.join_all().await.iter().all(|status| *status == 200));
    assert!(
        revision(&faulty).await - before <= 10,
        "101 changes in few commits"
    );
}

async fn revision(faulty: &Faulty) -> u64 {
    let key = UserKey {
        guild: GuildId::try_from(1).unwrap(),
        user: faulty.user(),
    };
    let stored = faulty.store.inner().users().load(key).await.unwrap();
    stored.revision.get()
}

/// More often than a user's actor is started again at once.
#[tokio::test]
async fn an_actor_that_falls_between_commit_and_answer_loses_nothing() {
    let faulty = Faulty::start().await;
    let mut last = 0;
    for round in 0..40 {
        let key = format!("key{}", round % 3);
        faulty.store.set(Fault::LateAnswer);
        let mut commits = faulty.store.commits();
        let text = round.to_string();
        let falling = async {
            within("a commit is made", commits.changed()).await.unwrap();
            let actor = faulty.rest.hub.user_actor(faulty.user()).unwrap();
            actor.kill();
            within("it falls", actor.wait(None)).await.unwrap();
            faulty.store.set(Fault::None);
        };
        let (answer, ()) = tokio::join!(faulty.put(&key, &text), falling);
        assert_eq!(answer.status, 503, "{}", answer.body);
        assert_eq!(answer.header("retry-after"), "2");
        if round % 2 == 0 {
            eventually("what was committed is told", async || {
                (faulty.value(&key).await? == text).then_some(())
            })
            .await;
        }
        let after = format!("after{round}");
        assert_eq!(faulty.put("other", &after).await.status, 200);
        assert_eq!(faulty.value(&key).await, Some(text), "it was made");
        let told = faulty.told();
        assert_eq!(told["storage"]["other"], json!(after));
        let v = told["v"].as_u64().unwrap();
        assert!(v > last, "{v} after {last}");
        last = v;
    }
}

#[tokio::test]
async fn an_answer_of_the_store_that_is_lost_is_told_and_made_up_for() {
    let faulty = Faulty::start().await;
    faulty.store.set(Fault::LostAnswer);
    let answer = faulty.put("key", "x").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("retry-after")),
        (503, "2")
    );
    assert_eq!(answer.json()["code"], "store_unavailable");
    faulty.store.set(Fault::None);
    // Decided on what is there, so another tag than that of nothing is met.
    let uri = format!("/api/v1/users/{USER}/storage/key");
    let headers = [
        ("authorization", faulty.token.as_str()),
        ("if-none-match", "*"),
    ];
    let create = faulty.rest.send(Method::PUT, &uri, &headers, "y").await;
    assert_eq!(create.status, 412);
    assert_eq!(faulty.value("key").await.as_deref(), Some("x"));
    assert_eq!(faulty.put("key", "z").await.status, 200);
}

#[tokio::test]
async fn a_store_that_is_away_is_told_and_its_return_too() {
    let faulty = Faulty::start().await;
    assert_eq!(faulty.put("key", "before").await.status, 200);
    faulty.store.set(Fault::Away);
    for _ in 0..3 {
        let answer = faulty.put("key", "meanwhile").await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("retry-after")),
            (503, "2")
        );
        assert_eq!(faulty.value("key").await.as_deref(), Some("before"));
    }
    faulty.rest.hub.presence(faulty.user(), online());
    eventually("presences go on", async || {
        (faulty.told()["status"] == "online").then_some(())
    })
    .await;
    faulty.store.set(Fault::None);
    assert_eq!(faulty.put("key", "after").await.status, 200);
    assert_eq!(faulty.value("key").await.as_deref(), Some("after"));
}

/// Between a commit and its answer the member leaves and comes back.
#[tokio::test]
async fn who_leaves_amid_a_commit_and_comes_back_has_their_pairs() {
    for round in 0..20 {
        let faulty = Faulty::start().await;
        let fault = if round % 2 == 0 {
            Fault::Late
        } else {
            Fault::LateAnswer
        };
        faulty.store.set(fault);
        let mut commits = faulty.store.commits();
        let leaving = async {
            within("a commit is asked for", commits.changed())
                .await
                .unwrap();
            faulty.rest.hub.left(faulty.user());
            faulty.rest.hub.member(profile(USER).into(), None);
            for _ in 0..round {
                tokio::task::yield_now().await;
            }
            faulty.store.set(Fault::None);
        };
        let (answer, ()) = tokio::join!(faulty.put("key", "x"), leaving);
        assert_eq!(answer.status, 200, "{}", answer.body);
        eventually("the pairs are known again", async || {
            let decided = faulty.rest.hub.decided(faulty.user())?.ok()?;
            (decided.pairs.len() == 1).then_some(())
        })
        .await;
        eventually("the pairs are told again", async || {
            (faulty.told()["storage"] == json!({"key": "x"})).then_some(())
        })
        .await;
        assert_eq!(faulty.put("other", "x").await.status, 200);
        assert_eq!(faulty.told()["storage"], json!({"key": "x", "other": "x"}));
    }
}

/// Writers count up, each in a pair of its own, while the store and the actor fail in turn.
#[tokio::test]
async fn whatever_fails_what_was_answered_is_there_and_nothing_goes_back() {
    for seed in 0..12 {
        storm(seed).await;
    }
}

async fn storm(seed: u64) {
    const WRITERS: usize = 4;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let faulty = Arc::new(Faulty::start().await);
    let done = Arc::new(AtomicBool::new(false));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (faulty, done) = (Arc::clone(&faulty), Arc::clone(&done));
        writers.spawn(async move {
            let key = format!("writer{writer}");
            let (mut asked, mut answered) = (0, 0);
            while !done.load(Ordering::Relaxed) {
                asked += 1;
                match faulty.put(&key, &asked.to_string()).await.status.as_u16() {
                    200 => answered = asked,
                    503 => tokio::time::sleep(Duration::from_millis(1)).await,
                    other => panic!("{other}"),
                }
            }
            (key, answered, asked)
        });
    }
    let watching = tokio::spawn(watch(Arc::clone(&faulty), Arc::clone(&done)));
    for _ in 0..40 {
        let fault = match random.random_range(0..6) {
            0 => Fault::Late,
            1 => Fault::LateAnswer,
            2 => Fault::LostAnswer,
            3 => Fault::Away,
            _ => Fault::None,
        };
        faulty.store.set(fault);
        tokio::time::sleep(Duration::from_millis(random.random_range(0..8))).await;
        match random.random_range(0..4) {
            0 => {
                if let Some(actor) = faulty.rest.hub.user_actor(faulty.user()) {
                    actor.kill();
                }
            }
            1 => {
                let mut presence = online();
                if random.random() {
                    presence.status = Status::Idle;
                }
                faulty.rest.hub.presence(faulty.user(), presence);
            }
            _ => {}
        }
    }
    faulty.store.set(Fault::None);
    done.store(true, Ordering::Relaxed);
    let written = writers.join_all().await;
    watching.await.unwrap();
    assert_eq!(faulty.put("end", "").await.status, 200, "seed {seed}");
    for (key, answered, asked) in written {
        let value = faulty.value(&key).await;
        let value: i32 = value.map_or(0, |value| value.parse().unwrap());
        assert!(
            (answered..=asked).contains(&value),
            "seed {seed}: {key} {answered} {value}"
        );
    }
    let told = faulty.told();
    let pairs = faulty.rest.get("/api/v1/users/1/storage").await.json();
    assert_eq!(told["storage"], pairs, "seed {seed}");
}

/// What is told never goes back.
async fn watch(faulty: Arc<Faulty>, done: Arc<AtomicBool>) {
    let mut last = faulty.told();
    let mut counts: HashMap<String, i32> = HashMap::new();
    while !done.load(Ordering::Relaxed) {
        let told = faulty.told();
        if told["v"] == last["v"] {
            assert_eq!(told, last);
        }
        assert!(told["v"].as_u64() >= last["v"].as_u64());
        for (key, value) in told["storage"].as_object().unwrap() {
            let count = value.as_str().unwrap().parse().unwrap();
            let before = counts.insert(key.clone(), count);
            assert!(before.is_none_or(|before| before <= count), "{key}");
        }
        last = told;
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
}
