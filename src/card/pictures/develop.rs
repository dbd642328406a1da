//! Pictures of strangers become pictures of ours: decoded within limits, made small, packed anew.
//!
//! Nothing of what was fetched reaches a viewer as it came.

use std::{io::Cursor, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use image::{
    DynamicImage, ImageEncoder, ImageError, ImageReader, Limits, Rgba, RgbaImage,
    codecs::jpeg::JpegEncoder, imageops::FilterType,
};
use thiserror::Error;

use crate::{album::Picture, content::Use, draw::PLATES};

/// The widest and highest picture that is decoded, in pixels.
const MOST_PIXELS: u32 = 2_048;

/// The most memory that decoding may take, in bytes.
const MOST_MEMORY: u64 = 32 * 1024 * 1024;

/// How good a JPEG is tried to be, best first: the first that is small enough is taken.
const QUALITIES: [u8; 5] = [84, 70, 50, 30, 15];

/// Why something is no picture for a card.
#[derive(Debug, Error)]
pub enum DevelopError {
    /// It is in no format that is known, broken, or larger than any picture of Discord's.
    #[error("read it as a picture: {0}")]
    Image(#[from] ImageError),
    /// Its beginning could not be looked at.
    #[error("read it as a picture: {0}")]
    Io(#[from] std::io::Error),
}

impl Use {
    /// How many pixels wide and high it is embedded: twice as many as the card has for it, for fine
    /// screens.
    const fn pixels(self) -> u32 {
        match self {
            Self::Avatar => 192,
            Self::Art => 176,
            Self::Corner => 56,
            Self::Icon => 40,
        }
    }

    /// How many bytes it may take.
    const fn most_bytes(self) -> usize {
        match self {
            Self::Avatar => 9_000,
            Self::Art => 8_000,
            Self::Corner | Self::Icon => 2_000,
        }
    }
}

/// Makes a picture of the bytes of a PNG, JPEG, WebP or GIF (whose first frame counts).
pub fn develop(bytes: &[u8], used: Use) -> Result<Picture, DevelopError> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_PIXELS);
    limits.max_image_height = Some(MOST_PIXELS);
    limits.max_alloc = Some(MOST_MEMORY);
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    reader.limits(limits);
    let side = used.pixels();
    let square = reader
        .decode()?
        .resize_to_fill(side, side, FilterType::Triangle);
    let square = square.into_rgba8();
    let accent = accent(&square);
    let has_holes = square.pixels().any(|Rgba([.., opacity])| *opacity < 255);
    if !has_holes {
        let uri = jpeg(&square, PLATES[0], used)?;
        return Ok(Picture::new([Arc::clone(&uri), uri], accent));
    }
    if used == Use::Icon {
        // Letters and chips are where icons stand: no plate there.
        let uri = png(&square)?;
        return Ok(Picture::new([Arc::clone(&uri), uri], accent));
    }
    let [dark, light] = PLATES.map(|plate| jpeg(&square, plate, used));
    Ok(Picture::new([dark?, light?], accent))
}

fn jpeg(square: &RgbaImage, plate: [u8; 3], used: Use) -> Result<Arc<str>, ImageError> {
    let flat = DynamicImage::ImageRgba8(square.clone()).into_rgba8();
    let flat = image::RgbImage::from_fn(flat.width(), flat.height(), |x, y| {
        on_plate(flat.get_pixel(x, y), plate)
    });
    let mut packed = Vec::new();
    for quality in QUALITIES {
        packed.clear();
        JpegEncoder::new_with_quality(&mut packed, quality).encode_image(&flat)?;
        if packed.len() <= used.most_bytes() {
            break;
        }
    }
    Ok(uri("image/jpeg", &packed))
}

fn on_plate(Rgba([red, green, blue, opacity]): &Rgba<u8>, plate: [u8; 3]) -> image::Rgb<u8> {
    let [under_red, under_green, under_blue] = plate;
    let mixed = |over: u8, under: u8| {
        let (over, under, opacity) = (u32::from(over), u32::from(under), u32::from(*opacity));
        ((over * opacity + under * (255 - opacity) + 127) / 255) as u8
    };
    image::Rgb([
        mixed(*red, under_red),
        mixed(*green, under_green),
        mixed(*blue, under_blue),
    ])
}

fn png(square: &RgbaImage) -> Result<Arc<str>, ImageError> {
    use image::codecs::png::{CompressionType, FilterType, PngEncoder};
    let mut packed = Vec::new();
    PngEncoder::new_with_quality(&mut packed, CompressionType::Best, FilterType::Adaptive)
        .write_image(
            square,
            square.width(),
            square.height(),
            image::ExtendedColorType::Rgba8,
        )?;
    Ok(uri("image/png", &packed))
}

fn uri(kind: &str, bytes: &[u8]) -> Arc<str> {
    format!("data:{kind};base64,{}", STANDARD.encode(bytes)).into()
}

/// How many parts the circle of hues has.
const HUES: usize = 12;

/// The colour that stands out: the mean of the hue that has most of the strong colours, or of
/// everything if it is grey.
fn accent(square: &RgbaImage) -> [u8; 3] {
    let mut hues = [[0_u64; 4]; HUES];
    let mut all = [0_u64; 4];
    for Rgba([red, green, blue, opacity]) in square.pixels().step_by(7) {
        let channels = [*red, *green, *blue];
        let (hue, strength) = hue(channels);
        let opacity = u64::from(*opacity);
        add(&mut all, channels, opacity);
        if let Some(sums) = hues.get_mut(hue) {
            add(sums, channels, strength * strength * opacity);
        }
    }
    let [.., strongest] = hues
        .iter()
        .max_by_key(|[.., weight]| *weight)
        .unwrap_or(&all);
    // A hundredth of the picture in a strong colour is enough.
    let [.., whole] = all;
    let is_grey = *strongest < whole * 100;
    let sums = hues
        .iter()
        .find(|[.., weight]| weight == strongest && !is_grey);
    let [red, green, blue, weight] = *sums.unwrap_or(&all);
    [red, green, blue].map(|sum| u8::try_from(sum / weight.max(1)).unwrap_or(u8::MAX))
}

fn add(sums: &mut [u64; 4], [red, green, blue]: [u8; 3], weight: u64) {
    for (sum, channel) in sums.iter_mut().zip([red, green, blue, 1]) {
        *sum += u64::from(channel) * weight;
    }
}

/// The part of the circle of hues that a colour is in, and how far it is from grey.
fn hue([red, green, blue]: [u8; 3]) -> (usize, u64) {
    let [red, green, blue] = [red, green, blue].map(i32::from);
    let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
    let spread = most - least;
    if spread == 0 {
        return (0, 0);
    }
    // In sixths of the circle, from red.
    let sixths = if most == red {
        (green - blue) as f32 / spread as f32
    } else if most == green {
        2.0 + (blue - red) as f32 / spread as f32
    } else {
        4.0 + (red - green) as f32 / spread as f32
    };
    let part = (sixths * HUES as f32 / 6.0).round() as i32;
    let part = part.rem_euclid(HUES as i32);
    (
        usize::try_from(part).unwrap_or_default(),
        u64::from(spread.unsigned_abs()),
    )
}

#[cfg(test)]
mod tests {
    use image::ImageFormat;

    use super::*;
    use crate::options::Theme;

    fn packed(picture: &RgbaImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let picture = DynamicImage::ImageRgba8(picture.clone());
        let picture = match format {
            ImageFormat::Jpeg => DynamicImage::ImageRgb8(picture.into_rgb8()),
            _ => picture,
        };
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn red() -> RgbaImage {
        RgbaImage::from_pixel(300, 200, Rgba([200, 20, 20, 255]))
    }

    #[test]
    fn every_format_of_discord_becomes_a_small_square() {
        for format in [
            ImageFormat::Png,
            ImageFormat::Jpeg,
            ImageFormat::WebP,
            ImageFormat::Gif,
        ] {
            let picture = develop(&packed(&red(), format), Use::Avatar).unwrap();
            let uri = picture.uri(Theme::Dark);
            let data = uri.strip_prefix("data:image/jpeg;base64,").unwrap();
            let decoded = image::load_from_memory(&STANDARD.decode(data).unwrap()).unwrap();
            assert_eq!((decoded.width(), decoded.height()), (192, 192));
            assert!(
                picture.accent[0] > 150 && picture.accent[1] < 60,
                "{:?}",
                picture.accent
            );
        }
    }

    #[test]
    fn holes_are_filled_with_the_plate_of_each_theme() {
        let holes = RgbaImage::from_pixel(64, 64, Rgba([0, 0, 0, 0]));
        let picture = develop(&packed(&holes, ImageFormat::Png), Use::Art).unwrap();
        assert_ne!(picture.uri(Theme::Dark), picture.uri(Theme::Light));
        let icon = develop(&packed(&holes, ImageFormat::Png), Use::Icon).unwrap();
        assert!(icon.uri(Theme::Dark).starts_with("data:image/png"));
    }

    #[test]
    fn noise_is_made_small_too() {
        let mut seed = 1_u32;
        let noise = RgbaImage::from_fn(400, 400, |_, _| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [red, green, blue, _] = seed.to_be_bytes();
            Rgba([red, green, blue, 255])
        });
        for used in [Use::Avatar, Use::Art, Use::Corner, Use::Icon] {
            let picture = develop(&packed(&noise, ImageFormat::Png), used).unwrap();
            assert!(
                picture.size() < 2 * used.most_bytes(),
                "{used:?} {}",
                picture.size()
            );
        }
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        assert!(develop(b"<svg xmlns='http://www.w3.org/2000/svg'/>", Use::Avatar).is_err());
        let mut cut = packed(&red(), ImageFormat::Png);
        cut.truncate(60);
        assert!(develop(&cut, Use::Avatar).is_err());
        let wide = RgbaImage::new(MOST_PIXELS + 1, 1);
        assert!(develop(&packed(&wide, ImageFormat::Png), Use::Avatar).is_err());
    }
}
