//! The Chrome DevTools Protocol: commands with answers, and events, over one WebSocket.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use futures_util::{SinkExt, StreamExt, stream::SplitStream};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    sync::{mpsc, oneshot, watch},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

use crate::harness::within;

/// Pictures of long pages are long messages.
const LONGEST_MESSAGE: usize = 256 << 20;

/// The connection to a browser.
pub struct DevTools {
    commands: mpsc::UnboundedSender<String>,
    heard: Arc<Heard>,
    next_id: AtomicU64,
}

/// What the browser has said.
#[derive(Default)]
struct Heard {
    /// Who waits for the answer to which command.
    waiting: Mutex<HashMap<u64, oneshot::Sender<Result<Value, Value>>>>,
    /// Every event so far.
    events: Mutex<Vec<Event>>,
    /// How many events there are.
    count: watch::Sender<usize>,
}

/// Something that happened on a page.
#[derive(Debug, Clone)]
pub struct Event {
    /// On which page, if on one.
    pub session: String,
    /// What: `Page.loadEventFired` and the like.
    pub method: String,
    /// More about it.
    pub params: Value,
}

impl DevTools {
    /// Connects to the tools at this address.
    pub async fn connect(address: &str) -> Arc<Self> {
        let config = WebSocketConfig::default()
            .max_message_size(Some(LONGEST_MESSAGE))
            .max_frame_size(Some(LONGEST_MESSAGE));
        let connecting = connect_async_with_config(address, Some(config), false);
        let (stream, _) = within("the browser's tools answer", connecting)
            .await
            .unwrap();
        let (mut sink, stream) = stream.split();
        let (commands, mut to_send) = mpsc::unbounded_channel::<String>();
        tokio::spawn(async move {
            while let Some(command) = to_send.recv().await {
                if sink.send(Message::text(command)).await.is_err() {
                    break;
                }
            }
        });
        let heard = Arc::<Heard>::default();
        tokio::spawn(listen(stream, Arc::clone(&heard)));
        Arc::new(Self {
            commands,
            heard,
            next_id: AtomicU64::new(1),
        })
    }

    /// Gives a command, to a page or to the browser as a whole, and returns its result.
    pub async fn ask(&self, session: Option<&str>, method: &str, params: Value) -> Value {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (tell, told) = oneshot::channel();
        self.heard.waiting.lock().insert(id, tell);
        let mut command = json!({"id": id, "method": method, "params": params});
        if let Some(session) = session {
            command["sessionId"] = session.into();
        }
        self.commands.send(command.to_string()).unwrap();
        let told = within(method, told).await;
        let told = told.unwrap_or_else(|_| panic!("the browser ended before it answered {method}"));
        told.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// All events of a page so far.
    pub fn events(&self, session: &str) -> Vec<Event> {
        let events = self.heard.events.lock();
        let events = events.iter().filter(|event| event.session == session);
        events.cloned().collect()
    }

    /// Waits until the events of a page are as wanted.
    pub async fn until(&self, what: &str, session: &str, wanted: impl Fn(&[Event]) -> bool) {
        let mut count = self.heard.count.subscribe();
        within(what, count.wait_for(|_| wanted(&self.events(session))))
            .await
            .unwrap();
    }
}

async fn listen(
    mut stream: SplitStream<WebSocketStream<MaybeTlsStream<TcpStream>>>,
    to: Arc<Heard>,
) {
    while let Some(Ok(message)) = stream.next().await {
        let Message::Text(text) = message else {
            continue;
        };
        let mut message: Value = serde_json::from_str(&text).unwrap();
        let Some(id) = message["id"].as_u64() else {
            to.events.lock().push(Event {
                session: message["sessionId"].as_str().unwrap_or_default().to_owned(),
                method: message["method"].as_str().unwrap_or_default().to_owned(),
                params: message["params"].take(),
            });
            to.count.send_modify(|count| *count += 1);
            continue;
        };
        let answer = match message.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(message["result"].take()),
        };
        if let Some(waiting) = to.waiting.lock().remove(&id) {
            let _ = waiting.send(answer);
        }
    }
    // Nobody is to wait for what cannot come.
    to.waiting.lock().clear();
}
