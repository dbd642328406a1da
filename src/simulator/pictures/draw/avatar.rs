//! Avatars: two colours that go together, and a figure on them.

use std::f32::consts::TAU;

use super::canvas::{Canvas, Point};
use super::colour::{Colour, WHITE};
use super::{Drawing, EDGE, Motif};

/// How many avatars have no background.
const TRANSPARENT: f64 = 0.12;
/// How far apart two hues are that go together.
const HARMONIES: &[f32] = &[-80.0, -60.0, -40.0, 40.0, 60.0, 80.0];
/// Figures that need a background.
const MOTIFS: &[Motif] = &[
    creature, creature, creature, cat, orbs, waves, flower, hills,
];
/// Figures that stand alone.
const ALONE: &[Motif] = &[creature_alone, flower];
/// The colours of default avatars, as Discord has them.
const DEFAULTS: [Colour; 6] = [
    Colour::new(0.577, 0.209, 273.9),
    Colour::new(0.585, 0.022, 254.0),
    Colour::new(0.645, 0.137, 155.0),
    Colour::new(0.79, 0.16, 74.0),
    Colour::new(0.622, 0.206, 25.0),
    Colour::new(0.66, 0.21, 352.0),
];

/// Somebody's own avatar.
pub fn own(drawing: &mut Drawing) {
    let hue = drawing.rich_hue();
    let other = hue + drawing.one_of(HARMONIES);
    drawing.contrast = hue + drawing.between(110.0, 250.0);
    if drawing.sometimes(TRANSPARENT) {
        return drawing.draw_one_of(ALONE);
    }
    let (from, to) = (Colour::new(0.8, 0.13, other), Colour::new(0.55, 0.18, hue));
    let angle = drawing.between(0.2, 1.4);
    let (sin, cos) = angle.sin_cos();
    let reach = EDGE * 0.62;
    let (middle, x, y) = (EDGE / 2.0, cos * reach, sin * reach);
    let ends = ((middle - x, middle - y), (middle + x, middle + y));
    let paint = drawing
        .canvas
        .linear(ends.0, ends.1, &[(0.0, from), (1.0, to)]);
    drawing.canvas.cover(paint);
    drawing.draw_one_of(MOTIFS);
}

/// One of the six avatars of those who have none: a lantern.
pub fn default(drawing: &mut Drawing, index: u8) {
    let ground = DEFAULTS.get(usize::from(index)).copied();
    drawing.canvas.cover(ground.unwrap_or_default());
    lantern(&mut drawing.canvas, WHITE);
}

/// A lantern in one colour, around the middle.
fn lantern(canvas: &mut Canvas, colour: Colour) {
    canvas.line("M206 168C206 96 306 96 306 168", 20.0, colour);
    canvas.shape(
        "M190 160H322A14 14 0 0 1 322 190H190A14 14 0 0 1 190 160Z",
        colour,
    );
    canvas.shape(
        "M196 206H316C342 244 342 312 316 350H196C170 312 170 244 196 206Z\
         M256 234C236 266 224 282 224 302A32 32 0 0 0 288 302C288 282 276 266 256 234Z",
        colour,
    );
    canvas.shape(
        "M190 366H322A14 14 0 0 1 322 396H190A14 14 0 0 1 190 366Z",
        colour,
    );
}

/// A light colour for a figure.
fn skin(drawing: &mut Drawing) -> Colour {
    let lightness = drawing.between(0.8, 0.93);
    Colour::new(lightness, 0.11, drawing.contrast)
}

fn creature(drawing: &mut Drawing) {
    let skin = skin(drawing);
    let lift = drawing.swing() * 12.0;
    let (wide, top) = (
        drawing.between(150.0, 200.0),
        drawing.between(150.0, 200.0) + lift,
    );
    let (left, right) = (256.0 - wide, 256.0 + wide);
    let stops = [(0.0, skin), (1.0, skin.turned(25.0).lit(0.62))];
    let paint = drawing.canvas.linear((256.0, top), (256.0, EDGE), &stops);
    horns(drawing, (wide, top), skin);
    let body = format!(
        "M{left:.1} 540V{:.1}C{left:.1} {top:.1} {right:.1} {top:.1} {right:.1} {:.1}V540Z",
        top + wide * 1.3,
        top + wide * 1.3,
    );
    drawing.canvas.shape(&body, paint);
    let y = top + wide * 0.92;
    face(drawing, (256.0, y), wide * 0.42, skin);
}

