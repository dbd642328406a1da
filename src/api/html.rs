//! Pages: text that a browser runs, with the policy that says what it may do.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use poem::http::{self, HeaderMap, HeaderValue, header};
use sha2::{Digest as _, Sha256};

use super::docs;

/// A page with its scripts and styles inside.
pub(super) struct HtmlPage {
    text: Bytes,
    policy: HeaderValue,
}

impl HtmlPage {
    /// A page that may run what is in it, known by its hash, and nothing else: no script, no style
    /// and no `style` attribute that finds its way into the page. `sources` are the directives of
    /// Content Security Policy (level 3) that say where it may connect and load from.
    pub(super) fn new(text: impl Into<Bytes>, sources: &str) -> Self {
        let text = text.into();
        let page = String::from_utf8_lossy(&text);
        let Sources { scripts, styles } = Sources::of(&page);
        let (scripts, styles) = (listed(&scripts), listed(&styles));
        let policy = format!(
            "default-src 'none'; script-src {scripts}; style-src {styles}; {sources}; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
        );
        // Hashes are base64 and sources are ours. Where they cannot be sent, nothing may run.
        let policy = HeaderValue::try_from(policy)
            .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"));
        Self { text, policy }
    }

    /// The page.
    pub(super) fn text(&self) -> &Bytes {
        &self.text
    }

    /// The page, or that it is the one that the client has.
    pub(super) fn answer(&self, asked: &HeaderMap) -> http::Response<Bytes> {
        let mut response = docs::text_answer(&self.text, "text/html; charset=utf-8", asked);
        self.guard(response.headers_mut());
        response
    }

    /// Says what the page may do, and that nobody is told where its links were followed from.
    pub(super) fn guard(&self, headers: &mut HeaderMap) {
        headers.insert(header::CONTENT_SECURITY_POLICY, self.policy.clone());
        let nobody = HeaderValue::from_static("no-referrer");
        headers.insert(header::REFERRER_POLICY, nobody);
    }
}

/// What a page runs, as sources of its policy.
#[derive(Default)]
struct Sources {
    scripts: Vec<String>,
    styles: Vec<String>,
}

impl Sources {
    /// The scripts and styles of a page, found in its order: a script may hold text that looks like
    /// a style.
    fn of(page: &str) -> Self {
        let mut sources = Self::default();
        let mut rest = page;
        while let Some(at) = rest.find("<s") {
            rest = rest.get(at..).unwrap_or_default();
            let (end, list) = if rest.starts_with("<script") {
                ("</script", &mut sources.scripts)
            } else if rest.starts_with("<style") {
                ("</style", &mut sources.styles)
            } else {
                rest = rest.get(2..).unwrap_or_default();
                continue;
            };
            let content = rest.split_once('>').map_or("", |(_, behind)| behind);
            let (content, behind) = content.split_once(end).unwrap_or((content, ""));
            list.push(hash(content));
            rest = behind;
        }
        sources
    }
}

fn hash(content: &str) -> String {
    // As a browser reads it (HTML section 13.2.3.5).
    let content = content.replace("\r\n", "\n").replace('\r', "\n");
    let hash = STANDARD.encode(Sha256::digest(content));
    format!("'sha256-{hash}'")
}

/// A list of sources, or that there is none.
fn listed(sources: &[String]) -> String {
    match sources {
        [] => "'none'".to_owned(),
        sources => sources.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_a_page_may_run_and_nothing_else() {
        let page = HtmlPage::new(
            "<style>a{}</style><script>\nlet a;\r\n</script><script type=\"x\"></script>",
            "connect-src 'self'",
        );
        let mut headers = HeaderMap::new();
        page.guard(&mut headers);
        let policy = headers["content-security-policy"].to_str().unwrap();
        insta::assert_snapshot!(policy);
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert!(!policy.contains("unsafe-inline"));
    }

    #[test]
    fn what_only_looks_like_an_element_is_none() {
        let page = "<span>a</span><script>let a = \"<style>b</style>\";</script><style>c</style>";
        let sources = Sources::of(page);
        assert_eq!((sources.scripts.len(), sources.styles.len()), (1, 1));
        assert_eq!(sources.styles, [hash("c")]);
        assert_eq!(listed(&Sources::of("<p>a</p>").scripts), "'none'");
    }
}
