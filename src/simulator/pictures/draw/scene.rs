//! Scenes: artwork of games, and pictures of 16 by 9. They fit any width and height.

use super::canvas::polyline;
use super::cave::cave;
use super::colour::{Colour, WHITE};
use super::emblem::emblem;
use super::lighthouse::lighthouse;
use super::planet::planet;
use super::{Drawing, Motif};

/// What artwork shows.
pub const ARTWORK: &[Motif] = &[
    night_hills,
    planet,
    dunes,
    cave,
    town_by_night,
    race,
    mountains,
    emblem,
    lighthouse,
];

/// What pictures of 16 by 9 show.
pub const FRAMES: &[Motif] = &[
    night_hills,
    planet,
    dunes,
    cave,
    town_by_night,
    race,
    mountains,
    lighthouse,
];

fn night_hills(drawing: &mut Drawing) {
    let (width, height) = (drawing.canvas.width, drawing.canvas.height);
    let night = Colour::new(0.26, 0.1, drawing.between(255.0, 300.0));
    let dusk = Colour::new(0.7, 0.14, drawing.between(330.0, 395.0));
    drawing
        .canvas
        .sky(&[(0.0, night), (0.45, night.towards(dusk, 0.5)), (0.75, dusk)]);
    drawing.stars(70, height * 0.5);
    let x = width * drawing.between(0.2, 0.8);
    drawing.moon(
        (x, height * 0.26),
        height * 0.085,
        Colour::new(0.96, 0.04, 95.0),
    );
    let far = night.towards(dusk, 0.72).lit(0.55);
    drawing.hills(5, height * 0.56, far, night.lit(0.17));
}

fn dunes(drawing: &mut Drawing) {
    let (width, height) = (drawing.canvas.width, drawing.canvas.height);
    let warm = drawing.between(20.0, 60.0);
    let hue = drawing.one_of(&[warm, warm, warm - 60.0, warm + 200.0]);
    let high = Colour::new(0.62, 0.13, hue - 60.0);
    let low = Colour::new(0.88, 0.11, hue + 30.0);
    drawing.canvas.sky(&[(0.0, high), (0.65, low)]);
    let x = width * drawing.between(0.3, 0.7);
    drawing.sun(
        (x, height * 0.46),
        height * 0.17,
        Colour::new(0.98, 0.05, 95.0),
        Colour::new(0.82, 0.16, hue + 20.0),
    );
    let far = Colour::new(0.72, 0.14, hue + 10.0);
    drawing.hills(4, height * 0.6, far, Colour::new(0.32, 0.11, hue - 30.0));
}

fn town_by_night(drawing: &mut Drawing) {
    let (width, height) = (drawing.canvas.width, drawing.canvas.height);
    let hue = drawing.between(240.0, 310.0);
    let night = Colour::new(0.22, 0.09, hue);
    let haze = Colour::new(0.66, 0.15, drawing.between(330.0, 380.0));
    drawing
        .canvas
        .sky(&[(0.0, night), (0.5, night.towards(haze, 0.45)), (0.95, haze)]);
    drawing.stars(50, height * 0.45);
    let x = width * drawing.between(0.25, 0.75);
    drawing.moon(
        (x, height * 0.3),
        height * 0.11,
        Colour::new(0.95, 0.05, 80.0),
    );
    let lamp = Colour::new(0.88, 0.13, 85.0);
    let far = night.towards(haze, 0.6).lit(0.46);
    drawing.town((height * 0.3, height * 0.56), far, None);
    let middle = night.towards(haze, 0.3).lit(0.32);
    drawing.town((height * 0.2, height * 0.44), middle, Some(lamp.faint(0.7)));
    drawing.town((height * 0.08, height * 0.28), night.lit(0.16), Some(lamp));
}

fn race(drawing: &mut Drawing) {
    let (width, height) = (drawing.canvas.width, drawing.canvas.height);
    let hue = drawing.between(280.0, 340.0);
    let (night, neon) = (
        Colour::new(0.22, 0.11, hue - 20.0),
        Colour::new(0.72, 0.22, hue + 30.0),
    );
    let level = height * 0.6;
    drawing
        .canvas
        .sky(&[(0.0, night), (0.58, neon.lit(0.56)), (0.6, night)]);
    drawing.stars(40, height * 0.4);
    let (middle, radius) = (width * 0.5, height * 0.26);
    drawing.sun(
        (middle, level - radius * 0.5),
        radius,
        Colour::new(0.92, 0.15, 95.0),
        neon,
    );
    for bar in 0_u8..4 {
        let y = level - radius * 0.5 + radius * 0.24 * f32::from(bar);
        let thick = 3.0 + 2.2 * f32::from(bar);
        let at = (middle - radius, y);
        drawing
            .canvas
            .rect(at, (radius * 2.0, thick), 0.0, neon.lit(0.5).faint(0.85));
    }
    let far = drawing.horizon(level - height * 0.05, height * 0.04);
    drawing.ground(&far, night.lit(0.28), night.lit(0.28));
    let stops = [(0.0, night.lit(0.3)), (1.0, night.lit(0.12))];
    let floor = drawing.canvas.linear((0.0, level), (0.0, height), &stops);
    drawing
        .canvas
        .rect((0.0, level), (width, height), 0.0, floor);
    for ray in -9_i8..=9 {
        let foot = middle + f32::from(ray) * width * 0.16;
        let head = middle + f32::from(ray) * width * 0.025;
        let line = polyline(&[(head, level), (foot, height)]);
        drawing.canvas.line(&line, 2.0, neon.faint(0.75));
    }
    for row in 0_u8..7 {
        let part = (f32::from(row) / 7.0).powi(2);
        let y = level + part * (height - level);
        let line = polyline(&[(0.0, y), (width, y)]);
        drawing
            .canvas
            .line(&line, 1.5 + part * 2.0, neon.faint(0.8));
    }
}

fn mountains(drawing: &mut Drawing) {
    let (width, height) = (drawing.canvas.width, drawing.canvas.height);
    let hue = drawing.between(200.0, 260.0);
    let high = Colour::new(0.66, 0.12, hue);
    let low = Colour::new(0.94, 0.06, drawing.between(30.0, 90.0));
    drawing.canvas.sky(&[(0.0, high), (0.7, low)]);
    let x = width * drawing.between(0.15, 0.85);
    drawing.sun(
        (x, height * 0.24),
        height * 0.08,
        WHITE,
        Colour::new(0.96, 0.06, 95.0),
    );
    let rock = Colour::new(0.52, 0.07, hue + 20.0);
    let snow = Colour::new(0.98, 0.012, hue);
    let far = drawing.horizon(height * 0.62, height * 0.05);
    drawing.ground(&far, rock.lit(0.74), rock.lit(0.8));
    for (at, top, half) in [(0.2, 0.36, 0.34), (0.8, 0.32, 0.38), (0.5, 0.2, 0.42)] {
        let summit = (width * (at + drawing.between(-0.05, 0.05)), height * top);
        drawing.peak(summit, height * half * 1.25, height * 0.85, rock, snow);
    }
    let wood = Colour::new(0.42, 0.08, drawing.between(145.0, 180.0));
    let meadow = drawing.horizon(height * 0.76, height * 0.035);
    drawing.firs(&meadow, 3, wood.lit(0.4));
    drawing.ground(&meadow, wood.lit(0.46), wood.lit(0.34));
    let near = drawing.horizon(height * 0.9, height * 0.03);
    drawing.firs(&near, 4, wood.lit(0.25));
    drawing.ground(&near, wood.lit(0.27), wood.lit(0.2));
}
