//! Signs drawn by us, on a grid of 24: lines two units thick unless it is said otherwise.

use crate::content::{Kind, Platform};

/// SVG shapes that take `fill`, `stroke` and their kin from what they stand in.
pub type Icon = &'static str;

/// A clock.
pub const CLOCK: Icon = r#"<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3.2 2"/>"#;

/// A moon: nothing is being done.
pub const MOON: Icon = r#"<path d="M20.5 14.2A8.6 8.6 0 1 1 9.8 3.5a7 7 0 0 0 10.7 10.7z"/>"#;

/// A lantern: nobody is here.
pub const LANTERN: Icon = r#"<path d="M12 2v2M8.5 4h7M7.5 7h9l1.5 3v6l-1.5 3h-9L6 16v-6zM9.5 19v3h5v-3M12 10c1.9 2 1.9 4.4 0 6-1.9-1.6-1.9-4 0-6z"/>"#;

/// The sign of a device.
pub fn of_platform(platform: Platform) -> Icon {
    match platform {
        Platform::Desktop => {
            r#"<rect x="2.5" y="4" width="19" height="13" rx="2"/><path d="M8 21h8M12 17v4"/>"#
        }
        Platform::Mobile => {
            r#"<rect x="6" y="2" width="12" height="20" rx="2.5"/><path d="M11 18.5h2"/>"#
        }
        Platform::Web => {
            r#"<circle cx="12" cy="12" r="9.5"/><path d="M2.5 12h19M12 2.5c5 5 5 14 0 19M12 2.5c-5 5-5 14 0 19"/>"#
        }
    }
}

/// The sign of an activity without artwork.
pub fn of_kind(kind: Kind) -> Icon {
    match kind {
        Kind::Game => {
            r#"<path d="M7.5 7h9a5.2 5.2 0 0 1 5.1 4.4l.8 4.6a2.6 2.6 0 0 1-4.6 2L15.6 15.5H8.4L6.2 18a2.6 2.6 0 0 1-4.6-2l.8-4.6A5.2 5.2 0 0 1 7.5 7zM8 9.5v3.6M6.2 11.3h3.6M15.2 12.6h.01M17.6 10.2h.01"/>"#
        }
        Kind::Spotify | Kind::Music => {
            r#"<path d="M9 18V5.5l11-2V16"/><circle cx="6" cy="18" r="3"/><circle cx="17" cy="16" r="3"/>"#
        }
        Kind::Film => {
            r#"<rect x="2.5" y="4.5" width="19" height="13" rx="2"/><path d="M8 21h8M10.5 8.3l4.3 2.7-4.3 2.7z"/>"#
        }
        Kind::Stream => {
            r#"<circle cx="12" cy="12" r="2"/><path d="M8.1 15.9a5.5 5.5 0 0 1 0-7.8M15.9 8.1a5.5 5.5 0 0 1 0 7.8M4.9 19.1a10 10 0 0 1 0-14.2M19.1 4.9a10 10 0 0 1 0 14.2"/>"#
        }
        Kind::Other => {
            r#"<circle cx="12" cy="12" r="9.5"/><path d="M7.5 12h.01M12 12h.01M16.5 12h.01"/>"#
        }
        Kind::Contest => {
            r#"<path d="M7.5 3.5h9V9a4.5 4.5 0 0 1-9 0zM7.5 5H3.5v1.5a4 4 0 0 0 4.3 4M16.5 5h4v1.5a4 4 0 0 1-4.3 4M12 13.5V18M8 20.5h8M9.5 20.5c0-3 5-3 5 0"/>"#
        }
    }
}

/// A badge: what flag it stands for, what it is called, its colour, its outline on a grid of 20, and
/// the sign on it.
#[derive(Debug)]
pub struct Badge {
    /// The flag's name in the user's document.
    pub flag: &'static str,
    /// What a screen reader says.
    pub title: &'static str,
    /// The colour of its ground.
    pub colour: &'static str,
    /// Its ground.
    pub ground: Icon,
    /// White lines on it.
    pub sign: Icon,
}

const SHIELD: Icon =
    r#"<path d="M10 .8l7.8 2.9v5.7c0 4.7-3.2 8.1-7.8 9.8-4.6-1.7-7.8-5.1-7.8-9.8V3.7z"/>"#;
const HEXAGON: Icon = r#"<path d="M10 .6l8.2 4.7v9.4L10 19.4l-8.2-4.7V5.3z"/>"#;
const CIRCLE: Icon = r#"<circle cx="10" cy="10" r="9.3"/>"#;
const DIAMOND: Icon = r#"<path d="M10 .4L19.6 10 10 19.6.4 10z"/>"#;
const SQUARE: Icon = r#"<rect x="1" y="1" width="18" height="18" rx="5"/>"#;

