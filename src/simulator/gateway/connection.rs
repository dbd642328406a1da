//! One gateway connection, from HELLO to its end.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use poem::web::websocket::{CloseCode, Message, WebSocketStream};
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::chunks;
use super::close::{Close, Frame};
use super::encoder::Encoder;
use super::identify::{Credentials, Identify};
use super::payload::{self, Command};
use super::session::{Event, NotResumable, Session};
use super::{Fate, Order, Registration};
use crate::live::Live;
use crate::tcp::Resettable;

/// Payloads that a client may send in [`LIMIT_WINDOW`].
const LIMIT: usize = 120;
const LIMIT_WINDOW: Duration = Duration::from_secs(60);
/// Events that are written before the client is listened to again.
const BATCH: usize = 256;
/// How long a client may take to answer a close.
const CLOSING: Duration = Duration::from_secs(2);

/// Why a connection ends.
#[derive(Debug)]
enum End {
    /// The gateway closes it.
    Closed(Frame),
    /// The client closed it, with this code.
    ByClient(Option<u16>),
    /// The socket broke.
    Broken,
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Broken
    }
}

impl From<Close> for End {
    fn from(close: Close) -> Self {
        Self::Closed(close.into())
    }
}

/// Speaks the protocol until the connection ends or is cut.
pub async fn serve(
    live: Arc<Live>,
    socket: WebSocketStream,
    encoder: Encoder,
    gateway_url: String,
    tcp: Option<Arc<Resettable>>,
) {
    let registration = live.gateway.register(tcp);
    let (id, cut) = (registration.id, Arc::clone(&registration.cut));
    let mut connection = Connection::new(
        Arc::clone(&live),
        socket,
        encoder,
        registration,
        gateway_url,
    );
    tokio::select! {
        () = cut.notified() => {}
        () = connection.run() => {}
    }
    if let Some(session) = connection.session.take() {
        session.buffer.lock().release(id, std::time::Instant::now());
    }
    // The socket is dropped, and with it TCP closed, before anyone hears that it has ended.
    drop(connection);
    live.gateway.unregister(id);
}

struct Connection {
    live: Arc<Live>,
    socket: WebSocketStream,
    encoder: Encoder,
    id: u64,
    orders: mpsc::UnboundedReceiver<Order>,
    paused: tokio::sync::watch::Receiver<bool>,
    session: Option<Arc<Session>>,
    /// When the client is given up unless it sends what it must.
    deadline: Instant,
    received: VecDeque<Instant>,
    /// Where the client is told to come back to.
    gateway_url: String,
}

/// What happens next on a connection.
enum Turn {
    Paused,
    Ordered(Option<Order>),
    Received(Option<io::Result<Message>>),
    Wake,
    Late,
}

impl Connection {
    fn new(
        live: Arc<Live>,
        socket: WebSocketStream,
        encoder: Encoder,
        registration: Registration,
        gateway_url: String,
    ) -> Self {
        let deadline = Instant::now() + live.config.identify_timeout;
        Self {
            live,
            socket,
            encoder,
            id: registration.id,
            orders: registration.orders,
            paused: registration.paused,
            session: None,
            deadline,
            received: VecDeque::new(),
            gateway_url,
        }
    }

    async fn run(&mut self) {
        let end = match self.converse().await {
            Ok(()) => return,
            Err(end) => end,
        };
        tracing::debug!(connection = self.id, ?end, "gateway connection ends");
        match end {
            End::Closed(frame) => self.close(frame).await,
            // 1000 and 1001 give the session up; with any other code it can be resumed.
            End::ByClient(Some(1000 | 1001)) => self.forget_session(),
            End::ByClient(_) | End::Broken => {}
        }
    }

    async fn converse(&mut self) -> Result<(), End> {
        self.wait_while_paused().await?;
        let interval =
            u64::try_from(self.live.config.heartbeat_interval.as_millis()).unwrap_or(u64::MAX);
        self.send(payload::hello(interval)).await?;
        loop {
            match self.next_turn().await {
                Turn::Paused => self.wait_while_paused().await?,
                Turn::Ordered(Some(order)) => self.obey(order).await?,
                Turn::Ordered(None) => return Ok(()),
                Turn::Received(message) => self.receive(message).await?,
                Turn::Wake => self.flush().await?,
                Turn::Late => {
                    self.forget_session();
                    return Err(Close::SessionTimedOut.into());
                }
            }
        }
    }

