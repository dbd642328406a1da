//! One connection to the gateway, from HELLO to its end.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::close::{self, Next};
use super::event::{EventKind, Resume};
use super::gateway::{GatewayConfig, GatewayError};
use super::handler::{Handler, Request};
use super::heartbeat::Heartbeat;
use super::liveness::Moment;
use super::payload::{self, Received};
use super::socket::{Incoming, Socket, SocketError};

/// The pause between two looks at the clock.
const TICK: Duration = Duration::from_millis(100);
/// A tick that comes so long after the last one is late.
const LATE: Duration = Duration::from_secs(1);

/// A session, which outlives its connections.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) resume: Resume,
    /// The number of the last event.
    pub(super) sequence: u64,
}

/// How a connection ended.
#[derive(Debug)]
pub(super) enum End {
    /// As wanted.
    Stopped,
    /// There is a reason to make another one, or not to.
    Over { next: Next, why: Why },
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Why {
    /// Discord closed it.
    #[error("Discord closed the connection, code {}", code.map_or("none".to_owned(), |code| code.to_string()))]
    Closed {
        /// The close code.
        code: Option<u16>,
    },
    /// It broke.
    #[error("the connection broke: {0}")]
    Broken(SocketError),
    /// Discord did not say what it should.
    #[error("Discord sent no {0} in time")]
    Silent(&'static str),
    /// Opcode 7.
    #[error("Discord asked for a new connection")]
    Asked,
    /// Opcode 9.
    #[error("Discord ended the session")]
    Invalid,
    /// What Discord says cannot be served.
    #[error("what Discord sent cannot be served")]
    Refused,
}

impl From<Why> for End {
    fn from(why: Why) -> Self {
        let next = match &why {
            Why::Closed { code } => close::next(*code),
            Why::Invalid => Next::Identify,
            _ => Next::Resume,
        };
        Self::Over { next, why }
    }
}

impl From<SocketError> for End {
    fn from(error: SocketError) -> Self {
        Why::Broken(error).into()
    }
}

impl From<GatewayError> for End {
    fn from(error: GatewayError) -> Self {
        Self::Over {
            next: Next::Fail(error),
            why: Why::Refused,
        }
    }
}

/// A connection and what it works with.
pub(super) struct Connection<'a> {
    pub(super) socket: Socket,
    pub(super) config: &'a GatewayConfig,
    pub(super) handler: &'a mut Handler,
    pub(super) session: &'a mut Option<Session>,
    /// When a session was asked for last.
    pub(super) identified_at: &'a mut Option<Instant>,
    /// When the session was there, begun or resumed.
    pub(super) connected_at: Option<Instant>,
}

impl Connection<'_> {
    /// Serves the connection until it ends.
    pub(super) async fn run(&mut self, stop: &mut watch::Receiver<bool>) -> End {
        match self.converse(stop).await {
            Ok(()) => End::Stopped,
            Err(end) => end,
        }
    }

