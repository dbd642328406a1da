//! The upper part of a card: who it is.

use unicode_segmentation::UnicodeSegmentation;

use super::{
    icons::{self, BADGES, Badge},
    sheet::{Place, Sheet, style},
    svg::Number,
    theme::of_status,
};
use crate::{
    content::{Content, Note, Shown, Use},
    text::{self, Weight},
};

/// How high it is, and how wide the avatar.
pub const HEIGHT: f32 = 96.0;

/// Between the avatar and the texts.
const BESIDE: f32 = 22.0;

/// The most badges that are shown.
const MOST_BADGES: usize = 8;

/// How wide a badge is, and the way from one to the next.
const BADGE: f32 = 19.0;
const BADGE_STEP: f32 = 25.0;

/// How wide the sign of a device is, and the way from one to the next.
const DEVICE: f32 = 17.0;
const DEVICE_STEP: f32 = 25.0;

/// Draws it.
pub fn draw(sheet: &mut Sheet<'_>, content: &Content<'_>) {
    avatar(sheet, content);
    let x = sheet.padding + HEIGHT + BESIDE;
    let top = sheet.padding;
    let has_handle =
        content.handle.is_some() || content.flags.iter().any(|flag| badge(flag).is_some());
    let (name, handle, note) = match (has_handle, &content.note) {
        (true, Some(_)) => (33.0, 57.0, 85.0),
        (true, None) => (47.0, 73.0, 0.0),
        (false, Some(_)) => (45.0, 0.0, 75.0),
        (false, None) => (58.0, 0.0, 0.0),
    };
    names(sheet, content, x, top + name);
    handle_and_badges(sheet, content, x, top + handle);
    self::note(sheet, content, x, top + note);
}

fn avatar(sheet: &mut Sheet<'_>, content: &Content<'_>) {
    let (left, top) = (sheet.padding, sheet.padding);
    let (cx, cy) = (left + HEIGHT / 2.0, top + HEIGHT / 2.0);
    let hole = content.presence.map(|_| (left + 81.0, top + 81.0));
    // The status sits in a hole of the avatar, so that whatever is behind shows around it.
    let cut = hole.map(|(x, y)| format!(r##"<circle cx="{x}" cy="{y}" r="18" fill="#000"/>"##));
    sheet.svg.markup(format_args!(
        r##"<mask id="m"><circle cx="{cx}" cy="{cy}" r="48" fill="#fff"/>{}</mask><g mask="url(#m)">"##,
        cut.unwrap_or_default()
    ));
    match sheet.picture(content.avatar, Use::Avatar) {
        Some(uri) => {
            let plate = sheet.palette.plate;
            sheet.svg.markup(format_args!(
                r#"<circle cx="{cx}" cy="{cy}" r="48" fill="{plate}"/><image x="{left}" y="{top}" width="96" height="96" preserveAspectRatio="xMidYMid slice" href="{uri}"/>"#
            ));
        }
        None => initial(sheet, content, cx, cy),
    }
    sheet.svg.markup(format_args!("</g>"));
    if let (Some((x, y)), Some(shown)) = (hole, content.presence) {
        status(sheet, shown, x, y);
    }
}

/// In place of an avatar that did not come: the first letter on a colour of their own.
fn initial(sheet: &mut Sheet<'_>, content: &Content<'_>, cx: f32, cy: f32) {
    let [red, green, blue] = colour(content.id);
    sheet.svg.markup(format_args!(
        r##"<circle cx="{cx}" cy="{cy}" r="48" fill="#{red:02x}{green:02x}{blue:02x}"/>"##
    ));
    let name = text::clean(content.name);
    let letter = name.graphemes(true).next().unwrap_or("?").to_uppercase();
    let line = text::line(&letter, style(42.0, Weight::SemiBold), HEIGHT);
    let x = cx - line.width() / 2.0;
    sheet.svg.line(&line, x, cy + 15.0, "#fff");
}

/// A colour that is always the same for the same user.
pub fn colour(id: &str) -> [u8; 3] {
    const COLOURS: [[u8; 3]; 6] = [
        [0x58, 0x65, 0xf2],
        [0x75, 0x7e, 0x8a],
        [0x3b, 0xa5, 0x5c],
        [0xd9, 0x8a, 0x1f],
        [0xd8, 0x3c, 0x3e],
        [0xc6, 0x4d, 0xa8],
    ];
    let number: u64 = id.parse().unwrap_or_default();
    let index = usize::try_from((number >> 22) % 6).unwrap_or_default();
    COLOURS.get(index).copied().unwrap_or_default()
}

/// The status: its shape tells it too, for those who do not see the colour.
fn status(sheet: &mut Sheet<'_>, shown: Shown, x: f32, y: f32) {
    let fill = of_status(shown);
    let shape = match shown {
        Shown::Online => r#"<circle r="12"/>"#,
        Shown::Idle => r#"<path d="M-2.2-11.8A12 12 0 1 0 11.8 2.2 8.6 8.6 0 0 1-2.2-11.8z"/>"#,
        Shown::Dnd => {
            r#"<path fill-rule="evenodd" d="M0-12a12 12 0 1 0 0 24 12 12 0 1 0 0-24zM-5.5-2.5h11a2.5 2.5 0 0 1 0 5h-11a2.5 2.5 0 0 1 0-5z"/>"#
        }
        Shown::Offline => {
            r#"<path fill-rule="evenodd" d="M0-12a12 12 0 1 0 0 24 12 12 0 1 0 0-24zM0-6a6 6 0 1 1 0 12 6 6 0 1 1 0-12z"/>"#
        }
        Shown::Streaming => {
            r#"<path fill-rule="evenodd" d="M0-12a12 12 0 1 0 0 24 12 12 0 1 0 0-24zM-3.5-5.8L6 0l-9.5 5.8z"/>"#
        }
    };
    sheet.svg.markup(format_args!(
        r#"<g fill="{fill}" transform="translate({x} {y})">{shape}</g>"#
    ));
}

fn names(sheet: &mut Sheet<'_>, content: &Content<'_>, x: f32, y: f32) {
    let mut right = sheet.right();
    for (platform, shown) in content.platforms.iter().rev() {
        right -= DEVICE_STEP;
        let icon = icons::of_platform(*platform);
        sheet.icon(
            icon,
            right + DEVICE_STEP - DEVICE,
            y - 18.0,
            DEVICE,
            of_status(*shown),
        );
    }
    let chips: Vec<Chip<'_>> = chips(content);
    let taken: f32 = chips.iter().map(|chip| chip.width() + 9.0).sum();
    let width = right - x - taken - 12.0;
    let fill = sheet.palette.strong;
    let mut at = x + sheet.text(
        content.name,
        style(27.0, Weight::SemiBold),
        Place { x, y, width, fill },
    );
    for chip in chips {
        at += 9.0;
        chip.draw(sheet, at, y - 20.0);
        at += chip.width();
    }
}

/// A small label beside the name.
struct Chip<'a> {
    line: text::Line,
    icon: Option<&'a str>,
    is_loud: bool,
}

fn chips<'a>(content: &Content<'a>) -> Vec<Chip<'a>> {
    let tag = content.tag.map(|(name, icon)| Chip {
        line: text::line(name, style(13.0, Weight::SemiBold), 70.0),
        icon,
        is_loud: false,
    });
    let bot = content.is_bot.then(|| Chip {
        line: text::line("APP", style(11.5, Weight::SemiBold), 70.0),
        icon: None,
        is_loud: true,
    });
    tag.into_iter().chain(bot).collect()
}

