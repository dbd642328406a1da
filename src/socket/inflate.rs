//! Decompression of what clients send under permessage-deflate (RFC 7692 section 7.2.2), without
//! context takeover and bounded, so that a small message cannot become a large one.

use flate2::{Decompress, FlushDecompress, Status};

/// Why a message could not be decompressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InflateError {
    /// It would be longer than allowed.
    TooBig,
    /// It is not a deflate stream.
    Invalid,
}

/// What the sender cut off the end.
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// Decompresses one message to at most `most` bytes.
pub fn inflate(compressed: &[u8], most: usize) -> Result<Vec<u8>, InflateError> {
    let mut decompress = Decompress::new(false);
    let mut output = Vec::with_capacity(compressed.len().saturating_mul(3).max(64).min(most + 1));
    for input in [compressed, &TAIL] {
        let mut consumed = 0;
        while let Some(rest) = input.get(consumed..).filter(|rest| !rest.is_empty()) {
            if output.len() > most {
                return Err(InflateError::TooBig);
            }
            if output.len() == output.capacity() {
                output.reserve(output.len().min(most + 1 - output.len()).max(1));
            }
            let (before_in, before_out) = (decompress.total_in(), output.len());
            let status = decompress
                .decompress_vec(rest, &mut output, FlushDecompress::Sync)
                .map_err(|_| InflateError::Invalid)?;
            let read = decompress.total_in() - before_in;
            consumed += usize::try_from(read).map_err(|_| InflateError::Invalid)?;
            if status == Status::StreamEnd {
                // A final block ends the message; what follows it is padding.
                return bounded(output, most);
            }
            if read == 0 && output.len() == before_out && output.len() < output.capacity() {
                return Err(InflateError::Invalid);
            }
        }
    }
    // What was decompressed last may not have found room yet.
    while output.len() == output.capacity() && output.len() <= most {
        output.reserve(output.len().min(most + 1 - output.len()).max(1));
        decompress
            .decompress_vec(&[], &mut output, FlushDecompress::Sync)
            .map_err(|_| InflateError::Invalid)?;
    }
    bounded(output, most)
}

fn bounded(output: Vec<u8>, most: usize) -> Result<Vec<u8>, InflateError> {
    if output.len() > most {
        return Err(InflateError::TooBig);
    }
    Ok(output)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::DeflateEncoder};
    use proptest::prelude::*;

    use super::*;

    fn deflate(message: &[u8]) -> Vec<u8> {
        deflate_at(9, message)
    }

    fn deflate_at(level: u32, message: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(message).unwrap();
        encoder.flush().unwrap();
        let mut compressed = encoder.get_ref().clone();
        compressed.truncate(compressed.len() - TAIL.len());
        compressed
    }

    #[test]
    fn messages_of_every_size_come_back() {
        for size in [0_u64, 1, 63, 64, 65, 1_000, 65_536] {
            let message: Vec<u8> = (0..size).map(|n| (n * n % 251) as u8).collect();
            assert_eq!(inflate(&deflate(&message), 65_536), Ok(message), "{size}");
        }
    }

    #[test]
    fn a_bomb_is_refused_at_the_limit() {
        let bomb = deflate(&vec![0; 10_000_000]);
        assert!(bomb.len() < 20_000);
        assert_eq!(inflate(&bomb, 65_536), Err(InflateError::TooBig));
    }

    #[test]
    fn nonsense_is_refused() {
        assert_eq!(inflate(&[0xFF; 40], 65_536), Err(InflateError::Invalid));
    }

    proptest! {
        #[test]
        fn whatever_was_compressed_comes_back(
            pattern in prop::collection::vec(any::<u8>(), 1..40),
            repeated in 0..5_000_usize,
            end in prop::collection::vec(any::<u8>(), 0..40),
            level in 0..=9_u32,
        ) {
            let message = [pattern.repeat(repeated), end].concat();
            let compressed = deflate_at(level, &message);
            prop_assert_eq!(inflate(&compressed, message.len()), Ok(message.clone()));
            if !message.is_empty() {
                let too_little = message.len() - 1;
                prop_assert_eq!(inflate(&compressed, too_little), Err(InflateError::TooBig));
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
            if let Ok(message) = inflate(&bytes, 1_000) {
                prop_assert!(message.len() <= 1_000);
            }
        }
    }
}
