//! The typefaces that cards are set in. They are part of the program: a card looks the same on every
//! machine. Where each comes from is told in `fonts/README.md`.

use std::sync::LazyLock;

use harfrust::{
    GlyphId,
    font::{Font, glyph::outline::OutlineGlyphs},
};
use unicode_script::Script;

use super::clean::is_mark;

/// How bold a text is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Weight {
    /// For reading.
    Regular,
    /// For names and titles.
    SemiBold,
}

/// One typeface.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct FaceId(u8);

/// A typeface as it is used.
pub struct Face {
    /// For shaping, and for its outlines.
    pub font: Font,
    /// Which script it is made for; `None` is asked for everything.
    script: Option<Script>,
    weight: Weight,
}

impl Face {
    /// How many of the font's units are an em.
    pub fn units_per_em(&self) -> f32 {
        f32::from(self.font.units_per_em())
    }

    /// Its outlines.
    pub fn outlines(&self) -> OutlineGlyphs<'_> {
        self.font.outline_glyphs()
    }

    /// The glyph of a character alone.
    pub fn glyph(&self, letter: char) -> Option<GlyphId> {
        self.font.charmap().map_unicode(letter)
    }
}

macro_rules! faces {
    ($($file:literal $weight:ident $($script:ident)?;)*) => {
        &[$(Source {
            bytes: include_bytes!(concat!("../fonts/", $file)),
            weight: Weight::$weight,
            script: faces!(@script $($script)?),
        }),*]
    };
    (@script) => { None };
    (@script $script:ident) => { Some(Script::$script) };
}

struct Source {
    bytes: &'static [u8],
    weight: Weight,
    script: Option<Script>,
}

/// In the order in which they are asked. The first two have what most texts need; the last is for
/// emoji alone.
const SOURCES: &[Source] = faces! {
    "inter-regular.ttf" Regular;
    "inter-semibold.ttf" SemiBold;
    "arabic.ttf" Regular Arabic;
    "arabic-bold.ttf" SemiBold Arabic;
    "hebrew.ttf" Regular Hebrew;
    "hebrew-bold.ttf" SemiBold Hebrew;
    "thaana.ttf" Regular Thaana;
    "nko.ttf" Regular Nko;
    "devanagari.ttf" Regular Devanagari;
    "bengali.ttf" Regular Bengali;
    "gurmukhi.ttf" Regular Gurmukhi;
    "gujarati.ttf" Regular Gujarati;
    "oriya.ttf" Regular Oriya;
    "tamil.ttf" Regular Tamil;
    "telugu.ttf" Regular Telugu;
    "kannada.ttf" Regular Kannada;
    "malayalam.ttf" Regular Malayalam;
    "sinhala.ttf" Regular Sinhala;
    "thai.ttf" Regular Thai;
    "lao.ttf" Regular Lao;
    "myanmar.ttf" Regular Myanmar;
    "georgian.ttf" Regular Georgian;
    "armenian.ttf" Regular Armenian;
    "ethiopic.ttf" Regular Ethiopic;
    "cherokee.ttf" Regular Cherokee;
    "canadian.ttf" Regular Canadian_Aboriginal;
    "khmer.ttf" Regular Khmer;
    "adlam.ttf" Regular Adlam;
    "syriac.ttf" Regular Syriac;
    "tibetan.ttf" Regular Tibetan;
    "mongolian.ttf" Regular Mongolian;
    "javanese.ttf" Regular Javanese;
    "balinese.ttf" Regular Balinese;
    "sundanese.ttf" Regular Sundanese;
    "batak.ttf" Regular Batak;
    "buginese.ttf" Regular Buginese;
    "tagalog.ttf" Regular Tagalog;
    "meetei.ttf" Regular Meetei_Mayek;
    "chakma.ttf" Regular Chakma;
    "rohingya.ttf" Regular Hanifi_Rohingya;
    "lepcha.ttf" Regular Lepcha;
    "limbu.ttf" Regular Limbu;
    "cham.ttf" Regular Cham;
    "taitham.ttf" Regular Tai_Tham;
    "taile.ttf" Regular Tai_Le;
    "newtailue.ttf" Regular New_Tai_Lue;
    "taiviet.ttf" Regular Tai_Viet;
    "kayahli.ttf" Regular Kayah_Li;
    "math.ttf" Regular;
    "symbols2.ttf" Regular;
    "symbols.ttf" Regular;
    "more.ttf" Regular;
    "ornaments.ttf" Regular;
    "cjk.otf" Regular;
    "rest.ttf" Regular;
    "emoji.ttf" Regular;
};

