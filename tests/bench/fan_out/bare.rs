//! The yardstick: a loop of send() over every socket, with nothing around it.

use std::{
    io::Write,
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use crate::child;

/// As long as a Lantern update in this benchmark.
const FRAME: usize = 1_200;

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
    let sockets = std::cell::RefCell::new(Vec::new());
    child::obey(
        |count| {
            let mut sockets = sockets.borrow_mut();
            while sockets.len() < count {
                sockets.push(arriving.recv().unwrap());
            }
        },
        |updates| {
            for _ in 0..updates {
                for socket in &mut *sockets.borrow_mut() {
                    assert_eq!(socket.write(&frame).unwrap(), FRAME);
                }
            }
        },
    );
}
