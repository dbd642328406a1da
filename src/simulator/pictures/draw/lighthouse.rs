//! A lighthouse by the sea.

use super::Drawing;
use super::canvas::Point;
use super::colour::{Colour, WHITE};

/// A lighthouse that shines over the water at night.
pub fn lighthouse(drawing: &mut Drawing) {
    let (width, height) = (drawing.canvas.width, drawing.canvas.height);
    let night = Colour::new(0.25, 0.08, drawing.between(235.0, 285.0));
    let dusk = Colour::new(0.68, 0.12, drawing.between(10.0, 60.0));
    drawing
        .canvas
        .sky(&[(0.0, night), (0.42, night.towards(dusk, 0.4)), (0.68, dusk)]);
    drawing.stars(60, height * 0.5);
    let level = height * 0.68;
    let x = width * drawing.one_of(&[0.3, 0.7]);
    let lamp = Colour::new(0.95, 0.1, 92.0);
    drawing.water(
        level,
        x,
        night.towards(dusk, 0.4).lit(0.42),
        night.lit(0.18),
        lamp,
    );
    let (lamp_y, unit) = (height * 0.27, height / 100.0);
    let beam = |side: f32| {
        let far = x + side * width * 0.95;
        [
            (x, lamp_y),
            (far, lamp_y - 15.0 * unit),
            (far, lamp_y + 9.0 * unit),
        ]
    };
    for side in [-1.0, 1.0] {
        let stops = [(0.0, lamp.faint(0.75)), (1.0, lamp.faint(0.0))];
        let far = (x + side * width * 0.8, lamp_y);
        let paint = drawing.canvas.linear((x, lamp_y), far, &stops);
        drawing.canvas.polygon(&beam(side), paint);
    }
    drawing.glow((x, lamp_y), 24.0 * unit, lamp);
    tower(drawing, (x, level + 2.0 * unit), lamp_y, unit, lamp);
    let rock = night.lit(0.15);
    let (low, half) = (level + 7.0 * unit, 26.0 * unit);
    let cliff = format!(
        "M{:.1} {low:.1}Q{:.1} {:.1} {x:.1} {:.1}T{:.1} {low:.1}Z",
        x - half,
        x - half * 0.6,
        level - 3.0 * unit,
        level + 0.5 * unit,
        x + half,
    );
    drawing.canvas.shape(&cliff, rock);
}

/// A lighthouse on a point, its lamp at `lamp_y`.
fn tower(drawing: &mut Drawing, (x, foot): Point, lamp_y: f32, unit: f32, lamp: Colour) {
    let top = lamp_y + 4.0 * unit;
    let half = |y: f32| unit * (3.4 + 2.8 * (y - top) / (foot - top));
    let band = |from: f32, to: f32| {
        let (from, to) = (top + (foot - top) * from, top + (foot - top) * to);
        [
            (x - half(from), from),
            (x + half(from), from),
            (x + half(to), to),
            (x - half(to), to),
        ]
    };
    let white = Colour::new(0.93, 0.015, 250.0);
    let red = Colour::new(0.58, 0.19, 28.0);
    drawing.canvas.polygon(&band(0.0, 1.0), white);
    for start in [0.14, 0.48, 0.82] {
        drawing.canvas.polygon(&band(start, start + 0.17), red);
    }
    let shade = WHITE.lit(0.1).faint(0.3);
    let shadow = band(0.0, 1.0).map(|(at, y)| (at.max(x + unit * 0.8), y));
    drawing.canvas.polygon(&shadow, shade);
    let dark = Colour::new(0.25, 0.05, 260.0);
    drawing.canvas.rect(
        (x - 5.0 * unit, top - unit),
        (10.0 * unit, 2.0 * unit),
        unit * 0.6,
        dark,
    );
    drawing.canvas.rect(
        (x - 2.6 * unit, top - 7.0 * unit),
        (5.2 * unit, 6.2 * unit),
        unit * 0.5,
        lamp,
    );
    let roof = [
        (x - 3.8 * unit, top - 6.6 * unit),
        (x, top - 11.5 * unit),
        (x + 3.8 * unit, top - 6.6 * unit),
    ];
    drawing.canvas.polygon(&roof, red);
}