static FACES: LazyLock<Vec<Face>> = LazyLock::new(|| {
    let face = |source: &Source| {
        Some(Face {
            font: Font::new(source.bytes, 0)?,
            script: source.script,
            weight: source.weight,
        })
    };
    SOURCES.iter().filter_map(face).collect()
});

impl FaceId {
    /// The typeface of most texts.
    pub const fn main(weight: Weight) -> Self {
        match weight {
            Weight::Regular => Self(0),
            Weight::SemiBold => Self(1),
        }
    }

    /// The typeface of emoji.
    pub const fn emoji() -> Self {
        Self((SOURCES.len() - 1) as u8)
    }

    /// The typeface itself.
    pub fn face(self) -> Option<&'static Face> {
        FACES.get(usize::from(self.0))
    }

    /// Whether there is a bold text to be made of a typeface that has no bold form.
    pub fn is_to_be_thickened(self, weight: Weight) -> bool {
        weight == Weight::SemiBold
            && self != Self::emoji()
            && self
                .face()
                .is_some_and(|face| face.weight == Weight::Regular)
    }

    /// The first typeface that has all of these characters: of their script if there is one, else of
    /// any, for scripts share their punctuation. If none has them with their marks, without.
    pub fn with(letters: &str, script: Script, weight: Weight) -> Option<Self> {
        let of_script = |face: &Face| face.script.is_none_or(|made_for| made_for == script);
        let all = |letter: char| is_silent(letter);
        let bare = |letter: char| is_silent(letter) || is_mark(letter);
        Self::first(letters, weight, of_script, all)
            .or_else(|| Self::first(letters, weight, |_| true, all))
            .or_else(|| Self::first(letters, weight, |_| true, bare))
    }

    /// The first of the right weight, or else the first, that has all characters but those that may be
    /// missing.
    fn first(
        letters: &str,
        weight: Weight,
        is_asked: impl Fn(&Face) -> bool,
        may_miss: impl Fn(char) -> bool,
    ) -> Option<Self> {
        let faces = FACES.get(..FACES.len().saturating_sub(1))?;
        let has_all = |face: &Face| {
            let mut letters = letters.chars();
            letters.all(|letter| may_miss(letter) || face.glyph(letter).is_some())
        };
        let mut first = None;
        for (index, face) in faces.iter().enumerate() {
            if is_asked(face) && has_all(face) {
                let id = u8::try_from(index).ok().map(Self);
                if face.weight == weight {
                    return id;
                }
                first = first.or(id);
            }
        }
        first
    }
}

/// Characters that change how others look and are not seen themselves.
pub fn is_silent(letter: char) -> bool {
    matches!(letter, '\u{200B}'..='\u{200D}' | '\u{FE00}'..='\u{FE0F}' | '\u{2060}' | '\u{AD}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_font_with_outlines() {
        assert_eq!(FACES.len(), SOURCES.len());
        for face in FACES.iter() {
            assert!(face.units_per_em() >= 256.0);
            assert!(!face.outlines().is_empty());
        }
        assert!(FaceId::emoji().face().unwrap().glyph('🏮').is_some());
    }

    #[test]
    fn a_text_gets_the_weight_that_it_asks_for_if_there_is_one() {
        for weight in [Weight::Regular, Weight::SemiBold] {
            let face = FaceId::with("Ærø", Script::Latin, weight).unwrap();
            assert_eq!(face, FaceId::main(weight));
            assert!(!face.is_to_be_thickened(weight));
        }
    }
}
