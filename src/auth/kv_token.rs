//! Tokens for a user's storage. They are derived, so nothing secret is stored.
//!
//! A token is `lt_kv_` and 48 letters of base64url: user id, token version, the first 128 bits of
//! HMAC-SHA256 (RFC 2104) of `kv`, user id and version under the secret, and a CRC-32 of all that,
//! by which a mistyped one is told from a forged one without the secret.

use base64::{Engine, engine::general_purpose as base64_forms};
use hmac::{Hmac, Mac};
use lantern_actors::{domain::UserId, ports::store::TokenVersion};
use sha2::Sha256;

/// What a token begins with, so that it is recognised where it was left by mistake.
const PREFIX: &str = "lt_kv_";
/// What else the secret may be used for gets another purpose.
const PURPOSE: &[u8] = b"lantern kv token 1";
/// The least that a secret may be: as long as the hash (RFC 2104 section 3).
const LEAST_SECRET_BYTES: usize = 32;

const CLAIMS_BYTES: usize = 16;
const MAC_BYTES: usize = 16;
const TOKEN_BYTES: usize = CLAIMS_BYTES + MAC_BYTES + 4;

/// A secret cannot be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "a secret is 256 random bits or more, as hexadecimal or base64, as `openssl rand -hex 32` makes one; several are separated by commas, the newest first"
)]
pub struct SecretError;

/// Why a text opens nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NoToken {
    /// It has another form, or was mistyped.
    #[error("this is not a token of Lantern's storage, or a letter of it is wrong")]
    Malformed,
    /// It was made with another secret, or forged.
    #[error("this token was not made by this Lantern")]
    Forged,
}

/// What a genuine token says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Claims {
    /// Whose storage.
    pub user: UserId,
    /// It is valid as long as this is the user's token version.
    pub version: TokenVersion,
}

/// Makes tokens and tells genuine ones.
pub struct KvTokens {
    /// The one that signs, then older ones whose tokens are still taken.
    secrets: Vec<Hmac<Sha256>>,
}

impl KvTokens {
    /// Takes a list of secrets, separated by commas.
    pub fn new(secrets: &str) -> Result<Self, SecretError> {
        let secrets: Result<Vec<_>, _> = secrets
            .split(',')
            .map(|text| {
                let secret = bytes(text.trim()).ok_or(SecretError)?;
                Hmac::new_from_slice(&secret).map_err(|_| SecretError)
            })
            .collect();
        Ok(Self { secrets: secrets? })
    }

    /// The token of a user with this version.
    pub fn issue(&self, claims: Claims) -> String {
        let mut token = Vec::with_capacity(TOKEN_BYTES);
        token.extend(claims.user.get().to_be_bytes());
        token.extend(claims.version.get().to_be_bytes());
        if let Some(secret) = self.secrets.first() {
            let mac = mac(secret, &token).finalize().into_bytes();
            token.extend(mac.iter().take(MAC_BYTES));
        }
        token.extend(crc32fast::hash(&token).to_be_bytes());
        format!("{PREFIX}{}", base64_forms::URL_SAFE_NO_PAD.encode(token))
    }

    /// What a token says, if it is genuine. Comparison takes the same time wherever it differs.
    pub fn verify(&self, text: &str) -> Result<Claims, NoToken> {
        let encoded = text.strip_prefix(PREFIX).ok_or(NoToken::Malformed)?;
        let token: [u8; TOKEN_BYTES] = base64_forms::URL_SAFE_NO_PAD
            .decode(encoded)
            .ok()
            .and_then(|token| token.try_into().ok())
            .ok_or(NoToken::Malformed)?;
        let (signed, checksum) = token.split_last_chunk().ok_or(NoToken::Malformed)?;
        if crc32fast::hash(signed) != u32::from_be_bytes(*checksum) {
            return Err(NoToken::Malformed);
        }
        let (claims, signature) = signed.split_at(CLAIMS_BYTES);
        let is_genuine = self
            .secrets
            .iter()
            .any(|secret| mac(secret, claims).verify_truncated_left(signature).is_ok());
        if !is_genuine {
            return Err(NoToken::Forged);
        }
        let (user, version) = claims.split_at(8);
        let number = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_be_bytes);
        Ok(Claims {
            user: UserId::try_from(number(user)).map_err(|_| NoToken::Forged)?,
            version: TokenVersion::new(number(version)),
        })
    }
}

