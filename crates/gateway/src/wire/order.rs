use cordboard::telephony::Operation;
use serde::{Deserialize, Serialize};

/// The methods of [`Telephony`](cordboard::telephony::Telephony), and `media_token`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are those of the methods")]
pub enum Order {
    /// Whether inbound calls ring.
    SetAvailability { available: bool },
    /// Answered by [`Answer::CallerIds`](super::Answer::CallerIds).
    CallerIds,
    /// Answered by [`Answer::Dialled`](super::Answer::Dialled). Numbers in E.164.
    Dial {
        key: String,
        to: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
    },
    /// Takes an inbound call.
    Answer { call: String },
    /// Declines an inbound call.
    Reject { call: String },
    /// Ends a call.
    HangUp { call: String },
    /// Stops the agent's sound.
    Mute { call: String },
    /// Lets it through.
    Unmute { call: String },
    /// Lets the other party wait.
    Hold { call: String },
    /// Takes them back.
    Resume { call: String },
    /// Presses keys.
    SendDigits { call: String, digits: String },
    /// Hands a call to a number.
    TransferBlind { call: String, to: String },
    /// Hands a call to the party of another.
    TransferAttended { call: String, consultation: String },
    /// Begins to record.
    StartRecording { call: String },
    /// Lets the recording wait.
    PauseRecording { call: String },
    /// Lets it go on.
    ResumeRecording { call: String },
    /// Ends it.
    StopRecording { call: String },
    /// Names the CRM's record of a call, so that the gateway completes that one and makes no other.
    Log { call: String, engagement: String },
    /// Answered by [`Answer::Calls`](super::Answer::Calls).
    ActiveCalls,
    /// Answered by [`Answer::MediaToken`](super::Answer::MediaToken).
    MediaToken,
    /// Ends the agent's calls and this session; then the server closes the socket.
    SignOut,
}

impl Order {
    /// The call that it is about, if it is about one.
    #[must_use]
    pub fn call(&self) -> Option<&str> {
        match self {
            Self::Answer { call }
            | Self::Reject { call }
            | Self::HangUp { call }
            | Self::Mute { call }
            | Self::Unmute { call }
            | Self::Hold { call }
            | Self::Resume { call }
            | Self::SendDigits { call, .. }
            | Self::TransferBlind { call, .. }
            | Self::TransferAttended { call, .. }
            | Self::StartRecording { call }
            | Self::PauseRecording { call }
            | Self::ResumeRecording { call }
            | Self::StopRecording { call }
            | Self::Log { call, .. } => Some(call),
            Self::SetAvailability { .. }
            | Self::CallerIds
            | Self::Dial { .. }
            | Self::ActiveCalls
            | Self::MediaToken
            | Self::SignOut => None,
        }
    }

    /// The operation, for errors; `media_token` and `log` have none of their own.
    #[must_use]
    pub const fn operation(&self) -> Option<Operation> {
        Some(match self {
            Self::SetAvailability { .. } => Operation::SetAvailability,
            Self::CallerIds => Operation::CallerIds,
            Self::Dial { .. } => Operation::Dial,
            Self::Answer { .. } => Operation::Answer,
            Self::Reject { .. } => Operation::Reject,
            Self::HangUp { .. } => Operation::HangUp,
            Self::Mute { .. } => Operation::Mute,
            Self::Unmute { .. } => Operation::Unmute,
            Self::Hold { .. } => Operation::Hold,
            Self::Resume { .. } => Operation::Resume,
            Self::SendDigits { .. } => Operation::SendDigits,
            Self::TransferBlind { .. } => Operation::BlindTransfer,
            Self::TransferAttended { .. } => Operation::AttendedTransfer,
            Self::StartRecording { .. } => Operation::StartRecording,
            Self::PauseRecording { .. } => Operation::PauseRecording,
            Self::ResumeRecording { .. } => Operation::ResumeRecording,
            Self::StopRecording { .. } => Operation::StopRecording,
            Self::ActiveCalls => Operation::ActiveCalls,
            Self::SignOut => Operation::SignOut,
            Self::MediaToken | Self::Log { .. } => return None,
        })
    }
}
