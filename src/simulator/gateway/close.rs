//! The codes that Discord closes a gateway connection with.
//!
//! <https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes>

use thiserror::Error;

/// The longest reason of a close frame, in bytes (RFC 6455, section 5.5).
const MAX_REASON: usize = 123;

/// Why the gateway closes a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// 4001: an opcode that clients may not send.
    UnknownOpcode,
    /// 4002: a payload that is not what its opcode takes.
    DecodeError,
    /// 4003: something else before IDENTIFY.
    NotAuthenticated,
    /// 4004: a wrong token.
    AuthenticationFailed,
    /// 4005: a second IDENTIFY.
    AlreadyAuthenticated,
    /// 4007: RESUME from a sequence number that was never sent.
    InvalidSequence,
    /// 4008: more than 120 payloads a minute.
    RateLimited,
    /// 4009: no heartbeat, or no IDENTIFY, in time.
    SessionTimedOut,
    /// 4010: a shard that cannot be.
    InvalidShard,
    /// 4012: a version of the API that is not spoken.
    InvalidApiVersion,
    /// 4013: intents that do not exist.
    InvalidIntents,
    /// 4014: intents that the bot may not have.
    DisallowedIntents,
}

impl Close {
    const ALL: [Self; 12] = [
        Self::UnknownOpcode,
        Self::DecodeError,
        Self::NotAuthenticated,
        Self::AuthenticationFailed,
        Self::AlreadyAuthenticated,
        Self::InvalidSequence,
        Self::RateLimited,
        Self::SessionTimedOut,
        Self::InvalidShard,
        Self::InvalidApiVersion,
        Self::InvalidIntents,
        Self::DisallowedIntents,
    ];

    /// The code and Discord's words for it.
    pub fn code_and_reason(self) -> (u16, &'static str) {
        match self {
            Self::UnknownOpcode => (4001, "Unknown opcode."),
            Self::DecodeError => (4002, "Error while decoding payload."),
            Self::NotAuthenticated => (4003, "Not authenticated."),
            Self::AuthenticationFailed => (4004, "Authentication failed."),
            Self::AlreadyAuthenticated => (4005, "Already authenticated."),
            Self::InvalidSequence => (4007, "Invalid seq."),
            Self::RateLimited => (4008, "Rate limited."),
            Self::SessionTimedOut => (4009, "Session timed out."),
            Self::InvalidShard => (4010, "Invalid shard."),
            Self::InvalidApiVersion => (4012, "Invalid API version."),
            Self::InvalidIntents => (4013, "Invalid intent(s)."),
            Self::DisallowedIntents => (4014, "Disallowed intent(s)."),
        }
    }
}

/// A close frame that may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    code: u16,
    reason: String,
}

/// Why a close frame may not be sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadFrame {
    /// RFC 6455, section 7.4, has no such code, or not for frames.
    #[error("{0} cannot be sent in a close frame; 1000 to 1003, 1007 to 1014 and 3000 to 4999 can")]
    Code(u16),
    /// The reason does not fit.
    #[error("the reason is {0} bytes long; a close frame takes {MAX_REASON}")]
    Reason(usize),
}

impl Frame {
    /// Without a reason, Discord's words for the code, if it has any.
    pub fn new(code: u16, reason: Option<String>) -> Result<Self, BadFrame> {
        if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
            return Err(BadFrame::Code(code));
        }
        let reason = reason.unwrap_or_else(|| discords_reason(code).to_owned());
        match reason.len() {
            0..=MAX_REASON => Ok(Self { code, reason }),
            length => Err(BadFrame::Reason(length)),
        }
    }

    /// The code.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The reason, which may be empty.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Whether a client that is closed so has no session any more.
    pub fn ends_session(&self) -> bool {
        matches!(self.code, 4003 | 4004 | 4007 | 4009 | 4010..=4014)
    }
}

impl From<Close> for Frame {
    fn from(close: Close) -> Self {
        let (code, reason) = close.code_and_reason();
        let reason = reason.to_owned();
        Self { code, reason }
    }
}

fn discords_reason(code: u16) -> &'static str {
    match code {
        4000 => "Unknown error.",
        4011 => "Sharding required.",
        _ => {
            let mut known = Close::ALL.iter().map(|close| close.code_and_reason());
            let known = known.find(|known| known.0 == code);
            known.map_or("", |known| known.1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_no_frame_carries_are_refused() {
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, u16::MAX] {
            assert_eq!(Frame::new(code, None), Err(BadFrame::Code(code)));
        }
        for code in [1000, 1003, 1007, 1014, 3000, 4003, 4999] {
            assert_eq!(Frame::new(code, None).unwrap().code(), code);
        }
    }

    #[test]
    fn a_reason_has_at_most_123_bytes() {
        assert!(Frame::new(4000, Some("x".repeat(123))).is_ok());
        let long = Frame::new(4000, Some("ä".repeat(62)));
        assert_eq!(long, Err(BadFrame::Reason(124)));
    }

    #[test]
    fn without_a_reason_there_are_discords_words() {
        let reason = |code| Frame::new(code, None).unwrap().reason().to_owned();
        assert_eq!(reason(4003), "Not authenticated.");
        assert_eq!(reason(4011), "Sharding required.");
        assert_eq!(reason(1001), "");
        let given = Frame::new(4003, Some(String::new())).unwrap();
        assert_eq!(given.reason(), "");
    }

    #[test]
    fn after_some_codes_there_is_no_session() {
        let ends = |code: &u16| Frame::new(*code, None).unwrap().ends_session();
        let ending: Vec<u16> = (4000..=4015).filter(ends).collect();
        let all = [4003, 4004, 4007, 4009, 4010, 4011, 4012, 4013, 4014];
        assert_eq!(ending, all);
        assert!(!ends(&1000) && !ends(&1001));
    }
}
