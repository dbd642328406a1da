//! Decides what each event means for the members of the base guild, and tells the core.
//!
//! Synchronous and without serenity's connection: events and looks at the clock go in, calls of the
//! [`Intake`] and requests to Discord come out, so the order of events is the order of calls.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use lantern_actors::domain::{GuildId, Presence, Profile, UserId};
use lantern_actors::ports::intake::{GatewayState, Intake};
use serenity::model::event::{Event, UnknownEvent};
use tokio::sync::watch;

use super::census::{Census, Counted};
use super::connection::{Connection, Link, Moment};
use super::convert;
use super::dispatch::{Chunk, Dispatch};
use super::gateway::{GatewayConfig, GatewayError};
use super::questions::{Question, Questions};
use super::salvage::Salvage;
use super::stats::{EventKind, GatewayStats};
use super::warnings::Warnings;

/// What to ask Discord for, of the base guild.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Request {
    /// All members.
    Everybody { nonce: String },
    /// Some members.
    Users(Question),
}

/// What came of a look at the clock.
#[derive(Debug, PartialEq)]
pub(super) enum Outlook {
    /// The client may go on; send these.
    Good(Vec<Request>),
    /// The client will not recover by itself: start another one.
    Hopeless,
}

/// Receives what the gateway says.
pub(super) struct Reception {
    intake: Arc<dyn Intake>,
    stats: Arc<GatewayStats>,
    /// The guild that the configuration names.
    wanted: Option<GuildId>,
    /// The guild that counts, known since the first session.
    base: watch::Sender<Option<GuildId>>,
    /// Everybody whom the core knows as a member.
    members: HashSet<UserId>,
    census: Census,
    questions: Questions,
    connection: Connection,
    warnings: Warnings,
    /// After how long without a word a client is given up, and when it owes an answer.
    give_up: Duration,
    give_up_asked: Duration,
}

impl Reception {
    pub(super) fn new(
        config: &GatewayConfig,
        intake: Arc<dyn Intake>,
        stats: Arc<GatewayStats>,
        now: Moment,
    ) -> Self {
        Self {
            intake,
            stats,
            wanted: config.guild_id,
            base: watch::Sender::new(None),
            members: HashSet::new(),
            census: Census::new(config.patience),
            questions: Questions::new(config.patience),
            connection: Connection::new(config.silence, now),
            warnings: Warnings::default(),
            give_up: config.silence * 2,
            give_up_asked: config.patience * 3,
        }
    }

    /// The guild that counts, as soon as it is known.
    pub(super) fn base(&self) -> watch::Receiver<Option<GuildId>> {
        self.base.subscribe()
    }

    /// Asks Discord about these members, soon.
    pub(super) fn resync(&mut self, users: &[UserId]) {
        for user in users {
            self.questions.add(*user);
        }
    }

    /// There is no session, and will be none until an event says so.
    pub(super) fn no_session(&mut self, now: Moment) {
        self.census.guild_is_gone();
        self.questions.clear();
        let changed = self.connection.no_session(now);
        self.announce(changed);
    }

    /// Looks at the connection and the clock, a few times a second.
    pub(super) fn look(
        &mut self,
        link: Link,
        round_trip: Option<Duration>,
        now: Moment,
    ) -> Outlook {
        let complete = self.census.is_complete();
        let changed = self.connection.look(complete, link, round_trip, now);
        self.announce(changed);
        let silent_for = self.connection.silent_for(now.instant);
        let is_asked = self.census.is_running() || self.questions.are_open();
        if silent_for >= self.give_up || is_asked && silent_for >= self.give_up_asked {
            return Outlook::Hopeless;
        }
        if link == Link::Down {
            return Outlook::Good(Vec::new());
        }
        let everybody = self.census.begin_if_overdue(now.instant);
        let everybody = everybody.map(|nonce| Request::Everybody { nonce });
        let some = || self.questions.next(now.instant).map(Request::Users);
        Outlook::Good(everybody.or_else(some).into_iter().collect())
    }

