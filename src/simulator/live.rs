//! The running simulation: the world, who watches it, and every way in which it changes.
//!
//! The world's lock is held while a change is made and while its event is handed to the gateway,
//! so that all sessions see changes in the order in which they were made.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use thiserror::Error;
use tokio::sync::watch;

use super::access::Access;
use super::commands::Commands;
use super::config::SimulatorConfig;
use super::gateway::Gateway;
use super::gateway::identify::Identify;
use super::gateway::intents::{ALWAYS, GUILD_MEMBERS, GUILD_PRESENCES, GUILDS};
use super::gateway::members_limit::MembersLimit;
use super::gateway::session::{Bounds, Event, Session};
use super::interactions::Interactions;
use super::pictures::Pictures;
use super::rest::patches::Patches;
use super::tcp::Streams;
use super::world::member::Member;
use super::world::presence::Presence;
use super::world::snowflake::now_ms;
use super::world::{BOT_ID, GUILD_ID, World, guild};

/// All that REST, gateway and control API share.
#[derive(Debug)]
pub struct Live {
    /// How it was started.
    pub config: SimulatorConfig,
    /// Where it listens.
    pub addr: SocketAddr,
    /// Who may use the control API.
    pub access: Access,
    /// The guild. Lock it before anything of the gateway.
    pub world: Mutex<World>,
    /// Who watches.
    pub gateway: Gateway,
    /// How often the bot may ask for all members.
    pub members_limit: MembersLimit,
    /// What the bot registered. Lock it after the world.
    pub commands: Mutex<Commands>,
    /// What members did, and what the bot said.
    pub interactions: Interactions,
    /// What members' pictures look like, and how their hosts behave.
    pub pictures: Pictures,
    /// What REST answers otherwise than Discord would.
    pub patches: Patches,
    /// The TCP connections.
    pub streams: Streams,
    /// Updates a second of the stream.
    pub rate: watch::Sender<f64>,
}

/// A presence that the bot may not set.
#[derive(Debug, Error)]
#[error("set the bot's presence: it is not one that Discord takes")]
pub struct BadPresence;

/// Nobody in the guild has the id.
#[derive(Debug, Error)]
#[error("find the member")]
pub struct UnknownMember;

impl Live {
    /// A world that nobody watches yet.
    pub fn new(config: SimulatorConfig, addr: SocketAddr) -> Self {
        let world = World::new(config.seed, config.members, now_ms());
        let bounds = Bounds {
            window: config.resume_window,
            events: config.replay_events,
        };
        // The config is valid, or the simulator does not start.
        let access = Access::new(&config.control_hosts).unwrap_or_default();
        let rate = watch::Sender::new(config.rate);
        Self {
            addr,
            access,
            world: Mutex::new(world),
            gateway: Gateway::new(bounds),
            members_limit: MembersLimit::new(config.members_request_window),
            commands: Mutex::default(),
            interactions: Interactions::default(),
            pictures: Pictures::default(),
            patches: Patches::default(),
            streams: Streams::default(),
            rate,
            config,
        }
    }

    /// Where REST is, as seen from this machine.
    pub fn api_url(&self) -> String {
        format!("http://{}", self.reachable_addr())
    }

    /// Where sockets are opened. Clients are told the host that they came by, since an address
    /// like 0.0.0.0 is of no use to one on another machine.
    pub fn gateway_url(&self, host: Option<&str>) -> String {
        match host {
            Some(host) => format!("ws://{host}"),
            None => format!("ws://{}", self.reachable_addr()),
        }
    }

