//! Folders that are not to be used, and what the program says of them.
pub fn hold(_folder: &str) {}
