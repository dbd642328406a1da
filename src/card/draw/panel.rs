//! The lower part of a card: what they do, an activity a panel.

use super::{
    icons,
    sheet::{Place, Sheet, WIDTH, style},
    svg::Number,
};
use crate::{
    content::{Kind, Panel, Time, Use},
    text::{self, Line, Style, Weight},
    words,
};

/// How high a panel is.
pub const HEIGHT: f32 = 120.0;

/// How wide the artwork is, and its distance from the panel's edge.
const ART: f32 = 88.0;
const INSET: f32 = 16.0;

/// How high a line is, from one base line to the next, by what it is.
const LABEL: f32 = 18.0;
const TITLE: f32 = 23.0;
const TEXT: f32 = 19.0;
const BAR: f32 = 20.0;

const LABEL_STYLE: Style = Style {
    size: 11.0,
    weight: Weight::SemiBold,
    spacing: 0.7,
};

fn ground(sheet: &mut Sheet<'_>, y: f32) {
    let (x, width) = (sheet.padding, WIDTH - 2.0 * sheet.padding);
    let fill = sheet.palette.panel;
    sheet.svg.markup(format_args!(
        r#"<rect x="{}" y="{}" width="{}" height="{HEIGHT}" rx="18" fill="{fill}"/>"#,
        Number(x),
        Number(y),
        Number(width)
    ));
}

/// The panel of somebody who does nothing.
pub fn draw_nothing(sheet: &mut Sheet<'_>, y: f32, title: &str, message: &str) {
    ground(sheet, y);
    let art = (sheet.padding + INSET, y + INSET);
    tile(sheet, art, icons::MOON, sheet.palette.faint);
    let x = art.0 + ART + INSET;
    let width = sheet.right() - INSET - x;
    let title = text::line(title, style(18.0, Weight::SemiBold), width);
    let message = text::paragraph(message, style(14.5, Weight::Regular), width, 3);
    let has_title = !title.text.is_empty();
    let lines = message.len() as f32 + if has_title { 1.15 } else { 0.0 };
    let mut base = y + HEIGHT / 2.0 - lines * TEXT / 2.0 + 14.0;
    if has_title {
        sheet.svg.line(&title, x, base, sheet.palette.strong);
        base += TITLE;
    }
    for line in &message {
        sheet.svg.line(line, x, base, sheet.palette.text);
        base += TEXT;
    }
}

/// The panel of an activity. `index` tells the panels of a card apart, `more` is how many activities
/// have none.
pub fn draw(sheet: &mut Sheet<'_>, y: f32, index: usize, panel: &Panel<'_>, more: usize) {
    ground(sheet, y);
    let art = (sheet.padding + INSET, y + INSET);
    artwork(sheet, art, index, panel);
    let x = art.0 + ART + INSET;
    let right = sheet.right() - INSET;
    let is_bar = matches!(panel.time, Some(Time::Progress { .. }));
    let time = panel.time.map_or(0.0, |_| if is_bar { BAR } else { TEXT });
    let lines = panel.lines.len().min(2) as f32;
    let has_label = more > 0 || !panel.label.is_empty();
    let above = if has_label { LABEL } else { 0.0 };
    let whole = above + TITLE + lines * TEXT + time;
    let mut base = y + (HEIGHT - whole) / 2.0 + 12.0;
    if has_label {
        label(sheet, panel, more, (x, base, right));
    }
    base += above + 3.0;
    let width = right - x;
    let fill = sheet.palette.strong;
    sheet.text(
        panel.title,
        style(18.0, Weight::SemiBold),
        Place {
            x,
            y: base,
            width,
            fill,
        },
    );
    base += TITLE - 2.0;
    for line in panel.lines.iter().take(2) {
        let fill = sheet.palette.text;
        sheet.text(
            line,
            style(14.5, Weight::Regular),
            Place {
                x,
                y: base,
                width,
                fill,
            },
        );
        base += TEXT;
    }
    match panel.time {
        None => {}
        Some(Time::Progress { passed, length }) => {
            bar(sheet, panel.kind, (x, base - 1.0, right), (passed, length));
        }
        Some(Time::Elapsed(ms)) => since(sheet, (x, base), &format!("for {}", words::duration(ms))),
        Some(Time::Left(ms)) => since(sheet, (x, base), &format!("{} left", words::duration(ms))),
    }
}

