//! The protocol of one session as a pure state machine.

use std::time::{Duration, Instant};

use crate::{
    ports::SocketCommand,
    wire::{ClientFrame, CloseCode, Encoding, ServerMessage},
};

/// What a session may do, from the configuration.
#[derive(Debug, Clone)]
pub struct SessionLimits {
    /// How often a client is to be heard. It is pinged an eighth of this later, and closed after half
    /// of this.
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

impl SessionLimits {
    /// After how much silence a client is pinged. Heartbeats that come as they are to come are not
    /// so late, so their clients are not pinged.
    fn ping_after(&self) -> Duration {
        self.heartbeat_interval + self.heartbeat_interval / 8
    }

    /// How long a client may take to answer: to an interval and a half of silence in all.
    fn answer_within(&self) -> Duration {
        self.heartbeat_interval * 3 / 8
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
    pinged: Option<Pinged>,
    /// When the current minute of the rate limit began, and the messages since.
    minute_began: Instant,
    messages: u32,
}

/// A client that was silent was asked whether it is there.
#[derive(Debug, Clone, Copy)]
struct Pinged {
    /// When it had been heard last; once it is heard again, this is over.
    heard_at: Instant,
    answer_by: Instant,
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
            pinged: None,
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
        let mut commands = Vec::with_capacity(2);
        if self.phase == Phase::Greeting {
            let interval = limits.heartbeat_interval.as_millis();
            commands.push(SocketCommand::Send(ServerMessage::Hello {
                heartbeat_interval_ms: u64::try_from(interval).unwrap_or(u64::MAX),
            }));
        }
        commands.push(self.next_alarm(now, limits));
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
                Ok(frame) => self.decided(frame),
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

    fn decided(&self, frame: ClientFrame) -> SocketCommand {
        match (self.phase, frame) {
            (_, ClientFrame::Heartbeat) => SocketCommand::Send(ServerMessage::HeartbeatAck),
            (Phase::Greeting | Phase::Empty, ClientFrame::Init(selection)) => SocketCommand::Subscribe {
                selection,
                first: true,
            },
            (Phase::Greeting, _) => refusal("Send INIT (opcode 2) first.".to_owned()),
            (_, ClientFrame::Init(_)) => refusal(
                "This socket is initialised already; use SUBSCRIBE (opcode 12) and UNSUBSCRIBE (opcode 14)."
                    .to_owned(),
            ),
            (_, ClientFrame::Subscribe(selection)) => SocketCommand::Subscribe {
                selection,
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

    /// The time of the last `AlarmAt` has come. Nobody is closed for silence without being asked.
    pub fn alarm(&mut self, heard_at: Instant, limits: &SessionLimits, now: Instant) -> Commands {
        if self.phase == Phase::Closing {
            return Vec::new();
        }
        if self.phase == Phase::Greeting && now >= self.init_deadline(limits) {
            let seconds = limits.init_timeout.as_secs_f32();
            let reason = format!("No INIT within {seconds} s.");
            return self.close(CloseCode::InitTimeout, reason);
        }
        let mut commands = Vec::with_capacity(2);
        match self.pinged_since(heard_at) {
            Some(pinged) if now >= pinged.answer_by => {
                let reason = "No heartbeat in time.".to_owned();
                return self.close(CloseCode::HeartbeatTimeout, reason);
            }
            None if now >= heard_at + limits.ping_after() => {
                let answer_by = now + limits.answer_within();
                self.pinged = Some(Pinged {
                    heard_at,
                    answer_by,
                });
                commands.push(SocketCommand::Ping);
            }
            _ => {}
        }
        commands.push(self.next_alarm(heard_at, limits));
        commands
    }

    fn pinged_since(&self, heard_at: Instant) -> Option<Pinged> {
        self.pinged.filter(|pinged| pinged.heard_at == heard_at)
    }

    fn init_deadline(&self, limits: &SessionLimits) -> Instant {
        self.attached_at + limits.init_timeout
    }

    fn next_alarm(&self, heard_at: Instant, limits: &SessionLimits) -> SocketCommand {
        let silent = match self.pinged_since(heard_at) {
            Some(pinged) => pinged.answer_by,
            None => heard_at + limits.ping_after(),
        };
        SocketCommand::AlarmAt(match self.phase {
            Phase::Greeting => silent.min(self.init_deadline(limits)),
            Phase::Empty | Phase::Live | Phase::Closing => silent,
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
