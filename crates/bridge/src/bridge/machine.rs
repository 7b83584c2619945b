use super::action::Action;
use super::call::{Bridged, Pending};
use super::fact::{Change, Fact, Goes, RecordingFile};
use super::leg::{Leg, LegState, Whom};
use super::orders::{Facts, Order};
use super::ring::Ring;
use crate::carrier::Standing;
use cordboard::Timestamp;
use cordboard::telephony::{AgentId, Call, CallEvent, CallId, CallState, ErrorKind, Recording};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// How long things may take, and how much is remembered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How long a customer waits for an agent whose browser was lost.
    pub(crate) rejoin_within: Duration,
    /// How many calls that are over are remembered, so that their keys dial nothing again.
    pub(crate) remembered: usize,
}

/// What comes out of the machine.
#[derive(Clone, Debug)]
pub(crate) enum Output {
    /// Tell an agent.
    Event(AgentId, CallEvent),
    /// Have the provider do something.
    Act(CallId, Action),
    /// Bring a leg of another call into this one. The machine makes an action of it.
    Bring { call: CallId, order: u32, leg: Leg, from: CallId },
    /// Record this, then hand it in.
    Record(CallId, String, Fact),
    /// Ask the provider how the call stands, and see to what is not settled.
    LookUp(CallId),
}

/// Every call of the account.
#[derive(Debug)]
pub(crate) struct Bridge {
    limits: Limits,
    calls: BTreeMap<CallId, Bridged>,
    /// Calls that are over, oldest first.
    over: VecDeque<CallId>,
}

/// What has to be asked of the provider about a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The room, if it has an id and that is known.
    pub room: Option<String>,
    /// Legs that may be there.
    pub legs: Vec<WantedLeg>,
    /// The agent's present leg.
    pub agent: Option<Leg>,
    /// Changes that may not have been carried out. If there are any, how the call stands is wanted.
    pub changes: Vec<Change>,
    /// How the agent was told that it stands.
    pub told: Standing,
    /// The highest order: what is looked up is true as of it.
    pub(crate) orders: u32,
    /// An order to bring a leg here that may not have been carried out, and that leg.
    pub merge: Option<Merge>,
    /// An order to hang up that may not have been carried out.
    pub(crate) hang_up: Option<u32>,
    /// Actions that may not have been carried out, and are to be.
    pub(crate) unsettled: Vec<Action>,
    /// Where the caller was to go, if they may not have been sent there.
    pub divert: Option<Goes>,
}

/// A leg that may be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedLeg {
    /// Its name in the call.
    pub leg: Leg,
    /// The provider's id of it, if known.
    pub id: Option<String>,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// Who it was to reach, if we asked for it.
    pub whom: Option<Whom>,
}

/// A leg on its way from one call to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merge {
    pub(crate) order: u32,
    pub(crate) asked_at: Timestamp,
    pub(crate) consultation: CallId,
    /// The number of the same order in the books of the other call.
    pub(crate) consultation_order: u32,
    /// The provider's id of the leg.
    pub leg_id: String,
}

