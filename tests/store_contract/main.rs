//! What every store does, whichever bytes it keeps: one suite that all of them pass unchanged.
//!
//! A store joins by a [`fixture::Fixture`] and one line in `stores`. The model passes too: it is
//! what the properties compare a store with, and the proof that the suite asks nothing impossible.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod any;
mod conflicts;
mod embedded;
mod events;
mod expiry;
mod fixture;
mod members;
mod model;
mod properties;
mod scylla;
mod stores;
mod transfer;
mod users;
mod whole;
