//! The pictures, as SVG: drawn at any size, with smooth edges, by the renderer that draws cards.
//!
//! Each kind has a few motifs. The name of a picture decides which one, its colours and its shapes.

mod avatar;
mod badge;
mod canvas;
mod cave;
mod colour;
mod cover;
mod emblem;
mod land;
mod lighthouse;
mod planet;
mod scene;
mod sky;

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use xxhash_rust::xxh3::xxh3_64;

use super::address::Subject;
use canvas::Canvas;

/// The edge of square pictures, in units of the drawing.
const EDGE: f32 = 512.0;
/// Width and height of the others: 16 by 9.
const FRAME: (f32, f32) = (640.0, 360.0);

/// A picture: its paper, its randomness, and the moment from 0 to 1 if it moves.
struct Drawing {
    canvas: Canvas,
    rng: ChaCha8Rng,
    moment: f32,
    /// The hue that stands out against the background.
    contrast: f32,
}

/// Draws onto a drawing.
type Motif = fn(&mut Drawing);

impl Drawing {
    /// A number between two.
    fn between(&mut self, low: f32, high: f32) -> f32 {
        self.rng.random_range(low..high)
    }

    /// A hue that is beautiful when it is dark too, which leaves out yellow: it would be brown.
    fn rich_hue(&mut self) -> f32 {
        self.between(150.0, 430.0)
    }

    /// Whether something is so that is so in `share` of all pictures.
    fn sometimes(&mut self, share: f64) -> bool {
        self.rng.random_bool(share)
    }

    /// One of several, or the default of an empty slice.
    fn one_of<T: Copy + Default>(&mut self, of: &[T]) -> T {
        of.choose(&mut self.rng).copied().unwrap_or_default()
    }

    /// Draws one of several motifs.
    fn draw_one_of(&mut self, motifs: &[Motif]) {
        if let Some(motif) = motifs.choose(&mut self.rng).copied() {
            motif(self);
        }
    }

    /// Swings from -1 to 1 and back while the picture moves.
    fn swing(&self) -> f32 {
        (self.moment * std::f32::consts::TAU).sin()
    }
}

/// The SVG of a picture at `moment`, from 0 to 1.
pub fn svg(subject: Subject, name: &str, moment: f32) -> String {
    let (width, height) = match subject {
        Subject::Frame => FRAME,
        _ => (EDGE, EDGE),
    };
    let mut drawing = Drawing {
        canvas: Canvas::new(width, height),
        rng: ChaCha8Rng::seed_from_u64(xxh3_64(name.as_bytes())),
        moment,
        contrast: 0.0,
    };
    match subject {
        Subject::Avatar => avatar::own(&mut drawing),
        Subject::DefaultAvatar(index) => avatar::default(&mut drawing, index),
        Subject::Artwork => drawing.draw_one_of(scene::ARTWORK),
        Subject::Frame => drawing.draw_one_of(scene::FRAMES),
        Subject::Cover => drawing.draw_one_of(cover::MOTIFS),
        Subject::Badge => badge::badge(&mut drawing),
        Subject::Emoji => badge::emoji(&mut drawing),
    }
    drawing.canvas.into_svg()
}

#[cfg(test)]
mod tests {
    use resvg::usvg::{Options, Tree};

    use super::*;

    const SUBJECTS: [Subject; 7] = [
        Subject::Avatar,
        Subject::DefaultAvatar(3),
        Subject::Artwork,
        Subject::Cover,
        Subject::Badge,
        Subject::Emoji,
        Subject::Frame,
    ];

    #[test]
    fn every_picture_is_svg() {
        for subject in SUBJECTS {
            for name in 0..100 {
                let svg = svg(subject, &name.to_string(), 0.3);
                let tree = Tree::from_str(&svg, &Options::default());
                let tree = tree.unwrap_or_else(|error| panic!("{subject:?} {name}: {error} {svg}"));
                assert!(tree.root().has_children(), "{subject:?} {name}");
                assert!(!svg.contains("NaN"), "{subject:?} {name}");
            }
        }
    }

    #[test]
    fn the_name_decides_what_is_drawn() {
        for subject in SUBJECTS {
            assert_eq!(svg(subject, "a", 0.0), svg(subject, "a", 0.0));
        }
        assert_ne!(
            svg(Subject::Avatar, "a", 0.0),
            svg(Subject::Avatar, "b", 0.0)
        );
    }

    #[test]
    fn what_can_be_asked_for_as_gif_moves() {
        for subject in [Subject::Avatar, Subject::Emoji] {
            for name in 0..100 {
                let name = name.to_string();
                assert_ne!(svg(subject, &name, 0.0), svg(subject, &name, 0.3), "{name}");
            }
        }
    }
}