    async fn next_turn(&mut self) -> Turn {
        let session = self.session.clone();
        let wake = async move {
            match session {
                Some(session) => session.wake.notified().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            _ = self.paused.changed() => Turn::Paused,
            order = self.orders.recv() => Turn::Ordered(order),
            message = self.socket.next() => Turn::Received(message),
            () = tokio::time::sleep_until(self.deadline) => Turn::Late,
            () = wake => Turn::Wake,
        }
    }

    /// While the gateway is silent nothing is read either, so what the client sent is answered
    /// when the silence ends.
    async fn wait_while_paused(&mut self) -> Result<(), End> {
        if !*self.paused.borrow_and_update() {
            return Ok(());
        }
        self.paused
            .wait_for(|paused| !*paused)
            .await
            .map_err(|_| End::Broken)?;
        self.expect_heartbeat();
        self.flush().await
    }

    async fn obey(&mut self, order: Order) -> Result<(), End> {
        match order {
            Order::AskForHeartbeat => self.send(payload::heartbeat_request()).await,
            Order::Reconnect => self.send(payload::reconnect()).await,
            Order::Invalidate => {
                self.forget_session();
                self.send(payload::invalid_session()).await
            }
            Order::Close(dismissal) => {
                if dismissal.session == Fate::Forgotten {
                    self.forget_session();
                }
                Err(End::Closed(dismissal.frame))
            }
        }
    }

    async fn receive(&mut self, message: Option<io::Result<Message>>) -> Result<(), End> {
        let text = match message {
            Some(Ok(Message::Text(text))) => text.into_bytes(),
            Some(Ok(Message::Binary(bytes))) => bytes,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Ok(()),
            Some(Ok(Message::Close(frame))) => {
                // Answers the close; the client may be gone already.
                _ = tokio::time::timeout(CLOSING, self.socket.flush()).await;
                return Err(End::ByClient(frame.map(|(code, _)| code.into())));
            }
            Some(Err(_)) | None => return Err(End::Broken),
        };
        self.count()?;
        match Command::parse(&text)? {
            Command::Heartbeat => {
                self.expect_heartbeat();
                if self.live.gateway.is_muted() {
                    return Ok(());
                }
                self.send(payload::heartbeat_ack()).await
            }
            Command::Identify(d) => self.identify(&d),
            Command::Resume {
                token,
                session,
                seq,
            } => self.resume(&token, &session, seq).await,
            Command::UpdatePresence(d) => {
                self.authenticated()?;
                Ok(self
                    .live
                    .set_bot_presence(&d)
                    .map_err(|_| Close::DecodeError)?)
            }
            Command::RequestMembers(d) => {
                let session = self.authenticated()?;
                chunks::answer(&self.live, &session, &chunks::Request::parse(&d)?);
                Ok(())
            }
            Command::Ignored => self.authenticated().map(|_| ()).map_err(End::from),
        }
    }

    /// Counts a payload against the limit of 120 a minute.
    fn count(&mut self) -> Result<(), Close> {
        let now = Instant::now();
        while self
            .received
            .front()
            .is_some_and(|at| now.duration_since(*at) > LIMIT_WINDOW)
        {
            self.received.pop_front();
        }
        self.received.push_back(now);
        if self.received.len() > LIMIT {
            Err(Close::RateLimited)
        } else {
            Ok(())
        }
    }

    fn authenticated(&self) -> Result<Arc<Session>, Close> {
        self.session.clone().ok_or(Close::NotAuthenticated)
    }

    /// An error if the control API has the next login refused. `session` is the one that a
    /// RESUME names.
    fn admitted(&self, session: Option<&str>) -> Result<(), End> {
        let Some(dismissal) = self.live.gateway.take_refusal() else {
            return Ok(());
        };
        if let (Some(session), Fate::Forgotten) = (session, dismissal.session) {
            self.live.gateway.forget(session);
        }
        Err(End::Closed(dismissal.frame))
    }

    fn credentials(&self) -> Credentials<'_> {
        Credentials {
            token: &self.live.config.token,
            privileged_intents: self.live.config.privileged_intents,
        }
    }

