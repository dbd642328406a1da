//! `/docs`: the reference of the REST interface.

use serde_json::Value;

use crate::{browser::Browser, harness::TestHub, page::Page, url};

async fn shown(browser: &Browser, hub: &TestHub) -> Page {
    let page = browser.open(&url(hub, "/docs")).await;
    page.until(
        "the operations are shown",
        "document.querySelectorAll('.opblock').length",
    )
    .await;
    page
}

#[tokio::test]
async fn every_operation_is_shown_and_nobody_else_is_asked() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let hub = TestHub::start().await;
    let page = shown(&browser, &hub).await;
    let document: Value = serde_json::from_str(&lantern::api::document()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let mut documented: Vec<String> = paths
        .iter()
        .flat_map(|(path, operations)| {
            let methods = operations.as_object().unwrap().keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let blocks = "[...document.querySelectorAll('.opblock')].map(block =>
        block.querySelector('.opblock-summary-method').textContent + ' ' +
        block.querySelector('.opblock-summary-path').dataset.path)";
    let mut shown: Vec<String> = serde_json::from_value(page.evaluate(blocks).await).unwrap();
    documented.sort();
    shown.sort();
    assert_eq!(shown, documented);
    page.expect_no_trouble().await;
}

#[tokio::test]
async fn an_operation_can_be_tried_out() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let hub = TestHub::start().await;
    let page = shown(&browser, &hub).await;
    let user = hub.members().await[1].to_string();
    let block = "document.querySelector('#operations-Users-get_user')";
    let within = |selector: &str| format!("{block}.querySelector('{selector}')");
    page.click(&within(".opblock-summary-control")).await;
    page.click(&within(".try-out__btn")).await;
    page.type_into(&within("tr[data-param-name=id] input"), &user)
        .await;
    page.click(&within(".btn.execute")).await;
    let status =
        format!("{block}.querySelector('.live-responses-table tbody .response-col_status')");
    page.until("it is answered", &status).await;
    let status = page.evaluate(&format!("{status}.textContent.trim()")).await;
    assert!(status.as_str().unwrap().starts_with("200"), "{status}");
    let body = within(".live-responses-table");
    let shown = format!("{body}.textContent.includes('{user}')");
    page.until("the user is shown", &shown).await;
    page.expect_no_trouble().await;
}

#[tokio::test]
async fn it_fits_a_desk_and_a_phone_by_day_and_by_night() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let hub = TestHub::start().await;
    for (name, width, scheme) in [
        ("docs-light", 1280, "light"),
        ("docs-dark", 1280, "dark"),
        ("docs-phone", 390, "light"),
        ("docs-phone-dark", 390, "dark"),
    ] {
        let page = browser.page().await;
        page.viewport(width, 844).await;
        page.color_scheme(scheme).await;
        page.open(&url(&hub, "/docs")).await;
        let block = "#operations-Storage-put_pair .opblock-summary-control";
        page.click(&format!("document.querySelector('{block}')"))
            .await;
        page.until("it is opened", "document.querySelector('.responses-table')")
            .await;
        page.picture(name).await;
        page.expect_to_fit().await;
        page.expect_no_trouble().await;
    }
}
