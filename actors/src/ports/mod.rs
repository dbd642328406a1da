//! What the core needs from the outside, as traits that the server implements, and the trait by
//! which the outside delivers into the core.

mod fan_out;
pub mod intake;
mod resync;
mod sockets;
pub mod store;

pub use fan_out::{FanOut, Publication};
pub use intake::{GatewayState, Intake};
pub use resync::Resync;
pub use sockets::{SocketCommand, SocketKey, Sockets};
pub use store::{Store, StoreError};
