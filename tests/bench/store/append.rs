//! The yardstick: a thread that appends what has gathered to a file and waits for the disk once for
//! all of it, with nothing around it.

use std::{
    fs::File,
    io::Write,
    path::Path,
    sync::mpsc::{self, Receiver, Sender},
};

use tokio::sync::oneshot;

use crate::child;

struct Record {
    bytes: Vec<u8>,
    reply: oneshot::Sender<()>,
}

/// In a child. Records are as long as those of the store.
pub fn run(folder: &str, bytes: &str) {
    let bytes: usize = bytes.parse().unwrap();
    let file = File::create(Path::new(folder).join("bare")).unwrap();
    let (send, receive) = mpsc::channel();
    let (batches, mut counted) = (std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0)), 0);
    let counting = std::sync::Arc::clone(&batches);
    std::thread::spawn(move || append(file, &receive, &counting));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    println!("ready");
    let mut writers = 1;
    child::obey(|what, count| match what {
        "writers" => {
            writers = count;
            Some(Vec::new())
        }
        "commit" => {
            runtime.block_on(write(&send, writers, count, bytes));
            let now = batches.load(std::sync::atomic::Ordering::Relaxed);
            let together = count as f64 / (now - counted) as f64;
            counted = now;
            Some(vec![together])
        }
        other => panic!("unknown request {other}"),
    });
}

fn append(mut file: File, records: &Receiver<Record>, batches: &std::sync::atomic::AtomicU64) {
    let mut bytes = Vec::new();
    let mut replies = Vec::new();
    while let Ok(first) = records.recv() {
        for record in std::iter::once(first).chain(records.try_iter()) {
            bytes.extend_from_slice(&record.bytes);
            replies.push(record.reply);
        }
        file.write_all(&bytes).unwrap();
        file.sync_data().unwrap();
        bytes.clear();
        batches.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        for reply in replies.drain(..) {
            reply.send(()).unwrap();
        }
    }
}

async fn write(send: &Sender<Record>, writers: usize, count: usize, bytes: usize) {
    let tasks = (0..writers).map(|_| {
        let send = send.clone();
        tokio::spawn(async move {
            for _ in 0..count / writers {
                let (reply, answer) = oneshot::channel();
                let bytes = vec![b'x'; bytes];
                send.send(Record { bytes, reply }).unwrap();
                answer.await.unwrap();
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}
