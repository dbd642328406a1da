//! Integration tests, one file per feature.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod asyncapi;
mod encodings;
mod harness;
mod intake;
mod openapi;
mod presence;
mod readme;
mod rest;
mod rest_harness;
mod rfc6455;
mod simulator;
mod socket;
