//! Somebody who asks for one user again and again, each time on a connection of their own, and for a
//! while in calm before.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::hub::{Hub, PATIENCE};

/// From where they ask.
const ADDRESS: &str = "127.0.0.9";
/// How much slower the median may be than in calm.
const MOST_TIMES: f64 = 5.0;
/// Below this it is not slow, whatever it was in calm.
const FLOOR: Duration = Duration::from_millis(25);
const REQUESTS: usize = 60;

/// What was measured in calm.
pub struct Bystander {
    calm: Duration,
    resident_mib: f64,
}

impl Bystander {
    pub async fn in_calm(hub: &Hub) -> Self {
        // The first requests warm everything up.
        median(hub).await;
        Self {
            calm: median(hub).await,
            resident_mib: hub.resident_mib(),
        }
    }

    /// Asks while something happens: they are always answered, and in time.
    pub async fn is_served(&self, hub: &Hub, what: &str) {
        let median = median(hub).await;
        let most = self.calm.mul_f64(MOST_TIMES).max(FLOOR);
        assert!(
            median <= most,
            "{what}: {median:?}, and {:?} in calm",
            self.calm
        );
    }

    /// The memory has not grown by more.
    pub fn memory_is_bounded(&self, hub: &Hub, most_mib: f64, what: &str) {
        let grown = hub.resident_mib() - self.resident_mib;
        assert!(grown <= most_mib, "{what}: {grown} MiB more");
    }
}

async fn median(hub: &Hub) -> Duration {
    let mut times = Vec::with_capacity(REQUESTS);
    for _ in 0..REQUESTS {
        let began = Instant::now();
        let asking = tokio::time::timeout(PATIENCE, ask(hub));
        let answer = asking.await.expect("an answer comes").expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        times.push(began.elapsed());
    }
    times.sort_unstable();
    times[times.len() / 2]
}

async fn ask(hub: &Hub) -> std::io::Result<String> {
    let mut stream = hub.connect(ADDRESS).await?;
    let user = &hub.user;
    let request = format!(
        "GET /api/v1/users/{user} HTTP/1.1\r\nHost: lantern.test\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
