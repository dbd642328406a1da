//! Where cards are ordered: gathers their pictures, draws them, keeps what was drawn.

use std::{
    hash::{Hash, Hasher},
    num::NonZero,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use lantern_actors::domain::Timestamp;
use quick_cache::{Weighter, sync::Cache};
use thiserror::Error;
use tokio::sync::Semaphore;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::{
    album::Album,
    content::Content,
    document::Document,
    draw,
    options::CardOptions,
    pictures::{ImageProxy, PictureSettings, Pictures},
    raster::{self, RasterError},
};

/// What a card is packed as.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Format {
    /// As text, drawn by who shows it.
    Svg,
    /// As pixels.
    Png,
}

/// A card, drawn.
#[derive(Clone, Debug)]
pub struct Card {
    /// The file.
    pub bytes: Bytes,
    /// Tells these bytes from others.
    pub fingerprint: u128,
}

/// Why there is no card.
#[derive(Debug, Error)]
pub enum CardError {
    /// The user's document is not what it should be.
    #[error("read the user's document: {0}")]
    Document(#[from] serde_json::Error),
    /// It could not be drawn.
    #[error(transparent)]
    Raster(#[from] RasterError),
    /// The thread that drew it fell.
    #[error("draw a card: {0}")]
    Fell(#[from] tokio::task::JoinError),
}

/// Draws cards.
#[derive(Debug)]
pub struct Cards {
    pictures: Arc<Pictures>,
    proxy: Option<ImageProxy>,
    drawn: Cache<u128, Card, Weight>,
    /// As many PNGs are drawn at once as there are cores.
    turns: Semaphore,
    counts: CardCounts,
}

/// What was drawn since the start.
#[derive(Debug, Default)]
pub struct CardCounts {
    /// Cards that had been drawn before.
    pub kept: AtomicU64,
    /// SVGs that were drawn.
    pub svg: AtomicU64,
    /// PNGs that were drawn.
    pub png: AtomicU64,
}

#[derive(Clone, Debug)]
struct Weight;

impl Weighter<u128, Card> for Weight {
    fn weight(&self, _: &u128, card: &Card) -> u64 {
        64 + card.bytes.len() as u64
    }
}

impl Cards {
    /// Keeps up to so many bytes of cards. Fails if there can be no connections at all.
    pub fn new(pictures: PictureSettings, cache_bytes: u64) -> Result<Self, reqwest::Error> {
        let estimate = (cache_bytes / 40_000) as usize + 16;
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Ok(Self {
            proxy: pictures.proxy.clone(),
            pictures: Arc::new(Pictures::new(pictures)?),
            drawn: Cache::with_weighter(estimate, cache_bytes, Weight),
            turns: Semaphore::new(cores),
            counts: CardCounts::default(),
        })
    }

    /// What was drawn since the start.
    pub fn counts(&self) -> &CardCounts {
        &self.counts
    }

    /// Where the pictures come from.
    pub fn pictures(&self) -> &Arc<Pictures> {
        &self.pictures
    }

    /// Who hands out pictures in place of their hosts.
    pub fn image_proxy(&self) -> Option<&ImageProxy> {
        self.proxy.as_ref()
    }

    /// The card of a user, from their public document, as of a moment.
    pub async fn card(
        &self,
        document: &[u8],
        options: &CardOptions,
        format: Format,
        now: Timestamp,
    ) -> Result<Card, CardError> {
        let user: Document<'_> = serde_json::from_slice(document)?;
        let content = Content::of(&user, options, now);
        let album = self.album(&content).await;
        let key = key(&content, options, &album);
        let svg = self.kept(key, &self.counts.svg, || {
            draw::card(&content, options, &album)
        });
        self.packed(svg, options, format).await
    }

    /// A card that tells why there is no other one.
    pub async fn notice(
        &self,
        (title, message): (&str, &str),
        options: &CardOptions,
        format: Format,
    ) -> Result<Card, CardError> {
        let svg = draw::notice(title, message, options.theme, options.border_radius_rem);
        self.packed(Card::new(svg.into()), options, format).await
    }

    async fn album(&self, content: &Content<'_>) -> Album {
        let wanted = content.pictures();
        let coming = wanted
            .iter()
            .map(|(url, used)| self.pictures.get(url, *used));
        let came = futures_util::future::join_all(coming).await;
        let mut album = Album::default();
        for ((url, used), picture) in wanted.into_iter().zip(came) {
            if let Some(picture) = picture {
                album.insert(url, used, picture);
            }
        }
        album
    }

    fn kept(&self, key: u128, count: &AtomicU64, draw: impl FnOnce() -> String) -> Card {
        if let Some(card) = self.drawn.get(&key) {
            self.counts.kept.fetch_add(1, Ordering::Relaxed);
            return card;
        }
        count.fetch_add(1, Ordering::Relaxed);
        let card = Card::new(draw().into());
        self.drawn.insert(key, card.clone());
        card
    }

    async fn packed(
        &self,
        svg: Card,
        options: &CardOptions,
        format: Format,
    ) -> Result<Card, CardError> {
        if format == Format::Svg {
            return Ok(svg);
        }
        let key = svg.fingerprint.rotate_left(64) ^ u128::from(options.width);
        if let Some(card) = self.drawn.get(&key) {
            self.counts.kept.fetch_add(1, Ordering::Relaxed);
            return Ok(card);
        }
        let width = options.width;
        // Never closed.
        let _turn = self.turns.acquire().await.ok();
        let drawing = tokio::task::spawn_blocking(move || {
            let svg = String::from_utf8_lossy(&svg.bytes);
            raster::png(&svg, width)
        });
        let card = Card::new(drawing.await??.into());
        self.counts.png.fetch_add(1, Ordering::Relaxed);
        self.drawn.insert(key, card.clone());
        Ok(card)
    }
}

impl Card {
    fn new(bytes: Bytes) -> Self {
        Self {
            fingerprint: xxh3_128(&bytes),
            bytes,
        }
    }
}

/// All that decides how a card looks.
fn key(content: &Content<'_>, options: &CardOptions, album: &Album) -> u128 {
    let mut hasher = Xxh3::new();
    content.hash(&mut hasher);
    options.theme.hash(&mut hasher);
    options.animate.hash(&mut hasher);
    hasher.write_u32(options.border_radius_rem.to_bits());
    for (url, used) in content.pictures() {
        album.get(url, used).is_some().hash(&mut hasher);
    }
    hasher.digest128()
}

/// Where the avatar of a user is, who has this public document.
pub fn avatar_url(document: &[u8]) -> Result<String, CardError> {
    let user: Document<'_> = serde_json::from_slice(document)?;
    Ok(user.metadata.display_avatar_url.into_owned())
}
