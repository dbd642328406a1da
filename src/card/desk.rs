//! Where cards are ordered: gathers their pictures, draws them, keeps what was drawn.

use std::{
    hash::{Hash, Hasher},
    num::NonZero,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use lantern_actors::domain::Timestamp;
use quick_cache::{Weighter, sync::Cache};
use thiserror::Error;
use tokio::sync::Semaphore;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::{
    album::{Album, Picture},
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
    /// So many are being drawn that its turn did not come.
    #[error("draw a card: no turn came in time")]
    Busy,
}

/// How long a card waits for its turn to be drawn. GitHub's image proxy gives up after 4 s, of which
/// its pictures may take some.
const PATIENCE: Duration = Duration::from_secs(2);

/// Draws cards.
#[derive(Debug)]
pub struct Cards {
    pictures: Arc<Pictures>,
    proxy: Option<ImageProxy>,
    drawn: Cache<u128, Card, Weight>,
    /// As many cards are drawn at once as there are cores but one, so that everything else is answered.
    turns: Arc<Semaphore>,
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
            turns: Arc::new(Semaphore::new(cores.saturating_sub(1).max(1))),
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
        document: &Bytes,
        options: &CardOptions,
        format: Format,
        now: Timestamp,
    ) -> Result<Card, CardError> {
        let user: Document<'_> = serde_json::from_slice(document)?;
        let content = Content::of(&user, options, now);
        let album = self.album(&content).await;
        let key = key(&content, options, &album);
        let (document, its_options) = (document.clone(), options.clone());
        let svg = self.drawn(Some(key), &self.counts.svg, move || {
            let user: Document<'_> = serde_json::from_slice(&document)?;
            let content = Content::of(&user, &its_options, now);
            Ok(draw::card(&content, &its_options, &album).into())
        });
        self.packed(svg.await?, options, format, true).await
    }

    /// A card that tells why there is no other one. It is not kept: it may say anything.
    pub async fn notice(
        &self,
        (title, message): (&str, &str),
        options: &CardOptions,
        format: Format,
    ) -> Result<Card, CardError> {
        let svg = draw::notice(title, message, options.theme, options.border_radius_rem);
        self.packed(Card::new(svg.into()), options, format, false)
            .await
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

    async fn packed(
        &self,
        svg: Card,
        options: &CardOptions,
        format: Format,
        is_kept: bool,
    ) -> Result<Card, CardError> {
        if format == Format::Svg {
            return Ok(svg);
        }
        let width = options.width;
        let key = svg.fingerprint.rotate_left(64) ^ u128::from(width);
        self.drawn(is_kept.then_some(key), &self.counts.png, move || {
            let svg = String::from_utf8_lossy(&svg.bytes);
            Ok(raster::png(&svg, width)?.into())
        })
        .await
    }

    /// What is kept under a key, or drawn on a thread of its own when its turn comes. Who comes while it
    /// is being drawn finds it kept.
    async fn drawn(
        &self,
        key: Option<u128>,
        count: &AtomicU64,
        draw: impl FnOnce() -> Result<Bytes, CardError> + Send + 'static,
    ) -> Result<Card, CardError> {
        let kept = || {
            let card = self.drawn.get(&key?)?;
            self.counts.kept.fetch_add(1, Ordering::Relaxed);
            Some(card)
        };
        if let Some(card) = kept() {
            return Ok(card);
        }
        let turn = Arc::clone(&self.turns).acquire_owned();
        let turn = tokio::time::timeout(PATIENCE, turn).await;
        let turn = turn.ok().and_then(Result::ok).ok_or(CardError::Busy)?;
        if let Some(card) = kept() {
            return Ok(card);
        }
        // The turn ends with the thread's work, also if nobody waits for it any more.
        let drawing = tokio::task::spawn_blocking(move || (draw(), turn));
        let (bytes, _turn) = drawing.await?;
        let card = Card::new(bytes?);
        count.fetch_add(1, Ordering::Relaxed);
        if let Some(key) = key {
            self.drawn.insert(key, card.clone());
        }
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
        album
            .get(url, used)
            .map(Picture::fingerprint)
            .hash(&mut hasher);
    }
    hasher.digest128()
}

/// Where the avatar of a user is, who has this public document.
pub fn avatar_url(document: &[u8]) -> Result<String, CardError> {
    let user: Document<'_> = serde_json::from_slice(document)?;
    Ok(user.metadata.display_avatar_url.into_owned())
}
