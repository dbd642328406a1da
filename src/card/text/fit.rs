//! Texts are made to fit: cut with an ellipsis at a letter, or wrapped at a word.

use unicode_linebreak::BreakOpportunity;
use unicode_segmentation::UnicodeSegmentation;

use super::{
    clean::clean,
    face::Weight,
    glyph::EM,
    shape::{Shaped, shape},
};

const ELLIPSIS: char = '…';

/// How a text looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// The height of an em, in pixels.
    pub size: f32,
    /// How bold it is.
    pub weight: Weight,
    /// What is added to the width of each glyph, in pixels.
    pub spacing: f32,
}

/// A text that fits.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What it says, cut as it is shown.
    pub text: String,
    /// Its glyphs.
    pub shaped: Shaped,
    /// How it looks.
    pub style: Style,
}

impl Line {
    /// In pixels.
    pub fn width(&self) -> f32 {
        let spaces = self.shaped.glyphs.len().saturating_sub(1) as f32;
        self.shaped.width * self.style.size / EM + spaces * self.style.spacing
    }

    /// Letters that join or carry marks are not spaced.
    fn new(text: &str, mut style: Style) -> Self {
        if !text.is_ascii() {
            style.spacing = 0.0;
        }
        Self {
            shaped: shape(text, style.weight),
            text: text.to_owned(),
            style,
        }
    }
}

/// One line of at most so many pixels; what is too long ends with an ellipsis.
pub fn line(text: &str, style: Style, max_width: f32) -> Line {
    let text = clean(text);
    let whole = Line::new(&text, style);
    if whole.width() <= max_width {
        return whole;
    }
    cut(&text, style, max_width)
}

/// The longest beginning of a text that fits with an ellipsis behind it.
fn cut(text: &str, style: Style, max_width: f32) -> Line {
    let ends: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).collect();
    let shortened = |letters: usize| {
        let end = ends.get(letters).copied().unwrap_or(text.len());
        let kept = text.get(..end).unwrap_or_default().trim_end();
        Line::new(&format!("{kept}{ELLIPSIS}"), style)
    };
    // The greatest number of letters that fits lies in low..high.
    let (mut low, mut high) = (0, ends.len());
    let mut best = shortened(0);
    while low + 1 < high {
        let middle = low.midpoint(high);
        let candidate = shortened(middle);
        if candidate.width() <= max_width {
            (low, best) = (middle, candidate);
        } else {
            high = middle;
        }
    }
    best
}

/// At most so many lines, broken between words (UAX #14); the last ends with an ellipsis if there is
/// more.
pub fn paragraph(text: &str, style: Style, max_width: f32, max_lines: usize) -> Vec<Line> {
    let text = clean(text);
    let mut lines = Vec::new();
    let mut rest = &*text;
    while !rest.is_empty() && lines.len() < max_lines {
        let end = if lines.len() + 1 == max_lines {
            rest.len()
        } else {
            first_line(rest, style, max_width)
        };
        let (shown, left) = rest.split_at_checked(end).unwrap_or((rest, ""));
        lines.push(line(shown, style, max_width));
        rest = left.trim_start();
    }
    lines
}

/// Where the first line of a text ends: behind the last word that fits, or inside a word that is
/// wider than a line.
fn first_line(text: &str, style: Style, max_width: f32) -> usize {
    let fits = |end: usize| {
        let shown = text.get(..end).unwrap_or_default().trim_end();
        Line::new(shown, style).width() <= max_width
    };
    let breaks: Vec<usize> = unicode_linebreak::linebreaks(text)
        .filter(|(_, kind)| {
            matches!(
                kind,
                BreakOpportunity::Allowed | BreakOpportunity::Mandatory
            )
        })
        .map(|(at, _)| at)
        .collect();
    let last = |places: &[usize]| {
        let count = places.partition_point(|place| fits(*place));
        count
            .checked_sub(1)
            .and_then(|index| places.get(index))
            .copied()
    };
    let letters = || {
        let places: Vec<usize> = text
            .grapheme_indices(true)
            .map(|(at, letter)| at + letter.len())
            .collect();
        last(&places).or(places.first().copied())
    };
    last(&breaks).or_else(letters).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STYLE: Style = Style {
        size: 16.0,
        weight: Weight::Regular,
        spacing: 0.0,
    };

    #[test]
    fn what_fits_is_whole() {
        assert_eq!(line("Hollow Knight", STYLE, 200.0).text, "Hollow Knight");
    }

    #[test]
    fn what_does_not_fit_ends_with_an_ellipsis_and_no_space_before_it() {
        let cut = line("The Legend of Zelda", STYLE, 90.0);
        assert!(
            cut.text.ends_with('…') && !cut.text.contains(" …"),
            "{}",
            cut.text
        );
        assert!(cut.width() <= 90.0 && cut.width() > 60.0);
    }

    #[test]
    fn a_paragraph_is_broken_between_words() {
        let lines = paragraph(
            "This user is not currently doing anything.",
            STYLE,
            150.0,
            3,
        );
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["This user is not", "currently doing", "anything."]);
    }

    #[test]
    fn the_last_line_says_that_there_is_more() {
        let lines = paragraph(&"word ".repeat(99), STYLE, 150.0, 2);
        assert_eq!(lines.len(), 2);
        assert!(lines[1].text.ends_with('…'));
    }

    #[test]
    fn a_word_that_is_wider_than_a_line_is_broken_anyway() {
        let lines = paragraph(&"m".repeat(30), STYLE, 100.0, 9);
        let letters: usize = lines.iter().map(|line| line.text.len()).sum();
        assert_eq!(letters, 30);
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_it_may_be(text in ".{0,80}", width in 20.0..400.0_f32) {
            prop_assert!(line(&text, STYLE, width).width() <= width);
            for line in paragraph(&text, STYLE, width, 3) {
                prop_assert!(line.width() <= width, "{}", line.text);
            }
        }
    }
}