/// What a creature has on its head: ears, an antenna or two, or nothing.
fn horns(drawing: &mut Drawing, (wide, top): Point, skin: Colour) {
    let dark = skin.lit(0.66);
    match drawing.one_of(&[0_u8, 1, 2, 3]) {
        0 => {
            for side in [-1.0, 1.0] {
                let at = (256.0 + side * wide * 0.66, top + wide * 0.42);
                drawing.canvas.disc(at, wide * 0.36, dark);
                drawing.canvas.disc(at, wide * 0.2, skin.turned(-30.0));
            }
        }
        1 => {
            for side in [-1.0, 1.0] {
                let (x, y) = (256.0 + side * wide * 0.5, top - wide * 0.16);
                let stalk = format!(
                    "M{:.1} {:.1}Q{:.1} {:.1} {x:.1} {y:.1}",
                    256.0 + side * wide * 0.2,
                    top + wide * 0.5,
                    256.0 + side * wide * 0.22,
                    y,
                );
                drawing.canvas.line(&stalk, 14.0, dark);
                drawing.canvas.disc((x, y), 24.0, skin.turned(140.0));
            }
        }
        2 => {
            let leaf = format!(
                "M256 {:.1}C226 {:.1} 256 {:.1} 306 {:.1}C316 {:.1} 286 {:.1} 256 {:.1}Z",
                top + wide * 0.4,
                top - 20.0,
                top - 60.0,
                top - 64.0,
                top - 10.0,
                top + 10.0,
                top + wide * 0.4,
            );
            drawing.canvas.shape(&leaf, Colour::new(0.68, 0.17, 145.0));
        }
        _ => {}
    }
}

fn creature_alone(drawing: &mut Drawing) {
    let skin = skin(drawing);
    let lift = drawing.swing() * 12.0;
    let corners = drawing.one_of(&[0_u8, 10, 12]);
    let centre = (256.0, 264.0 + lift);
    let stops = [(0.0, skin.lit(0.88)), (1.0, skin.turned(30.0).lit(0.58))];
    let paint = drawing.canvas.linear((256.0, 60.0), (256.0, 470.0), &stops);
    match corners {
        0 => drawing.canvas.disc(centre, 206.0, paint),
        points => {
            let burst = super::emblem::star(centre, 226.0, 190.0, points);
            drawing.canvas.polygon(&burst, paint);
        }
    }
    face(drawing, (centre.0, centre.1 - 20.0), 84.0, skin);
}

/// Eyes and a mouth. `apart` is how far each eye is from the middle.
fn face(drawing: &mut Drawing, (x, y): Point, apart: f32, skin: Colour) {
    let ink = skin.lit(0.22);
    // Who moves blinks for one moment of six.
    let blinks = drawing.moment > 0.6 && drawing.moment < 0.8;
    let eyes = drawing.one_of(&[0_u8, 0, 1, 2]);
    let size = apart * drawing.between(0.26, 0.4);
    let look = (
        drawing.between(-0.3, 0.3) * size,
        drawing.between(-0.2, 0.3) * size,
    );
    for side in [-1.0, 1.0] {
        let at = (x + side * apart, y);
        let (left, right) = (at.0 - size, at.0 + size);
        match eyes {
            _ if blinks => drawing
                .canvas
                .line(&format!("M{left:.1} {y:.1}H{right:.1}"), 11.0, ink),
            0 => {
                drawing.canvas.disc(at, size, ink);
                let shine = (at.0 - size * 0.3, at.1 - size * 0.35);
                drawing.canvas.disc(shine, size * 0.3, WHITE);
            }
            1 => {
                drawing.canvas.disc(at, size * 1.3, WHITE);
                drawing
                    .canvas
                    .disc((at.0 + look.0, at.1 + look.1), size * 0.75, ink);
            }
            _ => {
                let closed = format!(
                    "M{left:.1} {y:.1}Q{:.1} {:.1} {right:.1} {y:.1}",
                    at.0,
                    y - size * 1.5
                );
                drawing.canvas.line(&closed, 12.0, ink);
            }
        }
        let cheek = (x + side * apart * 1.45, y + apart * 0.52);
        drawing.canvas.ellipse(
            cheek,
            (size * 0.9, size * 0.6),
            Colour::new(0.7, 0.17, 15.0).faint(0.45),
        );
    }
    mouth(drawing, (x, y + apart * 0.62), apart * 0.42, ink);
}

fn mouth(drawing: &mut Drawing, (x, y): Point, half: f32, ink: Colour) {
    let (left, right) = (x - half, x + half);
    match drawing.one_of(&[0_u8, 0, 1, 2]) {
        0 => {
            let smile = format!("M{left:.1} {y:.1}Q{x:.1} {:.1} {right:.1} {y:.1}", y + half);
            drawing.canvas.line(&smile, 12.0, ink);
        }
        1 => {
            let low = y + half * 1.7;
            let laugh = format!(
                "M{left:.1} {y:.1}H{right:.1}C{right:.1} {low:.1} {left:.1} {low:.1} {left:.1} {y:.1}Z"
            );
            drawing.canvas.shape(&laugh, ink);
            let tongue = Colour::new(0.68, 0.17, 15.0);
            drawing
                .canvas
                .ellipse((x, y + half * 0.95), (half * 0.46, half * 0.26), tongue);
        }
        _ => drawing.canvas.disc((x, y + half * 0.4), half * 0.36, ink),
    }
}

