//! `[cards]`: profile cards and the pictures inside them.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error as _};

use lantern_card::{ImageProxy, PictureSettings};

/// The section.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardsConfig {
    /// Who hands out pictures in place of their hosts.
    #[serde(deserialize_with = "some_proxy")]
    pub image_proxy: Option<ImageProxy>,
    /// How long a card waits for its pictures.
    pub image_wait_ms: u64,
    /// How long a picture may take to come.
    pub image_timeout_ms: u64,
    /// The longest picture that is taken.
    pub max_image_bytes: usize,
    /// Small pictures that are kept.
    pub image_cache_bytes: u64,
    /// Drawn cards that are kept.
    pub cache_bytes: u64,
}

impl CardsConfig {
    /// Tells `within` of each value and its bounds.
    pub(super) fn check(&self, within: &mut impl FnMut(&str, u64, u64, u64)) {
        const MIB: u64 = 1 << 20;
        within("cards.image_wait_ms", self.image_wait_ms, 0, 10_000);
        within("cards.image_timeout_ms", self.image_timeout_ms, 100, 60_000);
        within(
            "cards.max_image_bytes",
            self.max_image_bytes as u64,
            1_024,
            64 * MIB,
        );
        within(
            "cards.image_cache_bytes",
            self.image_cache_bytes,
            MIB,
            1 << 40,
        );
        within("cards.cache_bytes", self.cache_bytes, MIB, 1 << 40);
    }
}

impl From<&CardsConfig> for PictureSettings {
    fn from(config: &CardsConfig) -> Self {
        Self {
            proxy: config.image_proxy.clone(),
            wait: Duration::from_millis(config.image_wait_ms),
            timeout: Duration::from_millis(config.image_timeout_ms),
            most_bytes: config.max_image_bytes,
            cache_bytes: config.image_cache_bytes,
        }
    }
}

fn some_proxy<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ImageProxy>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    let wanted = |_| D::Error::custom("an address as in http://127.0.0.1:8081/images is needed");
    text.parse().map(Some).map_err(wanted)
}
