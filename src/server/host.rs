//! Whether a request says which host it is for (RFC 9112 section 3.2, RFC 9110 section 7.2).
//!
//! A request without `Host`, with two, or with one that names no host was put together wrongly, or
//! by somebody who wants a proxy and this server to understand it differently.

use std::net::Ipv6Addr;

use hyper::{Request, Version, header::HOST};

/// What is wrong with a request's host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// HTTP/1.1 wants it.
    #[error("The request has no Host. HTTP/1.1 wants one, also in a WebSocket handshake.")]
    Missing,
    /// More than one field.
    #[error("The request has more than one Host.")]
    Repeated,
    /// No host and port.
    #[error("Host is not a host with or without a port, as in lantern.example.org:8080.")]
    Invalid,
    /// A target in absolute form without one.
    #[error("The request is for a URL without a valid host.")]
    InvalidTarget,
}

/// Refuses a request that a server must refuse.
pub fn check<B>(request: &Request<B>) -> Result<(), HostError> {
    let mut fields = request.headers().get_all(HOST).iter();
    match (fields.next(), fields.next()) {
        (None, _) if request.version() >= Version::HTTP_11 => return Err(HostError::Missing),
        (_, Some(_)) => return Err(HostError::Repeated),
        (Some(host), None) if !is_host_and_port(host.as_bytes()) => return Err(HostError::Invalid),
        _ => {}
    }
    // A target in absolute form goes before Host, which is there all the same.
    let target = request.uri().authority().map(|target| target.as_str());
    match target {
        Some(target) if target.is_empty() || !is_host_and_port(target.as_bytes()) => {
            Err(HostError::InvalidTarget)
        }
        _ => Ok(()),
    }
}

/// `uri-host [ ":" port ]`. Empty is allowed: so a client says that its URL has no host.
fn is_host_and_port(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else {
        return false;
    };
    if let Some(literal) = text.strip_prefix('[') {
        let parts = literal.split_once(']');
        return parts.is_some_and(|(address, port)| {
            is_address(address) && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
        });
    }
    match text.split_once(':') {
        None => text.is_empty() || is_name(text),
        Some((name, port)) => is_name(name) && is_port(port),
    }
}

/// An IPv6 address, or one of a future version (RFC 3986 section 3.2.2).
fn is_address(text: &str) -> bool {
    if text.parse::<Ipv6Addr>().is_ok() {
        return true;
    }
    let future = text.strip_prefix(['v', 'V']);
    let parts = future.and_then(|rest| rest.split_once('.'));
    parts.is_some_and(|(version, address)| {
        let is_address = |byte| is_unreserved(byte) || is_sub_delim(byte) || byte == b':';
        !version.is_empty()
            && version.bytes().all(|digit| digit.is_ascii_hexdigit())
            && !address.is_empty()
            && address.bytes().all(is_address)
    })
}

/// Decimal digits; none at all is the default port.
fn is_port(text: &str) -> bool {
    text.bytes().all(|digit| digit.is_ascii_digit())
        && (text.is_empty() || text.parse::<u16>().is_ok())
}

/// A registered name or IPv4 address, not empty.
fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let is_fine = match byte {
            b'%' => {
                let is_digit = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_hexdigit());
                is_digit(bytes.next()) && is_digit(bytes.next())
            }
            byte => is_unreserved(byte) || is_sub_delim(byte),
        };
        if !is_fine {
            return false;
        }
    }
    !text.is_empty()
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

const fn is_sub_delim(byte: u8) -> bool {
    matches!(
        byte,
        b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'='
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_told_from_what_is_none() {
        for host in [
            "",
            "localhost",
            "Lantern.Example.org",
            "lantern.example.org:8080",
            "lantern.example.org:",
            "xn--bcher-kva.example",
            "under_score.example",
            "b%C3%BCcher.example",
            "127.0.0.1:65535",
            "[::1]",
            "[::1]:8080",
            "[::ffff:127.0.0.1]:",
            "[v1.fe:x]",
        ] {
            assert!(is_host_and_port(host.as_bytes()), "{host}");
        }
        for host in [
            "a b",
            "a/b",
            "/",
            "http://a",
            "a?b",
            "a#b",
            "user@a",
            "a, b",
            "a\\b",
            "\"a\"",
            "<a>",
            "a^b",
            "{a}",
            "a:b",
            "a:80:80",
            "a:-1",
            "a:+80",
            "a:65536",
            ":80",
            ":",
            "::1",
            "[::1",
            "[::1]x",
            "[::g]",
            "[]",
            "[127.0.0.1]",
            "a%",
            "a%4",
            "a%zz",
            "bücher.example",
        ] {
            assert!(!is_host_and_port(host.as_bytes()), "{host}");
        }
        assert!(!is_host_and_port(b"a\xFF"));
    }
}