    fn reachable_addr(&self) -> SocketAddr {
        match self.addr.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, self.addr.port()).into(),
            IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, self.addr.port()).into(),
            _ => self.addr,
        }
    }

    /// Opens a session and gives it READY and the guild.
    pub fn log_in(
        &self,
        connection: u64,
        identify: Identify,
        gateway_url: &str,
    ) -> Result<Arc<Session>, BadPresence> {
        let presence = identify.presence.clone();
        let bot = presence.as_ref().map(bot_presence).transpose()?;
        let mut world = self.world.lock();
        if let Some(member) = world.member_mut(BOT_ID) {
            let presence = bot.unwrap_or_else(|| bot_presence_of("online", &json!([])));
            member.set_presence(presence);
        }
        let session = self.gateway.open_session(connection, identify);
        session.push(Event {
            name: "READY".into(),
            data: self.ready(&session, gateway_url).into(),
        });
        if session.identify.has_guild() && session.wants(GUILDS) {
            let with_presences = session.wants(GUILD_PRESENCES);
            let data = world.guild_create(session.identify.large_threshold, with_presences);
            session.push(Event {
                name: "GUILD_CREATE".into(),
                data: data.into(),
            });
        }
        Ok(session)
    }

    fn ready(&self, session: &Session, gateway_url: &str) -> String {
        let guilds = match session.identify.has_guild() {
            true => json!([{"id": GUILD_ID.to_string(), "unavailable": true}]),
            false => json!([]),
        };
        let mut ready = json!({
            "v": 10, "user": guild::current_user(), "user_settings": {}, "guilds": guilds,
            "session_id": session.id, "session_type": "normal", "resume_gateway_url": gateway_url,
            "application": {"id": BOT_ID.to_string(), "flags": 0x0088_e000}, "private_channels": [],
            "relationships": [], "presences": [], "guild_join_requests": [], "auth": {},
            "geo_ordered_rtc_regions": ["rotterdam", "frankfurt", "stockholm", "milan", "madrid"],
            "_trace": ["[\"lantern-simulator\",{\"micros\":0,\"calls\":[\"id_created\",{\"micros\":0,\"calls\":[]}]}]"],
        });
        if let (Some((shard, count)), Some(map)) = (session.identify.shard, ready.as_object_mut()) {
            map.insert("shard".to_owned(), json!([shard, count]));
        }
        ready.to_string()
    }

    /// What the bot shows from now on.
    pub fn set_bot_presence(&self, d: &Map<String, Value>) -> Result<(), BadPresence> {
        let presence = bot_presence(d)?;
        self.set_presence(BOT_ID, presence).map_err(|_| BadPresence)
    }

    /// Changes a member's presence and sends it at once.
    pub fn set_presence(&self, id: u64, presence: Presence) -> Result<(), UnknownMember> {
        let mut world = self.world.lock();
        let member = world.member_mut(id).ok_or(UnknownMember)?;
        self.gateway
            .dispatch(GUILD_PRESENCES, "PRESENCE_UPDATE", &presence.json);
        member.set_presence(presence);
        Ok(())
    }

    /// Makes the next changes of the stream.
    pub fn advance(&self, updates: u64) {
        let now = now_ms();
        for _ in 0..updates {
            let mut world = self.world.lock();
            if let Some(presence) = world.advance(now) {
                self.gateway
                    .dispatch(GUILD_PRESENCES, "PRESENCE_UPDATE", &presence.json);
            }
        }
    }

    /// Changes a member's user object. As Discord does, sends the member and, to those who see
    /// presences, the presence with the whole user.
    pub fn set_user(
        &self,
        id: u64,
        change: impl FnOnce(&mut Map<String, Value>),
    ) -> Result<(), UnknownMember> {
        let mut world = self.world.lock();
        let member = world.member_mut(id).ok_or(UnknownMember)?;
        let mut user = member.user();
        change(&mut user);
        member.set_user(user.clone());
        let presence = with_user(&member.presence().json, user);
        self.gateway.dispatch(
            GUILD_MEMBERS,
            "GUILD_MEMBER_UPDATE",
            &member.json_with_guild(GUILD_ID).into(),
        );
        self.gateway
            .dispatch(GUILD_PRESENCES, "PRESENCE_UPDATE", &presence.into());
        Ok(())
    }

    /// Lets a member join; false if it is one already.
    pub fn join(&self, member: Member) -> bool {
        let mut world = self.world.lock();
        let added: Arc<str> = member.json_with_guild(GUILD_ID).into();
        let presence = member.presence().clone();
        if !world.join(member) {
            return false;
        }
        self.gateway
            .dispatch(GUILD_MEMBERS, "GUILD_MEMBER_ADD", &added);
        self.gateway
            .dispatch(GUILD_PRESENCES, "PRESENCE_UPDATE", &presence.json);
        true
    }

    /// Lets a member leave.
    pub fn leave(&self, id: u64) -> Result<(), UnknownMember> {
        let mut world = self.world.lock();
        let member = world.leave(id).ok_or(UnknownMember)?;
        let data = format!(
            r#"{{"guild_id":"{GUILD_ID}","user":{}}}"#,
            member.user_json()
        );
        self.gateway
            .dispatch(GUILD_MEMBERS, "GUILD_MEMBER_REMOVE", &data.into());
        Ok(())
    }

    /// Sends an event that needs no intent.
    pub fn announce(&self, name: &'static str, data: String) {
        let _in_order = self.world.lock();
        self.gateway.dispatch(ALWAYS, name, &data.into());
    }

    /// Sends an event to all sessions, whatever they asked for; how many there are.
    pub fn broadcast(&self, name: String, data: String) -> usize {
        let _in_order = self.world.lock();
        self.gateway.broadcast(&Event {
            name: name.into(),
            data: data.into(),
        })
    }
}

