//! What a card's address may ask for, checked once.

use std::{fmt, str::FromStr};

/// The most characters of `noActivityTitle`.
pub const MAX_TITLE: usize = 64;

/// The most characters of `noActivityMessage`.
pub const MAX_MESSAGE: usize = 256;

/// The greatest `borderRadius`, in rem.
pub const MAX_RADIUS_REM: f32 = 10.0;

/// The smallest and the greatest `width` of a PNG, in pixels.
pub const WIDTHS: std::ops::RangeInclusive<u32> = 100..=1_200;

/// How wide a PNG is if nothing else is asked for, in pixels: as wide as an SVG.
pub const WIDTH: u32 = 600;

/// The colours of a card.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Theme {
    /// For dark pages.
    #[default]
    Dark,
    /// For light pages.
    Light,
}

/// What is shown of a user, and how. `Default` is a card without options.
#[derive(Clone, Debug, PartialEq)]
pub struct CardOptions {
    /// Which colours.
    pub theme: Theme,
    /// How round the corners are, in rem of 16 pixels.
    pub border_radius_rem: f32,
    /// Whether the username stands in place of the global name.
    pub hide_global_name: bool,
    /// Whether status, platforms and custom status are left out.
    pub hide_status: bool,
    /// Whether badges are left out.
    pub hide_badges: bool,
    /// Whether activities are left out.
    pub hide_activity: bool,
    /// Whether it is left out when the user was last seen.
    pub hide_last_seen: bool,
    /// Whether the server tag is left out.
    pub hide_server_tag: bool,
    /// What is said of somebody who does nothing. Empty: nothing is said.
    pub no_activity_title: String,
    /// The sentence below it.
    pub no_activity_message: String,
    /// Whether bars move.
    pub animate: bool,
    /// How wide a PNG is, in pixels.
    pub width: u32,
}

impl Default for CardOptions {
    fn default() -> Self {
        Self {
            theme: Theme::Dark,
            border_radius_rem: 2.0,
            hide_global_name: false,
            hide_status: false,
            hide_badges: false,
            hide_activity: false,
            hide_last_seen: false,
            hide_server_tag: false,
            no_activity_title: "No Activity".to_owned(),
            no_activity_message: "This user is not currently doing anything.".to_owned(),
            animate: true,
            width: WIDTH,
        }
    }
}

/// Which option is wrong, and what it takes. Its `Display` is a sentence.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OptionError {
    name: &'static str,
    wanted: String,
    given: String,
}

impl fmt::Display for OptionError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String = self.given.chars().take(40).collect();
        let cut = if shown.len() < self.given.len() {
            "…"
        } else {
            ""
        };
        write!(
            out,
            "{} takes {}; \"{shown}{cut}\" was given.",
            self.name, self.wanted
        )
    }
}

impl CardOptions {
    /// The options in these decoded parameters of an address. Others are not looked at, because
    /// addresses of pictures carry all sorts of them; of one that is repeated the last counts.
    pub fn parse<'a>(
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, OptionError> {
        let mut options = Self::default();
        for (name, value) in parameters {
            options.take(name, value)?;
        }
        Ok(options)
    }

    /// The options that are right, to tell about the others in.
    pub fn parse_what_is_right<'a>(
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let mut options = Self::default();
        for (name, value) in parameters {
            // A wrong one changes nothing.
            let _ = options.take(name, value);
        }
        options
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), OptionError> {
        match name {
            "theme" => self.theme = theme(value)?,
            "borderRadius" => self.border_radius_rem = radius(value)?,
            "hideGlobalName" => self.hide_global_name = switch("hideGlobalName", value)?,
            "hideStatus" => self.hide_status = switch("hideStatus", value)?,
            "hideBadges" => self.hide_badges = switch("hideBadges", value)?,
            "hideActivity" => self.hide_activity = switch("hideActivity", value)?,
            "hideLastSeen" => self.hide_last_seen = switch("hideLastSeen", value)?,
            "hideServerTag" => self.hide_server_tag = switch("hideServerTag", value)?,
            "noActivityTitle" => {
                self.no_activity_title = text("noActivityTitle", value, MAX_TITLE)?;
            }
            "noActivityMessage" => {
                self.no_activity_message = text("noActivityMessage", value, MAX_MESSAGE)?;
            }
            "animate" => self.animate = switch("animate", value)?,
            "width" => self.width = width(value)?,
            _ => {}
        }
        Ok(())
    }
}

