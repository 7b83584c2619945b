//! What a test or a demo does to the network from outside: it plays the other parties and the weather.

use crate::config::MockAgent;
use crate::fault::Fault;
use crate::network::{FarEnd, MAX_WAITING, Network, Step};
use cordboard::Timestamp;
use cordboard::telephony::{
    CallEventKind, CallId, Connection, Digits, Direction, EndReason, Event, PhoneNumber, SignedOutReason,
};

impl Network {
    /// Somebody calls a number of the account. `None` when it rings nowhere.
    pub fn incoming(&mut self, now: Timestamp, from: Option<PhoneNumber>, to: &PhoneNumber) -> Option<CallId> {
        self.advance(now);
        self.call_in(from, to)
    }

    /// Somebody will call a number of the account.
    pub fn schedule_incoming(&mut self, at: Timestamp, from: Option<PhoneNumber>, to: PhoneNumber) {
        self.at(at, Step::CallIn { from, to });
    }

    /// The other party of a call hangs up, or gives up.
    pub fn far_end_hangs_up(&mut self, now: Timestamp, call: &CallId) {
        self.advance(now);
        let Some(leg) = self.leg(call) else { return };
        if let FarEnd::Leg(peer) = leg.far.clone() {
            return self.hang_up(&peer);
        }
        let reason = match (leg.call.state.is_established(), leg.call.direction) {
            (true, _) => EndReason::RemoteHungUp,
            (false, Direction::Inbound) => EndReason::Missed,
            (false, Direction::Outbound) => EndReason::Rejected,
        };
        self.end(call, reason);
    }

    /// The other party of a call presses keys.
    pub fn far_end_sends(&mut self, now: Timestamp, call: &CallId, digits: &Digits) {
        self.advance(now);
        self.tell(call, CallEventKind::DigitsReceived(digits.clone()));
    }

    /// An agent's session runs out. Their calls go on.
    pub fn expire_session(&mut self, now: Timestamp, agent: MockAgent) {
        self.advance(now);
        self.seat(agent).signed_in = false;
        self.emit(agent, Event::SignedOut(SignedOutReason::Expired));
    }

    /// Makes something go wrong.
    pub fn inject(&mut self, now: Timestamp, fault: Fault) {
        self.advance(now);
        match fault {
            Fault::Refuse(_) | Fault::LoseOrder | Fault::LoseReply => {
                if self.faults.len() < MAX_WAITING {
                    self.faults.push(fault);
                }
            }
            Fault::DuplicateEvent => self.duplicate = true,
            Fault::DelayEvents(duration) => self.held_until = self.now + duration,
            Fault::LoseConnection(_) if self.lost => {}
            Fault::LoseConnection(duration) => {
                self.emit_all(&Event::Connection(Connection::Lost));
                self.lost = true;
                self.later(duration, Step::Restore);
            }
        }
    }
}
