//! A body is read once it is known that who sends it may, and not more of them than there is room for.

use std::time::Duration;

use lantern::auth::{Claims, KvTokens};
use lantern_actors::{domain::UserId, ports::store::TokenVersion};
use reqwest::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{FORWARDED_FOR, request, told};
use crate::harness::{RawClient, SECRET, TestHub, eventually, within};

const MIB: usize = 1 << 20;
/// Long, and never sent.
const LENGTH: (&str, &str) = ("Content-Length", "2097152");

/// A token that is genuine, for whoever it is.
fn token(user: u64) -> String {
    let user = UserId::try_from(user).unwrap();
    let version = TokenVersion::default();
    KvTokens::new(SECRET)
        .unwrap()
        .issue(Claims { user, version })
}

#[tokio::test]
async fn who_may_not_send_a_body_is_answered_before_it_comes() {
    let hub = TestHub::start().await;
    let user = hub.members().await[0];
    let storage = format!("/api/v1/users/{user}/storage");
    let (wrong, foreign) = (token(5).replace("lt_kv_", "lt_kv_x"), token(5));
    for (line, token, expected) in [
        (format!("PATCH {storage}"), None, (401, "missing_token")),
        (format!("PUT {storage}/key"), None, (401, "missing_token")),
        (format!("PUT {storage}/k%65y"), None, (401, "missing_token")),
        (format!("DELETE {storage}"), None, (401, "missing_token")),
        (
            format!("PATCH {storage}"),
            Some(&wrong),
            (401, "invalid_token"),
        ),
        (
            format!("PUT {storage}/key"),
            Some(&wrong),
            (401, "invalid_token"),
        ),
        (
            format!("PATCH {storage}"),
            Some(&foreign),
            (403, "not_your_storage"),
        ),
        (
            format!("PUT {storage}/key"),
            Some(&foreign),
            (403, "not_your_storage"),
        ),
        (
            "PATCH /api/v1/users/5/storage".to_owned(),
            Some(&foreign),
            (404, "unknown_user"),
        ),
        (
            "PUT /api/v1/users/5/storage/key".to_owned(),
            Some(&foreign),
            (404, "unknown_user"),
        ),
        ("POST /nowhere".to_owned(), None, (404, "not_found")),
        ("POST /".to_owned(), None, (405, "method_not_allowed")),
        ("GET /nowhere".to_owned(), None, (404, "not_found")),
        (
            "GET /api/v1/users/5".to_owned(),
            None,
            (404, "unknown_user"),
        ),
        ("GET /socket".to_owned(), None, (426, "upgrade_required")),
    ] {
        let mut headers = vec![LENGTH, ("Expect", "100-continue")];
        headers.extend(token.map(|token| ("Authorization", token.as_str())));
        let asked = request(&line, &headers);
        let mut client = RawClient::handshake(hub.app().addr(), &asked, b"").await;
        let (status, code) = told(&mut client).await;
        assert_eq!((status, code.as_str()), expected, "{line}");
        let connection = client.header("connection").unwrap_or_default();
        assert!(connection.ends_with("close"), "{line}: {connection}");
        client.ended().await;
    }
}

#[tokio::test]
async fn a_token_that_was_replaced_opens_no_body() {
    let hub = TestHub::start().await;
    let user = hub.members().await[0];
    hub.token(user).await;
    let old = token(user.get());
    let line = format!("PATCH /api/v1/users/{user}/storage");
    let asked = request(&line, &[LENGTH, ("Authorization", &old)]);
    let mut client = RawClient::handshake(hub.app().addr(), &asked, b"").await;
    assert_eq!(told(&mut client).await, (401, "invalid_token".to_owned()));
}