const BUG: Icon = r#"<path d="M10 8.5v6M7.2 8.8a2.8 2.8 0 0 1 5.6 0v3a2.8 2.8 0 0 1-5.6 0zM7 9L5 7.8M13 9l2-1.2M7 11.8l-2 1M13 11.8l2 1M8.3 6L7.4 4.7M11.7 6l.9-1.3"/>"#;
const CODE: Icon = r#"<path d="M7.3 7L4.6 10l2.7 3M12.7 7l2.7 3-2.7 3M11 5.8L9 14.2"/>"#;

/// Every badge, in the order in which they are shown.
pub static BADGES: [Badge; 14] = [
    badge(
        "Staff",
        "Discord staff",
        "#5865f2",
        HEXAGON,
        r#"<path d="M12.9 5.8a3 3 0 0 0-3.8 3.8l-3.7 3.7 1.5 1.5 3.7-3.7a3 3 0 0 0 3.8-3.8l-1.8 1.8-1.5-1.5z"/>"#,
    ),
    badge(
        "Partner",
        "Partnered server owner",
        "#4f6df5",
        CIRCLE,
        r#"<path d="M10 10c1.4-2.2 2.3-2.7 3.5-2.7a2.7 2.7 0 0 1 0 5.4c-1.2 0-2.1-.5-3.5-2.7-1.4-2.2-2.3-2.7-3.5-2.7a2.7 2.7 0 0 0 0 5.4c1.2 0 2.1-.5 3.5-2.7z"/>"#,
    ),
    badge(
        "CertifiedModerator",
        "Moderator programs alumni",
        "#e67e22",
        SHIELD,
        r#"<path d="M6.5 10l2.5 2.5 4.5-5"/>"#,
    ),
    badge(
        "Hypesquad",
        "HypeSquad events",
        "#eba23b",
        SHIELD,
        r#"<path d="M7.3 6v7.5M12.7 6v7.5M7.3 9.7h5.4"/>"#,
    ),
    badge(
        "HypeSquadOnlineHouse1",
        "HypeSquad Bravery",
        "#8f6ff0",
        SHIELD,
        r#"<path d="M6.5 12.5L10 6l3.5 6.5L10 10.5z"/>"#,
    ),
    badge(
        "HypeSquadOnlineHouse2",
        "HypeSquad Brilliance",
        "#ea6a55",
        DIAMOND,
        r#"<path d="M10 5.5l1.2 3.3 3.3 1.2-3.3 1.2-1.2 3.3-1.2-3.3L5.5 10l3.3-1.2z"/>"#,
    ),
    badge(
        "HypeSquadOnlineHouse3",
        "HypeSquad Balance",
        "#26b59b",
        HEXAGON,
        r#"<path d="M10 5.5v9M5.5 8h9M7 8l-1.7 3.5h3.4zM13 8l-1.7 3.5h3.4z"/>"#,
    ),
    badge("BugHunterLevel1", "Bug hunter", "#2fa35c", CIRCLE, BUG),
    badge(
        "BugHunterLevel2",
        "Golden bug hunter",
        "#d99a1c",
        CIRCLE,
        BUG,
    ),
    badge(
        "ActiveDeveloper",
        "Active developer",
        "#2e9e5b",
        SQUARE,
        CODE,
    ),
    badge(
        "VerifiedDeveloper",
        "Early verified bot developer",
        "#4752c4",
        HEXAGON,
        CODE,
    ),
    badge(
        "PremiumEarlySupporter",
        "Early supporter",
        "#c264c8",
        CIRCLE,
        r#"<path d="M10 14.5l-4-4.2a2.5 2.5 0 0 1 4-3 2.5 2.5 0 0 1 4 3z"/>"#,
    ),
    badge(
        "Collaborator",
        "Collaborator",
        "#3b82c4",
        CIRCLE,
        r#"<path d="M10 5l1.5 3.3 3.5.4-2.6 2.4.7 3.5-3.1-1.8-3.1 1.8.7-3.5L5 8.7l3.5-.4z"/>"#,
    ),
    badge(
        "RestrictedCollaborator",
        "Restricted collaborator",
        "#6d7f93",
        CIRCLE,
        r#"<path d="M10 5l1.5 3.3 3.5.4-2.6 2.4.7 3.5-3.1-1.8-3.1 1.8.7-3.5L5 8.7l3.5-.4z"/>"#,
    ),
];

const fn badge(
    flag: &'static str,
    title: &'static str,
    colour: &'static str,
    ground: Icon,
    sign: Icon,
) -> Badge {
    Badge {
        flag,
        title,
        colour,
        ground,
        sign,
    }
}

#[cfg(test)]
mod tests {
    use lantern_actors::domain::UserFlags;

    use super::*;

    #[test]
    fn every_badge_stands_for_a_flag_that_users_can_have() {
        let known: Vec<&str> = UserFlags::from_bits(u64::MAX).names().collect();
        for badge in &BADGES {
            assert!(known.contains(&badge.flag), "{}", badge.flag);
        }
    }
}
