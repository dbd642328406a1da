//! What clients send, as bytes: frames by RFC 6455 section 5, messages, and what breaks the rules.
//!
//! The decoder holds nothing while no message is under way, so an idle connection costs no buffer.

use lantern_actors::wire::{CloseCode, Encoding};

use super::inflate::{InflateError, inflate};

/// Something complete that the client sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    /// A whole message, put together and decompressed; text is valid UTF-8.
    Message {
        /// Text frames carry JSON, binary frames MessagePack.
        encoding: Encoding,
        /// The message.
        payload: Vec<u8>,
    },
    /// To be answered with a pong of the same payload.
    Ping(Vec<u8>),
    /// An answer that nobody asked for.
    Pong,
    /// A part of a message whose end is still to come.
    Fragment,
    /// The closing handshake, with the client's status code if it gave one.
    Close(Option<u16>),
}

/// The client broke the protocol: the connection is to be failed (RFC 6455 section 7.1.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Violation {
    /// The status of the close frame.
    pub code: CloseCode,
    /// What was wrong, for a person.
    pub reason: &'static str,
}

const fn broken(reason: &'static str) -> Violation {
    Violation {
        code: CloseCode::ProtocolError,
        reason,
    }
}

const TOO_BIG: Violation = Violation {
    code: CloseCode::TooBig,
    reason: "The message is longer than this server reads.",
};

const NOT_UTF8: Violation = Violation {
    code: CloseCode::InvalidText,
    reason: "A text message must be UTF-8.",
};

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;
const LONGEST_CONTROL_PAYLOAD: u64 = 125;

/// Decodes the bytes of one client.
#[derive(Debug, Default)]
pub struct Decoder {
    /// Whether permessage-deflate was negotiated, so that RSV1 may be set.
    deflate: bool,
    /// Bytes that came, from the first that is not decoded yet at `start`. Bytes are moved only when
    /// more come, so that many small frames in one read cost no more than one large one.
    pending: Vec<u8>,
    start: usize,
    /// The message under way, if its last frame has not come yet.
    message: Option<Box<Message>>,
}

#[derive(Debug)]
struct Message {
    encoding: Encoding,
    compressed: bool,
    payload: Vec<u8>,
    /// How much of an uncompressed text payload is known to be UTF-8.
    valid: usize,
}

/// The fixed part of a frame.
struct Header {
    fin: bool,
    rsv1: bool,
    opcode: u8,
    mask: [u8; 4],
    header_length: usize,
    payload_length: usize,
}

impl Decoder {
    /// A decoder for a connection that has or has not negotiated permessage-deflate.
    pub fn new(deflate: bool) -> Self {
        Self {
            deflate,
            ..Self::default()
        }
    }

