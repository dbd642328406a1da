use serde_json::{Value, json};

use super::{file, fill, fill_with, hub, put, says, stored, text, used};

#[tokio::test]
async fn a_few_pairs_are_in_the_message() {
    let hub = hub().await;
    let member = hub.members().await[0];
    let answer = says(&hub, member, "storage list", json!({})).await;
    assert!(answer.contains("is empty"), "{answer}");
    put(&hub, member, "b", "two\nlines").await;
    put(&hub, member, "a", "1").await;
    let answer = says(&hub, member, "storage list", json!({})).await;
    let (head, rest) = answer.split_once("```json\n").unwrap();
    assert_eq!(head, "2 pairs of at most 512:\n");
    let pairs: Value = serde_json::from_str(rest.strip_suffix("\n```").unwrap()).unwrap();
    assert_eq!(pairs, json!({"a": "1", "b": "two\nlines"}));
}

#[tokio::test]
async fn many_pairs_are_a_file() {
    let hub = hub().await;
    let member = hub.members().await[0];
    fill(&hub, member, 200).await;
    let message = used(&hub, member, "storage list", json!({})).await;
    assert_eq!(text(&message), "200 pairs of at most 512.");
    let (name, bytes) = file(&message).await;
    assert_eq!(name, "storage.json");
    let pairs: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(pairs, stored(&hub, member).await);
}

#[tokio::test]
async fn what_is_too_much_for_discord_is_a_list_of_keys() {
    let hub = hub().await;
    let member = hub.members().await[0];
    fill_with(&hub, member, 90, |_| "🏮".repeat(30_000)).await;
    let message = used(&hub, member, "storage list", json!({})).await;
    assert!(text(&message).contains("/storage>"), "{message}");
    let (name, bytes) = file(&message).await;
    assert_eq!(name, "keys.txt");
    let keys = String::from_utf8(bytes).unwrap();
    assert_eq!(keys.lines().count(), 90);
    assert!(keys.contains("key7: 30000 characters\n"), "{keys}");
}
