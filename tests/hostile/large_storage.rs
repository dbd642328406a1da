//! A member with megabytes of pairs, which others ask for and do not read.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use crate::{
    ALONE,
    bystander::Bystander,
    hub::{Hub, PATIENCE},
};

/// 2.4 MB together.
const PAIRS: usize = 40;
const LETTERS: usize = 20_000;
const READERS: usize = 40;
/// Requests that each of the connections of `pipeline` makes, so many in one write.
const REQUESTS: usize = 1_000;
const AT_ONCE: usize = 20;

async fn start() -> Hub {
    let environment = [
        ("LANTERN__SHARES__CONNECTIONS_PER_SECOND", "1000"),
        ("LANTERN__SOCKET__MAX_PINNED_BYTES", "1048576"),
    ];
    let hub = Hub::start(4_096, &environment).await;
    for pair in 0..PAIRS {
        put(&hub, pair, &"灯".repeat(LETTERS)).await;
    }
    hub
}

async fn put(hub: &Hub, pair: usize, value: &str) {
    let (user, token, length) = (&hub.user, &hub.token, value.len());
    let head = format!(
        "PUT /api/v1/users/{user}/storage/key{pair} HTTP/1.1\r\nHost: lantern.test\r\n\
         Connection: close\r\nAuthorization: {token}\r\nContent-Length: {length}\r\n\r\n"
    );
    let mut stream = hub.connect("127.0.0.8").await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(value.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

/// Some of the numbers of `/metrics`.
async fn numbers<const N: usize>(hub: &Hub, names: [&str; N]) -> [usize; N] {
    let mut stream = hub.connect("127.0.0.8").await.unwrap();
    let get = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(get.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    names.map(|name| {
        let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok();
        answer.lines().find_map(value).unwrap()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_replaced_is_not_kept_for_a_socket_that_does_not_read() {
    let _alone = ALONE.lock().await;
    let hub = start().await;
    let _unread = watch(&hub, "127.0.3.1").await;
    let dropped = async {
        // Each change replaces what waits for the socket; the limit is passed by the first.
        for round in 0_usize.. {
            put(&hub, 0, &round.to_string()).await;
            let names = [
                r#"lantern_connections_reset_total{kind="socket"}"#,
                "lantern_pinned_bytes",
            ];
            let [resets, pinned] = numbers(&hub, names).await;
            if resets > 0 && pinned <= 1 << 20 {
                return;
            }
        }
    };
    let dropping = tokio::time::timeout(PATIENCE / 6, dropped);
    dropping
        .await
        .expect("the socket is dropped before it stalls for too long");
}

/// Asks many times without waiting; the answers are read and thrown away.
async fn pipeline(mut stream: TcpStream, path: String) {
    let head = format!("HEAD {path} HTTP/1.1\r\nHost: lantern.test\r\n\r\n");
    let (mut reading, mut writing) = stream.split();
    let asking = async {
        for _ in 0..REQUESTS / AT_ONCE {
            let _ = writing.write_all(head.repeat(AT_ONCE).as_bytes()).await;
        }
    };
    let answered = async {
        let (mut space, mut length) = ([0; 4_096], 0);
        // An answer is longer than a hundred bytes.
        while length < REQUESTS * 100 {
            match reading.read(&mut space).await {
                Ok(0) | Err(_) => return,
                Ok(more) => length += more,
            }
        }
    };
    tokio::join!(asking, answered);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_for_much_holds_up_nobody() {
    let _alone = ALONE.lock().await;
    let hub = start().await;
    let bystander = Bystander::in_calm(&hub).await;
    let mut attack = JoinSet::new();
    for number in 1..=4 {
        let stream = hub.connect(&format!("127.0.2.{number}")).await.unwrap();
        let path = format!("/api/v1/users/{}/storage", hub.user);
        attack.spawn(pipeline(stream, path));
    }
    bystander.is_served(&hub, "while heads are asked for").await;
    attack.shutdown().await;
}

/// A socket of this address that asks for the member and does not read.
async fn watch(hub: &Hub, from: &str) -> TcpStream {
    let mut socket = hub.connect(from).await.unwrap();
    let upgrade = "GET /socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\
                   Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    socket.write_all(upgrade.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 101");
    let init = format!(r#"{{"op":2,"d":{{"user_id":"{}"}}}}"#, hub.user);
    // A text frame with a mask of zeros.
    let length = u8::try_from(init.len()).unwrap();
    let frame = [&[0x81, 0x80 | length, 0, 0, 0, 0], init.as_bytes()].concat();
    socket.write_all(&frame).await.unwrap();
    socket
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_read_much_makes_nobody_hold_it() {
    let _alone = ALONE.lock().await;
    let hub = start().await;
    let bystander = Bystander::in_calm(&hub).await;
    let mut unread = Vec::new();
    for number in 1..=READERS {
        let from = format!("127.0.3.{number}");
        let mut stream = hub.connect(&from).await.unwrap();
        let path = format!("/api/v1/users/{}/storage", hub.user);
        let get = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        stream.write_all(get.as_bytes()).await.unwrap();
        unread.push(stream);
        unread.push(watch(&hub, &from).await);
    }
    bystander.is_served(&hub, "while much is not read").await;
    bystander.memory_is_bounded(&hub, 48.0, "while much is not read");
}
