//! Users' key-value storage: REST, tokens, limits, what watchers are told, and faults.

mod compare_and_set;
mod faults;
mod faulty_store;
mod killed;
mod limits;
mod statuses;
mod tokens;
mod two_hubs;
mod updates;
mod values;

use lantern_actors::domain::UserId;
use serde_json::Value;

use crate::harness::TestHub;

/// All pairs of a user, as REST tells them.
async fn pairs(hub: &TestHub, user: UserId) -> Value {
    let (status, pairs) = hub.get(&format!("/api/v1/users/{user}/storage")).await;
    assert_eq!(status, 200, "{pairs}");
    pairs
}
