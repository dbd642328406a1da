//! `/docs/socket`: the description of the presence socket.

use lantern_actors::wire::{CloseCode, Opcode};
use serde_json::Value;

use crate::{browser::Browser, harness::TestHub, url};

const DOCUMENT: &str = include_str!("../../openapi/gateway.asyncapi.yaml");

#[tokio::test]
async fn every_opcode_and_close_code_is_shown_and_nobody_is_asked() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let hub = TestHub::start().await;
    let page = browser.open(&url(&hub, "/docs/socket")).await;
    let shown = page
        .evaluate(
            "[...document.querySelectorAll('article.message')].map(it => [
                it.querySelector('.op').textContent,
                it.querySelector('h3').textContent,
                it.querySelectorAll('.fields tbody tr').length,
                it.querySelectorAll('pre, details tr').length,
                it.querySelector('.direction').textContent])",
        )
        .await;
    let shown = shown.as_array().unwrap();
    assert_eq!(shown.len(), 15);
    for (index, message) in shown.iter().enumerate() {
        let opcode = Opcode::from_number(index as u64 + 1).unwrap();
        assert_eq!(message[0], opcode.number().to_string());
        assert!(
            message[1].as_str().unwrap().contains(opcode.name()),
            "{message}"
        );
        assert!(message[2].as_u64() > Some(0), "no fields: {message}");
        let title = format!("      title: {} (", opcode.name());
        let described = DOCUMENT.split_once(&title).unwrap().1;
        let described = described.split("      title: ").next().unwrap();
        let examples = described.matches("payload: {").count() as u64;
        assert_eq!(message[3].as_u64(), Some(examples), "{message}");
        let is_from_client = matches!(
            opcode,
            Opcode::Init | Opcode::Heartbeat | Opcode::Subscribe | Opcode::Unsubscribe
        );
        let direction = if is_from_client {
            "client → server"
        } else {
            "server → client"
        };
        assert_eq!(message[4], direction, "{message}");
    }
    let rows = "[...document.querySelectorAll('#close-codes tbody tr')].map(row =>
        [...row.cells].map(cell => cell.textContent))";
    let rows = page.evaluate(rows).await;
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), CloseCode::ALL.len());
    for code in CloseCode::ALL {
        let number = code.number().to_string();
        let row = rows.iter().find(|row| row[0] == number.as_str());
        let advice = row.unwrap()[3].as_str().unwrap();
        assert!(
            advice.starts_with("yes") || advice.starts_with("no"),
            "{advice}"
        );
    }
    page.expect_no_trouble().await;
    assert_eq!(page.requests(), [url(&hub, "/docs/socket")]);
}

#[tokio::test]
async fn the_client_in_ten_lines_works_when_pasted_there() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let hub = TestHub::start().await;
    let page = browser.open(&url(&hub, "/docs/socket")).await;
    let client = "document.querySelector('#a-client-in-ten-lines code').textContent";
    let client = page.evaluate(client).await;
    let client = client.as_str().unwrap();
    assert_eq!(client.trim().lines().count(), 10);
    page.evaluate(client).await;
    page.until_said("INIT_ACK").await;
    let user = hub.members().await[0];
    let name = hub.user(user).await["metadata"]["username"].clone();
    hub.control.playing(user, "Go").await;
    let said = page.until_said("PRESENCE_UPDATE").await;
    assert_eq!(said[1], name);
    page.evaluate("socket.close(1000, 'done')").await;
    assert_eq!(page.until_said("closed").await[1], Value::from(1000));
    page.expect_no_trouble().await;
}

#[tokio::test]
async fn it_fits_a_desk_and_a_phone_by_day_and_by_night() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let hub = TestHub::start().await;
    let mut papers = Vec::new();
    for (name, width, scheme) in [
        ("socket-light", 1280, "light"),
        ("socket-dark", 1280, "dark"),
        ("socket-phone", 390, "light"),
        ("socket-phone-dark", 390, "dark"),
    ] {
        let page = browser.page().await;
        page.viewport(width, 844).await;
        page.color_scheme(scheme).await;
        page.open(&url(&hub, "/docs/socket")).await;
        page.picture(name).await;
        page.expect_to_fit().await;
        papers.push(
            page.evaluate("getComputedStyle(document.body).backgroundColor")
                .await,
        );
    }
    assert_ne!(papers[0], papers[1]);
    assert_eq!(papers[1], papers[3]);
}

#[tokio::test]
async fn the_pages_lead_to_each_other() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let hub = TestHub::start().await;
    let page = browser.open(&url(&hub, "/")).await;
    for (link, title) in [
        ("/docs/socket", "Lantern presence socket"),
        ("/docs", "Lantern API"),
        ("/docs/socket", "Lantern presence socket"),
        ("/", "Lantern"),
    ] {
        let anchor = format!("document.querySelector('a[href=\"{link}\"]')");
        page.follow(&anchor).await;
        let shown = page.evaluate("[location.pathname, document.title]").await;
        assert_eq!(shown[0], link);
        assert!(shown[1].as_str().unwrap().starts_with(title), "{shown}");
    }
    for file in ["/asyncapi.yaml", "/openapi.json"] {
        let answer = hub.ask(file, &[]).await;
        assert_eq!(answer.status(), 200, "{file}");
    }
}
