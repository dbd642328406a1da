//! The opening handshake.

use super::{Bench, RawClient, TestHub, Upgrade, answers, eventually};

#[tokio::test]
async fn the_handshake_of_the_rfc_is_accepted() {
    let bench = Bench::start().await;
    let client = bench.client().await;
    assert_eq!(
        client.header("sec-websocket-accept"),
        Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    );
    assert_eq!(client.header("upgrade"), Some("websocket"));
    assert_eq!(client.header("sec-websocket-extensions"), None);
    for upgrade in [
        Upgrade::default().with("Connection", "keep-alive, UPGRADE"),
        Upgrade::default().with("Upgrade", "WebSocket"),
        Upgrade::default().with("Origin", "https://anywhere.example"),
        Upgrade::default().with("Sec-WebSocket-Protocol", "chat"),
        Upgrade::default().with("Sec-WebSocket-Extensions", "x-unknown; a=1"),
        Upgrade::default().query("?encoding=json&more=1"),
    ] {
        let mut client = RawClient::open(bench.addr(), &upgrade).await;
        assert_eq!(client.header("sec-websocket-protocol"), None);
        answers(&mut client, "after the handshake").await;
    }
    bench.stop().await;
}

#[tokio::test]
async fn what_is_not_a_handshake_is_told_why() {
    let bench = Bench::start().await;
    let ok = Upgrade::default;
    for (case, upgrade, status, code) in [
        (
            "no key",
            ok().without("Sec-WebSocket-Key"),
            400,
            "websocket_key",
        ),
        (
            "a short key",
            ok().with("Sec-WebSocket-Key", "c2hvcnQ="),
            400,
            "websocket_key",
        ),
        (
            "no base64",
            ok().with("Sec-WebSocket-Key", "????????????????????????"),
            400,
            "websocket_key",
        ),
        (
            "no version",
            ok().without("Sec-WebSocket-Version"),
            426,
            "websocket_version",
        ),
        (
            "version 8",
            ok().with("Sec-WebSocket-Version", "8"),
            426,
            "websocket_version",
        ),
        (
            "no upgrade",
            ok().without("Upgrade"),
            426,
            "upgrade_required",
        ),
        (
            "another upgrade",
            ok().with("Upgrade", "h2c"),
            426,
            "upgrade_required",
        ),
        (
            "no connection",
            ok().without("Connection"),
            426,
            "upgrade_required",
        ),
        (
            "post",
            ok().request_line("POST /socket HTTP/1.1"),
            426,
            "upgrade_required",
        ),
        (
            "http/1.0",
            ok().request_line("GET /socket HTTP/1.0"),
            426,
            "upgrade_required",
        ),
        (
            "an encoding",
            ok().query("?encoding=xml"),
            400,
            "invalid_encoding",
        ),
        (
            "an empty encoding",
            ok().query("?encoding="),
            400,
            "invalid_encoding",
        ),
    ] {
        let mut client = RawClient::handshake(bench.addr(), &upgrade, b"").await;
        assert_eq!(client.status(), status, "{case}: {}", client.head);
        let kind = client.header("content-type").unwrap();
        assert!(
            kind.starts_with("application/problem+json"),
            "{case}: {kind}"
        );
        let offered = client.header("sec-websocket-version").map(str::to_owned);
        let problem = client.body().await;
        assert_eq!(problem["status"], status, "{case}");
        assert_eq!(problem["code"], code, "{case}");
        assert_eq!(problem["error"], problem["detail"], "{case}");
        assert_eq!(
            offered.as_deref(),
            (status == 426).then_some("13"),
            "{case}"
        );
    }
    assert_eq!(*bench.hub.app().shards().stats().open.borrow(), 1);
    bench.stop().await;
}

#[tokio::test]
async fn one_socket_too_many_is_told_to_come_back() {
    let hub = TestHub::with(1, |config| config.socket.max_sockets = 1).await;
    let addr = hub.app().addr();
    let mut first = RawClient::open(addr, &Upgrade::default()).await;
    let mut second = RawClient::handshake(addr, &Upgrade::default(), b"").await;
    assert_eq!(second.status(), 503);
    assert_eq!(second.header("retry-after"), Some("5"));
    assert_eq!(second.body().await["code"], "too_many_sockets");
    answers(&mut first, "the first socket").await;
    drop(first);
    eventually("there is room again", async || {
        (*hub.app().shards().stats().open.borrow() == 0).then_some(())
    })
    .await;
    RawClient::open(addr, &Upgrade::default()).await;
}

#[tokio::test]
async fn requests_that_are_not_http_do_not_disturb() {
    let bench = Bench::start().await;
    let upgrade = Upgrade::default().request_line("NONSENSE");
    let client = RawClient::handshake(bench.addr(), &upgrade, b"").await;
    assert_eq!(client.status(), 400);
    bench.stop().await;
}

#[tokio::test]
async fn after_a_refusal_the_same_connection_can_try_again() {
    let bench = Bench::start().await;
    let refused = Upgrade::default().query("?encoding=xml");
    let again = Upgrade::default().bytes();
    let mut client = RawClient::handshake(bench.addr(), &refused, &again).await;
    assert_eq!(client.status(), 400);
    client.next_head().await;
    assert_eq!(client.status(), 101);
    client.expect("HELLO").await;
    answers(&mut client, "after the second try").await;
    bench.stop().await;
}
