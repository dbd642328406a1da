//! Whose a request is: the address of the peer, or, if that is a trusted proxy, the one that it says
//! it forwards for.
//!
//! What stands in `Forwarded` (RFC 7239), `X-Forwarded-For` and `CF-Connecting-IP` is believed only as
//! far as it was written by somebody trusted: proxies add at the right, so the list is read from there.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use hyper::{
    HeaderMap,
    header::{FORWARDED, HeaderName},
};

use super::networks::Network;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const CF_CONNECTING_IP: HeaderName = HeaderName::from_static("cf-connecting-ip");

/// Of whom a proxy says nothing that can be read. All of them are one client.
const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// What counts as one client: an IPv4 address, or the /64 of an IPv6 address, because who has one
/// address of it has them all.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            Ipv6Addr::from(u128::from(address) >> 64 << 64).into()
        }
        address => address,
    }
}

/// The proxies that are trusted to say for whom they ask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies(Vec<Network>);

impl FromStr for Proxies {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = text.split(',').map(str::trim);
        let networks = names.filter(|name| !name.is_empty()).map(str::parse);
        networks.collect::<Result<_, _>>().map(Self)
    }
}

impl Proxies {
    /// Whether somebody at this address is trusted.
    pub fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.holds(address))
    }

    /// Whether shares do not concern this client: it is on this machine, and no proxy.
    pub fn spare(&self, client: IpAddr) -> bool {
        client.is_loopback() && self.trust(client)
    }

    /// Whose a request is, as [`network`] counts.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut hop = peer.to_canonical();
        if !self.trust(hop) {
            return network(hop);
        }
        let Some(mut forwarded) = forwarded(headers) else {
            return self.by_cloudflare(hop, headers).unwrap_or(network(hop));
        };
        while self.trust(hop) {
            if let Some(client) = self.by_cloudflare(hop, headers) {
                return client;
            }
            hop = match forwarded.pop() {
                Some(Some(address)) => address,
                Some(None) => return NOBODY,
                None => break,
            };
        }
        network(hop)
    }

    /// For whom Cloudflare asks, if this is a proxy of theirs. Anybody else could have written it.
    fn by_cloudflare(&self, hop: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        let is_theirs = self.0.contains(&Network::Cloudflare) && Network::Cloudflare.holds(hop);
        let value = headers.get(CF_CONNECTING_IP).filter(|_| is_theirs)?;
        Some(value.to_str().ok().and_then(node).map_or(NOBODY, network))
    }
}

/// For whom proxies say that they ask, the nearest last; `None` without a header. What cannot be read
/// is `None` within. If both headers are there and differ, one of them is the client's own, and nothing
/// can be read.
fn forwarded(headers: &HeaderMap) -> Option<Vec<Option<IpAddr>>> {
    let plain = listed(headers, &X_FORWARDED_FOR, node);
    let standard = listed(headers, &FORWARDED, element);
    match (plain, standard) {
        (Some(plain), Some(standard)) if plain != standard => Some(vec![None]),
        (plain, standard) => plain.or(standard),
    }
}

fn listed(
    headers: &HeaderMap,
    name: &HeaderName,
    read: fn(&str) -> Option<IpAddr>,
) -> Option<Vec<Option<IpAddr>>> {
    headers.contains_key(name).then(|| {
        let values = headers.get_all(name).iter();
        let texts = values.flat_map(|value| value.to_str().unwrap_or_default().split(','));
        texts.map(|text| read(text.trim())).collect()
    })
}

/// `for` of a forwarded-element (RFC 7239 section 4).
fn element(text: &str) -> Option<IpAddr> {
    let mut pairs = text.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    node(value.trim().trim_matches('"'))
}

