//! Writes SVG: markup of our own, texts as outlines, and nothing from outside.

use std::{collections::HashMap, fmt::Write};

use crate::text::{self, EM, GlyphKey, Line};

/// The most bytes that pictures and glyphs may take together; the rest of a card takes less than
/// 14,000. Past it, glyphs become boxes: only long texts of ever new and intricate glyphs come here.
const MOST_BYTES: usize = 82_000;

/// What placing glyphs may take beyond that.
const SLACK: usize = 4_000;

/// The most characters of a text that only screen readers say.
const MOST_SAID: usize = 700;

/// The box that stands for a glyph that cannot be shown, on the grid of glyphs.
const BOX: &str =
    r#"fill-rule="evenodd" fill-opacity=".5" d="M40-266h170v266h-170zM70-236v206h110v-206z""#;

/// How much a letter is thickened to look bold, in steps of the grid.
const THICKENING: u32 = 16;

/// What a glyph is called in a document.
#[derive(Clone, Copy, Debug)]
enum Name {
    /// It is a space.
    Nothing,
    /// It has this number.
    Drawn(usize),
}

/// What is drawn of a glyph; nothing of a space.
fn markup(number: usize, layers: &[text::Layer]) -> Option<String> {
    match layers {
        [] => None,
        [text::Layer { path, fill: None }] => Some(format!(r#"<path id="g{number}" d="{path}"/>"#)),
        layers => {
            let mut markup = format!(r#"<g id="g{number}" stroke="none">"#);
            for text::Layer { path, fill } in layers {
                let fill = fill.map(|fill| fill.to_string());
                let _ = write!(markup, r#"<path{} d="{path}"/>"#, fill.unwrap_or_default());
            }
            markup.push_str("</g>");
            Some(markup)
        }
    }
}

impl std::fmt::Display for text::Fill {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [red, green, blue] = self.rgb;
        write!(out, r##" fill="#{red:02x}{green:02x}{blue:02x}""##)?;
        match self.opacity {
            100.. => Ok(()),
            opacity => write!(out, r#" fill-opacity=".{opacity:02}""#),
        }
    }
}

/// An SVG document under construction.
#[derive(Debug, Default)]
pub struct Svg {
    body: String,
    outlines: String,
    names: HashMap<Option<GlyphKey>, Name>,
    /// How many bytes pictures and glyphs take.
    spent: usize,
}

impl Svg {
    /// An empty one, in which pictures will take so many bytes.
    pub fn with_pictures(pictures: usize) -> Self {
        Self {
            spent: pictures,
            ..Self::default()
        }
    }

    /// Adds markup, whose texts must be escaped.
    pub fn markup(&mut self, markup: std::fmt::Arguments<'_>) {
        // Writing to a String does not fail.
        let _ = self.body.write_fmt(markup);
    }

    /// Adds a text at its left end and base line.
    pub fn line(&mut self, line: &Line, x: f32, y: f32, fill: &str) {
        if line.shaped.glyphs.is_empty() {
            return;
        }
        let scale = line.style.size / EM;
        let spacing = line.style.spacing / scale;
        self.markup(format_args!(
            r#"<g fill="{fill}" transform="translate({} {}) scale({})">"#,
            Number(x),
            Number(y),
            Scale(scale)
        ));
        let mut is_thick = false;
        for (index, glyph) in line.shaped.glyphs.iter().enumerate() {
            let x = (glyph.x + spacing * index as f32).round() as i32;
            let y = glyph.y.round() as i32;
            let Name::Drawn(number) = self.name(glyph.key) else {
                continue;
            };
            if glyph.is_thickened != is_thick {
                is_thick = glyph.is_thickened;
                match is_thick {
                    true => self.markup(format_args!(
                        r#"<g stroke="{fill}" stroke-width="{THICKENING}">"#
                    )),
                    false => self.body.push_str("</g>"),
                }
            }
            self.glyph(number, (x, y));
        }
        self.body
            .push_str(if is_thick { "</g></g>" } else { "</g>" });
    }

    /// Places a glyph, if there is room left at all.
    fn glyph(&mut self, number: usize, (x, y): (i32, i32)) {
        if self.spent > MOST_BYTES + SLACK {
            return;
        }
        let before = self.body.len();
        let _ = write!(self.body, r##"<use href="#g{number}""##);
        if x != 0 {
            let _ = write!(self.body, r#" x="{x}""#);
        }
        if y != 0 {
            let _ = write!(self.body, r#" y="{y}""#);
        }
        self.body.push_str("/>");
        self.spent += self.body.len() - before;
    }

    /// The name of a glyph, which is drawn once. `None`, and what there is no room for, is a box.
    fn name(&mut self, key: Option<GlyphKey>) -> Name {
        if let Some(name) = self.names.get(&key) {
            return *name;
        }
        let number = self.names.len();
        let markup = match key {
            Some(key) => markup(number, &text::drawing(key)),
            None => Some(format!(r#"<path id="g{number}" {BOX}/>"#)),
        };
        let name = match markup {
            None => Name::Nothing,
            Some(markup) if key.is_none() || self.spent + markup.len() <= MOST_BYTES => {
                self.spent += markup.len();
                self.outlines.push_str(&markup);
                Name::Drawn(number)
            }
            Some(_) => self.name(None),
        };
        self.names.insert(key, name);
        name
    }

    /// The whole document. `title` and `description` are what a screen reader says.
    pub fn finished(self, width: f32, height: f32, title: &str, description: &str) -> String {
        let (width, height) = (Number(width), Number(height));
        let said = |text: &str| escaped(&text.chars().take(MOST_SAID).collect::<String>());
        let (title, description) = (said(title), said(description));
        let Self { body, outlines, .. } = self;
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" aria-labelledby="t d"><title id="t">{title}</title><desc id="d">{description}</desc><defs>{outlines}</defs>{body}</svg>"#
        )
    }
}

/// A number of pixels with one digit behind the point at most.
pub struct Number(pub f32);

impl std::fmt::Display for Number {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tenths = (self.0 * 10.0).round() as i64;
        if tenths % 10 == 0 {
            write!(out, "{}", tenths / 10)
        } else {
            write!(out, "{}", tenths as f64 / 10.0)
        }
    }
}

/// A factor with as many digits as matter.
struct Scale(f32);

impl std::fmt::Display for Scale {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = format!("{:.5}", self.0);
        out.write_str(text.trim_start_matches('0'))
    }
}

/// A text inside markup or an attribute in double quotes. [`text::clean`] takes out what XML refuses.
pub fn escaped(text: &str) -> String {
    let text = text::clean(text);
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Style, Weight};

    const STYLE: Style = Style {
        size: 16.0,
        weight: Weight::Regular,
        spacing: 0.0,
    };

    #[test]
    fn an_outline_is_written_once_however_often_it_is_used() {
        let mut svg = Svg::default();
        svg.line(&text::line("aaaa", STYLE, 100.0), 0.0, 20.0, "#000");
        let svg = svg.finished(100.0, 30.0, "t", "d");
        assert_eq!(svg.matches("<path id=").count(), 1);
        assert_eq!(svg.matches("<use").count(), 4);
    }

    #[test]
    fn outlines_have_a_limit() {
        let mut svg = Svg::default();
        let mut letters = String::new();
        for code in 0x1F300..0x1F600 {
            letters.extend(char::from_u32(code));
        }
        svg.line(&text::line(&letters, STYLE, 99_999.0), 0.0, 20.0, "#000");
        assert!(svg.outlines.len() < MOST_BYTES);
        assert!(svg.outlines.contains(BOX));
    }

    #[test]
    fn texts_are_escaped() {
        assert_eq!(
            escaped("<a href=\"x\" b='y'>&\u{0}"),
            "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;"
        );
    }

    #[test]
    fn numbers_are_short() {
        let told = [1.0, 1.25, -0.04, 600.0].map(|number| Number(number).to_string());
        assert_eq!(told, ["1", "1.3", "0", "600"]);
        assert_eq!(Scale(26.0 / 512.0).to_string(), ".05078");
    }
}