fn cat(drawing: &mut Drawing) {
    let fur = skin(drawing);
    let lift = drawing.swing() * 10.0;
    let tip = 112.0 + lift;
    for side in [-1.0, 1.0] {
        let ear = |scale: f32| {
            let x = 256.0 + side * 132.0;
            [
                (x - 84.0 * scale, 282.0 + lift),
                (x + side * 22.0, tip + (1.0 - scale) * 90.0),
                (x + 84.0 * scale, 282.0 + lift),
            ]
        };
        drawing.canvas.polygon(&ear(1.0), fur);
        drawing
            .canvas
            .polygon(&ear(0.55), Colour::new(0.75, 0.13, 10.0));
    }
    let stops = [(0.0, fur), (1.0, fur.turned(20.0).lit(0.68))];
    let paint = drawing
        .canvas
        .linear((256.0, 190.0), (256.0, 500.0), &stops);
    drawing
        .canvas
        .ellipse((256.0, 350.0 + lift), (206.0, 164.0), paint);
    let ink = fur.lit(0.22);
    for side in [-1.0, 1.0] {
        for (from, to) in [(366.0, 350.0), (386.0, 392.0)] {
            let (near, far) = (256.0 + side * 128.0, 256.0 + side * 216.0);
            let whisker = format!("M{near:.1} {:.1}L{far:.1} {:.1}", from + lift, to + lift);
            drawing.canvas.line(&whisker, 7.0, ink.faint(0.6));
        }
    }
    face(drawing, (256.0, 330.0 + lift), 88.0, fur);
}

fn orbs(drawing: &mut Drawing) {
    let hue = drawing.contrast;
    let count = drawing.one_of(&[5_u8, 6, 7]);
    let start = drawing.between(0.0, TAU);
    for number in 0..count {
        let part = f32::from(number) / f32::from(count);
        let (sin, cos) = (start + TAU * (part + drawing.moment / f32::from(count))).sin_cos();
        let centre = (256.0 + 104.0 * cos, 256.0 + 104.0 * sin);
        let colour = Colour::new(0.86, 0.13, hue + 60.0 * part);
        let stops = [(0.0, colour.faint(0.9)), (1.0, colour.lit(0.66).faint(0.5))];
        let paint = drawing.canvas.linear(
            (centre.0, centre.1 - 120.0),
            (centre.0, centre.1 + 120.0),
            &stops,
        );
        drawing.canvas.disc(centre, 128.0, paint);
    }
    drawing.canvas.disc((256.0, 256.0), 46.0, WHITE.faint(0.92));
}

fn waves(drawing: &mut Drawing) {
    let hue = drawing.rich_hue();
    let x = drawing.between(150.0, 362.0);
    let light = Colour::new(0.95, 0.07, 90.0);
    drawing.sun(
        (x, 172.0 + drawing.swing() * 8.0),
        74.0,
        light,
        light.lit(0.88),
    );
    for number in 0_u8..4 {
        let part = f32::from(number) / 3.0;
        let phase = drawing.between(0.0, TAU) + TAU * drawing.moment;
        let level = 270.0 + 62.0 * f32::from(number);
        let crest: Vec<Point> = (0_u8..=64)
            .map(|step| f32::from(step) * 8.0)
            .map(|x| (x, level + 26.0 * (TAU * x / 330.0 + phase).sin()))
            .collect();
        let colour = Colour::new(0.78 - 0.42 * part, 0.13, hue + 40.0 * part);
        drawing.ground(&crest, colour, colour.lit(0.66 - 0.4 * part));
    }
}

fn flower(drawing: &mut Drawing) {
    let petals = drawing.one_of(&[5_u8, 6, 8, 10]);
    let petal = skin(drawing);
    let angle = 360.0 / f32::from(petals);
    let turn = angle * drawing.moment + drawing.between(0.0, 60.0);
    let wide = 560.0 / f32::from(petals).max(6.0);
    let stops = [(0.0, petal.turned(30.0).lit(0.58)), (1.0, petal)];
    let paint = drawing.canvas.radial((256.0, 256.0), 220.0, &stops);
    for number in 0..petals {
        let place = format!("rotate({:.1} 256 256)", turn + angle * f32::from(number));
        let paint = paint.clone();
        drawing.canvas.moved(&place, |canvas| {
            canvas.ellipse((256.0, 142.0), (wide * 0.72, 102.0), paint);
        });
    }
    let heart = Colour::new(0.86, 0.16, 88.0);
    drawing.canvas.disc((256.0, 256.0), 66.0, heart);
    drawing.canvas.disc((256.0, 256.0), 40.0, heart.lit(0.74));
}

fn hills(drawing: &mut Drawing) {
    let hue = drawing.rich_hue();
    drawing.stars(30, 260.0);
    let x = drawing.between(150.0, 362.0);
    let moon = Colour::new(0.96, 0.04, 90.0);
    drawing.moon((x, 176.0 + drawing.swing() * 10.0), 66.0, moon);
    let far = Colour::new(0.6, 0.13, hue);
    drawing.hills(4, 300.0, far, Colour::new(0.24, 0.09, hue + 40.0));
}
