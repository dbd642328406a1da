//! Lantern's server: everything that touches the outside world.

pub mod api;
pub mod cli;
pub mod config;
pub mod telemetry;
