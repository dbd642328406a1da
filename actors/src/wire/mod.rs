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
mod pairs_text;
mod pinned;
mod server;
mod shared;
mod stale;
mod user_list;
mod value;

pub use client::{
    ClientFrame, ClientFrameError, Known, MAX_CHUNK, MAX_IDS, MAX_KNOWN, Selection, Targets,
};
pub use dialect::{Dialect, Encoding};
pub use frame::{
    COMPRESSION_THRESHOLD, FrameKind, LARGEST_COMPRESSED, close_frame, control_frame, data_frame,
    frame_in,
};
pub use opcode::Opcode;
pub use pairs_text::PairsText;
pub(crate) use pinned::Current;
pub use pinned::{LARGE, is_too_much_pinned, limit_pinned_bytes, pinned_bytes};
pub use server::{CloseCode, ServerMessage, Users};
pub use shared::{DocumentText, SharedFrame, Snapshot, StorageUpdate};
pub use user_list::UserList;
