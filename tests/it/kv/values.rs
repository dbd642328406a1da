//! Values come back byte for byte, whatever they are and however they are sent.

use reqwest::Method;
use serde_json::json;

use super::pairs;
use crate::harness::TestHub;

#[tokio::test]
async fn values_come_back_byte_for_byte() {
    let hub = TestHub::start().await;
    let user = hub.members().await[0];
    let token = hub.token(user).await;
    let values = [
        String::new(),
        " \r\n\t\0\u{7f}\u{feff} ".to_owned(),
        "\"quoted\" \\ </script> {\"json\": [1]}".to_owned(),
        "Überraschung 🏮 \u{1F469}\u{200D}\u{1F680} e\u{301} \u{202e}x \u{10ffff}".to_owned(),
        "x".repeat(30_000),
        "🏮".repeat(30_000),
        "\u{1}".repeat(30_000),
    ];
    for (number, value) in values.iter().enumerate() {
        let key = format!("value{number}");
        assert_eq!(hub.put(user, &key, value, &token).await, 200);
        let (_, told) = hub
            .get(&format!("/api/v1/users/{user}/storage/{key}"))
            .await;
        assert_eq!(told, json!({ "value": value }), "{key}");
        assert_eq!(pairs(&hub, user).await[&key], json!(value));
        assert_eq!(hub.user(user).await["storage"][&key], json!(value));
    }
    let merge: serde_json::Map<_, _> = (0..)
        .zip(&values)
        .map(|(number, value)| (format!("merged{number}"), json!(value)))
        .collect();
    let merging = hub.change(Method::PATCH, user, "", &token).json(&merge);
    assert_eq!(merging.send().await.unwrap().status(), 200);
    let told = pairs(&hub, user).await;
    for (key, value) in &merge {
        assert_eq!(&told[key], value, "{key}");
    }
    for value in ["x".repeat(30_001), "🏮".repeat(30_001)] {
        let status = hub.put(user, "value0", &value, &token).await;
        assert!([400, 413].contains(&status), "{status}");
    }
    assert_eq!(pairs(&hub, user).await["value0"], "");
}

#[tokio::test]
async fn bodies_are_read_as_they_come() {
    let hub = TestHub::start().await;
    let user = hub.members().await[0];
    let token = hub.token(user).await;
    for kind in [
        None,
        Some("text/plain"),
        Some("text/plain; charset=utf-16"),
        Some("application/json"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("no content type at all"),
    ] {
        for body in ["{\"a\": ", "%20+%C3%B6", ""] {
            let request = hub.change(Method::PUT, user, "/key", &token).body(body);
            let request = match kind {
                Some(kind) => request.header("content-type", kind),
                None => request,
            };
            assert_eq!(request.send().await.unwrap().status(), 200, "{kind:?}");
            assert_eq!(pairs(&hub, user).await, json!({ "key": body }));
        }
        let request = hub.change(Method::PATCH, user, "", &token).body("{}");
        let request = match kind {
            Some(kind) => request.header("content-type", kind),
            None => request,
        };
        assert_eq!(request.send().await.unwrap().status(), 200, "{kind:?}");
    }
}

#[tokio::test]
async fn keys_are_1_to_255_letters_and_digits() {
    let hub = TestHub::start().await;
    let user = hub.members().await[0];
    let token = hub.token(user).await;
    for (key, status) in [
        ("a".to_owned(), 200),
        ("k".repeat(255), 200),
        ("%41".to_owned(), 200),
        ("k".repeat(256), 400),
        ("%20".to_owned(), 400),
        ("a%2Fb".to_owned(), 400),
        ("a_b".to_owned(), 400),
        ("%C3%A4".to_owned(), 400),
        ("%ff".to_owned(), 400),
        (String::new(), 404),
    ] {
        assert_eq!(hub.put(user, &key, "x", &token).await, status, "{key}");
        let path = format!("/api/v1/users/{user}/storage/{key}");
        assert_eq!(hub.get(&path).await.0, status, "{key}");
    }
    let told = pairs(&hub, user).await;
    let keys: Vec<&String> = told.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["A", "a", &"k".repeat(255)]);
    let keys = json!({ "fine": "x", "not fine": "x" });
    let merging = hub.change(Method::PATCH, user, "", &token).json(&keys);
    assert_eq!(merging.send().await.unwrap().status(), 400);
    assert_eq!(pairs(&hub, user).await, told);
}

/// The answer comes although the server stops reading.
#[tokio::test]
async fn a_body_that_is_far_too_long_is_refused_and_not_cut_off() {
    let hub = TestHub::start().await;
    let user = hub.members().await[0];
    let token = hub.token(user).await;
    for _ in 0..10 {
        let value = "x".repeat(8 << 20);
        assert_eq!(hub.put(user, "key", &value, &token).await, 413);
    }
}
