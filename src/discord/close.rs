//! What follows when Discord closes the connection, code by code.
//!
//! <https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes>

use super::gateway::GatewayError;

/// What to do after a connection.
#[derive(Clone, Debug)]
pub(super) enum Next {
    /// Resume the session.
    Resume,
    /// The session is gone: begin another one.
    Identify,
    /// Whether the token is still valid has to be asked first.
    LogIn,
    /// End: only somebody who changes something can help.
    Fail(GatewayError),
}

/// What follows a close with this code; `None`: the connection ended without one.
pub(super) fn next(code: Option<u16>) -> Next {
    match code {
        // Not authenticated: the session was ended, by a new token among other things.
        Some(4003) => Next::LogIn,
        Some(4004) => Next::Fail(GatewayError::InvalidToken),
        // Invalid sequence number; session timed out.
        Some(4007 | 4009) => Next::Identify,
        // Invalid shard; sharding required.
        Some(4010 | 4011) => Next::Fail(GatewayError::ShardingRequired),
        Some(4012) => Next::Fail(GatewayError::UnknownVersion),
        // Invalid intents; disallowed intents.
        Some(4013 | 4014) => Next::Fail(GatewayError::MissingIntents),
        // Whatever it was, Discord says by opcode 9 if the session cannot be resumed.
        _ => Next::Resume,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_code_has_its_consequence() {
        use GatewayError::{InvalidToken, MissingIntents, ShardingRequired, UnknownVersion};
        for (codes, expected) in [
            (&[4000, 4001, 4002, 4005, 4008][..], Next::Resume),
            (&[4003], Next::LogIn),
            (&[4007, 4009], Next::Identify),
            (&[4004], Next::Fail(InvalidToken)),
            (&[4010, 4011], Next::Fail(ShardingRequired)),
            (&[4012], Next::Fail(UnknownVersion)),
            (&[4013, 4014], Next::Fail(MissingIntents)),
            (&[1000, 1001, 1006, 1011, 4006, 4015, 4999], Next::Resume),
        ] {
            for code in codes {
                let next = format!("{:?}", next(Some(*code)));
                assert_eq!(next, format!("{expected:?}"), "{code}");
            }
        }
        assert!(matches!(next(None), Next::Resume));
    }
}
