//! RFC 6455, case by case, by a client that sends any bytes it likes. Every fault ends one socket
//! and nothing else.

mod bytes;
mod closing;
mod faults;
mod messages;
mod opening;

use std::net::SocketAddr;

use lantern_actors::domain::UserId;
use serde_json::json;

use crate::harness::{Client, Closed, Frame, RawClient, TestHub, Upgrade, eventually, game};

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;
const FIN: u8 = 0x80;

const HEARTBEAT: &str = r#"{"op":4}"#;

/// A hub with somebody who watches throughout.
struct Bench {
    hub: TestHub,
    bystander: Client,
    user: UserId,
    round: u32,
}

impl Bench {
    async fn start() -> Self {
        let hub = TestHub::with(1, |_| {}).await;
        let user = hub.members().await[0];
        eventually("the member is published", async || hub.hub().user(user)).await;
        let (bystander, _) = hub.watch(user).await;
        Self {
            hub,
            bystander,
            user,
            round: 0,
        }
    }

    fn addr(&self) -> SocketAddr {
        self.hub.app().addr()
    }

    async fn client(&self) -> RawClient {
        RawClient::open(self.addr(), &Upgrade::default()).await
    }

    /// The bystander still gets updates, and heartbeats are still answered.
    async fn undisturbed(&mut self) {
        self.round += 1;
        let name = format!("round {}", self.round);
        self.hub.control.playing(self.user, &name).await;
        self.bystander.until(|user| game(user) == name).await;
        self.bystander.expect_silence().await;
    }

    async fn stop(mut self) {
        self.undisturbed().await;
        // Else the server would wait for it to answer the close.
        drop(self.bystander);
        self.hub.stop().await;
    }
}

/// The socket still works: a heartbeat is answered next.
async fn answers(client: &mut RawClient, case: &str) {
    client.send(Frame::text(HEARTBEAT).bytes()).await;
    let frame = client.next().await;
    let frame = frame.unwrap_or_else(|| panic!("{case}: the connection ended"));
    assert_eq!(frame.message()["t"], "HEARTBEAT_ACK", "{case}");
}

/// These bytes end the socket with this code, and DISCONNECT says why.
async fn fails(bench: &Bench, case: &str, bytes: &[u8], code: u16) {
    let mut client = bench.client().await;
    client.send(bytes).await;
    let Closed {
        disconnect,
        code: came,
    } = client.closed().await;
    assert_eq!(came, Some(code), "{case}: {disconnect:?}");
    assert!(disconnect.is_some_and(|reason| reason.len() > 10), "{case}");
}

/// INIT for one user.
fn init(user: UserId) -> String {
    json!({"op": 2, "d": {"user_id": user}}).to_string()
}
