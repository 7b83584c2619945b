use super::fact::{Change, Fact, Goes};
use super::leg::Leg;
use cordboard::telephony::{AgentId, CallId, PhoneNumber};
use std::fmt;

/// What the provider is to do.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// Call an agent's browser into the room.
    AddAgent { leg: Leg, agent: AgentId, from: PhoneNumber, muted: bool },
    /// Call a number into the room. With `ends_room` the room ends when this leg does.
    AddNumber { leg: Leg, to: PhoneNumber, from: PhoneNumber, ends_room: bool, gate: Gate },
    /// End the room and these legs.
    EndAll { order: u32, room: Option<String>, legs: Vec<String> },
    /// End the room and these legs, as nobody came back.
    CloseRoom { room: Option<String>, legs: Vec<String> },
    /// End one leg.
    EndLeg { leg: Leg, id: String },
    /// Change something in the room.
    Change { order: u32, change: Change, room: Option<String>, customer: String, agent: Option<String> },
    /// Take the customer back from waiting.
    Unhold { order: u32, room: Option<String>, customer: String },
    /// From now on the room ends when this leg does.
    Keep { leg: Leg, room: Option<String>, id: String },
    /// Bring a leg of another room into this one, and back from waiting if it was held there.
    Move { order: u32, leg: Leg, id: String, held: bool, consultation: CallId },
    /// Send the caller where nobody answered calls go.
    Divert { id: String, goes: Goes },
}

/// Who may carry an action out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// Only who took the order. From the journal, its outcome is looked up instead.
    Order,
    /// Whoever is first to record [`Fact::Asked`](super::Fact::Asked) with its name, and nobody again.
    Once,
    /// The same, and then again and again until [`Fact::Settled`](super::Fact::Settled) is recorded with its name: done twice, it is the
    /// same as once.
    UntilSettled,
}

impl Action {
    /// Who may carry it out.
    pub(crate) const fn gate(&self) -> Gate {
        match self {
            Self::AddNumber { gate, .. } => *gate,
            Self::AddAgent { .. } | Self::EndAll { .. } | Self::Change { .. } | Self::Move { .. } => Gate::Order,
            Self::CloseRoom { .. }
            | Self::EndLeg { .. }
            | Self::Unhold { .. }
            | Self::Keep { .. }
            | Self::Divert { .. } => Gate::UntilSettled,
        }
    }

    /// What tells it from the call's other actions.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::AddAgent { leg, .. } | Self::AddNumber { leg, .. } => format!("add/{leg}"),
            Self::EndAll { order, .. } => format!("end/{order}"),
            Self::CloseRoom { .. } => "close".to_owned(),
            Self::EndLeg { leg, .. } => format!("end/{leg}"),
            Self::Change { order, .. } => format!("change/{order}"),
            Self::Unhold { order, .. } => format!("unhold/{order}"),
            Self::Keep { leg, .. } => format!("keep/{leg}"),
            Self::Move { order, .. } => format!("move/{order}"),
            Self::Divert { .. } => "divert".to_owned(),
        }
    }
}

impl Action {
    /// What is recorded when it needs nothing more.
    pub(crate) fn settled(&self, call: &CallId) -> (CallId, String, Fact) {
        let action = self.name();
        (call.clone(), format!("settled/{call}/{action}"), Fact::Settled { action })
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Action({})", self.name())
    }
}
