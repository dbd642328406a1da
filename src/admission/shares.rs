//! What is held, by everybody and by each client address. Everything that is let in holds a
//! [`Reservation`] for as long as it is there.

use std::{
    collections::HashMap,
    fmt,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use hyper::HeaderMap;
use parking_lot::Mutex;

use super::{
    address::{Proxies, network},
    limits::{Descriptors, Limits, Wanted},
};

/// How many addresses that hold nothing are remembered, for the connections that they made.
const MOST_REMEMBERED: usize = 16_384;
/// An address may make the connections of so many seconds at once.
const BURST_S: f32 = 4.0;

/// What there is a limited amount of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// HTTP connections.
    Connections,
    /// Presence sockets.
    Sockets,
    /// Bytes of heads that are not complete.
    HeadBytes,
    /// Bytes of bodies that are being read.
    BodyBytes,
}

impl Resource {
    /// How many there are.
    pub const COUNT: usize = 4;
    /// All of them.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Connections,
        Self::Sockets,
        Self::HeadBytes,
        Self::BodyBytes,
    ];

    /// Its name in the metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Sockets => "sockets",
            Self::HeadBytes => "head_bytes",
            Self::BodyBytes => "body_bytes",
        }
    }
}

/// Why something is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no more of it for anybody.
    #[error("the server has as much of this as it may")]
    Full(Resource),
    /// The address has its share.
    #[error("this address has as much of this as one address may")]
    Share(Resource),
    /// The address made too many connections within a short time.
    #[error("this address connects too often")]
    Rate,
}

impl Refusal {
    /// Its name in the metrics.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Full(resource) => resource.name(),
            Self::Share(Resource::Connections) => "connections_of_address",
            Self::Share(Resource::Sockets) => "sockets_of_address",
            Self::Share(Resource::HeadBytes) => "head_bytes_of_address",
            Self::Share(Resource::BodyBytes) => "body_bytes_of_address",
            Self::Rate => "connection_rate_of_address",
        }
    }

    const ALL: [Self; 2 * Resource::COUNT + 1] = [
        Self::Full(Resource::Connections),
        Self::Full(Resource::Sockets),
        Self::Full(Resource::HeadBytes),
        Self::Full(Resource::BodyBytes),
        Self::Share(Resource::Connections),
        Self::Share(Resource::Sockets),
        Self::Share(Resource::HeadBytes),
        Self::Share(Resource::BodyBytes),
        Self::Rate,
    ];
}

type Amounts = [usize; Resource::COUNT];

/// Who holds what.
pub struct Admission {
    limits: Limits,
    proxies: Proxies,
    held: Mutex<Held>,
    refused: [AtomicU64; Refusal::ALL.len()],
}

#[derive(Default)]
struct Held {
    all: Amounts,
    addresses: HashMap<IpAddr, Share>,
    /// How many were left when those that hold nothing were forgotten last.
    left: usize,
}

/// What one address holds.
struct Share {
    amounts: Amounts,
    /// Connections that it may make now, as of `counted_at`.
    connections_left: f32,
    counted_at: Instant,
}

/// Something that was let in; what it holds is given back when this is dropped.
pub struct Reservation {
    admission: Arc<Admission>,
    /// `None`: one that has no share.
    address: Option<IpAddr>,
    resource: Resource,
    amount: usize,
}

impl Admission {
    /// Nothing is held yet.
    pub fn new(limits: Limits, proxies: Proxies) -> Arc<Self> {
        Arc::new(Self {
            limits,
            proxies,
            held: Mutex::default(),
            refused: Default::default(),
        })
    }

    /// Limits that nobody reaches, for tools and tests.
    pub fn boundless() -> Arc<Self> {
        let most = 1 << 40;
        let wanted = Wanted {
            connections: most,
            connections_of_address: most,
            connections_per_second: u32::MAX,
            sockets: most,
            sockets_of_address: most,
            head_bytes: most,
            body_bytes: most,
        };
        let descriptors = Descriptors {
            limit: usize::MAX,
            open: 0,
        };
        Self::new(Limits::new(&wanted, descriptors), Proxies::default())
    }

