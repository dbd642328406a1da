//! The simulated Discord, as libraries and people meet it.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what helpers of tests do not find fails the test"
)]

mod access;
mod closing;
mod events;
mod gateway;
mod interactions;
mod libraries;
mod limits;
mod patches;
mod pictures;
mod raw;
mod rest;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use lantern_simulator::{Simulator, SimulatorConfig};

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// A simulator on a free port, without a stream.
fn quiet(members: u32) -> SimulatorConfig {
    SimulatorConfig {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        members,
        rate: 0.0,
        members_request_window: Duration::ZERO,
        ..SimulatorConfig::default()
    }
}

async fn start(config: SimulatorConfig) -> Simulator {
    Simulator::start(config)
        .await
        .expect("the simulator starts")
}

/// What `future` gives, unless it takes too long.
async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited too long for {what}"),
    }
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let first = start(quiet(1)).await;
    let config = SimulatorConfig {
        listen: first.addr(),
        ..quiet(1)
    };
    let error = Simulator::start(config)
        .await
        .expect_err("the port is taken");
    assert_eq!(
        error.to_string(),
        format!(
            "listen on {}: the address is already in use by another program",
            first.addr()
        )
    );
    first.stop().await;
}

#[tokio::test]
async fn after_stop_the_port_is_free() {
    let first = start(quiet(1)).await;
    let addr = first.addr();
    soon("stop", first.stop()).await;
    let second = start(SimulatorConfig {
        listen: addr,
        ..quiet(1)
    })
    .await;
    soon("stop", second.stop()).await;
}
