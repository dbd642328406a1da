//! Where a picture is fetched: Discord's hosts and those that activities name, and no other.

use std::{fmt, str::FromStr};

use reqwest::Url;
use thiserror::Error;

use crate::content::Use;

/// Where pictures may be: the hosts of the addresses in users' documents.
pub const HOSTS: [&str; 5] = [CDN, MEDIA, "i.scdn.co", TWITCH, YOUTUBE];

/// Discord's own, which makes pictures of any size and format.
const CDN: &str = "cdn.discordapp.com";

/// Discord's proxy for pictures from elsewhere, which makes them smaller.
const MEDIA: &str = "media.discordapp.net";

/// Where live previews are.
const TWITCH: &str = "static-cdn.jtvnw.net";
const YOUTUBE: &str = "i.ytimg.com";

/// Why a picture is not fetched.
#[derive(Debug, Error, Eq, PartialEq)]
pub enum AddressError {
    /// It is no URL.
    #[error("understand where it is: {0} is no URL")]
    Malformed(String),
    /// It is none of the hosts that pictures come from.
    #[error("fetch from {0}: pictures come from {HOSTS:?} by https only")]
    Host(String),
}

/// A picture's address, checked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Address(Url);

impl Address {
    /// The address that a user's document names.
    pub fn parse(url: &str) -> Result<Self, AddressError> {
        let parsed = Url::parse(url).map_err(|_| AddressError::Malformed(url.to_owned()))?;
        let host = parsed.host_str().unwrap_or_default();
        let is_known =
            HOSTS.contains(&host) && parsed.port().is_none() && parsed.username().is_empty();
        if parsed.scheme() == "https" && is_known {
            Ok(Self(parsed))
        } else {
            Err(AddressError::Host(host.to_owned()))
        }
    }

    /// Which of the hosts it is at, by its number.
    pub fn host(&self) -> usize {
        let host = self.0.host_str().unwrap_or_default();
        HOSTS
            .iter()
            .position(|known| *known == host)
            .unwrap_or_default()
    }

    /// Whether the picture at this address changes: it shows a stream as it is.
    pub fn is_live(&self) -> bool {
        matches!(self.0.host_str(), Some(TWITCH | YOUTUBE))
    }

    /// Asks for no more pixels than are needed, and for a still picture.
    pub fn sized(mut self, used: Use) -> Self {
        let pixels = match used {
            Use::Avatar | Use::Art => "256",
            Use::Corner | Use::Icon => "64",
        };
        if self.0.host_str() == Some(CDN) {
            if let Some(still) = self.0.path().strip_suffix(".gif") {
                let still = format!("{still}.webp");
                self.0.set_path(&still);
            }
            self.0.set_query(Some(&format!("size={pixels}")));
        }
        if self.0.host_str() == Some(MEDIA) {
            let mut query = self.0.query_pairs_mut();
            query
                .append_pair("width", pixels)
                .append_pair("height", pixels);
        }
        self
    }

    /// The same picture in another format and size.
    pub fn in_format(mut self, format: &str, size: Option<u32>) -> Self {
        let path = self.0.path();
        let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
        let path = format!("{stem}.{format}");
        self.0.set_path(&path);
        self.0
            .set_query(size.map(|size| format!("size={size}")).as_deref());
        self
    }

    /// Where it is asked for.
    pub fn through(&self, proxy: Option<&ImageProxy>) -> String {
        match proxy {
            None => self.0.to_string(),
            Some(proxy) => proxy.url(&self.0),
        }
    }
}

/// Who hands out pictures in place of their hosts: `https://HOST/PATH` is asked for at
/// `BASE/HOST/PATH`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ImageProxy(String);

impl ImageProxy {
    fn url(&self, picture: &Url) -> String {
        let host = picture.host_str().unwrap_or_default();
        let query = picture.query().map(|query| format!("?{query}"));
        format!(
            "{}/{host}{}{}",
            self.0,
            picture.path(),
            query.unwrap_or_default()
        )
    }
}

impl FromStr for ImageProxy {
    type Err = AddressError;

    fn from_str(base: &str) -> Result<Self, AddressError> {
        let malformed = || AddressError::Malformed(base.to_owned());
        let url = Url::parse(base).map_err(|_| malformed())?;
        let is_plain = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.query().is_none()
            && url.fragment().is_none();
        let base = base.trim_end_matches('/').to_owned();
        is_plain.then_some(Self(base)).ok_or_else(malformed)
    }
}

impl fmt::Display for ImageProxy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AVATAR: &str = "https://cdn.discordapp.com/avatars/1/a_b.gif";

    fn asked(url: &str, used: Use) -> String {
        Address::parse(url).unwrap().sized(used).through(None)
    }

    #[test]
    fn pictures_are_asked_for_as_small_as_they_are_shown() {
        assert_eq!(
            asked(AVATAR, Use::Avatar),
            "https://cdn.discordapp.com/avatars/1/a_b.webp?size=256"
        );
        assert_eq!(
            asked(
                "https://media.discordapp.net/external/x/y.png?a=b",
                Use::Corner
            ),
            "https://media.discordapp.net/external/x/y.png?a=b&width=64&height=64"
        );
        let cover = "https://i.scdn.co/image/x";
        assert_eq!(asked(cover, Use::Art), cover);
    }

    #[test]
    fn no_other_host_is_asked() {
        for url in [
            "https://example.com/a.png",
            "http://cdn.discordapp.com/a.png",
            "https://cdn.discordapp.com:8080/a.png",
            "https://cdn.discordapp.com@example.com/a.png",
            "https://cdn.discordapp.com.example.com/a.png",
            "https://127.0.0.1/a.png",
            "file:///etc/passwd",
        ] {
            assert!(
                matches!(Address::parse(url), Err(AddressError::Host(_))),
                "{url}"
            );
        }
        assert!(matches!(
            Address::parse("x"),
            Err(AddressError::Malformed(_))
        ));
    }

    #[test]
    fn a_proxy_is_asked_by_host_and_path() {
        let proxy: ImageProxy = "http://127.0.0.1:8081/images/".parse().unwrap();
        let avatar = Address::parse(AVATAR).unwrap().in_format("png", Some(64));
        assert_eq!(
            avatar.through(Some(&proxy)),
            "http://127.0.0.1:8081/images/cdn.discordapp.com/avatars/1/a_b.png?size=64"
        );
        for base in ["", "ftp://x", "http://x?y", "/images"] {
            assert!(base.parse::<ImageProxy>().is_err(), "{base}");
        }
    }
}
