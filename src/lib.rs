//! Lantern's server: everything that touches the outside world.

pub mod discord;
pub mod server;
pub mod simulator;
pub mod socket;
