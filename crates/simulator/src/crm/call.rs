use super::records::RecordId;
use cordboard::Timestamp;
use cordboard::protocol::CallEndStatus;
use cordboard::telephony::Direction;
use core::time::Duration;

/// A call as the CRM knows it. With an engagement it stands on the timeline.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    /// The widget's id of it.
    pub(crate) external_id: String,
    /// The CRM's id of it, if one was made.
    pub(crate) engagement: Option<u32>,
    pub(crate) direction: Direction,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) record: Option<RecordId>,
    pub(crate) started: Timestamp,
    pub(crate) answered: Option<Timestamp>,
    pub(crate) status: CallStatus,
    /// As the widget reports it, or from answer to end.
    pub(crate) duration: Option<Duration>,
    pub(crate) title: Option<String>,
    pub(crate) notes: Option<String>,
    /// What the call came to: the id of one of the account's outcomes.
    pub(crate) outcome: Option<String>,
    /// Where the recording is; HTTP only.
    pub(crate) recording: Option<String>,
    /// Whether the widget completed it. Without, an empty record stays on the timeline.
    pub(crate) completed: bool,
    /// Whether the widget was loaded anew since it last spoke of the call.
    pub(crate) stale: bool,
}

/// How far a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallStatus {
    Ringing,
    InProgress,
    Transferred,
    Ended(Option<CallEndStatus>),
}

/// The outcomes that a new HubSpot account has.
const OUTCOMES: [(&str, &str); 6] = [
    ("9d9162e7-6cf3-4944-bf63-4dff82258764", "Busy"),
    ("f240bbac-87c9-4f6e-bf70-924b57d47db7", "Connected"),
    ("a4c4c377-d246-4b32-a13b-75a56a4cd0ff", "Left live message"),
    ("b2cf5968-551e-4856-9783-52b3da59a7d0", "Left voicemail"),
    ("73a0d17f-1163-4015-bdd5-ec830791da20", "No answer"),
    ("17b47fee-58de-441e-a44c-c6300d46f273", "Wrong number"),
];

/// What an outcome is called; one of no known id shows as it is.
pub(crate) fn outcome_label(id: &str) -> &str {
    OUTCOMES.iter().find(|(known, _)| *known == id).map_or(id, |(_, label)| label)
}

impl Call {
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.status, CallStatus::Ringing | CallStatus::InProgress)
    }

    /// The other party's number.
    pub(crate) fn number(&self) -> &str {
        match self.direction {
            Direction::Outbound => &self.to,
            Direction::Inbound => &self.from,
        }
    }
}

impl CallStatus {
    /// In the words that a user reads.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Ringing => "Ringing",
            Self::InProgress => "In progress",
            Self::Transferred => "Transferred",
            Self::Ended(None) => "Ended",
            Self::Ended(Some(CallEndStatus::Completed)) => "Completed",
            Self::Ended(Some(CallEndStatus::Failed)) => "Failed",
            Self::Ended(Some(CallEndStatus::Canceled)) => "Cancelled",
            Self::Ended(Some(CallEndStatus::Busy)) => "Busy",
            Self::Ended(Some(CallEndStatus::NoAnswer)) => "No answer",
            Self::Ended(Some(CallEndStatus::Rejected)) => "Rejected",
            Self::Ended(Some(CallEndStatus::Missed)) => "Missed",
        }
    }
}
