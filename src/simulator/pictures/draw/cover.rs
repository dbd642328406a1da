//! Album covers.

use super::canvas::{Point, polyline};
use super::colour::{Colour, WHITE};
use super::{Drawing, EDGE, Motif};

const MIDDLE: Point = (EDGE / 2.0, EDGE / 2.0);

/// What covers show.
pub const MOTIFS: &[Motif] = &[
    circles,
    stripes,
    sun_over_sea,
    mosaic,
    arches,
    clouds,
    ridges,
    phases,
];

/// A paper colour, and three inks that go with it and with each other.
fn inks(drawing: &mut Drawing) -> (Colour, [Colour; 3]) {
    let hue = drawing.rich_hue();
    let apart = drawing.one_of(&[35.0, 70.0, 120.0]);
    let inks = [
        Colour::new(0.56, 0.17, hue),
        Colour::new(0.72, 0.16, hue + apart),
        Colour::new(0.82, 0.13, hue + apart * 2.0),
    ];
    match drawing.sometimes(0.5) {
        true => (Colour::new(0.95, 0.025, hue + 60.0), inks),
        false => (Colour::new(0.22, 0.06, hue + 200.0), inks),
    }
}

fn circles(drawing: &mut Drawing) {
    let (paper, [one, two, three]) = inks(drawing);
    drawing.canvas.cover(paper);
    let centre = (drawing.between(190.0, 322.0), drawing.between(190.0, 322.0));
    for number in (0_u8..9).rev() {
        let colour = match number % 3 {
            0 => one,
            1 => two,
            _ => three,
        };
        let radius = 18.0 + 27.0 * f32::from(number);
        drawing.canvas.disc(centre, radius, colour);
        drawing.canvas.ring(centre, radius, 7.0, paper);
    }
    drawing.canvas.disc(centre, 12.0, paper);
}

fn stripes(drawing: &mut Drawing) {
    let (paper, [one, two, three]) = inks(drawing);
    drawing.canvas.cover(paper);
    let angle = drawing.one_of(&[-45.0, -30.0, 45.0, 60.0]);
    let colours = [one, two, three, two, one];
    drawing
        .canvas
        .moved(&format!("rotate({angle} 256 256)"), |canvas| {
            for (number, colour) in colours.into_iter().enumerate() {
                let x = 126.0 + 54.0 * number as f32;
                canvas.rect((x, -200.0), (44.0, 920.0), 0.0, colour);
            }
        });
    drawing.canvas.disc(MIDDLE, 122.0, paper);
    let stops = [(0.0, three), (1.0, one)];
    let paint = drawing
        .canvas
        .linear((256.0, 150.0), (256.0, 362.0), &stops);
    drawing.canvas.disc(MIDDLE, 104.0, paint);
}

fn sun_over_sea(drawing: &mut Drawing) {
    let hue = drawing.one_of(&[0.0, 20.0, 45.0, 330.0, 280.0]);
    let high = Colour::new(0.42, 0.13, hue - 90.0);
    let low = Colour::new(0.84, 0.13, hue + 30.0);
    drawing
        .canvas
        .sky(&[(0.0, high), (0.35, high.towards(low, 0.5)), (0.62, low)]);
    let level = EDGE * 0.62;
    let sun = Colour::new(0.97, 0.08, 95.0);
    drawing.sun(
        (256.0, level - 26.0),
        108.0,
        sun,
        Colour::new(0.76, 0.18, hue + 10.0),
    );
    let sea = Colour::new(0.5, 0.11, hue - 80.0);
    drawing.water(level, 256.0, sea, sea.lit(0.2), sun.lit(0.9));
}

fn mosaic(drawing: &mut Drawing) {
    let (paper, inks) = inks(drawing);
    drawing.canvas.cover(paper);
    let tile = EDGE / 4.0;
    for row in 0_u8..4 {
        for column in 0_u8..4 {
            let ground = drawing.one_of(&[paper, paper, inks[0], inks[1]]);
            let shape = drawing.one_of(&[paper, inks[0], inks[1], inks[2]]);
            let (x, y) = (tile * f32::from(column), tile * f32::from(row));
            let turn = drawing.one_of(&[0_u16, 90, 180, 270]);
            let kind = drawing.one_of(&[0_u8, 0, 0, 1, 2]);
            let place = format!("translate({x:.1} {y:.1}) rotate({turn} 64 64)");
            drawing.canvas.moved(&place, |canvas| {
                canvas.rect((0.0, 0.0), (tile + 0.5, tile + 0.5), 0.0, ground);
                match kind {
                    0 => canvas.shape("M0 0H128A128 128 0 0 1 0 128Z", shape),
                    1 => canvas.disc((64.0, 64.0), 42.0, shape),
                    _ => canvas.shape("M0 128A64 64 0 0 1 128 128Z", shape),
                }
            });
        }
    }
}

