use super::field::{DecodeError, message_type};
use super::host_message::{CallerIdMatch, Engagement, Failure, HostMessage};
use super::message_id::{MessageIds, instance_of};
use super::origin::{HostAllowList, Origin, Sender};
use super::outbox::Outbox;
use super::requests::{Open, Request, Requests};
use super::sync::{SYNC, Sync, SyncAck};
use super::text::{EngagementId, ExternalCallId, Sensitive};
use super::widget_message::{WidgetError, WidgetMessage};
use crate::queue::Queue;
use crate::{Timestamp, Value};
use core::time::Duration;

/// How long a host may take to send its first `SYNC`.
const HANDSHAKE: Duration = Duration::from_secs(30);
/// For how long further `SYNC`s of a host that was answered are taken to have been on their way already: on a slow machine
/// they wait for seconds, behind the widget's first picture.
const IN_FLIGHT: Duration = Duration::from_secs(5);
/// How many messages wait for the handshake.
const MAX_QUEUED: usize = 128;

/// What a [`Session`] needs to know.
pub struct SessionConfig {
    /// The pages that may embed the widget.
    pub hosts: HostAllowList,
    /// The widget's own origin.
    pub origin: Origin,
    /// The version that the widget reports.
    pub version: &'static str,
    /// Makes this widget's message ids differ from those of others.
    pub seed: u64,
}

/// The widget's end of the protocol.
///
/// ```text
///           first valid SYNC: latch the origin, SYNC_ACK, Ready, flush the queue
///  Waiting ──────────────────────────────────────────────────────────────────────► Ready ──┐
///     │ 30 s: HandshakeTimedOut, once; goes on waiting                               ▲     │ SYNC of another host instance,
///     └──┘                                                                           └─────┘ or 5 s later: SYNC_ACK, Reattached
/// ```
pub struct Session {
    config: SessionConfig,
    ids: MessageIds,
    state: State,
    queue: Queue<WidgetMessage>,
    requests: Requests,
    outbox: Outbox<SessionOutput>,
}

enum State {
    Waiting { deadline: Option<Timestamp> },
    Ready { host: Origin, instance: String, acked_at: Timestamp },
}

/// What the driver of a [`Session`] has to do. Of what it does not read, the newest 256 are kept.
#[allow(clippy::large_enum_variant, reason = "made and consumed one at a time")]
#[derive(Clone, Debug, PartialEq)]
pub enum SessionOutput {
    /// Send a message to `window.parent`.
    Post {
        /// The only origin that may get it.
        target: Origin,
        /// The message.
        message: Value,
    },
    /// Tell the app.
    Event(SessionEvent),
}

/// What happened at the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionEvent {
    /// The handshake is done. Comes once.
    Ready(Sync),
    /// The host began anew: tell it again how things stand.
    Reattached(Sync),
    /// A message that answers no question of this session.
    Message(HostMessage),
    /// HubSpot made a call record.
    EngagementCreated {
        /// The call.
        call: ExternalCallId,
        /// Its record.
        engagement: EngagementId,
    },
    /// HubSpot put what the user noted into the call record.
    EngagementUpdated {
        /// The call.
        call: ExternalCallId,
        /// Its record.
        engagement: EngagementId,
    },
    /// HubSpot pushed the call record to its channel.
    EngagementFinalized {
        /// The call.
        call: ExternalCallId,
        /// Its record.
        engagement: EngagementId,
    },
    /// HubSpot says who may be calling.
    CallerIdMatched {
        /// The call.
        call: ExternalCallId,
        /// The records that have the number; none if nobody does.
        matches: Vec<CallerIdMatch>,
    },
    /// HubSpot could not do what was asked.
    RequestFailed {
        /// What was asked.
        request: Request,
        /// For which call.
        call: ExternalCallId,
        /// In HubSpot's words.
        reason: Option<Sensitive>,
    },
    /// HubSpot did not answer within 30 s, or began anew before it did. Whether it acted is not known; a later answer
    /// comes as a [`Message`](Self::Message).
    RequestExpired {
        /// What was asked.
        request: Request,
        /// For which call.
        call: ExternalCallId,
    },
    /// The host sent a type of message that nobody knows. It was told so.
    UnknownMessage {
        /// The type.
        message_type: String,
    },
    /// The host sent a message that can't be read.
    Malformed(DecodeError),
    /// No host that is allowed spoke for 30 s. If one does later, [`Ready`](Self::Ready) follows.
    HandshakeTimedOut,
    /// Too many messages wait for the handshake: one was dropped.
    QueueFull {
        /// Its type.
        message_type: &'static str,
    },
}

