//! Decides what each event means for the members of the base guild, and tells the core.
//!
//! Synchronous and without a connection: events and the time go in, calls of the [`Intake`] and
//! requests to Discord come out, so the order of events is the order of calls.

use std::collections::HashSet;
use std::sync::Arc;

use lantern_actors::domain::{GuildId, Presence, ProfileUpdate, UserId};
use lantern_actors::ports::intake::{GatewayState, Intake};
use serde_json::Value;
use tokio::sync::{mpsc, watch};

use super::commands::Commands;
use super::event::{Chunk, Event, EventKind, Resume};
use super::gateway::{GatewayConfig, GatewayError};
use super::liveness::{Liveness, Moment};
use super::member_requests::{MemberRequest, MemberRequests};
use super::member_sync::MemberSync;
use super::read::{self, Fields};
use super::stats::GatewayStats;
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
    Users(MemberRequest),
}

/// What an event means for the connection.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Outcome {
    /// What to ask for at once.
    pub(super) request: Option<Request>,
    /// How the session that has just begun is resumed.
    pub(super) began: Option<Option<Resume>>,
    /// Whether the session is there, begun or resumed.
    pub(super) connected: bool,
}

/// What the core wants to be told again.
#[derive(Debug)]
pub(super) enum Ask {
    /// One member.
    Member(UserId),
    /// The whole list.
    Everybody,
}

/// Receives what the gateway says.
pub(super) struct Handler {
    intake: Arc<dyn Intake>,
    commands: Option<Arc<Commands>>,
    stats: Arc<GatewayStats>,
    /// The guild that the configuration names.
    wanted: Option<GuildId>,
    /// The guild that counts, known since the first session.
    base: watch::Sender<Option<GuildId>>,
    /// Whether the bot is in no other guild: then an event that does not say is about this one.
    is_only_guild: bool,
    /// Everybody whom the core knows as a member.
    members: HashSet<UserId>,
    sync: MemberSync,
    requests: MemberRequests,
    /// Whom to ask about, from those who lost what was told.
    asks: mpsc::UnboundedReceiver<Ask>,
    liveness: Liveness,
    warnings: Warnings,
    status: Status,
}

impl Handler {
    /// A handler that has heard nothing yet, and the way to ask it for members.
    pub(super) fn new(
        config: &GatewayConfig,
        intake: Arc<dyn Intake>,
        stats: Arc<GatewayStats>,
        now: Moment,
    ) -> (Self, mpsc::UnboundedSender<Ask>) {
        let (ask, asks) = mpsc::unbounded_channel();
        let handler = Self {
            intake,
            commands: config.commands.clone(),
            stats,
            wanted: config.guild_id,
            base: watch::Sender::new(None),
            is_only_guild: false,
            members: HashSet::new(),
            sync: MemberSync::new(config.patience),
            requests: MemberRequests::new(config.patience),
            asks,
            liveness: Liveness::new(now),
            warnings: Warnings::default(),
            status: Status::new(config.status_interval),
        };
        (handler, ask)
    }

    /// The guild that counts, as soon as it is known.
    pub(super) fn base(&self) -> watch::Receiver<Option<GuildId>> {
        self.base.subscribe()
    }

    /// The connection is lost. The session may go on in another one.
    pub(super) fn connection_lost(&mut self) {
        let changed = self.liveness.lost();
        self.announce(changed);
    }

    /// Discord answered a heartbeat.
    pub(super) fn heard(&mut self, now: Moment) {
        self.liveness.heard(now);
    }

    /// What to ask Discord for at this time, while there is a session.
    pub(super) fn tick(&mut self, now: Moment) -> Option<Request> {
        let mut anew = false;
        while let Ok(ask) = self.asks.try_recv() {
            match ask {
                Ask::Member(user) => self.requests.add(user),
                Ask::Everybody => anew = true,
            }
        }
        // Of a list that is on its way, what came already may be among what was lost.
        let nonce = if anew && (self.sync.is_complete() || self.sync.is_running()) {
            self.sync.begin(now.instant)
        } else {
            self.sync.begin_if_due(now.instant)
        };
        let changed = self.liveness.state(self.sync.is_complete());
        self.announce(changed);
        let everybody = nonce.map(|nonce| Request::Everybody { nonce });
        everybody.or_else(|| self.requests.next(now.instant).map(Request::Users))
    }

