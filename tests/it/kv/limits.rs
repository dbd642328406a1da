//! Limits hold under any concurrency.

use std::{collections::HashMap, sync::Arc};

use tokio::task::JoinSet;

use super::pairs;
use crate::harness::TestHub;

#[tokio::test]
async fn of_600_pairs_at_once_512_are_taken() {
    let hub = Arc::new(TestHub::start().await);
    let user = hub.members().await[0];
    let token = hub.token(user).await;
    let mut puts = JoinSet::new();
    for number in 0..600 {
        let (hub, token) = (Arc::clone(&hub), token.clone());
        puts.spawn(async move {
            let key = format!("key{number}");
            (key.clone(), hub.put(user, &key, &key, &token).await)
        });
    }
    let answers = puts.join_all().await;
    let mut counts = HashMap::new();
    for (_, status) in &answers {
        *counts.entry(*status).or_insert(0) += 1;
    }
    assert_eq!(counts, HashMap::from([(200, 512), (409, 88)]));
    let counted = "lantern_storage_requests_total{outcome=\"refused\"}";
    assert_eq!(hub.metric(counted).await, 88);
    let told = pairs(&hub, user).await;
    assert_eq!(told.as_object().unwrap().len(), 512);
    for (key, status) in answers {
        assert_eq!(told.get(&key).is_some(), status == 200, "{key}");
    }
}
