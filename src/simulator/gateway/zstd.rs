//! A Zstandard stream of stored blocks (RFC 8878, section 3.1.1.2): valid for every decoder, and
//! no smaller than what goes in. Clients that ask for `zstd-stream` can so connect without the
//! simulator carrying a compressor that nobody needs on a loopback.

/// Magic number, then a frame header without content size or checksum and a window of 1 MiB.
const HEADER: [u8; 6] = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50];
/// The largest block, in bytes.
const MAX_BLOCK: usize = 128 << 10;

/// One frame that never ends.
#[derive(Debug, Default)]
pub struct Stored {
    started: bool,
}

impl Stored {
    /// The bytes that carry the payload.
    pub fn encode(&mut self, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(payload.len() + 16);
        if !self.started {
            out.extend_from_slice(&HEADER);
            self.started = true;
        }
        for block in payload.chunks(MAX_BLOCK) {
            // Three bytes, little endian: not the last block, type raw, size.
            let header = u32::try_from(block.len()).unwrap_or_default() << 3;
            out.extend(header.to_le_bytes().into_iter().take(3));
            out.extend_from_slice(block);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_stored_in_blocks_of_one_frame() {
        let mut stream = Stored::default();
        assert_eq!(
            stream.encode(b"ab"),
            [&HEADER[..], &[16, 0, 0], b"ab"].concat()
        );
        assert_eq!(stream.encode(b"c"), [&[8, 0, 0][..], b"c"].concat());
        assert_eq!(
            stream.encode(&vec![0; MAX_BLOCK + 1]).len(),
            MAX_BLOCK + 1 + 6
        );
    }
}
