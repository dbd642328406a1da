//! The pictures that members show, and how their hosts are made to misbehave.

use std::collections::BTreeSet;
use std::time::Duration;

use image::{AnimationDecoder, ImageFormat};
use lantern_simulator::Simulator;
use reqwest::{Client, Response, redirect};
use serde_json::{Value, json};

use super::rest::control;
use super::{quiet, soon, start};
use crate::harness::{Control, TestHub, still};

const AVATAR: &str = "cdn.discordapp.com/avatars/7/0123abcd.png";

fn client() -> Client {
    let client = Client::builder().redirect(redirect::Policy::none());
    client.build().expect("a client")
}

async fn get(simulator: &Simulator, address: &str) -> Response {
    let url = format!("{}/images/{address}", simulator.api_url());
    soon("an answer", client().get(url).send())
        .await
        .expect("an answer")
}

/// Fetches a picture and decodes it by what its content type says.
async fn decoded(base: &str, address: &str) -> image::DynamicImage {
    let url = format!("{base}/images/{address}");
    let response = client().get(url).send().await.expect("an answer");
    assert_eq!(response.status(), 200, "{address}");
    let content_type = response.headers()["content-type"].to_str().expect("text");
    let format = ImageFormat::from_mime_type(content_type);
    let format = format.unwrap_or_else(|| panic!("{address} is {content_type}"));
    let bytes = response.bytes().await.expect("a body");
    assert_eq!(image::guess_format(&bytes).ok(), Some(format), "{address}");
    let picture = image::load_from_memory_with_format(&bytes, format);
    picture.unwrap_or_else(|error| panic!("{address}: {error}"))
}