/// What kind of activity it is, and how many more there are.
fn label(sheet: &mut Sheet<'_>, panel: &Panel<'_>, more: usize, (x, y, right): (f32, f32, f32)) {
    let mut right = right;
    if more > 0 {
        let line = text::line(&format!("+{more} MORE"), LABEL_STYLE, 100.0);
        sheet
            .svg
            .line(&line, right - line.width(), y, sheet.palette.faint);
        right -= line.width() + 14.0;
    }
    if panel.kind == Kind::Spotify {
        equaliser(sheet, right - 15.0, y);
        right -= 29.0;
    }
    let fill = match panel.kind {
        Kind::Spotify => sheet.palette.green,
        _ => sheet.palette.faint,
    };
    let line = text::line(&panel.label, LABEL_STYLE, right - x);
    sheet.svg.line(&line, x, y, fill);
}

/// Bars that dance to the music.
fn equaliser(sheet: &mut Sheet<'_>, x: f32, y: f32) {
    const BARS: [(f32, f32, &str); 4] = [
        (6.0, 11.0, "1.1s"),
        (11.0, 4.0, ".9s"),
        (4.0, 9.0, "1.3s"),
        (9.0, 5.0, "1s"),
    ];
    let fill = sheet.palette.green;
    for (index, (high, other, seconds)) in BARS.into_iter().enumerate() {
        let x = Number(x + 4.0 * index as f32);
        let (top, lower) = (Number(y - high), Number(y - other));
        let moving = if sheet.animate {
            format!(
                r#"<animate attributeName="height" values="{high};{other};{high}" dur="{seconds}" repeatCount="indefinite"/><animate attributeName="y" values="{top};{lower};{top}" dur="{seconds}" repeatCount="indefinite"/>"#
            )
        } else {
            String::new()
        };
        sheet.svg.markup(format_args!(
            r#"<rect x="{x}" y="{top}" width="2.6" height="{high}" rx="1.3" fill="{fill}">{moving}</rect>"#
        ));
    }
}

fn since(sheet: &mut Sheet<'_>, (x, y): (f32, f32), said: &str) {
    let fill = sheet.palette.faint;
    sheet.icon(icons::CLOCK, x, y - 11.5, 14.0, fill);
    let width = sheet.right() - INSET - x - 20.0;
    let place = Place {
        x: x + 20.0,
        y,
        width,
        fill,
    };
    sheet.text(said, style(13.5, Weight::Regular), place);
}

/// How much of something is over, and how long it is.
fn bar(
    sheet: &mut Sheet<'_>,
    kind: Kind,
    (x, y, right): (f32, f32, f32),
    (passed, length): (i64, i64),
) {
    let time = |ms| text::line(&words::clock(ms), style(12.5, Weight::Regular), 80.0);
    let (now, end): (Line, Line) = (time(passed), time(length));
    let faint = sheet.palette.faint;
    sheet.svg.line(&now, x, y, faint);
    sheet.svg.line(&end, right - end.width(), y, faint);
    // What the longest time before the end takes stays free, so that bars begin at one place.
    let left = x + now.width().max(end.width()) + 9.0;
    let whole = right - end.width() - 9.0 - left;
    let done = whole * passed as f32 / length as f32;
    let (top, track) = (Number(y - 7.0), sheet.palette.track);
    let fill = if kind == Kind::Spotify {
        sheet.palette.green
    } else {
        sheet.palette.strong
    };
    let moving = if sheet.animate && passed < length {
        format!(
            r#"<animate attributeName="width" from="{}" to="{}" dur="{}s" fill="freeze"/>"#,
            Number(done.max(5.0)),
            Number(whole),
            ((length - passed) / 1_000).max(1)
        )
    } else {
        String::new()
    };
    let (left, whole, done) = (Number(left), Number(whole), Number(done.max(5.0)));
    sheet.svg.markup(format_args!(
        r#"<rect x="{left}" y="{top}" width="{whole}" height="5" rx="2.5" fill="{track}"/><rect x="{left}" y="{top}" width="{done}" height="5" rx="2.5" fill="{fill}">{moving}</rect>"#
    ));
}

