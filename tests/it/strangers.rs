//! What strangers may not do: have the server hold what they send, take the place
//! of others, and change what they read.

mod bodies;
mod heads;
mod reading;
mod shares;

use std::net::SocketAddr;

use tokio::net::{TcpSocket, TcpStream};

use crate::harness::{RawClient, Upgrade, within};

/// The header in which a proxy says for whom it asks.
const FORWARDED_FOR: &str = "X-Forwarded-For";

/// A connection from another address of this machine.
async fn connected(from: &str, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(format!("{from}:0").parse().unwrap())?;
    within("a connection is made or refused", socket.connect(to)).await
}

/// A plain request with further headers, for [`RawClient::handshake`].
fn request(line: &str, headers: &[(&'static str, &str)]) -> Upgrade {
    let mut request = Upgrade {
        request_line: format!("{line} HTTP/1.1"),
        headers: vec![("Host", "lantern.test".to_owned())],
    };
    for (name, value) in headers {
        request = request.with(name, value);
    }
    request
}

/// The status and the code of a problem that answers.
async fn told(client: &mut RawClient) -> (u16, String) {
    let status = client.status();
    let code = client.body().await["code"].as_str().map(str::to_owned);
    (status, code.unwrap_or_default())
}
