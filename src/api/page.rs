//! The live page at `/`: one file with its style and script inside, so that it needs nothing else.

use std::sync::LazyLock;

use super::html::HtmlPage;

/// The page.
const PAGE: &str = include_str!("page.html");

/// It talks to this server alone; pictures are loaded only when the viewer turns them on.
pub(super) static HTML: LazyLock<HtmlPage> = LazyLock::new(|| {
    HtmlPage::new(
        PAGE,
        "connect-src 'self' ws: wss:; img-src data: https://cdn.discordapp.com \
         https://media.discordapp.net https://i.scdn.co",
    )
});

/// Whether this `Accept` (RFC 9110 section 12.5.1) wants HTML more than JSON.
pub(super) fn is_preferred(accept: &str) -> bool {
    weight(accept, "text", "html") > weight(accept, "application", "json")
}

/// The weight of a media type in thousandths, by the most specific range that covers it.
pub(super) fn weight(accept: &str, kind: &str, subtype: &str) -> u32 {
    let mut best = (0, 0);
    for entry in accept.split(',') {
        let mut parts = entry.split(';').map(str::trim);
        let range = parts.next().unwrap_or_default().to_ascii_lowercase();
        let specificity = match range.split_once('/') {
            Some(("*", "*")) => 1,
            Some((given, "*")) if given == kind => 2,
            Some((given, name)) if given == kind && name == subtype => 3,
            _ => continue,
        };
        let quality = parts
            .find_map(|parameter| parameter.strip_prefix("q="))
            .and_then(|text| text.parse::<f32>().ok())
            .unwrap_or(1.0);
        if specificity > best.0 {
            best = (specificity, (quality.clamp(0.0, 1.0) * 1_000.0) as u32);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_get_the_page_and_programs_get_json() {
        for (accept, page) in [
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                true,
            ),
            ("text/html", true),
            ("text/*, application/json;q=0.5", true),
            ("", false),
            ("*/*", false),
            ("application/json", false),
            ("application/json, text/html", false),
            ("text/html;q=0.2, application/json;q=0.9", false),
            ("text/html;q=nonsense", true),
        ] {
            assert_eq!(is_preferred(accept), page, "{accept}");
        }
    }

    #[test]
    fn the_page_holds_everything_it_needs() {
        for outside in ["stylesheet", "src=\"", "@import", "innerHTML", "outerHTML"] {
            assert!(!PAGE.contains(outside), "{outside}");
        }
    }
}