impl Bridge {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, calls: BTreeMap::new(), over: VecDeque::new() }
    }

    /// Takes in a fact. What follows comes out in order.
    pub(crate) fn handle(&mut self, id: &CallId, at: Timestamp, fact: &Fact) -> Vec<Output> {
        if !self.calls.contains_key(id) {
            let Some(call) = Bridged::begin(id, at, fact) else {
                // News of a call that is over, or whose beginning never came here. Nobody is to ask for it again.
                let closes = *fact != Fact::Over;
                return closes
                    .then(|| Output::Record(id.clone(), format!("over/{id}"), Fact::Over))
                    .into_iter()
                    .collect();
            };
            self.calls.insert(id.clone(), call);
        }
        let Some(call) = self.calls.get_mut(id) else { return Vec::new() };
        let was_over = call.over;
        call.handle(at, fact, &self.limits);
        let is_over = call.over;
        let outputs = std::mem::take(&mut call.outputs);
        if is_over && !was_over {
            self.over.push_back(id.clone());
            if self.over.len() > self.limits.remembered
                && let Some(oldest) = self.over.pop_front()
            {
                self.calls.remove(&oldest);
            }
        }
        outputs.into_iter().filter_map(|output| self.complete(output)).collect()
    }

    /// Makes an action of what concerns two calls.
    fn complete(&mut self, output: Output) -> Option<Output> {
        let Output::Bring { call, order, leg, from } = output else { return Some(output) };
        let other = self.calls.get_mut(&from)?;
        other.moved = true;
        let id = other.leg_id(Leg::Customer)?;
        let held = other.held_seat().is_some_and(|(_, seat)| seat.state == CallState::OnHold);
        Some(Output::Act(call, Action::Move { order, leg, id, held, consultation: from }))
    }

    /// When the time must be looked at, if ever.
    pub(crate) fn poll_timeout(&self) -> Option<Timestamp> {
        self.calls.values().filter_map(Bridged::due).min()
    }

    /// What the time brings: facts to record.
    pub(crate) fn handle_timeout(&mut self, now: Timestamp) -> Vec<Output> {
        self.calls.values_mut().flat_map(|call| call.handle_timeout(now)).collect()
    }

    /// What is to be recorded for an order; nothing if the call is so already.
    pub(crate) fn order(&self, agent: &AgentId, id: &CallId, order: &Order) -> Result<Facts, ErrorKind> {
        let call = self.calls.get(id).ok_or(ErrorKind::NoSuchCall)?;
        let mut facts = call.order(agent, order)?;
        let Order::Merge(consultation) = order else { return Ok(facts) };
        call.can_merge(agent)?;
        if consultation == id {
            return Err(ErrorKind::WrongState);
        }
        let other = self.calls.get(consultation).ok_or(ErrorKind::NoSuchCall)?;
        other.can_merge(agent)?;
        let number = other.orders + 1;
        let key = format!("merged/{consultation}/{number}");
        facts.push((consultation.clone(), key, Fact::Merged { order: number, into: id.clone() }));
        Ok(facts)
    }

    /// The calls that an agent has.
    pub(crate) fn active_calls(&self, agent: &AgentId) -> Vec<Call> {
        let seats = self.calls.values().filter_map(|call| call.seats.get(agent));
        seats.filter(|call| !call.state.is_ended()).cloned().collect()
    }

    pub(crate) fn knows(&self, id: &CallId) -> bool {
        self.calls.contains_key(id)
    }

    /// Whether there is such a call or was, and it had not been refused; `None` if it is not remembered.
    pub(crate) fn was_refused(&self, id: &CallId) -> Option<bool> {
        self.calls.get(id).map(|call| call.refused)
    }

    /// The agent's browser says that it is there: what waits for its leg is tried again soon.
    pub(crate) fn hasten(&mut self, agent: &AgentId, now: Timestamp) {
        for call in self.calls.values_mut().filter(|call| call.holder.as_ref() == Some(agent)) {
            if let Some(lost) = &mut call.lost {
                lost.hasten(now);
            }
        }
    }

    /// What is to be recorded to ask for the agent's leg now; nothing if it is there, or on its way.
    pub(crate) fn rejoin(&self, id: &CallId) -> Facts {
        let waits = |call: &&Bridged| call.lost.as_ref().is_some_and(|lost| lost.next.is_some());
        self.calls.get(id).filter(waits).map(Bridged::rejoin_fact).into_iter().collect()
    }

    /// The leg that is being brought to this call.
    pub(crate) fn merge(&self, id: &CallId) -> Option<Merge> {
        let (order, consultation, asked_at) =
            self.calls.get(id)?.pending.iter().find_map(|(order, pending)| match pending {
                Pending::Merge(consultation, asked_at) => Some((*order, consultation.clone(), *asked_at)),
                _ => None,
            })?;
        let other = self.calls.get(&consultation)?;
        let (consultation_order, _) = other.pending.iter().find(|(_, pending)| **pending == Pending::Merged)?;
        let leg_id = other.leg_id(Leg::Customer)?;
        Some(Merge { order, asked_at, consultation_order: *consultation_order, leg_id, consultation })
    }

    /// What has to be asked about a call; `None` if it is over or not known.
    pub(crate) fn wanted(&self, id: &CallId) -> Option<Wanted> {
        let call = self.calls.get(id).filter(|call| !call.over)?;
        Some(Wanted { merge: self.merge(id), ..call.wanted() })
    }

    /// Whether a leg of that id belongs to another call than this one.
    pub(crate) fn is_elsewhere(&self, id: &CallId, leg: &str) -> bool {
        let has = |call: &Bridged| call.legs.values().any(|state| state.id.as_deref() == Some(leg));
        self.calls.iter().any(|(known, call)| known != id && has(call))
    }

    /// A leg that may be in the room of a call.
    pub(crate) fn beside(&self, id: &CallId) -> Option<String> {
        let call = self.calls.get(id)?;
        call.legs.values().filter(|state| state.is_live()).find_map(|state| state.id.clone())
    }

    /// The other party's leg in a call of this agent in which people talk.
    pub(crate) fn customer(&self, agent: &AgentId, id: &CallId) -> Result<String, ErrorKind> {
        let call = self.calls.get(id).ok_or(ErrorKind::NoSuchCall)?;
        let seat = call.seats.get(agent).filter(|seat| !seat.state.is_ended()).ok_or(ErrorKind::NoSuchCall)?;
        let customer = call.leg_id(Leg::Customer).filter(|_| seat.state.is_established());
        customer.ok_or(ErrorKind::WrongState)
    }

    /// The recordings of a call.
    pub(crate) fn recordings(&self, id: &CallId) -> &[RecordingFile] {
        self.calls.get(id).map_or(&[], |call| &call.files)
    }

    /// The action that carries a hang-up out again.
    pub(crate) fn end_all(&self, id: &CallId, order: u32) -> Option<Action> {
        let call = self.calls.get(id)?;
        let (room, legs) = call.what_to_end();
        Some(Action::EndAll { order, room, legs: legs.into_values().collect() })
    }
}

