//! What clients may write, and what each mistake is answered.

use serde_json::{Map, Value, json};

use super::{ClientFrameError as E, *};

fn decode(message: Value) -> Result<ClientFrame, ClientFrameError> {
    let text = ClientFrame::decode(Encoding::Json, message.to_string().as_bytes());
    let packed = rmp_serde::to_vec_named(&message).unwrap();
    assert_eq!(text, ClientFrame::decode(Encoding::MsgPack, &packed));
    text
}

fn id(id: u64) -> UserId {
    id.to_string().parse().unwrap()
}

#[test]
fn the_three_ways_to_name_users() {
    for (d, targets) in [
        (json!({"user_id": "12"}), Targets::One(id(12))),
        (json!({"user_id": "aLL"}), Targets::All),
        (
            json!({"user_ids": ["2", "1", "2"]}),
            Targets::Many(vec![id(1), id(2)]),
        ),
    ] {
        let selection = Selection {
            targets: targets.clone(),
            known: Known::default(),
            chunk: None,
        };
        assert_eq!(
            decode(json!({"op": 2, "d": d})),
            Ok(ClientFrame::Init(selection.clone()))
        );
        assert_eq!(
            decode(json!({"op": 12, "d": d})),
            Ok(ClientFrame::Subscribe(selection))
        );
        assert_eq!(
            decode(json!({"op": 14, "d": d})),
            Ok(ClientFrame::Unsubscribe(targets))
        );
    }
    assert_eq!(
        decode(json!({"t": "HEARTBEAT", "op": 4})),
        Ok(ClientFrame::Heartbeat)
    );
}

#[test]
fn known_versions_are_looked_up_exactly() {
    let frame = decode(json!({"op": 2, "d": {"user_id": "All", "known": {"7": 70, "5": 50}}}));
    let Ok(ClientFrame::Init(selection)) = frame else {
        panic!("{frame:?}")
    };
    assert_eq!(selection.known.version(id(7)), Some(Version::new(70)));
    assert_eq!(selection.known.version(id(6)), None);
}

#[test]
fn every_mistake_has_its_sentence() {
    let many: Vec<String> = (1..=1_001).map(|n| n.to_string()).collect();
    let known: Map<String, Value> = (1..=10_001).map(|n| (n.to_string(), json!(1))).collect();
    for (message, error) in [
        (json!([2]), E::NotAnObject),
        (json!({"d": {}}), E::NoOpcode),
        (json!({"op": "2"}), E::NoOpcode),
        (json!({"op": 3}), E::UnknownOpcode("3".into())),
        (json!({"op": 99}), E::UnknownOpcode("99".into())),
        (json!({"op": 2.5}), E::UnknownOpcode("2.5".into())),
        (json!({"op": 2}), E::NoData(2)),
        (json!({"op": 12, "d": "x"}), E::NoData(12)),
        (json!({"op": 2, "d": {}}), E::NoTargets),
        (
            json!({"op": 2, "d": {"user_id": "1", "user_ids": ["1"]}}),
            E::NoTargets,
        ),
        (json!({"op": 2, "d": {"user_ids": "1"}}), E::NoTargets),
        (json!({"op": 2, "d": {"user_ids": []}}), E::EmptyList),
        (
            json!({"op": 2, "d": {"user_id": 12}}),
            E::BadUserId("12".into()),
        ),
        (
            json!({"op": 2, "d": {"user_ids": ["1", "x"]}}),
            E::BadUserId("\"x\"".into()),
        ),
        (
            json!({"op": 2, "d": {"user_ids": many}}),
            E::TooManyIds("user_ids"),
        ),
        (
            json!({"op": 2, "d": {"user_id": "All", "known": known}}),
            E::TooManyKnown,
        ),
        (
            json!({"op": 2, "d": {"user_id": "1", "known": []}}),
            E::BadKnown,
        ),
        (
            json!({"op": 2, "d": {"user_id": "1", "known": {"x": 1}}}),
            E::BadKnown,
        ),
        (
            json!({"op": 2, "d": {"user_id": "1", "known": {"1": -1}}}),
            E::BadKnown,
        ),
    ] {
        assert_eq!(decode(message.clone()), Err(error), "{message}");
    }
    assert_eq!(
        ClientFrame::decode(Encoding::Json, b"{"),
        Err(E::Undecodable("JSON"))
    );
    assert_eq!(
        ClientFrame::decode(Encoding::MsgPack, b"\xc1"),
        Err(E::Undecodable("MessagePack"))
    );
    assert_eq!(
        ClientFrame::decode(Encoding::MsgPack, b"\x81\xa2op\x04\x00"),
        Err(E::Undecodable("MessagePack")),
        "something follows"
    );
}

/// A heartbeat, as MessagePack with this for `op` and more fields behind it.
fn packed(op: &[u8], more: u8, fields: &[u8]) -> Vec<u8> {
    [&[0x81 + more, 0xA2, b'o', b'p'], op, fields].concat()
}

