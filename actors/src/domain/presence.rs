//! What a user is doing and where they are online.

use serde::de::{Deserialize, Deserializer};
use serde::ser::Serializer;
use serde::{Deserialize as DeriveDeserialize, Serialize};

use super::activity::Activity;

/// How available a user is, altogether or on one platform.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Status {
    /// Not connected, or hiding it.
    #[default]
    Offline,
    /// There.
    Online,
    /// Away from the keyboard.
    Idle,
    /// Do not disturb.
    Dnd,
}

impl Status {
    /// The name that Discord and Lantern use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Online => "online",
            Self::Idle => "idle",
            Self::Dnd => "dnd",
        }
    }

    /// The status of this name; a name that nobody knows is offline.
    pub fn from_name(name: &str) -> Self {
        match name {
            "online" => Self::Online,
            "idle" => Self::Idle,
            "dnd" => Self::Dnd,
            _ => Self::Offline,
        }
    }

    fn from_number(number: u8) -> Self {
        match number {
            1 => Self::Online,
            2 => Self::Idle,
            3 => Self::Dnd,
            _ => Self::Offline,
        }
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(self.as_str())
        } else {
            serializer.serialize_u8(*self as u8)
        }
    }
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let name = String::deserialize(deserializer)?;
            Ok(Self::from_name(&name))
        } else {
            u8::deserialize(deserializer).map(Self::from_number)
        }
    }
}

/// The status on each kind of device. Discord's other kinds (embedded, VR) are not in Lantern's
/// contract and not kept.
#[derive(Clone, Copy, Debug, Default, DeriveDeserialize, Eq, PartialEq, Serialize)]
pub struct Platforms {
    /// The desktop app.
    pub desktop: Status,
    /// The phone app.
    pub mobile: Status,
    /// The browser.
    pub web: Status,
}

/// What Discord last said about what a user is doing. The default is offline.
#[derive(Clone, Debug, Default, DeriveDeserialize, PartialEq, Eq, Serialize)]
pub struct Presence {
    /// The status altogether.
    pub status: Status,
    /// The status on each platform.
    pub platforms: Platforms,
    /// What the user is doing, in Discord's order.
    pub activities: Vec<Activity>,
}

impl Presence {
    /// A presence with these parts. Activities that would have the same id are told apart.
    pub fn new(status: Status, platforms: Platforms, mut activities: Vec<Activity>) -> Self {
        let mut rest = activities.as_mut_slice();
        let mut earlier = Vec::new();
        while let Some((activity, later)) = rest.split_first_mut() {
            while earlier.contains(&activity.id) {
                activity.id = activity.id.next();
            }
            earlier.push(activity.id);
            rest = later;
        }
        Self {
            status,
            platforms,
            activities,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::activity::{ActivityId, ActivityKind};
    use crate::domain::time::Timestamp;

    fn game(id: u64) -> Activity {
        Activity {
            id: ActivityId::from(id),
            kind: ActivityKind::Playing,
            name: "osu!".to_owned(),
            state: None,
            details: None,
            application_id: None,
            created_at: Timestamp::default(),
            start: None,
            end: None,
            large_image: None,
            small_image: None,
            emoji: None,
            sync_id: None,
        }
    }

    #[test]
    fn activities_that_look_the_same_get_ids_of_their_own() {
        let activities = vec![game(7), game(7), game(8), game(u64::MAX), game(u64::MAX)];
        let presence = Presence::new(Status::Online, Platforms::default(), activities);
        let ids: Vec<u64> = presence
            .activities
            .iter()
            .map(|activity| activity.id.into())
            .collect();
        assert_eq!(ids, [7, 8, 9, u64::MAX, 2]);
    }

    #[test]
    fn statuses_keep_their_name_and_number() {
        for status in [Status::Offline, Status::Online, Status::Idle, Status::Dnd] {
            assert_eq!(Status::from_name(status.as_str()), status);
            assert_eq!(Status::from_number(status as u8), status);
        }
        assert_eq!(Status::from_name("invisible"), Status::Offline);
    }
}
