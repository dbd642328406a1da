//! Texts of strangers, made fit to be drawn on one line and to be written into XML.

use std::borrow::Cow;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_segmentation::UnicodeSegmentation;

/// How many marks may stand above and below one letter; what stacks more of them would paint over
/// the lines beside it. Scripts need three, the accents of all scripts two.
const MARKS: usize = 3;
const ACCENTS: usize = 2;

/// The most characters of a text that are looked at. More do not fit a card in any case.
const CHARACTERS: usize = 512;

/// What is left of a text: its white space is single spaces, none of them at an end, and every
/// character may stand in XML 1.0 (section 2.2).
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.len() <= CHARACTERS && is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len().min(4 * CHARACTERS));
    let mut is_after_space = true;
    let end = text
        .char_indices()
        .nth(CHARACTERS)
        .map_or(text.len(), |(at, _)| at);
    for cluster in text.get(..end).unwrap_or_default().graphemes(true) {
        if cluster.chars().all(is_space) {
            if !is_after_space {
                kept.push(' ');
            }
            is_after_space = true;
            continue;
        }
        let before = kept.len();
        push_cluster(&mut kept, cluster);
        is_after_space &= kept.len() == before;
    }
    if kept.ends_with(' ') {
        kept.pop();
    }
    Cow::Owned(kept)
}

/// Most texts: visible ASCII with single spaces between words.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().all(|byte| matches!(byte, b' '..=b'~'))
        && !text.contains("  ")
        && !text.starts_with(' ')
        && !text.ends_with(' ')
}

fn push_cluster(kept: &mut String, cluster: &str) {
    let (mut marks, mut accents) = (0, 0);
    for letter in cluster.chars().filter(|letter| !is_hidden(*letter)) {
        marks += usize::from(is_mark(letter));
        accents += usize::from(is_accent(letter));
        let is_too_high = marks > MARKS || accents > ACCENTS;
        if !(is_too_high && is_mark(letter)) {
            kept.push(if is_space(letter) { ' ' } else { letter });
        }
    }
}

/// Characters that stand above or below the letter before them.
pub fn is_mark(letter: char) -> bool {
    !letter.is_ascii()
        && matches!(
            letter.general_category(),
            GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark
        )
        && !matches!(letter, '\u{FE00}'..='\u{FE0F}' | '\u{20E3}')
}

fn is_space(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control()
}

/// Characters that XML refuses, and those that turn the direction of what follows: the direction of
/// a text is found from its letters.
fn is_hidden(letter: char) -> bool {
    matches!(
        letter,
        '\u{FFFE}' | '\u{FFFF}' | '\u{200E}' | '\u{200F}' | '\u{FEFF}'
    ) || matches!(letter, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Marks of no script of their own, of which people build towers.
fn is_accent(letter: char) -> bool {
    matches!(letter, '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0489}' | '\u{1AB0}'..='\u{1AFF}')
        || matches!(letter, '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_single_spaces() {
        assert_eq!(clean("plain text"), "plain text");
        assert_eq!(
            clean("  two\r\n\tlines \u{3000}and\u{0} more "),
            "two lines and more"
        );
        assert_eq!(clean(" \n "), "");
    }

    #[test]
    fn towers_of_marks_are_cut() {
        assert_eq!(clean("a\u{301}\u{302}\u{303}\u{304}b"), "a\u{301}\u{302}b");
        let tower = format!("ก\u{E31}{}", "\u{E48}".repeat(60));
        assert_eq!(clean(&tower), "ก\u{E31}\u{E48}\u{E48}");
    }

    #[test]
    fn nothing_turns_the_direction_of_its_surroundings() {
        assert_eq!(clean("a\u{202E}b\u{2067}c\u{FFFF}"), "abc");
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(clean(&"é".repeat(9_999)).chars().count(), CHARACTERS);
        let one_letter = format!("a{}", "\u{FE0F}".repeat(9_999));
        assert!(clean(&one_letter).chars().count() <= CHARACTERS);
    }
}
