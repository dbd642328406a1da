//! A user's pairs, encoded once for everybody who reads them.

use std::sync::OnceLock;

use bytes::Bytes;
use serde::Serialize;

use super::{
    Encoding,
    pinned::{LARGE, share},
};
use crate::domain::Pairs;

/// The pairs as a JSON object and as a MessagePack map. They are written when they changed, and
/// shared by every document and answer until they change again.
#[derive(Debug)]
pub struct PairsText {
    json: Bytes,
    msgpack: OnceLock<Bytes>,
}

impl PairsText {
    /// Encodes pairs. Large ones are encoded in both ways at once, so that no thread that delivers
    /// has to.
    ///
    /// # Errors
    /// None that pairs can cause.
    pub fn new(pairs: &Pairs) -> Result<Self, serde_json::Error> {
        let text = Self {
            json: share(serde_json::to_vec(pairs)?),
            msgpack: OnceLock::new(),
        };
        if text.is_large()
            && let Ok(msgpack) = packed(pairs)
        {
            let _ = text.msgpack.set(share(msgpack));
        }
        Ok(text)
    }

    /// The pairs, encoded.
    pub fn encoded(&self, encoding: Encoding) -> &Bytes {
        match encoding {
            Encoding::Json => &self.json,
            Encoding::MsgPack => self.msgpack.get_or_init(|| {
                let pairs: Pairs = serde_json::from_slice(&self.json).unwrap_or_default();
                share(packed(&pairs).unwrap_or_default())
            }),
        }
    }

    /// Whether documents refer to this text in place of a copy.
    pub fn is_large(&self) -> bool {
        self.json.len() >= LARGE
    }

    /// Bytes that are counted as alive.
    pub(crate) fn counted_bytes(&self) -> usize {
        let counted = |bytes: &Bytes| Some(bytes.len()).filter(|length| *length >= LARGE);
        let msgpack = self.msgpack.get().and_then(counted);
        counted(&self.json).unwrap_or_default() + msgpack.unwrap_or_default()
    }
}

fn packed(pairs: &Pairs) -> Result<Vec<u8>, rmp_serde::encode::Error> {
    let mut packed = Vec::new();
    pairs.serialize(&mut rmp_serde::Serializer::new(&mut packed).with_struct_map())?;
    Ok(packed)
}
