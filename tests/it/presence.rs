//! From a member's presence at Discord to REST and to sockets.

use serde_json::json;

use crate::harness::TestHub;

#[tokio::test]
async fn a_change_reaches_rest_and_the_socket() {
    let hub = TestHub::start().await;
    let user = hub.members().await[0];
    let (mut client, before) = hub.watch(user).await;
    hub.control.playing(user, "Chess").await;
    let update = client
        .until(|user| user["activities"][0]["name"] == "Chess")
        .await;
    assert_eq!(hub.user(user).await, update);
    assert!(update["v"].as_u64() > before["v"].as_u64());
    assert_eq!(update["status"], "online");
    assert_eq!(update["active_platforms"]["desktop"], "online");
    client.expect_silence().await;
}

#[tokio::test]
async fn going_offline_is_remembered() {
    let hub = TestHub::start().await;
    let user = hub.members().await[0];
    let (mut client, _) = hub.watch(user).await;
    hub.control.playing(user, "Chess").await;
    client.until(|user| user["status"] == "online").await;
    let offline = json!({"status": "offline", "client_status": {}, "activities": []});
    hub.control.presence(user, offline).await;
    let update = client.until(|user| user["status"] == "offline").await;
    assert!(update["last_seen_at"]["unix"].as_u64().is_some());
}
