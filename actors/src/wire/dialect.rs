//! How a socket wants its messages: encoding, and compressed or not.

use std::str::FromStr;

/// How messages are encoded on a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Encoding {
    /// JSON in text frames.
    #[default]
    Json,
    /// MessagePack in binary frames, with maps keyed by field names.
    MsgPack,
}

impl FromStr for Encoding {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "json" => Ok(Self::Json),
            "msgpack" => Ok(Self::MsgPack),
            _ => Err(()),
        }
    }
}

/// An encoding, and whether permessage-deflate (RFC 7692) was negotiated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Dialect {
    /// How messages are encoded.
    pub encoding: Encoding,
    /// Whether messages may be compressed (without context takeover).
    pub deflate: bool,
}

impl Dialect {
    /// JSON, not compressed: what a plain client speaks.
    pub const JSON: Self = Self {
        encoding: Encoding::Json,
        deflate: false,
    };
}
