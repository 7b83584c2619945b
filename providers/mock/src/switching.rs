//! What happens inside the network: calls begin, are connected and end.

use crate::config::MockAgent;
use crate::network::{FarEnd, Leg, MAX_CALLS, MAX_WAITING, Network, RING_TIME, Seat, Step, Timer};
use crate::numbers::{self, Outcome, Script};
use cordboard::Timestamp;
use cordboard::telephony::{
    Availability, Call, CallEvent, CallEventKind, CallId, CallState, Capability, Connection, DialKey, Direction,
    EndReason, ErrorKind, Event, FailureReason, PhoneNumber, Recording,
};
use core::time::Duration;

impl Network {
    pub(crate) fn step(&mut self, step: Step) {
        match step {
            Step::Ring(call) => self.tell(&call, CallEventKind::Ringing),
            Step::Answer(call) => self.connect(&call),
            Step::End(call, reason) => self.end(&call, reason),
            Step::Press(call, digits) => self.tell(&call, CallEventKind::DigitsReceived(digits)),
            Step::Transfer(call, to) => self.hand_over(&call, to),
            Step::CallIn { from, to } => drop(self.call_in(from, &to)),
            Step::Restore => self.restore_connection(),
        }
    }

    pub(crate) fn later(&mut self, delay: Duration, step: Step) {
        self.at(self.now + delay, step);
    }

    pub(crate) fn at(&mut self, at: Timestamp, step: Step) {
        if self.timers.len() < MAX_WAITING {
            let place = self.timers.partition_point(|timer| timer.at <= at);
            self.timers.insert(place, Timer { at, step });
        }
    }

    /// A new leg, told to its agent.
    pub(crate) fn start(
        &mut self,
        agent: MockAgent,
        direction: Direction,
        remote: Option<PhoneNumber>,
        local: Option<PhoneNumber>,
        key: Option<DialKey>,
        far: FarEnd,
    ) -> CallId {
        self.calls += 1;
        let id = CallId::new(self.id_prefix() + &u64::from(self.calls).to_string());
        let state = match direction {
            Direction::Outbound => CallState::Dialing,
            Direction::Inbound => CallState::Ringing,
        };
        let call = Call {
            id: id.clone(),
            direction,
            remote,
            local,
            key,
            state,
            muted: false,
            recording: Recording::Off,
            recordings: Vec::new(),
            started_at: self.now,
            connected_at: None,
            ended_at: None,
            sequence: 1,
        };
        let kind = CallEventKind::Started(Box::new(call.clone()));
        self.legs.push(Leg { agent, call, far });
        self.emit(agent, Event::Call(CallEvent { call: id.clone(), sequence: 1, at: self.now, kind }));
        id
    }

    pub(crate) fn call_in(&mut self, from: Option<PhoneNumber>, to: &PhoneNumber) -> Option<CallId> {
        let agent = self.callee(to, None)?.ok()?;
        let far = FarEnd::Number(from.clone());
        let call = self.start(agent, Direction::Inbound, from, Some(to.clone()), None, far);
        self.later(RING_TIME, Step::End(call.clone(), EndReason::Missed));
        Some(call)
    }

    /// Connects a call that rings, and the other agent's leg of it.
    pub(crate) fn connect(&mut self, id: &CallId) {
        let Some(leg) = self.leg(id).filter(|leg| !leg.call.state.is_established()) else { return };
        let far = leg.far.clone();
        self.cancel_timers(id);
        self.tell(id, CallEventKind::Connected);
        match far {
            FarEnd::Leg(peer) => self.connect(&peer),
            FarEnd::Number(number) => {
                if let Some((talks, reason)) = Script::of(number.as_ref(), 0).talks {
                    self.later(Duration::from_millis(talks.into()), Step::End(id.clone(), reason));
                }
            }
        }
    }

    /// Ends a call as its agent does.
    pub(crate) fn hang_up(&mut self, id: &CallId) {
        let Some(Leg { call, .. }) = self.leg(id) else { return };
        let reason = match (call.state.is_established(), call.direction) {
            (true, _) => EndReason::HungUp,
            (false, Direction::Outbound) => EndReason::Canceled,
            (false, Direction::Inbound) => EndReason::Rejected,
        };
        self.end(id, reason);
    }

    /// Ends a call, and the other agent's leg of it.
    pub(crate) fn end(&mut self, id: &CallId, reason: EndReason) {
        self.tell(id, CallEventKind::Ended(reason));
        self.cancel_timers(id);
        let Some(place) = self.legs.iter().position(|leg| leg.call.id == *id) else { return };
        let FarEnd::Leg(peer) = self.legs.remove(place).far else { return };
        let Some(other) = self.leg(&peer) else { return };
        let reason = match reason {
            EndReason::Rejected if !other.call.state.is_established() => reason,
            EndReason::Failed(_) => reason,
            _ if other.call.state.is_established() => EndReason::RemoteHungUp,
            _ => EndReason::Missed,
        };
        self.end(&peer, reason);
    }

    /// Ends a transferred call, whose far end goes on without it.
    pub(crate) fn leave(&mut self, id: &CallId) {
        self.connect_to(id, FarEnd::Number(None));
        self.end(id, EndReason::Transferred);
    }

    /// Connects two far ends with each other.
    pub(crate) fn join(&mut self, one: FarEnd, other: FarEnd) {
        if let FarEnd::Leg(leg) = &one {
            self.connect_to(leg, other.clone());
        }
        if let FarEnd::Leg(leg) = &other {
            self.connect_to(leg, one);
        }
    }

