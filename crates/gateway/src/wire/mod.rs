//! What a widget and the gateway say to each other over the socket, as JSON text frames.
//!
//! The names on the wire stand in this module only. The client has a small codec of its own; `tests/wire.rs` holds a snapshot of
//! each message, which is what both sides are compared with.
//!
//! - Times and sequences are whole numbers below 2^53, times in milliseconds since the epoch.
//! - Who reads ignores fields that it does not know.
//! - Ids of requests are the client's, and each is answered once.

mod event;
mod order;
mod reply;
mod session;

pub use event::{ConnectionState, EndReasonName, SignedOut, WireCallEvent, WireCallEventKind, WireEvent};
pub use order::Order;
pub use reply::{Answer, ErrorName, Outcome, Refusal, WireCallerId, WireMediaToken};
pub use session::{Redeem, Refresh, Session, SignIn};

use cordboard::telephony::Capability;
use serde::{Deserialize, Serialize};

/// The subprotocol that both name in the handshake.
pub const SUBPROTOCOL: &str = "cordboard.v1";

/// The longest frame and the longest message, either way.
pub const MAX_MESSAGE: usize = 64 * 1024;

/// A secret on its way. Its `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What a widget says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMessage {
    /// Who it is. The first message.
    Hello {
        /// The access token.
        token: Secret,
        /// Where it stopped reading, when it was connected before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resume: Option<Resume>,
    },
    /// An order or a question.
    Request {
        /// Names the answer.
        id: u64,
        /// What to do.
        #[serde(flatten)]
        order: Order,
    },
    /// Everything up to this event has been taken in.
    Ack {
        /// The event's sequence.
        sequence: u64,
    },
    /// Asks for a [`ServerMessage::Pong`]: a page can't send the protocol's own ping.
    Ping,
}

/// Where a client stopped reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// Which numbering.
    pub stream: String,
    /// The last event that was taken in.
    pub after: u64,
}

/// What the gateway says.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// The answer to a good hello.
    Welcome(Welcome),
    /// Something happened.
    Event {
        /// Its place in the stream, one more than the one before. What is about the line and not about a call has none: it is
        /// said to whoever is there, and is not kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sequence: Option<u64>,
        /// What.
        event: WireEvent,
    },
    /// The answer to a request.
    Reply {
        /// The request's id.
        id: u64,
        /// What became of it.
        #[serde(flatten)]
        outcome: Outcome,
    },
    /// The session is over, and the socket closes.
    SignedOut {
        /// Why.
        reason: SignedOut,
    },
    /// The answer to [`ClientMessage::Ping`].
    Pong,
}

/// What the agent's line is, and where its events stand.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// Who is signed in.
    pub agent: Party,
    /// Who provides the line.
    pub provider: Party,
    /// What the line can do: names of [`Capability`], in snake case.
    pub capabilities: Vec<CapabilityName>,
    /// Which numbering the events have. Another one than before means that events may be missing.
    pub stream: String,
    /// The event after which this connection goes on: `resume.after` if that worked, else the last that there was.
    pub sequence: u64,
    /// Whether nothing is missing. If not, read `active_calls`.
    pub resumed: bool,
    /// The time by the gateway's clock, as all times here are, in milliseconds since the epoch: a page's own clock may be off.
    pub now: u64,
}

/// An id and the name that people read.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
}

/// A [`Capability`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "they are those of the contract")]
pub enum CapabilityName {
    Inbound,
    Mute,
    Hold,
    Digits,
    BlindTransfer,
    AttendedTransfer,
    Recording,
    PauseRecording,
    ConcurrentCalls,
}

impl From<Capability> for CapabilityName {
    fn from(capability: Capability) -> Self {
        match capability {
            Capability::Inbound => Self::Inbound,
            Capability::Mute => Self::Mute,
            Capability::Hold => Self::Hold,
            Capability::Digits => Self::Digits,
            Capability::BlindTransfer => Self::BlindTransfer,
            Capability::AttendedTransfer => Self::AttendedTransfer,
            Capability::Recording => Self::Recording,
            Capability::PauseRecording => Self::PauseRecording,
            Capability::ConcurrentCalls => Self::ConcurrentCalls,
        }
    }
}
