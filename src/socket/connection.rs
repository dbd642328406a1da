//! One socket of a shard: what is read from it and what is written to it.

use std::{
    io::{self, ErrorKind, IoSlice, Read, Write},
    net::Shutdown,
    sync::Arc,
    time::Instant,
};

use bytes::Bytes;
use lantern_actors::{
    domain::UserId,
    ports::SocketCommand,
    session::SessionMsg,
    wire::{Dialect, FrameKind, SharedFrame, Snapshot, UserList, control_frame},
};
use mio::net::TcpStream;
use ractor::ActorRef;

use super::{
    outbox::{Flushed, GATHERED, Outbox, Update, length},
    pieces::Pieces,
    rfc6455::Decoder,
    stats::SocketStats,
};
use crate::admission::Reservation;

/// Something that is delivered to many sockets.
#[derive(Debug)]
pub enum Delivery {
    /// State: the newest replaces what still waits.
    Update(Update),
    /// A user joined or left.
    Event(UserId, SharedFrame),
}

impl Delivery {
    fn pieces(&self, dialect: Dialect) -> &[Bytes] {
        match self {
            Self::Update(update) => update.pieces(dialect),
            Self::Event(_, frame) => frame.pieces(dialect),
        }
    }
}

/// A batch's deliveries are marked in one 64-bit mask per connection.
pub const MOST_GATHERED: usize = 64;
const _: () = assert!(MOST_GATHERED <= GATHERED);

/// Whether the conversation goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It does.
    Open,
    /// The server's close frame is queued; the client's is awaited.
    CloseSent,
    /// Both are through; what is queued is written, then the socket is dropped.
    Done,
}

/// One socket.
#[derive(Debug)]
pub struct Connection {
    /// Never used twice in the process.
    pub id: u64,
    pub stream: TcpStream,
    pub dialect: Dialect,
    pub session: ActorRef<SessionMsg>,
    pub decoder: Decoder,
    /// The session has a message of the client and has not said that it is ready for the next.
    pub session_is_busy: bool,
    /// The socket may hold bytes that were not read, because the session was busy.
    pub unread: bool,
    pub ending: Ending,
    writing_ended: bool,
    /// Since when the socket is full.
    pub full_since: Option<Instant>,
    /// The deliveries of the shard's current batch that are for this socket, by their index.
    pub marked: u64,
    pub frames: FrameRate,
    /// When the last frame of the client came that shows that it is there.
    heard_at: Instant,
    /// An alarm is set that looks whether the socket is still full.
    pub stall_alarm: bool,
    /// Bytes that came behind the server's close frame.
    pub discarded: usize,
    /// It is closed because the client does not read.
    pub is_too_slow: bool,
    /// The rest of an answer in pieces.
    pub pieces: Option<Box<Pieces>>,
    /// The shard has it among those whose next piece is to be made.
    pub is_filling: bool,
    /// What the session decided that has to wait for the last piece.
    pub deferred: Vec<SocketCommand>,
    /// Its place among the sockets that may be open, until it is dropped.
    _place: Reservation,
    outbox: Outbox,
    /// How many messages of the outbox the statistics know of.
    counted: usize,
}

/// Frames of any kind that a client sent within the current minute.
#[derive(Debug)]
pub struct FrameRate {
    began: Instant,
    count: u32,
}

impl FrameRate {
    /// Counts a frame; false when there were more than `most` within a minute.
    pub fn count(&mut self, most: u32, now: Instant) -> bool {
        if now.duration_since(self.began).as_secs() >= 60 {
            self.began = now;
            self.count = 0;
        }
        self.count += 1;
        self.count <= most
    }
}

/// The socket is broken; nothing more can be read or written.
#[derive(Debug)]
pub struct Broken;

/// How many deliveries and writes a flush made.
#[derive(Debug, Default, Clone, Copy)]
pub struct Written {
    pub deliveries: u32,
    pub writes: u32,
    pub became_full: bool,
}

impl Connection {
    pub fn new(
        id: u64,
        stream: TcpStream,
        dialect: Dialect,
        session: ActorRef<SessionMsg>,
        place: Reservation,
        now: Instant,
    ) -> Self {
        Self {
            id,
            stream,
            dialect,
            session,
            decoder: Decoder::new(dialect.deflate),
            session_is_busy: false,
            unread: false,
            ending: Ending::Open,
            writing_ended: false,
            full_since: None,
            marked: 0,
            frames: FrameRate {
                began: now,
                count: 0,
            },
            heard_at: now,
            stall_alarm: false,
            discarded: 0,
            is_too_slow: false,
            pieces: None,
            is_filling: false,
            deferred: Vec::new(),
            _place: place,
            outbox: Outbox::default(),
            counted: 0,
        }
    }

