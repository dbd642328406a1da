//! Who may use the control API, and which web pages may open gateway sockets.
//!
//! Whoever controls a demo reads what its bot answers, also the token of a member's storage. A
//! web page of somebody else runs in a browser on this machine and so reaches what listens here;
//! it comes with an `Origin` of its own (Fetch standard, section 3.1) and with `Sec-Fetch-Site`,
//! or, after DNS rebinding, with a `Host` that is not this machine's.

use std::net::IpAddr;

use thiserror::Error;

/// What a request tells of who sent it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Caller<'a> {
    /// The other end of the connection.
    pub peer: Option<IpAddr>,
    /// `Host`.
    pub host: Option<&'a str>,
    /// `Origin`.
    pub origin: Option<&'a str>,
    /// `Sec-Fetch-Site`.
    pub site: Option<&'a str>,
    /// Whether a link or the address bar shows the answer to a person, and nothing is changed.
    pub is_visit: bool,
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refused {
    /// It names a host that may be anybody's.
    #[error(
        "the control API does not answer as {0}; use http://127.0.0.1, or name the host with --control-host"
    )]
    Host(String),
    /// It comes from another machine.
    #[error(
        "the control API answers this machine alone; to use it from {peer}, name the host by which it is asked for, {host}, with --control-host"
    )]
    Peer {
        /// Where it comes from.
        peer: IpAddr,
        /// What the host was called.
        host: String,
    },
    /// It comes from a web page of another origin.
    #[error(
        "web pages of other origins may not use the control API; use curl or a program of your own, or send the request without Origin and Sec-Fetch-Site"
    )]
    Page,
}

/// The hosts that may be asked for besides those of this machine.
#[derive(Debug, Clone, Default)]
pub struct Access {
    hosts: Vec<String>,
}

impl Access {
    /// Hosts without ports. The error is the one that is no host.
    pub fn new(hosts: &[String]) -> Result<Self, String> {
        let is_host = |host: &String| !host.is_empty() && bare(host) == Some(host.as_str());
        if let Some(wrong) = hosts.iter().find(|host| !is_host(host)) {
            return Err(wrong.clone());
        }
        let hosts = hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        Ok(Self { hosts })
    }

    /// Whether the control API may be used.
    pub fn control(&self, caller: &Caller<'_>) -> Result<(), Refused> {
        let host = caller.host.unwrap_or_default();
        let name = bare(host).unwrap_or_default();
        if !self.is_named(name) {
            if !is_loopback(name) {
                return Err(Refused::Host(shown(host)));
            }
            if let Some(peer) = caller
                .peer
                .filter(|peer| !peer.to_canonical().is_loopback())
            {
                let host = name.to_owned();
                return Err(Refused::Peer { peer, host });
            }
        }
        let is_own = caller
            .origin
            .is_none_or(|origin| is_origin_of(origin, host));
        let is_foreign = matches!(caller.site, Some("cross-site" | "same-site"));
        match is_own && (!is_foreign || caller.is_visit) {
            true => Ok(()),
            false => Err(Refused::Page),
        }
    }

    /// Whether a page of this origin may open a gateway socket. Programs have none and may.
    pub fn socket(&self, origin: Option<&str>) -> bool {
        origin.is_none_or(|origin| {
            let host = origin.split_once("://").and_then(|(_, host)| bare(host));
            host.is_some_and(|host| is_loopback(host) || self.is_named(host))
        })
    }

    fn is_named(&self, host: &str) -> bool {
        self.hosts.iter().any(|it| it.eq_ignore_ascii_case(host))
    }
}

/// A host without its port. None if it is not a host.
fn bare(authority: &str) -> Option<&str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let end = rest.find(']')? + 2;
            authority.split_at_checked(end)?
        }
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte);
    let ends = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
    (ends && host.bytes().all(is_host)).then_some(host)
}

fn is_loopback(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let ip: Option<IpAddr> = inner.unwrap_or(host).parse().ok();
    host.eq_ignore_ascii_case("localhost") || ip.is_some_and(|ip| ip.to_canonical().is_loopback())
}

/// Whether a page of the origin was served by the host, port included.
fn is_origin_of(origin: &str, host: &str) -> bool {
    let (scheme, authority) = origin.split_once("://").unwrap_or_default();
    matches!(scheme, "http" | "https") && authority.eq_ignore_ascii_case(host)
}

