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

/// The README has people paste its client into the console of this page.
#[tokio::test]
async fn the_client_of_the_readme_works_when_pasted_there() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let readme = include_str!("../../README.md");
    let (_, client) = readme.split_once("```js\nconst socket").unwrap();
    let (client, _) = client.split_once("```").unwrap();
    let hub = TestHub::start().await;
    let user = hub.members().await[0];
    let client = client
        .replace("127.0.0.1:8080", &hub.app().addr().to_string())
        .replace("1141913533068345344", &user.to_string());
    let page = browser.open(&url(&hub, "/")).await;
    page.evaluate(&format!("const socket{client}")).await;
    page.until_said("INIT_ACK").await;
    hub.control.playing(user, "Go").await;
    let said = page.until_said("PRESENCE_UPDATE").await;
    assert_eq!(said[1], "online");
    page.expect_no_trouble().await;
    hub.stop().await;
}