    /// Writes the marked deliveries of the batch: at once with one write if the socket has room,
    /// otherwise they are queued. This is the hot path; it allocates only when the socket is full.
    pub fn deliver(&mut self, batch: &[Delivery]) -> Result<Written, Broken> {
        let mut marked = std::mem::take(&mut self.marked);
        if self.ending != Ending::Open {
            return Ok(Written::default());
        }
        if !self.outbox.is_empty() {
            self.queue(batch, marked);
            return Ok(Written {
                deliveries: marked.count_ones(),
                ..Written::default()
            });
        }
        let all_marked = marked;
        if marked.is_power_of_two() {
            return self.deliver_one(batch, marked);
        }
        let mut slices = [IoSlice::new(&[]); MOST_GATHERED];
        let (mut filled, mut total) = (0, 0);
        for slice in &mut slices {
            let Some(delivery) = take_first(&mut marked, batch) else {
                break;
            };
            let [bytes] = delivery.pieces(self.dialect) else {
                return self.deliver_large(batch, all_marked);
            };
            *slice = IoSlice::new(bytes);
            filled += 1;
            total += bytes.len();
        }
        let gathered = slices.get(..filled).unwrap_or_default();
        let sent = self.stream.write_vectored(gathered);
        self.delivered(batch, all_marked, total, sent)
    }

    fn deliver_one(&mut self, batch: &[Delivery], marked: u64) -> Result<Written, Broken> {
        let Some(delivery) = take_first(&mut { marked }, batch) else {
            return Ok(Written::default());
        };
        let [bytes] = delivery.pieces(self.dialect) else {
            return self.deliver_large(batch, marked);
        };
        let sent = self.stream.write(bytes);
        self.delivered(batch, marked, bytes.len(), sent)
    }

    /// Delivers what does not consist of frames in one piece.
    #[cold]
    fn deliver_large(&mut self, batch: &[Delivery], marked: u64) -> Result<Written, Broken> {
        self.queue(batch, marked);
        let flushed = self.outbox.flush(&mut self.stream, self.dialect);
        let flushed = flushed.map_err(|_| Broken)?;
        Ok(Written {
            deliveries: marked.count_ones(),
            writes: 1,
            became_full: flushed != Flushed::Everything,
        })
    }

    fn delivered(
        &mut self,
        batch: &[Delivery],
        marked: u64,
        total: usize,
        sent: io::Result<usize>,
    ) -> Result<Written, Broken> {
        let sent = match sent {
            Ok(sent) => sent,
            Err(error) if is_temporary(&error) => 0,
            Err(_) => return Err(Broken),
        };
        if sent < total {
            self.queue_rest(batch, marked, sent);
        }
        Ok(Written {
            deliveries: marked.count_ones(),
            writes: 1,
            became_full: sent < total,
        })
    }

    fn queue(&mut self, batch: &[Delivery], mut marked: u64) {
        while let Some(delivery) = take_first(&mut marked, batch) {
            match delivery {
                Delivery::Update(update) => self.outbox.update(update.clone()),
                Delivery::Event(user, frame) => {
                    self.outbox.event_of(*user, frame.pieces(self.dialect))
                }
            }
        }
    }

    /// Queues what is left of the marked deliveries after `sent` bytes of them were written.
    fn queue_rest(&mut self, batch: &[Delivery], mut marked: u64, mut sent: usize) {
        loop {
            let before = marked;
            let Some(delivery) = take_first(&mut marked, batch) else {
                return;
            };
            let length = length(delivery.pieces(self.dialect));
            if sent < length {
                let first = before ^ marked;
                self.queue(batch, first);
                self.outbox.front_is_partly_written(sent);
                self.queue(batch, marked);
                return;
            }
            sent -= length;
        }
    }

    /// Queues an answer to this client; nothing that comes later overtakes it.
    pub fn queue_answer(&mut self, bytes: Bytes) {
        self.outbox.answer(bytes);
    }

    /// As `queue_answer`, for one that is made of many users.
    pub fn queue_list(&mut self, list: UserList) {
        self.outbox.list(list);
    }

