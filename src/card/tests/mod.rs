//! Cards as they are drawn: their markup, their pixels, and that no text breaks them.

mod looks;
mod properties;
mod samples;
