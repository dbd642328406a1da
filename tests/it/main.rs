//! Integration tests, one file per feature.

mod simulator;
