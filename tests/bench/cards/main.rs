//! Cards in a second of processor time, of one core: `cargo bench --bench cards`.
//!
//! The pictures come from the simulated Discord. "Anew" is a card whose texts nobody has seen before,
//! with pictures that are kept; "kept" is the same card again. The yardstick of PNGs is what resvg and
//! the PNG encoder take for the same SVG, that of SVGs is reading the user's document, which every card
//! begins with. All of one row is measured in turns.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a benchmark ends by panicking"
)]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use bytes::Bytes;
use image::{ExtendedColorType, ImageEncoder, codecs::png};
use lantern_actors::domain::Timestamp;
use lantern_card::{Cards, Format, PictureSettings, options::CardOptions};
use lantern_simulator::{Simulator, SimulatorConfig};
use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree},
};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(1_500);
const NOW: Timestamp = Timestamp::from_unix_ms(1_620_000_000_000);

fn main() {
    // Drawing is on one thread, so processor time is that of a core.
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let simulator = runtime.block_on(Simulator::start(config())).unwrap();
    let proxy = format!("{}/images", simulator.api_url()).parse().unwrap();
    let settings = PictureSettings {
        proxy: Some(proxy),
        wait: Duration::from_secs(5),
        timeout: Duration::from_secs(5),
        most_bytes: 4 << 20,
        cache_bytes: 16 << 20,
    };
    let bench = Bench {
        cards: Cards::new(settings, 64 << 20).unwrap(),
        runtime,
    };
    first(&bench);
    svg(&bench);
    for width in [600, 1_200] {
        png(&bench, width);
    }
    bench.runtime.block_on(simulator.stop());
}

fn config() -> SimulatorConfig {
    SimulatorConfig {
        listen: "127.0.0.1:0".parse().unwrap(),
        members: 3,
        rate: 0.0,
        ..SimulatorConfig::default()
    }
}

struct Bench {
    cards: Cards,
    runtime: Runtime,
}

impl Bench {
    fn card(&self, user: String, options: &CardOptions, format: Format) -> usize {
        let user = Bytes::from(user);
        let card = self.cards.card(&user, options, format, NOW);
        self.runtime.block_on(card).unwrap().bytes.len()
    }
}

/// A card whose pictures have to be fetched.
fn first(bench: &Bench) {
    let times: Vec<f64> = (0..20)
        .map(|number| {
            let began = Instant::now();
            bench.card(user(number, number), &CardOptions::default(), Format::Svg);
            began.elapsed().as_secs_f64() * 1_000.0
        })
        .collect();
    let counts = bench.cards.pictures().counts();
    let fetched = counts.fetched.load(std::sync::atomic::Ordering::Relaxed);
    println!(
        "first, {} pictures fetched each: {} ms by the clock",
        fetched / 20,
        spread(times)
    );
}

fn svg(bench: &Bench) {
    let options = CardOptions::default();
    let mut number = 1_000;
    let (mut anew, mut kept, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let bytes = bench.card(user(0, 0), &options, Format::Svg);
    for _ in 0..ROUNDS {
        let reading = per_second(|| {
            number += 1;
            black_box(serde_json::from_str::<Value>(&user(0, number)).unwrap());
        });
        anew.push(per_second(|| {
            number += 1;
            bench.card(user(0, number), &options, Format::Svg);
        }));
        ratios.push(reading / anew.last().unwrap());
        kept.push(per_second(|| {
            bench.card(user(0, 0), &options, Format::Svg);
        }));
    }
    println!(
        "SVG of {bytes} bytes anew: {} a second for each core; {}x the time of reading the document",
        spread(anew),
        spread(ratios)
    );
    println!("SVG kept: {} a second", spread(kept));
}

fn png(bench: &Bench, width: u32) {
    let options = CardOptions {
        width,
        ..CardOptions::default()
    };
    let mut number = 1_000_000 + u64::from(width) * 1_000;
    let ada = Bytes::from(user(0, 0));
    let card = bench.cards.card(&ada, &options, Format::Svg, NOW);
    let svg = String::from_utf8(bench.runtime.block_on(card).unwrap().bytes.to_vec()).unwrap();
    let bytes = bench.card(user(0, 0), &options, Format::Png);
    let (mut anew, mut kept, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let bare = per_second(|| {
            black_box(bare(&svg, width));
        });
        anew.push(per_second(|| {
            number += 1;
            bench.card(user(0, number), &options, Format::Png);
        }));
        ratios.push(bare / anew.last().unwrap());
        kept.push(per_second(|| {
            bench.card(user(0, 0), &options, Format::Png);
        }));
    }
    println!(
        "PNG {width} wide, {bytes} bytes, anew: {} a second for each core; {}x the time of resvg alone",
        spread(anew),
        spread(ratios)
    );
    println!("PNG kept: {} a second", spread(kept));
}

fn bare(svg: &str, width: u32) -> Vec<u8> {
    let tree = Tree::from_str(svg, &Options::default()).unwrap();
    let scale = width as f32 / tree.size().width();
    let mut pixmap = Pixmap::new(width, (tree.size().height() * scale) as u32).unwrap();
    resvg::render(
        &tree,
        Transform::from_scale(scale, scale),
        &mut pixmap.as_mut(),
    );
    let mut file = Vec::new();
    png::PngEncoder::new_with_quality(&mut file, png::CompressionType::Fast, png::FilterType::Up)
        .write_image(
            pixmap.data(),
            pixmap.width(),
            pixmap.height(),
            ExtendedColorType::Rgba8,
        )
        .unwrap();
    file
}

/// How often something can be done in a second of processor time, of all threads together.
fn per_second(mut what: impl FnMut()) -> f64 {
    let (began, before) = (Instant::now(), cpu());
    let mut times = 0;
    while began.elapsed() < ROUND {
        what();
        times += 1;
    }
    f64::from(times) / (cpu() - before)
}

/// Processor time of this process, in seconds.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    let ticks: f64 = fields[11..13]
        .iter()
        .map(|ticks| ticks.parse::<f64>().unwrap())
        .sum();
    ticks / 100.0
}

