//! The protocol of one session as a pure state machine.

use std::time::{Duration, Instant};

use crate::{
    ports::SocketCommand,
    wire::{ClientFrame, CloseCode, Encoding, ServerMessage},
};

/// What a session may do, from the configuration.
#[derive(Debug, Clone)]
pub struct SessionLimits {
    /// How often a client is to send a heartbeat; it may be late by half of this.
    pub heartbeat_interval: Duration,
    /// How soon after HELLO a client must have sent a valid INIT.
    pub init_timeout: Duration,
    /// How many messages a client may send in a minute.
    pub messages_per_minute: u32,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            heartbeat_interval: Duration::from_secs(30),
            init_timeout: Duration::from_secs(5),
            messages_per_minute: 120,
        }
    }
}

const MINUTE: Duration = Duration::from_secs(60);

/// How far a session has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// HELLO is sent, INIT is awaited.
    Greeting,
    /// INIT came, and none of the users it named is monitored: it may be sent again, or SUBSCRIBE.
    Empty,
    /// INIT was answered with users.
    Live,
    /// DISCONNECT is sent; only the end of the socket is awaited.
    Closing,
}

/// A session, from HELLO to the close.
#[derive(Debug)]
pub struct SessionState {
    phase: Phase,
    /// How this socket's messages are encoded.
    encoding: Encoding,
    attached_at: Instant,
    heartbeat_at: Instant,
    /// When the current minute of the rate limit began, and the messages since.
    minute_began: Instant,
    messages: u32,
}

type Commands = Vec<SocketCommand>;

impl SessionState {
    /// A session whose socket has just been opened, or, in another phase, one that takes over the
    /// socket of a session that fell with its supervisor.
    pub fn new(encoding: Encoding, phase: Phase, now: Instant) -> Self {
        Self {
            phase,
            encoding,
            attached_at: now,
            heartbeat_at: now,
            minute_began: now,
            messages: 0,
        }
    }

    /// How far the session has come.
    #[cfg(test)]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The shard owns the socket.
    pub fn attached(&mut self, limits: &SessionLimits, now: Instant) -> Commands {
        self.attached_at = now;
        self.heartbeat_at = now;
        let mut commands = Vec::with_capacity(2);
        if self.phase == Phase::Greeting {
            let interval = limits.heartbeat_interval.as_millis();
            commands.push(SocketCommand::Send(ServerMessage::Hello {
                heartbeat_interval_ms: u64::try_from(interval).unwrap_or(u64::MAX),
            }));
        }
        commands.push(self.next_alarm(limits));
        commands
    }

    /// A message from the client.
    pub fn received(
        &mut self,
        encoding: Encoding,
        payload: &[u8],
        limits: &SessionLimits,
        now: Instant,
    ) -> Commands {
        if self.phase == Phase::Closing {
            return vec![SocketCommand::Ready];
        }
        if !self.within_rate(limits, now) {
            let limit = limits.messages_per_minute;
            let reason = format!("More than {limit} messages in a minute.");
            return self.close(CloseCode::RateLimited, reason);
        }
        let answer = if encoding == self.encoding {
            match ClientFrame::decode(encoding, payload) {
                Ok(frame) => self.decided(frame, now),
                Err(error) => refusal(error.to_string()),
            }
        } else {
            refusal(match self.encoding {
                Encoding::Json => "This socket speaks JSON: send text frames.".to_owned(),
                Encoding::MsgPack => {
                    "This socket speaks MessagePack: send binary frames.".to_owned()
                }
            })
        };
        vec![answer, SocketCommand::Ready]
    }

    fn decided(&mut self, frame: ClientFrame, now: Instant) -> SocketCommand {
        match (self.phase, frame) {
            (_, ClientFrame::Heartbeat) => {
                self.heartbeat_at = now;
                SocketCommand::Send(ServerMessage::HeartbeatAck)
            }
            (Phase::Greeting | Phase::Empty, ClientFrame::Init(selection)) => SocketCommand::Subscribe {
                targets: selection.targets,
                known: selection.known,
                first: true,
            },
            (Phase::Greeting, _) => refusal("Send INIT (opcode 2) first.".to_owned()),
            (_, ClientFrame::Init(_)) => refusal(
                "This socket is initialised already; use SUBSCRIBE (opcode 12) and UNSUBSCRIBE (opcode 14)."
                    .to_owned(),
            ),
            (_, ClientFrame::Subscribe(selection)) => SocketCommand::Subscribe {
                targets: selection.targets,
                known: selection.known,
                first: false,
            },
            (_, ClientFrame::Unsubscribe(targets)) => SocketCommand::Unsubscribe(targets),
        }
    }

    /// The shard has carried a subscribe command out.
    pub fn subscribed(&mut self, watching: bool) {
        match self.phase {
            Phase::Greeting | Phase::Empty if watching => self.phase = Phase::Live,
            Phase::Greeting => self.phase = Phase::Empty,
            Phase::Empty | Phase::Live | Phase::Closing => {}
        }
    }

    /// The hub is stopping.
    pub fn going_away(&mut self) -> Commands {
        self.close(
            CloseCode::GoingAway,
            "The server is stopping. Reconnect in a moment.".to_owned(),
        )
    }

    /// The time of the last `AlarmAt` has come.
    pub fn alarm(&mut self, limits: &SessionLimits, now: Instant) -> Commands {
        if self.phase == Phase::Closing {
            return Vec::new();
        }
        if self.phase == Phase::Greeting && now >= self.init_deadline(limits) {
            let seconds = limits.init_timeout.as_secs_f32();
            let reason = format!("No INIT within {seconds} s.");
            return self.close(CloseCode::InitTimeout, reason);
        }
        if now >= self.heartbeat_deadline(limits) {
            let reason = "No heartbeat in time.".to_owned();
            return self.close(CloseCode::HeartbeatTimeout, reason);
        }
        vec![self.next_alarm(limits)]
    }

    fn init_deadline(&self, limits: &SessionLimits) -> Instant {
        self.attached_at + limits.init_timeout
    }

    fn heartbeat_deadline(&self, limits: &SessionLimits) -> Instant {
        self.heartbeat_at + limits.heartbeat_interval + limits.heartbeat_interval / 2
    }

    fn next_alarm(&self, limits: &SessionLimits) -> SocketCommand {
        let heartbeat = self.heartbeat_deadline(limits);
        SocketCommand::AlarmAt(match self.phase {
            Phase::Greeting => heartbeat.min(self.init_deadline(limits)),
            Phase::Empty | Phase::Live | Phase::Closing => heartbeat,
        })
    }

    fn within_rate(&mut self, limits: &SessionLimits, now: Instant) -> bool {
        if now.duration_since(self.minute_began) >= MINUTE {
            self.minute_began = now;
            self.messages = 0;
        }
        self.messages += 1;
        self.messages <= limits.messages_per_minute
    }

    fn close(&mut self, code: CloseCode, reason: String) -> Commands {
        if self.phase == Phase::Closing {
            return Vec::new();
        }
        self.phase = Phase::Closing;
        vec![SocketCommand::Close { code, reason }]
    }
}

fn refusal(sentence: String) -> SocketCommand {
    SocketCommand::Send(ServerMessage::Error(sentence))
}
