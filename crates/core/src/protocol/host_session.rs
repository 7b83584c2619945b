use super::field::{DecodeError, message_type};
use super::host_message::{Failure, HostMessage};
use super::message_id::MessageIds;
use super::origin::{Origin, Sender};
use super::outbox::Outbox;
use super::sync::{SYNC_ACK, Sync, SyncAck, SyncContext};
use super::widget_message::WidgetMessage;
use crate::queue::Queue;
use crate::{Timestamp, Value};
use core::time::Duration;

/// How often a widget is asked to answer.
const SYNC_INTERVAL: Duration = Duration::from_millis(100);
/// How long a widget may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many messages wait for the handshake.
const MAX_QUEUED: usize = 128;

/// What a [`HostSession`] needs to know.
pub struct HostSessionConfig {
    /// The page's own origin.
    pub origin: Origin,
    /// The origin of the iframe's `src`.
    pub widget: Origin,
    /// What the widget is told about its place.
    pub context: SyncContext,
    /// Makes this page's message ids differ from those of others.
    pub seed: u64,
}

/// The CRM page's end of the protocol: what the official SDK does with `iFrameOptions`.
///
/// ```text
///            loaded          SYNC_ACK with an open id
///  Unloaded ───────► Syncing ────────────────────────► Ready
///                     ▲ │ 30 s: SyncAckFailed            │
///                     │ └──────► Failed                  │
///                     └───────────┴──────────────────────┘ loaded again
/// ```
pub struct HostSession {
    config: HostSessionConfig,
    ids: MessageIds,
    state: State,
    queue: Queue<HostMessage>,
    outbox: Outbox<HostSessionOutput>,
}

enum State {
    Unloaded,
    Syncing { since: Timestamp, first: u64, next: Timestamp },
    Ready,
    Failed,
}

/// What the driver of a [`HostSession`] has to do. Of what it does not read, the newest 256 are kept.
#[allow(clippy::large_enum_variant, reason = "made and consumed one at a time")]
#[derive(Clone, Debug, PartialEq)]
pub enum HostSessionOutput {
    /// Send a message to the iframe's `contentWindow`.
    Post {
        /// The only origin that may get it.
        target: Origin,
        /// The message.
        message: Value,
    },
    /// Tell the page.
    Event(HostSessionEvent),
}

/// What happened at the widget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostSessionEvent {
    /// The handshake is done. Comes once for each load of the iframe.
    Ready(SyncAck),
    /// The widget did not answer for 30 s. Ends when the iframe loads again.
    SyncAckFailed,
    /// The widget says something.
    Message(WidgetMessage),
    /// The widget sent a type of message that nobody knows.
    UnknownMessage {
        /// The type.
        message_type: String,
    },
    /// The widget sent a message that can't be read.
    Malformed(DecodeError),
    /// Too many messages wait for the handshake: one was dropped.
    QueueFull {
        /// Its type.
        message_type: &'static str,
    },
}

impl HostSession {
    /// A session for an iframe that is not loaded yet.
    #[must_use]
    pub fn new(config: HostSessionConfig) -> Self {
        Self {
            ids: MessageIds::new(config.seed),
            config,
            state: State::Unloaded,
            queue: Queue::new(),
            outbox: Outbox::new(),
        }
    }

    /// Whether the handshake is done.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        matches!(self.state, State::Ready)
    }

    /// What the widget is told about its place with the next `SYNC`.
    pub fn set_context(&mut self, context: SyncContext) {
        self.config.context = context;
    }

    /// Whether a message of this sender would be looked at. Allocates nothing, so ask before converting the message.
    #[must_use]
    pub fn trusts(&self, sender: Sender<'_>) -> bool {
        sender.is_peer && sender.origin == self.config.widget.as_str()
    }

    /// The iframe is loaded, for the first time or again: begins the handshake.
    pub fn handle_load(&mut self, now: Timestamp) {
        self.state = State::Syncing { since: now, first: self.ids.next_count(), next: now };
        self.handle_timeout(now);
    }

    /// Takes a message that arrived.
    pub fn handle_message(&mut self, sender: Sender<'_>, message: &Value) {
        if !self.trusts(sender) {
            return;
        }
        let Some(message_type) = message_type(message) else { return };
        if message_type == SYNC_ACK {
            self.handle_sync_ack(message);
        } else if self.is_ready() {
            self.handle_widget_message(message_type, message);
        }
    }

    /// Sends a message, now or after the handshake. While it waits its place is kept; beyond 128 of them the newest is
    /// dropped with [`QueueFull`](HostSessionEvent::QueueFull).
    pub fn send(&mut self, message: HostMessage) {
        if self.is_ready() {
            self.post(&message);
        } else if self.queue.len() < MAX_QUEUED {
            self.queue.push(message);
        } else {
            self.emit(HostSessionEvent::QueueFull { message_type: message.message_type() });
        }
    }

    /// Lets time pass.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        let State::Syncing { since, next, .. } = &mut self.state else { return };
        if *next > now {
            return;
        }
        if now.since(*since) > PATIENCE {
            self.state = State::Failed;
            return self.emit(HostSessionEvent::SyncAckFailed);
        }
        *next = now + SYNC_INTERVAL;
        let sync = Sync {
            message_id: self.ids.next(),
            host_url: Some(self.config.origin.clone()),
            context: self.config.context.clone(),
        };
        self.outbox.push(HostSessionOutput::Post { target: self.config.widget.clone(), message: sync.encode() });
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) next.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<Timestamp> {
        match self.state {
            State::Syncing { next, .. } => Some(next),
            State::Unloaded | State::Ready | State::Failed => None,
        }
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<HostSessionOutput> {
        self.outbox.pop()
    }

    fn handle_sync_ack(&mut self, message: &Value) {
        let State::Syncing { first, .. } = self.state else { return };
        let id = message.get("messageId").and_then(Value::as_str).unwrap_or_default();
        if !self.ids.made_since(first, id) {
            return;
        }
        match SyncAck::decode(message) {
            Ok(ack) => {
                self.state = State::Ready;
                self.emit(HostSessionEvent::Ready(ack));
                while let Some(message) = self.queue.pop() {
                    self.post(&message);
                }
            }
            Err(error) => self.emit(HostSessionEvent::Malformed(error)),
        }
    }

    fn handle_widget_message(&mut self, message_type: &str, message: &Value) {
        match WidgetMessage::decode(message) {
            Ok(message) => {
                if let WidgetMessage::SetWidgetUrl(url) = &message {
                    match Origin::parse(&url.iframe_url) {
                        Ok(origin) if origin.is_secure() => self.config.widget = origin,
                        _ => self.post(&HostMessage::SetWidgetUrlFailed(Failure::default())),
                    }
                }
                self.emit(HostSessionEvent::Message(message));
            }
            Err(DecodeError::UnknownType) => {
                self.emit(HostSessionEvent::UnknownMessage { message_type: message_type.to_owned() });
            }
            Err(error) => self.emit(HostSessionEvent::Malformed(error)),
        }
    }

    fn post(&mut self, message: &HostMessage) {
        let message = message.encode(&self.ids.next());
        self.outbox.push(HostSessionOutput::Post { target: self.config.widget.clone(), message });
    }

    fn emit(&mut self, event: HostSessionEvent) {
        self.outbox.push(HostSessionOutput::Event(event));
    }
}
