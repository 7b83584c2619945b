//! What the user wants, turned into orders for the line.

use super::command::Command;
use super::flow::CallFlow;
use super::intent::{Action, Intent};
use super::notice::Notice;
use super::tracked::{Saving, TrackedCall};
use crate::Timestamp;
use crate::protocol::{ExternalCallId, WidgetMessage};
use crate::telephony::{
    Availability, CallId, CallState, Capability, DialKey, DialPolicy, DialRequest, Direction, PhoneNumber,
    PolicyViolation, Transfer,
};
use crate::text::hex;

/// The longest notes that are kept, in bytes.
const MAX_NOTES: usize = 16_384;

impl CallFlow {
    /// Takes what the user wants.
    pub fn handle_intent(&mut self, now: Timestamp, intent: Intent) {
        match intent {
            Intent::SignIn(credentials) => {
                if !self.signing_in {
                    self.signing_in = true;
                    self.order(Command::SignIn(credentials));
                }
            }
            Intent::SignOut => self.order(Command::SignOut),
            Intent::SetAvailability(availability) => self.set_availability(availability),
            Intent::UseCallerId(caller_id) => self.caller_id = Some(caller_id),
            Intent::Dial(typed) => {
                self.dial(now, &typed, false);
            }
            Intent::Act(id, action) => self.act(now, &id, action),
        }
    }

    pub(super) fn set_availability(&mut self, availability: Availability) {
        self.availability = availability;
        if self.agent.is_none() || !self.capabilities().has(Capability::Inbound) {
            return;
        }
        self.order(Command::SetAvailability(availability));
        self.say(match availability {
            Availability::Available => WidgetMessage::UserAvailable,
            Availability::Away => WidgetMessage::UserUnavailable,
        });
    }

    /// Calls a number. Returns whether it was tried.
    pub(super) fn dial(&mut self, now: Timestamp, typed: &str, from_crm: bool) -> bool {
        if self.agent.is_none() {
            self.notify(Notice::NotSignedIn);
            return false;
        }
        if self.calls.iter().any(TrackedCall::is_live) {
            self.notify(Notice::FinishCallFirst);
            return false;
        }
        let Some(to) = self.number(typed) else { return false };
        self.save_wrapped_up();
        self.place(now, to, None, from_crm);
        self.tell_crm(now);
        true
    }

    /// Reads what was typed, and tells the user when it can't be called.
    fn number(&mut self, typed: &str) -> Option<PhoneNumber> {
        match self.read_number(typed) {
            Ok(number) => Some(number),
            Err(notice) => {
                self.notify(notice);
                None
            }
        }
    }

    fn read_number(&self, typed: &str) -> Result<PhoneNumber, Notice> {
        if DialPolicy::is_emergency(typed) {
            return Err(Notice::Denied(PolicyViolation::Emergency));
        }
        let number = PhoneNumber::parse(typed, self.config.home.as_deref()).map_err(Notice::BadNumber)?;
        self.config.policy.check(&number).map_err(Notice::Denied)?;
        Ok(number)
    }

    fn place(&mut self, now: Timestamp, to: PhoneNumber, consults_for: Option<ExternalCallId>, from_crm: bool) {
        let id = self.new_id();
        let from = self.caller_id().map(|caller_id| caller_id.number.clone());
        let mut tracked = TrackedCall::new(id.clone(), Direction::Outbound, now);
        tracked.remote = Some(to.clone());
        tracked.local = from.clone();
        tracked.consults_for = consults_for;
        tracked.from_crm = from_crm;
        self.calls.push(tracked);
        self.order(Command::Dial(DialRequest { key: DialKey::new(id.as_str()), to, from }));
    }

    fn new_id(&mut self) -> ExternalCallId {
        self.next_call += 1;
        let (seed, call) = (hex(self.config.seed), self.next_call.to_string());
        ExternalCallId::new([self.config.provider, "-", &seed, "-", &call].concat())
    }

