//! What cards look like. `LANTERN_UPDATE_CARDS=1` writes the pictures anew: look at them then.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use super::samples::{away, busy, but, card, with_pictures};
use crate::{draw, options::Theme, raster};

/// How much the pixels of a card may differ from those that were looked at, in hundredths of what is
/// possible, on average. Rounding on another processor makes less than a tenth of this.
const TOLERANCE: f64 = 0.2;

/// How wide the pictures are that are kept.
const WIDTH: u32 = 600;

/// The markup without the outlines, and with the glyphs of each text counted.
fn skeleton(svg: &str) -> String {
    let (before, rest) = svg.split_once("<defs>").unwrap();
    let (_, after) = rest.split_once("</defs>").unwrap();
    let mut short = String::new();
    let mut glyphs = 0;
    for part in format!("{before}{after}").replace("><", ">\n<").lines() {
        if part.starts_with("<use ") {
            glyphs += 1;
            continue;
        }
        if glyphs > 0 {
            short.push_str(&format!("… {glyphs} glyphs\n"));
            glyphs = 0;
        }
        let data = part.find("base64,").map(|at| at + "base64,".len());
        match data {
            Some(at) => short.push_str(&format!("{}…\"/>\n", &part[..at])),
            None => short.push_str(&format!("{part}\n")),
        }
    }
    short
}

fn looks_as_before(name: &str, svg: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/looks/{name}.png"));
    let png = raster::png(svg, WIDTH).unwrap();
    if std::env::var_os("LANTERN_UPDATE_CARDS").is_some() {
        fs::write(&path, &png).unwrap();
        return;
    }
    let now = image::load_from_memory(&png).unwrap().into_rgba8();
    let before = fs::read(&path)
        .unwrap_or_else(|_| panic!("there is no {name}.png: see the module's first lines"));
    let before = image::load_from_memory(&before).unwrap().into_rgba8();
    assert_eq!(now.dimensions(), before.dimensions(), "{name}");
    let apart = now
        .iter()
        .zip(before.iter())
        .map(|(a, b)| f64::from(a.abs_diff(*b)));
    let apart = apart.sum::<f64>() / now.len() as f64 / 2.55;
    if apart > TOLERANCE {
        let shown = std::env::temp_dir().join(format!("lantern-{name}.png"));
        fs::write(&shown, &png).unwrap();
        panic!("{name} differs by {apart:.2} %: see {}", shown.display());
    }
}

#[test]
fn somebody_busy() {
    let svg = card(&busy(), &[]);
    insta::assert_snapshot!(skeleton(&svg));
    looks_as_before("busy-dark", &svg);
    looks_as_before("busy-light", &card(&busy(), &[("theme", "light")]));
}

#[test]
fn somebody_away() {
    let svg = card(&away(), &[("theme", "light")]);
    insta::assert_snapshot!(skeleton(&svg));
    looks_as_before("away-light", &svg);
}

#[test]
fn without_pictures() {
    looks_as_before("no-pictures", &with_pictures(&busy(), &[], |_| None));
}

#[test]
fn names_of_all_the_world() {
    let user = but(&[
        (
            "/metadata/global_name",
            json!("عبد الله بن محمد الخوارزمي 🌙 الفلكي والرياضي"),
        ),
        (
            "/metadata/username",
            json!("al.khwarizmi_of_baghdad_and_the_house_of_wisdom"),
        ),
        (
            "/activities/0/state",
            json!("שלום עולם, 你好世界, こんにちは, 안녕하세요, สวัสดี"),
        ),
        ("/activities/1/name", json!("𝓗𝓸𝓵𝓵𝓸𝔀 𝕶𝖓𝖎𝖌𝖍𝖙 ★彡 空洞骑士")),
        (
            "/activities/1/details",
            json!("नमस्ते दुनिया · Γειά σου Κόσμε · Здравствуй, мир"),
        ),
        (
            "/activities/1/state",
            json!("გამარჯობა · Բարեւ · ሰላም · வணக்கம் · 🏳️‍🌈👨‍👩‍👧‍👦❤️‍🔥"),
        ),
        (
            "/active_platforms/spotify/song",
            json!("夜に駆ける – とても長い曲名がここに続いていきます、まだまだ続きます"),
        ),
        (
            "/active_platforms/spotify/artist",
            json!("방탄소년단; 宇多田ヒカル"),
        ),
    ]);
    looks_as_before("scripts", &card(&user, &[]));
}

