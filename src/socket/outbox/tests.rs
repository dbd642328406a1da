//! What waits, in which order, and how much of it.

use std::cell::Cell;

use lantern_actors::{
    domain::{PairKey, PairValue, Version},
    wire::{Encoding, PairsText, ServerMessage, Users},
};

use super::*;

/// A socket that takes so many bytes and is full then.
struct Pipe {
    room: Cell<usize>,
    got: Vec<u8>,
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.room.get());
        if taken == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.room.set(self.room.get() - taken);
        self.got.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn pipe(room: usize) -> Pipe {
    Pipe {
        room: Cell::new(room),
        got: Vec::new(),
    }
}

fn user(id: u64) -> UserId {
    UserId::try_from(id).unwrap()
}

fn presence(id: u64, version: u64) -> Update {
    let document = format!("[{id}.{version}]");
    let version = Version::new(version);
    let snapshot = Snapshot::new(user(id), version, document.as_bytes());
    Update::Presence(Arc::new(snapshot))
}

fn storage(id: u64, version: u64) -> Update {
    let key = PairKey::try_from("key".to_owned()).unwrap();
    let value = PairValue::try_from(format!("[{id}.{version}s]")).unwrap();
    let pairs = PairsText::new(&[(key, value)].into()).unwrap();
    let version = Version::new(version);
    let update = StorageUpdate::new(user(id), version, &pairs);
    Update::Storage(Arc::new(update))
}

/// The `d` of every message that was written.
fn written(outbox: &mut Outbox) -> Vec<String> {
    let mut pipe = pipe(usize::MAX);
    assert_eq!(
        outbox.flush(&mut pipe, Dialect::JSON).unwrap(),
        Flushed::Everything
    );
    let mut parts = Vec::new();
    let text = String::from_utf8_lossy(&pipe.got).into_owned();
    for part in text.split('[').skip(1) {
        parts.push(part.split(']').next().unwrap_or_default().to_owned());
    }
    parts
}

#[test]
fn only_the_newest_presence_of_a_user_waits_in_the_oldest_place() {
    let mut outbox = Outbox::default();
    for (id, version) in [(1, 1), (2, 1), (1, 2), (2, 2), (1, 3)] {
        outbox.update(presence(id, version));
    }
    assert_eq!(written(&mut outbox), ["1.3", "2.2"]);
    assert!(outbox.is_empty());
}

#[test]
fn a_ping_keeps_no_presence_in_its_place_and_stops_no_reading() {
    let mut outbox = Outbox::default();
    outbox.update(presence(1, 1));
    outbox.ping(Bytes::from_static(b"[ping]"));
    outbox.update(presence(1, 2));
    assert_eq!((outbox.answers(), outbox.event_bytes()), (0, 6));
    assert_eq!(written(&mut outbox), ["1.2", "ping"]);
    assert_eq!(outbox.event_bytes(), 0);
}

#[test]
fn of_pairs_and_presence_one_each_waits_and_the_newer_one_is_behind() {
    let mut outbox = Outbox::default();
    for update in [
        presence(1, 1),
        storage(1, 2),
        presence(2, 1),
        presence(1, 3),
        presence(1, 4),
        storage(1, 5),
        storage(2, 2),
        storage(1, 6),
    ] {
        outbox.update(update);
    }
    assert_eq!(written(&mut outbox), ["1.4", "1.6s", "2.1", "2.2s"]);
}

#[test]
fn a_presence_that_is_partly_written_is_not_replaced() {
    let mut outbox = Outbox::default();
    outbox.update(presence(1, 1));
    let mut pipe = pipe(5);
    assert_eq!(
        outbox.flush(&mut pipe, Dialect::JSON).unwrap(),
        Flushed::Full { progressed: true }
    );
    outbox.update(presence(1, 2));
    outbox.update(presence(1, 3));
    pipe.room.set(usize::MAX);
    outbox.flush(&mut pipe, Dialect::JSON).unwrap();
    let text = String::from_utf8_lossy(&pipe.got).into_owned();
    assert!(text.contains("[1.1]") && text.contains("[1.3]") && !text.contains("[1.2]"));
}

#[test]
fn a_presence_never_overtakes_an_event_of_its_user() {
    let mut outbox = Outbox::default();
    outbox.update(presence(1, 1));
    outbox.update(presence(2, 1));
    outbox.event_of(user(1), &[Bytes::from_static(b"[left]")]);
    outbox.update(presence(1, 2));
    outbox.update(presence(2, 2));
    assert_eq!(written(&mut outbox), ["1.1", "2.2", "left", "1.2"]);
}

#[test]
fn an_answer_holds_every_later_presence_back() {
    let mut outbox = Outbox::default();
    outbox.update(presence(1, 1));
    outbox.answer(Bytes::from_static(b"[ack]"));
    outbox.update(presence(1, 2));
    assert_eq!(outbox.answers(), 1);
    assert_eq!(written(&mut outbox), ["1.1", "ack", "1.2"]);
    assert_eq!(outbox.answers(), 0);
}

#[test]
fn whatever_room_the_socket_has_the_bytes_are_the_same() {
    let mut whole = Vec::new();
    for room in 1..200 {
        let mut outbox = Outbox::default();
        for id in 1..=20 {
            outbox.update(presence(id, id));
        }
        outbox.answer(Bytes::from_static(b"end"));
        let mut pipe = pipe(0);
        while outbox.flush(&mut pipe, Dialect::JSON).unwrap() != Flushed::Everything {
            pipe.room.set(room);
        }
        assert_eq!(outbox.event_bytes(), 0);
        if whole.is_empty() {
            whole = pipe.got;
        } else {
            assert_eq!(pipe.got, whole, "{room}");
        }
    }
}

#[test]
fn a_list_is_written_piece_by_piece_whatever_room_there_is() {
    let users: Vec<_> = (1..=70)
        .map(|id| {
            let document = format!("[{}]", "x".repeat(1_000));
            Arc::new(Snapshot::new(
                user(id),
                Version::new(1),
                document.as_bytes(),
            ))
        })
        .collect();
    let message = ServerMessage::InitAck(Users::Many(users));
    let whole = message.frame(Dialect::JSON, None);
    for room in [1, 7, 999, 1_000, 1_003, 70_000, usize::MAX] {
        let mut outbox = Outbox::default();
        outbox.list(message.list(Encoding::Json, None).unwrap());
        outbox.update(presence(1, 2));
        let mut pipe = pipe(0);
        while outbox.flush(&mut pipe, Dialect::JSON).unwrap() != Flushed::Everything {
            pipe.room.set(room);
        }
        assert_eq!(outbox.answers(), 0);
        let (list, update) = pipe.got.split_at(whole.len());
        assert!(list == whole, "{room}");
        assert_eq!(update, presence(1, 2).pieces(Dialect::JSON)[0]);
    }
}

#[test]
fn memory_is_bounded_by_the_users_that_are_watched() {
    let mut outbox = Outbox::default();
    for version in 1..10_000 {
        outbox.update(presence(version % 10 + 1, version));
    }
    assert_eq!(outbox.queue.len(), 10);
}
