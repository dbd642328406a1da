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
    "𝓕𝓪𝓷𝓬𝔂 𝓛𝓮𝓽𝓽𝓮𝓻𝓼",
    "נועה בן־דוד",
    "أمير الفنار 🏮 Amir",
    "田中 花子",
    "Ⓒⓘⓡⓒⓛⓔⓢ ✦ 𝔊𝔬𝔱𝔥",
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
    Game {
        name: "Moonlit Orbit",
        application: 512_903_118_730_264_576,
        details: &["Docking at Tethys Station", "Charting the outer belt"],
        states: &["Day 214", "Low on fuel"],
        party: 4,
    },
    Game {
        name: "Lighthouse Keeper",
        application: 623_447_091_254_968_320,
        details: &["Lighting the lamp", "A storm from the north-west"],
        states: &["Winter, year 3", "Co-op with Zoë"],
        party: 2,
    },
    Game {
        name: "影の都",
        application: 734_118_265_009_373_184,
        details: &["第三章：灯りの塔", "屋根の上"],
        states: &["Lv. 38", "探索中"],
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
    (
        "Glass Harbour",
        "Northern Pier",
        "Tide Tables",
        "5b1Q0yXcGm2nZr7TtKfWha",
        "ab67616d0000b273e4b1c07d5a9f26381c7d4e90",
    ),
    (
        "ليالي المنارة",
        "Layla Nour",
        "ضوء",
        "1hV8mPzLqRk4sYw6NdEoXt",
        "ab67616d0000b2737f3c92a8d10b4e65c2f8a917",
    ),
    (
        "Slow Light (Live at the Old Observatory, Second Night, Remastered)",
        "Vera Lindqvist; The Long Exposure; Tomasz Wilk",
        "Slow Light",
        "6cT2xNvBgJd9uMe3KaLpQs",
        "ab67616d0000b27329d8b6f04c1e73a5908f2d64",
    ),
    (
        "등대지기",
        "한강밤",
        "밤바다",
        "3rW5kHyZfCo8iPt1VxGbUn",
        "ab67616d0000b273b05a8e17f2c94d3680a1e7cb",
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