impl Bridged {
    fn due(&self) -> Option<Timestamp> {
        if self.over {
            return None;
        }
        if self.closes.is_some() {
            return self.closes;
        }
        let ring = self.ring.as_ref().filter(|ring| self.holder.is_none() && !ring.timed_out).map(|ring| ring.due);
        let lost = self.lost.as_ref().map(|lost| lost.next.map_or(lost.until, |next| next.min(lost.until)));
        let doubt = self.doubt.as_ref().map(|doubt| doubt.next);
        [ring, lost, doubt].into_iter().flatten().min()
    }

    fn handle_timeout(&mut self, now: Timestamp) -> Option<Output> {
        if self.due()? > now {
            return None;
        }
        // If the journal fails, the time is looked at again.
        let again = now + Duration::from_secs(1);
        if self.closes.is_some() {
            self.closes = Some(again);
            return Some(Output::Record(self.id.clone(), format!("over/{}", self.id), Fact::Over));
        }
        let record = |key: &str, fact| Some(Output::Record(self.id.clone(), format!("{key}/{}", self.id), fact));
        let rings = |ring: &&mut Ring| self.holder.is_none() && !ring.timed_out && ring.due <= now;
        if let Some(ring) = self.ring.as_mut().filter(rings) {
            ring.due = again;
            return record("ring-timed-out", Fact::RingTimedOut);
        }
        if let Some(doubt) = self.doubt.as_mut().filter(|doubt| doubt.next <= now) {
            doubt.put_off(now);
            return Some(Output::LookUp(self.id.clone()));
        }
        let lost = self.lost.as_mut()?;
        if now >= lost.until {
            lost.until = again;
            lost.next = None;
            return record("gave-up", Fact::GaveUp);
        }
        lost.next.filter(|next| *next <= now)?;
        lost.next = Some(again);
        let (_, key, fact) = self.rejoin_fact();
        Some(Output::Record(self.id.clone(), key, fact))
    }

    fn rejoin_fact(&self) -> (CallId, String, Fact) {
        let number = self.orders + 1;
        (self.id.clone(), format!("rejoin/{}/{number}", self.id), Fact::Rejoin { leg: Leg::Agent(number) })
    }

    fn wanted(&self) -> Wanted {
        let live = |(leg, state): (&Leg, &LegState)| {
            let LegState { id, asked_at, whom, .. } = state.clone();
            state.is_live().then_some(WantedLeg { leg: *leg, id, asked_at, whom })
        };
        let change = |pending: &Pending| if let Pending::Change(change) = pending { Some(*change) } else { None };
        let told = self.held_seat().map(|(_, seat)| Standing {
            held: seat.state == CallState::OnHold,
            muted: seat.muted,
            recording: Some(seat.recording),
            named: seat
                .recordings
                .last()
                .filter(|_| seat.recording != Recording::Off)
                .map(|name| name.as_str().to_owned()),
        });
        Wanted {
            room: self.room(),
            legs: self.legs.iter().filter_map(live).collect(),
            agent: self.agent_leg,
            changes: self.pending.values().filter_map(change).collect(),
            told: told.unwrap_or_default(),
            orders: self.orders,
            merge: None,
            hang_up: self.undone_hang_up(),
            unsettled: self.unsettled.values().cloned().collect(),
            divert: self.unsettled.values().find_map(|action| match action {
                Action::Divert { goes, .. } => Some(goes.clone()),
                _ => None,
            }),
        }
    }

    pub(super) fn undone_hang_up(&self) -> Option<u32> {
        let mut orders = self.pending.iter().filter(|(_, pending)| **pending == Pending::HangUp);
        orders.next().map(|(order, _)| *order)
    }
}