impl Chip<'_> {
    fn width(&self) -> f32 {
        let icon = if self.icon.is_some() { 20.0 } else { 0.0 };
        self.line.width() + icon + 14.0
    }

    fn draw(&self, sheet: &mut Sheet<'_>, x: f32, y: f32) {
        let (ground, ink) = if self.is_loud {
            ("#5865f2", "#fff")
        } else {
            (sheet.palette.track, sheet.palette.strong)
        };
        sheet.svg.markup(format_args!(
            r#"<rect x="{}" y="{}" width="{}" height="23" rx="7" fill="{ground}"/>"#,
            Number(x),
            Number(y),
            Number(self.width())
        ));
        let mut at = x + 7.0;
        if let Some(url) = self.icon {
            if let Some(uri) = sheet.picture(url, Use::Icon) {
                sheet.svg.markup(format_args!(
                    r#"<image x="{}" y="{}" width="16" height="16" href="{uri}"/>"#,
                    Number(at),
                    Number(y + 3.5)
                ));
            } else {
                let (x, y) = (Number(at + 8.0), Number(y + 11.5));
                sheet.svg.markup(format_args!(
                    r#"<circle cx="{x}" cy="{y}" r="5" fill="{ink}" fill-opacity=".6"/>"#
                ));
            }
            at += 20.0;
        }
        let base = y + 11.5 + self.line.style.size * 0.36;
        sheet.svg.line(&self.line, at, base, ink);
    }
}

fn badge(flag: &str) -> Option<&'static Badge> {
    BADGES.iter().find(|badge| badge.flag == flag)
}

fn handle_and_badges(sheet: &mut Sheet<'_>, content: &Content<'_>, x: f32, y: f32) {
    let badges: Vec<&Badge> = BADGES
        .iter()
        .filter(|badge| content.flags.contains(&badge.flag))
        .take(MOST_BADGES)
        .collect();
    let mut at = x;
    if let Some(handle) = content.handle {
        let width = sheet.right() - x - BADGE_STEP * badges.len() as f32 - 8.0;
        let fill = sheet.palette.text;
        at += sheet.text(
            &format!("@{handle}"),
            style(16.0, Weight::Regular),
            Place { x, y, width, fill },
        );
        at += 10.0;
    }
    for badge in badges {
        draw_badge(sheet, badge, at, y - 15.0);
        at += BADGE_STEP;
    }
}

fn draw_badge(sheet: &mut Sheet<'_>, badge: &Badge, x: f32, y: f32) {
    let Badge {
        colour,
        ground,
        sign,
        ..
    } = badge;
    sheet.svg.markup(format_args!(
        r##"<g transform="translate({} {}) scale({})" fill="{colour}">{ground}<g fill="none" stroke="#fff" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round">{sign}</g></g>"##,
        Number(x),
        Number(y),
        BADGE / 20.0
    ));
}

fn note(sheet: &mut Sheet<'_>, content: &Content<'_>, x: f32, y: f32) {
    let look = style(15.0, Weight::Regular);
    let mut at = x;
    let said = match &content.note {
        None => return,
        Some(Note::LastSeen(text)) => {
            sheet.icon(icons::CLOCK, at, y - 13.0, 15.0, sheet.palette.faint);
            at += 22.0;
            text.clone()
        }
        Some(Note::Custom {
            emoji,
            picture,
            text,
        }) => {
            if let Some(uri) = picture.and_then(|url| sheet.picture(url, Use::Icon)) {
                sheet.svg.markup(format_args!(
                    r#"<image x="{}" y="{}" width="19" height="19" href="{uri}"/>"#,
                    Number(at),
                    Number(y - 15.0)
                ));
                at += 25.0;
            }
            format!("{} {text}", emoji.unwrap_or_default())
        }
    };
    let (width, fill) = (sheet.right() - at, sheet.palette.text);
    sheet.text(
        &said,
        look,
        Place {
            x: at,
            y,
            width,
            fill,
        },
    );
}
