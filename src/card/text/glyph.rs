//! The outlines of glyphs, as SVG path data on one grid for all typefaces.

use std::{
    fmt::Write,
    sync::{Arc, LazyLock},
};

use harfrust::{
    GlyphId,
    font::glyph::{
        color::{Brush, CompositeMode, PaintSink},
        outline::{DrawMemory, DrawOptions, PathSink},
    },
};
use quick_cache::sync::Cache;
use read_fonts::types::{BoundingBox, Matrix};

use super::face::{Face, FaceId};

/// How many steps of the grid an em has: at 27 pixels a step is a fifteenth of a pixel, and most
/// numbers of a path have one or two digits.
pub const EM: f32 = 400.0;

/// How many glyphs are kept drawn. All of a card's are, and those of everyday Chinese.
const KEPT: usize = 8_192;

/// A glyph of a typeface.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct GlyphKey {
    /// The typeface.
    pub face: FaceId,
    /// Its number there.
    pub glyph: u32,
}

/// One outline, filled with one colour.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Layer {
    /// SVG path data, y downwards. Not empty.
    pub path: Arc<str>,
    /// `None` is the colour of the text.
    pub fill: Option<Fill>,
}

/// A colour that a glyph brings along.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fill {
    /// Red, green and blue.
    pub rgb: [u8; 3],
    /// In hundredths.
    pub opacity: u8,
}

/// What is seen of a glyph, from behind to the front. Empty for a space.
pub type Drawing = Arc<[Layer]>;

static DRAWN: LazyLock<Cache<GlyphKey, Drawing>> = LazyLock::new(|| Cache::new(KEPT));

/// A glyph, drawn.
pub fn drawing(key: GlyphKey) -> Drawing {
    if let Some(drawing) = DRAWN.get(&key) {
        return drawing;
    }
    let drawing = key
        .face
        .face()
        .map(|face| draw(face, key))
        .unwrap_or_default();
    DRAWN.insert(key, Arc::clone(&drawing));
    drawing
}

fn draw(face: &Face, key: GlyphKey) -> Drawing {
    let glyph = GlyphId::new(key.glyph);
    let Some(coloured) = face.font.color_glyphs().get(glyph) else {
        return layer(face, glyph, None).into_iter().collect();
    };
    let mut sink = Colours {
        face,
        clip: None,
        layers: Vec::new(),
    };
    // A typeface of ours that cannot be read is found by the tests.
    match coloured.paint(&mut sink) {
        Ok(()) => sink.layers.into(),
        Err(_) => Drawing::default(),
    }
}

fn layer(face: &Face, glyph: GlyphId, fill: Option<Fill>) -> Option<Layer> {
    let outline = face.outlines().get(glyph)?;
    let mut pen = Pen::new(EM / face.units_per_em());
    outline
        .draw(&DrawOptions::new(), DrawMemory::Scratch, &mut pen)
        .ok()?;
    (!pen.path.is_empty()).then(|| Layer {
        path: pen.path.into(),
        fill,
    })
}

/// Takes the layers of a coloured glyph: each an outline in one colour (COLR version 0).
struct Colours<'a> {
    face: &'a Face,
    clip: Option<GlyphId>,
    layers: Vec<Layer>,
}

impl PaintSink for Colours<'_> {
    fn push_transform(&mut self, _: Matrix<f32>) {}
    fn pop_transform(&mut self) {}

    fn push_clip_glyph(&mut self, glyph: GlyphId) {
        self.clip = Some(glyph);
    }

    fn push_clip_box(&mut self, _: BoundingBox<f32>) {}

    fn pop_clip(&mut self) {
        self.clip = None;
    }

    fn fill(&mut self, brush: Brush<'_>) {
        let (
            Some(glyph),
            Brush::Solid {
                palette_index,
                alpha,
            },
        ) = (self.clip, brush)
        else {
            return;
        };
        let palette = self.face.font.palettes().get(0);
        let colour =
            palette.and_then(|palette| palette.colors().get(usize::from(palette_index)).copied());
        let fill = colour.map(|colour| Fill {
            rgb: [colour.red(), colour.green(), colour.blue()],
            opacity: (f32::from(colour.alpha()) / 2.55 * alpha).round() as u8,
        });
        self.layers.extend(layer(self.face, glyph, fill));
    }

    fn push_layer(&mut self, _: CompositeMode) {}
}

