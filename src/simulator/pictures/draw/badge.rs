//! Small figures on nothing: badges of server tags, and emoji.

use super::canvas::Point;
use super::colour::{Colour, WHITE};
use super::emblem::star;
use super::{Drawing, Motif};

const MIDDLE: Point = (256.0, 256.0);

const SHIELD: &str = "M256 44C318 88 384 100 444 102C452 288 398 404 256 472C114 404 60 288 68 102C128 100 194 88 256 44Z";
const FLAME: &str = "M266 32C300 126 420 190 420 326C420 420 346 480 256 480C166 480 92 420 92 326C92 262 128 222 158 172C178 204 190 220 212 232C232 168 232 96 266 32Z";
const LEAF: &str = "M440 60C470 270 394 440 214 440C164 440 128 424 106 402L72 456L40 434L86 366C66 328 60 286 76 240C122 110 282 96 440 60Z";
const HEART: &str = "M256 462C40 320 36 216 60 150C92 66 204 56 256 146C308 56 420 66 452 150C476 216 472 320 256 462Z";
const DROP: &str = "M256 36C330 146 416 226 416 324C416 414 346 478 256 478C166 478 96 414 96 324C96 226 182 146 256 36Z";
const BOLT: &str = "M300 28L92 288H226L196 484L420 206H280Z";
const MOON: &str = "M330 60A210 210 0 1 0 452 330A170 170 0 0 1 330 60Z";
const GEM: &str = "M140 84H372L468 206L256 464L44 206Z";

/// A badge: one figure with an edge and light on it.
pub fn badge(drawing: &mut Drawing) {
    let colour = Colour::new(0.7, 0.17, drawing.rich_hue());
    let corners = super::canvas::polyline(&star(MIDDLE, 230.0, 108.0, 5)) + "Z";
    let figures = [SHIELD, FLAME, LEAF, HEART, DROP, BOLT, MOON, GEM, &corners];
    let figure = drawing.one_of(&figures);
    let stops = [
        (0.0, colour.lit(0.86)),
        (1.0, colour.turned(30.0).lit(0.54)),
    ];
    let paint = drawing.canvas.linear((256.0, 40.0), (256.0, 480.0), &stops);
    let edge = colour.turned(30.0).lit(0.34);
    drawing.canvas.line(figure, 40.0, edge);
    drawing.canvas.shape(figure, paint);
    drawing.canvas.moved(
        "translate(256 270) scale(.62) translate(-256 -256)",
        |canvas| {
            canvas.shape(figure, WHITE.faint(0.28));
        },
    );
}

const EMOJI: &[Motif] = &[lantern, smile, flame, heart, gold];

/// An emoji, which hops if it moves.
pub fn emoji(drawing: &mut Drawing) {
    drawing.draw_one_of(EMOJI);
}

/// How high an emoji is at the moment.
fn hop(drawing: &Drawing) -> f32 {
    -26.0 * drawing.swing()
}

fn lantern(drawing: &mut Drawing) {
    let sway = format!("rotate({:.1} 256 40)", 9.0 * drawing.swing());
    let iron = Colour::new(0.52, 0.07, drawing.between(20.0, 300.0));
    let light = Colour::new(0.9, 0.14, 85.0);
    let stops = [
        (0.0, WHITE),
        (0.4, light),
        (1.0, light.turned(-30.0).lit(0.68)),
    ];
    let glass = drawing.canvas.radial((256.0, 306.0), 150.0, &stops);
    drawing.canvas.moved(&sway, |canvas| {
        canvas.line("M190 150C190 40 322 40 322 150", 24.0, iron);
        canvas.rect((150.0, 138.0), (212.0, 44.0), 20.0, iron);
        canvas.shape(
            "M164 182H348C400 250 400 350 348 422H164C112 350 112 250 164 182Z",
            glass,
        );
        canvas.line(
            "M164 182C112 250 112 350 164 422M348 182C400 250 400 350 348 422M256 182V422",
            14.0,
            iron,
        );
        canvas.rect((142.0, 416.0), (228.0, 52.0), 22.0, iron);
    });
}

