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
use super::recording::RecordingRef;
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
    /// The account may not call the number.
    NotAllowed,
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
    /// What was recorded of it, in order. No more than [`MOST_RECORDINGS`](Self::MOST_RECORDINGS).
    pub recordings: Vec<RecordingRef>,
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
    /// The most recordings that a call's picture names.
    pub const MOST_RECORDINGS: usize = 32;

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
            (CallEventKind::RecordingStarted(recording), Connected | OnHold) => {
                self.recording = Recording::On;
                if self.recordings.len() < Self::MOST_RECORDINGS {
                    self.recordings.extend(recording.clone());
                }
            }
            (CallEventKind::RecordingResumed, Connected | OnHold) => self.recording = Recording::On,
            (CallEventKind::RecordingPaused, Connected | OnHold) => self.recording = Recording::Paused,
            (CallEventKind::RecordingStopped, Connected | OnHold) => self.recording = Recording::Off,
            (CallEventKind::DigitsReceived(_) | CallEventKind::TransferFailed, Connected | OnHold) => {}
            _ => return refused,
        }
        self.sequence = event.sequence;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telephony::Digits;
    use proptest::prelude::*;

    fn call(direction: Direction) -> Call {
        let state = match direction {
            Direction::Outbound => CallState::Dialing,
            Direction::Inbound => CallState::Ringing,
        };
        Call {
            id: CallId::new("a"),
            direction,
            remote: None,
            local: None,
            key: None,
            state,
            muted: false,
            recording: Recording::Off,
            recordings: Vec::new(),
            started_at: Timestamp::default(),
            connected_at: None,
            ended_at: None,
            sequence: 1,
        }
    }

    fn event(sequence: u64, kind: CallEventKind) -> CallEvent {
        CallEvent { call: CallId::new("a"), sequence, at: Timestamp::from_millis(sequence), kind }
    }

    fn after(kinds: &[CallEventKind]) -> Call {
        let mut call = call(Direction::Outbound);
        for kind in kinds {
            assert_eq!(call.apply(&event(call.sequence + 1, kind.clone())), Ok(true), "{kind:?}");
        }
        call
    }

    #[test]
    fn follows_the_diagram() {
        use CallEventKind::{Connected, Ended, Held, Resumed, Ringing};
        let busy = EndReason::Busy;
        for (kinds, state) in [
            (&[][..], CallState::Dialing),
            (&[Ringing], CallState::Ringing),
            (&[Connected], CallState::Connected),
            (&[Ringing, Connected], CallState::Connected),
            (&[Connected, Held], CallState::OnHold),
            (&[Connected, Held, Resumed], CallState::Connected),
            (&[Ended(busy)], CallState::Ended(busy)),
            (&[Connected, Held, Ended(busy)], CallState::Ended(busy)),
        ] {
            assert_eq!(after(kinds).state, state);
        }
    }

    #[test]
    fn keeps_the_times() {
        let call = after(&[CallEventKind::Ringing, CallEventKind::Connected, CallEventKind::Ended(EndReason::HungUp)]);
        assert_eq!(call.connected_at, Some(Timestamp::from_millis(3)));
        assert_eq!(call.ended_at, Some(Timestamp::from_millis(4)));
    }

    #[test]
    fn stays_muted_and_recorded_on_hold() {
        let call = after(&[
            CallEventKind::Connected,
            CallEventKind::Muted,
            CallEventKind::RecordingStarted(None),
            CallEventKind::RecordingPaused,
            CallEventKind::Held,
        ]);
        assert_eq!((call.muted, call.recording), (true, Recording::Paused));
    }

    #[test]
    fn remembers_what_was_recorded() {
        let started = |name: &str| CallEventKind::RecordingStarted(Some(RecordingRef::new(name)));
        let stopped = CallEventKind::RecordingStopped;
        let nameless = CallEventKind::RecordingStarted(None);
        let kinds = [CallEventKind::Connected, started("1"), stopped.clone(), nameless, stopped, started("2")];
        let call = after(&kinds);
        assert_eq!(call.recordings, ["1", "2"].map(RecordingRef::new));
        let many = (0..100).map(|_| started("3"));
        let call = after(&[CallEventKind::Connected].into_iter().chain(many).collect::<Vec<_>>());
        assert_eq!(call.recordings.len(), Call::MOST_RECORDINGS);
    }

    #[test]
    fn refuses_what_cannot_follow() {
        let mut call = call(Direction::Outbound);
        for kind in [CallEventKind::Held, CallEventKind::Muted, CallEventKind::RecordingStarted(None)] {
            let before = call.clone();
            assert_eq!(call.apply(&event(2, kind)), Err(TransitionError { from: CallState::Dialing }));
            assert_eq!(call, before);
        }
    }

    #[test]
    fn ignores_another_calls_event() {
        let mut call = call(Direction::Outbound);
        let other = CallEvent { call: CallId::new("b"), ..event(2, CallEventKind::Ringing) };
        assert_eq!(call.apply(&other), Ok(false));
        assert_eq!(call.state, CallState::Dialing);
    }

    fn any_kind() -> impl Strategy<Value = CallEventKind> {
        let digits = Digits::parse("1").unwrap();
        prop_oneof![
            Just(CallEventKind::Started(Box::new(call(Direction::Inbound)))),
            Just(CallEventKind::Ringing),
            Just(CallEventKind::Connected),
            Just(CallEventKind::Held),
            Just(CallEventKind::Resumed),
            Just(CallEventKind::Muted),
            Just(CallEventKind::Unmuted),
            Just(CallEventKind::RecordingStarted(Some(RecordingRef::new("RE1")))),
            Just(CallEventKind::RecordingPaused),
            Just(CallEventKind::RecordingResumed),
            Just(CallEventKind::RecordingStopped),
            Just(CallEventKind::DigitsReceived(digits)),
            Just(CallEventKind::TransferFailed),
            Just(CallEventKind::Ended(EndReason::RemoteHungUp)),
        ]
    }

    proptest! {
        /// Whatever comes in whatever order: an ended call stays as it is, a duplicate or a refused event
        /// changes nothing, and only a newer event is taken.
        #[test]
        fn no_event_breaks_a_call(
            inbound: bool,
            events in proptest::collection::vec((0_u64..40, any_kind()), 0..40),
        ) {
            let mut call = call(if inbound { Direction::Inbound } else { Direction::Outbound });
            for (sequence, kind) in events {
                let before = call.clone();
                let taken = call.apply(&event(sequence, kind.clone()));
                if taken == Ok(true) {
                    prop_assert!(!before.state.is_ended());
                    prop_assert!(sequence > before.sequence);
                    prop_assert_eq!(call.sequence, sequence);
                    prop_assert_eq!(call.apply(&event(sequence, kind)), Ok(false));
                } else {
                    prop_assert_eq!(&call, &before);
                }
                prop_assert_eq!(call.ended_at.is_some(), call.state.is_ended());
                prop_assert!(call.connected_at.is_some() || !call.state.is_established());
            }
        }
    }
}
