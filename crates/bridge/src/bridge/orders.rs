//! What an agent may order, and which fact an order is.

use super::call::{Bridged, Pending};
use super::fact::{Change, Fact};
use super::leg::Leg;
use cordboard::telephony::{
    AgentId, Call, CallEventKind, CallId, CallState, Direction, ErrorKind, PhoneNumber, Recording,
};

/// What an order changes in a call in which people talk; nothing if the call is so already.
pub(super) fn news(change: Change, call: &Call) -> Result<Option<CallEventKind>, ErrorKind> {
    let on_hold = call.state == CallState::OnHold;
    if !call.state.is_established() {
        return Err(ErrorKind::WrongState);
    }
    Ok(match (change, call.recording) {
        (Change::Mute, _) => (!call.muted).then_some(CallEventKind::Muted),
        (Change::Unmute, _) => call.muted.then_some(CallEventKind::Unmuted),
        (Change::Hold, _) => (!on_hold).then_some(CallEventKind::Held),
        (Change::Resume, _) => on_hold.then_some(CallEventKind::Resumed),
        (Change::StartRecording, Recording::Off) => Some(CallEventKind::RecordingStarted(None)),
        (Change::PauseRecording, Recording::On) => Some(CallEventKind::RecordingPaused),
        (Change::ResumeRecording, Recording::Paused) => Some(CallEventKind::RecordingResumed),
        (Change::StopRecording, Recording::On | Recording::Paused) => Some(CallEventKind::RecordingStopped),
        (Change::StartRecording | Change::ResumeRecording, Recording::On)
        | (Change::PauseRecording, Recording::Paused)
        | (Change::StopRecording, Recording::Off) => None,
        _ => return Err(ErrorKind::WrongState),
    })
}

/// An order, before it has a number.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Order {
    Answer,
    Reject,
    HangUp,
    Change(Change),
    Transfer(PhoneNumber),
    Merge(CallId),
}

/// Facts that are recorded together, each with the call it belongs to and its key.
pub(crate) type Facts = Vec<(CallId, String, Fact)>;

impl Bridged {
    /// What is to be recorded; nothing if the call is so already.
    pub(super) fn order(&self, agent: &AgentId, order: &Order) -> Result<Facts, ErrorKind> {
        let Some(seat) = self.seats.get(agent) else { return Err(ErrorKind::NoSuchCall) };
        if seat.state.is_ended() {
            return if *order == Order::HangUp { Ok(Vec::new()) } else { Err(ErrorKind::NoSuchCall) };
        }
        let rings = seat.state == CallState::Ringing && self.direction == Direction::Inbound;
        let number = self.orders + 1;
        let (key, fact) = match order {
            Order::Answer | Order::Reject if !rings || self.is_answering(agent) => return Err(ErrorKind::WrongState),
            // Another agent was quicker; this one will be told so.
            Order::Answer if self.answering.is_some() => return Err(ErrorKind::WrongState),
            Order::Answer => {
                let leg = Leg::Agent(number);
                ("answer", Fact::Answer { agent: agent.clone(), leg })
            }
            Order::Reject => return Ok(self.rejected(agent)),
            Order::HangUp if rings => return Ok(self.rejected(agent)),
            Order::HangUp => {
                let established = seat.state.is_established();
                ("hang-up", Fact::HangUp { agent: agent.clone(), order: number, established })
            }
            _ if !seat.state.is_established() => return Err(ErrorKind::WrongState),
            Order::Change(change) => {
                let pending = self.pending.values().any(|pending| matches!(pending, Pending::Change(_)));
                if news(*change, seat)?.is_none() && !pending {
                    return Ok(Vec::new());
                }
                ("change", Fact::Change { order: number, change: *change })
            }
            Order::Transfer(_) | Order::Merge(_) if self.is_moving() => return Err(ErrorKind::WrongState),
            Order::Transfer(to) => {
                ("transfer", Fact::Transfer { order: number, leg: Leg::Target(number), to: to.clone() })
            }
            Order::Merge(consultation) => {
                let leg = Leg::Target(number);
                ("merge", Fact::Merge { order: number, leg, consultation: consultation.clone() })
            }
        };
        Ok(vec![(self.id.clone(), format!("{key}/{}/{number}", self.id), fact)])
    }

    fn rejected(&self, agent: &AgentId) -> Facts {
        let key = format!("reject/{}/{}", self.id, agent.as_str());
        vec![(self.id.clone(), key, Fact::Reject { agent: agent.clone() })]
    }

    pub(super) fn is_answering(&self, agent: &AgentId) -> bool {
        self.answering.as_ref().is_some_and(|(answering, _)| answering == agent)
    }

    /// Whether the call is being handed over already.
    pub(super) fn is_moving(&self) -> bool {
        self.transfer.is_some()
            || self.pending.values().any(|pending| matches!(pending, Pending::Merge(..) | Pending::Merged))
    }

    /// Whether the agent of this call can hand it on now.
    pub(super) fn can_merge(&self, agent: &AgentId) -> Result<(), ErrorKind> {
        let seat = self.seats.get(agent).filter(|seat| !seat.state.is_ended()).ok_or(ErrorKind::NoSuchCall)?;
        let ready = seat.state.is_established() && !self.is_moving() && self.leg_id(Leg::Customer).is_some();
        if ready { Ok(()) } else { Err(ErrorKind::WrongState) }
    }
}
