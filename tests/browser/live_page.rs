//! `/`: the live page.

use crate::{browser::Browser, harness::TestHub, url};

#[tokio::test]
async fn the_live_page_shows_the_members_and_asks_nobody_else() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let hub = TestHub::start().await;
    let page = browser.open(&url(&hub, "/")).await;
    let user = hub.members().await[0];
    let name = hub.user(user).await["metadata"]["username"].clone();
    let shown =
        format!("[...document.querySelectorAll('.name')].some(it => it.title.includes({name}))");
    page.until("a member is shown", &shown).await;
    hub.control.playing(user, "Nine Men's Morris").await;
    page.until(
        "what the member does is shown",
        "document.body.textContent.includes(\"Nine Men's Morris\")",
    )
    .await;
    page.expect_no_trouble().await;
}
