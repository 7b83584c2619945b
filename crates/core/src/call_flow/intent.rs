use crate::protocol::ExternalCallId;
use crate::telephony::{Availability, CallerId, Credentials, Digits};

/// What the user wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Sign in.
    SignIn(Credentials),
    /// Sign out, which ends the calls.
    SignOut,
    /// Take inbound calls, or not.
    SetAvailability(Availability),
    /// Show this number to the parties called from now on.
    UseCallerId(CallerId),
    /// Call what was typed.
    Dial(String),
    /// Do something with a call.
    Act(ExternalCallId, Action),
}

/// What the user wants of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Take it; a connected one waits meanwhile.
    Answer,
    /// Decline it.
    Reject,
    /// End it.
    HangUp,
    /// Stop the own sound.
    Mute,
    /// Let the own sound through.
    Unmute,
    /// Let the other party wait.
    Hold,
    /// Take the other party back; a connected one waits meanwhile.
    Resume,
    /// Press keys.
    SendDigits(Digits),
    /// Hand it to what was typed, at once.
    Transfer(String),
    /// Talk to what was typed first, while the other party waits.
    Consult(String),
    /// Hand it to the party of its consultation.
    CompleteTransfer,
    /// Begin to record.
    StartRecording,
    /// Let the recording wait.
    PauseRecording,
    /// Let the recording go on.
    ResumeRecording,
    /// End the recording.
    StopRecording,
    /// Keep these notes with the call.
    SetNotes(String),
    /// Keep this outcome with the call: the id of one of the CRM's.
    SetOutcome(Option<String>),
    /// Hand notes and outcome of an ended call to the CRM.
    Save,
    /// Show the caller's record in the CRM.
    OpenRecord,
}
