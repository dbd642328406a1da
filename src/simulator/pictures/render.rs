//! SVG into the bytes of a file.

use std::io::Cursor;

use image::codecs::gif::{GifEncoder, Repeat};
use image::codecs::jpeg::JpegEncoder;
use image::{Delay, DynamicImage, Frame, ImageFormat, ImageResult, RgbaImage};
use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{Options, Tree};

use super::address::{Format, Wanted};
use super::draw;

/// The frames of a picture that moves.
const FRAMES: u8 = 6;
/// How long each is shown.
const FRAME_MS: u32 = 120;
/// From 1 (best) to 30 (fastest): how colours of a GIF are chosen.
const GIF_SPEED: i32 = 30;
/// Of 100.
const JPEG_QUALITY: u8 = 88;

/// The file. It is empty if what was drawn is no SVG, which a test rules out.
pub fn file(wanted: &Wanted) -> Vec<u8> {
    let mut bytes = Vec::new();
    let written = match wanted.format {
        Format::Png => still(wanted).write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png),
        Format::WebP => still(wanted).write_to(&mut Cursor::new(&mut bytes), ImageFormat::WebP),
        Format::Jpeg => {
            let opaque = still(wanted).to_rgb8();
            JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY).encode_image(&opaque)
        }
        Format::Gif => moving(wanted, &mut bytes),
    };
    if let Err(error) = written {
        tracing::error!(%error, name = wanted.name, "a picture could not be written");
    }
    bytes
}

fn still(wanted: &Wanted) -> DynamicImage {
    pixels(wanted, 0.0).into()
}

fn moving(wanted: &Wanted, bytes: &mut Vec<u8>) -> ImageResult<()> {
    let mut encoder = GifEncoder::new_with_speed(bytes, GIF_SPEED);
    encoder.set_repeat(Repeat::Infinite)?;
    for number in 0..FRAMES {
        let pixels = pixels(wanted, f32::from(number) / f32::from(FRAMES));
        let delay = Delay::from_numer_denom_ms(FRAME_MS, 1);
        encoder.encode_frame(Frame::from_parts(pixels, 0, 0, delay))?;
    }
    Ok(())
}

/// What is seen at `moment`, from 0 to 1, of a picture that moves.
fn pixels(wanted: &Wanted, moment: f32) -> RgbaImage {
    let svg = draw::svg(wanted.subject, &wanted.name, moment);
    // A JPEG has no transparency.
    let paper = (wanted.format == Format::Jpeg).then_some(Color::WHITE);
    rasterised(&svg, wanted.width, paper).unwrap_or_else(|| {
        tracing::error!(name = wanted.name, "what was drawn is no SVG");
        RgbaImage::new(wanted.width, wanted.width)
    })
}

fn rasterised(svg: &str, width: u32, paper: Option<Color>) -> Option<RgbaImage> {
    let tree = Tree::from_str(svg, &Options::default()).ok()?;
    let drawn = tree.size().to_int_size();
    let height = drawn.scale_to_width(width)?.height();
    let mut pixmap = Pixmap::new(width, height)?;
    let scale = Transform::from_scale(
        width as f32 / tree.size().width(),
        height as f32 / tree.size().height(),
    );
    if let Some(paper) = paper {
        pixmap.fill(paper);
    }
    resvg::render(&tree, scale, &mut pixmap.as_mut());
    RgbaImage::from_raw(width, height, pixmap.take_demultiplied())
}
