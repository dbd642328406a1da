//! A user's public flags, the source of the badges on a profile.

use serde::ser::{SerializeSeq, SerializeStruct, Serializer};
use serde::{Deserialize, Serialize};

/// Every documented flag: its bit and the name that Lantern publishes.
///
/// Bits: Discord's developer documentation, "User Flags", and the stable undocumented ones that
/// its client shows. Names: those of discord.js's `UserFlags`, because Lantern's clients have
/// always received these (`"Staff"` in the contract is one) and choose badges by them.
const NAMES: [(u32, &str); 23] = [
    (0, "Staff"),
    (1, "Partner"),
    (2, "Hypesquad"),
    (3, "BugHunterLevel1"),
    (4, "MFASMS"),
    (5, "PremiumPromoDismissed"),
    (6, "HypeSquadOnlineHouse1"),
    (7, "HypeSquadOnlineHouse2"),
    (8, "HypeSquadOnlineHouse3"),
    (9, "PremiumEarlySupporter"),
    (10, "TeamPseudoUser"),
    (13, "HasUnreadUrgentMessages"),
    (14, "BugHunterLevel2"),
    (16, "VerifiedBot"),
    (17, "VerifiedDeveloper"),
    (18, "CertifiedModerator"),
    (19, "BotHTTPInteractions"),
    (20, "Spammer"),
    (21, "DisablePremium"),
    (22, "ActiveDeveloper"),
    (44, "Quarantined"),
    (50, "Collaborator"),
    (51, "RestrictedCollaborator"),
];

/// A user's public flags as Discord sends them, unknown bits included.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(transparent)]
pub struct UserFlags(u64);

impl UserFlags {
    /// The flags with these bits set.
    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// All bits.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// The names of the known flags that are set, lowest bit first.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES
            .iter()
            .filter(move |(bit, _)| self.0 >> bit & 1 == 1)
            .map(|(_, name)| *name)
    }
}

/// Flags as clients see them: `{"human_readable": ["Staff"], "bitfield": 1}`.
pub struct PublishedFlags(pub UserFlags);

impl Serialize for PublishedFlags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("PublishedFlags", 2)?;
        fields.serialize_field("human_readable", &Names(self.0))?;
        fields.serialize_field("bitfield", &self.0.bits())?;
        fields.end()
    }
}

struct Names(UserFlags);

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The length comes first because MessagePack needs it.
        let mut names = serializer.serialize_seq(Some(self.0.names().count()))?;
        for name in self.0.names() {
            names.serialize_element(name)?;
        }
        names.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_flags_are_named_and_unknown_bits_kept() {
        let flags = UserFlags::from_bits(1 | 1 << 9 | 1 << 22 | 1 << 40);
        assert_eq!(
            serde_json::to_string(&PublishedFlags(flags)).unwrap(),
            r#"{"human_readable":["Staff","PremiumEarlySupporter","ActiveDeveloper"],"bitfield":1099515822593}"#
        );
    }

    #[test]
    fn the_bitfield_is_whole_up_to_its_last_bit() {
        let json = |bits| serde_json::to_value(PublishedFlags(UserFlags::from_bits(bits))).unwrap();
        let known_and_not = json(8_388_672);
        assert_eq!(known_and_not["bitfield"], 8_388_672);
        assert_eq!(
            known_and_not["human_readable"],
            serde_json::json!(["HypeSquadOnlineHouse1"])
        );
        for bits in [1 << 44, 1 << 53, (1 << 53) + 1, u64::MAX] {
            assert_eq!(json(bits)["bitfield"], bits);
        }
    }

    #[test]
    fn no_flags_have_no_names() {
        assert_eq!(UserFlags::default().names().count(), 0);
        assert_eq!(UserFlags::from_bits(u64::MAX).names().count(), NAMES.len());
    }
}
