//! The pictures that a card embeds, ready to be written.

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::{content::Use, draw::PLATES, options::Theme};

/// A picture as cards embed it: small, of our own making, and in a data URI.
#[derive(Debug)]
pub struct Picture {
    /// By theme, because JPEG knows no holes: they are filled with the theme's plate.
    uris: [Arc<str>; PLATES.len()],
    /// The colour that stands out in it.
    pub accent: [u8; 3],
    fingerprint: u64,
}

impl Picture {
    /// A picture of which each theme has a form of its own.
    pub fn new(uris: [Arc<str>; PLATES.len()], accent: [u8; 3]) -> Self {
        let [dark, _] = &uris;
        Self {
            fingerprint: xxh3_64(dark.as_bytes()),
            uris,
            accent,
        }
    }

    /// The data URI of its form for this theme.
    pub fn uri(&self, theme: Theme) -> Arc<str> {
        let [dark, light] = &self.uris;
        Arc::clone(if theme == Theme::Dark { dark } else { light })
    }

    /// Tells it from what was at its address before.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// How many bytes it takes.
    pub fn size(&self) -> usize {
        let [dark, light] = &self.uris;
        if Arc::ptr_eq(dark, light) {
            dark.len()
        } else {
            dark.len() + light.len()
        }
    }
}

/// The pictures of one card that came in time.
#[derive(Debug, Default)]
pub struct Album(Vec<(String, Use, Arc<Picture>)>);

impl Album {
    /// Takes a picture in.
    pub fn insert(&mut self, url: &str, used: Use, picture: Arc<Picture>) {
        self.0.push((url.to_owned(), used, picture));
    }

    /// How many bytes its pictures take in a card of this theme.
    pub fn size(&self, theme: Theme) -> usize {
        let sizes = self.0.iter().map(|(.., picture)| picture.uri(theme).len());
        sizes.sum()
    }

    /// The picture of this address, if it came.
    pub fn get(&self, url: &str, used: Use) -> Option<&Picture> {
        let found = self.0.iter().find(|(at, of, _)| at == url && *of == used);
        found.map(|(.., picture)| &**picture)
    }
}
