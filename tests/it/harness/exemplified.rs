//! Every ERROR and DISCONNECT that any test sees is an example in the description of the socket: in
//! the same words, with other numbers and names in them.

use serde_json::Value;

const DOCUMENT: &str = include_str!("../../../openapi/gateway.asyncapi.yaml");

/// The examples of the description: name, and the message. Each is a line of JSON there.
fn examples() -> impl Iterator<Item = (&'static str, Value)> {
    let mut name = "";
    DOCUMENT.lines().filter_map(move |line| {
        let line = line.trim();
        if let Some(named) = line.strip_prefix("- name: ") {
            name = named;
        }
        let payload = line.trim_start_matches("- ").strip_prefix("payload: ")?;
        Some((name, serde_json::from_str(payload).unwrap()))
    })
}

/// That a sentence is an example's: the pieces between the example's numbers come in it, in order.
fn fits(sentence: &str, example: &str) -> bool {
    let pieces = example.split(|letter: char| letter.is_ascii_digit());
    let mut rest = Some(sentence);
    for piece in pieces.filter(|piece| !piece.is_empty()) {
        rest = rest.and_then(|rest| Some(rest.split_once(piece)?.1));
    }
    rest.is_some_and(|rest| rest.chars().all(|letter| letter.is_ascii_digit()))
}

/// Fails if this is an ERROR whose sentence no example has.
pub fn assert_known_error(message: &Value) {
    let Some(sentence) = message["d"].as_str().filter(|_| message["t"] == "ERROR") else {
        return;
    };
    let is_known = examples().any(|(_, example)| {
        example["t"] == "ERROR" && fits(sentence, example["d"].as_str().unwrap())
    });
    assert!(is_known, "no example of an ERROR: {sentence}");
}

/// Fails if no example has a DISCONNECT with this reason before this code.
pub fn assert_known_end(reason: &str, code: u16) {
    let before = format!("before {code}");
    let is_known = examples().any(|(name, example)| {
        let known = example["d"]["reason"].as_str();
        name == before && known.is_some_and(|known| fits(reason, known))
    });
    assert!(is_known, "no example of a DISCONNECT {before}: {reason}");
}

#[test]
fn sentences_are_told_apart() {
    for (sentence, fine) in [
        ("User 42 is not monitored by Lantern.", true),
        ("User 42 is not monitored.", false),
        ("User 42 is not monitored by Lantern. Really.", false),
    ] {
        let example = "User 123456789012345678 is not monitored by Lantern.";
        assert_eq!(fits(sentence, example), fine, "{sentence}");
    }
    assert!(fits("No INIT within 0.5 s.", "No INIT within 5 s."));
    assert_eq!(examples().filter(|(_, it)| it["t"] == "ERROR").count(), 25);
}
