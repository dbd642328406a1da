//! The card as a whole: ground, glow, and where the parts stand.

use super::{
    icons::{self, BADGES, Icon},
    panel, person,
    svg::{Number, Svg},
    theme::{Palette, shining},
};
use crate::{
    album::Album,
    content::{Activities, Content, Note, Use},
    options::{CardOptions, Theme},
    text::{self, Style, Weight},
};

/// How wide every card is, in pixels.
pub const WIDTH: f32 = 600.0;

/// How many pixels a rem is.
const REM: f32 = 16.0;

/// The distance of everything from the edge, if the corners are not very round.
const PADDING: f32 = 28.0;

/// The distance between the upper part and the panels.
const GAP: f32 = 20.0;

/// The distance between panels.
const BETWEEN: f32 = 12.0;

/// What all parts of a card share.
pub struct Sheet<'a> {
    /// What is written.
    pub svg: Svg,
    /// Colours.
    pub palette: &'static Palette,
    /// Which of a picture's forms is used.
    pub theme: Theme,
    /// The pictures that came.
    pub album: &'a Album,
    /// Whether bars move.
    pub animate: bool,
    /// The distance from the edge.
    pub padding: f32,
}

impl Sheet<'_> {
    /// Where the content ends on the right.
    pub fn right(&self) -> f32 {
        WIDTH - self.padding
    }

    /// Draws a text; its width.
    pub fn text(&mut self, text: &str, style: Style, place: Place<'_>) -> f32 {
        let line = text::line(text, style, place.width);
        self.svg.line(&line, place.x, place.y, place.fill);
        line.width()
    }

    /// Draws a sign of lines at its upper left corner.
    pub fn icon(&mut self, icon: Icon, x: f32, y: f32, size: f32, stroke: &str) {
        let (x, y) = (Number(x), Number(y));
        let scale = size / 24.0;
        self.svg.markup(format_args!(
            r#"<g transform="translate({x} {y}) scale({scale:.4})" fill="none" stroke="{stroke}" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">{icon}</g>"#
        ));
    }

    /// The data URI of a picture that came.
    pub fn picture(&self, url: &str, used: Use) -> Option<std::sync::Arc<str>> {
        let picture = self.album.get(url, used)?;
        Some(picture.uri(self.theme))
    }
}

/// Where a text stands and how wide it may be.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Its left end.
    pub x: f32,
    /// Its base line.
    pub y: f32,
    /// The most pixels it may take.
    pub width: f32,
    /// Its colour.
    pub fill: &'a str,
}

/// A style without spacing.
pub const fn style(size: f32, weight: Weight) -> Style {
    Style {
        size,
        weight,
        spacing: 0.0,
    }
}

/// The card of a user.
pub fn card(content: &Content<'_>, options: &CardOptions, album: &Album) -> String {
    let radius = options.border_radius_rem * REM;
    let mut sheet = Sheet {
        svg: Svg::with_pictures(album.size(options.theme)),
        palette: options.theme.palette(),
        theme: options.theme,
        album,
        animate: options.animate,
        padding: PADDING.max(radius * 0.3),
    };
    let panels = match &content.activities {
        Activities::Hidden => 0,
        Activities::None { .. } => 1,
        Activities::Some(panels, _) => panels.len(),
    };
    let below = match panels as f32 {
        0.0 => 0.0,
        count => GAP + count * panel::HEIGHT + (count - 1.0) * BETWEEN,
    };
    let height = 2.0 * sheet.padding + person::HEIGHT + below;
    ground(&mut sheet, height, radius.min(height / 2.0), content);
    person::draw(&mut sheet, content);
    let mut y = sheet.padding + person::HEIGHT + GAP;
    match &content.activities {
        Activities::Hidden => {}
        Activities::None { title, message } => panel::draw_nothing(&mut sheet, y, title, message),
        Activities::Some(panels, more) => {
            for (index, one) in panels.iter().enumerate() {
                let rest = if index + 1 == panels.len() { *more } else { 0 };
                panel::draw(&mut sheet, y, index, one, rest);
                y += panel::HEIGHT + BETWEEN;
            }
        }
    }
    let title = format!("{} on Discord", content.name);
    sheet
        .svg
        .finished(WIDTH, height, &title, &description(content))
}