/// Who sends without reading is told all the same: the rest is passed over, not reset.
#[tokio::test]
async fn an_answer_is_not_lost_in_what_still_comes() {
    let hub = TestHub::start().await;
    let user = hub.members().await[0];
    for _ in 0..20 {
        let mut stream = TcpStream::connect(hub.app().addr()).await.unwrap();
        let line = format!("PATCH /api/v1/users/{user}/storage");
        let head = request(&line, &[("Content-Length", "250000")]).bytes();
        stream.write_all(&head).await.unwrap();
        for piece in vec![b' '; 250_000].chunks(25_000) {
            stream.write_all(piece).await.unwrap();
        }
        let mut answer = String::new();
        let reading = stream.read_to_string(&mut answer);
        within("the answer comes", reading).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        assert!(answer.ends_with('}'), "{answer}");
    }
}

#[tokio::test]
async fn who_never_stops_sending_is_left() {
    let hub = TestHub::start().await;
    let mut stream = TcpStream::connect(hub.app().addr()).await.unwrap();
    let head = request("POST /nowhere", &[("Content-Length", "1000000000")]).bytes();
    stream.write_all(&head).await.unwrap();
    let sending = async {
        let mut sent = 0;
        while stream.write_all(&[b' '; 16_384]).await.is_ok() {
            sent += 16_384;
        }
        sent
    };
    let sent = within("it is cut off", sending).await;
    // What is thrown away, and what is in the kernel's buffers.
    assert!(sent < 32 * MIB, "{sent} bytes were taken");
}

#[tokio::test]
async fn who_may_is_asked_for_the_body_and_keeps_the_connection() {
    let hub = TestHub::start().await;
    let user = hub.members().await[0];
    let token = hub.token(user).await;
    let line = format!("PUT /api/v1/users/{user}/storage/key");
    let headers = [
        ("Authorization", token.as_str()),
        ("Content-Length", "4"),
        ("Expect", "100-continue"),
    ];
    let asked = request(&line, &headers);
    let mut client = RawClient::handshake(hub.app().addr(), &asked, b"").await;
    assert_eq!(client.status(), 100);
    client.send(b"Oslo").await;
    let read = client.read_next_head();
    within("the answer comes", read).await;
    assert_eq!(client.status(), 200);
    assert_eq!(client.header("connection"), None);
}

#[tokio::test]
async fn bodies_share_a_budget_and_a_client_has_a_quarter_of_it() {
    let hub = TestHub::with(3, |config| config.shares.max_body_bytes = 8 * MIB).await;
    let user = hub.members().await[0];
    let token = hub.token(user).await;
    let line = format!("PATCH /api/v1/users/{user}/storage");
    let body = vec![b' '; 2 * MIB - 1];
    let merge = |address: &'static str| {
        let headers = [LENGTH, ("Authorization", &*token), (FORWARDED_FOR, address)];
        request(&line, &headers)
    };
    let mut waiting = Vec::new();
    for (number, address) in ["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1"]
        .into_iter()
        .enumerate()
    {
        let mut stream = TcpStream::connect(hub.app().addr()).await.unwrap();
        stream.write_all(&merge(address).bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
        waiting.push(stream);
        let wanted = (number + 1) * body.len();
        eventually("the body is held", async || {
            let held = hub
                .metric("lantern_admitted{resource=\"body_bytes\"}")
                .await;
            (held == wanted as u64).then_some(())
        })
        .await;
    }
    for (address, expected) in [
        ("192.0.2.1", (429, "too_much_from_address")),
        ("2001:db8::ffff", (429, "too_much_from_address")),
        ("192.0.2.5", (503, "busy")),
    ] {
        let begun = vec![b' '; 1_000];
        let mut client = RawClient::handshake(hub.app().addr(), &merge(address), &begun).await;
        let (status, code) = told(&mut client).await;
        // What is left is less than a client's share too.
        let is_expected = (status, code.as_str()) == expected;
        assert!(
            is_expected || (status, &*code) == (503, "busy"),
            "{address}: {status} {code}"
        );
        assert!(client.header("retry-after").is_some());
    }
    // Who sends nothing is not concerned.
    hub.user(user).await;
    drop(waiting);
    eventually("the room is given back", async || {
        let change = hub.change(Method::PATCH, user, "", &token);
        let change = change.body("{\"a\":\"b\"}").timeout(Duration::from_secs(5));
        (change.send().await.unwrap().status() == 200).then_some(())
    })
    .await;
}