    /// Adds bytes from the socket behind those that are still to be decoded.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.pending.drain(..self.start);
            self.start = 0;
        }
        self.pending.extend_from_slice(bytes);
    }

    /// Whether a message has begun whose end has not come.
    pub fn is_amid_message(&self) -> bool {
        self.message.is_some()
    }

    fn undecoded(&self) -> &[u8] {
        self.pending.get(self.start..).unwrap_or_default()
    }

    /// Takes the next complete thing out of the bytes; `None` until more bytes come. Messages
    /// longer than `most` bytes are refused as soon as their header is read.
    pub fn next(&mut self, most: usize) -> Result<Option<Received>, Violation> {
        let Some(header) = self.header(most)? else {
            return Ok(None);
        };
        let end = header.header_length + header.payload_length;
        let Some(masked) = self.undecoded().get(header.header_length..end) else {
            return Ok(None);
        };
        let payload = unmasked(masked, header.mask);
        self.consume(end);
        match header.opcode {
            PING => Ok(Some(Received::Ping(payload))),
            PONG => Ok(Some(Received::Pong)),
            CLOSE => close_code(&payload).map(|code| Some(Received::Close(code))),
            _ => self.data(&header, payload, most).map(Some),
        }
    }

    fn consume(&mut self, bytes: usize) {
        self.start += bytes;
        if self.start >= self.pending.len() {
            self.pending = Vec::new();
            self.start = 0;
        }
    }

    fn header(&self, most: usize) -> Result<Option<Header>, Violation> {
        let &[first, second, ref rest @ ..] = self.undecoded() else {
            return Ok(None);
        };
        let (fin, opcode) = (first & 0x80 != 0, first & 0x0F);
        let rsv1 = first & 0x40 != 0;
        if first & 0x30 != 0 {
            return Err(broken("Reserved bits must be zero."));
        }
        if rsv1 && !(self.deflate && matches!(opcode, TEXT | BINARY)) {
            return Err(broken(
                "RSV1 may be set only on the first frame of a compressed message.",
            ));
        }
        match (opcode, &self.message) {
            (TEXT | BINARY, None) | (CONTINUATION, Some(_)) | (CLOSE | PING | PONG, _) => {}
            (TEXT | BINARY, Some(_)) => {
                return Err(broken("A new message began before the last one ended."));
            }
            (CONTINUATION, None) => {
                return Err(broken("A continuation frame continues nothing."));
            }
            _ => return Err(broken("Unknown frame opcode.")),
        }
        if second & 0x80 == 0 {
            return Err(broken("Frames from a client must be masked."));
        }
        let is_control = opcode >= CLOSE;
        if is_control && (!fin || u64::from(second & 0x7F) > LONGEST_CONTROL_PAYLOAD) {
            return Err(broken(
                "Control frames must be whole and at most 125 bytes long.",
            ));
        }
        let Some((payload_length, length_bytes)) = payload_length(second & 0x7F, rest)? else {
            return Ok(None);
        };
        let under_way = self
            .message
            .as_ref()
            .map_or(0, |message| message.payload.len());
        let payload_length = usize::try_from(payload_length)
            .ok()
            .filter(|length| is_control || length.saturating_add(under_way) <= most)
            .ok_or(TOO_BIG)?;
        let mask = rest.get(length_bytes..length_bytes + 4);
        let Some(&[a, b, c, d]) = mask else {
            return Ok(None);
        };
        Ok(Some(Header {
            fin,
            rsv1,
            opcode,
            mask: [a, b, c, d],
            header_length: 2 + length_bytes + 4,
            payload_length,
        }))
    }

    fn data(
        &mut self,
        header: &Header,
        payload: Vec<u8>,
        most: usize,
    ) -> Result<Received, Violation> {
        let mut message = match self.message.take() {
            Some(mut message) => {
                message.payload.extend_from_slice(&payload);
                message
            }
            None => Box::new(Message {
                encoding: match header.opcode {
                    TEXT => Encoding::Json,
                    _ => Encoding::MsgPack,
                },
                compressed: header.rsv1,
                payload,
                valid: 0,
            }),
        };
        if !message.compressed && message.encoding == Encoding::Json {
            message.check_utf8(header.fin)?;
        }
        if !header.fin {
            self.message = Some(message);
            return Ok(Received::Fragment);
        }
        if message.compressed {
            message.payload = inflate(&message.payload, most).map_err(|error| match error {
                InflateError::TooBig => TOO_BIG,
                InflateError::Invalid => Violation {
                    code: CloseCode::InvalidText,
                    reason: "The compressed message cannot be decompressed.",
                },
            })?;
            if message.encoding == Encoding::Json {
                message.check_utf8(true)?;
            }
        }
        Ok(Received::Message {
            encoding: message.encoding,
            payload: message.payload,
        })
    }
}

impl Message {
    /// Checks what came since the last check; a character may be cut in two by a frame's end, but
    /// not by the message's.
    fn check_utf8(&mut self, at_end: bool) -> Result<(), Violation> {
        let unchecked = self.payload.get(self.valid..).unwrap_or_default();
        match std::str::from_utf8(unchecked) {
            Ok(_) => self.valid = self.payload.len(),
            Err(error) if error.error_len().is_none() && !at_end => {
                self.valid += error.valid_up_to();
            }
            Err(_) => return Err(NOT_UTF8),
        }
        Ok(())
    }
}