fn mac(secret: &Hmac<Sha256>, claims: &[u8]) -> Hmac<Sha256> {
    let mut mac = secret.clone();
    mac.update(PURPOSE);
    mac.update(claims);
    mac
}

/// The bytes of a secret, if they are enough.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let bytes = match hexadecimal(text) {
        Some(bytes) => bytes,
        None => [
            base64_forms::STANDARD,
            base64_forms::URL_SAFE,
            base64_forms::STANDARD_NO_PAD,
            base64_forms::URL_SAFE_NO_PAD,
        ]
        .iter()
        .find_map(|form| form.decode(text).ok())?,
    };
    let first = *bytes.first()?;
    let is_random = bytes.iter().any(|byte| *byte != first);
    (bytes.len() >= LEAST_SECRET_BYTES && is_random).then_some(bytes)
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|letter| letter.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    let pairs = digits.chunks_exact(2);
    Some(
        pairs
            .map(|pair| pair.iter().fold(0, |byte, digit| byte * 16 + digit) as u8)
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const NEW: &str = "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

    fn claims() -> Claims {
        Claims {
            user: UserId::try_from(123_456_789_012_345_678).unwrap(),
            version: TokenVersion::new(1_620_000_000_000_000),
        }
    }

    #[test]
    fn a_token_says_whose_it_is_and_keeps_its_form() {
        let tokens = KvTokens::new(OLD).unwrap();
        let token = tokens.issue(claims());
        assert_eq!(tokens.verify(&token), Ok(claims()));
        insta::assert_snapshot!(token);
    }

    #[test]
    fn tokens_outlive_their_secret_while_it_is_listed() {
        let old = KvTokens::new(OLD).unwrap().issue(claims());
        let both = KvTokens::new(&format!("{NEW}, {OLD}")).unwrap();
        assert_eq!(both.verify(&old), Ok(claims()));
        let new = both.issue(claims());
        assert_ne!(new, old);
        let only = KvTokens::new(NEW).unwrap();
        assert_eq!(only.verify(&new), Ok(claims()));
        assert_eq!(only.verify(&old), Err(NoToken::Forged));
    }

    #[test]
    fn any_letter_that_is_wrong_is_noticed() {
        let tokens = KvTokens::new(OLD).unwrap();
        let token = tokens.issue(claims());
        for place in 0..token.len() {
            let mut wrong = token.clone().into_bytes();
            wrong[place] = if wrong[place] == b'A' { b'B' } else { b'A' };
            let wrong = String::from_utf8(wrong).unwrap();
            assert_eq!(tokens.verify(&wrong), Err(NoToken::Malformed), "{wrong}");
        }
        for text in [
            "",
            "lt_kv_",
            &token[..token.len() - 1],
            &format!("{token}A"),
        ] {
            assert_eq!(tokens.verify(text), Err(NoToken::Malformed), "{text}");
        }
    }

    #[test]
    fn a_forged_token_is_no_token() {
        let other = KvTokens::new(NEW).unwrap();
        let forged = other.issue(claims());
        let tokens = KvTokens::new(OLD).unwrap();
        assert_eq!(tokens.verify(&forged), Err(NoToken::Forged));
    }

    #[test]
    fn secrets_that_are_too_short_or_no_secret_are_refused() {
        for text in [
            "",
            "secret",
            &OLD[..62],
            &"0".repeat(64),
            &format!("{OLD},"),
            "änderbar",
        ] {
            assert!(KvTokens::new(text).is_err(), "{text}");
        }
    }
}