    /// Whose a request is: see [`Proxies::client`].
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        self.proxies.client(peer, headers)
    }

    /// Lets a connection in. A trusted proxy has no share of them: it brings many clients.
    pub fn connect(self: &Arc<Self>, peer: IpAddr) -> Result<Reservation, Refusal> {
        let address = Some(network(peer)).filter(|_| !self.proxies.trust(peer));
        // Who is refused for their own share makes nobody else give way.
        self.count_connection(address, Instant::now())?;
        self.take(Resource::Connections, address, 1)
    }

    /// Lets a presence socket in. One that comes through a proxy counts as a connection that its client
    /// makes, for the proxy's own do not.
    pub fn open_socket(
        self: &Arc<Self>,
        peer: IpAddr,
        client: IpAddr,
    ) -> Result<Reservation, Refusal> {
        let place = self.reserve(Resource::Sockets, client, 1)?;
        if self.proxies.trust(peer) && !self.proxies.spare(client) {
            self.count_connection(Some(client), Instant::now())?;
        }
        Ok(place)
    }

    /// Lets whoever is connected have so much of something. A trusted proxy has no share.
    pub fn reserve_for_peer(
        self: &Arc<Self>,
        resource: Resource,
        peer: IpAddr,
        amount: usize,
    ) -> Result<Reservation, Refusal> {
        let address = Some(network(peer)).filter(|_| !self.proxies.trust(peer));
        self.take(resource, address, amount)
    }

    /// Lets a client have so much of something.
    pub fn reserve(
        self: &Arc<Self>,
        resource: Resource,
        client: IpAddr,
        amount: usize,
    ) -> Result<Reservation, Refusal> {
        let address = Some(client).filter(|client| !self.proxies.spare(*client));
        self.take(resource, address, amount)
    }

    fn take(
        self: &Arc<Self>,
        resource: Resource,
        address: Option<IpAddr>,
        amount: usize,
    ) -> Result<Reservation, Refusal> {
        self.add(resource, address, amount)?;
        Ok(Reservation {
            admission: Arc::clone(self),
            address,
            resource,
            amount,
        })
    }

    fn add(
        &self,
        resource: Resource,
        address: Option<IpAddr>,
        amount: usize,
    ) -> Result<(), Refusal> {
        let mut held = self.held.lock();
        let all = held.all.get(resource as usize).copied().unwrap_or(0);
        let is_full = amount > self.limits.all(resource).saturating_sub(all);
        if let Some(address) = address {
            let share = held.share(address, &self.limits, Instant::now());
            let most = self.limits.of_address(resource);
            if let Some(has) = share.amounts.get_mut(resource as usize) {
                if amount > most.saturating_sub(*has) {
                    return Err(self.refuse(Refusal::Share(resource)));
                }
                if !is_full {
                    *has += amount;
                }
            }
        }
        if is_full {
            return Err(self.refuse(Refusal::Full(resource)));
        }
        if let Some(all) = held.all.get_mut(resource as usize) {
            *all += amount;
        }
        Ok(())
    }

    fn give_back(&self, resource: Resource, address: Option<IpAddr>, amount: usize) {
        let mut held = self.held.lock();
        if let Some(all) = held.all.get_mut(resource as usize) {
            *all = all.saturating_sub(amount);
        }
        let share = address.and_then(|address| held.addresses.get_mut(&address));
        if let Some(has) = share.and_then(|share| share.amounts.get_mut(resource as usize)) {
            *has = has.saturating_sub(amount);
        }
    }

    fn count_connection(&self, address: Option<IpAddr>, now: Instant) -> Result<(), Refusal> {
        let Some(address) = address else {
            return Ok(());
        };
        let mut held = self.held.lock();
        let share = held.share(address, &self.limits, now);
        if share.connections_left < 1.0 {
            return Err(self.refuse(Refusal::Rate));
        }
        share.connections_left -= 1.0;
        Ok(())
    }

    fn refuse(&self, refusal: Refusal) -> Refusal {
        let place = Refusal::ALL.iter().position(|other| *other == refusal);
        if let Some(count) = place.and_then(|place| self.refused.get(place)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        refusal
    }

    /// What was refused: why, and how often.
    pub fn refused(&self) -> impl Iterator<Item = (Refusal, u64)> {
        let counts = self
            .refused
            .iter()
            .map(|count| count.load(Ordering::Relaxed));
        Refusal::ALL.into_iter().zip(counts)
    }

    /// What is held: how much, and how much it may be.
    pub fn held(&self) -> impl Iterator<Item = (Resource, usize, usize)> {
        let all = self.held.lock().all;
        let amounts = Resource::ALL.into_iter().zip(all);
        amounts.map(|(resource, held)| (resource, held, self.limits.all(resource)))
    }

    /// How much there is, and how much of it one address may have.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How many addresses are remembered.
    pub fn addresses(&self) -> usize {
        self.held.lock().addresses.len()
    }
}

impl Held {
    /// What an address holds, up to date.
    fn share(&mut self, address: IpAddr, limits: &Limits, now: Instant) -> &mut Share {
        let per_second = limits.connections_per_second as f32;
        let full = per_second * BURST_S;
        let most = MOST_REMEMBERED.max(2 * self.left);
        if self.addresses.len() >= most && !self.addresses.contains_key(&address) {
            self.forget_idle(now);
            self.left = self.addresses.len();
        }
        let share = self.addresses.entry(address).or_insert(Share {
            amounts: Amounts::default(),
            connections_left: full,
            counted_at: now,
        });
        let elapsed = now.saturating_duration_since(share.counted_at);
        share.counted_at = now;
        share.connections_left =
            (share.connections_left + per_second * elapsed.as_secs_f32()).min(full);
        share
    }

