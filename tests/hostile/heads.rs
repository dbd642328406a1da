//! Heads that are long and never end, from many addresses at once.

use tokio::io::AsyncWriteExt;

use crate::{ALONE, bystander::Bystander, hub::Hub};

const CLIENTS: usize = 800;
const HEAD: usize = 60_000;
/// The server's budget for them, in MiB.
const BUDGET_MIB: f64 = 4.0;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_that_do_not_end_take_what_their_budget_says() {
    let _alone = ALONE.lock().await;
    let budget = (BUDGET_MIB as usize * 1_024 * 1_024).to_string();
    let environment = [
        ("LANTERN__SHARES__CONNECTIONS_PER_SECOND", "1000"),
        ("LANTERN__SHARES__MAX_HEAD_BYTES", &*budget),
    ];
    let hub = Hub::start(8_192, &environment).await;
    let bystander = Bystander::in_calm(&hub).await;
    let head = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}", "x".repeat(HEAD));
    let mut attack = Vec::new();
    for number in 0..CLIENTS {
        let from = format!("127.0.2.{}", 1 + number % 20);
        let mut stream = hub.connect(&from).await.unwrap();
        // It may have been refused.
        let _ = stream.write_all(head.as_bytes()).await;
        attack.push(stream);
    }
    bystander.is_served(&hub, "while heads wait").await;
    // 47 MiB of heads were sent; each connection has a buffer of 8 KiB and what it needs itself, and a
    // buffer that grows doubles.
    let most_mib = 3.0 * BUDGET_MIB + 20.0 * CLIENTS as f64 / 1_024.0;
    bystander.memory_is_bounded(&hub, most_mib, "while heads wait");
}