impl Session {
    /// A session that waits for its host.
    #[must_use]
    pub fn new(config: SessionConfig, now: Timestamp) -> Self {
        Self {
            ids: MessageIds::new(config.seed),
            config,
            state: State::Waiting { deadline: Some(now + HANDSHAKE) },
            queue: Queue::new(),
            requests: Requests::new(),
            outbox: Outbox::new(),
        }
    }

    /// The host, once the handshake is done.
    #[must_use]
    pub const fn host(&self) -> Option<&Origin> {
        match &self.state {
            State::Waiting { .. } => None,
            State::Ready { host, .. } => Some(host),
        }
    }

    /// Whether a message of this sender would be looked at. Allocates nothing, so ask before converting the message.
    #[must_use]
    pub fn trusts(&self, sender: Sender<'_>) -> bool {
        sender.is_peer
            && match &self.state {
                State::Waiting { .. } => self.config.hosts.contains(sender.origin),
                State::Ready { host, .. } => host.as_str() == sender.origin,
            }
    }

    /// Takes a message that arrived. What has no business here is ignored, and then nothing is allocated.
    pub fn handle_message(&mut self, now: Timestamp, sender: Sender<'_>, message: &Value) {
        if !self.trusts(sender) {
            return;
        }
        let Some(message_type) = message_type(message) else { return };
        if message_type == SYNC {
            self.handle_sync(now, sender, message);
        } else if self.host().is_some() {
            self.handle_host_message(message_type, message);
        }
    }

    /// Sends a message, now or after the handshake. While it waits its place is kept; beyond 128 of them the newest is
    /// dropped with [`QueueFull`](SessionEvent::QueueFull).
    pub fn send(&mut self, now: Timestamp, message: WidgetMessage) {
        if self.host().is_some() {
            self.post(now, &message);
        } else if self.queue.len() < MAX_QUEUED {
            self.queue.push(message);
        } else {
            self.emit(SessionEvent::QueueFull { message_type: message.message_type() });
        }
    }

    /// Lets time pass.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        if let State::Waiting { deadline } = &mut self.state
            && deadline.take_if(|deadline| *deadline <= now).is_some()
        {
            self.emit(SessionEvent::HandshakeTimedOut);
        }
        while let Some(open) = self.requests.expire(now) {
            self.give_up(open);
        }
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        let handshake = match self.state {
            State::Waiting { deadline } => deadline,
            State::Ready { .. } => None,
        };
        handshake.into_iter().chain(self.requests.next_expiry()).min()
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<SessionOutput> {
        self.outbox.pop()
    }

    fn handle_sync(&mut self, now: Timestamp, sender: Sender<'_>, message: &Value) {
        let instance = message.get("messageId").and_then(Value::as_str).map(instance_of);
        let is_same_host = match &self.state {
            State::Ready { instance: known, acked_at, .. } => {
                let is_same = instance == Some(known.as_str());
                if is_same && now.since(*acked_at) < IN_FLIGHT {
                    return;
                }
                Some(is_same)
            }
            State::Waiting { .. } => None,
        };
        let Ok(host) = Origin::parse(sender.origin) else { return };
        let mut sync = match Sync::decode(message) {
            Ok(sync) => sync,
            Err(error) => return self.emit(SessionEvent::Malformed(error)),
        };
        sync.host_url = sync.host_url.filter(|claimed| *claimed == host);
        let ack = SyncAck {
            sync,
            debug_mode: Some(false),
            version: Some(self.config.version.to_owned()),
            iframe_url: Some(self.config.origin.clone()),
        };
        let message = ack.encode();
        let sync = ack.sync;
        let instance = instance_of(&sync.message_id).to_owned();
        self.state = State::Ready { host: host.clone(), instance, acked_at: now };
        self.outbox.push(SessionOutput::Post { target: host, message });
        match is_same_host {
            None => {
                self.emit(SessionEvent::Ready(sync));
                while let Some(message) = self.queue.pop() {
                    self.post(now, &message);
                }
            }
            Some(is_same_host) => {
                if !is_same_host {
                    for open in self.requests.abandon() {
                        self.give_up(open);
                    }
                }
                self.emit(SessionEvent::Reattached(sync));
            }
        }
    }