/// The artwork, or a sign in its place, and the small picture at its corner.
fn artwork(sheet: &mut Sheet<'_>, (x, y): (f32, f32), index: usize, panel: &Panel<'_>) {
    let corner = panel.corner.and_then(|url| sheet.picture(url, Use::Corner));
    let hole = corner.as_ref().map(|_| (x + ART - 10.0, y + ART - 10.0));
    match panel.art.and_then(|url| sheet.picture(url, Use::Art)) {
        None => tile_with_hole(sheet, (x, y), icons::of_kind(panel.kind), index, hole),
        Some(uri) => {
            mask(sheet, (x, y), index, hole);
            let plate = sheet.palette.plate;
            let (x, y) = (Number(x), Number(y));
            sheet.svg.markup(format_args!(
                r##"<g mask="url(#m{index})"><rect x="{x}" y="{y}" width="88" height="88" fill="{plate}"/><image x="{x}" y="{y}" width="88" height="88" preserveAspectRatio="xMidYMid slice" href="{uri}"/></g>"##
            ));
        }
    }
    if let (Some(uri), Some((cx, cy))) = (corner, hole) {
        let (left, top) = (Number(cx - 14.0), Number(cy - 14.0));
        let (cx, cy) = (Number(cx), Number(cy));
        sheet.svg.markup(format_args!(
            r##"<clipPath id="c{index}"><circle cx="{cx}" cy="{cy}" r="14"/></clipPath><image clip-path="url(#c{index})" x="{left}" y="{top}" width="28" height="28" preserveAspectRatio="xMidYMid slice" href="{uri}"/>"##
        ));
    }
}

fn mask(sheet: &mut Sheet<'_>, (x, y): (f32, f32), index: usize, hole: Option<(f32, f32)>) {
    let cut = hole.map(|(x, y)| {
        format!(
            r##"<circle cx="{}" cy="{}" r="18" fill="#000"/>"##,
            Number(x),
            Number(y)
        )
    });
    sheet.svg.markup(format_args!(
        r##"<mask id="m{index}"><rect x="{}" y="{}" width="88" height="88" rx="14" fill="#fff"/>{}</mask>"##,
        Number(x),
        Number(y),
        cut.unwrap_or_default()
    ));
}

fn tile_with_hole(
    sheet: &mut Sheet<'_>,
    at: (f32, f32),
    icon: icons::Icon,
    index: usize,
    hole: Option<(f32, f32)>,
) {
    let stroke = sheet.palette.faint;
    mask(sheet, at, index, hole);
    sheet
        .svg
        .markup(format_args!(r##"<g mask="url(#m{index})">"##));
    tile(sheet, at, icon, stroke);
    sheet.svg.markup(format_args!("</g>"));
}

fn tile(sheet: &mut Sheet<'_>, (x, y): (f32, f32), icon: icons::Icon, stroke: &str) {
    let fill = sheet.palette.track;
    sheet.svg.markup(format_args!(
        r#"<rect x="{}" y="{}" width="88" height="88" rx="14" fill="{fill}" fill-opacity=".6"/>"#,
        Number(x),
        Number(y)
    ));
    sheet.icon(icon, x + 24.0, y + 24.0, 40.0, stroke);
}