    fn act(&mut self, now: Timestamp, id: &ExternalCallId, action: Action) {
        let Some(call) = self.call_mut(id) else { return };
        match action {
            Action::SetNotes(mut notes) => {
                notes.truncate(notes.floor_char_boundary(MAX_NOTES));
                call.notes = notes;
            }
            Action::SetOutcome(outcome) => call.outcome = outcome,
            Action::Save => {
                call.save();
                self.tell_crm(now);
            }
            Action::OpenRecord => self.open_record(id),
            Action::HangUp => self.hang_up(id),
            Action::Answer => {
                if self.make_room(id) {
                    self.save_wrapped_up();
                    self.order_once(id, Command::Answer);
                    self.tell_crm(now);
                }
            }
            Action::Resume => {
                if self.make_room(id) {
                    self.order_once(id, Command::Resume);
                }
            }
            Action::Reject => self.order_once(id, Command::Reject),
            Action::Mute => self.order_once(id, Command::Mute),
            Action::Unmute => self.order_once(id, Command::Unmute),
            Action::Hold => self.order_once(id, Command::Hold),
            Action::StartRecording => self.order_once(id, Command::StartRecording),
            Action::PauseRecording => self.order_once(id, Command::PauseRecording),
            Action::ResumeRecording => self.order_once(id, Command::ResumeRecording),
            Action::StopRecording => self.order_once(id, Command::StopRecording),
            Action::SendDigits(digits) => {
                // Keys pressed in a row are not a double click: each goes out.
                if let Some(line) = call.line.as_ref().map(|line| line.id.clone()) {
                    self.order(Command::SendDigits(line, digits));
                }
            }
            Action::Transfer(typed) => {
                if let Some(to) = self.number(&typed) {
                    self.transfer(id, Transfer::Blind { to });
                }
            }
            Action::Consult(typed) => self.consult(now, id, &typed),
            Action::CompleteTransfer => {
                let consultation = self
                    .calls
                    .iter()
                    .find(|call| call.consults_for.as_ref() == Some(id) && call.state().is_established())
                    .and_then(|call| call.line.as_ref())
                    .map(|line| line.id.clone());
                if let Some(consultation) = consultation {
                    self.transfer(id, Transfer::Attended { consultation });
                }
            }
        }
    }

    fn consult(&mut self, now: Timestamp, id: &ExternalCallId, typed: &str) {
        if !self.call(id).is_some_and(|call| call.state().is_established()) {
            return;
        }
        if self.calls.iter().any(|call| call.is_live() && call.id != *id) {
            self.notify(Notice::FinishCallFirst);
            return;
        }
        let Some(to) = self.number(typed) else { return };
        if self.call(id).is_some_and(|call| call.state() == CallState::Connected) {
            self.order_once(id, Command::Hold);
        }
        self.place(now, to, Some(id.clone()), false);
    }

    pub(super) fn hang_up(&mut self, id: &ExternalCallId) {
        let Some(call) = self.call_mut(id).filter(|call| call.is_live()) else { return };
        match &call.line {
            // The order goes out as soon as there is something to hang up.
            None => call.give_up = true,
            Some(_) if call.is_incoming() => self.order_once(id, Command::Reject),
            Some(_) => self.order_once(id, Command::HangUp),
        }
    }

    /// Lets the connected call wait, so that another can be talked to. Returns whether there is room now.
    fn make_room(&mut self, id: &ExternalCallId) -> bool {
        let connected = self.calls.iter().find(|call| call.id != *id && call.state() == CallState::Connected);
        let Some(connected) = connected.map(|call| call.id.clone()) else { return true };
        if !self.capabilities().has(Capability::Hold) {
            self.notify(Notice::FinishCallFirst);
            return false;
        }
        self.order_once(&connected, Command::Hold);
        true
    }

    fn transfer(&mut self, id: &ExternalCallId, transfer: Transfer) {
        if let Some(line) = self.live_line(id) {
            self.order_unless_pending(Command::Transfer(line, transfer));
        }
    }

    /// Gives an order about a call that goes on, unless the same one is still on its way.
    fn order_once(&mut self, id: &ExternalCallId, command: fn(CallId) -> Command) {
        if let Some(line) = self.live_line(id) {
            self.order_unless_pending(command(line));
        }
    }

    /// The line's name for a call that goes on.
    fn live_line(&self, id: &ExternalCallId) -> Option<CallId> {
        let call = self.call(id).filter(|call| call.is_live())?;
        call.line.as_ref().map(|line| line.id.clone())
    }

    fn order_unless_pending(&mut self, command: Command) {
        let Some(call) = command.call().and_then(|call| self.by_line_mut(call)) else { return };
        if !call.pending.contains(&command.operation()) {
            call.pending.push(command.operation());
            self.order(command);
        }
    }

    /// The user goes on to the next call: what they wrote about the last one is saved as it is.
    fn save_wrapped_up(&mut self) {
        for call in self.calls.iter_mut().filter(|call| call.is_wrap_up() && call.saving == Saving::Draft) {
            call.save();
        }
    }
}
