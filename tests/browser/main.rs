//! What a browser makes of Lantern's pages: tests in a real Chromium, on the whole server with a
//! simulated Discord.
//!
//! They run where `LANTERN_TEST_BROWSER` names the browser's program, as `tests/run` does it, and are
//! skipped elsewhere. A test begins so:
//!
//! ```ignore
//! let Some(browser) = Browser::start().await else { return };
//! let hub = TestHub::start().await;
//! let page = browser.open(&url(&hub, "/docs")).await;
//! page.until("the page is drawn", "document.querySelector('h1')").await;
//! assert_eq!(page.evaluate("document.title").await, "Lantern API");
//! page.expect_no_trouble().await;
//! ```
//!
//! With `LANTERN_TEST_PICTURES` naming a folder, [`page::Page::picture`] writes pictures there, to be
//! looked at.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod browser;
mod card_page;
mod devtools;
#[allow(dead_code, unused_imports, reason = "other tests use the rest")]
#[path = "../it/harness/mod.rs"]
mod harness;
mod live_page;
mod page;
mod reference;
mod socket_page;

use harness::TestHub;

/// The address of a path on this hub.
fn url(hub: &TestHub, path: &str) -> String {
    format!("http://{}{path}", hub.app().addr())
}
