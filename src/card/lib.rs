//! Profile cards: a user as a picture, SVG or PNG, for places that can show nothing else.
//!
//! - `document`, `content`, `words`: what a card says, from the user's public document
//! - `options`: what its address may ask for
//! - `text`: type: shaping, measuring, fitting; the typefaces are in `fonts`
//! - `draw`: how it looks
//! - `album`, `pictures`: the pictures inside it, and how they are fetched and made small
//! - `raster`: SVG to PNG
//! - `desk`: where cards are ordered, and kept

mod album;
mod content;
mod desk;
mod document;
mod draw;
pub mod options;
mod pictures;
mod raster;
#[cfg(test)]
mod tests;
mod text;
mod words;

pub use desk::{Card, CardCounts, CardError, Cards, Format, avatar_url};
pub use pictures::{Address, AddressError, ImageProxy, PictureCounts, PictureSettings, Pictures};
