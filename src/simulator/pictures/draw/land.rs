//! What lies below the sky: hills, peaks, water, trees, towns.

use std::f32::consts::TAU;

use super::Drawing;
use super::canvas::Point;
use super::colour::Colour;

/// How far apart the points of a horizon are.
const STEP: f32 = 8.0;

impl Drawing {
    /// The heights of a rolling horizon around `level`, as points from left to right.
    pub fn horizon(&mut self, level: f32, swell: f32) -> Vec<Point> {
        let width = self.canvas.width;
        let waves: Vec<(f32, f32, f32)> = [(1.0, 1.0), (2.3, 0.45), (4.9, 0.16)]
            .into_iter()
            .map(|(often, much): (f32, f32)| {
                let often = often * self.between(0.6, 1.2);
                (often, much * swell, self.between(0.0, TAU))
            })
            .collect();
        let height = |x: f32| {
            let wave = |(often, much, phase): &(f32, f32, f32)| {
                much * (TAU * often * x / width + phase).sin()
            };
            level + waves.iter().map(wave).sum::<f32>()
        };
        let steps = (width / STEP) as u16 + 1;
        (0..=steps)
            .map(|step| f32::from(step) * STEP)
            .map(|x| (x, height(x)))
            .collect()
    }

    /// Fills everything below a horizon, lighter at the top.
    pub fn ground(&mut self, horizon: &[Point], colour: Colour, foot: Colour) {
        let (width, height) = (self.canvas.width, self.canvas.height);
        let top = horizon.iter().map(|(_, y)| *y).fold(height, f32::min);
        let stops = [(0.0, colour), (1.0, foot)];
        let paint = self.canvas.linear((0.0, top), (0.0, height), &stops);
        let corners = [(width + STEP, height + 1.0), (-1.0, height + 1.0)];
        self.canvas.polygon(&[horizon, &corners].concat(), paint);
    }

    /// Hills behind hills, from `far` to `near`, from the height `from` down.
    pub fn hills(&mut self, count: u8, from: f32, far: Colour, near: Colour) {
        let height = self.canvas.height;
        for number in 0..count {
            let part = f32::from(number) / f32::from(count.max(2) - 1);
            let level = from + (height * 0.93 - from) * part;
            let horizon = self.horizon(level, height * (0.05 + 0.02 * part));
            let colour = far.towards(near, part);
            self.ground(&horizon, colour, colour.towards(near, 0.5));
        }
    }

    /// A mountain with snow on it: its summit, half its width, and where its foot is.
    pub fn peak(&mut self, (x, y): Point, half: f32, foot: f32, rock: Colour, snow: Colour) {
        let slope = (foot - y) / half;
        let at = |aside: f32| (x + aside * half, y + aside.abs() * half * slope);
        let sunny = [(x, y), at(-1.0), (x + half * 0.12, foot)];
        self.canvas
            .polygon(&[(x, y), at(-1.0), at(1.0)], rock.lit(0.36));
        self.canvas.polygon(&sunny, rock);
        let line = 0.3;
        let (left, right) = (at(-line), at(line));
        let low = left.1;
        let mut cap = vec![(x, y), left];
        for (number, dip) in [0.10, -0.06, 0.14, -0.04, 0.08].into_iter().enumerate() {
            let part = (number as f32 + 1.0) / 6.0;
            cap.push((left.0 + (right.0 - left.0) * part, low + dip * (foot - y)));
        }
        cap.push(right);
        self.canvas.polygon(&cap, snow);
    }

    /// Firs that stand on a horizon.
    pub fn firs(&mut self, horizon: &[Point], spacing: usize, colour: Colour) {
        for (x, y) in horizon.iter().copied().step_by(spacing.max(1)) {
            let size = self.between(14.0, 34.0);
            let x = x + self.between(-4.0, 4.0);
            for (above, wide) in [(0.0, 0.42), (0.4, 0.34), (0.8, 0.24)] {
                let base = y + 4.0 - above * size;
                let crown = [
                    (x - wide * size, base),
                    (x, base - size * 0.9),
                    (x + wide * size, base),
                ];
                self.canvas.polygon(&crown, colour);
            }
        }
    }

    /// Water below `level`, with the light of something at `x` on it.
    pub fn water(&mut self, level: f32, x: f32, colour: Colour, deep: Colour, light: Colour) {
        let (width, height) = (self.canvas.width, self.canvas.height);
        let stops = [(0.0, colour), (1.0, deep)];
        let paint = self.canvas.linear((0.0, level), (0.0, height), &stops);
        let extent = (width, height - level);
        self.canvas.rect((0.0, level), extent, 0.0, paint);
        let rows = 11_u8;
        for row in 0..rows {
            let part = f32::from(row) / f32::from(rows);
            let y = level + 6.0 + part * (height - level);
            let half = (18.0 + 80.0 * part) * self.between(0.5, 1.0);
            let aside = self.between(-12.0, 12.0) * (1.0 + part);
            let at = (x + aside - half, y);
            let faint = light.faint(0.75 - 0.55 * part);
            let thick = 2.5 + 4.0 * part;
            self.canvas
                .rect(at, (half * 2.0, thick), thick / 2.0, faint);
        }
    }

    /// Houses side by side on the lower edge, with some of their windows lit.
    pub fn town(&mut self, heights: (f32, f32), wall: Colour, lamp: Option<Colour>) {
        let bottom = self.canvas.height;
        let mut x = -10.0;
        while x < self.canvas.width {
            let width = self.between(34.0, 74.0);
            let height = self.between(heights.0, heights.1);
            let top = bottom - height;
            self.canvas
                .rect((x, top), (width + 0.5, height + 2.0), 2.0, wall);
            if self.sometimes(0.3) {
                let mast = (x + width / 2.0 - 1.5, top - 22.0);
                self.canvas.rect(mast, (3.0, 24.0), 1.0, wall);
            }
            if let Some(lamp) = lamp {
                self.windows((x, top), (width, height), lamp);
            }
            x += width;
        }
    }

    fn windows(&mut self, (left, top): Point, (width, height): Point, lamp: Colour) {
        let columns = (width / 14.0) as u8;
        let rows = (height / 18.0) as u8;
        let gap = width / f32::from(columns.max(1));
        for row in 0..rows {
            for column in 0..columns {
                if self.sometimes(0.42) {
                    let x = left + gap * (f32::from(column) + 0.5) - 3.0;
                    let y = top + 9.0 + 18.0 * f32::from(row);
                    let opacity = self.between(0.45, 1.0);
                    self.canvas
                        .rect((x, y), (6.0, 9.0), 1.0, lamp.faint(opacity));
                }
            }
        }
    }
}
