//! Rate limits: a bucket per route and second, and the headers that tell of it.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use poem::{Endpoint, IntoResponse, Request, Response};

use super::error::RestError;
use crate::world::snowflake::now_ms;

/// How long a bucket counts before it starts anew.
const WINDOW: Duration = Duration::from_secs(1);
/// Buckets that are kept at most; past it, old ones are let go.
const MAX_BUCKETS: usize = 10_000;

#[derive(Debug, Clone, Copy)]
struct Bucket {
    started: Instant,
    used: u32,
}

/// What a response says about its bucket.
#[derive(Debug, Clone, Copy)]
struct Standing {
    remaining: u32,
    reset_after: Duration,
    refused: bool,
}

/// Counts requests.
#[derive(Debug)]
pub struct Limits {
    per_window: u32,
    buckets: Mutex<HashMap<u64, Bucket>>,
}

impl Limits {
    /// So many requests a second for each route.
    pub fn new(per_window: u32) -> Arc<Self> {
        Arc::new(Self {
            per_window,
            buckets: Mutex::default(),
        })
    }

    fn count(&self, bucket: u64, now: Instant) -> Standing {
        let mut buckets = self.buckets.lock();
        if buckets.len() > MAX_BUCKETS {
            buckets.retain(|_, bucket| now.duration_since(bucket.started) < WINDOW);
        }
        let entry = buckets.entry(bucket).or_insert(Bucket {
            started: now,
            used: 0,
        });
        if now.duration_since(entry.started) >= WINDOW {
            *entry = Bucket {
                started: now,
                used: 0,
            };
        }
        let refused = entry.used >= self.per_window;
        entry.used = entry.used.saturating_add(1);
        Standing {
            remaining: self.per_window.saturating_sub(entry.used),
            reset_after: WINDOW.saturating_sub(now.duration_since(entry.started)),
            refused,
        }
    }
}

/// Wraps all routes: refuses what is over the limit, and adds the headers.
pub async fn limited<E: Endpoint>(
    endpoint: Arc<E>,
    req: Request,
    limits: Arc<Limits>,
) -> poem::Result<Response> {
    let bucket = bucket(&req);
    let standing = limits.count(bucket, Instant::now());
    let mut response = if standing.refused {
        RestError::RateLimited {
            retry_after_s: standing.reset_after.as_secs_f64(),
        }
        .reply()
        .into_response()
    } else {
        endpoint.get_response(req).await
    };
    let reset_at = now_ms() as f64 / 1000.0 + standing.reset_after.as_secs_f64();
    let mut set = |name: &'static str, value: String| {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    };
    set("via", "1.1 lantern-simulator".to_owned());
    set("x-ratelimit-limit", limits.per_window.to_string());
    set("x-ratelimit-remaining", standing.remaining.to_string());
    set("x-ratelimit-reset", format!("{reset_at:.3}"));
    set(
        "x-ratelimit-reset-after",
        format!("{:.3}", standing.reset_after.as_secs_f64()),
    );
    set("x-ratelimit-bucket", format!("{bucket:016x}"));
    if standing.refused {
        set(
            "retry-after",
            standing.reset_after.as_secs_f64().ceil().to_string(),
        );
        set("x-ratelimit-scope", "user".to_owned());
    }
    Ok(response)
}

/// A bucket is a method and a path. Ids count, except for members and users, which share one.
fn bucket(req: &Request) -> u64 {
    let mut hasher = DefaultHasher::new();
    req.method().as_str().hash(&mut hasher);
    let mut shared = false;
    for part in req.uri().path().split('/') {
        if !(shared && part.bytes().all(|byte| byte.is_ascii_digit())) {
            part.hash(&mut hasher);
        }
        shared = matches!(part, "members" | "users" | "messages" | "commands");
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_refuses_what_is_over_and_starts_anew() {
        let limits = Limits::new(2);
        let now = Instant::now();
        let refused: Vec<bool> = (0..3).map(|_| limits.count(1, now).refused).collect();
        assert_eq!(refused, [false, false, true]);
        assert!(!limits.count(2, now).refused);
        assert!(!limits.count(1, now + WINDOW).refused);
    }

    #[test]
    fn members_share_a_bucket_and_guilds_do_not() {
        let of = |path: &str| bucket(&Request::builder().uri(path.parse().unwrap()).finish());
        assert_eq!(of("/guilds/1/members/2"), of("/guilds/1/members/3"));
        assert_ne!(of("/guilds/1/members/2"), of("/guilds/2/members/2"));
    }
}