    fn identify(&mut self, d: &Map<String, Value>) -> Result<(), End> {
        if self.session.is_some() {
            return Err(Close::AlreadyAuthenticated.into());
        }
        self.admitted(None)?;
        let identify = Identify::check(d, &self.credentials())?;
        if identify.compress {
            self.encoder.compress_messages();
        }
        let session = self
            .live
            .log_in(self.id, identify, &self.gateway_url)
            .map_err(|_| Close::DecodeError)?;
        self.session = Some(session);
        self.expect_heartbeat();
        Ok(())
    }

    async fn resume(&mut self, token: &str, session: &str, seq: u64) -> Result<(), End> {
        if self.session.is_some() {
            return Err(Close::AlreadyAuthenticated.into());
        }
        self.admitted(Some(session))?;
        if !self.credentials().accept(token) {
            return Err(Close::AuthenticationFailed.into());
        }
        let Some(session) = self.live.gateway.session(session) else {
            return self.send(payload::invalid_session()).await;
        };
        let resumed = session
            .buffer
            .lock()
            .resume(self.id, seq, std::time::Instant::now());
        match resumed {
            Ok(holder) => {
                if let Some(holder) = holder {
                    self.live.gateway.cut(holder);
                }
                session.push(Event {
                    name: "RESUMED".into(),
                    data: r#"{"_trace":[]}"#.into(),
                });
                if session.identify.compress {
                    self.encoder.compress_messages();
                }
                self.session = Some(session);
                self.expect_heartbeat();
                Ok(())
            }
            Err(NotResumable::Forgotten) => {
                self.live.gateway.forget(&session.id);
                self.send(payload::invalid_session()).await
            }
            Err(NotResumable::FromTheFuture) => Err(Close::InvalidSequence.into()),
        }
    }

    /// The next heartbeat may be late by half an interval. Before IDENTIFY, a heartbeat does not
    /// give more time.
    fn expect_heartbeat(&mut self) {
        if self.session.is_some() {
            self.deadline = Instant::now() + self.live.config.heartbeat_interval.mul_f64(1.5);
        }
    }

    /// Sends the next events, and asks to be woken again if there may be more.
    async fn flush(&mut self) -> Result<(), End> {
        let Some(session) = self.session.clone() else {
            return Ok(());
        };
        let taken = {
            let mut buffer = session.buffer.lock();
            if buffer.holder() != Some(self.id) {
                // The wake-up was meant for whoever holds the session now.
                session.wake.notify_one();
                return Err(End::Broken);
            }
            buffer.take(BATCH)
        };
        let Some(taken) = taken else {
            tracing::warn!("a gateway client is too slow and has missed events");
            self.forget_session();
            return Err(End::Broken);
        };
        if taken.len() == BATCH {
            session.wake.notify_one();
        }
        for numbered in &taken {
            let message = self.encoder.encode(numbered.payload());
            self.socket.feed(message).await?;
        }
        self.socket.flush().await?;
        Ok(())
    }

    async fn send(&mut self, payload: String) -> Result<(), End> {
        let message = self.encoder.encode(payload);
        Ok(self.socket.send(message).await?)
    }

    fn forget_session(&mut self) {
        if let Some(session) = self.session.take() {
            self.live.gateway.forget(&session.id);
            self.deadline = Instant::now() + self.live.config.identify_timeout;
        }
    }

    async fn close(&mut self, frame: Frame) {
        let code = CloseCode::from(frame.code());
        let frame = Message::Close(Some((code, frame.reason().to_owned())));
        let farewell = async {
            self.socket.send(frame).await?;
            while let Some(message) = self.socket.next().await {
                message?;
            }
            Ok::<(), io::Error>(())
        };
        // Whoever does not answer the close is left.
        _ = tokio::time::timeout(CLOSING, farewell).await;
    }
}
