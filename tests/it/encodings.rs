//! JSON or MessagePack, compressed or not: the same conversation.

mod deflate;
mod msgpack;

use lantern_actors::domain::UserId;

use crate::harness::{TestHub, eventually};

/// A hub of so many members, all of whom are monitored already.
async fn hub(members: u32) -> (TestHub, Vec<UserId>) {
    let hub = TestHub::with(members, |_| {}).await;
    let members = hub.members().await;
    eventually("every member is published", async || {
        (hub.hub().directory().monitored() >= members.len()).then_some(())
    })
    .await;
    (hub, members)
}
