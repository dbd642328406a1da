//! Keeps a connection to the gateway: logs in, resumes, begins anew, and waits between tries.

use serenity::http::Http;
use tokio::sync::watch;
use tokio::time::{Duration, Instant, sleep_until};

use super::close::Next;
use super::connection::{Connection, End, Session, Why};
use super::gateway::{GatewayConfig, GatewayError};
use super::handler::Handler;
use super::login::{self, Backoff};
use super::socket::{Socket, SocketError};

/// A session that was connected for so long gets its next connection at once.
const STABLE: Duration = Duration::from_secs(1);

/// A session that lasted for so many times the pause between two is no short one.
const LASTING: u32 = 12;
/// How often that pause doubles after short sessions: to 160 s, so that a day has far fewer than
/// Discord allows.
const MAX_DOUBLINGS: u32 = 5;
/// How often in a row a session may fail to be resumed.
const MAX_FAILED_RESUMES: u32 = 3;

/// One connection after the other.
pub(super) struct Client {
    config: GatewayConfig,
    handler: Handler,
    stop: watch::Receiver<bool>,
    http: Http,
    /// The session that can be resumed.
    session: Option<Session>,
    /// Where the gateway is; asked for when it is not known.
    url: Option<String>,
    backoff: Backoff,
    /// When a session was asked for last.
    identified_at: Option<Instant>,
    /// Sessions in a row that did not last. Discord lets a bot begin 1,000 a day.
    short_sessions: u32,
    /// Connections in a row on which the session was not resumed.
    failed_resumes: u32,
}

impl Client {
    pub(super) fn new(
        config: GatewayConfig,
        handler: Handler,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self {
            http: login::http(&config),
            backoff: Backoff::new(&config),
            config,
            handler,
            stop,
            session: None,
            url: None,
            identified_at: None,
            short_sessions: 0,
            failed_resumes: 0,
        }
    }

    /// Runs until it is stopped, or until somebody has to change something.
    pub(super) async fn run(mut self) -> GatewayError {
        let mut stop = self.stop.clone();
        loop {
            let (next, pause) = match self.connect().await {
                Ok(socket) => self.serve(socket).await,
                Err(failure) => failure,
            };
            match next {
                Next::Resume => {}
                Next::Identify => self.session = None,
                Next::LogIn => {
                    self.session = None;
                    self.url = None;
                }
                Next::Fail(error) => return error,
            }
            let mut again_at = Instant::now() + pause;
            if let (None, Some(last)) = (&self.session, self.identified_at) {
                let doublings = self.short_sessions.min(MAX_DOUBLINGS);
                let interval = self.config.identify_interval * 2_u32.pow(doublings);
                again_at = again_at.max(last + interval);
            }
            tokio::select! {
                () = sleep_until(again_at) => {}
                _ = stop.wait_for(|stop| *stop) => return GatewayError::Stopped,
            }
        }
    }

    /// Opens a WebSocket, or says what to do and how long to wait before.
    async fn connect(&mut self) -> Result<Socket, (Next, Duration)> {
        let mut stop = self.stop.clone();
        let connected = tokio::select! {
            connected = self.reach() => connected?,
            _ = stop.wait_for(|stop| *stop) => return Err((Next::Fail(GatewayError::Stopped), Duration::ZERO)),
        };
        connected.map_err(|error| {
            let pause = self.backoff.next();
            tracing::warn!(%error, ?pause, "Discord's gateway is not reachable, trying again");
            // The address may be another one now.
            self.url = None;
            if let Some(session) = &mut self.session {
                session.resume.url = None;
            }
            (Next::Resume, pause)
        })
    }

    async fn reach(&mut self) -> Result<Result<Socket, SocketError>, (Next, Duration)> {
        let session_url = self.session.as_ref().and_then(|it| it.resume.url.clone());
        let url = match session_url.or_else(|| self.url.clone()) {
            Some(url) => url,
            None => {
                let asked = login::gateway_url(&self.http, &self.config).await;
                let url = asked.map_err(|error| (Next::Fail(error), Duration::ZERO))?;
                self.url.insert(url).clone()
            }
        };
        Ok(Socket::connect(&url, self.config.silence).await)
    }

    /// Serves a connection until it ends; gives what to do next, and how long to wait before.
    async fn serve(&mut self, socket: Socket) -> (Next, Duration) {
        let resumed_from = self.session.as_ref().map(|session| session.sequence);
        let mut stop = self.stop.clone();
        let mut connection = Connection {
            socket,
            config: &self.config,
            handler: &mut self.handler,
            session: &mut self.session,
            identified_at: &mut self.identified_at,
            connected_at: None,
        };
        let end = connection.run(&mut stop).await;
        let Connection {
            socket,
            connected_at,
            ..
        } = connection;
        let (next, why) = match end {
            End::Stopped => {
                socket.end_session().await;
                return (Next::Fail(GatewayError::Stopped), Duration::ZERO);
            }
            End::Over { next, why } => (next, why),
        };
        self.handler.connection_lost();
        let lasted = connected_at.map_or(Duration::ZERO, |at| at.elapsed());
        self.count(resumed_from, connected_at.is_some(), lasted);
        let is_stable = connected_at.is_some_and(|at| at.elapsed() >= STABLE);
        let pause = self.pause(&why, is_stable);
        tracing::warn!(reason = %why, ?next, ?pause, "the connection to Discord's gateway ended");
        match why {
            // Nobody is there any more to say goodbye to.
            Why::Closed { .. } | Why::Broken(_) => {}
            Why::Refused => socket.end_session().await,
            Why::Silent(_) | Why::Asked | Why::Invalid => socket.keep_session().await,
        }
        (next, pause)
    }

    /// Keeps count of what goes wrong again and again. A session that cannot be resumed is given up:
    /// first its own address, which may be out of order, then the session.
    fn count(&mut self, resumed_from: Option<u64>, was_connected: bool, lasted: Duration) {
        match resumed_from {
            None if lasted >= self.config.identify_interval * LASTING => self.short_sessions = 0,
            None => self.short_sessions += 1,
            Some(_) if lasted >= self.config.identify_interval * LASTING => self.short_sessions = 0,
            Some(_) => {}
        }
        let sequence = self.session.as_ref().map(|session| session.sequence);
        if resumed_from.is_none() || was_connected || sequence != resumed_from {
            self.failed_resumes = 0;
            return;
        }
        self.failed_resumes += 1;
        if self.failed_resumes >= MAX_FAILED_RESUMES {
            self.session = None;
        } else if let Some(session) = &mut self.session {
            session.resume.url = None;
        }
    }

    fn pause(&mut self, why: &Why, is_stable: bool) -> Duration {
        if is_stable {
            self.backoff = Backoff::new(&self.config);
        }
        match why {
            // Discord asks for a random time between one and five seconds.
            Why::Invalid => self
                .config
                .identify_interval
                .mul_f64(rand::random_range(0.2..=1.0)),
            _ if is_stable => Duration::ZERO,
            _ => self.backoff.next(),
        }
    }
}