fn smile(drawing: &mut Drawing) {
    let hue = drawing.one_of(&[90.0, 90.0, 150.0, 230.0, 340.0]);
    let skin = Colour::new(0.87, 0.15, hue);
    let y = 262.0 + hop(drawing);
    let stops = [(0.0, skin.lit(0.93)), (1.0, skin.turned(-25.0).lit(0.74))];
    let paint = drawing.canvas.linear((256.0, 40.0), (256.0, 470.0), &stops);
    drawing.canvas.ellipse((256.0, y), (214.0, 204.0), paint);
    let ink = skin.lit(0.26);
    for x in [182.0, 330.0] {
        drawing.canvas.ellipse((x, y - 44.0), (30.0, 42.0), ink);
        drawing.canvas.disc((x - 8.0, y - 58.0), 11.0, WHITE);
    }
    let laugh = format!(
        "M142 {:.1}H370C364 {:.1} 148 {:.1} 142 {:.1}Z",
        y + 42.0,
        y + 192.0,
        y + 192.0,
        y + 42.0
    );
    drawing.canvas.shape(&laugh, ink);
    drawing.canvas.ellipse(
        (256.0, y + 128.0),
        (56.0, 24.0),
        Colour::new(0.68, 0.18, 15.0),
    );
}

fn flame(drawing: &mut Drawing) {
    let hue = drawing.one_of(&[45.0, 45.0, 250.0, 145.0]);
    let outer = Colour::new(0.7, 0.19, hue);
    let tall = 1.0 + 0.07 * drawing.swing();
    let stops = [(0.0, outer.lit(0.62)), (1.0, outer.turned(30.0).lit(0.84))];
    let paint = drawing.canvas.linear((256.0, 30.0), (256.0, 480.0), &stops);
    let stand = |scale: f32, tall: f32| {
        format!(
            "translate(256 480) scale({scale:.3} {:.3}) translate(-256 -480)",
            scale * tall
        )
    };
    drawing
        .canvas
        .moved(&stand(1.0, tall), |canvas| canvas.shape(FLAME, paint));
    let inner = outer.turned(45.0).lit(0.95);
    drawing.canvas.moved(&stand(0.56, 2.0 - tall), |canvas| {
        canvas.shape(FLAME, inner)
    });
}

fn heart(drawing: &mut Drawing) {
    let colour = Colour::new(
        0.66,
        0.22,
        drawing.one_of(&[20.0, 350.0, 300.0, 260.0, 150.0]),
    );
    let beat = 0.95 + 0.05 * drawing.swing();
    let stops = [(0.0, colour.lit(0.76)), (1.0, colour.lit(0.54))];
    let paint = drawing.canvas.linear((256.0, 80.0), (256.0, 460.0), &stops);
    let place = format!("translate(256 270) scale({beat:.3}) translate(-256 -270)");
    drawing.canvas.moved(&place, |canvas| {
        canvas.shape(HEART, paint);
        canvas.line("M106 210C100 166 124 134 160 130", 26.0, WHITE.faint(0.75));
    });
}

fn gold(drawing: &mut Drawing) {
    let metal = Colour::new(0.88, 0.16, drawing.one_of(&[88.0, 88.0, 60.0, 210.0]));
    let stops = [(0.0, metal.lit(0.95)), (1.0, metal.turned(-25.0).lit(0.72))];
    let paint = drawing.canvas.linear((256.0, 40.0), (256.0, 460.0), &stops);
    let corners = star((256.0, 270.0), 214.0, 112.0, 5);
    let turn = format!("rotate({:.1} 256 270)", 10.0 * drawing.swing());
    drawing.canvas.moved(&turn, |canvas| {
        let outline = super::canvas::polyline(&corners) + "Z";
        canvas.line(&outline, 44.0, paint.clone());
        canvas.polygon(&corners, paint);
    });
}
