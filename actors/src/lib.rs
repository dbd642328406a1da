//! Lantern's live core: domain values, wire protocol, ports and actors.

pub mod domain;
pub mod ports;
pub mod user;
