//! How much there is of everything, and how much of it one address may have.
//!
//! The configuration says what is wanted. What there can be follows from the files that the process
//! may open: a connection and a socket are one each, and the store and Discord need some too.

use rustix::process::{Resource as Rlimit, getrlimit};

use super::shares::Resource;

/// An address has at most one part in so many of anything.
const PARTS: usize = 4;
/// Of the files that may be open, one in so many is kept for the store and for what is asked of others,
/// within bounds.
const RESERVED_PART: usize = 4;
const RESERVED: (usize, usize) = (64, 1_024);
/// With fewer files than this nothing can be served; so it is tried at least.
const LEAST: usize = 32;

/// What the configuration wants.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// HTTP connections.
    pub connections: usize,
    /// HTTP connections of an address.
    pub connections_of_address: usize,
    /// Connections that an address may make in a second.
    pub connections_per_second: u32,
    /// Presence sockets.
    pub sockets: usize,
    /// Presence sockets of an address.
    pub sockets_of_address: usize,
    /// Bytes of heads that are not complete.
    pub head_bytes: usize,
    /// Bytes of bodies that are being read.
    pub body_bytes: usize,
}

/// The files that a process may have open, and has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptors {
    /// How many may be open.
    pub limit: usize,
    /// How many are.
    pub open: usize,
}

impl Descriptors {
    /// Those of this process now.
    pub fn of_process() -> Self {
        let limit = getrlimit(Rlimit::Nofile).current;
        // Standard input, output and error, the listener, and what a runtime needs.
        let open = std::fs::read_dir("/proc/self/fd").map_or(16, Iterator::count);
        Self {
            limit: limit.map_or(usize::MAX, |limit| {
                usize::try_from(limit).unwrap_or(usize::MAX)
            }),
            open,
        }
    }

    /// How many can be clients.
    fn for_clients(self) -> usize {
        let reserved = (self.limit / RESERVED_PART).clamp(RESERVED.0, RESERVED.1);
        self.limit
            .saturating_sub(reserved)
            .saturating_sub(self.open)
            .max(LEAST)
    }
}

/// How much there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    all: [usize; Resource::COUNT],
    of_address: [usize; Resource::COUNT],
    /// Connections that an address may make in a second.
    pub(super) connections_per_second: u32,
}

impl Limits {
    /// What is wanted, as far as the files of the process reach. Three quarters of them can be presence
    /// sockets; HTTP connections, which sockets begin as, always have the rest.
    pub fn new(wanted: &Wanted, descriptors: Descriptors) -> Self {
        let files = descriptors.for_clients();
        let sockets = wanted.sockets.min(files - files / PARTS).max(1);
        let connections = wanted.connections.min(files - sockets.min(files)).max(1);
        let bytes = [wanted.head_bytes, wanted.body_bytes];
        let share = |wanted: usize, all: usize| wanted.min(all / PARTS).max(1);
        let [head_bytes, body_bytes] = bytes;
        Self {
            all: [connections, sockets, head_bytes, body_bytes],
            of_address: [
                share(wanted.connections_of_address, connections),
                share(wanted.sockets_of_address, sockets),
                share(head_bytes, head_bytes),
                share(body_bytes, body_bytes),
            ],
            connections_per_second: wanted.connections_per_second,
        }
    }

    /// How much there is of something.
    pub fn all(&self, resource: Resource) -> usize {
        self.all.get(resource as usize).copied().unwrap_or(0)
    }

    /// How much of it one address may have.
    pub fn of_address(&self, resource: Resource) -> usize {
        self.of_address.get(resource as usize).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted {
            connections: 65_536,
            connections_of_address: 512,
            connections_per_second: 64,
            sockets: 60_000,
            sockets_of_address: 1_000,
            head_bytes: 16 << 20,
            body_bytes: 64 << 20,
        }
    }

    fn of(limit: usize) -> Limits {
        Limits::new(&wanted(), Descriptors { limit, open: 40 })
    }

    #[test]
    fn what_is_open_and_what_is_reserved_never_exceed_the_files_of_the_process() {
        for limit in [512, 1_024, 20_000, 100_000, 1_048_576] {
            let limits = of(limit);
            let connections = limits.all(Resource::Connections);
            let sockets = limits.all(Resource::Sockets);
            assert!(connections + sockets + 40 + RESERVED.0 <= limit, "{limit}");
            assert!(connections >= limit.min(60_000) / 10, "{limit}");
            assert!(sockets >= limit.min(60_000) / 3, "{limit}");
        }
        assert_eq!(of(1_048_576).all(Resource::Sockets), 60_000);
        assert_eq!(of(usize::MAX).all(Resource::Connections), 65_536);
    }

    #[test]
    fn an_address_never_has_more_than_a_quarter() {
        let limits = of(512);
        for resource in Resource::ALL {
            assert!(limits.of_address(resource) * PARTS <= limits.all(resource));
        }
        assert_eq!(of(1_048_576).of_address(Resource::Connections), 512);
        assert_eq!(of(1_048_576).of_address(Resource::BodyBytes), 16 << 20);
    }

    #[test]
    fn something_is_always_served() {
        let limits = of(0);
        for resource in Resource::ALL {
            assert!(limits.of_address(resource) > 0);
        }
        let one = Wanted {
            sockets: 1,
            ..wanted()
        };
        let limits = Limits::new(
            &one,
            Descriptors {
                limit: 512,
                open: 0,
            },
        );
        assert_eq!(limits.all(Resource::Sockets), 1);
        assert_eq!(limits.of_address(Resource::Sockets), 1);
    }

    #[test]
    fn the_process_knows_its_files() {
        let descriptors = Descriptors::of_process();
        assert!(descriptors.open >= 3 && descriptors.limit > descriptors.open);
    }
}
