//! The yardstick: a loop of send() over every socket, with nothing around it.

use std::{
    io::Write,
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use crate::child;

/// As long as a Lantern update in this benchmark.
const FRAME: usize = 1_313;

pub fn run() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("{} -", listener.local_addr().unwrap().port());
    let (accepted, arriving) = mpsc::channel();
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let socket: TcpStream = socket.unwrap();
            socket.set_nodelay(true).unwrap();
            accepted.send(socket).unwrap();
        }
    });
    let frame = [b'x'; FRAME];
    let mut sockets = Vec::new();
    child::obey(|what, count| match what {
        "accept" => {
            while sockets.len() < count {
                sockets.push(arriving.recv().unwrap());
            }
            Some(Vec::new())
        }
        "publish" => {
            for _ in 0..count {
                for socket in &mut sockets {
                    assert_eq!(socket.write(&frame).unwrap(), FRAME);
                }
            }
            None
        }
        other => panic!("unknown request {other}"),
    });
}