    async fn converse(&mut self, stop: &mut watch::Receiver<bool>) -> Result<(), End> {
        let timeout_ms = self.config.silence;
        let hello = tokio::select! {
            hello = timeout(timeout_ms, self.hello()) => hello,
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
        };
        let interval_ms = hello.map_err(|_| Why::Silent("HELLO"))??;
        let started = Instant::now();
        let jitter = rand::random::<f64>();
        let mut heartbeat = Heartbeat::new(interval_ms, timeout_ms, jitter, started.into_std());
        self.log_in().await?;
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last_tick = Instant::now();
        loop {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return Ok(()),
                _ = ticks.tick() => {
                    // After a hold-up of this thread, what came meanwhile is looked at first.
                    let is_late = last_tick.elapsed() >= LATE;
                    last_tick = Instant::now();
                    if is_late {
                        continue;
                    }
                    self.beat(&mut heartbeat).await?;
                    if self.connected_at.is_some() {
                        self.tick().await?;
                    } else if started.elapsed() >= self.config.patience {
                        return Err(Why::Silent("READY or RESUMED").into());
                    }
                }
                incoming = self.socket.next() => self.take(incoming, &mut heartbeat).await?,
            }
        }
    }

    /// Waits for the interval of heartbeats.
    async fn hello(&mut self) -> Result<Duration, End> {
        loop {
            if let Some(Received::Hello { interval }) = read(self.socket.next().await)? {
                return Ok(interval);
            }
        }
    }

    async fn log_in(&mut self) -> Result<(), End> {
        let token = &self.config.token;
        let payload = match &self.session {
            Some(session) => payload::resume(token, &session.resume.session, session.sequence),
            None => {
                *self.identified_at = Some(Instant::now());
                payload::identify(token)
            }
        };
        Ok(self.socket.send(&payload).await?)
    }

    async fn beat(&mut self, heartbeat: &mut Heartbeat) -> Result<(), End> {
        let now = std::time::Instant::now();
        if heartbeat.is_lost(now) {
            return Err(Why::Silent("answer to a heartbeat").into());
        }
        if heartbeat.is_due(now) {
            self.send_heartbeat(heartbeat).await?;
        }
        Ok(())
    }

    async fn send_heartbeat(&mut self, heartbeat: &mut Heartbeat) -> Result<(), End> {
        let sequence = self.session.as_ref().map(|session| session.sequence);
        heartbeat.sent(std::time::Instant::now());
        Ok(self.socket.send(&payload::heartbeat(sequence)).await?)
    }

    async fn tick(&mut self) -> Result<(), End> {
        let request = self.handler.tick(Moment::now());
        self.request(request).await?;
        if let Some(status) = self.handler.status(Moment::now()) {
            self.socket.send(&payload::status(&status)).await?;
        }
        Ok(())
    }

    async fn request(&mut self, request: Option<Request>) -> Result<(), End> {
        let base = *self.handler.base().borrow();
        if let (Some(request), Some(guild)) = (request, base) {
            let payload = payload::request(guild, &request);
            self.socket.send(&payload).await?;
        }
        Ok(())
    }

    async fn take(&mut self, incoming: Incoming, heartbeat: &mut Heartbeat) -> Result<(), End> {
        match read(incoming)? {
            Some(Received::Dispatch {
                kind,
                sequence,
                data,
            }) => self.dispatch(kind, sequence, data).await,
            Some(Received::Heartbeat) => self.send_heartbeat(heartbeat).await,
            Some(Received::HeartbeatAck) => {
                heartbeat.answered(std::time::Instant::now());
                self.handler.heard(Moment::now());
                if let Some(commands) = &self.config.commands {
                    commands.heard(heartbeat.round_trip());
                }
                Ok(())
            }
            Some(Received::Reconnect) => Err(Why::Asked.into()),
            Some(Received::InvalidSession { resumable }) => Err(End::Over {
                next: match resumable {
                    true => Next::Resume,
                    false => Next::Identify,
                },
                why: Why::Invalid,
            }),
            Some(Received::Hello { .. } | Received::Other) | None => Ok(()),
        }
    }

    async fn dispatch(
        &mut self,
        kind: EventKind,
        sequence: Option<u64>,
        data: serde_json::Value,
    ) -> Result<(), End> {
        let outcome = self.handler.event(kind, &data, Moment::now());
        if let (Some(session), Some(sequence)) = (&mut *self.session, sequence) {
            session.sequence = sequence;
        }
        let outcome = outcome.map_err(End::from)?;
        if let Some(resume) = outcome.began {
            *self.session = resume.map(|resume| Session {
                resume,
                sequence: sequence.unwrap_or_default(),
            });
        }
        if outcome.connected {
            self.connected_at = Some(Instant::now());
        }
        self.request(outcome.request).await
    }
}

/// Reads a message; `None` if there is nothing to read.
fn read(incoming: Incoming) -> Result<Option<Received>, End> {
    match incoming {
        Incoming::Text(text) => Ok(Some(Received::read(&text))),
        Incoming::Inflated(text) => Ok(Some(Received::read(&text))),
        Incoming::Nothing => Ok(None),
        Incoming::Closed(code) => Err(Why::Closed { code }.into()),
        Incoming::Broken(error) => Err(error.into()),
    }
}
