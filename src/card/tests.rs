use super::*;

const USER: &str = include_str!("samples/busy.json");

#[test]
fn preview() {
    let user: document::Document = serde_json::from_str(USER).unwrap();
    let now = lantern_actors::domain::Timestamp::from_unix_ms(1_620_000_000_000);
    for theme in ["dark", "light"] {
        let options = options::CardOptions::parse([("theme", theme)]).unwrap();
        let content = content::Content::of(&user, &options, now);
        let svg = draw::card(&content, &options, &album::Album::default());
        std::fs::write(format!("/tmp/card-{theme}.svg"), &svg).unwrap();
        let png = raster::png(&svg, 1200).unwrap();
        std::fs::write(format!("/tmp/card-{theme}.png"), png).unwrap();
    }
}
