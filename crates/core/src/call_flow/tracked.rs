use crate::Timestamp;
use crate::protocol::{CallerIdMatch, EngagementId, ExternalCallId};
use crate::telephony::{Call, CallState, Direction, EndReason, Operation, PhoneNumber, Recording};
use core::time::Duration;

/// One call as the user and the CRM see it, from the wish to call until the CRM has its notes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackedCall {
    /// The name that the CRM knows it by; the same in every tab.
    pub id: ExternalCallId,
    /// Who called whom.
    pub direction: Direction,
    /// The other party; `None` when they withheld their number.
    pub remote: Option<PhoneNumber>,
    /// The account's number.
    pub local: Option<PhoneNumber>,
    /// The CRM's record of the other party, when it found one.
    pub record: Option<CallerIdMatch>,
    /// The call that this one asks advice for, before it is transferred. The CRM does not hear of consultations.
    pub consults_for: Option<ExternalCallId>,
    /// What the user wrote.
    pub notes: String,
    /// The outcome that the user chose: the id of one of the CRM's.
    pub outcome: Option<String>,
    /// Where notes and outcome are.
    pub saving: Saving,
    /// When the user or the caller began.
    pub began_at: Timestamp,
    /// The provider's picture of it. `None` until the provider took the order.
    pub line: Option<Call>,
    /// Orders that the line has not answered yet.
    pub pending: Vec<Operation>,
    pub(super) told: Told,
    pub(super) engagement: Engagement,
    /// The CRM asked for this call, so it hears when it can't be made.
    pub(super) from_crm: bool,
    /// The user hung up before the provider took the order.
    pub(super) give_up: bool,
    /// Whether the line was dialled and no one knows with what effect.
    pub(super) uncertain: bool,
    /// An event arrived since `active_calls` was last asked for, so its answer may be older than that.
    pub(super) fresh: bool,
    /// When the CRM is told of the end, with an engagement or without.
    pub(super) deadline: Option<Timestamp>,
}

/// Where the notes and the outcome of a call are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saving {
    /// With the user.
    Draft,
    /// Handed over; the CRM has not said yet that it took them.
    Saving,
    /// Refused by the CRM; with the user again.
    Failed,
}

/// How much of a call the CRM has been told: always in this order, each once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Told {
    Nothing,
    Started,
    Answered,
    Ended,
    Completed,
}

/// The CRM's record of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Engagement {
    /// Asked for, or about to be.
    Pending,
    Created(EngagementId),
    /// The CRM said no, or nothing in time.
    None,
}

impl Engagement {
    pub(super) fn id(&self) -> Option<EngagementId> {
        match self {
            Self::Created(id) => Some(id.clone()),
            Self::Pending | Self::None => None,
        }
    }
}

impl TrackedCall {
    // Once in the widget, as it is long.
    #[inline(never)]
    pub(super) fn new(id: ExternalCallId, direction: Direction, began_at: Timestamp) -> Self {
        Self {
            id,
            direction,
            remote: None,
            local: None,
            record: None,
            consults_for: None,
            notes: String::new(),
            outcome: None,
            saving: Saving::Draft,
            began_at,
            line: None,
            pending: Vec::new(),
            told: Told::Nothing,
            engagement: Engagement::Pending,
            from_crm: false,
            give_up: false,
            uncertain: false,
            fresh: true,
            deadline: None,
        }
    }

    /// Hands notes and outcome over, once the CRM knows of the end.
    pub(super) fn save(&mut self) {
        if !self.is_live() {
            self.saving = Saving::Saving;
        }
    }

    /// Where the call stands. `Dialing` also before the provider took the order.
    #[must_use]
    pub fn state(&self) -> CallState {
        self.line.as_ref().map_or(CallState::Dialing, |call| call.state)
    }

    /// Whether the call goes on.
    #[must_use]
    pub fn is_live(&self) -> bool {
        !self.state().is_ended()
    }

    /// Whether it waits for the user to answer.
    #[must_use]
    pub fn is_incoming(&self) -> bool {
        self.direction == Direction::Inbound && self.state() == CallState::Ringing
    }

    /// Whether it is over and the user still has its notes.
    #[must_use]
    pub fn is_wrap_up(&self) -> bool {
        !self.is_live() && self.saving != Saving::Saving
    }

    /// Whether the other party can't hear the agent.
    #[must_use]
    pub fn is_muted(&self) -> bool {
        self.line.as_ref().is_some_and(|call| call.muted)
    }

    /// Whether it is recorded.
    #[must_use]
    pub fn recording(&self) -> Recording {
        self.line.as_ref().map(|call| call.recording).unwrap_or_default()
    }

    /// When the parties were connected.
    #[must_use]
    pub fn connected_at(&self) -> Option<Timestamp> {
        self.line.as_ref().and_then(|call| call.connected_at)
    }

    /// How long the parties were connected until the end, or until `now`.
    #[must_use]
    pub fn talk_time(&self, now: Timestamp) -> Duration {
        let end = self.line.as_ref().and_then(|call| call.ended_at).unwrap_or(now);
        self.connected_at().map_or(Duration::ZERO, |start| end.since(start))
    }

    /// Why it is over, if it is.
    #[must_use]
    pub fn end_reason(&self) -> Option<EndReason> {
        match self.state() {
            CallState::Ended(reason) => Some(reason),
            _ => None,
        }
    }
}
