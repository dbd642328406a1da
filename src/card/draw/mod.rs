//! How a card looks: 600 pixels wide, as high as what it says.
//!
//! Above, the avatar with the status, beside it the names, badges and a note; below, a panel for each
//! activity. The colour of the avatar shines through from its corner, that of the artwork from the
//! corner opposite.

mod icons;
mod panel;
mod person;
mod sheet;
mod svg;
mod theme;

pub use sheet::{card, notice};
pub use theme::PLATES;
