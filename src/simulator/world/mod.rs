//! The world that is simulated: one guild, its members, and what they do.
//!
//! Nothing here knows of sockets or HTTP. Members are made by [`people`], changes by [`stream`];
//! objects are kept as the JSON that is sent, which is small and cheap to put together.

pub mod activities;
pub mod guild;
pub mod member;
pub mod people;
pub mod presence;
pub mod snowflake;
pub mod stream;
pub mod words;

use std::collections::BTreeMap;
use std::ops::Bound;

use member::Member;
use presence::{Presence, Visibility};
use stream::{Stream, Update};

/// The guild's id.
pub const GUILD_ID: u64 = 1_094_000_000_000_000_000;
/// The bot's user id, which is also its application's id.
pub const BOT_ID: u64 = 1_094_000_000_000_000_100;
/// The role that some members have.
pub const MODERATOR_ROLE: u64 = GUILD_ID + 10;
/// Beyond this many members, GUILD_CREATE holds the bot alone.
const TOO_LARGE: usize = 75_000;
/// When the bot joined: 2023-04-07.
const BOT_JOINED_MS: u64 = 1_680_902_467_000;

/// The guild's members, the bot among them, and the stream that changes them.
#[derive(Debug)]
pub struct World {
    members: BTreeMap<u64, Member>,
    stream: Stream,
    seed: u64,
    first_member: u64,
    /// The number that the next member to join without a name gets.
    next_number: u32,
}

impl World {
    /// The guild that `seed` makes, with `count` members besides the bot.
    pub fn new(seed: u64, count: u32, now_ms: u64) -> Self {
        let mut members = BTreeMap::new();
        let mut visibility = Vec::with_capacity(count as usize);
        for number in 0..count {
            let member = people::member(seed, number, now_ms);
            visibility.push(member.presence().visibility);
            members.insert(member.id(), member);
        }
        let bot = Member::new(
            BOT_ID,
            guild::bot_user(),
            None,
            vec![],
            BOT_JOINED_MS,
            Presence::offline(BOT_ID),
        );
        members.insert(BOT_ID, bot);
        let first_member = people::Persona::of(seed, 0).id;
        Self {
            members,
            stream: Stream::new(seed, visibility),
            seed,
            first_member,
            next_number: count,
        }
    }

    /// The member that the guild's owner is and that examples name.
    pub fn first_member(&self) -> u64 {
        self.first_member
    }

    /// How many members there are, the bot included.
    pub fn size(&self) -> usize {
        self.members.len()
    }

    /// How many members are not offline.
    pub fn present(&self) -> usize {
        self.members
            .values()
            .filter(|member| member.presence().visibility == Visibility::Present)
            .count()
    }

    /// One member.
    pub fn member(&self, id: u64) -> Option<&Member> {
        self.members.get(&id)
    }

    /// One member, to change it.
    pub fn member_mut(&mut self, id: u64) -> Option<&mut Member> {
        self.members.get_mut(&id)
    }

    /// Members in the order of their ids, from the one after `after`.
    pub fn members_after(&self, after: u64) -> impl Iterator<Item = &Member> {
        self.members
            .range((Bound::Excluded(after), Bound::Unbounded))
            .map(|(_, member)| member)
    }

    /// All members in the order of their ids.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.values()
    }

    /// Adds a member; false if there is one with the id.
    pub fn join(&mut self, member: Member) -> bool {
        if self.members.contains_key(&member.id()) {
            return false;
        }
        self.members.insert(member.id(), member);
        true
    }

    /// Takes a member out.
    pub fn leave(&mut self, id: u64) -> Option<Member> {
        self.members.remove(&id)
    }

    /// The next member that could join, as the seed has it.
    pub fn newcomer(&mut self, now_ms: u64) -> Member {
        let number = self.next_number;
        self.next_number = self.next_number.saturating_add(1);
        people::member(self.seed, number, now_ms)
    }

    /// Applies the stream's next update; None if it names a member that has left.
    pub fn advance(&mut self, now_ms: u64) -> Option<Presence> {
        let Update { member, presence } = self.stream.next(now_ms)?;
        let member = self.members.get_mut(&member)?;
        member.set_presence(presence.clone());
        Some(presence)
    }

    /// The `d` of GUILD_CREATE. Up to `large_threshold` members it holds all of them; above, the
    /// bot and those who are not offline; in a very large guild, the bot alone. Without
    /// `with_presences` (the intent), the bot is the only member of a large guild.
    pub fn guild_create(&self, large_threshold: usize, with_presences: bool) -> String {
        let large = self.size() > large_threshold;
        let shown = |member: &Member| match large {
            false => true,
            true if !with_presences || self.size() > TOO_LARGE => member.id() == BOT_ID,
            true => member.id() == BOT_ID || member.presence().visibility == Visibility::Present,
        };
        let shown: Vec<&Member> = self.members().filter(|member| shown(member)).collect();
        let members: Vec<String> = shown.iter().map(|member| member.json()).collect();
        let presences: Vec<&str> = shown
            .iter()
            .filter(|member| with_presences && member.presence().visibility == Visibility::Present)
            .map(|member| &*member.presence().json)
            .collect();
        guild::guild_create(self.first_member, self.size(), large, &members, &presences)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn guild_create(world: &World, threshold: usize, with_presences: bool) -> (usize, usize, bool) {
        let guild: Value =
            serde_json::from_str(&world.guild_create(threshold, with_presences)).unwrap();
        let bot = BOT_ID.to_string();
        let members = guild["members"].as_array().unwrap();
        assert!(members.iter().any(|member| member["user"]["id"] == bot));
        (
            members.len(),
            guild["presences"].as_array().unwrap().len(),
            guild["large"] == true,
        )
    }

    #[test]
    fn a_small_guild_is_sent_whole() {
        let world = World::new(1, 100, 0);
        assert_eq!(
            guild_create(&world, 250, true),
            (101, world.present(), false)
        );
        assert_eq!(guild_create(&world, 250, false), (101, 0, false));
    }

    #[test]
    fn of_a_large_guild_those_who_are_there_are_sent() {
        let world = World::new(1, 400, 0);
        assert_eq!(
            guild_create(&world, 250, true),
            (world.present() + 1, world.present(), true)
        );
        assert_eq!(guild_create(&world, 250, false), (1, 0, true));
    }

    #[test]
    fn the_stream_goes_on_when_members_leave() {
        let mut world = World::new(1, 3, 0);
        world.leave(world.first_member());
        assert!((0..100).filter_map(|_| world.advance(0)).count() > 10);
    }
}
