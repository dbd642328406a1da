//! What stands in the sky: stars, moons, suns, glows.

use super::Drawing;
use super::canvas::Point;
use super::colour::{Colour, WHITE};

impl Drawing {
    /// Stars down to `lowest`, thinner towards it.
    pub fn stars(&mut self, count: usize, lowest: f32) {
        for _ in 0..count {
            let x = self.between(0.0, self.canvas.width);
            let depth = self.between(0.0, 1.0);
            let (radius, opacity) = (self.between(0.5, 2.4), self.between(0.3, 1.0));
            let star = WHITE.faint(opacity * (1.0 - depth * 0.8));
            self.canvas.disc((x, depth * lowest), radius, star);
        }
    }

    /// Light around a point that fades.
    pub fn glow(&mut self, centre: Point, radius: f32, colour: Colour) {
        let stops = [
            (0.0, colour),
            (0.4, colour.faint(0.25)),
            (1.0, colour.faint(0.0)),
        ];
        let paint = self.canvas.radial(centre, radius, &stops);
        self.canvas.disc(centre, radius, paint);
    }

    /// A moon with its glow and a few craters.
    pub fn moon(&mut self, centre: Point, radius: f32, colour: Colour) {
        self.glow(centre, radius * 3.2, colour.faint(0.5));
        self.canvas.disc(centre, radius, colour);
        let crater = colour.lit(0.8).faint(0.55);
        for (x, y, size) in [(-0.3, -0.25, 0.22), (0.35, 0.1, 0.3), (-0.15, 0.5, 0.16)] {
            let at = (centre.0 + x * radius, centre.1 + y * radius);
            self.canvas.disc(at, size * radius, crater);
        }
    }

    /// A sun: a disc from one colour to another, with its glow.
    pub fn sun(&mut self, (x, y): Point, radius: f32, upper: Colour, lower: Colour) {
        self.glow((x, y), radius * 2.6, upper.faint(0.55));
        let stops = [(0.0, upper), (1.0, lower)];
        let paint = self.canvas.linear((x, y - radius), (x, y + radius), &stops);
        self.canvas.disc((x, y), radius, paint);
    }
}
