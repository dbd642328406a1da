use serde_json::json;

use super::{hub, put, says, stored};

#[tokio::test]
async fn a_pair_is_deleted_once() {
    let hub = hub().await;
    let member = hub.members().await[0];
    put(&hub, member, "greeting", "Hi").await;
    put(&hub, member, "other", "Ho").await;
    let greeting = json!({"key": "greeting"});
    let answer = says(&hub, member, "storage delete data", greeting.clone()).await;
    assert_eq!(answer, "Deleted `greeting`.");
    assert_eq!(stored(&hub, member).await, json!({"other": "Ho"}));
    let answer = says(&hub, member, "storage delete data", greeting).await;
    assert!(answer.contains("no pair with the key"), "{answer}");
    let answer = says(&hub, member, "storage delete data", json!({"key": " "})).await;
    assert!(answer.contains("letters and digits"), "{answer}");
}