/// An address with or without a port.
fn node(text: &str) -> Option<IpAddr> {
    let address = text.parse::<IpAddr>().ok();
    let address = address.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
    let address = address.or_else(|| {
        let inside = text.strip_prefix('[')?.strip_suffix(']')?;
        inside.parse().ok().map(IpAddr::V6)
    });
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn client(proxies: &str, peer: &str, headers: &[(&HeaderName, &str)]) -> String {
        let proxies: Proxies = proxies.parse().unwrap();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        proxies.client(peer.parse().unwrap(), &map).to_string()
    }

    #[test]
    fn headers_of_strangers_are_never_believed() {
        for header in [
            (&X_FORWARDED_FOR, "192.0.2.1"),
            (&FORWARDED, "for=192.0.2.1"),
            (&CF_CONNECTING_IP, "192.0.2.1"),
        ] {
            assert_eq!(client("loopback", "203.0.113.9", &[header]), "203.0.113.9");
            assert_eq!(client("", "127.0.0.1", &[header]), "127.0.0.1");
        }
        let forged = [(&CF_CONNECTING_IP, "192.0.2.1")];
        assert_eq!(client("loopback", "127.0.0.1", &forged), "127.0.0.1");
        let through_caddy = [forged[0], (&X_FORWARDED_FOR, "203.0.113.9")];
        let both = "loopback, cloudflare";
        assert_eq!(client(both, "127.0.0.1", &through_caddy), "203.0.113.9");
    }

    #[test]
    fn the_rightmost_address_that_is_not_trusted_counts() {
        for (name, value, expected) in [
            (&X_FORWARDED_FOR, "192.0.2.1", "192.0.2.1"),
            (&X_FORWARDED_FOR, "192.0.2.1, 203.0.113.9", "203.0.113.9"),
            (&X_FORWARDED_FOR, "192.0.2.1, 127.0.0.1", "192.0.2.1"),
            (&X_FORWARDED_FOR, "127.0.0.1", "127.0.0.1"),
            (&X_FORWARDED_FOR, "192.0.2.1:4711", "192.0.2.1"),
            (&X_FORWARDED_FOR, "::ffff:192.0.2.1", "192.0.2.1"),
            (&X_FORWARDED_FOR, "[2001:db8::1]:80", "2001:db8::"),
            (&X_FORWARDED_FOR, "2001:db8:0:1::1", "2001:db8:0:1::"),
            (&X_FORWARDED_FOR, "192.0.2.1, unknown", "0.0.0.0"),
            (&X_FORWARDED_FOR, "", "0.0.0.0"),
            (
                &FORWARDED,
                "For=\"[2001:db8::1]:47\";proto=https",
                "2001:db8::",
            ),
            (&FORWARDED, "for=a, proto=http;for=192.0.2.1", "192.0.2.1"),
            (&FORWARDED, "for=192.0.2.1, for=_hidden", "0.0.0.0"),
            (&FORWARDED, "proto=https", "0.0.0.0"),
        ] {
            let found = client("loopback", "127.0.0.1", &[(name, value)]);
            assert_eq!(found, expected, "{name}: {value}");
        }
        let two = [
            (&X_FORWARDED_FOR, "192.0.2.1"),
            (&X_FORWARDED_FOR, "192.0.2.2"),
        ];
        assert_eq!(client("loopback", "::1", &two), "192.0.2.2");
    }

    #[test]
    fn two_headers_that_differ_are_both_not_believed() {
        let forged = (&FORWARDED, "for=192.0.2.1");
        let both = [forged, (&X_FORWARDED_FOR, "203.0.113.9")];
        assert_eq!(client("loopback", "127.0.0.1", &both), "0.0.0.0");
        let alike = [forged, (&X_FORWARDED_FOR, "192.0.2.1")];
        assert_eq!(client("loopback", "127.0.0.1", &alike), "192.0.2.1");
    }

    #[test]
    fn cloudflare_is_believed_where_it_asks() {
        let headers = [
            (&CF_CONNECTING_IP, "192.0.2.1"),
            (&X_FORWARDED_FOR, "198.51.100.1, 104.16.0.1"),
        ];
        let both = "loopback, cloudflare";
        assert_eq!(client(both, "127.0.0.1", &headers), "192.0.2.1");
        assert_eq!(
            client("cloudflare", "104.16.0.1", &headers[..1]),
            "192.0.2.1"
        );
        assert_eq!(client("loopback", "127.0.0.1", &headers), "104.16.0.1");
    }

    #[test]
    fn only_who_is_on_this_machine_and_no_proxy_is_spared() {
        let proxies: Proxies = "loopback, 10.0.0.0/8".parse().unwrap();
        let spared = |text: &str| proxies.spare(text.parse().unwrap());
        assert!(spared("127.0.0.1") && spared("::1"));
        assert!(!spared("10.0.0.1") && !spared("0.0.0.0"));
        assert!(!Proxies::default().spare("127.0.0.1".parse().unwrap()));
    }
}