    /// Takes in an event, and says what to ask Discord for at once. The only errors are about the
    /// choice of the base guild.
    pub(super) fn event(
        &mut self,
        event: Event,
        now: Moment,
    ) -> Result<Option<Request>, GatewayError> {
        let kind = EventKind::of(&event);
        self.stats.count_received(kind);
        let dispatch = match event {
            Event::Unknown(event) if kind != EventKind::Other => self.salvage(kind, &event, now),
            event => convert::dispatch(event),
        };
        let request = self.dispatch(dispatch, now)?;
        let changed = self.connection.event(self.census.is_complete(), now);
        self.announce(changed);
        Ok(request)
    }

    fn salvage(&mut self, kind: EventKind, event: &UnknownEvent, now: Moment) -> Dispatch {
        self.stats.count_unparsed(kind);
        let mut salvage = Salvage::default();
        let dispatch = salvage.dispatch(kind, &event.value);
        if dispatch.is_some() {
            self.stats.count_salvaged(kind, salvage.lost);
        }
        if let Some(events) = self.warnings.due(kind, now.instant) {
            let (salvaged, lost) = (dispatch.is_some(), salvage.lost);
            tracing::warn!(
                event = kind.as_str(),
                events,
                salvaged,
                lost,
                "an event of Discord has a form that is not known"
            );
        }
        dispatch.unwrap_or(Dispatch::Other)
    }

    fn dispatch(
        &mut self,
        dispatch: Dispatch,
        now: Moment,
    ) -> Result<Option<Request>, GatewayError> {
        let base = *self.base.borrow();
        let counts = |guild| base == Some(guild);
        match dispatch {
            Dispatch::Ready { guilds } => self.session_began(&guilds, now)?,
            Dispatch::Resumed => self.stats.count_resume(),
            Dispatch::Guild {
                guild,
                members,
                mut presences,
            } if counts(guild) => {
                for profile in members {
                    let presence = presences.remove(&profile.id);
                    self.deliver(profile, presence);
                }
                let nonce = self.census.begin(now.instant);
                return Ok(Some(Request::Everybody { nonce }));
            }
            Dispatch::GuildGone { guild, unavailable } if counts(guild) => {
                self.guild_is_gone(guild, unavailable);
            }
            Dispatch::MemberAdded { guild, profile } if counts(guild) => {
                self.member_told(profile);
            }
            Dispatch::MemberChanged { guild, profile } if counts(guild) => {
                self.member_told(profile);
            }
            Dispatch::MemberLeft { guild, user } if counts(guild) => self.member_left(user),
            Dispatch::Members { guild, chunk } if counts(guild) => self.chunk(chunk, now),
            Dispatch::Presence {
                guild,
                user,
                profile,
                presence,
            } if counts(guild) => {
                self.presence(user, profile.map(|profile| *profile), presence);
            }
            _ => {}
        }
        Ok(None)
    }

    fn session_began(&mut self, guilds: &[GuildId], now: Moment) -> Result<(), GatewayError> {
        self.stats.count_session();
        self.questions.clear();
        let known = *self.base.borrow();
        let base = match known {
            Some(base) => base,
            None => choose(self.wanted, guilds)?,
        };
        if guilds.contains(&base) {
            self.census.session_began(now.instant);
        } else {
            self.guild_is_gone(base, false);
        }
        self.base
            .send_if_modified(|known| known.replace(base).is_none());
        Ok(())
    }

    fn guild_is_gone(&mut self, guild: GuildId, unavailable: bool) {
        self.census.guild_is_gone();
        self.questions.clear();
        if unavailable {
            tracing::warn!(%guild, "Discord cannot reach the base guild for now");
        } else {
            tracing::error!(%guild, "the bot was removed from the base guild: invite it again");
        }
    }

    fn deliver(&mut self, profile: Profile, presence: Option<Presence>) {
        self.members.insert(profile.id);
        self.intake.member(profile, presence);
    }

