//! Connections on which nothing is asked, more of them than the process may have open files.

use crate::{ALONE, bystander::Bystander, hub::Hub};

const FILES: u32 = 512;
const CONNECTIONS: usize = 600;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_does_not_shut_everybody_out() {
    let _alone = ALONE.lock().await;
    let often = [("LANTERN__SHARES__CONNECTIONS_PER_SECOND", "1000")];
    let hub = Hub::start(FILES, &often).await;
    let bystander = Bystander::in_calm(&hub).await;
    let mut idle = Vec::new();
    for _ in 0..CONNECTIONS {
        // It may be refused at once.
        idle.extend(hub.connect("127.0.3.1").await);
    }
    bystander.is_served(&hub, "among idle connections").await;
    bystander.memory_is_bounded(&hub, 16.0, "among idle connections");
}

/// Who is on this machine has no share, but the limit of all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_nothing_gives_way() {
    let _alone = ALONE.lock().await;
    let spared = [("LANTERN__SHARES__TRUSTED_PROXIES", "loopback")];
    let hub = Hub::start(FILES, &spared).await;
    let bystander = Bystander::in_calm(&hub).await;
    let mut idle = Vec::new();
    for _ in 0..CONNECTIONS {
        idle.extend(hub.connect("127.0.3.1").await);
    }
    bystander.is_served(&hub, "among idle connections").await;
    bystander.memory_is_bounded(&hub, 16.0, "among idle connections");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connecting_again_and_again_disturbs_nobody() {
    let _alone = ALONE.lock().await;
    let hub = Hub::start(FILES, &[]).await;
    let bystander = Bystander::in_calm(&hub).await;
    let addr = hub.addr;
    let storm = tokio::spawn(async move {
        loop {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            socket.bind("127.0.3.2:0".parse().unwrap()).unwrap();
            drop(socket.connect(addr).await);
        }
    });
    bystander.is_served(&hub, "in a storm of connections").await;
    bystander.memory_is_bounded(&hub, 16.0, "in a storm of connections");
    storm.abort();
}
