//! What fails the connection, and with which code.

use super::{BINARY, Bench, CONTINUATION, FIN, Frame, HEARTBEAT, PING, PONG, TEXT, answers, fails};

#[tokio::test]
async fn what_breaks_the_framing_is_closed_with_1002() {
    let bench = Bench::start().await;
    let text = Frame::text(HEARTBEAT);
    let unmasked = Frame {
        mask: None,
        ..text.clone()
    };
    let mut cases = vec![
        ("unmasked".to_owned(), unmasked.bytes()),
        (
            "unmasked ping".to_owned(),
            Frame {
                mask: None,
                ..Frame::new(FIN | PING, "")
            }
            .bytes(),
        ),
        (
            "length 8 in 16 bits".to_owned(),
            text.with_length(126, &8_u16.to_be_bytes()),
        ),
        (
            "length 125 in 16 bits".to_owned(),
            text.with_length(126, &125_u16.to_be_bytes()),
        ),
        (
            "length 8 in 64 bits".to_owned(),
            text.with_length(127, &8_u64.to_be_bytes()),
        ),
        (
            "length 65535 in 64 bits".to_owned(),
            text.with_length(127, &65_535_u64.to_be_bytes()),
        ),
        (
            "length with the top bit".to_owned(),
            text.with_length(127, &(1_u64 << 63).to_be_bytes()),
        ),
        (
            "length of all ones".to_owned(),
            text.with_length(127, &[0xFF; 8]),
        ),
        (
            "continuation of nothing".to_owned(),
            Frame::new(FIN | CONTINUATION, "x").bytes(),
        ),
        (
            "unfinished continuation of nothing".to_owned(),
            Frame::new(CONTINUATION, "x").bytes(),
        ),
        (
            "continuation after a whole message".to_owned(),
            [
                Frame::new(FIN | PING, "").bytes(),
                Frame::new(FIN, "x").bytes(),
            ]
            .concat(),
        ),
        (
            "text within a text".to_owned(),
            [Frame::new(TEXT, "{").bytes(), text.bytes()].concat(),
        ),
        (
            "binary within a text".to_owned(),
            [
                Frame::new(TEXT, "{").bytes(),
                Frame::new(FIN | BINARY, "x").bytes(),
            ]
            .concat(),
        ),
        (
            "close with one byte".to_owned(),
            Frame::new(FIN | 0x8, [3]).bytes(),
        ),
    ];
    for opcode in (0x3..=0x7).chain(0xB..=0xF) {
        for first in [opcode, FIN | opcode] {
            cases.push((
                format!("reserved opcode {opcode:#x}"),
                Frame::new(first, "").bytes(),
            ));
        }
    }
    for opcode in [TEXT, BINARY, 0x8, PING, PONG] {
        for bits in [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70] {
            let bytes = Frame::new(FIN | bits | opcode, "").bytes();
            cases.push((format!("reserved bits {bits:#x} on {opcode:#x}"), bytes));
        }
    }
    for opcode in [0x8, PING, PONG] {
        cases.push((
            format!("fragmented control {opcode:#x}"),
            Frame::new(opcode, "").bytes(),
        ));
        let long = Frame::new(FIN | opcode, [b'x'; 126]).bytes();
        cases.push((format!("control {opcode:#x} of 126 bytes"), long));
        let header = Frame::new(FIN | opcode, "").with_length(127, &(1_u64 << 20).to_be_bytes());
        cases.push((format!("control {opcode:#x} of 1 MiB"), header));
    }
    for (case, bytes) in &cases {
        fails(&bench, case, bytes, 1002).await;
    }
    bench.stop().await;
}

#[tokio::test]
async fn text_that_is_not_utf8_is_closed_with_1007() {
    let bench = Bench::start().await;
    for text in [
        &b"\xFF"[..],
        b"\xC0\x80",             // overlong
        b"\xE0\x80\xAF",         // overlong
        b"\xED\xA0\x80",         // a surrogate
        b"\xF4\x90\x80\x80",     // behind the last code point
        b"\xF8\x88\x80\x80\x80", // five bytes
        b"\x80",                 // a continuation alone
        b"{\"op\":4}\xCE",       // cut off
        b"\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5\xED\xA0\x80\x65\x64",
    ] {
        let case = format!("{text:x?}");
        fails(&bench, &case, &Frame::text(text).bytes(), 1007).await;
        for cut in 0..text.len() {
            let (head, tail) = text.split_at(cut);
            let fragments = [
                Frame::new(TEXT, head).bytes(),
                Frame::new(FIN, tail).bytes(),
            ];
            fails(&bench, &case, &fragments.concat(), 1007).await;
        }
    }
    // It is known to be wrong before the message has ended.
    let unfinished = Frame::new(TEXT, b"\xED\xA0\x80").bytes();
    fails(&bench, "an unfinished message", &unfinished, 1007).await;
    bench.stop().await;
}

#[tokio::test]
async fn what_is_too_long_is_refused_by_its_header_alone() {
    let bench = Bench::start().await;
    let whole = Frame::text("");
    for length in [65_537_u64, 1 << 20, 1 << 32, (1 << 63) - 1] {
        let header = whole.with_length(127, &length.to_be_bytes());
        fails(&bench, &format!("{length}"), &header, 1009).await;
    }
    // Or by the headers together.
    let half = Frame::new(TEXT, " ".repeat(40_000)).bytes();
    let rest = Frame::new(CONTINUATION, "").with_length(126, &25_537_u16.to_be_bytes());
    fails(&bench, "fragments", &[half, rest].concat(), 1009).await;
    bench.stop().await;
}

#[tokio::test]
async fn a_client_that_goes_on_after_a_fault_still_reads_why() {
    let bench = Bench::start().await;
    let mut client = bench.client().await;
    client.send(Frame::new(FIN | 0x3, "").bytes()).await;
    // More than the server throws away unread.
    for _ in 0..40 {
        client.send(vec![0xAA; 16 * 1_024]).await;
    }
    assert_eq!(client.closed().await.code, Some(1002));
    let mut flood = bench.client().await;
    flood.send(Frame::new(FIN | 0x3, "").bytes()).await;
    for _ in 0..200 {
        flood.send(vec![0xAA; 16 * 1_024]).await;
    }
    drop(flood);
    bench.stop().await;
}

#[tokio::test]
async fn more_frames_than_a_client_needs_are_closed_with_4008() {
    let bench = Bench::start().await;
    let mut client = bench.client().await;
    let pongs = Frame::new(FIN | PONG, "").bytes().repeat(1_199);
    client.send(pongs).await;
    answers(&mut client, "within the limit").await;
    client.send(Frame::new(FIN | PONG, "").bytes()).await;
    assert_eq!(client.closed().await.code, Some(4008));
    bench.stop().await;
}
