//! Lantern's live core: domain values, wire protocol, ports and actors.
//!
//! Every live thing is a supervised actor and the only writer of its state. [`Hub`] is the only
//! door in; [`ports`] are the only ways out. Nothing here knows HTTP, Discord's libraries or a
//! database.
//!
//! | module | holds |
//! |---|---|
//! | [`domain`] | values and their validation |
//! | [`wire`] | the socket protocol: opcodes, messages, frames |
//! | [`ports`] | traits to and from the outside |
//! | [`user`] | a tracked user: messages, state machine, actor, supervisor |
//! | [`session`] | a client's session on the presence socket, likewise |
//! | [`directory`] | user id to live actor and last snapshot |
//! | [`hub`] | the root supervisor and the door |

pub mod directory;
pub mod domain;
pub mod hub;
pub mod ports;
pub mod restart;
pub mod session;
pub mod user;
pub mod wire;

pub use hub::{Claimant, Hub, HubConfig, WriteBehind};
