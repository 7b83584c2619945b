//! What is due, given the legs as they are. Whoever calls this twice gets nothing new.

use super::action::Action;
use super::call::{Bridged, FIRST_LEG, Pending};
use super::leg::{Leg, LegState};
use super::machine::Limits;
use super::ring::{Doubt, Lost};
use cordboard::Timestamp;
use cordboard::telephony::{AgentId, CallEventKind, CallState, Direction, EndReason, FailureReason};
use std::time::Duration;

/// How long a call stays in the books when its agents have left: until what they were told is stored, and legs that were
/// made too late are ended.
const LINGERS: Duration = Duration::from_secs(10);

impl Bridged {
    pub(super) fn settle(&mut self, at: Timestamp, limits: &Limits) {
        if !self.over {
            match self.direction {
                Direction::Outbound => self.settle_outbound(at),
                Direction::Inbound => self.settle_inbound(at),
            }
            self.settle_transfer(at);
            self.settle_end(at);
            self.settle_loss(at, limits);
        }
        self.release();
        let is_finished = self.is_finished();
        let is_open = self.is_open();
        self.closes = (is_finished && !is_open).then(|| self.closes.unwrap_or(at + LINGERS));
        if is_open && !self.over || !is_finished && !self.pending.is_empty() {
            self.doubt.get_or_insert_with(|| Doubt::new(at));
        } else {
            self.doubt = None;
        }
    }

    /// Whether there is something left to do, or a leg of which it is not known whether it was made.
    fn is_open(&self) -> bool {
        let is_sought = |leg: &LegState| leg.is_live() && leg.id.is_none() && leg.whom.is_some();
        !self.unsettled.is_empty() || self.undone_hang_up().is_some() || self.legs.values().any(is_sought)
    }

    /// Whether nobody is to be told anything any more.
    fn is_finished(&self) -> bool {
        // A caller may give up before anybody is found who could be told.
        let given_up = self.direction == Direction::Inbound && self.customer_is_gone();
        let begun = self.refused || self.ring.is_some() || !self.seats.is_empty() || given_up;
        begun && self.seats.values().all(|seat| seat.state.is_ended())
    }

    fn settle_outbound(&mut self, at: Timestamp) {
        let Some(holder) = self.holder.clone() else { return };
        let Some(first) = self.legs.get(&FIRST_LEG).cloned() else { return };
        if self.refused {
            return;
        }
        if first.unsure || first.id.is_some() || first.rings || first.up || !first.is_live() {
            self.start(at, &holder);
        }
        let Some(customer) = self.legs.get(&Leg::Customer).cloned() else {
            if self.hang_up_is_done().is_some() {
            } else if first.talks() {
                self.dial_customer(at);
            } else if !first.is_live() || first.left {
                let lost = if first.up { FailureReason::ConnectionLost } else { FailureReason::Provider };
                self.end(at, &holder, EndReason::Failed(lost));
            }
            return;
        };
        if self.hang_up_is_done().is_none() {
            if customer.rings {
                self.tell(at, &holder, CallEventKind::Ringing);
            }
            if customer.up {
                self.connect(at, &holder, Duration::from_secs(customer.seconds));
            }
        }
    }

    fn settle_inbound(&mut self, at: Timestamp) {
        if let Some((agent, leg)) = self.answering.clone()
            && let Some(state) = self.legs.get(&leg).cloned()
        {
            if state.up {
                self.answering = None;
                self.holder = Some(agent.clone());
                self.agent_leg = Some(leg);
                self.connect(at, &agent, Duration::from_secs(state.seconds));
                self.end_others(at, &agent, EndReason::AnsweredElsewhere);
            } else if !state.is_live() {
                self.answering = None;
                self.end(at, &agent, EndReason::Failed(FailureReason::Provider));
            }
        }
        if self.holder.is_some() {
            return;
        }
        if let Some((_, leg)) = self.answering {
            // Whether the agent or the caller was first is known when the agent's leg is over.
            if self.customer_is_gone() {
                self.end_leg(leg);
            }
            return;
        }
        let timed_out = self.ring.as_ref().is_some_and(|ring| ring.timed_out);
        if self.customer_is_gone() || timed_out {
            for agent in self.seats.keys().cloned().collect::<Vec<_>>() {
                self.end(at, &agent, EndReason::Missed);
            }
        }
        let nobody = !self.seats.is_empty() && self.seats.values().all(|seat| seat.state.is_ended());
        if nobody && !self.diverted && !self.customer_is_gone() {
            self.diverted = true;
            if let (Some(ring), Some(id)) = (&self.ring, self.leg_id(Leg::Customer)) {
                let goes = ring.otherwise.clone();
                self.act(Action::Divert { id, goes });
            }
        }
    }

    fn end_others(&mut self, at: Timestamp, but: &AgentId, reason: EndReason) {
        for agent in self.seats.keys().filter(|agent| *agent != but).cloned().collect::<Vec<_>>() {
            self.end(at, &agent, reason);
        }
    }

    /// Whether the other party is no longer there. Of a caller only the room tells; a leg that we dialled reports itself,
    /// and says better why it ended.
    fn customer_is_gone(&self) -> bool {
        let Some(customer) = self.legs.get(&Leg::Customer) else { return false };
        let moved = self.pending.values().any(|pending| *pending == Pending::Merged);
        let left = self.direction == Direction::Inbound && (customer.left || self.room_is_closed());
        !customer.is_live() || left && !moved && !self.diverted
    }

    fn room_is_closed(&self) -> bool {
        !self.rooms.is_empty() && self.room().is_none()
    }

