use super::Secret;
use cordboard::Value;
use cordboard::telephony::{CallEvent, CallEventKind, Connection, EndReason, Event, FailureReason, SignedOutReason};
use serde::{Deserialize, Serialize};

/// An [`Event`]. `SignedOut` is a message of its own.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum WireEvent {
    /// Something happened to a call.
    Call(WireCallEvent),
    /// The line to the provider changed.
    Connection {
        /// How it is now.
        state: ConnectionState,
    },
    /// The gateway itself missed events. Read `active_calls`.
    Lagged {
        /// How many.
        missed: u64,
    },
}

/// A [`CallEvent`].
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct WireCallEvent {
    /// Which call.
    pub call: String,
    /// Counts the call's own events from 1.
    pub sequence: u64,
    /// When it happened.
    pub at: u64,
    /// What happened.
    #[serde(flatten)]
    pub kind: WireCallEventKind,
}

/// A [`CallEventKind`].
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(missing_docs, reason = "they are those of the contract")]
pub enum WireCallEventKind {
    Started {
        /// The call, as `Value::from(&Call)` writes it.
        started: Value,
    },
    Ringing,
    Connected,
    Held,
    Resumed,
    Muted,
    Unmuted,
    RecordingStarted {
        /// Where it can be heard when it is ready.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recording: Option<Secret>,
    },
    RecordingPaused,
    RecordingResumed,
    RecordingStopped,
    DigitsReceived {
        digits: String,
    },
    TransferFailed,
    Ended {
        reason: EndReasonName,
    },
}

/// An [`EndReason`], by the words in which a call's state is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "they are those of the contract")]
pub enum EndReasonName {
    HungUp,
    RemoteHungUp,
    Transferred,
    Canceled,
    Busy,
    NoAnswer,
    Rejected,
    Missed,
    AnsweredElsewhere,
    InvalidNumber,
    NotAllowed,
    Unreachable,
    ConnectionLost,
    ProviderFailed,
}

impl From<EndReason> for EndReasonName {
    fn from(reason: EndReason) -> Self {
        match reason {
            EndReason::HungUp => Self::HungUp,
            EndReason::RemoteHungUp => Self::RemoteHungUp,
            EndReason::Transferred => Self::Transferred,
            EndReason::Canceled => Self::Canceled,
            EndReason::Busy => Self::Busy,
            EndReason::NoAnswer => Self::NoAnswer,
            EndReason::Rejected => Self::Rejected,
            EndReason::Missed => Self::Missed,
            EndReason::AnsweredElsewhere => Self::AnsweredElsewhere,
            EndReason::Failed(FailureReason::InvalidNumber) => Self::InvalidNumber,
            EndReason::Failed(FailureReason::NotAllowed) => Self::NotAllowed,
            EndReason::Failed(FailureReason::Unreachable) => Self::Unreachable,
            EndReason::Failed(FailureReason::ConnectionLost) => Self::ConnectionLost,
            EndReason::Failed(FailureReason::Provider) => Self::ProviderFailed,
        }
    }
}

impl From<&CallEvent> for WireCallEvent {
    fn from(event: &CallEvent) -> Self {
        Self {
            call: event.call.as_str().to_owned(),
            sequence: event.sequence,
            at: event.at.as_millis(),
            kind: match &event.kind {
                CallEventKind::Started(call) => WireCallEventKind::Started { started: Value::from(&**call) },
                CallEventKind::Ringing => WireCallEventKind::Ringing,
                CallEventKind::Connected => WireCallEventKind::Connected,
                CallEventKind::Held => WireCallEventKind::Held,
                CallEventKind::Resumed => WireCallEventKind::Resumed,
                CallEventKind::Muted => WireCallEventKind::Muted,
                CallEventKind::Unmuted => WireCallEventKind::Unmuted,
                CallEventKind::RecordingStarted(recording) => WireCallEventKind::RecordingStarted {
                    recording: recording.as_ref().map(|recording| Secret(recording.as_str().to_owned())),
                },
                CallEventKind::RecordingPaused => WireCallEventKind::RecordingPaused,
                CallEventKind::RecordingResumed => WireCallEventKind::RecordingResumed,
                CallEventKind::RecordingStopped => WireCallEventKind::RecordingStopped,
                CallEventKind::DigitsReceived(digits) => {
                    WireCallEventKind::DigitsReceived { digits: digits.as_str().to_owned() }
                }
                CallEventKind::TransferFailed => WireCallEventKind::TransferFailed,
                CallEventKind::Ended(reason) => WireCallEventKind::Ended { reason: (*reason).into() },
            },
        }
    }
}

/// A [`Connection`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "they are those of the contract")]
pub enum ConnectionState {
    Lost,
    Restored,
    Poor,
    Good,
}

impl From<Connection> for ConnectionState {
    fn from(connection: Connection) -> Self {
        match connection {
            Connection::Lost => Self::Lost,
            Connection::Restored => Self::Restored,
            Connection::Poor => Self::Poor,
            Connection::Good => Self::Good,
        }
    }
}

impl WireEvent {
    /// The event as it is said; `None` for the one that is a message of its own.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        Some(match event {
            Event::Call(event) => Self::Call(event.into()),
            Event::Connection(connection) => Self::Connection { state: (*connection).into() },
            Event::Lagged { missed } => Self::Lagged { missed: *missed },
            Event::SignedOut(_) => return None,
        })
    }
}

/// A [`SignedOutReason`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "they are those of the contract")]
pub enum SignedOut {
    Expired,
    Replaced,
    Revoked,
}

impl From<SignedOutReason> for SignedOut {
    fn from(reason: SignedOutReason) -> Self {
        match reason {
            SignedOutReason::Expired => Self::Expired,
            SignedOutReason::Replaced => Self::Replaced,
            SignedOutReason::Revoked => Self::Revoked,
        }
    }
}
