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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::{ActivityAsset, ActivityId, ActivityKind, Platforms, Status};

    fn listening(start_ms: Option<i64>, end_ms: Option<i64>) -> Presence {
        let song = Activity {
            id: ActivityId::SPOTIFY,
            kind: ActivityKind::Listening,
            name: "Spotify".to_owned(),
            state: Some("Rick Astley; Friends".to_owned()),
            details: Some("Never Gonna Give You Up".to_owned()),
            application_id: None,
            created_at: Timestamp::default(),
            start: start_ms.map(Timestamp::from_unix_ms),
            end: end_ms.map(Timestamp::from_unix_ms),
            large_image: ActivityAsset::new(
                Some("spotify:ab67".to_owned()),
                Some("Hits".to_owned()),
            ),
            small_image: None,
            emoji: None,
            sync_id: Some("4uLU6hMCjMI75M1A2tKUQC".to_owned()),
        };
        Presence::new(Status::Online, Platforms::default(), vec![song])
    }

    fn published(presence: &Presence, now_ms: i64) -> Value {
        serde_json::to_value(Spotify::of(presence, Timestamp::from_unix_ms(now_ms))).unwrap()
    }

    fn progress(start_ms: Option<i64>, end_ms: Option<i64>, now_ms: i64) -> Value {
        published(&listening(start_ms, end_ms), now_ms)["time"].clone()
    }

    #[test]
    fn a_song_is_told_as_discord_gives_it() {
        assert_eq!(
            published(&listening(Some(10_000), Some(222_000)), 70_999),
            json!({
                "track_id": "4uLU6hMCjMI75M1A2tKUQC",
                "song": "Never Gonna Give You Up",
                "artist": "Rick Astley; Friends",
                "album": "Hits",
                "album_cover": "https://i.scdn.co/image/ab67",
                "start_time": {"unix": 10, "raw": "1970-01-01T00:00:10.000Z"},
                "end_time": {"unix": 222, "raw": "1970-01-01T00:03:42.000Z"},
                "time": {"current_human_readable": "01:00", "end_human_readable": "03:32"},
            })
        );
    }

    #[test]
    fn nobody_listening_is_null() {
        assert_eq!(published(&Presence::default(), 0), Value::Null);
    }

    #[test]
    fn progress_stays_within_the_song() {
        let (start, end) = (Some(60_000), Some(120_000));
        assert_eq!(progress(start, end, 0)["current_human_readable"], "00:00");
        assert_eq!(
            progress(start, end, 999_000)["current_human_readable"],
            "01:00"
        );
        assert_eq!(progress(end, start, 999_000)["end_human_readable"], "00:00");
    }

    #[test]
    fn hours_are_shown_when_there_are_some() {
        let time = progress(Some(0), Some(3_725_000), 3_599_000);
        assert_eq!(time["current_human_readable"], "59:59");
        assert_eq!(time["end_human_readable"], "1:02:05");
    }

    #[test]
    fn times_that_discord_does_not_tell_are_null() {
        let nothing = progress(None, None, 5_000);
        assert_eq!(
            nothing,
            json!({"current_human_readable": null, "end_human_readable": null})
        );
        assert_eq!(
            progress(Some(0), None, 5_000)["current_human_readable"],
            "00:05"
        );
        assert_eq!(
            progress(None, Some(9_000), 5_000)["end_human_readable"],
            Value::Null
        );
    }

    proptest! {
        #[test]
        fn any_times_can_be_told(start: Option<i64>, end: Option<i64>, now: i64) {
            let time = progress(start, end, now);
            prop_assert_eq!(time["current_human_readable"].is_null(), start.is_none());
        }
    }
}
