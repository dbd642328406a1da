//! The song that a user is listening to on Spotify, told by one of their activities.

use std::fmt;

use serde::{Serialize, Serializer};

use super::activity::Activity;
use super::image_url::ImageUrl;
use super::presence::Presence;
use super::time::{PublishedTime, Timestamp};

/// The song, at the moment that it is rendered. Serialised, it is the contract's Spotify object;
/// what Discord does not tell is null.
#[derive(Clone, Debug, Serialize)]
pub struct Spotify<'a> {
    track_id: Option<&'a str>,
    song: Option<&'a str>,
    /// As Discord gives it: several artists are separated by `; `.
    artist: Option<&'a str>,
    album: Option<&'a str>,
    album_cover: Option<ImageUrl<'a>>,
    start_time: Option<PublishedTime>,
    end_time: Option<PublishedTime>,
    time: Progress,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Progress {
    current_human_readable: Option<Clock>,
    end_human_readable: Option<Clock>,
}

impl<'a> Spotify<'a> {
    /// The song in this presence, if there is one.
    pub fn of(presence: &'a Presence, now: Timestamp) -> Option<Self> {
        let activity = presence
            .activities
            .iter()
            .find(|activity| activity.is_spotify())?;
        let cover = activity.large_image.as_ref();
        Some(Self {
            track_id: activity.sync_id.as_deref(),
            song: activity.details.as_deref(),
            artist: activity.state.as_deref(),
            album: cover.and_then(|cover| cover.text.as_deref()),
            album_cover: cover.and_then(|cover| cover.image_url(activity.application_id)),
            start_time: activity.start.map(PublishedTime),
            end_time: activity.end.map(PublishedTime),
            time: Progress::of(activity, now),
        })
    }
}

impl Progress {
    fn of(activity: &Activity, now: Timestamp) -> Self {
        let length_ms = activity
            .start
            .zip(activity.end)
            .map(|(start, end)| end.ms_since(start).max(0));
        let played_ms = activity.start.map(|start| now.ms_since(start).max(0));
        Self {
            current_human_readable: played_ms
                .map(|played_ms| Clock::from_ms(played_ms.min(length_ms.unwrap_or(i64::MAX)))),
            end_human_readable: length_ms.map(Clock::from_ms),
        }
    }
}

/// A duration as `mm:ss`, or `h:mm:ss` from an hour on.
#[derive(Clone, Copy, Debug)]
struct Clock {
    seconds: i64,
}

impl Clock {
    fn from_ms(ms: i64) -> Self {
        Self {
            seconds: ms / 1_000,
        }
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hours, minutes) = (self.seconds / 3_600, self.seconds / 60 % 60);
        if hours > 0 {
            write!(out, "{hours}:")?;
        }
        write!(out, "{minutes:02}:{:02}", self.seconds % 60)
    }
}

impl Serialize for Clock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