    fn handle_host_message(&mut self, message_type: &str, message: &Value) {
        match HostMessage::decode(message) {
            Ok(message) => self.settle(message),
            // What a host says only to itself, or to a host. An `ERROR` that is answered would come back for ever.
            Err(DecodeError::UnknownType)
                if matches!(message_type, "READY" | "SET_WIDGET_URL" | "SYNC_ACK" | "SYNC_ACK_FAILED" | "ERROR") => {}
            Err(DecodeError::UnknownType) => {
                let answer = WidgetMessage::Error(WidgetError::UnknownMessageType(message_type.to_owned()));
                self.post_unasked(&answer);
                self.emit(SessionEvent::UnknownMessage { message_type: message_type.to_owned() });
            }
            Err(error) => self.emit(SessionEvent::Malformed(error)),
        }
    }

    /// Finds the question that a message answers.
    fn settle(&mut self, message: HostMessage) {
        use HostMessage as M;
        let event = match &message {
            M::EngagementCreated(record) | M::CreateEngagementSucceeded(record) => {
                if !self.requests.is_new(&record.engagement_id) {
                    return;
                }
                self.succeed(Request::CreateEngagement, record)
                    .map(|(call, engagement)| SessionEvent::EngagementCreated { call, engagement })
            }
            M::UpdateEngagementSucceeded(record) => self
                .succeed(Request::UpdateEngagement, record)
                .map(|(call, engagement)| SessionEvent::EngagementUpdated { call, engagement }),
            M::FinalizeEngagementSucceeded(record) | M::PublishToChannelSucceeded(record) => self
                .succeed(Request::FinalizeEngagement, record)
                .map(|(call, engagement)| SessionEvent::EngagementFinalized { call, engagement }),
            M::CallerIdMatchSucceeded(found) => self
                .requests
                .settle(Request::MatchCallerId, found.external_call_id.as_ref(), None)
                .map(|call| SessionEvent::CallerIdMatched { call, matches: found.caller_id_matches.clone() }),
            M::CreateEngagementFailed(failure) => self.fail(Request::CreateEngagement, failure),
            M::UpdateEngagementFailed(failure) => self.fail(Request::UpdateEngagement, failure),
            M::CallerIdMatchFailed(failure) => self.fail(Request::MatchCallerId, failure),
            M::FinalizeEngagementFailed(failure) | M::PublishToChannelFailed(failure) => {
                self.fail(Request::FinalizeEngagement, failure)
            }
            _ => None,
        };
        self.emit(event.unwrap_or(SessionEvent::Message(message)));
    }

    fn succeed(&mut self, request: Request, record: &Engagement) -> Option<(ExternalCallId, EngagementId)> {
        let call = self.requests.settle(request, record.external_call_id.as_ref(), Some(&record.engagement_id))?;
        Some((call, record.engagement_id.clone()))
    }

    fn fail(&mut self, request: Request, failure: &Failure) -> Option<SessionEvent> {
        let call = self.requests.settle(request, failure.external_call_id.as_ref(), failure.engagement_id.as_ref())?;
        let reason = failure.error.as_ref().map(|error| error.message.clone());
        Some(SessionEvent::RequestFailed { request, call, reason })
    }

    fn post(&mut self, now: Timestamp, message: &WidgetMessage) {
        if let Some(evicted) = self.requests.open(now, message) {
            self.give_up(evicted);
        }
        self.post_unasked(message);
    }

    /// Posts a message that asks nothing.
    fn post_unasked(&mut self, message: &WidgetMessage) {
        if let State::Ready { host, .. } = &self.state {
            let message = message.encode(&self.ids.next());
            self.outbox.push(SessionOutput::Post { target: host.clone(), message });
        }
    }

    fn give_up(&mut self, open: Open) {
        self.emit(SessionEvent::RequestExpired { request: open.request, call: open.call });
    }

    fn emit(&mut self, event: SessionEvent) {
        self.outbox.push(SessionOutput::Event(event));
    }
}
