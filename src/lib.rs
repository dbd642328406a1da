//! Lantern's server: everything that touches the outside world.

pub mod admission;
pub mod api;
pub mod app;
pub mod auth;
pub mod cli;
pub mod config;
pub mod discord;
mod metrics;
pub mod server;
pub mod socket;
pub mod store;
pub mod tcp;
pub mod telemetry;
pub mod vital;
