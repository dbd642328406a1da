//! What can happen to the built-in store from outside: the process is killed, the power fails, the
//! disk fills, somebody else has the folder. Real processes, real files.
//!
//! `LANTERN_FAULT_SEED=7` chooses the seed of the storm; a failure names its own.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod child;
mod decisions;
mod disk;
mod folder;
mod full;
mod full_program;
#[path = "../it/harness/mod.rs"]
#[allow(dead_code, unused_imports, reason = "written for another test binary")]
mod harness;
#[path = "../it/process/program.rs"]
#[allow(dead_code, reason = "written for another test binary")]
mod program;
mod storm;
mod torn;
