//! Integration tests, one file per feature.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what fails in a helper fails the test"
)]

mod asyncapi;
mod intake;
mod openapi;
mod rest;
mod rest_harness;
mod simulator;
