//! `GET /api/v1/users/:id` against a bare hyper handler that answers with the same bytes.

use std::{
    convert::Infallible,
    io::{ErrorKind, Read, Write},
    net::TcpStream,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Response, header::HeaderValue, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use mio::{Events, Interest, Poll, Token};

use crate::{
    child::{self, Child},
    report::spread,
};

const CONNECTIONS: usize = 64;
const REQUESTS: usize = 100_000;
const ROUNDS: usize = 5;

pub fn compare() {
    let bare = Child::start("bare_http");
    let lantern = Child::start("lantern");
    let path = format!("/api/v1/users/{}", lantern.greeting[1]);
    let mut bare_client = Child::start(&format!("rest_client {} {path}", bare.greeting[0]));
    let mut client = Child::start(&format!("rest_client {} {path}", lantern.greeting[0]));
    let (mut bares, mut lanterns, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let yardstick = per_core(&bare, &mut bare_client);
        let measured = per_core(&lantern, &mut client);
        if round > 0 {
            bares.push(yardstick);
            lanterns.push(measured);
            ratios.push(measured / yardstick);
        }
    }
    let (low, median, high) = spread(&ratios);
    println!(
        "\nGET of one user, {CONNECTIONS} connections, requests/s for each core of the server"
    );
    println!("  bare hyper handler      {:8.0}", spread(&bares).1);
    println!(
        "  Lantern                 {:8.0}, {median:.2}x bare ({low:.2}-{high:.2})",
        spread(&lanterns).1
    );
}

fn per_core(server: &Child, client: &mut Child) -> f64 {
    let cpu = server.cpu();
    let answered = client.ask("get", REQUESTS)[0];
    answered / (server.cpu() - cpu)
}

/// In a child: the yardstick.
pub fn bare() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap().port());
        let body = Bytes::from(crate::lantern::document());
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let body = body.clone();
            let service = service_fn(move |_| {
                let mut response = Response::new(Full::new(body.clone()));
                let headers = response.headers_mut();
                for (name, value) in HEADERS {
                    headers.insert(name, HeaderValue::from_static(value));
                }
                async { Ok::<_, Infallible>(response) }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
}

/// As Lantern sends them.
const HEADERS: [(&str, &str); 5] = [
    ("etag", "\"v-1795338102832000\""),
    ("cache-control", "no-cache"),
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "ETag, Retry-After"),
    ("content-type", "application/json; charset=utf-8"),
];

/// In a child: as many requests under way as connections, over one thread.
pub fn client(port: &str, path: &str) {
    let port: u16 = port.parse().unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    let poll = Poll::new().unwrap();
    let mut first = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let length = length_of_answer(&mut first, &request);
    let mut sockets: Vec<_> = (0..CONNECTIONS)
        .map(|number| {
            let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream.set_nodelay(true).unwrap();
            stream.set_nonblocking(true).unwrap();
            let mut stream = mio::net::TcpStream::from_std(stream);
            poll.registry()
                .register(&mut stream, Token(number), Interest::READABLE)
                .unwrap();
            (stream, 0)
        })
        .collect();
    println!("connected");
    let mut poll = poll;
    child::obey(|_, requests| {
        Some(vec![
            load(&mut poll, &mut sockets, &request, length, requests) as f64,
        ])
    });
}

fn load(
    poll: &mut Poll,
    sockets: &mut [(mio::net::TcpStream, usize)],
    request: &str,
    length: usize,
    requests: usize,
) -> usize {
    let mut events = Events::with_capacity(CONNECTIONS);
    let mut scratch = vec![0; 64 * 1024];
    let (mut asked, mut answered) = (0, 0);
    for (socket, _) in sockets.iter_mut() {
        socket.write_all(request.as_bytes()).unwrap();
        asked += 1;
    }
    while answered < asked {
        poll.poll(&mut events, None).unwrap();
        for event in &events {
            let (socket, got) = &mut sockets[event.token().0];
            match socket.read(&mut scratch) {
                Ok(read) => *got += read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) => panic!("{error}"),
            }
            if *got == length {
                *got = 0;
                answered += 1;
                if asked < requests {
                    asked += 1;
                    socket.write_all(request.as_bytes()).unwrap();
                }
            }
        }
    }
    answered
}

fn length_of_answer(stream: &mut TcpStream, request: &str) -> usize {
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let mut chunk = [0; 4_096];
    loop {
        let read = stream.read(&mut chunk).unwrap();
        answer.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&answer);
        assert!(read > 0 && text.starts_with("HTTP/1.1 200"), "{text}");
        let Some((head, _)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let whole = head.len() + 4 + length.unwrap().parse::<usize>().unwrap();
        if answer.len() == whole {
            return whole;
        }
    }
}
