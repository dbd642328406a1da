//! Gateway intents: which events a session asked for.

/// Guild objects.
pub const GUILDS: u64 = 1 << 0;
/// Members that join, change and leave. Privileged.
pub const GUILD_MEMBERS: u64 = 1 << 1;
/// Presence updates. Privileged.
pub const GUILD_PRESENCES: u64 = 1 << 8;
/// What messages say. Privileged.
pub const MESSAGE_CONTENT: u64 = 1 << 15;
/// Events that every session gets.
pub const ALWAYS: u64 = 0;

/// The intents that a bot needs permission for.
const PRIVILEGED: u64 = GUILD_MEMBERS | GUILD_PRESENCES | MESSAGE_CONTENT;
/// Bits 0 to 16, 20, 21, 24 and 25 exist.
const KNOWN: u64 = 0x1_ffff | 1 << 20 | 1 << 21 | 1 << 24 | 1 << 25;

/// Whether all bits are intents.
pub fn exist(intents: u64) -> bool {
    intents & !KNOWN == 0
}

/// Whether some of the intents need permission.
pub fn privileged(intents: u64) -> bool {
    intents & PRIVILEGED != 0
}
