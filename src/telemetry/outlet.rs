//! The way of lines to standard error: a queue with a limit, and the one thread that writes.
//!
//! Standard error may be a pipe whose reader is gone or does not read, or a file on a full disk.
//! Only the thread meets that: lines that find no room are dropped and counted, and what was lost
//! is said once lines can be written again.

use std::{
    fs::File,
    io::{self, ErrorKind, Write},
    mem,
    os::fd::AsFd,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex};

/// How many bytes may wait. It is some thousand lines.
const MOST_WAITING_BYTES: usize = 1 << 20;

/// How often the thread looks up when nothing is to be written.
const TICK: Duration = Duration::from_secs(1);

/// How long it waits for a standard error that takes nothing at the moment and does not block.
const RETRY: Duration = Duration::from_millis(20);

/// Lines on their way.
#[derive(Default)]
pub struct Outlet {
    queue: Mutex<Queue>,
    /// Lines came, or were written.
    changed: Condvar,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<u8>,
    is_writing: bool,
}

impl Outlet {
    /// Hands a text of whole lines over. Never waits for a reader.
    pub fn put(&self, lines: &str) {
        self.put_bytes(lines.as_bytes());
    }

    /// How many lines were lost.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }

    /// Waits until everything is written, for so long at most.
    pub fn flush(&self, patience: Duration) {
        let until = Instant::now() + patience;
        let mut queue = self.queue.lock();
        while queue.is_writing || !queue.waiting.is_empty() {
            if self.changed.wait_until(&mut queue, until).timed_out() {
                return;
            }
        }
    }

    fn put_bytes(&self, lines: &[u8]) {
        let mut queue = self.queue.lock();
        if queue.waiting.len() + lines.len() > MOST_WAITING_BYTES {
            self.dropped.fetch_add(count(lines), Relaxed);
            return;
        }
        queue.waiting.extend_from_slice(lines);
        drop(queue);
        self.changed.notify_all();
    }

    /// What waits, which is then being written; empty after a while without lines.
    fn next(&self) -> Vec<u8> {
        let until = Instant::now() + TICK;
        let mut queue = self.queue.lock();
        while queue.waiting.is_empty() {
            if self.changed.wait_until(&mut queue, until).timed_out() {
                break;
            }
        }
        queue.is_writing = !queue.waiting.is_empty();
        mem::take(&mut queue.waiting)
    }

    fn written(&self, lost: u64) {
        self.dropped.fetch_add(lost, Relaxed);
        self.queue.lock().is_writing = false;
        self.changed.notify_all();
    }
}

/// A line of `tracing`, which writes each in one piece.
impl Write for &Outlet {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.put_bytes(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Starts the thread that writes to standard error. `tick` is called about once a second.
pub fn write_to_stderr(outlet: &Arc<Outlet>, tick: impl Fn() + Send + 'static) -> io::Result<()> {
    // A descriptor of its own: others wait for the lock of the standard library's.
    let stderr = File::from(io::stderr().as_fd().try_clone_to_owned()?);
    let outlet = Arc::clone(outlet);
    let mut pen = Pen::new(stderr);
    thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || {
            loop {
                write_next(&outlet, &mut pen);
                tick();
            }
        })?;
    Ok(())
}

/// Writes what waits, and says what was lost before if that went well.
fn write_next(outlet: &Outlet, pen: &mut Pen<impl Write>) {
    let lines = outlet.next();
    if lines.is_empty() {
        return;
    }
    let lost = pen.write(&lines);
    outlet.written(lost);
    let dropped = outlet.dropped();
    let unsaid = dropped - pen.said;
    if lost == 0 && unsaid > 0 {
        pen.said = dropped;
        tracing::warn!(lines = unsaid, "a part of the log could not be written");
    }
}

fn count(lines: &[u8]) -> u64 {
    lines.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// Writes, whatever the file says to that.
struct Pen<W> {
    file: W,
    /// The last line that was written lacks its end.
    is_torn: bool,
    /// How many of the lines that were dropped the log has told of.
    said: u64,
}

impl<W: Write> Pen<W> {
    fn new(file: W) -> Self {
        Self {
            file,
            is_torn: false,
            said: 0,
        }
    }

    /// Writes lines; how many of them are lost.
    fn write(&mut self, lines: &[u8]) -> u64 {
        if self.is_torn {
            self.is_torn = !self.write_all(b"\n").is_empty();
        }
        let rest = self.write_all(lines);
        let written = lines.get(..lines.len() - rest.len());
        let last = written.and_then(<[u8]>::last);
        self.is_torn = last.map_or(self.is_torn, |last| *last != b'\n');
        count(rest)
    }

    /// Writes bytes; what could not be written of them.
    fn write_all<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.file.write(rest) {
                Ok(0) => break,
                Ok(length) => rest = rest.get(length..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(RETRY),
                Err(_) => break,
            }
        }
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many bytes, then has no room.
    struct Full(Vec<u8>, usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let length = bytes.len().min(self.1);
            if length == 0 {
                return Err(ErrorKind::StorageFull.into());
            }
            self.0.extend_from_slice(&bytes[..length]);
            self.1 -= length;
            Ok(length)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_find_no_room_are_dropped_and_counted() {
        let outlet = Outlet::default();
        let line = format!("{}\n", "x".repeat(1_023));
        for _ in 0..1_024 {
            outlet.put(&line);
        }
        assert_eq!(outlet.dropped(), 0);
        outlet.put("two\nlines\n");
        assert_eq!(outlet.dropped(), 2);
        let mut pen = Pen::new(Vec::new());
        write_next(&outlet, &mut pen);
        assert_eq!(pen.file.len(), MOST_WAITING_BYTES);
        assert_eq!(pen.said, 2);
        outlet.put("there is room again\n");
        assert_eq!(outlet.dropped(), 2);
    }

    #[test]
    fn what_a_file_refuses_is_counted_and_the_next_line_begins_anew() {
        let outlet = Outlet::default();
        let mut pen = Pen::new(Full(Vec::new(), 6));
        outlet.put("one\ntwo\n");
        write_next(&outlet, &mut pen);
        assert_eq!((outlet.dropped(), pen.said), (1, 0));
        outlet.put("three\n");
        write_next(&outlet, &mut pen);
        assert_eq!((outlet.dropped(), pen.said), (2, 0));
        pen.file.1 = 100;
        outlet.put("four\n");
        write_next(&outlet, &mut pen);
        assert_eq!((outlet.dropped(), pen.said), (2, 2));
        assert_eq!(pen.file.0, b"one\ntw\nfour\n");
    }

    #[test]
    fn a_flush_waits_for_what_waits_and_not_for_ever() {
        let outlet = Arc::new(Outlet::default());
        outlet.flush(Duration::from_secs(60));
        outlet.put("nobody writes this\n");
        outlet.flush(Duration::from_millis(1));
        let writing = thread::spawn({
            let outlet = Arc::clone(&outlet);
            move || {
                let mut pen = Pen::new(Vec::new());
                write_next(&outlet, &mut pen);
                pen.file
            }
        });
        outlet.flush(Duration::from_secs(60));
        assert_eq!(writing.join().unwrap(), b"nobody writes this\n");
    }
}
