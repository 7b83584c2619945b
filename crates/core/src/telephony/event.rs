use super::call::{Call, CallId, EndReason};
use super::digits::Digits;
use super::recording::RecordingRef;
use crate::Timestamp;

/// What a line tells its listeners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Something happened to a call.
    Call(CallEvent),
    /// The line to the provider changed.
    Connection(Connection),
    /// The agent is no longer signed in, without having asked for it.
    SignedOut(SignedOutReason),
    /// This listener was too slow and missed events: read
    /// [`active_calls`](super::Telephony::active_calls) again.
    Lagged {
        /// How many events were missed.
        missed: u64,
    },
}

/// Something that happened to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallEvent {
    /// Which call.
    pub call: CallId,
    /// Counts the call's events from 1, without gaps. A number seen before is a duplicate.
    pub sequence: u64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub kind: CallEventKind,
}

/// What happened to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallEventKind {
    /// There is a new call; always its first event. Outbound calls start as `Dialing`, inbound as `Ringing`.
    Started(Box<Call>),
    /// The far end rings.
    Ringing,
    /// The parties can talk.
    Connected,
    /// The other party waits.
    Held,
    /// The other party is back on the line.
    Resumed,
    /// The other party can't hear the agent.
    Muted,
    /// The other party hears the agent again.
    Unmuted,
    /// Recording began. A page is told where the recording can be heard when it is ready, if it can.
    RecordingStarted(Option<RecordingRef>),
    /// Recording waits.
    RecordingPaused,
    /// Recording goes on.
    RecordingResumed,
    /// Recording is over.
    RecordingStopped,
    /// The other party pressed keys.
    DigitsReceived(Digits),
    /// A transfer that was accepted did not happen; the call is as before.
    TransferFailed,
    /// The call is over; always its last event.
    Ended(EndReason),
}

/// The state of the line to the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// Lost; the provider's code is trying again. Running calls may still have audio.
    Lost,
    /// Back. Events that were missed have been delivered, or `Lagged` was.
    Restored,
    /// There is sound, and it is bad.
    Poor,
    /// The sound is good again.
    Good,
}

/// Why an agent was signed out without asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedOutReason {
    /// The session ran out and could not be renewed.
    Expired,
    /// The same agent signed in somewhere else.
    Replaced,
    /// An administrator ended the session.
    Revoked,
}
