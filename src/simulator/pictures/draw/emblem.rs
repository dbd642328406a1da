//! Emblems, as of ranks.

use super::Drawing;
use super::canvas::Point;
use super::colour::{Colour, WHITE};

/// A shield of metal with a star on it.
pub fn emblem(drawing: &mut Drawing) {
    let hue = drawing.between(0.0, 360.0);
    let ground = Colour::new(0.42, 0.13, hue);
    let stops = [
        (0.0, ground.lit(0.62)),
        (1.0, ground.turned(40.0).lit(0.24)),
    ];
    let paint = drawing.canvas.radial((256.0, 210.0), 380.0, &stops);
    drawing.canvas.cover(paint);
    for ray in 0_u8..12 {
        let turn = format!("rotate({} 256 256)", f32::from(ray) * 30.0);
        drawing.canvas.moved(&turn, |canvas| {
            canvas.polygon(
                &[(256.0, 256.0), (206.0, -140.0), (306.0, -140.0)],
                WHITE.faint(0.07),
            );
        });
    }
    let shield = "M256 84C306 122 356 132 402 134C408 280 366 374 256 432C146 374 104 280 110 134C156 132 206 122 256 84Z";
    let metal = Colour::new(0.86, 0.1, drawing.one_of(&[85.0, 60.0, 230.0]));
    let stops = [
        (0.0, metal.lit(0.97)),
        (0.5, metal.lit(0.76)),
        (1.0, metal.lit(0.5)),
    ];
    let rim = drawing.canvas.linear((120.0, 80.0), (390.0, 430.0), &stops);
    let black = WHITE.lit(0.0).faint(0.25);
    drawing
        .canvas
        .moved("translate(0 12)", |canvas| canvas.shape(shield, black));
    drawing.canvas.shape(shield, rim);
    let stops = [(0.0, ground.lit(0.56)), (1.0, ground.turned(30.0).lit(0.3))];
    let field = drawing
        .canvas
        .linear((256.0, 110.0), (256.0, 410.0), &stops);
    drawing.canvas.moved(
        "translate(256 256) scale(.87) translate(-256 -256)",
        |canvas| {
            canvas.shape(shield, field);
        },
    );
    let points = drawing.one_of(&[4_u8, 5, 5, 6, 8]);
    let star = star((256.0, 250.0), 104.0, 44.0, points);
    let stops = [(0.0, metal.lit(0.98)), (1.0, metal.lit(0.72))];
    let gold = drawing
        .canvas
        .linear((256.0, 150.0), (256.0, 350.0), &stops);
    drawing.canvas.polygon(&star, gold);
}

/// The corners of a star, the first one up.
pub fn star((x, y): Point, outer: f32, inner: f32, points: u8) -> Vec<Point> {
    let corners = u16::from(points) * 2;
    let step = std::f32::consts::TAU / f32::from(corners.max(1));
    let corner = |number: u16| {
        let radius = if number.is_multiple_of(2) {
            outer
        } else {
            inner
        };
        let (sin, cos) = (f32::from(number) * step).sin_cos();
        (x + radius * sin, y - radius * cos)
    };
    (0..corners).map(corner).collect()
}