    /// Events about members do not tell what they are doing, so Discord is asked when it is not
    /// known.
    fn member_told(&mut self, profile: Profile) {
        let user = profile.id;
        self.census.member_told(user);
        if !self.members.contains(&user) {
            self.questions.add(user);
        }
        self.deliver(profile, None);
    }

    fn member_left(&mut self, user: UserId) {
        self.census.member_left(user);
        self.members.remove(&user);
        self.intake.left(user);
    }

    fn presence(&mut self, user: UserId, profile: Option<Profile>, presence: Presence) {
        if !self.members.contains(&user) {
            // Discord also tells the last presence of somebody who left. Whether they are a member
            // will be seen from the list, or from the answer.
            if self.census.keep_for_later(user, presence).is_some() {
                self.questions.add(user);
            }
            return;
        }
        self.census.presence_told(user);
        match profile {
            Some(profile) => {
                self.census.member_told(user);
                self.deliver(profile, Some(presence));
            }
            None => self.intake.presence(user, presence),
        }
    }

    fn chunk(&mut self, mut chunk: Chunk, now: Moment) {
        if self.questions.answered(&chunk.nonce) {
            for profile in std::mem::take(&mut chunk.members) {
                let presence = chunk.take_presence(profile.id);
                self.census.member_told(profile.id);
                self.census.presence_told(profile.id);
                self.deliver(profile, presence);
            }
            for user in chunk.not_found.drain(..) {
                if self.members.contains(&user) {
                    self.member_left(user);
                }
            }
            return;
        }
        if !self.census.accepts(&chunk, now.instant) {
            return;
        }
        for profile in std::mem::take(&mut chunk.members) {
            let presence = chunk.take_presence(profile.id);
            match self.census.count(profile, presence) {
                Counted::Member(profile, presence) => self.deliver(profile, presence),
                Counted::Presence(user, presence) => self.intake.presence(user, presence),
                Counted::Nothing => {}
            }
        }
        if let Some(members) = self.census.finish(chunk.count) {
            self.stats.count_census();
            self.members.clone_from(&members);
            self.intake.reconcile(members);
        }
    }

    fn announce(&self, changed: Option<GatewayState>) {
        if let Some(state) = changed {
            tracing::info!(?state, "the connection to Discord changed");
            self.intake.gateway(state);
        }
    }
}