/// What a screen reader says of a card whose game is this activity.
fn told(changes: &[(&str, Value)]) -> String {
    let mut user = but(&[("/active_platforms/spotify", Value::Null)]);
    for (name, value) in changes {
        user["activities"][1][name] = value.clone();
    }
    let svg = card(&user, &[]);
    let (_, after) = svg.split_once("<desc").unwrap();
    let (description, _) = after.split_once("</desc>").unwrap();
    description.to_owned()
}

#[test]
fn a_kind_without_a_word_gets_none() {
    for kind in ["UNKNOWN", "HANGING_OUT"] {
        let description = told(&[
            ("type", json!(kind)),
            ("name", json!("Hang Status")),
            ("state", json!("custom")),
            ("details", json!("cooking")),
        ]);
        assert!(
            description.contains("Hang Status, cooking, custom"),
            "{description}"
        );
        for verb in ["PLAYING", "LISTENING", "WATCHING", "STREAMING", "COMPETING"] {
            assert!(!description.contains(verb), "{description}");
        }
    }
    let nameless = told(&[
        ("type", json!("LISTENING")),
        ("name", json!("")),
        ("details", Value::Null),
        ("state", Value::Null),
    ]);
    assert!(nameless.contains("LISTENING Something"), "{nameless}");
}

#[test]
fn an_unknown_kind() {
    let user = but(&[
        ("/active_platforms/spotify", Value::Null),
        ("/activities/1/type", json!("UNKNOWN")),
        ("/activities/1/name", json!("Hang Status")),
        ("/activities/1/details", json!("cooking")),
        ("/activities/1/state", json!("custom")),
        ("/activities/1/assets", Value::Null),
        ("/activities/1/timestamps", Value::Null),
    ]);
    looks_as_before("unknown-dark", &card(&user, &[]));
}

#[test]
fn an_emoji_that_was_deleted_is_drawn_by_its_picture() {
    let url = "https://cdn.discordapp.com/emojis/41771983429993937.gif";
    let emoji =
        json!({"name": null, "id": "41771983429993937", "animated": true, "image_url": url});
    let user = but(&[
        ("/activities/0/emoji", emoji),
        ("/activities/0/state", Value::Null),
    ]);
    let (with, without) = (card(&user, &[]), card(&user, &[("hideStatus", "true")]));
    let pictures = |svg: &str| svg.matches("<image ").count();
    assert_eq!(pictures(&with), pictures(&without) + 1);
}

#[test]
fn what_is_hidden_is_not_there() {
    let hidden = [
        "hideStatus",
        "hideBadges",
        "hideActivity",
        "hideLastSeen",
        "hideServerTag",
        "hideGlobalName",
    ];
    let hidden = hidden.map(|name| (name, "1"));
    let svg = card(&busy(), &hidden);
    for word in [
        "tonight",
        "Staff",
        "GGEZ",
        "Hollow",
        "Analytical",
        "Lovelace",
        "online",
    ] {
        assert!(!svg.contains(word), "{word}");
    }
    assert!(svg.contains("ada.lovelace"));
    looks_as_before("hidden", &svg);
}

#[test]
fn every_status_has_a_shape_of_its_own() {
    for status in ["idle", "dnd", "offline"] {
        let user = but(&[("/status", json!(status)), ("/activities", json!([]))]);
        looks_as_before(status, &card(&user, &[("hideActivity", "1")]));
    }
    let streaming = but(&[
        ("/activities/1/type", json!("STREAMING")),
        ("/activities/1/assets", Value::Null),
        ("/active_platforms/spotify", Value::Null),
    ]);
    looks_as_before("streaming", &card(&streaming, &[("borderRadius", "0")]));
}

#[test]
fn a_text_of_ones_own_for_those_who_do_nothing() {
    let options = [
        ("noActivityTitle", "Gone fishing 🎣"),
        (
            "noActivityMessage",
            &"Back when the river is empty. ".repeat(8),
        ),
    ];
    looks_as_before("own-text", &card(&away(), &options));
}

#[test]
fn round_corners_push_the_content_inwards() {
    looks_as_before("round", &card(&busy(), &[("borderRadius", "10")]));
}

#[test]
fn what_moves_can_be_stilled() {
    assert!(card(&busy(), &[]).contains("<animate"));
    assert!(!card(&busy(), &[("animate", "0")]).contains("<animate"));
}

#[test]
fn a_notice_says_what_is_wrong() {
    let svg = draw::notice(
        "User not monitored",
        "User 123456789012345678 is not monitored.",
        Theme::Dark,
        2.0,
    );
    insta::assert_snapshot!(skeleton(&svg));
    looks_as_before("notice", &svg);
}
