//! A text cut into the pieces that are shaped at once: one typeface, one script, one direction; in the
//! order in which they stand on the line.

use std::{iter::Peekable, ops::Range};

use unicode_bidi::{Level, ParagraphBidiInfo};
use unicode_properties::{EmojiStatus, UnicodeEmoji};
use unicode_script::{Script, UnicodeScript};
use unicode_segmentation::{GraphemeIndices, UnicodeSegmentation};

use super::face::{FaceId, Weight};

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where in the text, in bytes.
    pub range: Range<usize>,
    /// `None` if no typeface has what it needs.
    pub face: Option<FaceId>,
    /// The script of its letters.
    pub script: Script,
    /// Whether it runs from right to left.
    pub is_rtl: bool,
}

/// The pieces, from left to right.
pub fn segments(text: &str, weight: Weight) -> Vec<Segment> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return vec![Segment {
            range: 0..text.len(),
            face: Some(FaceId::main(weight)),
            script: Script::Latin,
            is_rtl: false,
        }];
    }
    let bidi = ParagraphBidiInfo::new(text, None);
    let (levels, runs) = bidi.visual_runs(0..text.len());
    let mut segments = Vec::new();
    for run in runs {
        let is_rtl = levels.get(run.start).is_some_and(Level::is_rtl);
        let mut inside = pieces(text, run, is_rtl, weight);
        if is_rtl {
            inside.reverse();
        }
        segments.extend(inside);
    }
    segments
}

/// The pieces of a run of one direction, in the order in which they are read.
fn pieces(text: &str, run: Range<usize>, is_rtl: bool, weight: Weight) -> Vec<Segment> {
    let mut pieces: Vec<Segment> = Vec::new();
    let inside = text.get(run.clone()).unwrap_or_default();
    let mut clusters = inside.grapheme_indices(true).peekable();
    while let Some((at, cluster)) = clusters.next() {
        let start = run.start + at;
        let range = start..start + cluster.len();
        let last = pieces.last_mut();
        let script = script_of(cluster)
            .or(last.as_ref().map(|last| last.script))
            .or_else(|| next_script(&mut clusters))
            .unwrap_or(Script::Latin);
        let face = face_of(
            cluster,
            script,
            weight,
            last.as_ref().and_then(|last| last.face),
        );
        match last {
            Some(last) if last.face == face && last.script == script => last.range.end = range.end,
            _ => pieces.push(Segment {
                range,
                face,
                script,
                is_rtl,
            }),
        }
    }
    pieces
}

/// What comes first of the text has the script of what follows.
fn next_script(clusters: &mut Peekable<GraphemeIndices<'_>>) -> Option<Script> {
    clusters.peek().and_then(|(_, cluster)| script_of(cluster))
}

/// `None` for what every script uses: digits, spaces, punctuation, emoji.
fn script_of(cluster: &str) -> Option<Script> {
    cluster
        .chars()
        .map(|letter| letter.script())
        .find(|script| !matches!(script, Script::Common | Script::Inherited | Script::Unknown))
}

fn face_of(cluster: &str, script: Script, weight: Weight, last: Option<FaceId>) -> Option<FaceId> {
    if is_emoji(cluster) {
        let emoji = FaceId::emoji();
        let first = cluster.chars().next()?;
        if emoji.face()?.glyph(first).is_some() {
            return Some(emoji);
        }
    }
    // A space takes no typeface of its own: a piece that ends for it is shaped apart.
    if cluster == " " && last.is_some_and(|last| last != FaceId::emoji()) {
        return last;
    }
    FaceId::with(cluster, script, weight)
}

/// Whether a cluster is a picture rather than a letter (UTS #51).
fn is_emoji(cluster: &str) -> bool {
    let mut letters = cluster.chars();
    let Some(first) = letters.next() else {
        return false;
    };
    if !first.is_emoji_char_or_emoji_component() {
        return false;
    }
    match letters.next() {
        Some('\u{FE0E}') => false,
        Some('\u{FE0F}' | '\u{20E3}' | '\u{200D}' | '\u{1F3FB}'..='\u{1F3FF}') => true,
        _ => is_pictured_alone(first),
    }
}

/// Whether it is a picture without being asked for one. Those of the newer planes are for everybody.
fn is_pictured_alone(letter: char) -> bool {
    let status = letter.emoji_status();
    matches!(
        status,
        EmojiStatus::EmojiPresentation
            | EmojiStatus::EmojiPresentationAndModifierBase
            | EmojiStatus::EmojiPresentationAndEmojiComponent
            | EmojiStatus::EmojiPresentationAndModifierAndEmojiComponent
    ) || (letter >= '\u{1F000}' && letter.is_emoji_char())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(&str, bool)> {
        segments(text, Weight::Regular)
            .into_iter()
            .map(|segment| (&text[segment.range], segment.is_rtl))
            .collect()
    }

    #[test]
    fn emoji_stand_apart_with_all_that_belongs_to_them() {
        assert_eq!(
            told("Ada 👩🏽‍🚀🇳🇴 x"),
            [("Ada ", false), ("👩🏽‍🚀🇳🇴", false), (" x", false)]
        );
        assert_eq!(told("1️⃣1"), [("1️⃣", false), ("1", false)]);
    }

    #[test]
    fn digits_and_signs_are_letters_unless_they_ask_to_be_pictures() {
        let emoji = |text: &str| is_emoji(text);
        assert!(!emoji("1") && !emoji("#") && !emoji("©") && !emoji("☀") && !emoji("☀\u{FE0E}"));
        assert!(emoji("☀\u{FE0F}") && emoji("1\u{FE0F}\u{20E3}") && emoji("🌡") && emoji("⭐"));
    }

    #[test]
    fn what_runs_from_right_to_left_is_told() {
        assert_eq!(told("abc שלום"), [("abc ", false), ("שלום", true)]);
        assert_eq!(told("שלום abc"), [("abc", false), ("שלום ", true)]);
    }
}
