use serde_json::json;

use super::{hub, put, says, stored};

#[tokio::test]
async fn only_a_pair_that_is_there_is_changed() {
    let hub = hub().await;
    let member = hub.members().await[0];
    let pair = json!({"key": "greeting", "value": "new"});
    let answer = says(&hub, member, "storage update data", pair.clone()).await;
    assert!(
        answer.contains("no pair with the key `greeting`"),
        "{answer}"
    );
    assert_eq!(stored(&hub, member).await, json!({}));
    put(&hub, member, "greeting", "old").await;
    let answer = says(&hub, member, "storage update data", pair).await;
    assert!(answer.starts_with("Stored `greeting`"), "{answer}");
    assert_eq!(stored(&hub, member).await, json!({"greeting": "new"}));
}

#[tokio::test]
async fn what_is_no_key_is_refused() {
    let hub = hub().await;
    let member = hub.members().await[0];
    let pair = json!({"key": "a-b", "value": "new"});
    let answer = says(&hub, member, "storage update data", pair).await;
    assert!(answer.contains("letters and digits"), "{answer}");
}