    /// The call is handed over when whom it goes to has answered.
    fn settle_transfer(&mut self, at: Timestamp) {
        let Some(leg) = self.transfer else { return };
        let Some(target) = self.legs.get(&leg).cloned() else { return };
        let Some((agent, seat)) = self.held_seat() else { return };
        let (agent, on_hold) = (agent.clone(), seat.state == CallState::OnHold);
        if !seat.state.is_established() {
            return;
        }
        if target.up {
            self.transfer = None;
            if let Some(id) = target.id.clone() {
                self.act(Action::Keep { leg, room: self.room(), id });
            }
            self.let_go(at, &agent, on_hold);
        } else if !target.is_live() {
            self.transfer = None;
            self.tell(at, &agent, CallEventKind::TransferFailed);
        } else if self.customer_is_gone() {
            // Whether it was handed over is known when the target's leg is over.
            self.end_leg(leg);
        }
    }

    /// The agent's part is over; the customer goes on with someone else.
    fn let_go(&mut self, at: Timestamp, agent: &AgentId, on_hold: bool) {
        if let Some(customer) = self.leg_id(Leg::Customer).filter(|_| on_hold && !self.customer_is_gone()) {
            let (order, room) = (self.orders, self.room());
            self.act(Action::Unhold { order, room, customer });
        }
        self.handed_on = true;
        self.end(at, agent, EndReason::Transferred);
    }

    /// Both calls of an attended transfer end like this, once the leg was brought over.
    pub(super) fn hand_on(&mut self, at: Timestamp, order: u32) {
        self.orders = self.orders.max(order);
        let Some((agent, seat)) = self.held_seat() else { return };
        let (agent, on_hold) = (agent.clone(), seat.state == CallState::OnHold);
        // The leg that was brought away left its waiting behind.
        let stays = !self.moved;
        self.let_go(at, &agent, on_hold && stays);
    }

    fn settle_end(&mut self, at: Timestamp) {
        let Some(holder) = self.holder.clone() else { return };
        if let Some(customer) = self.legs.get(&Leg::Customer).cloned()
            && self.customer_is_gone()
            && (self.transfer.is_none() || self.hang_up_is_done().is_some())
        {
            let reason = self.reason(&customer);
            self.end(at, &holder, reason);
        }
        if self.hang_up_is_done() == Some(true) {
            // The leg may not have told its end yet, and nobody waits for it.
            let ended = LegState { end: None, ..LegState::default() };
            let reason = self.reason(&ended);
            self.end(at, &holder, reason);
        }
        if self.gave_up && self.lost.is_some() && self.seats.get(&holder).is_some_and(|seat| !seat.state.is_ended()) {
            self.end(at, &holder, EndReason::Failed(FailureReason::ConnectionLost));
            self.close_room();
        }
    }

    /// While the customer is there without the agent, the agent is called again.
    fn settle_loss(&mut self, at: Timestamp, limits: &Limits) {
        let Some(leg) = self.agent_leg else { return };
        let Some(state) = self.legs.get(&leg) else { return };
        let waits = self.legs.get(&Leg::Customer).is_some_and(LegState::is_live)
            && self.held_seat().is_some_and(|(_, seat)| !seat.state.is_ended())
            && self.hang_up_is_done().is_none();
        if !waits || state.talks() {
            self.lost = None;
            return;
        }
        if state.is_live() && !state.left {
            // A leg on its way.
            return;
        }
        let lost = self.lost.get_or_insert_with(|| Lost::new(at, limits.rejoin_within));
        if lost.next.is_none() {
            lost.plan(at);
        }
    }

    /// Calls the agent again, unless that is being done.
    pub(super) fn rejoin(&mut self, at: Timestamp, leg: Leg) {
        let Some((agent, seat)) = self.held_seat() else { return };
        let (agent, muted) = (agent.clone(), seat.muted);
        if let Some(lost) = &mut self.lost {
            lost.next = None;
            self.agent_leg = Some(leg);
            self.ask_agent(at, leg, agent, muted);
        }
    }

    /// Ends what is still there when its agent has gone.
    fn release(&mut self) {
        for leg in self.dropped.clone() {
            self.end_leg(leg);
        }
        let gone = |call: &Self| call.held_seat().map_or(call.over, |(_, seat)| seat.state.is_ended());
        if self.refused || !gone(self) {
            // An agent's leg that was lost and came back late, beside another one, stays: the agent is on one of them.
            return;
        }
        let customer = self.legs.get(&Leg::Customer);
        // The room ends with the customer, and takes with it who had joined.
        let room_ends = customer.is_some_and(|customer| customer.up && !customer.is_live());
        let inbound = self.direction == Direction::Inbound;
        let handed_on = self.handed_on;
        let hung_up = self.hang_up_is_done().is_some();
        let stray = |leg: Leg, state: &LegState| match leg {
            _ if !state.is_live() || state.left => false,
            Leg::Agent(_) if handed_on => true,
            Leg::Customer | Leg::Target(_) if handed_on => false,
            Leg::Customer if inbound => hung_up,
            _ => !(room_ends && state.up),
        };
        let strays: Vec<Leg> =
            self.legs.iter().filter(|(leg, state)| stray(**leg, state)).map(|(leg, _)| *leg).collect();
        for leg in strays {
            self.end_leg(leg);
        }
    }

    /// Ends a leg, as soon as its id is known.
    pub(super) fn end_leg(&mut self, leg: Leg) {
        if let Some(id) = self.leg_id(leg) {
            self.act(Action::EndLeg { leg, id });
        }
    }
}