/// Writes path data with relative whole numbers, which is what takes the fewest bytes.
struct Pen {
    path: String,
    scale: f32,
    at: (i32, i32),
    start: (i32, i32),
    /// Where the control point of a next curve is that need not name it.
    mirrored: Option<(i32, i32)>,
}

/// How far a control point may be from the mirrored one to be left out, in steps of the grid: as far
/// as rounding moves it.
const MIRRORED: u32 = 1;

impl Pen {
    fn new(scale: f32) -> Self {
        Self {
            path: String::new(),
            scale,
            at: (0, 0),
            start: (0, 0),
            mirrored: None,
        }
    }

    fn on_grid(&self, x: f32, y: f32) -> (i32, i32) {
        (
            (x * self.scale).round() as i32,
            (-y * self.scale).round() as i32,
        )
    }

    /// Numbers need a space between them only where the second has no minus sign.
    fn write(&mut self, command: char, points: &[(i32, i32)]) {
        self.path.push(command);
        let mut is_first = true;
        for (x, y) in points {
            for number in [x - self.at.0, y - self.at.1] {
                let space = if is_first || number < 0 { "" } else { " " };
                is_first = false;
                // Writing to a String does not fail.
                let _ = write!(self.path, "{space}{number}");
            }
        }
        self.at = points.last().copied().unwrap_or(self.at);
        self.mirrored = None;
    }

    /// Whether a curve's control point is where the next curve expects it.
    fn is_mirrored(&self, control: (i32, i32)) -> Option<(i32, i32)> {
        let mirrored = self.mirrored?;
        let is_near = control
            .0
            .abs_diff(mirrored.0)
            .max(control.1.abs_diff(mirrored.1))
            <= MIRRORED;
        is_near.then_some(mirrored)
    }
}

impl PathSink for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.start = self.on_grid(x, y);
        self.write('m', &[self.start]);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let to = self.on_grid(x, y);
        let (dx, dy) = (to.0 - self.at.0, to.1 - self.at.1);
        let _ = match (dx, dy) {
            (0, 0) => Ok(()),
            (_, 0) => write!(self.path, "h{dx}"),
            (0, _) => write!(self.path, "v{dy}"),
            _ => {
                self.write('l', &[to]);
                Ok(())
            }
        };
        self.at = to;
        self.mirrored = None;
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        let (control, to) = (self.on_grid(cx, cy), self.on_grid(x, y));
        let control = match self.is_mirrored(control) {
            Some(mirrored) => {
                self.write('t', &[to]);
                mirrored
            }
            None => {
                self.write('q', &[control, to]);
                control
            }
        };
        self.mirrored = Some((2 * to.0 - control.0, 2 * to.1 - control.1));
    }

    fn curve_to(&mut self, ax: f32, ay: f32, bx: f32, by: f32, x: f32, y: f32) {
        let points = [
            self.on_grid(ax, ay),
            self.on_grid(bx, by),
            self.on_grid(x, y),
        ];
        self.write('c', &points);
    }

    fn close(&mut self) {
        self.path.push('z');
        self.at = self.start;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::face::Weight;

    fn of(face: FaceId, letter: char) -> Drawing {
        let glyph = face.face().unwrap().glyph(letter).unwrap().to_u32();
        drawing(GlyphKey { face, glyph })
    }

    #[test]
    fn a_letter_is_one_outline_in_the_colour_of_the_text() {
        let drawn = of(FaceId::main(Weight::Regular), 'l');
        assert_eq!(drawn.len(), 1);
        assert_eq!(drawn[0].fill, None);
        assert_eq!(&*drawn[0].path, "m66-291v291h-35v-291z");
    }

    #[test]
    fn an_emoji_brings_its_colours() {
        let drawn = of(FaceId::emoji(), '🏮');
        assert!(drawn.len() > 1);
        assert!(drawn.iter().all(|layer| layer.fill.is_some()));
    }

    #[test]
    fn a_space_is_nothing() {
        assert!(of(FaceId::main(Weight::SemiBold), ' ').is_empty());
    }
}