/// A presence as bots set it (opcode 3), as members see it.
fn bot_presence(d: &Map<String, Value>) -> Result<Presence, BadPresence> {
    let status = match d.get("status").and_then(Value::as_str) {
        Some(status @ ("online" | "idle" | "dnd" | "offline")) => status,
        Some("invisible") => "offline",
        // Libraries that were told no status send an empty one.
        None | Some("") => "online",
        _ => return Err(BadPresence),
    };
    match d.get("activities") {
        Some(activities @ Value::Array(_)) => Ok(bot_presence_of(status, activities)),
        None | Some(Value::Null) => Ok(bot_presence_of(status, &json!([]))),
        Some(_) => Err(BadPresence),
    }
}

fn bot_presence_of(status: &str, activities: &Value) -> Presence {
    if status == "offline" {
        return Presence::offline(BOT_ID);
    }
    let shown = activities
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .map(|activity| {
            let mut activity = activity.clone();
            activity
                .entry("id")
                .or_insert_with(|| json!("ec0b28a579ecb4bd"));
            activity
                .entry("created_at")
                .or_insert_with(|| json!(now_ms()));
            Value::Object(activity)
        });
    let mut presence = Map::new();
    presence.insert("status".to_owned(), json!(status));
    presence.insert("activities".to_owned(), shown.collect());
    presence.insert("client_status".to_owned(), json!({"web": status}));
    Presence::verbatim(BOT_ID, presence)
}

/// A presence with the whole user in it.
fn with_user(presence: &str, user: Map<String, Value>) -> String {
    let mut object: Map<String, Value> = serde_json::from_str(presence).unwrap_or_default();
    object.insert("user".to_owned(), Value::Object(user));
    Value::Object(object).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(d: Value) -> Option<Value> {
        let presence = bot_presence(d.as_object()?).ok()?;
        let shown: Value = serde_json::from_str(&presence.json).ok()?;
        shown.get("status").cloned()
    }

    #[test]
    fn the_bot_shows_what_it_asked_for() {
        let idle =
            json!({"status": "idle", "activities": [{"name": "x", "type": 0}], "since": null});
        assert_eq!(status(idle), Some(json!("idle")));
        assert_eq!(
            status(json!({"status": "invisible"})),
            Some(json!("offline"))
        );
        assert_eq!(
            status(json!({"status": "", "since": 0, "afk": false})),
            Some(json!("online"))
        );
    }

    #[test]
    fn what_is_no_presence_is_refused() {
        assert_eq!(status(json!({"status": "asleep"})), None);
        assert_eq!(
            status(json!({"status": "online", "activities": "none"})),
            None
        );
    }
}
