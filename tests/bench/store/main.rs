//! `cargo bench --bench store`: what durable state costs, as ratios from one run.
//!
//! Parts can be chosen, and `quick` makes all of it shorter and less exact:
//! `cargo bench --bench store -- commits start quick`.
//!
//! Each side runs in a process of its own, on the same disk, and they take turns. CPU time is the
//! whole process's, user and system, as the kernel accounts it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot go on should stop"
)]

mod append;
#[path = "../fan_out/child.rs"]
mod child;
mod commits;
mod embedded;
#[path = "../fan_out/report.rs"]
#[allow(dead_code, reason = "some of it is about deliveries")]
mod report;
mod start;

use tempfile::TempDir;

fn main() {
    let role = std::env::var(child::ROLE).unwrap_or_default();
    let words: Vec<&str> = role.split_whitespace().collect();
    match words.as_slice() {
        ["embedded", folder] => return embedded::run(folder),
        ["append", folder, bytes] => return append::run(folder, bytes),
        ["fill", folder, members] => return start::fill(folder, members),
        ["serve", folder] => return start::serve(folder),
        _ => {}
    }
    report::machine();
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let is_quick = words.iter().any(|word| word == "quick");
    let is_wanted = |part: &str| {
        let mut parts = words.iter().filter(|word| *word != "quick").peekable();
        parts.peek().is_none() || parts.any(|word| word == part)
    };
    let scale = if is_quick { 10 } else { 1 };
    // The commits of a CQL server, against the same statements bare through the driver, are
    // another call of `commits::compare`.
    if is_wanted("commits") {
        embedded::compare(1, 2_000 / scale);
        embedded::compare(64, 50_000 / scale);
    }
    if is_wanted("start") {
        start::measure(100_000 / scale);
    }
}

/// On the disk that the program was built on: one in memory would say nothing.
fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}
