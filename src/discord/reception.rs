//! Decides what each event means for the members of the base guild, and tells the core.
//!
//! Synchronous and without serenity's connection: events and looks at the clock go in, calls of the
//! [`Intake`] and requests to Discord come out, so the order of events is the order of calls.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use lantern_actors::domain::{GuildId, Presence, Profile, UserId};
use lantern_actors::ports::intake::{GatewayState, Intake};
use serenity::gateway::ActivityData;
use serenity::model::event::{Event, UnknownEvent};
use tokio::sync::{mpsc, watch};

use super::census::{Census, Counted};
use super::connection::{Connection, Link, Moment};
use super::convert;
use super::dispatch::{Chunk, Dispatch};
use super::gateway::{GatewayConfig, GatewayError};
use super::questions::{Question, Questions};
use super::salvage::Salvage;
use super::stats::{EventKind, GatewayStats};
use super::status::Status;
use super::warnings::Warnings;

#[cfg(test)]
mod tests;

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
    /// Whom to ask about, from those who lost what was told.
    asks: mpsc::UnboundedReceiver<Ask>,
    connection: Connection,
    warnings: Warnings,
    status: Status,
    /// After how long without a word a client is given up, and when it owes an answer.
    give_up: Duration,
    give_up_asked: Duration,
}

/// What the core wants to be told again.
#[derive(Debug)]
pub(super) enum Ask {
    /// One member.
    Member(UserId),
    /// The whole list.
    Everybody,
}

impl Reception {
    /// A reception that has heard nothing yet, and the way to ask it for members.
    pub(super) fn new(
        config: &GatewayConfig,
        intake: Arc<dyn Intake>,
        stats: Arc<GatewayStats>,
        now: Moment,
    ) -> (Self, mpsc::UnboundedSender<Ask>) {
        let (ask, asks) = mpsc::unbounded_channel();
        let reception = Self {
            intake,
            stats,
            wanted: config.guild_id,
            base: watch::Sender::new(None),
            members: HashSet::new(),
            census: Census::new(config.patience),
            questions: Questions::new(config.patience),
            asks,
            connection: Connection::new(config.silence, now),
            warnings: Warnings::default(),
            status: Status::new(config.status_interval),
            give_up: config.silence * 2,
            give_up_asked: config.patience * 3,
        };
        (reception, ask)
    }

    /// The guild that counts, as soon as it is known.
    pub(super) fn base(&self) -> watch::Receiver<Option<GuildId>> {
        self.base.subscribe()
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
        let mut recount = false;
        while let Ok(ask) = self.asks.try_recv() {
            match ask {
                Ask::Member(user) => self.questions.add(user),
                Ask::Everybody => recount = true,
            }
        }
        // Of a count that is running, what came already may be among what was lost.
        let everybody = if recount && (complete || self.census.is_running()) {
            Some(self.census.begin(now.instant))
        } else {
            self.census.begin_if_overdue(now.instant)
        };
        let everybody = everybody.map(|nonce| Request::Everybody { nonce });
        let some = || self.questions.next(now.instant).map(Request::Users);
        Outlook::Good(everybody.or_else(some).into_iter().collect())
    }

    /// What the bot's status is to be from now on, if it is to change. While members are being
    /// counted it stays.
    pub(super) fn status(&mut self, now: Moment) -> Option<ActivityData> {
        let is_counted = self.census.is_complete();
        is_counted.then(|| self.status.due(self.members.len(), now.instant))?
    }

    /// Somebody uses a command: nothing about members, but Discord is heard.
    pub(super) fn interaction(&mut self, now: Moment) {
        self.stats.count_received(EventKind::Interaction);
        let changed = self.connection.event(self.census.is_complete(), now);
        self.announce(changed);
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
        self.status.session_began();
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
        if known.is_none() {
            self.intake.base(base);
            self.base.send_replace(Some(base));
        }
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
            // Also of those who are known to have left: the core may have lost the word.
            for user in chunk.not_found.drain(..) {
                self.member_left(user);
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
            match state {
                GatewayState::Connecting => tracing::info!("connecting to Discord"),
                GatewayState::Live => tracing::info!("Discord is heard and all members are known"),
                GatewayState::Away { since } => tracing::warn!(
                    %since,
                    "the connection to Discord is lost; what is served is marked as stale"
                ),
            }
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
