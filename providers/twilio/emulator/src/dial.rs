//! The verb `Dial`: legs that ring at once, and the bridge to the one that answers.

use crate::call::{Dialling, Direction, Doing, Status};
use crate::callback::Hook;
use crate::cloud::{Cloud, Timer};
use crate::conference::Wish;
use crate::lifecycle::NewCall;
use crate::recording;
use crate::rest;
use crate::twiml::{Attributes, Dial, DialLeg, DialTo};
use core::time::Duration;

impl Cloud {
    pub(crate) fn dial(&mut self, sid: &str, dial: Dial) {
        let action = dial.attributes.get("action").filter(|action| !action.is_empty());
        let action = action.map(|action| self.hook(sid, action, dial.attributes.get("method")));
        let dialling = Dialling {
            legs: Vec::new(),
            winner: None,
            action,
            answers_on_bridge: dial.attributes.flag("answerOnBridge", false),
            record: recording::Order::of_dial(&dial.attributes),
        };
        match dial.to {
            DialTo::Conference { name, attributes } => {
                self.connect(sid);
                self.begin(sid, Doing::Dialling(dialling));
                self.dial_conference(sid, &name, &attributes);
            }
            DialTo::Legs(legs) => {
                if !dialling.answers_on_bridge {
                    self.connect(sid);
                }
                let activity = self.begin(sid, Doing::Dialling(dialling));
                self.dial_legs(sid, &dial.attributes, legs, activity);
            }
        }
    }

    fn dial_conference(&mut self, sid: &str, name: &str, attributes: &Attributes) {
        let wish = Wish::of_attributes(attributes, |url| self.hook(sid, url, None).url);
        let conference = self.conference_named(name, &wish);
        if let Some(call) = self.calls.get_mut(sid) {
            call.conference = Some(conference.clone());
        }
        self.join(sid, &conference, wish);
    }

    fn dial_legs(&mut self, sid: &str, attributes: &Attributes, legs: Vec<DialLeg>, activity: u64) {
        let Some(call) = self.calls.get(sid) else { return };
        let from = attributes.get("callerId").map_or_else(|| call.from.clone(), str::to_owned);
        // Who called in may be shown to whom the call goes on to; a client's name can't be.
        let own = from == call.from && from.starts_with('+');
        let timeout = attributes.seconds("timeout", 30);
        let mut dialled = Vec::new();
        for leg in legs {
            if !leg.to.starts_with("client:") && !own && rest::check_from(&self.config, &from).is_err() {
                self.basis.warn("13214: Dial->callerId is not a number of the account");
                continue;
            }
            if !leg.to.starts_with("client:") && rest::check_to(&leg.to).is_err() {
                self.basis.warn("13224: Dial: the number can't be called");
                continue;
            }
            let hook = leg.attributes.get("statusCallback").map(|url| self.hook(sid, url, None).url);
            let events = leg.attributes.words("statusCallbackEvent");
            let mut new = NewCall::new(&from, &leg.to, Direction::OutboundDial);
            new.parent = Some(sid.to_owned());
            new.hook = Hook::new(hook, leg.attributes.get("statusCallbackMethod"), events, "completed");
            new.timeout = timeout + Duration::from_secs(1);
            new.send_digits = leg.attributes.get("sendDigits").unwrap_or("").to_owned();
            new.parameters = leg.parameters;
            new.program.first = leg.attributes.get("url").map(|url| self.hook(sid, url, leg.attributes.get("method")));
            dialled.push(self.create_call(new));
        }
        if let Some(call) = self.calls.get_mut(sid)
            && let Doing::Dialling(dialling) = &mut call.doing
        {
            dialling.legs.clone_from(&dialled);
        }
        if dialled.is_empty() {
            return self.dial_done(sid, "failed", None);
        }
        self.basis.later(timeout, Timer::ActivityEnds { call: sid.to_owned(), activity });
        for leg in dialled {
            self.call_starts(&leg);
        }
    }

    /// One of the legs answered: it is screened, if its `url` says so, and connected.
    pub(crate) fn leg_answered(&mut self, parent: &str, leg: &str) {
        let Some(call) = self.calls.get_mut(parent) else { return };
        let Doing::Dialling(dialling) = &mut call.doing else { return };
        if dialling.winner.is_some() {
            return self.hang_up(leg);
        }
        dialling.winner = Some(leg.to_owned());
        let others: Vec<String> = dialling.legs.iter().filter(|other| *other != leg).cloned().collect();
        // From here on nobody waits for an answer.
        call.activity += 1;
        for other in others {
            self.hang_up(&other);
        }
        self.run_first(leg);
    }

    /// Connects a leg with the call that dialled it.
    pub(crate) fn bridge(&mut self, parent: &str, leg: &str) {
        self.connect(parent);
        let Some(call) = self.calls.get_mut(parent).filter(|call| !call.is_over()) else { return self.hang_up(leg) };
        let Doing::Dialling(dialling) = &mut call.doing else { return self.hang_up(leg) };
        let record = dialling.record.take();
        call.bridge = Some(leg.to_owned());
        if let Some(call) = self.calls.get_mut(leg) {
            call.bridge = Some(parent.to_owned());
        }
        if let Some(order) = record {
            self.start_recording(parent, order);
        }
    }

    /// One of the legs is over, or does something else now.
    pub(crate) fn leg_ended(&mut self, parent: &str, leg: &str) {
        let Some(call) = self.calls.get_mut(parent).filter(|call| !call.is_over()) else { return };
        let Doing::Dialling(dialling) = &mut call.doing else { return };
        match &dialling.winner {
            Some(winner) if winner == leg => {}
            Some(_) => return,
            None => {
                let legs = dialling.legs.clone();
                if legs.iter().any(|leg| self.calls.get(leg).is_some_and(|call| !call.is_over())) {
                    return;
                }
            }
        }
        let status = match self.calls.get(leg).map(|call| call.status) {
            Some(Status::InProgress) | None => "completed",
            Some(status) => status.as_str(),
        };
        self.dial_done(parent, status, Some(leg));
    }

    /// `Dial` is over: its `action` or the next verb follows.
    pub(crate) fn dial_done(&mut self, sid: &str, status: &str, leg: Option<&str>) {
        let Some(call) = self.calls.get_mut(sid).filter(|call| !call.is_over()) else { return };
        let Doing::Dialling(dialling) = core::mem::take(&mut call.doing) else { return };
        call.bridge = None;
        call.conference = None;
        call.activity += 1;
        let Some(action) = dialling.action else { return self.run(sid) };
        let mut fields = vec![("DialCallStatus".to_owned(), status.to_owned())];
        if let Some(leg) = leg.and_then(|leg| self.calls.get(leg)) {
            fields.push(("DialCallSid".to_owned(), leg.sid.clone()));
            fields.push(("DialCallDuration".to_owned(), leg.duration().to_string()));
            fields.push(("DialBridged".to_owned(), leg.answered.is_some().to_string()));
        }
        self.fetch(sid, &action, fields, None);
    }
}
