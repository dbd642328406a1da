//! The yardstick: a loop of send() over every socket, with nothing around it.

use std::{
    io::Write,
    net::{TcpListener, TcpStream},
};

use crate::child;

/// As long as a Lantern update in this benchmark.
const FRAME: usize = 1_200;

pub fn run() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("{} -", listener.local_addr().unwrap().port());
    let sockets = std::cell::RefCell::new(Vec::<TcpStream>::new());
    let frame = [b'x'; FRAME];
    child::obey(
        |count| {
            let mut sockets = sockets.borrow_mut();
            while sockets.len() < count {
                let (socket, _) = listener.accept().unwrap();
                socket.set_nodelay(true).unwrap();
                sockets.push(socket);
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
