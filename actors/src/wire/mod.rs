//! The socket protocol: opcodes, what clients send, what the server sends, and how it is framed.
//!
//! A presence is encoded once for each [`Dialect`] in use and framed once; every subscriber of that
//! dialect is then sent the same bytes.

mod client;
mod dialect;
#[cfg(test)]
mod examples;
mod frame;
mod opcode;
mod server;
mod shared;
mod user_list;
mod value;

pub use client::{ClientFrame, ClientFrameError, Known, MAX_IDS, MAX_KNOWN, Selection, Targets};
pub use dialect::{Dialect, Encoding};
pub use frame::{
    COMPRESSION_THRESHOLD, FrameKind, close_frame, control_frame, data_frame, frame_in,
};
pub use opcode::Opcode;
pub use server::{CloseCode, ServerMessage, Users, stale_document};
pub use shared::{SharedFrame, Snapshot, StorageUpdate};
pub use user_list::UserList;
