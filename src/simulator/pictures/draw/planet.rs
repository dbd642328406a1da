//! A planet among stars.

use super::Drawing;
use super::canvas::Point;
use super::colour::Colour;

/// A planet with a ring or a moon, in front of clouds of gas.
pub fn planet(drawing: &mut Drawing) {
    let (width, height) = (drawing.canvas.width, drawing.canvas.height);
    let hue = drawing.between(0.0, 360.0);
    space(drawing, hue);
    let (x, y) = (width * drawing.between(0.42, 0.58), height * 0.5);
    let radius = height * drawing.between(0.23, 0.28);
    let light = Colour::new(0.86, 0.13, hue + 120.0);
    let dust = light.turned(-40.0).lit(0.88);
    let tilt = format!("rotate({:.1} {x:.1} {y:.1})", drawing.between(-28.0, -12.0));
    if drawing.sometimes(0.7) {
        let (back, front) = (half_ring((x, y), radius, 1), half_ring((x, y), radius, 0));
        drawing
            .canvas
            .moved(&tilt, |canvas| canvas.shape(&back, dust.faint(0.5)));
        globe(drawing, (x, y), radius, light);
        drawing
            .canvas
            .moved(&tilt, |canvas| canvas.shape(&front, dust.faint(0.85)));
    } else {
        globe(drawing, (x, y), radius, light);
        let moon = (x + radius * 1.5, y - radius * 0.9);
        drawing.canvas.disc(moon, radius * 0.2, dust);
    }
}

fn space(drawing: &mut Drawing, hue: f32) {
    let (width, height) = (drawing.canvas.width, drawing.canvas.height);
    let space = Colour::new(0.17, 0.06, hue);
    let low = space.turned(50.0).lit(0.24);
    drawing.canvas.sky(&[(0.0, space), (1.0, low)]);
    for (x, y) in [(0.2, 0.3), (0.85, 0.75), (0.6, 0.1)] {
        let cloud = Colour::new(0.6, 0.17, hue + drawing.between(20.0, 120.0));
        let radius = height * drawing.between(0.45, 0.7);
        drawing.glow((x * width, y * height), radius, cloud.faint(0.4));
    }
    drawing.stars(110, height * 1.4);
}

/// A ball that is lit from the upper left.
fn globe(drawing: &mut Drawing, (x, y): Point, radius: f32, light: Colour) {
    drawing.glow((x, y), radius * 1.7, light.faint(0.35));
    let stops = [
        (0.0, light.lit(0.93)),
        (0.4, light.lit(0.72)),
        (1.0, light.turned(60.0).lit(0.28)),
    ];
    let lit = (x - radius * 0.45, y - radius * 0.5);
    let paint = drawing.canvas.radial(lit, radius * 1.75, &stops);
    drawing.canvas.disc((x, y), radius, paint);
}

/// The half of a ring behind (`sweep` 1) or before (0) a planet of this radius.
fn half_ring((x, y): Point, radius: f32, sweep: u8) -> String {
    let (wide, high) = (radius * 1.8, radius * 0.42);
    let (inner_wide, inner_high) = (radius * 1.36, radius * 0.27);
    let (left, right, inner_left, inner_right) =
        (x - wide, x + wide, x - inner_wide, x + inner_wide);
    let back = 1 - sweep;
    format!(
        "M{left:.1} {y:.1}A{wide:.1} {high:.1} 0 0 {sweep} {right:.1} {y:.1}H{inner_right:.1}\
         A{inner_wide:.1} {inner_high:.1} 0 0 {back} {inner_left:.1} {y:.1}Z"
    )
}
