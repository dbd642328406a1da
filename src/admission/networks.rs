//! Lists of networks, as "loopback, cloudflare, 10.0.0.0/8".

use std::{
    net::{IpAddr, Ipv4Addr},
    str::FromStr,
};

/// A network, or the name of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Network {
    /// The addresses of the machine itself.
    Loopback,
    /// What Cloudflare publishes as the addresses of its proxies.
    Cloudflare,
    /// An address and how many of its bits count.
    Range(IpAddr, u8),
}

/// <https://www.cloudflare.com/ips/>.
const CLOUDFLARE: [&str; 22] = [
    "173.245.48.0/20",
    "103.21.244.0/22",
    "103.22.200.0/22",
    "103.31.4.0/22",
    "141.101.64.0/18",
    "108.162.192.0/18",
    "190.93.240.0/20",
    "188.114.96.0/20",
    "197.234.240.0/22",
    "198.41.128.0/17",
    "162.158.0.0/15",
    "104.16.0.0/13",
    "104.24.0.0/14",
    "172.64.0.0/13",
    "131.0.72.0/22",
    "2400:cb00::/32",
    "2606:4700::/32",
    "2803:f800::/32",
    "2405:b500::/32",
    "2405:8100::/32",
    "2a06:98c0::/29",
    "2c0f:f248::/32",
];

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "loopback" => return Ok(Self::Loopback),
            "cloudflare" => return Ok(Self::Cloudflare),
            _ => {}
        }
        range(text).ok_or_else(|| {
            format!(
                "\"{text}\" is no network: loopback, cloudflare, an address, or one with a length as in 10.0.0.0/8"
            )
        })
    }
}

fn range(text: &str) -> Option<Network> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let length = match length {
        Some(length) => length.parse().ok().filter(|length| *length <= most)?,
        None => most,
    };
    Some(Network::Range(address, length))
}

impl Network {
    /// Whether the address is of this network. An IPv4 address has to come as such, not mapped.
    pub(super) fn holds(self, address: IpAddr) -> bool {
        match self {
            Self::Loopback => address.is_loopback(),
            Self::Cloudflare => is_cloudflare(address),
            Self::Range(network, length) => is_within(address, network, length),
        }
    }
}

/// Whether it is an address of Cloudflare's proxies.
fn is_cloudflare(address: IpAddr) -> bool {
    CLOUDFLARE
        .iter()
        .filter_map(|text| range(text))
        .any(|network| network.holds(address))
}

fn is_within(address: IpAddr, network: IpAddr, length: u8) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            let bits = |address: Ipv4Addr| u128::from(u32::from(address));
            starts_alike(bits(address), bits(network), 32 - u32::from(length))
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            let free = 128 - u32::from(length);
            starts_alike(address.into(), network.into(), free)
        }
        _ => false,
    }
}

/// Whether two addresses are the same but for their last `free` bits.
fn starts_alike(one: u128, other: u128, free: u32) -> bool {
    (one ^ other).checked_shr(free).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses_and_no_others() {
        for (network, inside, outside) in [
            ("loopback", "127.8.0.1", "128.0.0.1"),
            ("loopback", "::1", "::2"),
            ("cloudflare", "104.27.255.255", "104.28.0.0"),
            ("cloudflare", "2606:4700::1", "2606:4701::1"),
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("10.0.0.0/8", "10.0.0.1", "::1"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("0.0.0.0/0", "203.0.113.9", "2001:db8::1"),
            ("::/0", "2001:db8::1", "203.0.113.9"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(network.holds(inside.parse().unwrap()), "{inside}");
            assert!(!network.holds(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "localhost",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/",
            "10/8",
        ] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
        assert!(CLOUDFLARE.iter().all(|text| range(text).is_some()));
    }
}
