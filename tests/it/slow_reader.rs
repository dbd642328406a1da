//! Readers that stop reading: what they cost, whom they disturb, what they are told afterwards.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use futures_util::future::join_all;
use lantern::config::SocketConfig;
use lantern_actors::domain::UserId;
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use crate::harness::{Client, TestHub, eventually, held_by_kernel, number, within};

const QUEUED: &str = "lantern_queued_messages";
const TOO_SLOW: &str = "lantern_sockets_closed_total{code=\"4009\"}";
const LITTLE: u32 = 4_096;

/// Updates go round all users until some wait in the hub, because the kernel holds no more.
async fn overflow(hub: &TestHub, users: &[UserId]) {
    while hub.metric(QUEUED).await == 0 {
        hub.control.burst(users, 2_000).await;
    }
}

#[tokio::test]
async fn a_stalled_reader_among_a_thousand_costs_little_and_disturbs_nobody() {
    const NEIGHBOURS: usize = 999;
    let hub = TestHub::with(200, |_| {}).await;
    let users = hub.members().await;
    let mut stalled = Client::with_little_room(hub.app().addr(), LITTLE).await;
    stalled.init(&json!({"user_ids": users})).await;
    let mut neighbours = Vec::new();
    for number in 0..NEIGHBOURS {
        neighbours.push(hub.watch(users[number % users.len()]).await.0);
    }

    // Each neighbour reads all that it is told of its user, in order, while the other stalls.
    let rounds = 20;
    let updates = users.len() * rounds;
    let reading = neighbours
        .iter_mut()
        .enumerate()
        .map(async |(place, client)| {
            for round in 0..rounds {
                let update = client.expect("PRESENCE_UPDATE").await;
                assert_eq!(
                    number(&update),
                    round * users.len() + place % users.len() + 1
                );
            }
            client.expect_silence().await;
        });
    tokio::join!(hub.control.burst(&users, updates), join_all(reading));
    drop(neighbours);

    overflow(&hub, &users).await;
    hub.control.burst(&users, 5_000).await;
    let last = users[(5_000 - 1) % users.len()];
    hub.until_user(last, "the last update", |user| number(user) == 5_000)
        .await;
    let queued = hub.metric(QUEUED).await;
    assert!(0 < queued && queued <= users.len() as u64 + 1, "{queued}");

    // It reads again: in order, what the kernel still holds, then the newest of each user.
    let mut told = HashMap::<String, (u64, usize)>::new();
    let mut messages = 0;
    let is_complete = |told: &HashMap<String, (u64, usize)>| {
        let newest = told
            .values()
            .filter(|(_, number)| *number > 5_000 - users.len());
        newest.count() == users.len()
    };
    while !is_complete(&told) {
        let update = stalled.expect("PRESENCE_UPDATE").await;
        let id = update["metadata"]["id"].as_str().unwrap().to_owned();
        let v = update["v"].as_u64().unwrap();
        let before = told.insert(id, (v, number(&update)));
        assert!(before.is_none_or(|(before, _)| before < v));
        messages += 1;
    }
    assert!(
        messages < updates + 5_000,
        "not everything was sent: {messages}"
    );
    stalled.expect_silence().await;
    assert_eq!(hub.metric(QUEUED).await, 0);
    hub.control.playing(users[0], "Live").await;
    let live = stalled.expect("PRESENCE_UPDATE").await;
    assert_eq!(live, hub.user(users[0]).await);
}

/// What waits in the kernel is old by the time it is read, so it must be little.
#[tokio::test]
async fn a_reader_that_stalled_is_sent_little_that_is_old() {
    const UPDATES: usize = 5_000;
    let hub = TestHub::with(100, |_| {}).await;
    let users = hub.members().await;
    let mut stalled = Client::with_little_room(hub.app().addr(), 64 * 1024).await;
    stalled.init(&json!({"user_ids": users})).await;
    hub.control.burst(&users, UPDATES).await;
    let last = users[(UPDATES - 1) % users.len()];
    hub.until_user(last, "the last update", |user| number(user) == UPDATES)
        .await;
    let mut newest = HashSet::new();
    let mut messages = 0;
    while newest.len() < users.len() {
        let update = stalled.expect("PRESENCE_UPDATE").await;
        messages += 1;
        if number(&update) > UPDATES - users.len() {
            newest.insert(update["metadata"]["id"].to_string());
        }
    }
    assert!(messages < 400, "{messages}");
}

/// A hub and a reader that was closed because it does not read.
async fn too_slow(change: impl FnOnce(&mut SocketConfig)) -> (TestHub, Client) {
    let hub = TestHub::with(50, |config| {
        config.socket.write_stall_timeout_ms = 300;
        change(&mut config.socket);
    })
    .await;
    let users = hub.members().await;
    let mut stalled = Client::with_little_room(hub.app().addr(), LITTLE).await;
    stalled.init(&json!({"user_ids": users})).await;
    eventually("the socket is closed", async || {
        hub.control.burst(&users, 500).await;
        (hub.metric(TOO_SLOW).await == 1).then_some(())
    })
    .await;
    (hub, stalled)
}

#[tokio::test]
async fn a_reader_that_never_reads_is_closed_and_nothing_is_kept_for_it() {
    let (hub, mut stalled) = too_slow(|socket| socket.close_timeout_ms = 300).await;
    within("the socket is dropped", hub.app().shards().closed()).await;
    assert_eq!(hub.metric(QUEUED).await, 0);
    // What is asked meanwhile is held for a moment, too.
    eventually("the kernel holds nothing", async || {
        (held_by_kernel(hub.app().addr()) == 0).then_some(())
    })
    .await;
    eventually("the hub says so", async || {
        (hub.metric("lantern_unsent_bytes").await == 0).then_some(())
    })
    .await;
    assert_eq!(
        hub.metric("lantern_connections_reset_total{kind=\"socket\"}")
            .await,
        1
    );
    let end = stalled.closed().await;
    assert_eq!((end.disconnect, end.code), (None, None));
}

#[tokio::test]
async fn a_reader_that_reads_again_in_time_is_told_why_it_is_closed() {
    let (hub, mut stalled) = too_slow(|socket| socket.close_timeout_ms = 20_000).await;
    assert!(hub.metric("lantern_unsent_bytes").await > 0);
    assert_eq!(stalled.closed().await.code, Some(4009));
    drop(stalled);
    within("the socket is dropped", hub.app().shards().closed()).await;
    let resets = "lantern_connections_reset_total{kind=\"socket\"}";
    assert_eq!(hub.metric(resets).await, 0);
}

/// Some 300 KiB in a second, for longer than a socket may take nothing, while its users
/// change faster than that.
#[tokio::test]
async fn who_reads_slowly_keeps_the_socket() {
    let hub = TestHub::with(50, |config| config.socket.write_stall_timeout_ms = 2_000).await;
    let users = hub.members().await;
    let mut slow = Client::with_little_room(hub.app().addr(), 64 * 1024).await;
    slow.init(&json!({"user_ids": users})).await;
    let mut pace = interval(Duration::from_millis(4));
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let reading = async {
        for _ in 0..1_500 {
            pace.tick().await;
            slow.expect("PRESENCE_UPDATE").await;
        }
    };
    let changing = async {
        loop {
            hub.control.burst(&users, 500).await;
        }
    };
    tokio::select! {
        () = reading => {}
        () = changing => {}
    }
    assert!(hub.metric("lantern_sockets_full_total").await > 0);
    assert_eq!(hub.metric(TOO_SLOW).await, 0);
}
