//! One call and its states.
//!
//! ```text
//!  outbound                            inbound
//!     │                                   │
//! ┌───▼─────┐   Ringing   ┌─────────┐     │
//! │ Dialing ├────────────►│ Ringing │◄────┘
//! └───┬─────┘             └────┬────┘
//!     │       Connected        │ Connected
//!     └───────────┬────────────┘
//!            ┌────▼──────┐  Held   ┌────────┐
//!            │ Connected │◄───────►│ OnHold │
//!            └────┬──────┘ Resumed └───┬────┘
//!                 │       Ended        │         every state may end
//!            ┌────▼─────────────────────▼──┐
//!            │      Ended(EndReason)       │
//!            └─────────────────────────────┘
//! ```

use super::event::{CallEvent, CallEventKind};
use super::line::DialKey;
use super::number::PhoneNumber;
use crate::Timestamp;
use core::fmt;

/// The provider's name for a call. Unique within an account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(String);

impl CallId {
    /// Wraps the provider's id.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id as the provider wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who called whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The agent dialled.
    Outbound,
    /// The other party dialled.
    Inbound,
}

/// Where a call stands; the diagram is at the top of this file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallState {
    /// The provider took the order; the far end does not ring yet.
    Dialing,
    /// The far end rings (outbound), or the agent's line does (inbound).
    Ringing,
    /// Both parties can talk.
    Connected,
    /// The other party waits; the agent took them off the line.
    OnHold,
    /// Over. No event follows.
    Ended(EndReason),
}

impl CallState {
    /// Whether the call is over.
    #[must_use]
    pub const fn is_ended(self) -> bool {
        matches!(self, Self::Ended(_))
    }

    /// Whether the parties have been connected and still are.
    #[must_use]
    pub const fn is_established(self) -> bool {
        matches!(self, Self::Connected | Self::OnHold)
    }
}

/// Why a call is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The agent hung up an answered call.
    HungUp,
    /// The other party hung up an answered call.
    RemoteHungUp,
    /// The agent handed the call to someone else.
    Transferred,
    /// The agent gave up before the other party answered.
    Canceled,
    /// The called party was on the phone.
    Busy,
    /// The called party did not answer in time.
    NoAnswer,
    /// The called party, or for an inbound call the agent, declined.
    Rejected,
    /// The caller gave up before the agent answered.
    Missed,
    /// Answered by the same agent somewhere else.
    AnsweredElsewhere,
    /// Something broke.
    Failed(FailureReason),
}

/// What broke a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureReason {
    /// The number does not exist.
    InvalidNumber,
    /// The number exists and can't be reached now.
    Unreachable,
    /// The connection was lost while people talked.
    ConnectionLost,
    /// The provider failed.
    Provider,
}

/// Whether the call is recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recording {
    /// Not recorded.
    #[default]
    Off,
    /// Recorded now.
    On,
    /// Recorded before and, if the agent resumes, after.
    Paused,
}

/// One call as a provider knows it: what [`active_calls`](super::Telephony::active_calls) returns and
/// what [`CallEventKind::Started`] carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The provider's id.
    pub id: CallId,
    /// Who called whom.
    pub direction: Direction,
    /// The other party. `None` when an inbound caller withheld their number.
    pub remote: Option<PhoneNumber>,
    /// The account's number that was used or called.
    pub local: Option<PhoneNumber>,
    /// The key of the [`DialRequest`](super::DialRequest) that began it, if this agent's `dial` did.
    pub key: Option<DialKey>,
    /// Where the call stands.
    pub state: CallState,
    /// Whether the other party can't hear the agent.
    pub muted: bool,
    /// Whether it is recorded.
    pub recording: Recording,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was answered.
    pub connected_at: Option<Timestamp>,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// The sequence of the last event that this picture includes.
    pub sequence: u64,
}

/// An event that can't follow the call's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransitionError {
    /// The state in which the event arrived.
    pub from: CallState,
}

impl fmt::Display for TransitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event is impossible in state {:?}", self.from)
    }
}

impl core::error::Error for TransitionError {}

impl Call {
    /// Brings the picture up to date with one event. `Ok(false)` is a duplicate, which changed nothing.
    ///
    /// # Errors
    /// When the event can't follow the present state; the picture is then unchanged.
    pub fn apply(&mut self, event: &CallEvent) -> Result<bool, TransitionError> {
        use CallState::{Connected, Dialing, Ended, OnHold, Ringing};

        if event.call != self.id || event.sequence <= self.sequence {
            return Ok(false);
        }
        let refused = Err(TransitionError { from: self.state });
        match (&event.kind, self.state) {
            (_, Ended(_)) | (CallEventKind::Started(_), _) => return refused,
            (CallEventKind::Ringing, Dialing) => self.state = Ringing,
            (CallEventKind::Connected, Dialing | Ringing) => {
                self.state = Connected;
                self.connected_at = Some(event.at);
            }
            (CallEventKind::Held, Connected) => self.state = OnHold,
            (CallEventKind::Resumed, OnHold) => self.state = Connected,
            (CallEventKind::Ended(reason), _) => {
                self.state = Ended(*reason);
                self.ended_at = Some(event.at);
            }
            (CallEventKind::Muted, Connected | OnHold) => self.muted = true,
            (CallEventKind::Unmuted, Connected | OnHold) => self.muted = false,
            (CallEventKind::RecordingStarted | CallEventKind::RecordingResumed, Connected | OnHold) => {
                self.recording = Recording::On;
            }
            (CallEventKind::RecordingPaused, Connected | OnHold) => self.recording = Recording::Paused,
            (CallEventKind::RecordingStopped, Connected | OnHold) => self.recording = Recording::Off,
            (CallEventKind::DigitsReceived(_) | CallEventKind::TransferFailed, Connected | OnHold) => {}
            _ => return refused,
        }
        self.sequence = event.sequence;
        Ok(true)
    }
}
