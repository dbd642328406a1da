//! The colours of cards.

use crate::{content::Shown, options::Theme};

/// The colours of one theme, as SVG writes them.
#[derive(Debug)]
pub struct Palette {
    /// The card itself.
    pub ground: &'static str,
    /// The line around it.
    pub edge: &'static str,
    /// What an activity stands on.
    pub panel: &'static str,
    /// What pictures with holes stand on, as numbers too.
    pub plate: &'static str,
    /// Names and titles.
    pub strong: &'static str,
    /// Further lines.
    pub text: &'static str,
    /// What is read last.
    pub faint: &'static str,
    /// The part of a bar that is still to come.
    pub track: &'static str,
    /// Music.
    pub green: &'static str,
    /// How much of the avatar's colour shines through, from 0 to 1.
    pub glow: f32,
}

/// The plates of both themes, which pictures are flattened on: dark, light.
pub const PLATES: [[u8; 3]; 2] = [[0x2b, 0x2d, 0x31], [0xeb, 0xed, 0xef]];

static DARK: Palette = Palette {
    ground: "#17181c",
    edge: "#ffffff1a",
    panel: "#ffffff0d",
    plate: "#2b2d31",
    strong: "#f4f5f7",
    text: "#c4c8ce",
    faint: "#9da3ad",
    track: "#ffffff29",
    green: "#3ddc77",
    glow: 0.42,
};

static LIGHT: Palette = Palette {
    ground: "#ffffff",
    edge: "#0000001f",
    panel: "#1018280a",
    plate: "#ebedef",
    strong: "#0f1115",
    text: "#41454d",
    faint: "#666c76",
    track: "#00000021",
    green: "#13813d",
    glow: 0.3,
};

impl Theme {
    /// Its colours.
    pub(crate) fn palette(self) -> &'static Palette {
        match self {
            Self::Dark => &DARK,
            Self::Light => &LIGHT,
        }
    }
}

/// The colour of a status.
pub fn of_status(status: Shown) -> &'static str {
    match status {
        Shown::Online => "#23a55a",
        Shown::Idle => "#f0b232",
        Shown::Dnd => "#f23f43",
        Shown::Offline => "#80848e",
        Shown::Streaming => "#7c4dd6",
    }
}

/// A colour made fit to shine: neither black, white nor grey.
pub fn shining([red, green, blue]: [u8; 3]) -> String {
    let channels = [red, green, blue].map(|channel| f32::from(channel) / 255.0);
    let greatest = channels.into_iter().fold(0.0, f32::max);
    let least = channels.into_iter().fold(1.0, f32::min);
    let (middle, spread) = (f32::midpoint(greatest, least), greatest - least);
    // The lightness is moved between a third and two thirds, and weak colours are made stronger.
    let wanted = middle.clamp(0.38, 0.62);
    let strength = if spread < 0.02 {
        1.0
    } else {
        (0.34 / spread).clamp(1.0, 2.2)
    };
    let moved = channels.map(|channel| {
        let value = wanted + (channel - middle) * strength;
        (value.clamp(0.0, 1.0) * 255.0).round() as u8
    });
    let [red, green, blue] = moved;
    format!("#{red:02x}{green:02x}{blue:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plates_are_those_of_the_themes() {
        for (theme, [red, green, blue]) in [Theme::Dark, Theme::Light].into_iter().zip(PLATES) {
            assert_eq!(
                theme.palette().plate,
                format!("#{red:02x}{green:02x}{blue:02x}")
            );
        }
    }

    #[test]
    fn black_and_white_shine_grey_and_colours_stay_colours() {
        assert_eq!(shining([0, 0, 0]), "#616161");
        assert_eq!(shining([255, 255, 255]), "#9e9e9e");
        assert_eq!(shining([88, 101, 242]), "#515eeb");
    }
}