/// The card's ground, with the colours of its pictures shining through.
fn ground(sheet: &mut Sheet<'_>, height: f32, radius: f32, content: &Content<'_>) {
    let avatar = sheet
        .album
        .get(content.avatar, Use::Avatar)
        .map(|picture| picture.accent);
    let avatar = shining(avatar.unwrap_or_else(|| person::colour(content.id)));
    let art = match &content.activities {
        Activities::Some(panels, _) => panels.first().and_then(|panel| panel.art),
        _ => None,
    };
    let art = art.and_then(|url| sheet.album.get(url, Use::Art));
    let art = art.map_or_else(|| avatar.clone(), |picture| shining(picture.accent));
    let glow = sheet.palette.glow;
    let (near, far) = (Number(sheet.padding + 30.0), Number(height));
    sheet.svg.markup(format_args!(
        r##"<radialGradient id="a" gradientUnits="userSpaceOnUse" cx="{near}" cy="0" r="430"><stop stop-color="{avatar}" stop-opacity="{glow}"/><stop offset="1" stop-color="{avatar}" stop-opacity="0"/></radialGradient><radialGradient id="b" gradientUnits="userSpaceOnUse" cx="600" cy="{far}" r="380"><stop stop-color="{art}" stop-opacity="{}"/><stop offset="1" stop-color="{art}" stop-opacity="0"/></radialGradient>"##,
        Number(glow * 0.6),
    ));
    let frame = format!(
        r#"x=".5" y=".5" width="599" height="{}" rx="{}""#,
        Number(height - 1.0),
        Number(radius)
    );
    let Palette { ground, edge, .. } = sheet.palette;
    sheet.svg.markup(format_args!(
        r#"<rect {frame} fill="{ground}"/><rect {frame} fill="url(#a)"/><rect {frame} fill="url(#b)" stroke="{edge}"/>"#
    ));
}

/// What a screen reader says after the title.
fn description(content: &Content<'_>) -> String {
    let mut said: Vec<String> = Vec::new();
    said.extend(content.handle.map(|handle| format!("@{handle}")));
    said.extend(content.tag.map(|(name, _)| format!("server tag {name}")));
    said.extend(content.is_bot.then(|| "app".to_owned()));
    let worn = BADGES
        .iter()
        .filter(|badge| content.flags.contains(&badge.flag));
    said.extend(worn.map(|badge| badge.title.to_owned()));
    said.extend(
        content
            .presence
            .map(|shown| format!("{shown:?}").to_lowercase()),
    );
    let devices = content.platforms.iter();
    said.extend(devices.map(|(device, _)| format!("on {device:?}").to_lowercase()));
    match &content.note {
        Some(Note::Custom { emoji, text, .. }) => {
            said.push(format!("{} {text}", emoji.unwrap_or_default()));
        }
        Some(Note::LastSeen(text)) => said.push(text.clone()),
        None => {}
    }
    match &content.activities {
        Activities::Hidden => {}
        Activities::None { title, message } => {
            said.extend([(*title).to_owned(), (*message).to_owned()]);
        }
        Activities::Some(panels, more) => {
            for panel in panels {
                said.push(
                    format!("{} {}", panel.label, panel.title)
                        .trim_start()
                        .to_owned(),
                );
                said.extend(panel.lines.iter().map(|line| line.clone().into_owned()));
            }
            said.extend((*more > 0).then(|| format!("and {more} more")));
        }
    }
    said.retain(|part| !part.trim().is_empty());
    said.join(", ")
}

/// A card that tells why there is no other one.
pub fn notice(title: &str, message: &str, theme: Theme, radius_rem: f32) -> String {
    const HEIGHT: f32 = 148.0;
    let album = Album::default();
    let mut sheet = Sheet {
        svg: Svg::default(),
        palette: theme.palette(),
        theme,
        album: &album,
        animate: false,
        padding: PADDING,
    };
    let Palette {
        ground,
        edge,
        panel,
        strong,
        text,
        faint,
        ..
    } = sheet.palette;
    let radius = Number((radius_rem * REM).min(HEIGHT / 2.0));
    sheet.svg.markup(format_args!(
        r#"<rect x=".5" y=".5" width="599" height="147" rx="{radius}" fill="{ground}" stroke="{edge}"/><circle cx="84" cy="74" r="40" fill="{panel}"/>"#
    ));
    sheet.icon(icons::LANTERN, 62.0, 52.0, 44.0, faint);
    let width = WIDTH - 148.0 - PADDING;
    let lines = text::paragraph(message, style(15.0, Weight::Regular), width, 3);
    let y = 74.0 - (lines.len() as f32) * 10.0;
    sheet.text(
        title,
        style(21.0, Weight::SemiBold),
        Place {
            x: 148.0,
            y,
            width,
            fill: strong,
        },
    );
    for (index, line) in lines.iter().enumerate() {
        sheet
            .svg
            .line(line, 148.0, y + 26.0 + 21.0 * index as f32, text);
    }
    sheet.svg.finished(WIDTH, HEIGHT, title, message)
}
