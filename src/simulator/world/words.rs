//! Names, games, songs and sayings that members and their activities are made of.

/// First halves of user names.
pub const FIRST: &[&str] = &[
    "amber", "brisk", "cobalt", "dusty", "ember", "fuzzy", "gentle", "hazel", "indigo", "jolly",
    "keen", "lunar", "mellow", "nimble", "olive", "pixel", "quiet", "rusty", "silver", "tidal",
    "umber", "velvet", "wild", "young", "zesty",
];

/// Second halves of user names.
pub const SECOND: &[&str] = &[
    "badger", "comet", "dolphin", "falcon", "garden", "harbor", "islander", "juniper", "koala",
    "lantern", "meadow", "nomad", "otter", "panda", "quokka", "raven", "sparrow", "tiger",
    "urchin", "voyager", "walrus", "yak", "zebra",
];

/// Display names, of many scripts and lengths. The longest have 32 characters, Discord's limit.
pub const DISPLAY: &[&str] = &[
    "Ada",
    "Márton",
    "Zoë 🌙",
    "さくら",
    "Дмитрий",
    "محمد",
    "李小龍",
    "👩‍💻 Priya",
    "Ḿ̴̢i̶͝d̷͝n̸i̴g̷h̴t̶",
    "ᴛʜᴇ ʟᴀsᴛ ʟᴀɴᴛᴇʀɴ ᴋᴇᴇᴘᴇʀ ᴀʟɪᴠᴇ!!",
    "한국어 사용자",
    "Łukasz \"Luke\" <b>Nowak</b>",
    "ThirtyTwoCharactersIsTheLimit123",
    "José & María",
    "ไทยแลนด์",
    "🏳️‍🌈🏳️‍⚧️🇩🇪",
    "O'Brien",
    "   spaced   ",
];

/// A game, with the application that Discord knows it by.
#[derive(Debug, Clone, Copy, Default)]
pub struct Game {
    /// What the activity is called.
    pub name: &'static str,
    /// The application's id.
    pub application: u64,
    /// First lines.
    pub details: &'static [&'static str],
    /// Second lines.
    pub states: &'static [&'static str],
    /// The most players in a party; 0 when it has none.
    pub party: u32,
}

/// What members play.
pub const GAMES: &[Game] = &[
    Game {
        name: "Starfall Tactics",
        application: 401_518_684_763_586_560,
        details: &["Ranked: Summit", "Casual: Old Harbor", "In the lobby"],
        states: &["3 - 1", "Choosing a hero", "Überlastet 🔥"],
        party: 5,
    },
    Game {
        name: "Deep Hollow",
        application: 356_875_570_916_753_438,
        details: &["Mining at level -42", "Fighting the Warden"],
        states: &["Survival", "Hardcore", "クリエイティブ"],
        party: 8,
    },
    Game {
        name: "Kart Rally 7",
        application: 438_122_941_302_046_720,
        details: &["Rainbow Pass, lap 2 of 3", "Time trial"],
        states: &["2nd place", "Waiting for players"],
        party: 12,
    },
    Game {
        name: "Chess",
        application: 0,
        details: &[],
        states: &[],
        party: 0,
    },
    Game {
        name: "Visual Studio Code",
        application: 383_226_320_970_055_681,
        details: &[
            "Editing main.rs",
            "Editing a file with a name that is so long that Discord had to cut it somewhere",
            "Idling",
        ],
        states: &["Workspace: lantern", "0 problems found"],
        party: 0,
    },
];

/// A song: title, artists, album, Spotify's track id and the cover's id.
pub type Song = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

/// What members listen to on Spotify.
pub const SONGS: &[Song] = &[
    (
        "Night Ferry",
        "Juniper Lane",
        "Harbor Lights",
        "4cOdK2wGLETKBW3PvgPWqT",
        "ab67616d0000b2731a2b3c4d5e6f708192a3b4c5",
    ),
    (
        "夜に駆ける",
        "月灯り; Aoi",
        "灯台",
        "7tFiyTwD0nx5a1eklYtX2J",
        "ab67616d0000b273c5b4a392817060f5e4d3c2b1",
    ),
    (
        "Señorita del Faro",
        "Los Faroles; María Luz",
        "Faro (Deluxe Edition)",
        "0VjIjW4GlUZAMYd2vXMi3b",
        "ab67616d0000b273ffeeddccbbaa99887766554433221100",
    ),
    (
        "Interlude",
        "The Quiet Hours",
        "Untitled",
        "2takcwOaAZWiXQijPHIx7B",
        "ab67616d0000b2730011223344556677889900aabbccddee",
    ),
];

/// Custom statuses; an empty one has an emoji alone.
pub const SAYINGS: &[&str] = &[
    "back at 8",
    "do not feed the bot",
    "",
    "勉強中",
    "¯\\_(ツ)_/¯",
    "\"quoted\" and <tagged> & such",
    "on a train 🚂",
];

/// Emoji of custom statuses that are characters.
pub const EMOJI: &[&str] = &["🔥", "👩‍💻", "🏳️‍🌈", "☕", "1️⃣"];

/// Server tags, four characters at most.
pub const TAGS: &[&str] = &["LTRN", "DEV", "猫猫", "GG", "⚡"];
