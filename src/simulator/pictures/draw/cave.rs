//! A cave of crystals.

use super::Drawing;
use super::canvas::Point;
use super::colour::Colour;

/// A cave in which crystals glow.
pub fn cave(drawing: &mut Drawing) {
    let (width, height) = (drawing.canvas.width, drawing.canvas.height);
    let hue = drawing.between(150.0, 330.0);
    let gem = Colour::new(0.72, 0.16, hue);
    let middle = (width * 0.5, height * 0.62);
    let stops = [
        (0.0, gem.lit(0.5)),
        (0.55, gem.lit(0.24)),
        (1.0, gem.lit(0.12)),
    ];
    let paint = drawing.canvas.radial(middle, width * 0.62, &stops);
    drawing.canvas.cover(paint);
    let floor = height * 0.86;
    for (aside, size, lean) in [
        (-0.26, 0.3, -22.0),
        (0.27, 0.34, 20.0),
        (-0.13, 0.5, -9.0),
        (0.14, 0.46, 10.0),
        (0.0, 0.66, 0.0),
    ] {
        let size = size * drawing.between(0.9, 1.1) * height;
        let turn = drawing.between(-18.0, 18.0);
        let at = (width * 0.5 + aside * height * 1.1, floor);
        crystal(drawing, at, size, lean, gem.turned(turn));
    }
    let ground = drawing.horizon(floor, height * 0.02);
    drawing.ground(&ground, gem.lit(0.2), gem.lit(0.08));
    for _ in 0..26 {
        let at = (drawing.between(0.0, width), drawing.between(0.0, floor));
        let (radius, opacity) = (drawing.between(1.0, 3.2), drawing.between(0.2, 0.9));
        drawing
            .canvas
            .disc(at, radius, gem.lit(0.95).faint(opacity));
    }
    let roof: Vec<Point> = drawing.horizon(height * 0.1, height * 0.05);
    let corners = [(width + 8.0, -1.0), (-1.0, -1.0)];
    drawing
        .canvas
        .polygon(&[roof.as_slice(), &corners].concat(), gem.lit(0.1));
}

/// A crystal that stands at a point and leans to a side.
fn crystal(drawing: &mut Drawing, (x, y): Point, size: f32, lean: f32, gem: Colour) {
    drawing.glow((x, y - size * 0.5), size * 0.75, gem.faint(0.3));
    let (half, shoulder) = (size * 0.15, y - size * 0.78);
    let tip = (x, y - size);
    drawing
        .canvas
        .moved(&format!("rotate({lean:.1} {x:.1} {y:.1})"), |canvas| {
            let left = [
                (x - half, y),
                (x - half, shoulder),
                tip,
                (x - half * 0.2, shoulder + half),
                (x - half * 0.2, y),
            ];
            let right = [
                (x + half, y),
                (x + half, shoulder),
                tip,
                (x - half * 0.2, shoulder + half),
                (x - half * 0.2, y),
            ];
            let stops = [(0.0, gem.lit(0.94)), (1.0, gem.lit(0.6))];
            let bright = canvas.linear(tip, (x, y), &stops);
            let stops = [(0.0, gem.lit(0.74)), (1.0, gem.lit(0.36))];
            let shaded = canvas.linear(tip, (x, y), &stops);
            canvas.polygon(&left, bright);
            canvas.polygon(&right, shaded);
        });
}
