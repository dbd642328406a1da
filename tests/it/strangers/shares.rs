//! A client address has a share of connections and sockets, and the others have the rest.

use lantern::config::Config;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use super::{FORWARDED_FOR, connected, request, told};
use crate::harness::{RawClient, TestHub, Upgrade, eventually, within};

/// As if this machine were the world: its addresses are clients like any others.
fn as_the_world(config: &mut Config) {
    config.shares.trusted_proxies = "".parse().unwrap();
}

/// Whether the connection is one on which requests are answered.
async fn is_served(stream: &mut TcpStream) -> bool {
    let asked = request("GET /healthz", &[]).bytes();
    let mut answer = [0; 12];
    let asking = async {
        stream.write_all(&asked).await?;
        stream.read_exact(&mut answer).await
    };
    within("it is answered or closed", asking).await.is_ok() && answer == *b"HTTP/1.1 200"
}

#[tokio::test]
async fn an_address_with_its_share_of_connections_leaves_the_others_theirs() {
    let hub = TestHub::with(1, |config| {
        as_the_world(config);
        config.shares.connections_per_address = 3;
    })
    .await;
    let addr = hub.app().addr();
    let mut kept = Vec::new();
    for _ in 0..3 {
        let mut stream = connected("127.0.0.2", addr).await.unwrap();
        assert!(is_served(&mut stream).await);
        kept.push(stream);
    }
    if let Ok(mut refused) = connected("127.0.0.2", addr).await {
        assert!(!is_served(&mut refused).await);
    }
    let mut other = connected("127.0.0.3", addr).await.unwrap();
    assert!(is_served(&mut other).await);
    let counted = "lantern_refused_total{reason=\"connections_of_address\"}";
    assert_eq!(hub.metric(counted).await, 1);
    kept.pop();
    eventually("there is room again", async || {
        let mut stream = connected("127.0.0.2", addr).await.ok()?;
        is_served(&mut stream).await.then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_address_connects_only_so_often() {
    let hub = TestHub::with(1, |config| {
        as_the_world(config);
        config.shares.connections_per_second = 1;
    })
    .await;
    let mut served = 0;
    for _ in 0..40 {
        // It may be refused before this knows that it was made.
        if let Ok(mut stream) = connected("127.0.0.2", hub.app().addr()).await {
            served += u32::from(is_served(&mut stream).await);
        }
    }
    assert!((4..40).contains(&served), "{served}");
    let mut other = connected("127.0.0.3", hub.app().addr()).await.unwrap();
    assert!(is_served(&mut other).await);
}

/// However many handshakes come at once, and although a socket is only open some time after it was
/// promised.
#[tokio::test]
async fn there_are_never_more_sockets_than_there_may_be() {
    let hub = TestHub::with(1, |config| config.socket.max_sockets = 10).await;
    let addr = hub.app().addr();
    let mut handshakes = JoinSet::new();
    for _ in 0..60 {
        handshakes.spawn(async move {
            let client = RawClient::handshake(addr, &Upgrade::default(), b"").await;
            (client.status(), client)
        });
    }
    let clients = handshakes.join_all().await;
    let open = clients.iter().filter(|(status, _)| *status == 101).count();
    assert_eq!(open, 10);
    assert!(
        clients
            .iter()
            .all(|(status, _)| [101, 503].contains(status))
    );
    let refused = "lantern_refused_total{reason=\"sockets\"}";
    assert_eq!(hub.metric(refused).await, 50);
    drop(clients);
    eventually("their places are free", async || {
        let held = hub.metric("lantern_admitted{resource=\"sockets\"}").await;
        (held == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn sockets_are_counted_by_the_client_behind_the_proxy() {
    let hub = TestHub::with(1, |config| config.shares.sockets_per_address = 2).await;
    let addr = hub.app().addr();
    let behind = |address: &str| Upgrade::default().with(FORWARDED_FOR, address);
    let mut kept = Vec::new();
    for address in ["192.0.2.1", "203.0.113.7, 192.0.2.1"] {
        kept.push(RawClient::open(addr, &behind(address)).await);
    }
    for address in ["2001:db8::1", "2001:db8::2"] {
        kept.push(RawClient::open(addr, &behind(address)).await);
    }
    for address in ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::3"] {
        let mut refused = RawClient::handshake(addr, &behind(address), b"").await;
        let expected = (429, "too_much_from_address".to_owned());
        assert_eq!(told(&mut refused).await, expected, "{address}");
        assert!(refused.header("retry-after").is_some());
    }
    kept.push(RawClient::open(addr, &behind("192.0.2.2")).await);
    // Who is on this machine and no proxy has no share.
    for _ in 0..3 {
        kept.push(RawClient::open(addr, &Upgrade::default()).await);
    }
}

#[tokio::test]
async fn a_client_behind_the_proxy_opens_sockets_only_so_often() {
    let hub = TestHub::with(1, |config| config.shares.connections_per_second = 1).await;
    let addr = hub.app().addr();
    let open = async |address: &str| {
        let asked = Upgrade::default().with(FORWARDED_FOR, address);
        RawClient::handshake(addr, &asked, b"").await.status()
    };
    let mut statuses = Vec::new();
    for _ in 0..40 {
        statuses.push(open("192.0.2.1").await);
    }
    assert_eq!(statuses[..4], [101; 4]);
    assert!(statuses.contains(&429), "{statuses:?}");
    assert_eq!(open("192.0.2.2").await, 101);
}

#[tokio::test]
async fn a_stranger_is_not_believed_to_be_somebody_else() {
    let hub = TestHub::with(1, |config| {
        as_the_world(config);
        config.shares.sockets_per_address = 1;
    })
    .await;
    let addr = hub.app().addr();
    let behind = |address: &str| Upgrade::default().with(FORWARDED_FOR, address);
    let _kept = RawClient::open(addr, &behind("192.0.2.1")).await;
    let refused = RawClient::handshake(addr, &behind("192.0.2.2"), b"").await;
    assert_eq!(refused.status(), 429);
}

#[tokio::test]
async fn wrong_tokens_are_counted_by_the_client_behind_the_proxy() {
    let hub = TestHub::with(1, |config| config.kv.failures_per_minute = 2).await;
    let user = hub.members().await[0];
    let ask = async |address: &str, path: &str| {
        let line = format!("PUT /api/v1/users/{user}/storage/{path}");
        let headers = [("Authorization", "none"), (FORWARDED_FOR, address)];
        let asked = request(&line, &headers);
        let client = RawClient::handshake(hub.app().addr(), &asked, b"").await;
        client.status()
    };
    for (address, path, expected) in [
        ("192.0.2.1", "key", 401),
        ("192.0.2.1", "k%65y", 401),
        ("192.0.2.1", "key", 429),
        ("192.0.2.1", "k%65y", 429),
        ("192.0.2.2", "key", 401),
    ] {
        assert_eq!(ask(address, path).await, expected, "{address} {path}");
    }
}
