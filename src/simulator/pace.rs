//! Drives the stream of presence updates at the rate that is asked for.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::live::Live;

/// How often the stream is looked at when it is fast; updates between are sent together.
const TICK: Duration = Duration::from_millis(10);
/// Updates that are made up for at most after a stall, in seconds of the rate.
const CATCH_UP_S: f64 = 1.0;

/// Sends updates until it is aborted. A change of the rate counts from now on.
pub async fn run(live: Arc<Live>) {
    let mut rate = live.rate.subscribe();
    loop {
        let per_second = *rate.borrow_and_update();
        if per_second <= 0.0 {
            if rate.changed().await.is_err() {
                return;
            }
            continue;
        }
        tokio::select! {
            () = stream(&live, per_second) => {}
            changed = rate.changed() => if changed.is_err() { return },
        }
    }
}

async fn stream(live: &Live, per_second: f64) {
    let pause = Duration::from_secs_f64(1.0 / per_second).max(TICK);
    let mut last = Instant::now();
    let mut due = 0.0;
    loop {
        tokio::time::sleep_until(last + pause).await;
        let now = Instant::now();
        due += now
            .duration_since(last)
            .as_secs_f64()
            .min(CATCH_UP_S.max(pause.as_secs_f64()))
            * per_second;
        last = now;
        // The part of an update that is left over is kept for the next turn.
        let whole = (due + 1e-6).floor();
        due -= whole;
        live.advance(whole as u64);
    }
}
