//! The opcodes of the presence socket (seed, "List of Opcodes").

/// What a message on the presence socket is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Opcode {
    /// Server: the first message, with the heartbeat interval.
    Hello = 1,
    /// Client: choose whom to watch.
    Init = 2,
    /// Server: the watched users as they are now.
    InitAck = 3,
    /// Client: still here.
    Heartbeat = 4,
    /// Server: heartbeat seen.
    HeartbeatAck = 5,
    /// Server: a watched user changed.
    PresenceUpdate = 6,
    /// Server: a watched user left the guild.
    UserLeft = 7,
    /// Server: somebody joined the guild (to sockets that watch all).
    UserJoined = 8,
    /// Server: the reason why the socket is about to be closed.
    Disconnect = 9,
    /// Server: a watched user's key-value pairs changed.
    StorageUpdate = 10,
    /// Server: a request could not be carried out; the socket stays open.
    Error = 11,
    /// Client: watch more users.
    Subscribe = 12,
    /// Server: the added users as they are now.
    SubscribeAck = 13,
    /// Client: watch fewer users.
    Unsubscribe = 14,
    /// Server: they are no longer watched.
    UnsubscribeAck = 15,
}

impl Opcode {
    /// The opcode with this number, if the protocol has one.
    pub fn from_number(number: u64) -> Option<Self> {
        Some(match number {
            1 => Self::Hello,
            2 => Self::Init,
            3 => Self::InitAck,
            4 => Self::Heartbeat,
            5 => Self::HeartbeatAck,
            6 => Self::PresenceUpdate,
            7 => Self::UserLeft,
            8 => Self::UserJoined,
            9 => Self::Disconnect,
            10 => Self::StorageUpdate,
            11 => Self::Error,
            12 => Self::Subscribe,
            13 => Self::SubscribeAck,
            14 => Self::Unsubscribe,
            15 => Self::UnsubscribeAck,
            _ => return None,
        })
    }

    /// The number in a message's `op`.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The name in a message's `t`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hello => "HELLO",
            Self::Init => "INIT",
            Self::InitAck => "INIT_ACK",
            Self::Heartbeat => "HEARTBEAT",
            Self::HeartbeatAck => "HEARTBEAT_ACK",
            Self::PresenceUpdate => "PRESENCE_UPDATE",
            Self::UserLeft => "USER_LEFT",
            Self::UserJoined => "USER_JOINED",
            Self::Disconnect => "DISCONNECT",
            Self::StorageUpdate => "STORAGE_UPDATE",
            Self::Error => "ERROR",
            Self::Subscribe => "SUBSCRIBE",
            Self::SubscribeAck => "SUBSCRIBE_ACK",
            Self::Unsubscribe => "UNSUBSCRIBE",
            Self::UnsubscribeAck => "UNSUBSCRIBE_ACK",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_round_trip_and_others_are_unknown() {
        for number in 1..=15 {
            let opcode = Opcode::from_number(number).unwrap();
            assert_eq!(u64::from(opcode.number()), number);
        }
        assert_eq!(Opcode::from_number(0), None);
        assert_eq!(Opcode::from_number(16), None);
    }
}
