//! Messages to the socket as the libraries of clients write them.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{Client, TestHub, eventually};

#[tokio::test]
async fn whole_numbers_may_be_floats_and_what_is_not_given_null() {
    let hub = TestHub::start().await;
    let user = hub.members().await[0];
    eventually("the member is published", async || hub.hub().user(user)).await;
    let mut client = hub.connect().await;
    let init = format!(
        r#"{{"op": 2.0, "t": null, "s": null, "d": {{"user_id": "{user}", "user_ids": null, "known": null}}}}"#
    );
    client.send_raw(Message::text(init)).await;
    let told = client.expect("INIT_ACK").await;
    assert_eq!(told["metadata"]["id"], json!(user));
    client
        .send_raw(Message::text(r#"{"op": 4.0, "d": null}"#))
        .await;
    client.expect("HEARTBEAT_ACK").await;
    let version = told["v"].as_f64().unwrap();
    let known = format!(
        r#"{{"op": 1.2e1, "d": {{"user_id": "{user}", "known": {{"{user}": {version:e}}}}}}}"#
    );
    client.send_raw(Message::text(known)).await;
    assert_eq!(client.expect("SUBSCRIBE_ACK").await, json!(null));
    client.send_raw(Message::text(r#"{"op": 4.5}"#)).await;
    let error = client.expect("ERROR").await;
    assert!(error.as_str().unwrap().starts_with("Opcode 4.5 is not one"));
}

#[tokio::test]
async fn messagepack_may_hold_what_json_has_no_word_for() {
    let hub = TestHub::start().await;
    let addr = hub.app().addr();
    let mut client = Client::connect(addr, "?encoding=msgpack").await;
    // {"op": 4.0, "at": timestamp, "raw": binary, 7: nil}
    let heartbeat =
        b"\x84\xA2op\xCB\x40\x10\0\0\0\0\0\0\xA2at\xD6\xFF\0\0\0\0\xA3raw\xC4\x01\xFF\x07\xC0";
    client.send_raw(Message::binary(&heartbeat[..])).await;
    client.expect("HEARTBEAT_ACK").await;
    // {"op": 2, "d": {"user_id": binary}}
    let binary = b"\x82\xA2op\x02\xA1d\x81\xA7user_id\xC4\x011";
    client.send_raw(Message::binary(&binary[..])).await;
    let error = client.expect("ERROR").await;
    let sentence = error.as_str().unwrap();
    assert!(sentence.starts_with("Binary data is not a user id."));
}
