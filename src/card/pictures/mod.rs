//! Avatars and artwork: fetched from where Discord's pictures are, made small, and kept.

mod address;
mod develop;
mod fetch;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use quick_cache::{Weighter, sync::Cache};
use tokio::sync::{Semaphore, SemaphorePermit, watch};

use self::{address::HOSTS, fetch::Fetcher};
use super::{album::Picture, content::Use};

pub use self::address::{Address, AddressError, ImageProxy};
#[cfg(test)]
pub use self::develop::develop;

/// How many pictures are fetched from a host at once. Hosts do not wait for each other.
const AT_ONCE: usize = 6;

/// How many more of a host may wait for their turn; past it cards do without.
const WAITING: usize = 64;

/// How long the picture of a stream is kept.
const LIVE_FOR: Duration = Duration::from_secs(300);

/// How long it is remembered that there is no picture at an address.
const MISSING_FOR: Duration = Duration::from_secs(60);

/// How many bytes an entry without a picture is counted as.
const ENTRY: u64 = 128;

/// How pictures are fetched and kept.
#[derive(Clone, Debug)]
pub struct PictureSettings {
    /// Who fetches them; `None` is this program itself.
    pub proxy: Option<ImageProxy>,
    /// How long a card waits for its pictures.
    pub wait: Duration,
    /// How long a picture may take to come; one that comes too late for its card is there for the next.
    pub timeout: Duration,
    /// The longest that is taken, in bytes.
    pub most_bytes: usize,
    /// How many bytes of small pictures are kept.
    pub cache_bytes: u64,
}

/// Fetches pictures and keeps them, in bounded memory.
#[derive(Debug)]
pub struct Pictures {
    fetcher: Fetcher,
    wait: Duration,
    kept: Cache<Key, Kept, Weight>,
    underway: Mutex<HashMap<Key, watch::Receiver<Option<Found>>>>,
    hosts: [Host; HOSTS.len()],
    counts: PictureCounts,
}

/// A host's turns, and who waits for one.
#[derive(Debug)]
struct Host {
    turns: Semaphore,
    waiting: AtomicUsize,
}

/// What became of pictures since the start.
#[derive(Debug, Default)]
pub struct PictureCounts {
    /// That were there.
    pub kept: AtomicU64,
    /// That were fetched.
    pub fetched: AtomicU64,
    /// That could not be had.
    pub failed: AtomicU64,
}

type Key = (String, Use);

/// `None`: there is no picture there.
type Found = Option<Arc<Picture>>;

#[derive(Clone, Debug)]
enum Kept {
    /// `until` is for those that change.
    Picture {
        picture: Arc<Picture>,
        until: Option<Instant>,
    },
    Missing {
        until: Instant,
    },
}

#[derive(Clone, Debug)]
struct Weight;

impl Weighter<Key, Kept> for Weight {
    fn weight(&self, (url, _): &Key, kept: &Kept) -> u64 {
        let picture = match kept {
            Kept::Picture { picture, .. } => picture.size(),
            Kept::Missing { .. } => 0,
        };
        ENTRY + (url.len() + picture) as u64
    }
}

impl Pictures {
    /// Keeps nothing yet. Fails if the system has no randomness or certificates for connections.
    pub fn new(settings: PictureSettings) -> Result<Self, reqwest::Error> {
        // A kept picture is about 12 KB; the estimate only sizes tables.
        let estimate = (settings.cache_bytes / 12_000) as usize + 64;
        Ok(Self {
            wait: settings.wait,
            kept: Cache::with_weighter(estimate, settings.cache_bytes, Weight),
            fetcher: Fetcher::new(settings)?,
            underway: Mutex::default(),
            hosts: HOSTS.map(|_| Host {
                turns: Semaphore::new(AT_ONCE),
                waiting: AtomicUsize::new(0),
            }),
            counts: PictureCounts::default(),
        })
    }

    /// What became of pictures since the start.
    pub fn counts(&self) -> &PictureCounts {
        &self.counts
    }

    /// The picture at an address, if it is kept or comes in time.
    pub async fn get(self: &Arc<Self>, url: &str, used: Use) -> Found {
        let key = (url.to_owned(), used);
        match self.kept.get(&key) {
            Some(Kept::Picture { picture, until })
                if until.is_none_or(|until| Instant::now() < until) =>
            {
                self.counts.kept.fetch_add(1, Ordering::Relaxed);
                return Some(picture);
            }
            Some(Kept::Missing { until }) if Instant::now() < until => return None,
            _ => {}
        }
        let address = Address::parse(url).ok()?;
        let mut found = self.underway(key, address);
        let found = tokio::time::timeout(self.wait, found.wait_for(Option::is_some)).await;
        found.ok()?.ok()?.clone().flatten()
    }

    /// Joins the fetch that is under way, or starts one. It goes on when nobody waits any more.
    fn underway(self: &Arc<Self>, key: Key, address: Address) -> watch::Receiver<Option<Found>> {
        let mut underway = self.underway.lock();
        if let Some(found) = underway.get(&key) {
            return found.clone();
        }
        let (finding, found) = watch::channel(None);
        underway.insert(key.clone(), found.clone());
        let fetch = Underway {
            pictures: Arc::clone(self),
            key,
        };
        tokio::spawn(async move {
            let there = fetch.run(address).await;
            drop(fetch);
            finding.send_replace(Some(there));
        });
        found
    }

    /// A turn at a host. `None` if too many wait for one, or it does not come in time.
    async fn turn(&self, host: usize) -> Option<SemaphorePermit<'_>> {
        let host = self.hosts.get(host)?;
        if let Ok(turn) = host.turns.try_acquire() {
            return Some(turn);
        }
        if host.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING {
            host.waiting.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        let turn = tokio::time::timeout(self.wait, host.turns.acquire()).await;
        host.waiting.fetch_sub(1, Ordering::Relaxed);
        turn.ok()?.ok()
    }
}

/// A fetch that is under way, and is none any more when this is dropped.
struct Underway {
    pictures: Arc<Pictures>,
    key: Key,
}

impl Underway {
    /// Fetches the picture and keeps what came of it. Without a turn nothing is known of it.
    async fn run(&self, address: Address) -> Found {
        let (pictures, (url, used)) = (&self.pictures, &self.key);
        let _turn = pictures.turn(address.host()).await?;
        let is_live = address.is_live();
        let there = match pictures.fetcher.fetch(address, *used).await {
            Ok(picture) => {
                pictures.counts.fetched.fetch_add(1, Ordering::Relaxed);
                Some(Arc::new(picture))
            }
            Err(error) => {
                pictures.counts.failed.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(%url, %error, "a card does without a picture");
                None
            }
        };
        let kept = match &there {
            Some(picture) => Kept::Picture {
                picture: Arc::clone(picture),
                until: is_live.then(|| Instant::now() + LIVE_FOR),
            },
            None => Kept::Missing {
                until: Instant::now() + MISSING_FOR,
            },
        };
        pictures.kept.insert(self.key.clone(), kept);
        there
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.pictures.underway.lock().remove(&self.key);
    }
}
