//! Long bodies without a token, from many addresses at once.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::JoinSet,
};

use crate::{ALONE, bystander::Bystander, hub::Hub, kernel};

const CLIENTS: usize = 300;
const BODY: usize = 2 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_without_a_token_are_neither_read_nor_held() {
    let _alone = ALONE.lock().await;
    let often = [("LANTERN__SHARES__CONNECTIONS_PER_SECOND", "1000")];
    let hub = Hub::start(4_096, &often).await;
    let bystander = Bystander::in_calm(&hub).await;
    let kernel_mib = kernel::tcp_mib();
    let mut attack = JoinSet::new();
    for number in 0..CLIENTS {
        let from = format!("127.0.1.{}", 1 + number % 20);
        let mut stream = hub.connect(&from).await.unwrap();
        let user = hub.user.clone();
        attack.spawn(async move {
            let head = format!(
                "PATCH /api/v1/users/{user}/storage HTTP/1.1\r\nHost: lantern.test\r\nContent-Length: {BODY}\r\n\r\n"
            );
            let (mut reading, mut writing) = stream.split();
            let sending = async {
                // All but the last byte, as far as anybody takes it.
                let _ = writing.write_all(head.as_bytes()).await;
                let _ = writing.write_all(&vec![b' '; BODY - 1]).await;
            };
            let mut answer = Vec::new();
            let _ = tokio::join!(sending, reading.read_to_end(&mut answer));
            (answer.starts_with(b"HTTP/1.1 401 "), stream)
        });
    }
    bystander.is_served(&hub, "while bodies come").await;
    bystander.memory_is_bounded(&hub, 48.0, "while bodies come");
    let grown = kernel::tcp_mib() - kernel_mib;
    assert!(grown < 512.0, "the kernel holds {grown} MiB more");
    let answered = attack.join_all().await;
    let told = answered.iter().filter(|(told, _)| *told).count();
    // Who is still sending after 256 KiB may find the connection reset before the answer is read.
    assert!(told * 2 >= CLIENTS, "{told} were told");
    bystander.is_served(&hub, "after the bodies").await;
    bystander.memory_is_bounded(&hub, 48.0, "after the bodies");
}
