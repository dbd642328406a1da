//! What only the ScyllaDB store has: a schema, answers that get lost, servers that fall.
//!
//! These tests run where `LANTERN_TEST_CQL` names a CQL server, as `tests/run` does it, and are
//! skipped elsewhere.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod away;
mod crash;
mod fixture;
mod hints;
mod lost_answers;
mod schema;
mod secure;
#[path = "../cql/server.rs"]
mod server;