/// The guild that counts: the wanted one, or the only one.
fn choose(wanted: Option<GuildId>, guilds: &[GuildId]) -> Result<GuildId, GatewayError> {
    match (wanted, guilds) {
        (Some(wanted), _) if guilds.contains(&wanted) => Ok(wanted),
        (Some(guild), _) => Err(GatewayError::NotInGuild { guild }),
        (None, [only]) => Ok(*only),
        (None, []) => Err(GatewayError::NoGuild),
        (None, _) => Err(GatewayError::SeveralGuilds {
            guilds: guilds.to_vec(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use lantern_actors::domain::Timestamp;
    use parking_lot::Mutex;
    use serde_json::{Value, json};

    use super::*;

    /// What the core was told, in order, in a few words.
    #[derive(Default)]
    struct Told(Mutex<Vec<String>>);

    impl Told {
        fn take(&self) -> Vec<String> {
            std::mem::take(&mut self.0.lock())
        }
    }

    fn status(presence: &Presence) -> &'static str {
        presence.status.as_str()
    }

    impl Intake for Told {
        fn member(&self, profile: Profile, presence: Option<Presence>) {
            let status = presence.as_ref().map_or("?", status);
            self.0
                .lock()
                .push(format!("{} is {} {status}", profile.id, profile.username));
        }

        fn presence(&self, user: UserId, presence: Presence) {
            self.0
                .lock()
                .push(format!("{user} is {}", status(&presence)));
        }

        fn left(&self, user: UserId) {
            self.0.lock().push(format!("{user} left"));
        }

        fn reconcile(&self, members: HashSet<UserId>) {
            let mut members: Vec<u64> = members.into_iter().map(UserId::get).collect();
            members.sort_unstable();
            self.0.lock().push(format!("all are {members:?}"));
        }

        fn gateway(&self, state: GatewayState) {
            self.0.lock().push(format!("{state:?}"));
        }
    }

    struct Bench {
        reception: Reception,
        told: Arc<Told>,
        now: Moment,
    }

    impl Bench {
        fn new(guild: Option<u64>) -> Self {
            let told = Arc::new(Told::default());
            let config = GatewayConfig {
                guild_id: guild.map(|id| GuildId::try_from(id).unwrap()),
                ..GatewayConfig::new("token")
            };
            let now = Moment::now();
            let intake = Arc::clone(&told) as Arc<dyn Intake>;
            let reception = Reception::new(&config, intake, Arc::default(), now);
            Self {
                reception,
                told,
                now,
            }
        }

        /// After the first census, with the members 2 and 3, of whom 3 is online.
        fn live() -> Self {
            let mut bench = Self::new(None);
            bench.event("READY", ready(&["1"])).unwrap();
            let nonce = bench.guild_is_there();
            bench
                .event("GUILD_MEMBERS_CHUNK", chunk(&nonce, &[2, 3], &[3]))
                .unwrap();
            bench.told.take();
            bench
        }

        fn event(&mut self, kind: &str, data: Value) -> Result<Option<Request>, GatewayError> {
            let event = json!({"t": kind, "d": data});
            self.reception
                .event(serde_json::from_value(event).unwrap(), self.now)
        }

        fn guild_is_there(&mut self) -> String {
            // Without the many fields of a guild, this is salvaged.
            let guild = json!({"id": "1", "unavailable": false, "members": []});
            match self.event("GUILD_CREATE", guild) {
                Ok(Some(Request::Everybody { nonce })) => nonce,
                other => panic!("{other:?}"),
            }
        }

        fn after(&mut self, pause: Duration) -> Outlook {
            self.now.instant += pause;
            self.now.wall = Timestamp::from_unix_ms(
                self.now.wall.unix_ms() + i64::try_from(pause.as_millis()).unwrap(),
            );
            self.reception.look(Link::Up, None, self.now)
        }
    }

    fn ready(guilds: &[&str]) -> Value {
        let guilds: Vec<Value> = guilds
            .iter()
            .map(|id| json!({"id": id, "unavailable": true}))
            .collect();
        json!({
            "v": 10, "user": {"id": "9", "username": "bot", "discriminator": "0", "avatar": null},
            "guilds": guilds, "session_id": "s", "resume_gateway_url": "ws://localhost",
            "application": {"id": "9", "flags": 0}
        })
    }

    fn user(id: u64) -> Value {
        json!({"id": id.to_string(), "username": format!("u{id}"), "discriminator": "0"})
    }

    fn presence(id: u64, status: &str) -> Value {
        json!({"guild_id": "1", "user": {"id": id.to_string()}, "status": status,
            "activities": [], "client_status": {}})
    }

    fn chunk(nonce: &str, members: &[u64], online: &[u64]) -> Value {
        let members: Vec<Value> = members
            .iter()
            .map(|id| json!({"user": user(*id)}))
            .collect();
        let presences: Vec<Value> = online.iter().map(|id| presence(*id, "online")).collect();
        json!({"guild_id": "1", "nonce": nonce, "chunk_index": 0, "chunk_count": 1,
            "members": members, "presences": presences})
    }

    #[test]
    fn a_session_counts_everybody_and_then_is_live() {
        let mut bench = Bench::new(None);
        assert_eq!(bench.event("READY", ready(&["1"])).unwrap(), None);
        let nonce = bench.guild_is_there();
        assert!(bench.told.take().is_empty());
        bench
            .event("GUILD_MEMBERS_CHUNK", chunk(&nonce, &[2, 3], &[3]))
            .unwrap();
        assert_eq!(
            bench.told.take(),
            [
                "2 is u2 offline",
                "3 is u3 online",
                "all are [2, 3]",
                "Live"
            ]
        );
    }

    #[test]
    fn the_base_guild_is_the_wanted_or_the_only_one() {
        let refusal = |guild: Option<u64>, guilds: &[&str]| {
            Bench::new(guild)
                .event("READY", ready(guilds))
                .unwrap_err()
                .to_string()
        };
        assert!(refusal(Some(7), &["1", "2"]).contains("not in guild 7"));
        assert!(refusal(None, &["1", "2"]).ends_with(": 1, 2"));
        assert!(refusal(None, &[]).contains("in no guild"));
        let mut bench = Bench::new(Some(2));
        bench.event("READY", ready(&["1", "2"])).unwrap();
        assert_eq!(bench.reception.base().borrow().map(GuildId::get), Some(2));
    }

    #[test]
    fn other_guilds_do_not_count() {
        let mut bench = Bench::live();
        let mut elsewhere = presence(2, "online");
        elsewhere["guild_id"] = json!("99");
        bench.event("PRESENCE_UPDATE", elsewhere).unwrap();
        let member = json!({"guild_id": "99", "user": user(5)});
        bench
            .event(
                "GUILD_MEMBER_REMOVE",
                json!({"guild_id": "99", "user": user(2)}),
            )
            .unwrap();
        bench.event("GUILD_MEMBER_ADD", member).unwrap();
        assert!(bench.told.take().is_empty());
    }

    #[test]
    fn members_come_change_and_go() {
        let mut bench = Bench::live();
        bench
            .event(
                "GUILD_MEMBER_ADD",
                json!({"guild_id": "1", "user": user(4)}),
            )
            .unwrap();
        let renamed = json!({"id": "2", "username": "new", "discriminator": "0"});
        bench
            .event(
                "GUILD_MEMBER_UPDATE",
                json!({"guild_id": "1", "user": renamed}),
            )
            .unwrap();
        bench.event("PRESENCE_UPDATE", presence(2, "idle")).unwrap();
        bench
            .event(
                "GUILD_MEMBER_REMOVE",
                json!({"guild_id": "1", "user": user(3)}),
            )
            .unwrap();
        assert_eq!(
            bench.told.take(),
            ["4 is u4 ?", "2 is new ?", "2 is idle", "3 left"]
        );
    }

    #[test]
    fn discord_is_asked_what_a_new_member_is_doing() {
        let mut bench = Bench::live();
        bench
            .event(
                "GUILD_MEMBER_ADD",
                json!({"guild_id": "1", "user": user(4)}),
            )
            .unwrap();
        bench.told.take();
        let Outlook::Good(requests) = bench.after(Duration::from_millis(250)) else {
            panic!("hopeless");
        };
        let [Request::Users(question)] = requests.as_slice() else {
            panic!("{requests:?}")
        };
        assert_eq!(question.users, [UserId::try_from(4).unwrap()]);
        let answer = chunk(&question.nonce, &[4], &[4]);
        bench.event("GUILD_MEMBERS_CHUNK", answer).unwrap();
        assert_eq!(bench.told.take(), ["4 is u4 online"]);
    }

    #[test]
    fn a_presence_may_bring_the_whole_user_but_not_back_into_the_guild() {
        let mut bench = Bench::live();
        let mut whole = presence(2, "dnd");
        whole["user"] = json!({"id": "2", "username": "new", "discriminator": "0"});
        bench.event("PRESENCE_UPDATE", whole.clone()).unwrap();
        assert_eq!(bench.told.take(), ["2 is new dnd"]);
        bench
            .event(
                "GUILD_MEMBER_REMOVE",
                json!({"guild_id": "1", "user": user(2)}),
            )
            .unwrap();
        bench.event("PRESENCE_UPDATE", whole).unwrap();
        assert_eq!(bench.told.take(), ["2 left"]);
    }

    #[test]
    fn a_user_that_is_gone_when_asked_for_has_left() {
        let mut bench = Bench::live();
        bench.reception.resync(&[UserId::try_from(3).unwrap()]);
        let Outlook::Good(requests) = bench.after(Duration::from_millis(250)) else {
            panic!("hopeless");
        };
        let [Request::Users(question)] = requests.as_slice() else {
            panic!("{requests:?}")
        };
        let mut answer = chunk(&question.nonce, &[], &[]);
        answer["not_found"] = json!(["3"]);
        bench.event("GUILD_MEMBERS_CHUNK", answer).unwrap();
        assert_eq!(bench.told.take(), ["3 left"]);
    }

    #[test]
    fn a_new_session_is_away_until_its_census_and_drops_who_left_meanwhile() {
        let mut bench = Bench::live();
        bench.event("READY", ready(&["1"])).unwrap();
        let nonce = bench.guild_is_there();
        bench
            .event("GUILD_MEMBERS_CHUNK", chunk(&nonce, &[3], &[]))
            .unwrap();
        let told = bench.told.take();
        assert!(told[0].starts_with("Away"), "{told:?}");
        assert_eq!(told[1..], ["3 is u3 offline", "all are [3]", "Live"]);
    }

    #[test]
    fn a_resumed_session_keeps_everything() {
        let mut bench = Bench::live();
        let Outlook::Good(_) = bench.reception.look(Link::Down, None, bench.now) else {
            panic!("hopeless");
        };
        bench
            .event("PRESENCE_UPDATE", presence(2, "online"))
            .unwrap();
        bench.event("RESUMED", json!({})).unwrap();
        let told = bench.told.take();
        assert!(told[0].starts_with("Away"), "{told:?}");
        assert_eq!(told[1..], ["2 is online", "Live"]);
        assert_eq!(bench.reception.stats.resumes(), 1);
    }

    #[test]
    fn a_guild_that_is_not_reachable_loses_nobody() {
        let mut bench = Bench::live();
        bench
            .event("GUILD_DELETE", json!({"id": "1", "unavailable": true}))
            .unwrap();
        let told = bench.told.take();
        assert!(told.len() == 1 && told[0].starts_with("Away"), "{told:?}");
        let nonce = bench.guild_is_there();
        bench
            .event("GUILD_MEMBERS_CHUNK", chunk(&nonce, &[2, 3], &[]))
            .unwrap();
        assert_eq!(bench.told.take().last().unwrap(), "Live");
    }

    #[test]
    fn a_stalled_census_is_asked_again_and_silence_ends_the_client() {
        let mut bench = Bench::new(None);
        bench.event("READY", ready(&["1"])).unwrap();
        let first = bench.guild_is_there();
        let patience = GatewayConfig::new("").patience;
        assert_eq!(bench.after(patience / 2), Outlook::Good(vec![]));
        let Outlook::Good(requests) = bench.after(patience) else {
            panic!("hopeless")
        };
        let [Request::Everybody { nonce }] = requests.as_slice() else {
            panic!("{requests:?}")
        };
        assert_ne!(*nonce, first);
        assert_eq!(bench.after(patience * 2), Outlook::Hopeless);
    }

    #[test]
    fn events_that_serenity_cannot_read_are_counted_and_salvaged() {
        let mut bench = Bench::live();
        let mut odd = presence(2, "online");
        odd["activities"] = json!([{"name": "osu!", "type": 0, "created_at": "soon"}]);
        bench.event("PRESENCE_UPDATE", odd).unwrap();
        bench
            .event("PRESENCE_UPDATE", json!({"guild_id": "1"}))
            .unwrap();
        assert_eq!(bench.told.take(), ["2 is online"]);
        let stats = &bench.reception.stats;
        assert_eq!(stats.received(EventKind::PresenceUpdate), 2);
        assert_eq!(stats.unparsed(EventKind::PresenceUpdate), 2);
        assert_eq!(stats.salvaged(EventKind::PresenceUpdate), 1);
    }
}
