//! A leg from its creation to its end.

use crate::cloud::{Cloud, Signal, SignalKind, Timer};
use crate::leg::{Call, Doing, Endpoint};
use crate::ncco::Action;
use cordboard_emulator::numbers::{Script, Verdict};
use cordboard_emulator::{ClientScript, FarEnd, Moment};
use core::time::Duration;
use std::collections::VecDeque;

/// How long a user's browser takes to ring.
const USER_RINGS: Duration = Duration::from_millis(50);
/// How long a call to the application's own number takes to ring.
const OWN_RINGS: Duration = Duration::from_millis(200);

/// What a new leg is made of.
pub(crate) struct NewCall {
    pub(crate) from: String,
    pub(crate) to: Endpoint,
    pub(crate) inbound: bool,
    pub(crate) event_url: String,
    pub(crate) timeout: Duration,
    pub(crate) program: VecDeque<Action>,
    pub(crate) parent: Option<String>,
}

impl Cloud {
    /// Makes a leg. It has a conversation of its own until its NCCO says otherwise.
    pub(crate) fn create(&mut self, new: NewCall) -> String {
        let uuid = self.basis.random.uuid("");
        let conversation = self.own_conversation();
        let far_end = match &new.to {
            _ if new.inbound => FarEnd::Caller,
            Endpoint::Phone(number) => FarEnd::Phone(Script::of(number)),
            Endpoint::App(user) => FarEnd::Client { is_browser: self.by_hand.contains(user) },
        };
        let call = Call {
            uuid: uuid.clone(),
            ordinal: self.basis.next_ordinal(),
            inbound: new.inbound,
            from: new.from,
            to: new.to,
            status: "started",
            created: self.basis.now,
            answered: None,
            ended: None,
            event_url: new.event_url,
            timeout: new.timeout,
            far_end,
            conversation,
            parent: new.parent,
            program: new.program,
            doing: Doing::Nothing,
            activity: 0,
            muted: false,
            earmuffed: false,
            streamed: false,
            silent: None,
            heard: String::new(),
        };
        self.calls.insert(uuid.clone(), call);
        uuid
    }

    /// The network calls the far end of a leg.
    pub(crate) fn place(&mut self, uuid: &str) {
        self.tell_status(uuid, None);
        let Some(call) = self.calls.get(uuid) else { return };
        let (far_end, to, timeout) = (call.far_end.clone(), call.to.clone(), call.timeout);
        let (rings, settles) = match (far_end, &to) {
            (FarEnd::Phone(_), Endpoint::Phone(number)) if self.config.numbers.contains(number) => {
                self.comes_in(uuid);
                (Some(OWN_RINGS), None)
            }
            (FarEnd::Phone(script), _) => (script.rings, Some(script.settles)),
            (FarEnd::Client { is_browser: true }, Endpoint::App(user)) => {
                self.signal(user.clone(), uuid, SignalKind::Invite);
                (Some(USER_RINGS), None)
            }
            _ => match self.config.clients {
                ClientScript::Accepts(after) | ClientScript::Rejects(after) => {
                    (Some(USER_RINGS.min(after)), Some(after))
                }
                ClientScript::Ignores => (Some(USER_RINGS), None),
                ClientScript::Absent => (None, Some(USER_RINGS)),
            },
        };
        if let Some(after) = rings {
            self.basis.later(after, Timer::Leg(uuid.to_owned(), Moment::Rings));
        }
        if let Some(after) = settles {
            self.basis.later(after, Timer::Leg(uuid.to_owned(), Moment::Settles));
        }
        self.basis.later(timeout, Timer::Leg(uuid.to_owned(), Moment::TimesOut));
    }

    /// Somebody calls one of the application's numbers.
    pub(crate) fn arrive(&mut self, from: &str, to: &str) -> String {
        let (event_url, to) = (self.config.event_url.clone(), Endpoint::Phone(to.to_owned()));
        let (from, timeout, program) = (from.to_owned(), Duration::MAX, VecDeque::new());
        let uuid = self.create(NewCall { from, to, inbound: true, event_url, timeout, program, parent: None });
        self.tell_status(&uuid, None);
        self.call_rings(&uuid);
        self.begin(&uuid, Doing::Fetching);
        self.ask(&uuid);
        uuid
    }

    /// An outbound leg to one of the application's own numbers comes in on it.
    fn comes_in(&mut self, outbound: &str) {
        let Some(call) = self.calls.get(outbound) else { return };
        let (from, to) = (call.from.clone(), call.to.text().to_owned());
        let inbound = self.arrive(&from, &to);
        for (one, other) in [(outbound, inbound.as_str()), (inbound.as_str(), outbound)] {
            if let Some(call) = self.calls.get_mut(one) {
                call.far_end = FarEnd::Leg(other.to_owned());
            }
        }
    }

