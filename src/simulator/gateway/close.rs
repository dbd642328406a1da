//! The codes that Discord closes a gateway connection with.
//!
//! <https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes>

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