#[test]
fn a_whole_number_is_one_however_it_is_written() {
    let heartbeat = Ok(ClientFrame::Heartbeat);
    for text in [
        r#"{"op": 4.0}"#,
        r#"{"op": 4e0}"#,
        r#"{"op": 0.4e1}"#,
        r#"{"op": 400E-2}"#,
    ] {
        let frame = ClientFrame::decode(Encoding::Json, text.as_bytes());
        assert_eq!(frame, heartbeat, "{text}");
    }
    for op in [
        &b"\x04"[..],
        b"\xCC\x04",
        b"\xCD\x00\x04",
        b"\xCF\x00\x00\x00\x00\x00\x00\x00\x04",
        b"\xD0\x04",
        b"\xD3\x00\x00\x00\x00\x00\x00\x00\x04",
        b"\xCA\x40\x80\x00\x00",
        b"\xCB\x40\x10\x00\x00\x00\x00\x00\x00",
    ] {
        let frame = ClientFrame::decode(Encoding::MsgPack, &packed(op, 0, b""));
        assert_eq!(frame, heartbeat, "{op:x?}");
    }
    let known = json!({"1": 1.79e15, "2": 0.0, "3": 1_790_000_000_000_000_u64});
    let frame = decode(json!({"op": 2.0, "d": {"user_id": "1", "known": known}}));
    let Ok(ClientFrame::Init(selection)) = frame else {
        panic!("{frame:?}")
    };
    for (user, version) in [
        (1, 1_790_000_000_000_000),
        (2, 0),
        (3, 1_790_000_000_000_000),
    ] {
        let known = selection.known.version(id(user));
        assert_eq!(known, Some(Version::new(version)), "{user}");
    }
}

#[test]
fn a_number_that_is_not_whole_is_a_mistake() {
    for (op, shown) in [
        (json!(4.5), "4.5"),
        (json!(-4), "-4"),
        (json!(-4.0), "-4"),
        (json!(1e300), "1e300"),
    ] {
        let error = E::UnknownOpcode(shown.to_owned());
        assert_eq!(decode(json!({"op": op})), Err(error), "{op}");
    }
    for (float, shown) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf")] {
        let op = [&[0xCB][..], &float.to_be_bytes()].concat();
        let frame = ClientFrame::decode(Encoding::MsgPack, &packed(&op, 0, b""));
        assert_eq!(frame, Err(E::UnknownOpcode(shown.to_owned())));
    }
    for version in [
        json!(1.5),
        json!(-1.0),
        json!(1e300),
        json!("1"),
        json!(true),
    ] {
        let d = json!({"user_id": "1", "known": {"1": version}});
        assert_eq!(decode(json!({"op": 2, "d": d})), Err(E::BadKnown), "{d}");
    }
}

#[test]
fn pieces_have_one_to_a_thousand_users() {
    let of = |chunk: Value| decode(json!({"op": 2, "d": {"user_id": "All", "chunk": chunk}}));
    for (chunk, users) in [
        (json!(1), Some(1)),
        (json!(500), Some(500)),
        (json!(5e2), Some(500)),
        (json!(1_000.0), Some(1_000)),
        (Value::Null, None),
    ] {
        let frame = of(chunk.clone());
        let Ok(ClientFrame::Init(selection)) = frame else {
            panic!("{chunk}: {frame:?}")
        };
        assert_eq!(selection.chunk.map(NonZeroUsize::get), users, "{chunk}");
    }
    for chunk in [
        json!(0),
        json!(1_001),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!("500"),
        json!([500]),
        json!(true),
    ] {
        assert_eq!(of(chunk.clone()), Err(E::BadChunk), "{chunk}");
    }
}

#[test]
fn null_is_as_left_out() {
    let one = Selection {
        targets: Targets::One(id(1)),
        known: Known::default(),
        chunk: None,
    };
    for d in [
        json!({"user_id": "1", "user_ids": null}),
        json!({"user_id": "1", "user_ids": null, "known": null, "chunk": null}),
        json!({"user_id": "1", "known": {"1": null}}),
    ] {
        let frame = decode(json!({"op": 2, "t": null, "d": d}));
        assert_eq!(frame, Ok(ClientFrame::Init(one.clone())), "{d}");
    }
    let d = json!({"user_id": null, "user_ids": ["1"]});
    let many = Targets::Many(vec![id(1)]);
    assert_eq!(
        decode(json!({"op": 14, "d": d})),
        Ok(ClientFrame::Unsubscribe(many))
    );
    assert_eq!(
        decode(json!({"op": 4, "d": null, "t": null})),
        Ok(ClientFrame::Heartbeat)
    );
    let neither = json!({"user_id": null, "user_ids": null});
    assert_eq!(decode(json!({"op": 2, "d": neither})), Err(E::NoTargets));
    assert_eq!(decode(json!({"op": 2, "d": null})), Err(E::NoData(2)));
    assert_eq!(decode(json!({"op": null})), Err(E::NoOpcode));
    let among = json!({"user_ids": ["1", null]});
    let error = E::BadUserId("null".to_owned());
    assert_eq!(decode(json!({"op": 2, "d": among})), Err(error));
}