/// The median, with the least and the greatest.
fn spread(mut of: Vec<f64>) -> String {
    of.sort_by(f64::total_cmp);
    let (middle, least, most) = (of[of.len() / 2], of[0], of[of.len() - 1]);
    let digits = if middle < 100.0 { 2 } else { 0 };
    format!("{middle:.digits$} ({least:.digits$}-{most:.digits$})")
}

/// A user with a game and a song: `pictures` decides which pictures, `texts` the texts.
fn user(pictures: u64, texts: u64) -> String {
    let id = 1_141_913_533_068_345_344 + pictures;
    json!({
        "metadata": {
            "id": id.to_string(), "username": format!("ada.{texts}"), "discriminator": "0",
            "global_name": format!("Ada Lovelace {texts}"), "avatar": "0f",
            "avatar_url": format!("https://cdn.discordapp.com/avatars/{id}/{pictures:032x}.webp"),
            "display_avatar_url": format!("https://cdn.discordapp.com/avatars/{id}/{pictures:032x}.webp"),
            "bot": false, "flags": {"human_readable": ["Staff", "ActiveDeveloper"], "bitfield": 1},
            "monitoring_since": {"unix": 1_620_000_000, "raw": ""}
        },
        "active_platforms": {
            "desktop": "online", "mobile": "idle", "web": "offline",
            "spotify": {
                "track_id": "x", "song": format!("The Analytical Engine {texts}"), "artist": "Charles; The Differences",
                "album": "Notes by the Translator", "album_cover": format!("https://i.scdn.co/image/{pictures:040x}"),
                "start_time": {"unix": 1_619_999_939, "raw": ""}, "end_time": {"unix": 1_620_000_123, "raw": ""},
                "time": {"current_human_readable": "01:01", "end_human_readable": "03:04"}
            }
        },
        "activities": [
            {"id": "custom", "name": "Custom Status", "type": "CUSTOM", "state": format!("lighting lanterns {texts}"),
             "details": null, "application_id": null, "created_at": 1, "assets": null, "timestamps": null},
            {"id": "1", "name": "Hollow Knight", "type": "PLAYING", "state": "In a party (2 of 4)",
             "details": format!("Exploring the City of Tears {texts}"), "application_id": "1", "created_at": 1,
             "assets": {"large_image": {"hash": "1", "image_url": format!("https://cdn.discordapp.com/app-assets/{id}/1.png"), "text": null}, "small_image": null},
             "timestamps": {"start_time": {"unix": 1_619_996_220, "raw": ""}}}
        ],
        "storage": {}, "server_tag": {"guild_id": "1", "name": "GGEZ", "icon_url": format!("https://cdn.discordapp.com/guild-tag-badges/{id}/{pictures:032x}.webp")},
        "status": "online", "last_seen_at": null, "v": 1
    })
    .to_string()
}