    /// A frame of the client has come. What comes while a message is under way is no sign of life,
    /// or an unfinished one could be held for ever.
    pub fn heard(&mut self, was_amid_message: bool, now: Instant) {
        if !(was_amid_message && self.decoder.is_amid_message()) {
            self.heard_at = now;
        }
    }

    /// When the client was last heard. While it is not read, its silence is the server's doing; then
    /// `write_stall_timeout` judges it.
    pub fn heard_at(&self, now: Instant) -> Instant {
        if self.is_not_read() || self.pieces.is_some() {
            now
        } else {
            self.heard_at
        }
    }

    /// Whether the client's next message has to wait.
    pub fn is_not_read(&self) -> bool {
        self.session_is_busy || self.has_waiting_answers()
    }

    /// Queues a ping. It is about nobody, so presences need not stay behind it.
    pub fn queue_ping(&mut self) {
        self.outbox.ping(control_frame(FrameKind::Ping, &[]));
    }

    /// Drops what waits, except for what is partly written.
    pub fn drop_waiting(&mut self) {
        self.outbox.drop_waiting();
    }

    /// Bytes of events that wait.
    pub fn waiting_event_bytes(&self) -> usize {
        self.outbox.event_bytes()
    }

    /// Bytes of large texts that wait and were replaced meanwhile.
    pub fn replaced_bytes<'a>(
        &self,
        newest: impl Fn(UserId) -> Option<&'a Arc<Snapshot>>,
    ) -> usize {
        self.outbox.replaced_bytes(self.dialect, newest)
    }

    /// Tells the statistics how many messages wait.
    #[inline]
    pub fn count_waiting(&mut self, stats: &SocketStats) {
        let waiting = self.outbox.len();
        if waiting != self.counted {
            stats.queue_changed(self.counted, waiting);
            self.counted = waiting;
        }
    }

    /// Nothing waits any more: the socket is dropped.
    pub fn count_none_waiting(&mut self, stats: &SocketStats) {
        stats.queue_changed(self.counted, 0);
        self.counted = 0;
    }

    /// Whether the client may have something left to read that the kernel holds. Of one that was too
    /// slow the kernel may have taken the close frame, behind what is not read.
    pub fn is_behind(&self) -> bool {
        self.is_too_slow || !self.is_written()
    }

    /// Whether nothing waits to be written.
    pub fn is_written(&self) -> bool {
        self.outbox.is_empty()
    }

    /// Whether an answer waits. Until it is written, nothing more is read from the client: that
    /// bounds what a client can have the server hold for it.
    pub fn has_waiting_answers(&self) -> bool {
        self.outbox.answers() > 0
    }

    /// Writes what waits; true when everything is written.
    pub fn flush(&mut self, now: Instant) -> Result<bool, Broken> {
        if self.outbox.is_empty() {
            return Ok(true);
        }
        let flushed = self
            .outbox
            .flush(&mut self.stream, self.dialect)
            .map_err(|_| Broken)?;
        self.full_since = match (flushed, self.full_since) {
            (Flushed::Everything, _) => None,
            (Flushed::Full { progressed: false }, Some(since)) => Some(since),
            (Flushed::Full { .. }, _) => Some(now),
        };
        Ok(flushed == Flushed::Everything)
    }

    /// Reads once; `None` when there is nothing to read now.
    pub fn read(&mut self, scratch: &mut [u8]) -> Result<Option<usize>, Broken> {
        match self.stream.read(scratch) {
            Ok(0) => Err(Broken),
            Ok(length) => Ok(Some(length)),
            Err(error) if error.kind() == ErrorKind::Interrupted => self.read(scratch),
            Err(error) if is_temporary(&error) => Ok(None),
            Err(_) => Err(Broken),
        }
    }

    /// Nothing more will be written. Done once: each time the kernel says anew that the socket is
    /// writable.
    pub fn end_writing(&mut self) {
        if std::mem::replace(&mut self.writing_ended, true) {
            return;
        }
        // Fails only if the client was faster.
        let _ = self.stream.shutdown(Shutdown::Write);
    }
}

/// The first marked delivery, which is then no longer marked.
#[inline]
fn take_first<'a>(marked: &mut u64, batch: &'a [Delivery]) -> Option<&'a Delivery> {
    if *marked == 0 {
        return None;
    }
    let index = marked.trailing_zeros() as usize;
    *marked &= *marked - 1;
    batch.get(index)
}

fn is_temporary(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
