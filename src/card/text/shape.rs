//! Texts become glyphs at places (shaping).

use std::{collections::HashMap, sync::LazyLock};

use harfrust::{
    Buffer, BufferFlags, Direction, Feature, Script as ShapingScript, ShapeOptions, ShapePlan,
    ShaperFont, Tag,
};
use parking_lot::RwLock;
use std::sync::Arc;
use unicode_script::Script;
use unicode_segmentation::UnicodeSegmentation;

use super::{
    clean::is_mark,
    face::{Face, FaceId, Weight},
    glyph::{EM, GlyphKey},
    segment::{Segment, segments},
};

/// The width of the box that stands for what no typeface has, in ems.
const MISSING_WIDTH: f32 = 0.62;

/// A glyph at its place; units are those of the grid ([`EM`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    /// `None` is the box that stands for what no typeface has.
    pub key: Option<GlyphKey>,
    /// From the left end of the line.
    pub x: f32,
    /// Downwards from the base line.
    pub y: f32,
    /// Whether it is to be thickened to look bold.
    pub is_thickened: bool,
}

/// A line of glyphs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shaped {
    /// From left to right.
    pub glyphs: Vec<Placed>,
    /// In units of the grid.
    pub width: f32,
}

/// Whether a text is a time as [`crate::words::clock`] writes it: its digits are to be of one
/// width, so that it stands still when it changes.
fn is_clock(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b':')
}

/// Shapes a text that [`super::clean()`] has cleaned.
pub fn shape(text: &str, weight: Weight) -> Shaped {
    let mut shaped = Shaped::default();
    for segment in segments(text, weight) {
        let inside = text.get(segment.range.clone()).unwrap_or_default();
        match segment.face.and_then(|id| Some((id, id.face()?))) {
            Some((id, face)) => push_segment(&mut shaped, inside, &segment, id, face, weight),
            None => push_missing(&mut shaped, inside),
        }
    }
    shaped
}

/// A box for each letter, with all its marks.
fn push_missing(shaped: &mut Shaped, text: &str) {
    let is_seen = |letter: &str| !letter.chars().all(super::face::is_silent);
    for _ in text.graphemes(true).filter(|letter| is_seen(letter)) {
        shaped.glyphs.push(Placed {
            key: None,
            x: shaped.width,
            y: 0.0,
            is_thickened: false,
        });
        shaped.width += MISSING_WIDTH * EM;
    }
}

fn push_segment(
    shaped: &mut Shaped,
    text: &str,
    segment: &Segment,
    id: FaceId,
    face: &'static Face,
    weight: Weight,
) {
    let mut buffer = filled(text, segment, id);
    let features = features(text);
    let plan = plan(id, face, segment, features);
    let options = ShapeOptions::new().plan(Some(&plan)).features(features);
    if harfrust::shape(&ShaperFont::new(&face.font), &mut buffer, options).is_err() {
        return push_missing(shaped, text);
    }
    let scale = EM / face.units_per_em();
    let is_thickened = id.is_to_be_thickened(weight);
    for (info, place) in buffer.glyph_infos().iter().zip(buffer.glyph_positions()) {
        let key = GlyphKey {
            face: id,
            glyph: info.glyph_id,
        };
        shaped.glyphs.push(Placed {
            key: Some(key),
            x: shaped.width + place.x_offset as f32 * scale,
            y: -(place.y_offset as f32) * scale,
            is_thickened,
        });
        shaped.width += place.x_advance as f32 * scale;
    }
}

fn filled(text: &str, segment: &Segment, id: FaceId) -> Buffer {
    let mut buffer = Buffer::new();
    // A mark that the letter's typeface lacks is left out, and the typeface of emoji knows its sequences
    // without the sign that asks for a picture.
    let is_emoji = id == FaceId::emoji();
    for (at, letter) in text.char_indices() {
        let is_missing =
            is_mark(letter) && id.face().is_none_or(|face| face.glyph(letter).is_none());
        if !(is_missing || is_emoji && letter == '\u{FE0F}') {
            buffer.push(u32::from(letter), u32::try_from(at).unwrap_or(u32::MAX));
        }
    }
    buffer.set_direction(direction(segment));
    buffer.set_script(Some(shaping_script(segment.script)));
    buffer.set_flags(
        BufferFlags::BEGINNING_OF_TEXT
            | BufferFlags::END_OF_TEXT
            | BufferFlags::REMOVE_DEFAULT_IGNORABLES
            | BufferFlags::DO_NOT_INSERT_DOTTED_CIRCLE,
    );
    buffer
}

