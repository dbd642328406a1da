//! Integration tests, one file per feature.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod actors;
mod asyncapi;
mod backup;
mod cards;
mod churn;
mod commands;
mod encodings;
mod field;
mod gateway;
mod harness;
mod headers;
mod intake;
mod kv;
mod large_storage;
mod openapi;
mod order;
mod presence;
mod process;
mod readme;
mod rest;
mod rest_harness;
mod restart;
mod rfc6455;
mod simulator;
mod slow_download;
mod slow_reader;
mod socket;
mod strangers;