    /// What the bot's status is to be from now on, if it is to change. While members are being
    /// fetched it stays.
    pub(super) fn status(&mut self, now: Moment) -> Option<String> {
        let is_complete = self.sync.is_complete();
        is_complete.then(|| self.status.due(self.members.len(), now.instant))?
    }

    /// Takes in an event. The only errors are about the choice of the base guild.
    pub(super) fn event(
        &mut self,
        kind: EventKind,
        data: &Value,
        now: Moment,
    ) -> Result<Outcome, GatewayError> {
        self.stats.count_received(kind);
        self.liveness.heard(now);
        let fields = Fields::default();
        let event = read::event(&fields, kind, data);
        if event.is_none() || fields.odd() > 0 {
            self.warn(kind, &fields, event.is_some(), now);
        }
        let outcome = match event {
            Some(event) => self.handle(event, now)?,
            None => Outcome::default(),
        };
        let changed = self.liveness.state(self.sync.is_complete());
        self.announce(changed);
        Ok(outcome)
    }

    fn warn(&mut self, kind: EventKind, fields: &Fields, is_read: bool, now: Moment) {
        self.stats.count_unparsed(kind);
        if is_read {
            self.stats.count_salvaged(kind, fields.lost());
        }
        if let Some(events) = self.warnings.due(kind, now.instant) {
            let (fields, lost) = (fields.odd(), fields.lost());
            tracing::warn!(
                event = kind.as_str(),
                events,
                fields,
                lost,
                read = is_read,
                "an event of Discord has a form that is not known"
            );
        }
    }

    fn handle(&mut self, event: Event, now: Moment) -> Result<Outcome, GatewayError> {
        match event {
            Event::Ready { guilds, resume } => {
                self.session_began(guilds, now)?;
                return Ok(Outcome {
                    began: Some(resume),
                    connected: true,
                    request: None,
                });
            }
            Event::Resumed => {
                self.stats.count_resume();
                self.liveness.connected();
                return Ok(Outcome {
                    connected: true,
                    ..Outcome::default()
                });
            }
            Event::Guild {
                guild,
                members,
                presences,
            } if self.is_base(guild) => {
                let request = self.guild_is_there(guild, members, presences, now);
                return Ok(Outcome {
                    request,
                    ..Outcome::default()
                });
            }
            Event::Guild { .. } => self.is_only_guild = false,
            Event::GuildGone { guild, unavailable } if self.is_base(guild) => {
                self.guild_is_gone(unavailable);
            }
            Event::Member { guild, update } if self.is_base(guild) => self.member_told(update),
            Event::MemberLeft { guild, user } if self.is_base(guild) => self.member_left(user),
            Event::Members { guild, chunk } if self.is_base(guild) => self.chunk(chunk, now),
            Event::Presence {
                guild,
                update,
                presence,
            } if self.is_base(guild) => self.presence(*update, presence),
            Event::Interaction(interaction) => {
                if let Some(commands) = &self.commands {
                    commands.answer(*interaction);
                }
            }
            Event::RateLimited { nonce, retry_after } => {
                tracing::info!(
                    ?retry_after,
                    "Discord wants a pause before it is asked for members again"
                );
                let (nonce, now) = (nonce.as_deref(), now.instant);
                let is_list = self.sync.rate_limited(nonce, retry_after, now);
                if !is_list || nonce.is_none() {
                    self.requests.rate_limited(nonce, retry_after, now);
                }
            }
            _ => {}
        }
        Ok(Outcome::default())
    }

    /// Whether an event is about the guild that counts.
    fn is_base(&self, guild: Option<GuildId>) -> bool {
        let base = *self.base.borrow();
        match (base, guild) {
            (Some(base), Some(guild)) => base == guild,
            (Some(_), None) => self.is_only_guild,
            // The list of guilds could not be read.
            (None, Some(guild)) => self.wanted.is_none_or(|wanted| wanted == guild),
            (None, None) => false,
        }
    }