fn wrong(name: &'static str, wanted: impl Into<String>, given: &str) -> OptionError {
    OptionError {
        name,
        wanted: wanted.into(),
        given: given.to_owned(),
    }
}

/// On or off: `1` or `0`, as the contract has it; `true` and `false` are understood.
pub fn switch(name: &'static str, value: &str) -> Result<bool, OptionError> {
    match value {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err(wrong(name, "0 or 1", value)),
    }
}

fn theme(value: &str) -> Result<Theme, OptionError> {
    match value {
        "dark" => Ok(Theme::Dark),
        "light" => Ok(Theme::Light),
        _ => Err(wrong("theme", "dark or light", value)),
    }
}

fn radius(value: &str) -> Result<f32, OptionError> {
    number(value)
        .filter(|rem: &f32| (0.0..=MAX_RADIUS_REM).contains(rem))
        .ok_or_else(|| {
            wrong(
                "borderRadius",
                format!("a number from 0 to {MAX_RADIUS_REM}"),
                value,
            )
        })
}

fn width(value: &str) -> Result<u32, OptionError> {
    let (least, most) = WIDTHS.into_inner();
    number(value)
        .filter(|width| WIDTHS.contains(width))
        .ok_or_else(|| {
            wrong(
                "width",
                format!("a whole number from {least} to {most}"),
                value,
            )
        })
}

/// A number as people write it: digits, and a point. Not `inf`, `nan`, `1e3` or `+1`.
fn number<T: FromStr>(value: &str) -> Option<T> {
    let is_plain = value
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_plain.then(|| value.parse().ok()).flatten()
}

fn text(name: &'static str, value: &str, most: usize) -> Result<String, OptionError> {
    let length = value.chars().count();
    if length > most {
        let wanted = format!("at most {most} characters, and has {length}");
        return Err(wrong(name, wanted, value));
    }
    Ok(value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pairs: &[(&str, &str)]) -> Result<CardOptions, String> {
        CardOptions::parse(pairs.iter().copied()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_asked_for_is_as_the_contract_says() {
        let options = parse(&[("cache", "7"), ("svg", "1")]).unwrap();
        assert_eq!(options, CardOptions::default());
        assert_eq!(options.border_radius_rem, 2.0);
        assert_eq!(options.no_activity_title, "No Activity");
    }

    #[test]
    fn every_option_is_understood() {
        let options = parse(&[
            ("theme", "light"),
            ("borderRadius", "0.5"),
            ("hideGlobalName", "1"),
            ("hideStatus", "1"),
            ("hideBadges", "1"),
            ("hideActivity", "true"),
            ("hideLastSeen", "1"),
            ("hideServerTag", "1"),
            ("noActivityTitle", "Äther"),
            ("noActivityMessage", ""),
            ("animate", "0"),
            ("width", "300"),
        ]);
        insta::assert_debug_snapshot!(options.unwrap());
    }

    #[test]
    fn what_is_out_of_range_is_told_with_its_range() {
        let long = "é".repeat(65);
        let longer = "x".repeat(257);
        let told: Vec<String> = [
            ("theme", "blue"),
            ("theme", ""),
            ("borderRadius", "10.1"),
            ("borderRadius", "-1"),
            ("borderRadius", "NaN"),
            ("borderRadius", "1e1"),
            ("hideStatus", "2"),
            ("hideBadges", ""),
            ("animate", "no"),
            ("width", "99"),
            ("width", "1201"),
            ("noActivityTitle", &long),
            ("noActivityMessage", &longer),
        ]
        .into_iter()
        .map(|pair| parse(&[pair]).unwrap_err())
        .collect();
        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        assert!(parse(&[("noActivityTitle", &"🏮".repeat(64))]).is_ok());
    }
}