fn direction(segment: &Segment) -> Direction {
    if segment.is_rtl {
        Direction::RightToLeft
    } else {
        Direction::LeftToRight
    }
}

fn shaping_script(script: Script) -> ShapingScript {
    let name: [u8; 4] = script
        .short_name()
        .as_bytes()
        .try_into()
        .unwrap_or(*b"Zyyy");
    ShapingScript::from_iso15924_tag(Tag::new(&name)).unwrap_or(ShapingScript::UNKNOWN)
}

/// The features that are asked for: no arrows made of `->`, and in times digits of one width.
fn features(text: &str) -> &'static [Feature] {
    static FEATURES: LazyLock<[Feature; 2]> = LazyLock::new(|| {
        let verbatim = Feature::new(Tag::new(b"calt"), 0, ..);
        [verbatim, Feature::new(Tag::new(b"tnum"), 1, ..)]
    });
    let [verbatim, _] = FEATURES.each_ref();
    if is_clock(text) {
        &*FEATURES
    } else {
        std::slice::from_ref(verbatim)
    }
}

type PlanKey = (FaceId, Script, bool, usize);

/// What a typeface does with a script is worked out once.
fn plan(id: FaceId, face: &Face, segment: &Segment, features: &[Feature]) -> Arc<ShapePlan> {
    static PLANS: LazyLock<RwLock<HashMap<PlanKey, Arc<ShapePlan>>>> =
        LazyLock::new(RwLock::default);
    let key = (id, segment.script, segment.is_rtl, features.len());
    if let Some(plan) = PLANS.read().get(&key) {
        return Arc::clone(plan);
    }
    let script = shaping_script(segment.script);
    let plan = ShapePlan::new(&face.font, direction(segment), Some(script), None, features);
    let plan = Arc::new(plan);
    PLANS.write().insert(key, Arc::clone(&plan));
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_stand_side_by_side() {
        let shaped = shape("Ada", Weight::SemiBold);
        assert_eq!(shaped.glyphs.len(), 3);
        assert!(shaped.glyphs.is_sorted_by(|a, b| a.x < b.x));
        assert!(shaped.width > shaped.glyphs[2].x);
    }

    #[test]
    fn digits_are_equally_wide() {
        let width = |text| shape(text, Weight::Regular).width;
        assert_eq!(width("11:11"), width("00:00"));
    }

    #[test]
    fn a_family_is_one_picture() {
        for text in ["👩🏽‍🚀", "👨‍👩‍👧‍👦", "🇳🇴", "1️⃣", "🏳️‍🌈", "❤️"]
        {
            assert_eq!(shape(text, Weight::Regular).glyphs.len(), 1, "{text}");
        }
    }

    #[test]
    fn what_people_decorate_their_names_with_is_there() {
        for text in [
            "ʟᴀɴᴛᴇʀɴ ᴘᴜᴠᴡᴢ ᴬᴮ",
            "꧁꧂ ༺༻ 𓆩𓆪 ꒰꒱ ᯓ ꕤ",
            "𝖓̶ 𝓕𝕬𝔣𝟡",
            "★彡 ⋆｡° ✧˖ ♡ ☾ ⚡︎",
            "( ͡° ͜ʖ ͡°)",
            "¯\\_(ツ)_/¯",
            "ليلى، نور؟ ۝ ﴿﴾",
            "। ॥",
            "─═┼ ▁▂▃ ▓▒░ ⣿",
            "Ⓛⓐ 🅻🅰 🄻 ＬＡ",
            "→ ⇒ ∞ ≈ ½ ₿ €",
            "ꍏꌃꉓ ᚠᚢ",
        ] {
            let text = crate::text::clean(text);
            let missing = shape(&text, Weight::SemiBold)
                .glyphs
                .iter()
                .filter(|glyph| glyph.key.is_none())
                .count();
            assert_eq!(missing, 0, "{text}");
        }
    }

    #[test]
    fn a_mark_that_fits_no_typeface_is_left_out_and_its_letter_stays() {
        let text = crate::text::clean("a\u{E49}\u{E49}\u{E49}");
        let shaped = shape(&text, Weight::Regular);
        assert_eq!(shaped.glyphs.len(), 1);
        assert!(shaped.glyphs[0].key.is_some());
    }

    #[test]
    fn texts_are_verbatim() {
        assert_eq!(shape("->", Weight::Regular).glyphs.len(), 2);
    }

    #[test]
    fn what_no_typeface_has_is_a_box() {
        let shaped = shape("\u{10FFFD}", Weight::Regular);
        assert_eq!(shaped.glyphs[0].key, None);
        assert!(shaped.width > 0.0);
    }
}