    fn session_began(
        &mut self,
        guilds: Option<Vec<Option<GuildId>>>,
        now: Moment,
    ) -> Result<(), GatewayError> {
        self.stats.count_session();
        self.status.session_began();
        self.requests.clear();
        self.sync.session_began(now.instant);
        self.liveness.connected();
        let told = guilds.unwrap_or_else(|| vec![None]);
        let guilds: Vec<GuildId> = told.iter().copied().flatten().collect();
        let is_whole = guilds.len() == told.len();
        let known = *self.base.borrow();
        match known {
            Some(base) if is_whole && !guilds.contains(&base) => self.guild_is_gone(false),
            Some(_) => {}
            None => match choose(self.wanted, &guilds) {
                Ok(base) if is_whole || self.wanted.is_some() => self.choose(base),
                Err(error) if is_whole => return Err(error),
                // The guild that could not be read may be the one: it will tell itself.
                _ => {}
            },
        }
        let base = *self.base.borrow();
        self.is_only_guild = is_whole && base.is_some_and(|base| guilds == [base]);
        Ok(())
    }

    fn choose(&self, base: GuildId) {
        self.intake.base(base);
        self.base.send_replace(Some(base));
    }

    fn guild_is_there(
        &mut self,
        guild: Option<GuildId>,
        members: Vec<ProfileUpdate>,
        mut presences: std::collections::HashMap<UserId, Presence>,
        now: Moment,
    ) -> Option<Request> {
        let base = *self.base.borrow();
        if let (None, Some(guild)) = (base, guild) {
            self.choose(guild);
        }
        for update in members {
            let presence = presences.remove(&update.id);
            self.deliver(update, presence);
        }
        let nonce = self.sync.guild_is_there(now.instant)?;
        Some(Request::Everybody { nonce })
    }

    fn guild_is_gone(&mut self, unavailable: bool) {
        self.sync.guild_is_gone();
        self.requests.clear();
        if unavailable {
            tracing::warn!("Discord cannot reach the base guild for now");
        } else {
            tracing::error!("the bot was removed from the base guild: invite it again");
        }
    }

    fn deliver(&mut self, update: ProfileUpdate, presence: Option<Presence>) {
        self.members.insert(update.id);
        self.intake.member(update, presence);
    }

    /// Events about members do not tell what they are doing, so Discord is asked when it is not
    /// known.
    fn member_told(&mut self, update: ProfileUpdate) {
        self.sync.member_told(&update);
        if !self.members.contains(&update.id) {
            self.requests.add(update.id);
        }
        self.deliver(update, None);
    }

    fn member_left(&mut self, user: UserId) {
        self.sync.member_left(user);
        self.members.remove(&user);
        self.intake.left(user);
    }

    fn presence(&mut self, update: ProfileUpdate, presence: Presence) {
        let user = update.id;
        self.sync.update_told(&update);
        if !self.members.contains(&user) {
            // Discord also tells the last presence of somebody who left. Whether they are a member
            // will be seen from the list, or from the answer.
            if self.sync.keep_for_later(user, presence).is_some() {
                self.requests.add(user);
            }
            return;
        }
        self.sync.presence_told(user);
        if update.is_empty() {
            self.intake.presence(user, presence);
        } else {
            self.deliver(update, Some(presence));
        }
    }

    fn chunk(&mut self, mut chunk: Chunk, now: Moment) {
        let nonce = chunk.nonce.as_deref();
        if nonce.is_some_and(|nonce| self.requests.answered(nonce)) {
            for update in std::mem::take(&mut chunk.members) {
                let presence = chunk.take_presence(update.id);
                self.sync.member_told(&update);
                self.sync.presence_told(update.id);
                self.deliver(update, presence);
            }
            // Also of those who are known to have left: the core may have lost the word.
            for user in chunk.not_found.drain(..) {
                self.member_left(user);
            }
            return;
        }
        if !self
            .sync
            .accepts(&chunk, self.requests.are_open(), now.instant)
        {
            return;
        }
        for listed in std::mem::take(&mut chunk.members) {
            let presence = chunk.take_presence(listed.id);
            if let Some((update, presence)) = self.sync.member_listed(listed, presence) {
                self.deliver(update, presence);
            }
        }
        if let Some(members) = self.sync.finish(&self.members) {
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
