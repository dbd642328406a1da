//! SUBSCRIBE and UNSUBSCRIBE, who joins and who leaves.

use serde_json::json;

use super::{hub, ids, subscribe, unsubscribe};
use crate::harness::{Closed, game};

fn nobody_left() -> Closed {
    Closed {
        disconnect: Some("There is no user left to watch.".to_owned()),
        code: Some(4003),
    }
}

#[tokio::test]
async fn subscriptions_grow_and_shrink() {
    let hub = hub(3).await;
    let members = hub.members().await;
    let (mut client, _) = hub.watch(members[0]).await;
    hub.control.playing(members[1], "unheard").await;
    hub.until_user(members[1], "the game is known", |user| {
        game(user) == "unheard"
    })
    .await;

    subscribe(&mut client, json!({"user_id": members[1]})).await;
    let told = client.expect("SUBSCRIBE_ACK").await;
    assert_eq!(game(&told), "unheard");
    subscribe(&mut client, json!({"user_ids": [members[1], members[2]]})).await;
    assert_eq!(ids(&client.expect("SUBSCRIBE_ACK").await).len(), 2);
    for member in &members {
        hub.control.playing(*member, "Go").await;
        let update = client.expect("PRESENCE_UPDATE").await;
        assert_eq!(update["metadata"]["id"], json!(member));
    }

    unsubscribe(&mut client, json!({"user_ids": [members[0], members[1]]})).await;
    client.expect("UNSUBSCRIBE_ACK").await;
    // Who is not watched can be taken out, too.
    unsubscribe(&mut client, json!({"user_id": "42"})).await;
    client.expect("UNSUBSCRIBE_ACK").await;
    for member in &members {
        hub.control.playing(*member, "Chess").await;
    }
    let update = client.expect("PRESENCE_UPDATE").await;
    assert_eq!(update["metadata"]["id"], json!(members[2]));
    client.expect_silence().await;
}

#[tokio::test]
async fn unsubscribing_from_the_last_ends_the_socket() {
    let hub = hub(2).await;
    let members = hub.members().await;
    let (mut bystander, _) = hub.watch(members[0]).await;
    for last in [json!({"user_id": members[0]}), json!({"user_id": "aLL"})] {
        let (mut client, _) = hub.watch(members[0]).await;
        unsubscribe(&mut client, last).await;
        client.expect("UNSUBSCRIBE_ACK").await;
        assert_eq!(client.closed().await, nobody_left());
    }
    let mut everybody = hub.connect().await;
    everybody.init(&json!({"user_id": "All"})).await;
    unsubscribe(&mut everybody, json!({"user_id": "All"})).await;
    everybody.expect("UNSUBSCRIBE_ACK").await;
    assert_eq!(everybody.closed().await, nobody_left());
    hub.control.playing(members[0], "Go").await;
    bystander.until(|user| game(user) == "Go").await;
    assert_eq!(hub.app().shards().subscriptions(), 1);
}

#[tokio::test]
async fn all_replaces_names_and_names_do_not_replace_all() {
    let hub = hub(2).await;
    let members = hub.members().await;
    let (mut client, _) = hub.watch(members[0]).await;
    subscribe(&mut client, json!({"user_id": "All"})).await;
    let everybody = client.expect("SUBSCRIBE_ACK").await;
    assert!(ids(&everybody).len() >= 2);
    subscribe(&mut client, json!({"user_id": members[0]})).await;
    client.expect("SUBSCRIBE_ACK").await;
    unsubscribe(&mut client, json!({"user_id": members[0]})).await;
    let error = client.expect("ERROR").await;
    assert!(error.as_str().unwrap().contains("watches all users"));
    // Everybody is told of once, however often subscribed.
    for member in &members {
        hub.control.playing(*member, "Go").await;
        let update = client.expect("PRESENCE_UPDATE").await;
        assert_eq!(update["metadata"]["id"], json!(member));
    }
    client.expect_silence().await;
}

#[tokio::test]
async fn a_user_who_leaves_is_told_to_watchers_and_to_all() {
    let hub = hub(3).await;
    let members = hub.members().await;
    let mut named = hub.connect().await;
    named.init(&json!({"user_ids": &members[..2]})).await;
    let mut all = hub.connect().await;
    all.init(&json!({"user_id": "All"})).await;
    let (mut other, _) = hub.watch(members[2]).await;

    hub.control.leave(members[0]).await;
    let left = json!({"user_id": members[0]});
    assert_eq!(named.expect("USER_LEFT").await, left);
    assert_eq!(all.expect("USER_LEFT").await, left);
    other.expect_silence().await;
    named.expect_silence().await;

    hub.control.leave(members[1]).await;
    assert_eq!(
        named.expect("USER_LEFT").await,
        json!({"user_id": members[1]})
    );
    assert_eq!(named.closed().await, nobody_left());
    all.expect("USER_LEFT").await;
    all.expect_silence().await;
}

#[tokio::test]
async fn all_stays_open_when_everybody_left() {
    let hub = hub(1).await;
    let mut all = hub.connect().await;
    all.init(&json!({"user_id": "All"})).await;
    hub.control.leave(hub.members().await[0]).await;
    all.expect("USER_LEFT").await;
    all.expect_silence().await;
    let joined = hub.control.join().await;
    let told = all.expect("USER_JOINED").await;
    assert_eq!(told["metadata"]["id"], json!(joined));
}

#[tokio::test]
async fn a_user_who_joins_is_told_to_all_only_and_can_be_watched() {
    let hub = hub(1).await;
    let (mut named, _) = hub.watch(hub.members().await[0]).await;
    let mut all = hub.connect().await;
    all.init(&json!({"user_id": "All"})).await;
    let joined = hub.control.join().await;
    let told = all.expect("USER_JOINED").await;
    assert_eq!(told, hub.user(joined).await);
    named.expect_silence().await;
    subscribe(&mut named, json!({"user_id": joined})).await;
    assert_eq!(named.expect("SUBSCRIBE_ACK").await, told);
    hub.control.playing(joined, "Go").await;
    all.until(|user| game(user) == "Go").await;
    named.until(|user| game(user) == "Go").await;
}

#[tokio::test]
async fn a_socket_watches_at_most_a_thousand_by_id() {
    let hub = hub(1_010).await;
    let members = hub.members().await;
    let mut client = hub.connect().await;
    let told = client.init(&json!({"user_ids": &members[..600]})).await;
    assert_eq!(ids(&told).len(), 600);
    subscribe(&mut client, json!({"user_ids": &members[300..1_000]})).await;
    assert_eq!(ids(&client.expect("SUBSCRIBE_ACK").await).len(), 700);
    assert_eq!(hub.app().shards().subscriptions(), 1_000);

    subscribe(&mut client, json!({"user_ids": &members[990..1_001]})).await;
    let error = client.expect("ERROR").await;
    assert!(
        error.as_str().unwrap().contains("at most 1000 users"),
        "{error}"
    );
    assert_eq!(hub.app().shards().subscriptions(), 1_000);
    hub.control.playing(members[1_000], "unheard").await;
    hub.control.playing(members[999], "heard").await;
    let update = client.expect("PRESENCE_UPDATE").await;
    assert_eq!(update["metadata"]["id"], json!(members[999]));

    unsubscribe(&mut client, json!({"user_id": members[0]})).await;
    client.expect("UNSUBSCRIBE_ACK").await;
    subscribe(&mut client, json!({"user_id": members[1_000]})).await;
    client.expect("SUBSCRIBE_ACK").await;
}