fn arches(drawing: &mut Drawing) {
    let (paper, [one, two, three]) = inks(drawing);
    drawing.canvas.cover(paper);
    let centre = (256.0, EDGE * drawing.between(0.68, 0.82));
    let colours = [one, two, three, one.turned(20.0), two.turned(20.0)];
    for (number, colour) in colours.into_iter().enumerate() {
        let radius = 214.0 - 40.0 * number as f32;
        let (left, right, y) = (centre.0 - radius, centre.0 + radius, centre.1);
        let arch =
            format!("M{left:.1} 540V{y:.1}A{radius:.1} {radius:.1} 0 0 1 {right:.1} {y:.1}V540");
        drawing.canvas.line(&arch, 32.0, colour);
    }
    let at = (drawing.one_of(&[92.0, 420.0]), 92.0);
    drawing.canvas.disc(at, 40.0, three);
}

fn clouds(drawing: &mut Drawing) {
    let hue = drawing.rich_hue();
    drawing.canvas.cover(Colour::new(0.42, 0.14, hue));
    for number in 0_u8..7 {
        let at = (drawing.between(0.0, EDGE), drawing.between(0.0, EDGE));
        let lightness = drawing.between(0.5, 0.88);
        let cloud = Colour::new(lightness, 0.18, hue + f32::from(number) * 24.0);
        let radius = drawing.between(190.0, 330.0);
        let stops = [(0.0, cloud), (1.0, cloud.faint(0.0))];
        let paint = drawing.canvas.radial(at, radius, &stops);
        drawing.canvas.disc(at, radius, paint);
    }
    drawing.canvas.ring(MIDDLE, 140.0, 5.0, WHITE.faint(0.9));
    drawing.canvas.ring(MIDDLE, 116.0, 2.0, WHITE.faint(0.6));
}

/// Lines like the echo of a signal, each in front of the one before.
fn ridges(drawing: &mut Drawing) {
    let night = Colour::new(0.19, 0.05, drawing.between(0.0, 360.0));
    let ink = Colour::new(0.9, 0.11, drawing.between(0.0, 360.0));
    drawing.canvas.cover(night);
    for row in 0_u8..17 {
        let base = 128.0 + 17.0 * f32::from(row);
        let line: Vec<Point> = (0_u8..=46)
            .map(|step| {
                let x = 88.0 + 336.0 * f32::from(step) / 46.0;
                let near = 1.0 - ((x - 256.0) / 150.0).powi(2);
                let jump = drawing.between(0.0, 46.0) * near.max(0.03);
                (x, base - jump)
            })
            .collect();
        drawing.canvas.polygon(&line, night);
        let part = f32::from(row) / 16.0;
        drawing
            .canvas
            .line(&polyline(&line), 2.6, ink.turned(70.0 * part));
    }
}

/// The moon from new to full and back.
fn phases(drawing: &mut Drawing) {
    let hue = drawing.rich_hue();
    let night = Colour::new(0.22, 0.08, hue);
    let moon = Colour::new(0.93, 0.07, hue + 150.0);
    drawing
        .canvas
        .sky(&[(0.0, night), (1.0, night.turned(40.0).lit(0.38))]);
    drawing.stars(60, EDGE);
    drawing.moon(MIDDLE, 84.0, moon);
    for (aside, radius, inner) in [(126.0, 34.0, 90.0), (192.0, 24.0, 32.0)] {
        for (x, sweep) in [(256.0 - aside, 1), (256.0 + aside, 0)] {
            let (top, low, back) = (256.0 - radius, 256.0 + radius, 1 - sweep);
            let crescent = format!(
                "M{x:.1} {top:.1}A{radius} {radius} 0 0 {sweep} {x:.1} {low:.1}\
                 A{inner} {inner} 0 0 {back} {x:.1} {top:.1}Z"
            );
            drawing.canvas.shape(&crescent, moon);
        }
    }
}
