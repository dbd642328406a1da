//! The values that Lantern talks about: plain data, validated once in its constructors.
//!
//! Nothing in here does I/O, knows the time or names an actor.

pub mod activity;
pub mod flags;
pub mod id;
pub mod image_name;
pub mod image_url;
pub mod member;
pub mod pair;
pub mod presence;
pub mod profile;
pub mod spotify;
pub mod time;
pub mod version;

pub use activity::{Activity, ActivityAsset, ActivityId, ActivityKind, ActivityTraits, Emoji};
pub use flags::UserFlags;
pub use id::{ApplicationId, GuildId, InvalidId, UserId};
pub use image_url::ImageUrl;
pub use member::Member;
pub use pair::{InvalidPairKey, InvalidPairValue, PairKey, PairValue, Pairs};
pub use presence::{Platforms, Presence, Status};
pub use profile::{Profile, ProfileUpdate, ServerTag};
pub use time::Timestamp;
pub use version::Version;
