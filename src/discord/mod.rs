//! Discord's side: what the gateway says about the base guild's members, delivered to the live core.
//!
//! The way of an event: serenity reads it from the socket (`session`), `convert` or, when serenity
//! could not read it, `salvage` makes a `dispatch::Dispatch` of it, and `reception` decides what it
//! means and tells the [`Intake`](lantern_actors::ports::intake::Intake). Commands and buttons take
//! another way: `session` hands them to [`commands`], which answer on another runtime.

mod census;
pub mod commands;
mod connection;
mod convert;
mod dispatch;
mod gateway;
mod login;
mod questions;
mod reception;
mod salvage;
mod session;
mod stats;
mod status;
mod warnings;

pub use gateway::{DiscordGateway, GatewayConfig, GatewayError};
pub use stats::{EventKind, GatewayStats};
