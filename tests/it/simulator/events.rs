//! Events of any name and content.

use serde_json::{Value, json};

use super::raw::{Socket, identify_with};
use super::rest::control;
use super::{quiet, start};

#[tokio::test]
async fn any_event_reaches_every_session_with_a_number() {
    let simulator = start(quiet(1)).await;
    let (mut socket, _) = Socket::logged_in(&simulator).await;
    let mut other = Socket::greeted(&simulator).await;
    other.send(identify_with(json!({"intents": 0}))).await;
    other.event("READY").await;
    let d = json!({"user": {"id": "5", "username": "renamed"}, "status": 17, "activities": null});
    let event = json!({"t": "PRESENCE_UPDATE", "d": d});
    let sent = control(&simulator, "POST", "/gateway/events", event).await;
    assert_eq!(sent, (200, json!({"sessions": 2})));
    for (socket, seq) in [(&mut socket, 3), (&mut other, 2)] {
        let payload = socket.payload().await;
        let wanted = json!({"op": 0, "s": seq, "t": "PRESENCE_UPDATE", "d": d});
        assert_eq!(payload, wanted);
    }
    simulator.stop().await;
}

#[tokio::test]
async fn raw_text_is_sent_as_it_is() {
    let simulator = start(quiet(1)).await;
    let (mut socket, _) = Socket::logged_in(&simulator).await;
    let d = r#"{ "z": 1E400, "a": 18446744073709551616, "s": "\ud800", "a": 1.50 }"#;
    let event = json!({"t": "SOMETHING_NEW", "raw": d});
    let (status, _) = control(&simulator, "POST", "/gateway/events", event).await;
    assert_eq!(status, 200);
    let message = socket.message().await.unwrap();
    let wanted = format!(r#"{{"t":"SOMETHING_NEW","s":3,"op":0,"d":{d}}}"#);
    assert_eq!(message.to_text().unwrap(), wanted);
    simulator.stop().await;
}

#[tokio::test]
async fn an_event_that_nobody_hears_is_an_error() {
    let simulator = start(quiet(1)).await;
    let event = json!({"t": "TYPING_START", "d": null});
    let (status, body) = control(&simulator, "POST", "/gateway/events", event).await;
    assert_eq!((status, &body["code"]), (409, &json!("no_bot")));
    for event in [
        json!({"t": "typing", "d": 1}),
        json!({"t": "TYPING_START"}),
        Value::Null,
    ] {
        let (status, body) = control(&simulator, "POST", "/gateway/events", event).await;
        assert_eq!((status, &body["code"]), (400, &json!("invalid_body")));
    }
    simulator.stop().await;
}
