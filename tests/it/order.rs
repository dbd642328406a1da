//! The order of a user's updates, when there are very many at once.

use std::collections::HashMap;

use lantern_actors::domain::UserId;
use serde_json::{Value, json};

use crate::harness::{Client, TestHub, number};

const UPDATES: usize = 20_000;

/// Sees to it that nothing that a watcher is told goes backwards.
#[derive(Default)]
struct Watcher {
    /// The last that was told of each user.
    last: HashMap<String, Value>,
    told: usize,
}

impl Watcher {
    fn see(&mut self, user: &Value) {
        let id = user["metadata"]["id"].as_str().unwrap();
        if let Some(last) = self.last.insert(id.to_owned(), user.clone()) {
            assert!(user["v"].as_u64() > last["v"].as_u64(), "{last} {user}");
            assert!(number(user) > number(&last), "{last} {user}");
        }
        self.told += 1;
    }

    /// Reads until the last update of a burst was told of each of these users.
    async fn until_last(&mut self, client: &mut Client, last: &HashMap<UserId, usize>) {
        let is_told = |watcher: &Self| {
            last.iter().all(|(user, last)| {
                let told = watcher.last.get(&user.to_string());
                told.is_some_and(|told| number(told) == *last)
            })
        };
        while !is_told(self) {
            self.see(&client.expect("PRESENCE_UPDATE").await);
        }
    }
}

/// The numbers of each user's last update in a burst.
fn last_of(users: &[UserId], updates: usize) -> HashMap<UserId, usize> {
    let numbers = (1..=updates).zip(users.iter().cycle());
    numbers.map(|(number, user)| (*user, number)).collect()
}

#[tokio::test]
async fn rapid_updates_of_one_user_never_go_backwards() {
    let hub = TestHub::start().await;
    let user = hub.members().await[0];
    let (by_id, _) = hub.watch(user).await;
    let mut all = Client::connect(hub.app().addr(), "?encoding=msgpack").await;
    all.init(&json!({"user_id": "All"})).await;

    let users = [user];
    let last = last_of(&users, UPDATES);
    let watch = async |mut client: Client| {
        let mut watcher = Watcher::default();
        watcher.until_last(&mut client, &last).await;
        client.expect_silence().await;
        watcher.last.remove(&user.to_string()).unwrap()
    };
    let (_, first, second) =
        tokio::join!(hub.control.burst(&users, UPDATES), watch(by_id), watch(all),);
    let rest = hub.user(user).await;
    assert_eq!(first, rest);
    assert_eq!(second, rest);
}

#[tokio::test]
async fn rapid_updates_of_many_users_never_go_backwards() {
    let hub = TestHub::with(50, |_| {}).await;
    let users = hub.members().await;
    let mut all = hub.connect().await;
    all.init(&json!({"user_ids": users})).await;
    let (one, _) = hub.watch(users[7]).await;

    let last = last_of(&users, UPDATES);
    let last_of_one = HashMap::from([(users[7], last[&users[7]])]);
    let watch = async |mut client: Client, last: &HashMap<UserId, usize>| {
        let mut watcher = Watcher::default();
        watcher.until_last(&mut client, last).await;
        client.expect_silence().await;
        watcher.last
    };
    let (_, told, one) = tokio::join!(
        hub.control.burst(&users, UPDATES),
        watch(all, &last),
        watch(one, &last_of_one)
    );
    for user in &users {
        assert_eq!(told[&user.to_string()], hub.user(*user).await);
    }
    assert_eq!(one.len(), 1);
    let id = users[7].to_string();
    assert_eq!(one[&id], told[&id]);
}

/// As many updates as a socket takes are on the way at any time, so this reader keeps up.
#[tokio::test]
async fn a_reader_that_keeps_up_is_told_every_update_in_order() {
    const AT_ONCE: usize = 50;
    let hub = TestHub::start().await;
    let user = hub.members().await[0];
    let (mut client, _) = hub.watch(user).await;
    let mut v = 0;
    for _ in 0..40 {
        hub.control.burst(&[user], AT_ONCE).await;
        for expected in 1..=AT_ONCE {
            let update = client.expect("PRESENCE_UPDATE").await;
            assert_eq!(number(&update), expected);
            assert!(update["v"].as_u64().unwrap() > v);
            v = update["v"].as_u64().unwrap();
        }
    }
    client.expect_silence().await;
}
