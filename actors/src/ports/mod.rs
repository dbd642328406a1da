//! The traits by which the live core and the outside world meet.

pub mod intake;