/// Values that JSON has no word for, in every length that MessagePack has.
const STRANGE: [&[u8]; 16] = [
    b"\xD4\x05\x00",
    b"\xD5\x05\x00\x00",
    b"\xD6\xFF\x00\x00\x00\x00",
    b"\xD7\xFF\x00\x00\x00\x00\x00\x00\x00\x00",
    b"\xD8\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
    b"\xC7\x00\x05",
    b"\xC7\x03\x05abc",
    b"\xC8\x00\x01\x05a",
    b"\xC9\x00\x00\x00\x01\x05a",
    b"\xC4\x02\x00\xFF",
    b"\xC5\x00\x01\x00",
    b"\xC6\x00\x00\x00\x01\x00",
    b"\xA2\xFF\xFE",
    b"\xCB\x7F\xF8\x00\x00\x00\x00\x00\x00",
    b"\x92\xC4\x01\x00\xD4\x05\x00",
    b"\x82\x01\xC0\xC4\x01a\xD4\x05\x00",
];

#[test]
fn what_nobody_reads_may_be_anything() {
    for strange in STRANGE {
        // Beside `op`, in the unread `d` of a heartbeat, and behind keys that are no texts.
        for key in [&b"\xA1x"[..], b"\xA1d", b"\xA1t", b"\x07", b"\xC0", strange] {
            let message = packed(b"\x04", 1, &[key, strange].concat());
            let frame = ClientFrame::decode(Encoding::MsgPack, &message);
            assert_eq!(frame, Ok(ClientFrame::Heartbeat), "{message:x?}");
        }
        let d = [&b"\xA1d\x82\xA1x"[..], strange, b"\xA7user_id\xA11"].concat();
        let frame = ClientFrame::decode(Encoding::MsgPack, &packed(b"\x0E", 1, &d));
        assert_eq!(frame, Ok(ClientFrame::Unsubscribe(Targets::One(id(1)))));
    }
    let text = br#"{"op": 4, "x": [1e999, "\ud800", {"x": null}], "d": 1e999}"#;
    let frame = ClientFrame::decode(Encoding::Json, &text[..text.len() - 12]);
    assert_eq!(frame, Err(E::Undecodable("JSON")), "cut off");
    let text = br#"{"op": 4, "x": [1e999, "\ud800", {"x": null}]}"#;
    let frame = ClientFrame::decode(Encoding::Json, text);
    assert_eq!(frame, Ok(ClientFrame::Heartbeat));
}

#[test]
fn binary_data_in_a_field_that_is_read_is_a_mistake() {
    for strange in [&b"\xC4\x011"[..], b"\xD4\x051"] {
        let of = |op: &[u8], d: &[u8]| {
            let message = match d {
                [] => packed(op, 0, b""),
                d => packed(op, 1, &[b"\xA1d", d].concat()),
            };
            ClientFrame::decode(Encoding::MsgPack, &message)
        };
        assert_eq!(of(strange, b""), Err(E::NoOpcode));
        assert_eq!(of(b"\x02", strange), Err(E::NoData(2)));
        let id = [b"\x81\xA7user_id", strange].concat();
        let binary = Err(E::BadUserId("Binary data".to_owned()));
        assert_eq!(of(b"\x02", &id), binary);
        let ids = [b"\x81\xA8user_ids\x91", strange].concat();
        assert_eq!(of(b"\x02", &ids), binary);
        let known = [&b"\x82\xA7user_id\xA11\xA5known"[..], strange].concat();
        assert_eq!(of(b"\x02", &known), Err(E::BadKnown));
        let key = [&b"\x82\xA7user_id\xA11\xA5known\x81"[..], strange, b"\x05"].concat();
        assert_eq!(of(b"\x02", &key), Err(E::BadKnown));
    }
}

#[test]
fn nesting_without_end_is_refused() {
    for (encoding, opening) in [(Encoding::Json, b'['), (Encoding::MsgPack, 0x91)] {
        let name = match encoding {
            Encoding::Json => "JSON",
            Encoding::MsgPack => "MessagePack",
        };
        assert_eq!(
            ClientFrame::decode(encoding, &[opening; 65_536]),
            Err(ClientFrameError::Undecodable(name))
        );
    }
}

proptest::proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)
    ) {
        let _ = ClientFrame::decode(Encoding::Json, &bytes);
        let _ = ClientFrame::decode(Encoding::MsgPack, &bytes);
    }
}
