//! `/card`: people make their card and copy what embeds it.

use serde_json::Value;

use crate::{
    browser::Browser,
    harness::{TestHub, still},
    page::Page,
    url,
};

/// Whether a card is seen that says this.
fn shows(text: &str) -> String {
    let text = Value::from(text);
    format!(
        "(({{ naturalWidth, alt }}) => naturalWidth > 0 && alt.includes({text}))(document.getElementById('card'))"
    )
}

async fn text(page: &Page, id: &str) -> String {
    let told = page
        .evaluate(&format!("document.getElementById('{id}').textContent"))
        .await;
    told.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_card_is_made_and_what_embeds_it_is_ready_to_copy() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let hub = TestHub::start().await;
    let member = hub.members().await[1];
    hub.control.playing(member, "Chess & Draughts").await;
    let page = browser.open(&url(&hub, &format!("/card#{member}"))).await;
    page.until("the card", &shows("Chess & Draughts")).await;
    page.until(
        "the names",
        "document.querySelectorAll('#members option').length >= 3",
    )
    .await;
    let base = url(&hub, &format!("/api/v1/users/{member}"));
    assert_eq!(
        text(&page, "markdown").await,
        format!("[![Discord]({base}.svg)](https://discord.com/users/{member})")
    );

    page.click("document.querySelector('[value=light]')").await;
    page.click("document.querySelector('[name=hideActivity]')")
        .await;
    page.click("document.getElementById('still')").await;
    let query = "?theme=light&hideActivity=1&animate=0";
    page.until(
        "the address",
        &format!("document.getElementById('png').textContent.endsWith('.png{query}')"),
    )
    .await;
    assert!(text(&page, "html").await.contains(&format!(
        "src=\"{base}.svg{}\"",
        query.replace('&', "&amp;")
    )));
    page.until(
        "the card without activities",
        &format!("!{}", shows("Chess")),
    )
    .await;
    // What is there to copy is a card.
    let copied = text(&page, "png").await;
    let answer = reqwest::get(copied).await.unwrap();
    image::load_from_memory(&answer.bytes().await.unwrap()).unwrap();
    page.expect_no_trouble().await;
    hub.stop().await;
}

#[tokio::test]
async fn the_card_changes_when_the_member_does() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let hub = TestHub::start().await;
    let member = hub.members().await[0];
    hub.control.playing(member, "Chess").await;
    let page = browser.open(&url(&hub, &format!("/card#{member}"))).await;
    page.until("the card", &shows("Chess")).await;
    page.until("the socket", "socket.readyState === 1").await;
    hub.control.playing(member, "Draughts").await;
    page.until("the change", &shows("Draughts")).await;
    page.expect_no_trouble().await;
    hub.stop().await;
}

#[tokio::test]
async fn somebody_else_is_chosen_by_name_and_by_id() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let hub = TestHub::start().await;
    let members = hub.members().await;
    let page = browser.open(&url(&hub, "/card")).await;
    page.until("a card", "document.getElementById('card').naturalWidth > 0")
        .await;
    let field = "document.getElementById('member')";
    page.type_into(field, &members[2].to_string()).await;
    let address = format!(
        "document.getElementById('png').textContent.includes('/{}.png')",
        members[2]
    );
    page.until("the address", &address).await;
    let name = page.evaluate(&format!("names.get('{}')", members[0])).await;
    page.type_into(field, name.as_str().unwrap()).await;
    let address = format!(
        "document.getElementById('png').textContent.includes('/{}.png')",
        members[0]
    );
    page.until("the address", &address).await;
    page.type_into(field, "12").await;
    page.until(
        "that nobody is found",
        "document.getElementById('problem').textContent.includes('Nobody')",
    )
    .await;
    page.until(
        "a picture that says so",
        &shows("User 12 is not monitored."),
    )
    .await;
    hub.stop().await;
}

#[tokio::test]
async fn it_fits_a_desk_and_a_phone_by_day_and_by_night() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let demo = lantern_simulator::SimulatorConfig {
        members: 40,
        ..still()
    };
    let hub = TestHub::simulating(demo, |_| {}).await;
    let page = browser.page().await;
    for (width, height, scheme) in [
        (1280, 900, "light"),
        (1280, 900, "dark"),
        (390, 844, "dark"),
    ] {
        page.viewport(width, height).await;
        page.color_scheme(scheme).await;
        page.open(&url(&hub, "/card")).await;
        page.until(
            "the card",
            "document.getElementById('card').naturalWidth > 0",
        )
        .await;
        page.expect_to_fit().await;
        page.picture(&format!("card-{width}-{scheme}")).await;
    }
    page.expect_no_trouble().await;
    hub.stop().await;
}
