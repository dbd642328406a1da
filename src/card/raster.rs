//! Cards as PNG, drawn from their SVG, for places that show no SVG.

use std::io::Cursor;

use image::{ExtendedColorType, ImageEncoder, codecs::png};
use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree},
};
use thiserror::Error;

/// Why a card could not be drawn. None of these is expected: the SVG is our own.
#[derive(Debug, Error)]
pub enum RasterError {
    /// The SVG is not well-formed.
    #[error("read the card's SVG: {0}")]
    Svg(#[from] resvg::usvg::Error),
    /// It has no size.
    #[error("draw a card of no size")]
    Size,
    /// The pixels could not be packed.
    #[error("write the card as PNG: {0}")]
    Png(#[from] image::ImageError),
}

/// The card as a PNG so many pixels wide.
pub fn png(svg: &str, width: u32) -> Result<Vec<u8>, RasterError> {
    let pixmap = pixels(svg, width)?;
    let (width, height) = (pixmap.width(), pixmap.height());
    let mut pixels = pixmap.take_demultiplied();
    // What is wholly transparent compresses best as nothing.
    for pixel in pixels.chunks_exact_mut(4) {
        if let [.., 0] = pixel {
            pixel.fill(0);
        }
    }
    let mut file = Cursor::new(Vec::new());
    png::PngEncoder::new_with_quality(&mut file, png::CompressionType::Fast, png::FilterType::Up)
        .write_image(&pixels, width, height, ExtendedColorType::Rgba8)?;
    Ok(file.into_inner())
}

fn pixels(svg: &str, width: u32) -> Result<Pixmap, RasterError> {
    let tree = Tree::from_str(svg, &Options::default())?;
    let size = tree.size();
    let scale = width as f32 / size.width();
    let height = (size.height() * scale).round() as u32;
    let mut pixmap = Pixmap::new(width, height).ok_or(RasterError::Size)?;
    resvg::render(
        &tree,
        Transform::from_scale(scale, scale),
        &mut pixmap.as_mut(),
    );
    Ok(pixmap)
}
