//! Colours by what the eye sees of them, so that any hue goes with any other of the same
//! lightness.
//!
//! OKLCH: Björn Ottosson, <https://bottosson.github.io/posts/oklab/>.

use std::fmt;

/// A colour of a hue. Its `Display` is what SVG reads.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Colour {
    /// From 0 (black) to 1 (white).
    lightness: f32,
    /// From 0 (grey) to about 0.3.
    chroma: f32,
    /// In degrees: 30 is red, 90 yellow, 145 green, 230 blue, 300 violet, 350 pink.
    hue: f32,
    /// From 0 (not seen) to 1.
    opacity: f32,
}

/// White.
pub const WHITE: Colour = Colour::new(1.0, 0.0, 0.0);

impl Colour {
    /// An opaque colour.
    pub const fn new(lightness: f32, chroma: f32, hue: f32) -> Self {
        Self {
            lightness,
            chroma,
            hue,
            opacity: 1.0,
        }
    }

    /// The colour, seen through.
    pub fn faint(self, opacity: f32) -> Self {
        Self { opacity, ..self }
    }

    /// The colour with another lightness.
    pub fn lit(self, lightness: f32) -> Self {
        Self { lightness, ..self }
    }

    /// The colour, `degrees` further round.
    pub fn turned(self, degrees: f32) -> Self {
        Self {
            hue: self.hue + degrees,
            ..self
        }
    }

    /// Between this colour (0) and another (1).
    pub fn towards(self, other: Self, part: f32) -> Self {
        let mix = |from: f32, to: f32| from + (to - from) * part;
        // The shorter way round, so that blue and orange meet in pink and not in green.
        let round = (other.hue - self.hue + 540.0).rem_euclid(360.0) - 180.0;
        Self {
            lightness: mix(self.lightness, other.lightness),
            chroma: mix(self.chroma, other.chroma),
            hue: self.hue + round * part,
            opacity: mix(self.opacity, other.opacity),
        }
    }

    /// Red, green and blue, each from 0 to 255; what no screen shows is cut off.
    fn rgb(self) -> [u8; 3] {
        let (sin, cos) = self.hue.to_radians().sin_cos();
        let (a, b) = (self.chroma * cos, self.chroma * sin);
        let cubed = |root: f32| root * root * root;
        let l = cubed(self.lightness + 0.396_337_78 * a + 0.215_803_76 * b);
        let m = cubed(self.lightness - 0.105_561_346 * a - 0.063_854_17 * b);
        let s = cubed(self.lightness - 0.089_484_18 * a - 1.291_485_5 * b);
        [
            4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s,
            -1.268_438 * l + 2.609_757_4 * m - 0.341_319_38 * s,
            -0.004_196_086_3 * l - 0.703_418_6 * m + 1.707_614_7 * s,
        ]
        .map(byte)
    }
}

/// A linear channel, encoded as sRGB.
fn byte(linear: f32) -> u8 {
    let linear = linear.clamp(0.0, 1.0);
    let encoded = match linear {
        dark if dark <= 0.003_130_8 => dark * 12.92,
        light => 1.055 * light.powf(1.0 / 2.4) - 0.055,
    };
    (encoded * 255.0).round() as u8
}

impl fmt::Display for Colour {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.rgb();
        let opacity = (self.opacity.clamp(0.0, 1.0) * 255.0).round() as u8;
        write!(out, "#{red:02x}{green:02x}{blue:02x}{opacity:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_colours_are_met() {
        assert_eq!(WHITE.to_string(), "#ffffffff");
        assert_eq!(WHITE.lit(0.0).faint(0.5).to_string(), "#00000080");
        // sRGB red and blue, as the author's converter has them.
        let near = |colour: Colour, rgb: [u8; 3]| {
            let channels = colour.rgb().into_iter().zip(rgb);
            channels.map(|(is, should)| is.abs_diff(should)).max() <= Some(1)
        };
        assert!(near(Colour::new(0.627_955, 0.257_683, 29.234), [255, 0, 0]));
        assert!(near(
            Colour::new(0.452_014, 0.313_214, 264.052),
            [0, 0, 255]
        ));
    }
}
