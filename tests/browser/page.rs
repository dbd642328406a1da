//! A page in the browser: what a test does with it, and what went wrong on it.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    devtools::{DevTools, Event},
    harness::PATIENCE,
};

/// One page. Everything waits at most as long as the rest of the tests wait, and then fails.
pub struct Page {
    tools: Arc<DevTools>,
    session: String,
    /// In CSS pixels.
    width: AtomicU32,
}

impl Page {
    pub(crate) async fn new(tools: Arc<DevTools>, session: String) -> Self {
        let page = Self {
            tools,
            session,
            width: AtomicU32::new(0),
        };
        for domain in ["Page", "Runtime", "Network", "Log"] {
            page.ask(&format!("{domain}.enable"), json!({})).await;
        }
        page.viewport(1280, 800).await;
        page
    }

    /// Gives the page any command of the DevTools Protocol.
    pub async fn ask(&self, method: &str, params: Value) -> Value {
        self.tools.ask(Some(&self.session), method, params).await
    }

    /// Goes to an address and waits until it is loaded, with all that it refers to.
    pub async fn open(&self, url: &str) {
        let loaded = self.loads() + 1;
        let went = self.ask("Page.navigate", json!({ "url": url })).await;
        assert!(went["errorText"].is_null(), "{url}: {went}");
        self.until_loaded(loaded).await;
    }

    /// Clicks on the link that a JavaScript expression tells, and waits until that page is loaded.
    pub async fn follow(&self, link: &str) {
        let loaded = self.loads() + 1;
        self.click(link).await;
        self.until_loaded(loaded).await;
    }

    fn loads(&self) -> usize {
        loads(&self.events())
    }

    async fn until_loaded(&self, count: usize) {
        let is_loaded = |events: &[Event]| loads(events) >= count;
        let what = "the page is loaded";
        self.tools.until(what, &self.session, is_loaded).await;
    }

    /// The value of a JavaScript expression, as JSON. A promise is awaited; an error fails the test.
    pub async fn evaluate(&self, expression: &str) -> Value {
        let params = json!({
            "expression": expression,
            "awaitPromise": true,
            "returnByValue": true,
            "userGesture": true,
        });
        let answer = self.ask("Runtime.evaluate", params).await;
        let error = &answer["exceptionDetails"];
        assert!(error.is_null(), "{expression}\n{error:#}");
        answer["result"]["value"].clone()
    }

