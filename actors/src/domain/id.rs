//! Discord's ids ("snowflakes"): non-zero 64-bit numbers, a type for each thing that has one.
//!
//! They are strings in JSON, because a JavaScript number cannot hold them, and integers in compact
//! binary records.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

/// What every id is made of when it comes as text.
const MAX_DIGITS: usize = 20;

/// The text or number is not a Discord id.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a Discord id is a whole number of 1 to 20 digits, from 1 to 18446744073709551615")]
pub struct InvalidId;

fn parse(text: &str) -> Result<NonZeroU64, InvalidId> {
    // `u64::from_str` takes a leading plus, so the digits are checked first.
    if text.len() > MAX_DIGITS || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidId);
    }
    text.parse().map_err(|_| InvalidId)
}

struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = NonZeroU64;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a Discord id")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<NonZeroU64, E> {
        parse(text).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<NonZeroU64, E> {
        NonZeroU64::new(number).ok_or_else(|| E::custom(InvalidId))
    }
}

macro_rules! discord_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(NonZeroU64);

        impl $name {
            /// The id as a number.
            pub fn get(self) -> u64 {
                self.0.get()
            }
        }

        impl TryFrom<u64> for $name {
            type Error = InvalidId;

            fn try_from(number: u64) -> Result<Self, InvalidId> {
                NonZeroU64::new(number).map(Self).ok_or(InvalidId)
            }
        }

        impl From<NonZeroU64> for $name {
            fn from(number: NonZeroU64) -> Self {
                Self(number)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, out)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    serializer.serialize_u64(self.get())
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    deserializer.deserialize_any(IdVisitor).map(Self)
                } else {
                    deserializer.deserialize_u64(IdVisitor).map(Self)
                }
            }
        }
    };
}

discord_id! {
    /// A Discord user.
    UserId
}

discord_id! {
    /// A Discord guild, which people call a server.
    GuildId
}

discord_id! {
    /// A Discord application: a game, a bot, an integration.
    ApplicationId
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_that_is_no_id_is_refused() {
        for text in [
            "",
            "0",
            "00",
            "-1",
            "+1",
            " 1",
            "1 ",
            "1e3",
            "0x1",
            "abc",
            "18446744073709551616",
            "000000000000000000001",
            "\u{661}",
            "123456789012345678\0",
        ] {
            assert_eq!(text.parse::<UserId>(), Err(InvalidId), "{text:?}");
        }
    }

    #[test]
    fn the_largest_id_is_taken() {
        let id: GuildId = "18446744073709551615".parse().unwrap();
        assert_eq!(id.get(), u64::MAX);
    }

    #[test]
    fn json_has_strings_and_takes_numbers_too() {
        let id: UserId = "123456789012345678".parse().unwrap();
        assert_eq!(
            serde_json::to_string(&id).unwrap(),
            r#""123456789012345678""#
        );
        assert_eq!(
            serde_json::from_str::<UserId>("123456789012345678").unwrap(),
            id
        );
        assert!(serde_json::from_str::<UserId>("0").is_err());
        assert!(serde_json::from_str::<UserId>("-5").is_err());
        assert!(serde_json::from_str::<UserId>("null").is_err());
    }

    proptest! {
        #[test]
        fn text_json_and_records_round_trip(number in 1..=u64::MAX) {
            let id = UserId::try_from(number).unwrap();
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            let json = serde_json::to_vec(&id).unwrap();
            prop_assert_eq!(serde_json::from_slice::<UserId>(&json).unwrap(), id);
            let packed = rmp_serde::to_vec(&id).unwrap();
            prop_assert!(packed.len() <= 9);
            prop_assert_eq!(rmp_serde::from_slice::<UserId>(&packed).unwrap(), id);
        }

        #[test]
        fn any_text_is_an_id_or_refused(text in ".{0,24}") {
            if let Ok(id) = text.parse::<UserId>() {
                prop_assert!(text.bytes().all(|byte| byte.is_ascii_digit()));
                prop_assert_eq!(text.trim_start_matches('0'), id.to_string());
            }
        }
    }
}
