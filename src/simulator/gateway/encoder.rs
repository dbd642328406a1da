//! How payloads become WebSocket messages: as text, or compressed.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compress, Compression, FlushCompress};
use poem::web::websocket::Message;

use super::zstd;

/// Payloads of at least this many bytes are compressed when a client sent `compress: true`.
const LARGE: usize = 1024;

/// Encodes all payloads of one connection.
#[derive(Debug)]
pub enum Encoder {
    /// JSON text.
    Plain,
    /// JSON text, but large payloads are a zlib stream each (`compress: true`).
    PerMessage,
    /// One zlib stream for the connection, flushed after each payload (`compress=zlib-stream`).
    ZlibStream(Box<Compress>),
    /// One Zstandard frame for the connection (`compress=zstd-stream`).
    ZstdStream(zstd::Stored),
}

impl Encoder {
    /// The encoder for the `compress` of a gateway URL. None if there is no such compression.
    pub fn for_transport(compress: Option<&str>) -> Option<Self> {
        match compress {
            None | Some("") => Some(Self::Plain),
            Some("zlib-stream") => Some(Self::ZlibStream(Box::new(Compress::new(
                Compression::fast(),
                true,
            )))),
            Some("zstd-stream") => Some(Self::ZstdStream(zstd::Stored::default())),
            Some(_) => None,
        }
    }

    /// Compresses large payloads from now on, unless the transport does already.
    pub fn compress_messages(&mut self) {
        if matches!(self, Self::Plain) {
            *self = Self::PerMessage;
        }
    }

    /// One payload as one message.
    pub fn encode(&mut self, payload: String) -> Message {
        match self {
            Self::Plain => Message::Text(payload),
            Self::PerMessage if payload.len() < LARGE => Message::Text(payload),
            Self::PerMessage => Message::Binary(deflate(payload.as_bytes())),
            Self::ZlibStream(stream) => {
                Message::Binary(deflate_onwards(stream, payload.as_bytes()))
            }
            Self::ZstdStream(stream) => Message::Binary(stream.encode(payload.as_bytes())),
        }
    }
}

/// A zlib stream of its own. Writing into memory does not fail.
fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::with_capacity(bytes.len() / 3), Compression::fast());
    let written = encoder.write_all(bytes);
    encoder
        .finish()
        .ok()
        .filter(|_| written.is_ok())
        .unwrap_or_default()
}

/// Goes on with a zlib stream and flushes it, so that the result ends in 00 00 FF FF.
fn deflate_onwards(stream: &mut Compress, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 3 + 128);
    let start = stream.total_in();
    loop {
        let done = usize::try_from(stream.total_in() - start).unwrap_or(usize::MAX);
        let rest = bytes.get(done..).unwrap_or_default();
        let failed = stream
            .compress_vec(rest, &mut out, FlushCompress::Sync)
            .is_err();
        let consumed = stream.total_in() - start == bytes.len() as u64;
        // Room left over means that nothing is held back.
        if failed || (consumed && out.len() < out.capacity()) {
            return out;
        }
        out.reserve(bytes.len() / 2 + 128);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::ZlibDecoder;
    use flate2::{Decompress, FlushDecompress};

    use super::*;

    #[test]
    fn zlib_stream_is_one_stream_with_a_flush_after_each_payload() {
        let mut encoder = Encoder::for_transport(Some("zlib-stream")).unwrap();
        let mut decoder = Decompress::new(true);
        for payload in [
            "short".to_owned(),
            "long ".repeat(100_000),
            (0..50_000).map(|n| n.to_string()).collect(),
        ] {
            let bytes = encoder.encode(payload.clone()).into_bytes();
            assert!(bytes.ends_with(&[0, 0, 0xff, 0xff]));
            let mut out = Vec::with_capacity(payload.len() + 1);
            decoder
                .decompress_vec(&bytes, &mut out, FlushDecompress::Sync)
                .unwrap();
            assert_eq!(out, payload.as_bytes());
        }
    }

    #[test]
    fn with_compress_large_payloads_are_streams_of_their_own() {
        let mut encoder = Encoder::for_transport(None).unwrap();
        encoder.compress_messages();
        assert!(encoder.encode("small".to_owned()).is_text());
        let payload = "large".repeat(1_000);
        let bytes = encoder.encode(payload.clone()).into_bytes();
        let mut out = String::new();
        ZlibDecoder::new(&bytes[..])
            .read_to_string(&mut out)
            .unwrap();
        assert_eq!(out, payload);
    }

    #[test]
    fn the_transport_alone_compresses() {
        let mut encoder = Encoder::for_transport(Some("zlib-stream")).unwrap();
        encoder.compress_messages();
        assert!(matches!(encoder, Encoder::ZlibStream(_)));
        assert!(Encoder::for_transport(Some("lz4")).is_none());
    }
}
