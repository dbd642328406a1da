//! From the socket to the session: reading, decoding, and one message at a time.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use lantern_actors::{
    session::SessionMsg,
    wire::{CloseCode, FrameKind, close_frame, control_frame},
};

use super::{Alarm, Shard};
use crate::socket::{
    connection::{Connection, Ending},
    rfc6455::{Decoder, Received, Violation},
};

/// What is to be done after a step of reading.
enum Step {
    /// Decode or read on.
    Again,
    /// Nothing to do until the socket, the session or the writer says so.
    Wait,
    /// The connection has ended.
    Remove,
    /// The client broke a rule.
    Close(CloseCode, &'static str),
    /// Something was queued for the client.
    Answer,
}

impl Shard {
    /// Reads and decodes until the session is busy, the socket is empty or the connection ends.
    pub(super) fn readable(&mut self, slot: usize) {
        let mut scratch = std::mem::take(&mut self.scratch);
        while let Some(connection) = self.connections.get_mut(slot) {
            let step = match connection.ending {
                Ending::Open => self.limits.step(connection, &mut scratch),
                Ending::CloseSent => discard(connection, &mut scratch),
                Ending::Done => Step::Wait,
            };
            match step {
                Step::Again => {}
                Step::Wait => break,
                Step::Remove => self.remove(slot),
                Step::Answer => self.flush_answer(slot),
                Step::Close(code, reason) => self.close(slot, code, reason),
            }
            if matches!(step, Step::Again)
                && let Some(connection) = self.connections.get(slot)
                && connection.ending == Ending::Open
                && connection.session_is_busy
            {
                self.stats.received.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.scratch = scratch;
    }

    /// Writes what was queued just now. A client whose close frame cannot be answered, because it
    /// does not read, is not waited for.
    fn flush_answer(&mut self, slot: usize) {
        self.flush(slot);
        if let Some(connection) = self.connections.get(slot)
            && connection.ending == Ending::Done
        {
            let lingering = Alarm::Lingering(connection.id);
            let at = Instant::now() + self.limits.linger(connection);
            self.alarms.set(at, lingering);
        }
    }
}

/// How long a client may take to answer a close frame.
const LINGER: Duration = Duration::from_secs(2);

impl crate::socket::SocketLimits {
    /// How long a socket that is closed waits for its client.
    pub(super) fn linger(&self, connection: &Connection) -> Duration {
        if connection.is_too_slow {
            self.close_timeout
        } else {
            LINGER
        }
    }

    /// Decodes the next thing, or reads more.
    fn step(&self, connection: &mut Connection, scratch: &mut [u8]) -> Step {
        if connection.is_not_read() {
            connection.unread = true;
            return Step::Wait;
        }
        let was_amid_message = connection.decoder.is_amid_message();
        match connection.decoder.next(self.max_message_bytes) {
            Ok(Some(received)) => {
                let now = Instant::now();
                connection.heard(was_amid_message, now);
                self.received(connection, received, now)
            }
            Ok(None) => match connection.read(scratch) {
                Ok(Some(length)) => {
                    let read = scratch.get(..length).unwrap_or_default();
                    connection.decoder.feed(read);
                    Step::Again
                }
                Ok(None) => {
                    connection.unread = false;
                    Step::Wait
                }
                Err(_) => Step::Remove,
            },
            Err(Violation { code, reason }) => Step::Close(code, reason),
        }
    }

    fn received(&self, connection: &mut Connection, received: Received, now: Instant) -> Step {
        let most = self.frames_per_minute;
        if !connection.frames.count(most, now) {
            return Step::Close(CloseCode::RateLimited, "Too many frames in a minute.");
        }
        match received {
            Received::Message { encoding, payload } => {
                connection.session_is_busy = true;
                let message = SessionMsg::Received { encoding, payload };
                // A session that fell is dealt with by its supervisor.
                let _ = connection.session.cast(message);
                Step::Again
            }
            Received::Ping(payload) => {
                connection.queue_answer(control_frame(FrameKind::Pong, &payload));
                Step::Answer
            }
            Received::Pong | Received::Fragment => Step::Again,
            Received::Close(code) => {
                // A client that says goodbye need not hear what it has not read yet.
                connection.drop_waiting();
                connection.queue_answer(match code {
                    Some(code) => close_frame(code, ""),
                    None => control_frame(FrameKind::Close, &[]),
                });
                connection.ending = Ending::Done;
                Step::Answer
            }
        }
    }
}

/// How many bytes a client may still send behind the server's close frame.
const MOST_DISCARDED: usize = 1024 * 1024;

/// The server's close frame is on its way: whatever still comes is thrown away unread, the client's
/// close frame too, for the server has nothing more to say and the end of the stream follows. To
/// drop the socket at once would reset it, and the client could lose the close frame.
fn discard(connection: &mut Connection, scratch: &mut [u8]) -> Step {
    connection.decoder = Decoder::default();
    match connection.read(scratch) {
        Ok(Some(length)) => {
            connection.discarded += length;
            match connection.discarded {
                0..=MOST_DISCARDED => Step::Again,
                _ => Step::Remove,
            }
        }
        Ok(None) => Step::Wait,
        Err(_) => Step::Remove,
    }
}
