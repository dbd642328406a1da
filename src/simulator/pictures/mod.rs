//! The pictures that members show, drawn here, as the hosts serve them that documents point to.
//!
//! `GET /images/{host}/{path}` answers what `https://{host}/{path}` would: avatars, artwork, album
//! covers, badges, emoji and previews. What is drawn is decided by host and path alone, so every
//! well-formed address has a picture, also one that no member shows, and always the same.
//!
//! - `address`: what an address asks for, and which ones are none
//! - `draw`: the pictures, as SVG
//! - `render`: SVG into the bytes of a file
//! - `faults`: how a test makes the hosts misbehave
//! - `route`: HTTP

pub mod address;
mod draw;
pub mod faults;
mod render;
pub mod route;

use std::sync::Arc;

use bytes::Bytes;
use quick_cache::sync::Cache;
use tokio::task::JoinError;
use xxhash_rust::xxh3::xxh3_64;

use address::Wanted;
use faults::Faults;

/// How many pictures are kept ready, of some ten to some hundred kilobytes each.
const KEPT: usize = 128;

/// A file, with what HTTP says of it.
#[derive(Debug, Clone)]
pub struct Picture {
    /// The file.
    pub bytes: Bytes,
    /// Its media type.
    pub content_type: &'static str,
    /// Its entity tag, quotes included.
    pub etag: String,
}

/// The pictures, and how they are served at the moment.
#[derive(Debug)]
pub struct Pictures {
    drawn: Cache<Wanted, Arc<Picture>>,
    /// How requests are answered, and how many there were.
    pub faults: Faults,
}

impl Default for Pictures {
    fn default() -> Self {
        Self {
            drawn: Cache::new(KEPT),
            faults: Faults::default(),
        }
    }
}

impl Pictures {
    /// The picture, drawn on a thread that may block if it is not ready. Who asks for one that is
    /// being drawn waits for it.
    pub async fn picture(&self, wanted: &Wanted) -> Result<Arc<Picture>, JoinError> {
        let drawing = async {
            let wanted = wanted.clone();
            let drawn = tokio::task::spawn_blocking(move || draw(&wanted)).await?;
            Ok(Arc::new(drawn))
        };
        self.drawn.get_or_insert_async(wanted, drawing).await
    }
}

fn draw(wanted: &Wanted) -> Picture {
    let bytes = render::file(wanted);
    Picture {
        etag: format!("\"{:016x}\"", xxh3_64(&bytes)),
        bytes: bytes.into(),
        content_type: wanted.format.content_type(),
    }
}
