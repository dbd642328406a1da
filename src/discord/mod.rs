//! Discord's side: what the gateway says about the base guild's members, delivered to the live core.
//!
//! The way of an event: `connection` takes it from the `socket`, `read` makes an `event::Event` of
//! its JSON, tolerantly, and `handler` decides what it means and tells the
//! [`Intake`](lantern_actors::ports::intake::Intake). Commands and buttons take another way: the
//! handler hands them to [`commands`], which answer on another runtime, through serenity's REST
//! client. `client` makes one connection after the other: `close` says what follows each.

mod client;
mod close;
pub mod commands;
mod connection;
mod event;
mod gateway;
mod handler;
mod heartbeat;
mod interaction;
mod json;
mod liveness;
mod login;
mod member_requests;
mod member_sync;
mod payload;
mod read;
mod socket;
mod stats;
mod status;
mod warnings;

pub use event::EventKind;
pub use gateway::{DiscordGateway, GatewayConfig, GatewayError};
pub use stats::GatewayStats;
