//! Attacks on the built program, small ones, with somebody watching who does no harm: what the program
//! holds is bounded, and the bystander is answered about as quickly as in calm.
//!
//! What is compared is measured in one run, so that a slow machine changes nothing.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod bodies;
mod bystander;
mod heads;
mod hub;
mod idle;
mod kernel;
mod large_storage;

use tokio::sync::Mutex;

/// One attack at a time: the others would be noise.
static ALONE: Mutex<()> = Mutex::const_new(());
