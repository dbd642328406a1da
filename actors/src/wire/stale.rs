//! `stale` and `observed_at`, which are added to a user's document while the gateway is away.

use bytes::Bytes;
use serde::Serialize;

use super::Encoding;
use crate::domain::{Timestamp, time::PublishedTime};

#[derive(Serialize)]
struct Staleness {
    stale: bool,
    observed_at: PublishedTime,
}

/// What stands in place of the brace that ends a JSON document, or behind a MessagePack map, whose
/// header is then that of [`map_header`].
pub(super) fn added(encoding: Encoding, since: Timestamp) -> Vec<u8> {
    let staleness = Staleness {
        stale: true,
        observed_at: PublishedTime(since),
    };
    match encoding {
        Encoding::Json => {
            let mut added = serde_json::to_vec(&staleness).unwrap_or_default();
            if let Some(brace) = added.first_mut() {
                *brace = b',';
            }
            added
        }
        Encoding::MsgPack => {
            let mut added = rmp_serde::to_vec_named(&staleness).unwrap_or_default();
            added.drain(..added.len().min(1));
            added
        }
    }
}

/// The header of a map with two fields more, in place of the first byte of `document`. A document
/// has fewer than 14 fields, so the header is one byte and stays so.
pub(super) fn map_header(document: &mut Bytes) -> Bytes {
    let fields = document.split_to(document.len().min(1));
    Bytes::from_static(header_with_two_more(&fields))
}

/// As [`map_header`], for a borrowed document.
pub(super) fn header_with_two_more(document: &[u8]) -> &'static [u8] {
    static HEADERS: [u8; 16] = [
        0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8B, 0x8C, 0x8D, 0x8E,
        0x8F,
    ];
    let fields = document
        .first()
        .map_or(0, |header| usize::from(header & 0x0F));
    HEADERS.get(fields + 2..fields + 3).unwrap_or_default()
}