/// The payload's length and how many extra bytes it took to say so; `None` if those have not all
/// come yet.
fn payload_length(short: u8, rest: &[u8]) -> Result<Option<(u64, usize)>, Violation> {
    let (length, bytes) = match (short, rest) {
        (0..=125, _) => return Ok(Some((u64::from(short), 0))),
        (126, &[a, b, ..]) => (u64::from(u16::from_be_bytes([a, b])), 2),
        (127, &[a, b, c, d, e, f, g, h, ..]) => (u64::from_be_bytes([a, b, c, d, e, f, g, h]), 8),
        _ => return Ok(None),
    };
    if length < 126 || (bytes == 8 && (length <= 0xFFFF || length >> 63 != 0)) {
        return Err(broken("A length must be written in its shortest form."));
    }
    Ok(Some((length, bytes)))
}

fn unmasked(masked: &[u8], mask: [u8; 4]) -> Vec<u8> {
    masked
        .iter()
        .zip(mask.iter().cycle())
        .map(|(byte, mask)| byte ^ mask)
        .collect()
}

/// The status of a close frame (RFC 6455 sections 5.5.1 and 7.4).
fn close_code(payload: &[u8]) -> Result<Option<u16>, Violation> {
    let (code, reason) = match payload {
        [] => return Ok(None),
        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
        [_] => return Err(broken("A close frame's status has two bytes.")),
    };
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(broken("This close status may not be sent."));
    }
    match std::str::from_utf8(reason) {
        Ok(_) => Ok(Some(code)),
        Err(_) => Err(NOT_UTF8),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MOST: usize = 1_000;

    /// A client's frame, its length in the shortest form.
    fn frame(first: u8, mask: [u8; 4], payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![first];
        match payload.len() {
            short @ 0..=125 => bytes.push(0x80 | short as u8),
            long => {
                bytes.push(0x80 | 126);
                bytes.extend_from_slice(&(long as u16).to_be_bytes());
            }
        }
        bytes.extend_from_slice(&mask);
        bytes.extend(unmasked(payload, mask));
        bytes
    }

    #[derive(Debug, Clone)]
    enum Step {
        Text(String, Vec<usize>),
        Binary(Vec<u8>, Vec<usize>),
        Ping(Vec<u8>),
        Pong(Vec<u8>),
    }

    fn step() -> impl Strategy<Value = Step> {
        let cuts = || prop::collection::vec(0..300_usize, 0..4);
        let payload = || prop::collection::vec(any::<u8>(), 0..=125);
        prop_oneof![
            ("\\PC{0,60}", cuts()).prop_map(|(text, cuts)| Step::Text(text, cuts)),
            (prop::collection::vec(any::<u8>(), 0..300), cuts())
                .prop_map(|(bytes, cuts)| Step::Binary(bytes, cuts)),
            payload().prop_map(Step::Ping),
            payload().prop_map(Step::Pong),
        ]
    }

    /// The frames of a message that is cut at these places, with a ping before the last of them.
    fn fragments(opcode: u8, payload: &[u8], cuts: &[usize]) -> (Vec<u8>, Vec<Received>) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (payload.len() + 1)).collect();
        cuts.sort_unstable();
        let (mut bytes, mut expected) = (Vec::new(), Vec::new());
        let (mut start, mut opcode) = (0, opcode);
        for cut in &cuts {
            bytes.extend(frame(opcode, [1, 2, 3, 4], &payload[start..*cut]));
            expected.push(Received::Fragment);
            (start, opcode) = (*cut, CONTINUATION);
        }
        bytes.extend(frame(0x80 | PING, [9; 4], b"between"));
        expected.push(Received::Ping(b"between".to_vec()));
        bytes.extend(frame(0x80 | opcode, [0xFF, 0, 7, 8], &payload[start..]));
        (bytes, expected)
    }

    fn encoded(steps: &[Step]) -> (Vec<u8>, Vec<Received>) {
        let (mut bytes, mut expected) = (Vec::new(), Vec::new());
        for step in steps {
            let (encoding, opcode, payload, cuts) = match step {
                Step::Text(text, cuts) => (Encoding::Json, TEXT, text.as_bytes(), cuts),
                Step::Binary(payload, cuts) => (Encoding::MsgPack, BINARY, &payload[..], cuts),
                Step::Ping(payload) => {
                    bytes.extend(frame(0x80 | PING, [3; 4], payload));
                    expected.push(Received::Ping(payload.clone()));
                    continue;
                }
                Step::Pong(payload) => {
                    bytes.extend(frame(0x80 | PONG, [3; 4], payload));
                    expected.push(Received::Pong);
                    continue;
                }
            };
            let (frames, received) = fragments(opcode, payload, cuts);
            bytes.extend(frames);
            expected.extend(received);
            expected.push(Received::Message {
                encoding,
                payload: payload.to_vec(),
            });
        }
        (bytes, expected)
    }

    /// Everything that comes out of the bytes, fed in parts that are so long, in turn.
    fn decoded(decoder: &mut Decoder, bytes: &[u8], parts: &[usize]) -> (Vec<Received>, bool) {
        let mut received = Vec::new();
        let (mut rest, mut parts) = (bytes, parts.iter().cycle());
        while !rest.is_empty() {
            let length = parts.next().map_or(1, |part| (*part).clamp(1, rest.len()));
            let (part, behind) = rest.split_at(length);
            rest = behind;
            decoder.feed(part);
            loop {
                match decoder.next(MOST) {
                    Ok(Some(one)) => received.push(one),
                    Ok(None) => break,
                    Err(_) => return (received, true),
                }
            }
        }
        (received, false)
    }

    proptest! {
        #[test]
        fn however_the_bytes_are_split_the_same_comes_out(
            steps in prop::collection::vec(step(), 1..8),
            parts in prop::collection::vec(1..50_usize, 1..10),
        ) {
            let (bytes, expected) = encoded(&steps);
            for parts in [&parts[..], &[1], &[usize::MAX]] {
                let mut decoder = Decoder::new(false);
                prop_assert_eq!(&decoded(&mut decoder, &bytes, parts).0, &expected);
                prop_assert_eq!(decoder.pending.capacity(), 0, "idle decoders hold nothing");
                prop_assert!(decoder.message.is_none());
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic_and_are_held_within_bounds(
            bytes in prop::collection::vec(any::<u8>(), 0..3_000),
            first in prop::sample::select(vec![0x01_u8, 0x81, 0x41, 0xC1, 0x89, 0x88, 0x02]),
            deflate in any::<bool>(),
            parts in prop::collection::vec(1..500_usize, 1..10),
        ) {
            let mut decoder = Decoder::new(deflate);
            let bytes = [&[first, 0x80 | 7][..], &bytes].concat();
            let whole = decoded(&mut Decoder::new(deflate), &bytes, &[usize::MAX]);
            let split = decoded(&mut decoder, &bytes, &parts);
            prop_assert_eq!(whole, split);
            let held = decoder.message.map_or(0, |message| message.payload.len());
            prop_assert!(held <= MOST);
        }
    }

    #[test]
    fn many_small_frames_in_one_read_are_decoded_without_moving_the_rest() {
        let mut decoder = Decoder::new(false);
        let pongs = frame(0x80 | PONG, [0; 4], b"").repeat(10_000);
        decoder.feed(&pongs);
        let place = decoder.pending.as_ptr();
        for _ in 0..9_999 {
            assert_eq!(decoder.next(MOST), Ok(Some(Received::Pong)));
            assert_eq!(decoder.pending.as_ptr(), place);
            assert_eq!(decoder.pending.len(), pongs.len());
        }
        assert_eq!(decoder.next(MOST), Ok(Some(Received::Pong)));
        assert_eq!(decoder.next(MOST), Ok(None));
    }
}
