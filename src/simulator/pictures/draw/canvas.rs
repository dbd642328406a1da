//! SVG that is being written.

use super::colour::Colour;

/// A point: from the left, from the top.
pub type Point = (f32, f32);

/// What a shape is filled with, as SVG names it.
#[derive(Debug, Clone)]
pub struct Paint(String);

impl From<Colour> for Paint {
    fn from(colour: Colour) -> Self {
        Self(colour.to_string())
    }
}

/// A gradient's colours, each with its place from 0 to 1.
pub type Stops<'a> = &'a [(f32, Colour)];

/// The paper: shapes lie over those that were drawn before.
#[derive(Debug)]
pub struct Canvas {
    /// In units of the drawing.
    pub width: f32,
    /// In units of the drawing.
    pub height: f32,
    body: String,
    gradients: usize,
}

impl Canvas {
    /// An empty, transparent paper.
    pub fn new(width: f32, height: f32) -> Self {
        Self {
            width,
            height,
            body: String::new(),
            gradients: 0,
        }
    }

    /// The document.
    pub fn into_svg(self) -> String {
        let Self {
            width,
            height,
            body,
            ..
        } = self;
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">{body}</svg>"#
        )
    }

    /// A gradient from one point to another.
    pub fn linear(&mut self, from: Point, to: Point, stops: Stops<'_>) -> Paint {
        let ((x1, y1), (x2, y2)) = (from, to);
        let place = format!(r#"x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}""#);
        self.gradient("linearGradient", &place, stops)
    }

    /// A gradient from a point outwards.
    pub fn radial(&mut self, (x, y): Point, radius: f32, stops: Stops<'_>) -> Paint {
        let place = format!(r#"cx="{x:.1}" cy="{y:.1}" r="{radius:.1}""#);
        self.gradient("radialGradient", &place, stops)
    }

    fn gradient(&mut self, kind: &str, place: &str, stops: Stops<'_>) -> Paint {
        let stop = |(at, colour): &(f32, Colour)| {
            format!(r#"<stop offset="{at:.3}" stop-color="{colour}"/>"#)
        };
        let stops: String = stops.iter().map(stop).collect();
        let id = self.gradients;
        self.gradients += 1;
        self.body += &format!(
            r#"<{kind} id="g{id}" gradientUnits="userSpaceOnUse" {place}>{stops}</{kind}>"#
        );
        Paint(format!("url(#g{id})"))
    }

    /// Covers everything.
    pub fn cover(&mut self, paint: impl Into<Paint>) {
        self.rect((0.0, 0.0), (self.width, self.height), 0.0, paint);
    }

    /// Covers everything with a gradient from top to bottom.
    pub fn sky(&mut self, stops: Stops<'_>) {
        let paint = self.linear((0.0, 0.0), (0.0, self.height), stops);
        self.cover(paint);
    }

    /// A rectangle by its upper left corner and its extent, with round corners.
    pub fn rect(&mut self, at: Point, extent: Point, round: f32, paint: impl Into<Paint>) {
        let ((x, y), (width, height), Paint(paint)) = (at, extent, paint.into());
        self.body += &format!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" rx="{round:.1}" fill="{paint}"/>"#
        );
    }

    /// A disc.
    pub fn disc(&mut self, centre: Point, radius: f32, paint: impl Into<Paint>) {
        self.ellipse(centre, (radius, radius), paint);
    }

    /// An ellipse by its centre and its two radii.
    pub fn ellipse(&mut self, centre: Point, radii: Point, paint: impl Into<Paint>) {
        let ((x, y), (rx, ry), Paint(paint)) = (centre, radii, paint.into());
        self.body += &format!(
            r#"<ellipse cx="{x:.1}" cy="{y:.1}" rx="{rx:.1}" ry="{ry:.1}" fill="{paint}"/>"#
        );
    }

    /// The line of a circle.
    pub fn ring(&mut self, (x, y): Point, radius: f32, width: f32, paint: impl Into<Paint>) {
        let Paint(paint) = paint.into();
        self.body += &format!(
            r#"<circle cx="{x:.1}" cy="{y:.1}" r="{radius:.1}" fill="none" stroke="{paint}" stroke-width="{width:.1}"/>"#
        );
    }

    /// A shape by its path, in SVG's language.
    pub fn shape(&mut self, path: &str, paint: impl Into<Paint>) {
        let Paint(paint) = paint.into();
        self.body += &format!(r#"<path d="{path}" fill="{paint}"/>"#);
    }

    /// A line with round ends by its path, in SVG's language.
    pub fn line(&mut self, path: &str, width: f32, paint: impl Into<Paint>) {
        let Paint(paint) = paint.into();
        self.body += &format!(
            r#"<path d="{path}" fill="none" stroke="{paint}" stroke-width="{width:.1}" stroke-linecap="round" stroke-linejoin="round"/>"#
        );
    }

    /// A shape by its corners.
    pub fn polygon(&mut self, corners: &[Point], paint: impl Into<Paint>) {
        self.shape(&format!("{}Z", polyline(corners)), paint);
    }

    /// What `draw` draws, moved, turned or scaled as SVG's `transform` says.
    pub fn moved(&mut self, transform: &str, draw: impl FnOnce(&mut Self)) {
        self.body += &format!(r#"<g transform="{transform}">"#);
        draw(self);
        self.body += "</g>";
    }
}

/// The path of a line through points.
pub fn polyline(points: &[Point]) -> String {
    let step = |(number, (x, y)): (usize, &Point)| {
        let letter = if number == 0 { 'M' } else { 'L' };
        format!("{letter}{x:.1} {y:.1}")
    };
    points.iter().enumerate().map(step).collect()
}
