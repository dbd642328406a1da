//! Whatever strangers write, a card is well-formed, shows nothing from elsewhere and stays small.

use std::sync::Arc;

use image::{DynamicImage, ImageFormat, RgbImage};
use proptest::prelude::*;
use resvg::usvg::roxmltree::Document as Xml;
use serde_json::{Value, json};

use super::samples::{but, with_pictures};
use crate::{album::Picture, content::Use, draw, options::CardOptions, options::Theme, pictures};

/// What GitHub's image proxy and slow pages are happy with.
const MOST_BYTES: usize = 100_000;

/// Texts that try something, and texts of everything.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => ".{0,40}",
        1 => "\\PC{0,130}",
        1 => "[一-龥가-힣ぁ-んА-я]{100,300}",
        1 => "[🌀-🗿😀-🙏🚀-🛳]{30,200}",
        1 => prop::sample::select(vec![
            "</title><script>alert(1)</script>".to_owned(),
            "\"/><image href=\"https://example.com/x.png\"/>".to_owned(),
            "]]><!--&lt;&#0;&bogus;".to_owned(),
            "javascript:alert(1)".to_owned(),
            "a\u{202E}b\u{0}c\u{FFFF}d\u{1F3FB}\u{200D}\u{FE0F}".to_owned(),
            "e\u{301}".repeat(300),
            "m\u{36F}\u{36E}\u{36D}".repeat(90),
            format!("a{}", "\u{FE0F}".repeat(50_000)),
            format!("ก\u{E31}{}", "\u{E48}".repeat(63)),
            "กั่".repeat(42),
        ]),
    ]
}

/// The worst picture: noise, which no format packs well.
fn noise(used: Use) -> Arc<Picture> {
    let mut seed = 7_u32;
    let noise = RgbImage::from_fn(200, 200, |_, _| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [red, green, blue, _] = seed.to_be_bytes();
        image::Rgb([red, green, blue])
    });
    let mut file = std::io::Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(noise)
        .write_to(&mut file, ImageFormat::Png)
        .unwrap();
    Arc::new(pictures::develop(file.get_ref(), used).unwrap())
}

fn check(svg: &str) {
    let xml = Xml::parse(svg).unwrap();
    for node in xml.descendants().filter(|node| node.is_element()) {
        let name = node.tag_name().name();
        assert!(
            !["script", "foreignObject", "style", "a", "text"].contains(&name),
            "{name}"
        );
        for attribute in node.attributes() {
            let (name, value) = (attribute.name(), attribute.value());
            assert!(!name.starts_with("on"), "{name}");
            let is_inside = value.starts_with('#') || value.starts_with("data:image/");
            assert!(name != "href" || is_inside, "{value}");
            let refers = value.contains("url(") && !value.starts_with("url(#");
            assert!(!refers || name == "aria-label", "{name} {value}");
        }
    }
    assert!(svg.len() < MOST_BYTES, "{}", svg.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_text_breaks_a_card(texts in prop::collection::vec(text(), 13), light in any::<bool>()) {
        let [global, username, tag, status, emoji, name, state, details, song, artist, album, title, message] =
            <[String; 13]>::try_from(texts).unwrap();
        let album_of_noise = [Use::Avatar, Use::Art, Use::Corner, Use::Icon].map(|used| (used, noise(used)));
        let picture = |used| album_of_noise.iter().find(|(of, _)| *of == used).map(|(_, it)| Arc::clone(it));
        let user = but(&[
            ("/metadata/global_name", json!(global)),
            ("/metadata/username", json!(username)),
            ("/server_tag/name", json!(tag)),
            ("/activities/0/state", json!(status)),
            ("/activities/0/emoji/name", json!(emoji)),
            ("/activities/1/name", json!(name)),
            ("/activities/1/state", json!(state)),
            ("/activities/1/details", json!(details)),
            ("/active_platforms/spotify/song", json!(song)),
            ("/active_platforms/spotify/artist", json!(artist)),
            ("/active_platforms/spotify/album", json!(album)),
        ]);
        let theme = if light { "light" } else { "dark" };
        check(&with_pictures(&user, &[("theme", theme)], picture));
        let nothing = but(&[("/activities", json!([])), ("/active_platforms/spotify", Value::Null)]);
        let cut = |text: &str, most| text.chars().take(most).collect::<String>();
        let (title, message) = (cut(&title, 64), cut(&message, 256));
        check(&with_pictures(&nothing, &[("noActivityTitle", &title), ("noActivityMessage", &message)], picture));
        check(&draw::notice(&title, &message, Theme::Dark, 2.0));
    }

    #[test]
    fn no_option_breaks_a_card(name in "[a-zA-Z]{0,16}", value in any::<String>()) {
        let _ = CardOptions::parse([(name.as_str(), value.as_str())]);
        for name in ["theme", "borderRadius", "hideStatus", "noActivityTitle", "width"] {
            let _ = CardOptions::parse([(name, value.as_str())]);
        }
    }

    #[test]
    fn any_radius_makes_a_card(rem in 0.0..=10.0_f32) {
        let rem = format!("{rem:.3}");
        check(&with_pictures(&super::samples::busy(), &[("borderRadius", &rem)], |_| None));
    }
}