    pub(crate) fn call_rings(&mut self, uuid: &str) {
        if let Some(call) = self.calls.get_mut(uuid).filter(|call| call.status == "started") {
            call.status = "ringing";
            self.tell_status(uuid, None);
        }
    }

    pub(crate) fn far_end_settles(&mut self, uuid: &str) {
        let Some(call) = self.calls.get(uuid).filter(|call| call.answered.is_none() && !call.is_over()) else { return };
        let FarEnd::Phone(script) = &call.far_end else {
            return match self.config.clients {
                ClientScript::Accepts(_) => self.answer(uuid),
                ClientScript::Rejects(_) => self.finish_unanswered(uuid, "rejected", Some("declined")),
                ClientScript::Absent => self.finish_unanswered(uuid, "unanswered", Some("unavailable")),
                ClientScript::Ignores => {}
            };
        };
        match script.verdict {
            Verdict::Answers => self.answer(uuid),
            Verdict::Busy => self.finish_unanswered(uuid, "busy", None),
            Verdict::Declines => self.finish_unanswered(uuid, "rejected", Some("declined")),
            Verdict::NoAnswer => self.finish_unanswered(uuid, "unanswered", Some("timeout")),
            Verdict::Unreachable => self.finish_unanswered(uuid, "failed", Some("cannot_route")),
            Verdict::DoesNotExist => self.finish_unanswered(uuid, "failed", Some("number_out_of_service")),
        }
    }

    /// Somebody takes the call, and its NCCO begins.
    pub(crate) fn answer(&mut self, uuid: &str) {
        if self.connect(uuid) {
            match self.calls.get(uuid).and_then(|call| call.parent.clone()) {
                Some(parent) => self.connected(&parent, uuid),
                None => self.run(uuid),
            }
        }
    }

    /// Marks a leg as answered; whether it was not yet.
    pub(crate) fn connect(&mut self, uuid: &str) -> bool {
        let Some(call) = self.calls.get_mut(uuid) else { return false };
        if call.is_over() || call.answered.is_some() {
            return false;
        }
        call.status = "answered";
        call.answered = Some(self.basis.now);
        let (far_end, inbound) = (call.far_end.clone(), call.inbound);
        self.tell_status(uuid, None);
        match far_end {
            FarEnd::Phone(Script { talks: Some(talks), .. }) => {
                self.basis.later(talks, Timer::Leg(uuid.to_owned(), Moment::Leaves))
            }
            FarEnd::Leg(outbound) if inbound => self.answer(&outbound),
            _ => {}
        }
        true
    }

    /// Ends a leg that is answered, or not any more wanted.
    pub(crate) fn hang_up(&mut self, uuid: &str) {
        let Some(call) = self.calls.get(uuid) else { return };
        if call.answered.is_some() || call.inbound {
            self.finish(uuid, "completed", None);
        } else {
            self.finish(uuid, "cancelled", None);
        }
    }

    /// A leg that nobody answered is over. One that was answered meanwhile goes on.
    pub(crate) fn finish_unanswered(&mut self, uuid: &str, status: &'static str, detail: Option<&str>) {
        if self.calls.get(uuid).is_some_and(|call| call.answered.is_none()) {
            self.finish(uuid, status, detail);
        }
    }

    /// Ends a leg, and all that hangs on it. Does nothing to one that is over.
    fn finish(&mut self, uuid: &str, status: &'static str, detail: Option<&str>) {
        let Some(call) = self.calls.get_mut(uuid).filter(|call| !call.is_over()) else { return };
        call.status = status;
        call.ended = Some(self.basis.now);
        call.activity += 1;
        call.program.clear();
        let doing = core::mem::take(&mut call.doing);
        let (far_end, parent, to) = (call.far_end.clone(), call.parent.clone(), call.to.clone());
        self.tell_status(uuid, detail);
        match doing {
            Doing::Message(recording) => self.finish_recording(&recording),
            Doing::Connecting(other) => self.hang_up(&other),
            _ => {}
        }
        match (far_end, to) {
            (FarEnd::Leg(other), _) => self.other_ends(&other, status, detail),
            (FarEnd::Client { is_browser: true }, Endpoint::App(user)) => self.signal(user, uuid, SignalKind::Hangup),
            _ => {}
        }
        self.leave(uuid, true);
        if let Some(parent) = parent {
            self.connection_ends(&parent, uuid);
        }
    }

    fn other_ends(&mut self, other: &str, status: &'static str, detail: Option<&str>) {
        let Some(call) = self.calls.get(other) else { return };
        if call.answered.is_some() || call.inbound {
            self.hang_up(other);
        } else if status == "completed" {
            // The inbound leg ended before anybody answered it.
            self.finish(other, "unanswered", Some("timeout"));
        } else {
            self.finish(other, status, detail);
        }
    }

    pub(crate) fn signal(&mut self, user: String, leg: &str, kind: SignalKind) {
        self.signals.push_back(Signal { user, leg: leg.to_owned(), kind });
    }
}