    /// Forgets addresses that hold nothing: those that may connect as if they never had, and if that is
    /// not enough, all. What is left is as many as there are connections and sockets.
    fn forget_idle(&mut self, now: Instant) {
        let refilled = Duration::from_secs_f32(BURST_S);
        let holds = |share: &Share| share.amounts.iter().any(|amount| *amount > 0);
        self.addresses.retain(|_, share| {
            holds(share) || now.saturating_duration_since(share.counted_at) < refilled
        });
        if self.addresses.len() >= MOST_REMEMBERED / 2 {
            self.addresses.retain(|_, share| holds(share));
        }
    }
}

impl Reservation {
    /// Takes more of the same.
    pub fn grow(&mut self, amount: usize) -> Result<(), Refusal> {
        self.admission.add(self.resource, self.address, amount)?;
        self.amount += amount;
        Ok(())
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Reservation({:?}, {})", self.resource, self.amount)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.admission
            .give_back(self.resource, self.address, self.amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(proxies: &str) -> Arc<Admission> {
        let wanted = Wanted {
            connections: 40,
            connections_of_address: 4,
            connections_per_second: 2,
            sockets: 8,
            sockets_of_address: 2,
            head_bytes: 1_000,
            body_bytes: 1_000,
        };
        let descriptors = Descriptors {
            limit: 10_000,
            open: 10,
        };
        let limits = Limits::new(&wanted, descriptors);
        Admission::new(limits, proxies.parse().unwrap())
    }

    fn address(number: u32) -> IpAddr {
        std::net::Ipv4Addr::from(0x0A00_0000 + number).into()
    }

    fn held(admission: &Admission, wanted: Resource) -> usize {
        let mut held = admission.held();
        held.find(|(resource, ..)| *resource == wanted).unwrap().1
    }

    #[test]
    fn an_address_has_a_share_and_the_others_have_the_rest() {
        let admission = admission("");
        let socket = |number| admission.reserve(Resource::Sockets, address(number), 1);
        let kept: Vec<_> = [1, 1, 2, 2, 3, 3, 4, 4]
            .map(|number| socket(number).ok())
            .into();
        assert!(kept.iter().all(Option::is_some));
        assert_eq!(socket(5).err(), Some(Refusal::Full(Resource::Sockets)));
        drop(kept);
        assert_eq!(held(&admission, Resource::Sockets), 0);
        let _both = [socket(1).ok().unwrap(), socket(1).ok().unwrap()];
        assert_eq!(socket(1).err(), Some(Refusal::Share(Resource::Sockets)));
        assert!(socket(2).is_ok());
        let counted: Vec<_> = admission
            .refused()
            .filter(|(_, count)| *count > 0)
            .collect();
        assert_eq!(counted.len(), 2, "{counted:?}");
    }

    #[test]
    fn what_grows_takes_of_the_same_share_and_gives_all_of_it_back() {
        let admission = admission("");
        let mut body = admission
            .reserve(Resource::BodyBytes, address(1), 100)
            .ok()
            .unwrap();
        assert!(body.grow(150).is_ok());
        assert_eq!(body.grow(1), Err(Refusal::Share(Resource::BodyBytes)));
        assert_eq!(held(&admission, Resource::BodyBytes), 250);
        drop(body);
        assert_eq!(held(&admission, Resource::BodyBytes), 0);
        assert!(
            admission
                .reserve(Resource::BodyBytes, address(1), 250)
                .is_ok()
        );
    }

    #[test]
    fn an_address_connects_so_often_and_again_after_a_while() {
        let admission = admission("");
        let start = Instant::now();
        let connects = |after_ms: u64| {
            let now = start + Duration::from_millis(after_ms);
            admission.count_connection(Some(address(1)), now).is_ok()
        };
        assert!((0..8).all(|_| connects(0)));
        assert!(!connects(0));
        assert!(connects(500) && !connects(500));
        assert!(admission.count_connection(Some(address(2)), start).is_ok());
    }

    #[test]
    fn who_is_on_this_machine_has_no_share_but_counts() {
        let admission = admission("loopback");
        let local = "127.0.0.1".parse().unwrap();
        let sockets: Vec<_> = (0..8)
            .map(|_| admission.reserve(Resource::Sockets, local, 1).ok().unwrap())
            .collect();
        let full = Some(Refusal::Full(Resource::Sockets));
        assert_eq!(admission.reserve(Resource::Sockets, local, 1).err(), full);
        assert_eq!((sockets.len(), admission.addresses()), (8, 0));
        let connections: Vec<_> = (0..40)
            .filter_map(|_| admission.connect(local).ok())
            .collect();
        assert_eq!(connections.len(), 40);
    }

    #[test]
    fn addresses_that_hold_nothing_are_forgotten() {
        let admission = admission("");
        let _kept = admission.connect(address(7)).ok().unwrap();
        for number in 0..100_000 {
            drop(admission.connect(address(number)));
            assert!(admission.addresses() <= MOST_REMEMBERED + 1);
        }
        let has = admission
            .held
            .lock()
            .addresses
            .get(&address(7))
            .map(|share| share.amounts[0]);
        assert_eq!(has, Some(1));
    }
}