    /// Waits until a JavaScript expression is something that counts as true.
    pub async fn until(&self, what: &str, expression: &str) {
        // Gives up a little sooner than whoever waits for the answer, so as to tell what was there.
        let patience = (PATIENCE - Duration::from_secs(2)).as_millis();
        let look = format!(
            "new Promise((done, fail) => {{
                const end = Date.now() + {patience};
                const look = () => {{
                    try {{ if ({expression}) return done(null); }} catch (error) {{ return fail(error); }}
                    if (Date.now() > end) return done(document.body.innerText);
                    setTimeout(look, 10);
                }};
                look();
            }})"
        );
        let seen = self.evaluate(&look).await;
        assert!(seen.is_null(), "not in time: {what}; seen was {seen}");
    }

    /// Waits for the element that a JavaScript expression tells, and clicks on it.
    pub async fn click(&self, element: &str) {
        self.until(&format!("there is {element}"), element).await;
        self.evaluate(&format!("({element}).click()")).await;
    }

    /// Waits for a field, types a text over what is in it, and leaves it.
    pub async fn type_into(&self, field: &str, text: &str) {
        self.until(&format!("there is {field}"), field).await;
        self.evaluate(&format!("({field}).focus(), ({field}).select()"))
            .await;
        self.ask("Input.insertText", json!({ "text": text })).await;
        self.evaluate(&format!("({field}).blur()")).await;
    }

    /// Makes the page so wide and high, in CSS pixels. Below 600 it is a phone, with touch.
    pub async fn viewport(&self, width: u32, height: u32) {
        self.width.store(width, Ordering::Relaxed);
        let is_phone = width < 600;
        let metrics = json!({
            "width": width,
            "height": height,
            "deviceScaleFactor": 1,
            "mobile": is_phone,
        });
        self.ask("Emulation.setDeviceMetricsOverride", metrics)
            .await;
        let touch = json!({ "enabled": is_phone });
        self.ask("Emulation.setTouchEmulationEnabled", touch).await;
    }

    /// Has the page believe that its viewer prefers "dark" or "light".
    pub async fn color_scheme(&self, scheme: &str) {
        let feature = json!({"name": "prefers-color-scheme", "value": scheme});
        self.ask("Emulation.setEmulatedMedia", json!({"features": [feature]}))
            .await;
    }

    /// Writes a picture of the whole page, `NAME.png`, for somebody to look at: into the folder that
    /// `LANTERN_TEST_PICTURES` names, if it names one.
    pub async fn picture(&self, name: &str) {
        let Some(folder) = std::env::var_os("LANTERN_TEST_PICTURES") else {
            return;
        };
        let file = Path::new(&folder).join(name).with_extension("png");
        std::fs::write(file, self.screenshot().await).unwrap();
    }

    /// The whole page as a PNG.
    pub async fn screenshot(&self) -> Vec<u8> {
        let metrics = self.ask("Page.getLayoutMetrics", json!({})).await;
        let mut clip = metrics["cssContentSize"].clone();
        clip["scale"] = 1.into();
        let params = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let picture = self.ask("Page.captureScreenshot", params).await;
        STANDARD.decode(picture["data"].as_str().unwrap()).unwrap()
    }

    /// Fails if the page is wider than what shows it, so that one would have to scroll sideways.
    pub async fn expect_to_fit(&self) {
        let width = u64::from(self.width.load(Ordering::Relaxed));
        let seen = self.evaluate("document.documentElement.scrollWidth").await;
        assert!(seen.as_u64().unwrap() <= width, "{seen} pixels in {width}");
    }

    /// Waits until the page has told its console something that begins with this text, and returns
    /// all that it was told with it.
    pub async fn until_said(&self, first: &str) -> Vec<Value> {
        let said = |events: &[Event]| {
            let said = events
                .iter()
                .filter(|it| it.method == "Runtime.consoleAPICalled");
            let mut said = said.filter_map(|it| it.params["args"].as_array());
            said.find(|args| args[0]["value"] == first).cloned()
        };
        let is_said = |events: &[Event]| said(events).is_some();
        self.tools.until(first, &self.session, is_said).await;
        let args = said(&self.events()).unwrap_or_default();
        args.iter().map(|arg| arg["value"].clone()).collect()
    }

    /// Everything that happened on the page so far.
    pub fn events(&self) -> Vec<Event> {
        self.tools.events(&self.session)
    }

    /// The addresses that the page has asked, also by WebSocket, in order; what it holds itself
    /// (`data:`, `blob:`) left out.
    pub fn requests(&self) -> Vec<String> {
        let events = self.events().into_iter();
        let urls = events.filter_map(|event| match event.method.as_str() {
            "Network.requestWillBeSent" => {
                event.params["request"]["url"].as_str().map(str::to_owned)
            }
            "Network.webSocketCreated" => event.params["url"].as_str().map(str::to_owned),
            _ => None,
        });
        let is_held = |url: &String| url.starts_with("data:") || url.starts_with("blob:");
        urls.filter(|url| !is_held(url)).collect()
    }

    /// What went wrong on the page: errors on its console, exceptions, what its policy refused,
    /// requests that failed, and requests to anywhere but where the page is from.
    pub async fn troubles(&self) -> Vec<String> {
        let host = self.evaluate("location.host").await;
        let host = host.as_str().unwrap();
        let mut troubles: Vec<String> = self.events().iter().filter_map(trouble).collect();
        let is_outside = |url: &String| url.split('/').nth(2) != Some(host);
        let outside = self.requests().into_iter().filter(is_outside);
        troubles.extend(outside.map(|url| format!("asked {url}")));
        troubles
    }

    /// Fails if something went wrong.
    pub async fn expect_no_trouble(&self) {
        let troubles = self.troubles().await;
        assert!(troubles.is_empty(), "{troubles:#?}");
    }
}

/// How many pages were loaded.
fn loads(events: &[Event]) -> usize {
    let loads = events.iter();
    loads
        .filter(|event| event.method == "Page.loadEventFired")
        .count()
}

fn trouble(event: &Event) -> Option<String> {
    let params = &event.params;
    match event.method.as_str() {
        "Runtime.exceptionThrown" => Some(format!("threw {}", params["exceptionDetails"])),
        "Runtime.consoleAPICalled" if params["type"] == "error" => {
            Some(format!("said {}", params["args"]))
        }
        "Log.entryAdded" if params["entry"]["level"] == "error" => {
            Some(format!("logged {}", params["entry"]))
        }
        "Network.loadingFailed" if params["canceled"] != true => {
            Some(format!("failed to load: {params}"))
        }
        _ => None,
    }
}
