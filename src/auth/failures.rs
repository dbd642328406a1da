//! How often an address may come with a token that is none.

use std::{
    collections::HashMap,
    net::IpAddr,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use crate::admission::network;

/// Within which time they are counted.
const WINDOW: Duration = Duration::from_secs(60);
/// How many addresses are remembered; past it the oldest are forgotten.
const MOST_ADDRESSES: usize = 65_536;

/// Failed attempts by address. Genuine tokens are never counted nor refused, so nobody is locked out
/// by somebody behind the same proxy.
pub struct Failures {
    most: u32,
    by_address: Mutex<HashMap<IpAddr, Window>>,
}

#[derive(Clone, Copy)]
struct Window {
    began: Instant,
    count: u32,
}

impl Failures {
    /// At most so many in a minute.
    pub fn new(most: u32) -> Self {
        Self {
            most,
            by_address: Mutex::default(),
        }
    }

    /// Counts one; if there were too many, how long to wait.
    pub fn count(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let mut by_address = self.by_address.lock();
        let address = network(address);
        if by_address.len() >= MOST_ADDRESSES && !by_address.contains_key(&address) {
            by_address.retain(|_, window| now.duration_since(window.began) < WINDOW);
        }
        if by_address.len() >= MOST_ADDRESSES && !by_address.contains_key(&address) {
            by_address.clear();
        }
        let window = by_address.entry(address).or_insert(Window {
            began: now,
            count: 0,
        });
        let age = now.duration_since(window.began);
        if age >= WINDOW {
            *window = Window {
                began: now,
                count: 0,
            };
        }
        window.count += 1;
        if window.count > self.most {
            return Err(WINDOW.saturating_sub(now.duration_since(window.began)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_wrong_too_often_has_to_wait() {
        let failures = Failures::new(2);
        let start = Instant::now();
        let [one, other] = ["10.0.0.1", "10.0.0.2"].map(|text| text.parse().unwrap());
        assert!(failures.count(one, start).is_ok());
        assert!(failures.count(one, start).is_ok());
        let later = start + Duration::from_secs(20);
        assert_eq!(failures.count(one, later), Err(Duration::from_secs(40)));
        assert!(failures.count(other, later).is_ok());
        assert!(failures.count(one, start + WINDOW).is_ok());
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one() {
        let failures = Failures::new(1);
        let now = Instant::now();
        let [one, same, other] = ["2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1"]
            .map(|text| text.parse().unwrap());
        assert!(failures.count(one, now).is_ok());
        assert!(failures.count(same, now).is_err());
        assert!(failures.count(other, now).is_ok());
    }
}