/// All URLs of pictures in a document.
fn urls(document: &Value, found: &mut BTreeSet<String>) {
    match document {
        Value::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    ("album_cover", Value::String(url)) => _ = found.insert(url.clone()),
                    (key, Value::String(url)) if key.ends_with("_url") => {
                        found.insert(url.clone());
                    }
                    (_, inner) => urls(inner, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| urls(inner, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_picture_that_a_document_shows_is_served() {
    let members = lantern_simulator::SimulatorConfig {
        members: 200,
        ..still()
    };
    let hub = TestHub::simulating(members, |_| {}).await;
    let mut found = BTreeSet::new();
    urls(&hub.everybody().await, &mut found);
    let base = hub.app().simulator().expect("simulated").api_url();
    for url in &found {
        let address = url.strip_prefix("https://").expect("https");
        let picture = soon(url, decoded(&base, address)).await;
        assert!(picture.width() >= 64 && picture.height() >= 64, "{url}");
    }
    for kind in [
        "cdn.discordapp.com/avatars/",
        "cdn.discordapp.com/embed/avatars/",
        "cdn.discordapp.com/app-assets/",
        "cdn.discordapp.com/guild-tag-badges/",
        "media.discordapp.net/external/",
        "i.scdn.co/image/",
        "static-cdn.jtvnw.net/previews-ttv/",
        "i.ytimg.com/vi/",
    ] {
        assert!(
            found.iter().any(|url| url.contains(kind)),
            "nobody shows {kind}"
        );
    }
}

#[tokio::test]
async fn an_address_has_one_picture_in_each_size_and_format() {
    let simulator = start(quiet(1)).await;
    let base = simulator.api_url();
    for (query, width) in [
        ("", 256),
        ("?size=16", 16),
        ("?size=512", 512),
        ("?size=4096", 1024),
    ] {
        for extension in ["png", "webp", "jpg", "jpeg", "gif"] {
            let address = format!("cdn.discordapp.com/avatars/7/a_0123.{extension}{query}");
            if extension == "gif" && width > 256 {
                continue;
            }
            let picture = decoded(&base, &address).await;
            assert_eq!(
                (picture.width(), picture.height()),
                (width, width),
                "{address}"
            );
        }
    }
    let first = get(&simulator, AVATAR).await.bytes().await.expect("a body");
    simulator.stop().await;
    let simulator = start(quiet(1)).await;
    let again = get(&simulator, AVATAR).await.bytes().await.expect("a body");
    assert_eq!(first, again, "another simulator draws the same");
    let other = "cdn.discordapp.com/avatars/7/0123abce.png";
    let other = get(&simulator, other).await.bytes().await.expect("a body");
    assert_ne!(first, other);
    simulator.stop().await;
}

#[tokio::test]
async fn a_gif_moves() {
    let simulator = start(quiet(1)).await;
    let response = get(
        &simulator,
        "cdn.discordapp.com/avatars/7/a_0123.gif?size=64",
    )
    .await;
    let bytes = response.bytes().await.expect("a body");
    let gif = image::codecs::gif::GifDecoder::new(std::io::Cursor::new(bytes)).expect("a GIF");
    let frames = gif.into_frames().collect_frames().expect("frames");
    assert!(frames.len() > 2, "{}", frames.len());
    assert_ne!(frames[0].buffer(), frames[2].buffer());
    simulator.stop().await;
}

#[tokio::test]
async fn some_avatars_are_seen_through_and_badges_are() {
    let simulator = start(quiet(1)).await;
    let base = simulator.api_url();
    let corner = async |address: String| decoded(&base, &address).await.to_rgba8()[(0, 0)][3];
    let mut seen = BTreeSet::new();
    for number in 0..40 {
        let address = format!("cdn.discordapp.com/avatars/7/{number}.png?size=16");
        seen.insert(corner(address).await);
    }
    assert_eq!(seen, BTreeSet::from([0, 255]));
    let badge = "cdn.discordapp.com/guild-tag-badges/7/ab.webp".to_owned();
    assert_eq!(corner(badge).await, 0);
    simulator.stop().await;
}

#[tokio::test]
async fn pictures_may_be_kept_for_a_year() {
    let simulator = start(quiet(1)).await;
    let response = get(&simulator, AVATAR).await;
    let headers = response.headers();
    assert_eq!(headers["cache-control"], "public, max-age=31536000");
    let etag = headers["etag"].clone();
    let url = format!("{}/images/{AVATAR}", simulator.api_url());
    let ask = async |known: &str| {
        let request = client().get(&url).header("if-none-match", known);
        request.send().await.expect("an answer")
    };
    let unchanged = ask(etag.to_str().expect("text")).await;
    assert_eq!(
        (unchanged.status().as_u16(), &unchanged.headers()["etag"]),
        (304, &etag)
    );
    assert_eq!(ask("\"another\"").await.status(), 200);
    simulator.stop().await;
}

#[tokio::test]
async fn addresses_that_the_hosts_would_refuse_are_refused() {
    let simulator = start(quiet(1)).await;
    for (address, status) in [
        ("example.com/a.png", 404),
        ("cdn.discordapp.com/avatars/7", 404),
        ("cdn.discordapp.com/avatars/7/%2e%2e/a.png", 404),
        ("cdn.discordapp.com/avatars/7/a.png?size=100", 400),
        ("cdn.discordapp.com/avatars/7/a.gif", 415),
    ] {
        let response = get(&simulator, address).await;
        assert_eq!(response.status().as_u16(), status, "{address}");
        let body: Value = response.json().await.expect("JSON");
        assert!(body["message"].is_string(), "{address} {body}");
    }
    simulator.stop().await;
}

#[tokio::test]
async fn hosts_misbehave_as_they_are_told() {
    let simulator = start(quiet(1)).await;
    for (behaviour, status, content_type, is_picture) in [
        ("missing", 404, "application/json", false),
        ("failing", 500, "application/json", false),
        ("broken", 200, "image/png", false),
        ("wrong_type", 200, "text/html", false),
        ("serve", 200, "image/png", true),
    ] {
        Control::new(&simulator).images(behaviour).await;
        let response = get(&simulator, AVATAR).await;
        assert_eq!(response.status().as_u16(), status, "{behaviour}");
        assert_eq!(
            response.headers()["content-type"],
            content_type,
            "{behaviour}"
        );
        let bytes = response.bytes().await.expect("a body");
        assert_eq!(
            image::load_from_memory(&bytes).is_ok(),
            is_picture,
            "{behaviour}"
        );
    }
    simulator.stop().await;
}

#[tokio::test]
async fn a_huge_picture_does_not_tell_its_length() {
    let simulator = start(quiet(1)).await;
    let control = Control::new(&simulator);
    control.images("huge").await;
    let mut response = get(&simulator, AVATAR).await;
    assert_eq!(response.content_length(), None);
    let mut length = 0;
    while let Some(piece) = soon("a piece", response.chunk()).await.expect("a piece") {
        length += piece.len();
        if length > 5 << 20 {
            return simulator.stop().await;
        }
    }
    panic!("it has {length} bytes");
}

#[tokio::test]
async fn a_silent_host_answers_nobody_until_the_simulator_stops() {
    let simulator = start(quiet(1)).await;
    let control = Control::new(&simulator);
    control.images("silent").await;
    let url = format!("{}/images/{AVATAR}", simulator.api_url());
    let waiting = tokio::spawn(client().get(url).send());
    let asked = async {
        while control.image_requests().await != 1 {
            tokio::task::yield_now().await;
        }
    };
    soon("the request is there", asked).await;
    assert!(!waiting.is_finished());
    let began = tokio::time::Instant::now();
    simulator.stop().await;
    assert!(began.elapsed() < Duration::from_secs(5));
    let answer = soon("the end of the silence", waiting)
        .await
        .expect("a task");
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status() == 503));
}

#[tokio::test]
async fn a_redirect_leads_to_another_host_that_counts() {
    let simulator = start(quiet(1)).await;
    let control = Control::new(&simulator);
    control.images("redirect").await;
    let response = get(&simulator, &format!("{AVATAR}?size=32")).await;
    assert_eq!(response.status(), 302);
    let location = response.headers()["location"]
        .to_str()
        .expect("text")
        .to_owned();
    assert!(location.starts_with("http://localhost:"), "{location}");
    assert_eq!(control.followed_redirects().await, 0);
    // By the address that it listens on, since a machine may know localhost by another one first.
    let path = location.split_once("/elsewhere").expect("a path").1;
    let url = format!("{}/elsewhere{path}", simulator.api_url());
    let bytes = client()
        .get(url)
        .send()
        .await
        .expect("an answer")
        .bytes()
        .await
        .expect("a body");
    assert_eq!(
        image::load_from_memory(&bytes).expect("a picture").width(),
        32
    );
    assert_eq!(control.followed_redirects().await, 1);
    simulator.stop().await;
}

#[tokio::test]
async fn control_tells_and_takes_how_hosts_behave() {
    let simulator = start(quiet(1)).await;
    let show = async || control(&simulator, "GET", "/images", Value::Null).await;
    let fresh = json!({"behaviour": "serve", "prefix": "", "requests": 0, "followed": 0});
    assert_eq!(show().await, (200, fresh));
    let images = Control::new(&simulator);
    images.images_at("i.scdn.co/", "missing").await;
    let cover = get(&simulator, "i.scdn.co/image/ab").await.status();
    let avatar = get(&simulator, AVATAR).await.status();
    assert_eq!((cover.as_u16(), avatar.as_u16()), (404, 200));
    let told =
        json!({"behaviour": "missing", "prefix": "i.scdn.co/", "requests": 2, "followed": 0});
    assert_eq!(show().await, (200, told));
    for (body, says) in [
        (json!({"behaviour": "explode"}), "serve"),
        (json!({"behaviour": "serve", "host": "x"}), "prefix"),
        (json!({}), "behaviour"),
    ] {
        let (status, error) = control(&simulator, "PUT", "/images", body).await;
        assert_eq!((status, &error["code"]), (400, &json!("invalid_body")));
        assert!(
            error["error"].as_str().expect("text").contains(says),
            "{error}"
        );
    }
    simulator.stop().await;
}