    pub(crate) fn connect_to(&mut self, id: &CallId, far: FarEnd) {
        if let Some(leg) = self.legs.iter_mut().find(|leg| leg.call.id == *id) {
            leg.far = far;
        }
    }

    /// Carries out a blind transfer.
    fn hand_over(&mut self, id: &CallId, to: PhoneNumber) {
        let Some(leg) = self.leg(id) else { return };
        let (agent, far, remote) = (leg.agent, leg.far.clone(), leg.call.remote.clone());
        let target = match (self.callee(&to, Some(agent)), Script::of(Some(&to), 0).outcome) {
            (Some(Ok(other)), _) => {
                let inbound = self.start(other, Direction::Inbound, remote, Some(to), None, far.clone());
                self.later(RING_TIME, Step::End(inbound.clone(), EndReason::Missed));
                FarEnd::Leg(inbound)
            }
            (None, Outcome::Answers) => FarEnd::Number(Some(to)),
            _ => return self.tell(id, CallEventKind::TransferFailed),
        };
        self.join(far, target);
        self.leave(id);
    }

    fn restore_connection(&mut self) {
        self.lost = false;
        for agent in MockAgent::ALL {
            let missed = core::mem::take(&mut self.seat(agent).missed);
            if missed > 0 {
                self.emit(agent, Event::Lagged { missed });
            }
        }
        self.emit_all(&Event::Connection(Connection::Restored));
    }

    /// Tells a call's next event, if it can follow the call's state.
    pub(crate) fn tell(&mut self, id: &CallId, kind: CallEventKind) {
        let Some(leg) = self.legs.iter_mut().find(|leg| leg.call.id == *id) else { return };
        let event = CallEvent { call: id.clone(), sequence: leg.call.sequence + 1, at: self.now, kind };
        if leg.call.apply(&event).is_ok() {
            let agent = leg.agent;
            self.emit(agent, Event::Call(event));
        }
    }

    pub(crate) fn emit(&mut self, agent: MockAgent, event: Event) {
        if self.lost || self.outputs.len() >= MAX_WAITING {
            self.seat(agent).missed += 1;
        } else {
            self.outputs.push((agent, event));
        }
    }

    pub(crate) fn emit_all(&mut self, event: &Event) {
        for agent in MockAgent::ALL {
            self.emit(agent, event.clone());
        }
    }

    fn cancel_timers(&mut self, id: &CallId) {
        self.timers.retain(|timer| timer.step.call() != Some(id));
    }

    /// Who of the account rings when that number is called, or why nobody does. `None` when the number is outside.
    pub(crate) fn callee(&self, to: &PhoneNumber, caller: Option<MockAgent>) -> Option<Result<MockAgent, EndReason>> {
        let of_account = [numbers::SALES, numbers::SUPPORT].contains(&to.as_e164());
        let mut nobody = None;
        for agent in MockAgent::ALL {
            if !of_account && agent.number() != to.as_e164() {
                continue;
            }
            if !self.rings_at(agent) && Some(agent) != caller {
                nobody = nobody.or(Some(EndReason::Failed(FailureReason::Unreachable)));
            } else if Some(agent) == caller || !self.has_room(agent) {
                nobody = Some(EndReason::Busy);
            } else {
                return Some(Ok(agent));
            }
        }
        nobody.map(Err)
    }

    fn rings_at(&self, agent: MockAgent) -> bool {
        let Seat { signed_in, availability, .. } = &self.seats[agent as usize];
        *signed_in && *availability == Availability::Available && self.config.capabilities.has(Capability::Inbound)
    }

    pub(crate) fn has_room(&self, agent: MockAgent) -> bool {
        let most = if self.config.capabilities.has(Capability::ConcurrentCalls) { MAX_CALLS } else { 1 };
        self.legs_of(agent).count() < most
    }

    pub(crate) fn leg(&self, id: &CallId) -> Option<&Leg> {
        self.legs.iter().find(|leg| leg.call.id == *id)
    }

    pub(crate) fn legs_of(&self, agent: MockAgent) -> impl Iterator<Item = &Leg> {
        self.legs.iter().filter(move |leg| leg.agent == agent)
    }

    /// An agent's leg in which people talk.
    pub(crate) fn established(&self, agent: MockAgent, id: &CallId) -> Result<&Leg, ErrorKind> {
        let leg = self.legs_of(agent).find(|leg| leg.call.id == *id).ok_or(ErrorKind::NoSuchCall)?;
        if leg.call.state.is_established() { Ok(leg) } else { Err(ErrorKind::WrongState) }
    }

    /// Whether an id is one of this network's, of a call that goes on or is over.
    pub(crate) fn has_issued(&self, id: &CallId) -> bool {
        let number = id.as_str().strip_prefix(self.id_prefix().as_str()).and_then(|number| number.parse().ok());
        number.is_some_and(|number: u64| (1..=self.calls.into()).contains(&number))
    }

    /// What the ids of this network's calls begin with; a number follows.
    fn id_prefix(&self) -> String {
        ["mock-", &u64::from(self.config.seed).to_string(), "-"].concat()
    }

    pub(crate) fn seat(&mut self, agent: MockAgent) -> &mut Seat {
        &mut self.seats[agent as usize]
    }

    /// How long a number rings that is not in the table: one to four seconds, by xorshift.
    pub(crate) fn draw_patience(&mut self) -> u32 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        1_000 + self.random % 3_000
    }
}
