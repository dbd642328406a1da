//! `Host`: HTTP/1.1 wants exactly one that can be a host, at `/socket` too.

use std::net::SocketAddr;

use crate::harness::{RawClient, TestHub, Upgrade};

/// A handshake, whose headers do no harm to a plain request.
fn request(line: &str, hosts: &[&str]) -> Upgrade {
    let mut request = Upgrade::default().without("Host").request_line(line);
    for host in hosts {
        request.headers.push(("Host", (*host).to_owned()));
    }
    request
}

async fn status(addr: SocketAddr, line: &str, hosts: &[&str]) -> u16 {
    let client = RawClient::handshake(addr, &request(line, hosts), b"").await;
    client.status()
}

#[tokio::test]
async fn a_request_with_one_host_is_answered() {
    let hub = TestHub::start().await;
    let addr = hub.app().addr();
    let user = hub.members().await[0];
    let one = format!("/api/v1/users/{user}");
    for host in [
        "lantern.test",
        "lantern.test:80",
        "127.0.0.1:8080",
        "[::1]:8080",
        "",
    ] {
        for (path, expected) in [("/healthz", 200), (&*one, 200), ("/socket", 101)] {
            let line = format!("GET {path} HTTP/1.1");
            assert_eq!(status(addr, &line, &[host]).await, expected, "{host:?}");
            let line = format!("GET http://lantern.test{path} HTTP/1.1");
            let absolute = status(addr, &line, &[host]).await;
            assert_eq!(absolute, expected, "{line} {host:?}");
        }
    }
    for line in ["GET /healthz HTTP/1.0", "GET http://a/healthz HTTP/1.0"] {
        assert_eq!(status(addr, line, &[]).await, 200, "{line}");
    }
}

#[tokio::test]
async fn without_a_host_with_two_or_with_an_impossible_one_it_is_refused() {
    let hub = TestHub::start().await;
    let addr = hub.app().addr();
    let user = hub.members().await[0];
    let one = format!("/api/v1/users/{user}");
    let pair = format!("/api/v1/users/{user}/storage/key");
    for (line, hosts) in [
        ("GET {} HTTP/1.1", &[][..]),
        ("GET {} HTTP/1.1", &["a", "a"]),
        ("GET {} HTTP/1.1", &["a", "b"]),
        ("GET {} HTTP/1.1", &["a", ""]),
        ("GET {} HTTP/1.1", &["a b"]),
        ("GET {} HTTP/1.1", &["a/b"]),
        ("GET {} HTTP/1.1", &["user@a"]),
        ("GET {} HTTP/1.1", &["a:port"]),
        ("GET {} HTTP/1.1", &["a:99999"]),
        ("GET {} HTTP/1.1", &["[::1"]),
        ("GET {} HTTP/1.1", &["bücher.example"]),
        ("GET {} HTTP/1.0", &["a", "b"]),
        ("GET {} HTTP/1.0", &["a b"]),
        ("GET http://a{} HTTP/1.1", &[]),
        ("GET http://a{} HTTP/1.1", &["a", "a"]),
        ("GET http://a{} HTTP/1.1", &["a b"]),
        ("GET http://user@a{} HTTP/1.1", &["a"]),
        ("PUT {} HTTP/1.1", &[]),
        ("OPTIONS {} HTTP/1.1", &[]),
    ] {
        for path in ["/", "/healthz", "/nowhere", "/socket", &one, &pair] {
            let line = line.replace("{}", path);
            let mut client = RawClient::handshake(addr, &request(&line, hosts), b"").await;
            assert_eq!(client.status(), 400, "{line} {hosts:?}: {}", client.head);
            let kind = client.header("content-type");
            assert_eq!(kind, Some("application/problem+json"), "{line}");
            assert_eq!(client.header("connection"), Some("close"), "{line}");
            let problem = client.body().await;
            assert_eq!(problem["code"], "invalid_host", "{line} {hosts:?}");
            assert_eq!(problem["status"], 400);
        }
    }
    assert_eq!(*hub.app().shards().stats().open.borrow(), 0);
}
