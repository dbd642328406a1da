//! WebSocket frames as a server sends them: final, unmasked (RFC 6455 section 5.2).
//!
//! Because a server's frames carry no mask, one byte string serves every subscriber.

use std::io::Write as _;

use bytes::Bytes;
use flate2::{Compression, write::DeflateEncoder};

use super::{Dialect, Encoding};

/// Payloads shorter than this many bytes are sent as they are: compressing them gains nothing.
pub const COMPRESSION_THRESHOLD: usize = 256;
/// Payloads longer than this many bytes are sent as they are.
pub const LARGEST_COMPRESSED: usize = 64 * 1024;

const FIN: u8 = 0x80;
/// "Per-message compressed" (RFC 7692 section 6).
const RSV1: u8 = 0x40;
const LONGEST_HEADER: usize = 10;

/// The WebSocket opcodes that the server sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum FrameKind {
    /// UTF-8 text.
    Text = 0x1,
    /// Bytes.
    Binary = 0x2,
    /// The closing handshake.
    Close = 0x8,
    /// To be answered with a pong, which a client's library does by itself.
    Ping = 0x9,
    /// Answer to a ping.
    Pong = 0xA,
}

/// Frames `payload` as one message in the given dialect, compressed if that was negotiated and the
/// payload is worth it.
///
/// Nothing larger than [`LARGEST_COMPRESSED`] is: the thread that does it serves everybody else too.
pub fn frame_in(dialect: Dialect, payload: &[u8]) -> Bytes {
    let kind = match dialect.encoding {
        Encoding::Json => FrameKind::Text,
        Encoding::MsgPack => FrameKind::Binary,
    };
    let is_worth_it = (COMPRESSION_THRESHOLD..=LARGEST_COMPRESSED).contains(&payload.len());
    if dialect.deflate && is_worth_it {
        framed(FIN | RSV1 | kind as u8, &[&deflate(payload)])
    } else {
        data_frame(kind, &[payload])
    }
}

/// Frames the concatenation of `parts` as one uncompressed message.
pub fn data_frame(kind: FrameKind, parts: &[&[u8]]) -> Bytes {
    framed(FIN | kind as u8, parts)
}

/// Frames a control message; `payload` is cut at the 125 bytes that RFC 6455 section 5.5 allows.
pub fn control_frame(kind: FrameKind, payload: &[u8]) -> Bytes {
    let allowed = payload.get(..125).unwrap_or(payload);
    framed(FIN | kind as u8, &[allowed])
}

/// A close frame with a status code and a reason (cut at a character boundary to fit).
pub fn close_frame(code: u16, reason: &str) -> Bytes {
    let mut end = reason.len().min(123);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    let reason = reason.get(..end).unwrap_or_default();
    framed(
        FIN | FrameKind::Close as u8,
        &[&code.to_be_bytes(), reason.as_bytes()],
    )
}

fn framed(first_byte: u8, parts: &[&[u8]]) -> Bytes {
    let length = parts.iter().map(|part| part.len()).sum();
    let mut frame = Vec::with_capacity(LONGEST_HEADER + length);
    put_header(&mut frame, first_byte, length);
    for part in parts {
        frame.extend_from_slice(part);
    }
    frame.shrink_to_fit();
    Bytes::from(frame)
}

/// The header of a message with an uncompressed payload of so many bytes.
pub(super) fn header(kind: FrameKind, length: usize) -> Vec<u8> {
    let mut header = Vec::new();
    put_header(&mut header, FIN | kind as u8, length);
    header
}

fn put_header(frame: &mut Vec<u8>, first_byte: u8, length: usize) {
    frame.push(first_byte);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..=125), _) => frame.push(short),
        (_, Ok(medium)) => {
            frame.push(126);
            frame.extend_from_slice(&medium.to_be_bytes());
        }
        _ => {
            frame.push(127);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}

/// Compresses one message without context takeover and cuts the `00 00 FF FF` that ends a sync
/// flush (RFC 7692 section 7.2.1).
fn deflate(payload: &[u8]) -> Vec<u8> {
    let mut encoder =
        DeflateEncoder::new(Vec::with_capacity(payload.len() / 2), Compression::fast());
    // Writing into a Vec cannot fail; a shorter output would only be an undecodable frame.
    let flushed = encoder.write_all(payload).and_then(|()| encoder.flush());
    debug_assert!(flushed.is_ok());
    let mut compressed = std::mem::take(encoder.get_mut());
    if compressed.ends_with(&[0x00, 0x00, 0xFF, 0xFF]) {
        compressed.truncate(compressed.len() - 4);
    }
    compressed
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Decompress, FlushDecompress};

    #[test]
    fn lengths_use_the_shortest_header() {
        for (length, header) in [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            let frame = data_frame(FrameKind::Text, &[&vec![b'x'; length]]);
            assert_eq!(frame.len(), header + length, "{length}");
        }
    }

    #[test]
    fn a_close_reason_is_cut_between_characters() {
        let frame = close_frame(4000, &"é".repeat(100));
        assert!(frame.len() <= 2 + 125);
        assert!(std::str::from_utf8(&frame[4..]).is_ok());
    }

    #[test]
    fn compressed_messages_decompress_to_the_payload() {
        let payload = b"presence ".repeat(100);
        let dialect = Dialect {
            encoding: Encoding::Json,
            deflate: true,
        };
        let frame = frame_in(dialect, &payload);
        assert_eq!(frame[0], FIN | RSV1 | 1);
        assert!(frame.len() < payload.len() / 4);
        let mut body = frame[2..].to_vec();
        body.extend_from_slice(&[0, 0, 0xFF, 0xFF]);
        let mut output = Vec::with_capacity(payload.len() + 1);
        Decompress::new(false)
            .decompress_vec(&body, &mut output, FlushDecompress::Sync)
            .unwrap();
        assert_eq!(output, payload);
    }

    #[test]
    fn short_payloads_are_not_compressed() {
        let dialect = Dialect {
            encoding: Encoding::Json,
            deflate: true,
        };
        assert_eq!(frame_in(dialect, b"{}")[0], FIN | 1);
    }
}
