use super::action::{Action, Gate};
use super::fact::{Change, Fact, RecordingFile};
use super::leg::{Leg, LegEnd, LegState, LegStatus, Whom};
use super::machine::{Limits, Output};
use super::ring::{Doubt, Lost, Ring};
use cordboard::Timestamp;
use cordboard::telephony::{
    AgentId, Call, CallEvent, CallEventKind, CallId, CallState, DialKey, Direction, EndReason, FailureReason,
    PhoneNumber, Recording, RecordingRef,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A call: the room, its legs, and what each agent has been told.
#[derive(Debug)]
pub(super) struct Bridged {
    pub(super) id: CallId,
    pub(super) direction: Direction,
    pub(super) remote: Option<PhoneNumber>,
    pub(super) local: Option<PhoneNumber>,
    pub(super) key: Option<DialKey>,
    pub(super) begun: Timestamp,
    /// The time of the last event: none is told as earlier than the one before it.
    pub(super) last: Timestamp,
    /// What each agent has been told.
    pub(super) seats: BTreeMap<AgentId, Call>,
    /// Whose call it is: who dialled, or who answered.
    pub(super) holder: Option<AgentId>,
    pub(super) agent_leg: Option<Leg>,
    pub(super) answering: Option<(AgentId, Leg)>,
    pub(super) legs: BTreeMap<Leg, LegState>,
    pub(super) rooms: Vec<String>,
    pub(super) closed_rooms: BTreeSet<String>,
    /// The highest number of an order.
    pub(super) orders: u32,
    /// Orders without an outcome.
    pub(super) pending: BTreeMap<u32, Pending>,
    pub(super) hung_up: Option<HungUp>,
    pub(super) transfer: Option<Leg>,
    pub(super) ring: Option<Ring>,
    pub(super) lost: Option<Lost>,
    pub(super) gave_up: bool,
    pub(super) handed_on: bool,
    pub(super) diverted: bool,
    /// Whether the customer's leg is being brought to another call.
    pub(super) moved: bool,
    /// Legs that nobody wants any more.
    pub(super) dropped: BTreeSet<Leg>,
    /// The names of actions that were given out or are done.
    pub(super) acted: BTreeSet<String>,
    /// The names of those that need nothing more.
    settled: BTreeSet<String>,
    /// Actions that are to be carried out until they are settled, by their names.
    pub(super) unsettled: BTreeMap<String, Action>,
    pub(super) doubt: Option<Doubt>,
    pub(super) files: Vec<RecordingFile>,
    /// Whether the first leg was refused, so that there never was a call.
    pub(super) refused: bool,
    /// When it leaves the books.
    pub(super) closes: Option<Timestamp>,
    pub(super) over: bool,
    pub(super) outputs: Vec<Output>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pending {
    HangUp,
    Change(Change),
    /// The leg of this call is coming, since then.
    Merge(CallId, Timestamp),
    Merged,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct HungUp {
    order: u32,
    established: bool,
    done: bool,
}

impl Bridged {
    /// A call that begins with this fact; `None` if no call begins so.
    pub(super) fn begin(id: &CallId, at: Timestamp, fact: &Fact) -> Option<Self> {
        let mut call = Self {
            id: id.clone(),
            direction: Direction::Outbound,
            remote: None,
            local: None,
            key: None,
            begun: at,
            last: at,
            seats: BTreeMap::new(),
            holder: None,
            agent_leg: None,
            answering: None,
            legs: BTreeMap::new(),
            rooms: Vec::new(),
            closed_rooms: BTreeSet::new(),
            orders: 1,
            pending: BTreeMap::new(),
            hung_up: None,
            transfer: None,
            ring: None,
            lost: None,
            gave_up: false,
            handed_on: false,
            diverted: false,
            moved: false,
            dropped: BTreeSet::new(),
            acted: BTreeSet::new(),
            settled: BTreeSet::new(),
            unsettled: BTreeMap::new(),
            doubt: None,
            files: Vec::new(),
            refused: false,
            closes: None,
            over: false,
            outputs: Vec::new(),
        };
        match fact {
            Fact::Dial { agent, key, to, from } => {
                call.remote = Some(to.clone());
                call.local = Some(from.clone());
                call.key = Some(DialKey::new(key.as_str()));
                call.holder = Some(agent.clone());
                call.agent_leg = Some(FIRST_LEG);
                call.ask_agent(at, FIRST_LEG, agent.clone(), false);
            }
            Fact::Arrived { id, from, to } => {
                call.direction = Direction::Inbound;
                call.remote = from.clone();
                call.local = Some(to.clone());
                let leg = LegState { id: Some(id.clone()), up: true, asked_at: at, ..LegState::default() };
                call.legs.insert(Leg::Customer, leg);
            }
            _ => return None,
        }
        Some(call)
    }

    /// Takes in a fact, and gives out what follows from it.
    pub(super) fn handle(&mut self, at: Timestamp, fact: &Fact, limits: &Limits) {
        self.orders = self.orders.max(fact.order().unwrap_or_default());
        match fact {
            Fact::Dial { .. } | Fact::Arrived { .. } | Fact::Noted { .. } => {}
            Fact::Rang { agents, until, otherwise } => {
                if self.ring.is_none() {
                    self.ring = Some(Ring::new(Fact::until(*until), otherwise.clone()));
                    for agent in agents {
                        self.start(at, agent);
                    }
                }
            }
            Fact::Answer { agent, leg } => {
                self.answering = Some((agent.clone(), *leg));
                self.ask_agent(at, *leg, agent.clone(), false);
            }
            Fact::Rejoin { leg } => self.rejoin(at, *leg),
            Fact::Reject { agent } => {
                if self.is_answering(agent) {
                    self.dropped.extend(self.answering.take().map(|(_, leg)| leg));
                }
                self.end(at, agent, EndReason::Rejected);
            }
            Fact::HangUp { order, established, .. } => self.hang_up(*order, *established),
            Fact::Change { order, change } => self.change(*order, *change),
            Fact::Transfer { order: _, leg, to } => {
                self.transfer = Some(*leg);
                self.ask_number(at, *leg, to.clone(), false, Gate::Order);
            }
            Fact::Merge { order, leg, consultation } => {
                drop(self.pending.insert(*order, Pending::Merge(consultation.clone(), at)));
                // Where the leg's id is found is the other call.
                self.outputs.push(Output::Bring {
                    call: self.id.clone(),
                    order: *order,
                    leg: *leg,
                    from: consultation.clone(),
                });
            }
            Fact::Merged { order, .. } => drop(self.pending.insert(*order, Pending::Merged)),
            Fact::RingTimedOut => {
                if let Some(ring) = &mut self.ring {
                    ring.timed_out = true;
                }
            }
            Fact::GaveUp => self.gave_up = true,
            Fact::Asked { action } => drop(self.acted.insert(action.clone())),
            Fact::Settled { action } => {
                self.unsettled.remove(action);
                self.settled.insert(action.clone());
            }
            Fact::Done { order, recording } => self.done(at, *order, recording.as_deref()),
            Fact::NotDone { order } => self.not_done(*order),
            Fact::Stands { order, held, muted, recording, paused, named } => {
                if self.orders <= *order {
                    let recording = recording.map(|goes_on| match (goes_on, *paused) {
                        (false, _) => Recording::Off,
                        (true, false) => Recording::On,
                        (true, true) => Recording::Paused,
                    });
                    self.stands(at, *held, *muted, recording, named.as_deref());
                }
            }
            Fact::Recorded { file } => {
                self.files.retain(|known| known.id != file.id);
                self.files.push(file.clone());
            }
            Fact::Over => self.over = true,
            Fact::Made { .. }
            | Fact::Refused { .. }
            | Fact::Unsure { .. }
            | Fact::Leg { .. }
            | Fact::Joined { .. }
            | Fact::Left { .. }
            | Fact::Room { .. } => self.take_leg_fact(at, fact),
        }
        self.settle(at, limits);
    }

    fn take_leg_fact(&mut self, at: Timestamp, fact: &Fact) {
        match fact {
            Fact::Made { leg, id, room } => {
                self.learn_id(at, *leg, id);
                self.enter_room(room.as_deref());
            }
            Fact::Refused { leg, end } => {
                let first = *leg == FIRST_LEG && self.direction == Direction::Outbound;
                let state = self.leg(at, *leg);
                let made = state.id.is_some();
                state.advance(LegStatus::Ended { end: *end, seconds: None });
                self.refused |= first && !made;
                // Whoever ordered the transfer was told so at once.
                if self.transfer == Some(*leg) && !made {
                    self.transfer = None;
                }
            }
            Fact::Unsure { leg } => self.leg(at, *leg).unsure = true,
            Fact::Leg { leg, id, status } => {
                if let Some(id) = id {
                    self.learn_id(at, *leg, id);
                }
                self.leg(at, *leg).advance(*status);
            }
            Fact::Joined { leg, id, room } => {
                if let Some(leg) = leg {
                    self.learn_id(at, *leg, id);
                }
                self.enter_room(Some(room));
            }
            Fact::Left { id, room } => {
                self.enter_room(Some(room));
                for state in self.legs.values_mut().filter(|state| state.id.as_deref() == Some(id)) {
                    state.left = true;
                }
            }
            Fact::Room { id, closed } => {
                self.enter_room(Some(id));
                if *closed {
                    self.closed_rooms.insert(id.clone());
                }
            }
            _ => {}
        }
    }

    /// What the provider calls a leg. If that one was given up as never made, nobody is there for it.
    fn learn_id(&mut self, at: Timestamp, leg: Leg, id: &str) {
        let state = self.leg(at, leg);
        if state.id.is_none() {
            state.id = Some(id.to_owned());
            if !state.is_live() {
                self.end_leg(leg);
            }
        }
    }

    fn leg(&mut self, at: Timestamp, leg: Leg) -> &mut LegState {
        self.legs.entry(leg).or_insert_with(|| LegState { asked_at: at, ..LegState::default() })
    }

    fn enter_room(&mut self, room: Option<&str>) {
        if let Some(room) = room.filter(|room| !self.rooms.iter().any(|known| known == room)) {
            self.rooms.push(room.to_owned());
        }
    }

    /// The room that is open now: a name can be used again when all have left.
    pub(super) fn room(&self) -> Option<String> {
        self.rooms.iter().rev().find(|room| !self.closed_rooms.contains(*room)).cloned()
    }

    /// The provider's id of a leg.
    pub(super) fn leg_id(&self, leg: Leg) -> Option<String> {
        self.legs.get(&leg).and_then(|state| state.id.clone())
    }

    pub(super) fn ask_agent(&mut self, at: Timestamp, leg: Leg, agent: AgentId, muted: bool) {
        self.leg(at, leg).whom = Some(Whom::Agent(agent.clone()));
        // A caller's number is not the account's, and would be refused.
        if let Some(from) = self.local.clone() {
            self.act(Action::AddAgent { leg, agent, from, muted });
        }
    }

    fn ask_number(&mut self, at: Timestamp, leg: Leg, to: PhoneNumber, ends_room: bool, gate: Gate) {
        self.leg(at, leg).whom = Some(Whom::Number(to.clone()));
        if let Some(from) = self.local.clone() {
            self.act(Action::AddNumber { leg, to, from, ends_room, gate });
        }
    }

    fn hang_up(&mut self, order: u32, established: bool) {
        self.pending.insert(order, Pending::HangUp);
        self.hung_up = Some(HungUp { order, established, done: false });
        let (room, legs) = self.ending();
        self.act(Action::EndAll { order, room, legs });
    }

    /// The room, and the legs that don't end with it.
    pub(super) fn what_to_end(&self) -> (Option<String>, BTreeMap<Leg, String>) {
        let room = self.room();
        let live = self.legs.iter().filter(|(_, state)| state.is_live() && !(room.is_some() && state.up));
        let legs = live.filter_map(|(leg, state)| Some((*leg, state.id.clone()?))).collect();
        (room, legs)
    }

    /// The same, and nobody else is to end them.
    fn ending(&mut self) -> (Option<String>, Vec<String>) {
        let (room, legs) = self.what_to_end();
        let known = self.legs.iter().filter(|(_, state)| state.id.is_some());
        self.acted.extend(known.map(|(leg, _)| format!("end/{leg}")));
        (room, legs.into_values().collect())
    }

    fn change(&mut self, order: u32, change: Change) {
        self.pending.insert(order, Pending::Change(change));
        if let Some(customer) = self.leg_id(Leg::Customer) {
            let agent = self.agent_leg.and_then(|leg| self.leg_id(leg));
            self.act(Action::Change { order, change, room: self.room(), customer, agent });
        }
    }

    fn done(&mut self, at: Timestamp, order: u32, recording: Option<&str>) {
        match self.pending.remove(&order) {
            Some(Pending::HangUp) => {
                if let Some(hung_up) = &mut self.hung_up {
                    hung_up.done |= hung_up.order == order;
                }
            }
            Some(Pending::Change(change)) => self.changed(at, change, recording),
            Some(Pending::Merge(..) | Pending::Merged) => self.hand_on(at, order),
            None => {}
        }
    }

    fn not_done(&mut self, order: u32) {
        if self.pending.remove(&order) == Some(Pending::HangUp) {
            self.hung_up = None;
            self.acted.retain(|action| !action.starts_with("end/"));
        }
    }

    /// Tells what an order changed, unless the call is so already.
    fn changed(&mut self, at: Timestamp, change: Change, recording: Option<&str>) {
        let Some((agent, seat)) = self.held_seat() else { return };
        if let Ok(Some(mut news)) = super::orders::news(change, seat) {
            let agent = agent.clone();
            if let CallEventKind::RecordingStarted(name) = &mut news {
                *name = recording.map(RecordingRef::new);
            }
            self.tell(at, &agent, news);
        }
    }

    fn stands(&mut self, at: Timestamp, held: bool, muted: bool, recording: Option<Recording>, named: Option<&str>) {
        self.pending.retain(|_, pending| !matches!(pending, Pending::Change(_)));
        self.changed(at, if held { Change::Hold } else { Change::Resume }, None);
        self.changed(at, if muted { Change::Mute } else { Change::Unmute }, None);
        match recording {
            Some(Recording::Off) => self.changed(at, Change::StopRecording, None),
            Some(now) => {
                self.changed(at, Change::StartRecording, named);
                let paused = now == Recording::Paused;
                self.changed(at, if paused { Change::PauseRecording } else { Change::ResumeRecording }, None);
            }
            None => {}
        }
    }

    /// The seat of whose call it is.
    pub(super) fn held_seat(&self) -> Option<(&AgentId, &Call)> {
        self.holder.as_ref().and_then(|holder| self.seats.get_key_value(holder))
    }

    /// Gives an action out, if it was not before.
    pub(super) fn act(&mut self, action: Action) {
        let name = action.name();
        if !self.settled.contains(&name) && self.acted.insert(name.clone()) {
            if action.gate() == Gate::UntilSettled {
                self.unsettled.insert(name, action.clone());
            }
            self.outputs.push(Output::Act(self.id.clone(), action));
        }
    }

    /// Tells an agent that there is a call.
    pub(super) fn start(&mut self, at: Timestamp, agent: &AgentId) {
        if self.seats.contains_key(agent) {
            return;
        }
        let (state, started_at) = match self.direction {
            Direction::Outbound => (CallState::Dialing, self.begun),
            Direction::Inbound => (CallState::Ringing, at.max(self.begun)),
        };
        let call = Call {
            id: self.id.clone(),
            direction: self.direction,
            remote: self.remote.clone(),
            local: self.local.clone(),
            key: self.key.clone(),
            state,
            muted: false,
            recording: Recording::Off,
            recordings: Vec::new(),
            started_at,
            connected_at: None,
            ended_at: None,
            sequence: 1,
        };
        let kind = CallEventKind::Started(Box::new(call.clone()));
        self.seats.insert(agent.clone(), call);
        let event = CallEvent { call: self.id.clone(), sequence: 1, at: started_at, kind };
        self.outputs.push(Output::Event(agent.clone(), event));
    }

    /// Tells an agent the call's next event, if it can follow.
    pub(super) fn tell(&mut self, at: Timestamp, agent: &AgentId, kind: CallEventKind) {
        let Some(seat) = self.seats.get_mut(agent) else { return };
        let at = at.max(self.last).max(seat.started_at);
        let event = CallEvent { call: self.id.clone(), sequence: seat.sequence + 1, at, kind };
        if seat.apply(&event) == Ok(true) {
            self.last = at;
            self.outputs.push(Output::Event(agent.clone(), event));
        }
    }

    pub(super) fn end(&mut self, at: Timestamp, agent: &AgentId, reason: EndReason) {
        self.tell(at, agent, CallEventKind::Ended(reason));
    }

    /// Tells that the parties can talk: since now, or since as long as the provider says.
    pub(super) fn connect(&mut self, at: Timestamp, agent: &AgentId, since: Duration) {
        let fits =
            self.seats.get(agent).is_some_and(|seat| matches!(seat.state, CallState::Dialing | CallState::Ringing));
        if fits {
            let since = u64::try_from(since.as_millis()).unwrap_or_default();
            self.tell(Timestamp::from_millis(at.as_millis().saturating_sub(since)), agent, CallEventKind::Connected);
        }
    }

    /// Why the call is over for its agent when the customer's leg ended so.
    pub(super) fn reason(&self, customer: &LegState) -> EndReason {
        match (self.hung_up, self.direction) {
            (Some(HungUp { established: true, .. }), _) => return EndReason::HungUp,
            (Some(_), _) => return EndReason::Canceled,
            (None, Direction::Inbound) => return EndReason::RemoteHungUp,
            (None, Direction::Outbound) => {}
        }
        match customer.end {
            Some(LegEnd::HungUp) => EndReason::RemoteHungUp,
            _ if customer.up => EndReason::Failed(FailureReason::ConnectionLost),
            Some(LegEnd::Busy) => EndReason::Busy,
            Some(LegEnd::NoAnswer) => EndReason::NoAnswer,
            Some(LegEnd::Rejected) => EndReason::Rejected,
            Some(LegEnd::Canceled) => EndReason::Canceled,
            Some(LegEnd::Invalid) => EndReason::Failed(FailureReason::InvalidNumber),
            Some(LegEnd::NotAllowed) => EndReason::Failed(FailureReason::NotAllowed),
            Some(LegEnd::Unreachable) => EndReason::Failed(FailureReason::Unreachable),
            Some(LegEnd::Failed) | None => EndReason::Failed(FailureReason::Provider),
        }
    }

    /// Whether the agent ended the call, and whether that was carried out.
    pub(super) fn hang_up_is_done(&self) -> Option<bool> {
        self.hung_up.map(|hung_up| hung_up.done)
    }

    /// Dials the customer. The agent is there to hear it ring.
    pub(super) fn dial_customer(&mut self, at: Timestamp) {
        if let Some(to) = self.remote.clone() {
            self.ask_number(at, Leg::Customer, to, true, Gate::Once);
        }
    }

    /// Closes the room that no agent came back to.
    pub(super) fn close_room(&mut self) {
        let (room, legs) = self.ending();
        self.act(Action::CloseRoom { room, legs });
    }
}

/// The leg of the agent who dials.
pub(super) const FIRST_LEG: Leg = Leg::Agent(1);
