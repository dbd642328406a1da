//! Type: how wide a text is, where it is cut, which outlines it becomes.
//!
//! Cards carry outlines and no text elements, so that a browser, an image proxy and our own PNGs show
//! the same, whatever fonts a machine has; that nothing overlaps is known when the card is made.

mod clean;
mod face;
mod fit;
mod glyph;
mod segment;
mod shape;

pub use clean::clean;
pub use face::Weight;
pub use fit::{Line, Style, line, paragraph};
pub use glyph::{EM, Fill, GlyphKey, Layer, drawing};