/// A host as a sentence names it.
fn shown(host: &str) -> String {
    match host {
        "" => "a host without a name".to_owned(),
        host => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    const HERE: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
    const ELSEWHERE: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::new(192, 168, 1, 9)));

    fn access() -> Access {
        Access::new(&["Simulator".to_owned(), "10.0.0.5".to_owned()]).unwrap()
    }

    fn curl(host: &str) -> Caller<'_> {
        Caller {
            peer: HERE,
            host: Some(host),
            ..Caller::default()
        }
    }

    #[test]
    fn this_machine_is_answered_by_its_own_names() {
        for host in [
            "127.0.0.1:8081",
            "127.1.2.3",
            "localhost:8081",
            "LOCALHOST",
            "[::1]:8081",
            "[::ffff:127.0.0.1]",
        ] {
            assert_eq!(access().control(&curl(host)), Ok(()), "{host}");
        }
        let peer = Some(Ipv4Addr::LOCALHOST.to_ipv6_mapped().into());
        let caller = Caller {
            peer,
            ..curl("[::1]")
        };
        assert_eq!(access().control(&caller), Ok(()));
    }

    #[test]
    fn other_names_may_be_anybodys() {
        for host in [
            "evil.example:8081",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "192.168.1.5:8081",
            "0.0.0.0:8081",
            "127.0.0.1@evil.example",
            "[::1",
            "[::1]x",
            "",
        ] {
            let refused = access().control(&curl(host));
            assert!(matches!(refused, Err(Refused::Host(_))), "{host}");
        }
        let nameless = Caller::default();
        assert!(access().control(&nameless).is_err());
    }

    #[test]
    fn other_machines_are_answered_by_names_that_are_configured() {
        let from = |host| Caller {
            peer: ELSEWHERE,
            ..curl(host)
        };
        for host in ["simulator:8081", "SIMULATOR", "10.0.0.5:80"] {
            assert_eq!(access().control(&from(host)), Ok(()), "{host}");
        }
        let refused = access().control(&from("127.0.0.1:8081")).unwrap_err();
        assert!(refused.to_string().contains("--control-host"), "{refused}");
        let peer = Some(Ipv6Addr::UNSPECIFIED.into());
        let caller = Caller {
            peer,
            ..curl("localhost")
        };
        assert!(access().control(&caller).is_err());
    }

    #[test]
    fn pages_of_other_origins_are_refused() {
        for (origin, site, is_admitted) in [
            (Some("http://127.0.0.1:8081"), Some("same-origin"), true),
            (Some("http://127.0.0.1:8080"), None, false),
            (Some("http://127.0.0.1"), None, false),
            (Some("http://localhost:8081"), None, false),
            (Some("https://evil.example"), None, false),
            (Some("null"), None, false),
            (Some(""), None, false),
            (None, Some("none"), true),
            (None, Some("same-site"), false),
            (None, Some("cross-site"), false),
        ] {
            let caller = Caller {
                origin,
                site,
                ..curl("127.0.0.1:8081")
            };
            let result = access().control(&caller);
            assert_eq!(result.is_ok(), is_admitted, "{origin:?} {site:?}");
        }
    }

    #[test]
    fn a_link_elsewhere_may_lead_a_person_here() {
        let visit = Caller {
            site: Some("cross-site"),
            is_visit: true,
            ..curl("127.0.0.1:8081")
        };
        assert_eq!(access().control(&visit), Ok(()));
        let rebound = Caller {
            host: Some("evil.example"),
            ..visit
        };
        assert!(access().control(&rebound).is_err());
    }

    #[test]
    fn programs_and_pages_of_this_machine_may_open_sockets() {
        for (origin, may) in [
            (None, true),
            (Some("http://localhost:3000"), true),
            (Some("http://[::1]:3000"), true),
            (Some("https://simulator"), true),
            (Some("https://evil.example"), false),
            (Some("http://127.0.0.1.evil.example"), false),
            (Some("null"), false),
        ] {
            assert_eq!(access().socket(origin), may, "{origin:?}");
        }
    }

    #[test]
    fn what_is_no_host_is_named() {
        for host in ["", "simulator:8081", "http://simulator", "a b", "a/b"] {
            let hosts = [host.to_owned()];
            assert_eq!(Access::new(&hosts).err(), Some(host.to_owned()));
        }
    }
}
