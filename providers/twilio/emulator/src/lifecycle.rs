//! A leg from its creation to its end.

use crate::call::{Call, Direction, Doing, Program, Status};
use crate::callback::{Hook, Purpose};
use crate::cloud::{Cloud, Timer};
use crate::conference::{Leaving, Wish};
use crate::recording;
use crate::signal::SignalKind;
use crate::time::rfc_2822;
use cordboard_emulator::numbers::{Script, Verdict};
use cordboard_emulator::{ClientScript, FarEnd, Moment};
use core::time::Duration;

/// How long a client takes to ring.
const CLIENT_RINGS: Duration = Duration::from_millis(50);
/// Twilio adds that to the time that a participant may ring.
pub(crate) const PARTICIPANT_GRACE: Duration = Duration::from_secs(5);

/// What a new leg is made of.
pub(crate) struct NewCall {
    pub(crate) parent: Option<String>,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) direction: Direction,
    pub(crate) hook: Option<Hook>,
    pub(crate) timeout: Duration,
    pub(crate) time_limit: Option<Duration>,
    pub(crate) send_digits: String,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) program: Program,
    pub(crate) conference: Option<String>,
    pub(crate) wish: Option<Wish>,
    pub(crate) record: Option<recording::Order>,
}

impl NewCall {
    pub(crate) fn new(from: &str, to: &str, direction: Direction) -> Self {
        Self {
            parent: None,
            from: from.to_owned(),
            to: to.to_owned(),
            direction,
            hook: None,
            timeout: Duration::from_secs(60),
            time_limit: None,
            send_digits: String::new(),
            parameters: Vec::new(),
            program: Program::default(),
            conference: None,
            wish: None,
            record: None,
        }
    }
}

impl Cloud {
    /// Makes a leg that waits in the queue.
    pub(crate) fn create_call(&mut self, new: NewCall) -> String {
        let sid = self.basis.random.sid("CA");
        let (to, custom) = new.to.split_once('?').unwrap_or((&new.to, ""));
        let far_end = match to.strip_prefix("client:") {
            _ if new.direction == Direction::Inbound => FarEnd::Caller,
            Some(_) => FarEnd::Client { is_browser: false },
            None => FarEnd::Phone(Script::of(to)),
        };
        let mut parameters = new.parameters;
        parameters.extend(form_urlencoded::parse(custom.as_bytes()).into_owned());
        let call = Call {
            sid: sid.clone(),
            ordinal: self.basis.next_ordinal(),
            parent: new.parent,
            from: new.from,
            to: to.to_owned(),
            direction: new.direction,
            status: Status::Queued,
            created: self.basis.now,
            updated: self.basis.now,
            answered: None,
            ended: None,
            sip_code: 0,
            far_end,
            hook: new.hook,
            sequence: 0,
            timeout: new.timeout,
            time_limit: new.time_limit,
            send_digits: new.send_digits,
            heard: String::new(),
            parameters,
            program: new.program,
            doing: Doing::Nothing,
            activity: 0,
            conference: new.conference,
            wish: new.wish,
            bridge: None,
            record: new.record,
        };
        self.calls.insert(sid.clone(), call);
        sid
    }

    /// Lets a leg that the API made leave the queue, as fast as the account may.
    pub(crate) fn enqueue(&mut self, sid: &str) {
        let at = self.basis.now.max(self.next_start);
        self.next_start = at + self.config.call_start_interval;
        self.basis.timers.plan(at, Timer::Starts(sid.to_owned()));
    }

    pub(crate) fn call_starts(&mut self, sid: &str) {
        let Some(call) = self.calls.get(sid).filter(|call| call.status == Status::Queued) else { return };
        let (far_end, to, timeout) = (call.far_end.clone(), call.to.clone(), call.timeout);
        let is_there = call.identity().is_some_and(|identity| self.browsers.contains(identity));
        self.progress(sid, "initiated");
        let mut rings = None;
        match far_end {
            FarEnd::Phone(_) if self.config.numbers.iter().any(|number| number.phone_number == to) => {
                rings = Some(Duration::from_millis(200));
                self.comes_in(sid);
            }
            FarEnd::Phone(script) => {
                rings = script.rings;
                self.basis.later(script.settles, Timer::Leg(sid.to_owned(), Moment::Settles));
            }
            FarEnd::Client { .. } => match self.config.clients {
                _ if is_there => {
                    rings = Some(CLIENT_RINGS);
                    self.invite(sid);
                }
                ClientScript::Accepts(after) | ClientScript::Rejects(after) => {
                    rings = Some(CLIENT_RINGS.min(after));
                    self.basis.later(after, Timer::Leg(sid.to_owned(), Moment::Settles));
                }
                ClientScript::Ignores => rings = Some(CLIENT_RINGS),
                ClientScript::Absent => self.basis.later(CLIENT_RINGS, Timer::Leg(sid.to_owned(), Moment::Settles)),
            },
            FarEnd::Caller | FarEnd::Leg(_) => {}
        }
        if let Some(after) = rings {
            self.basis.later(after, Timer::Leg(sid.to_owned(), Moment::Rings));
        }
        self.basis.later(timeout, Timer::Leg(sid.to_owned(), Moment::TimesOut));
    }

    /// An outbound leg to one of the account's own numbers comes in on it.
    fn comes_in(&mut self, outbound: &str) {
        let Some(call) = self.calls.get_mut(outbound) else { return };
        let (from, to) = (call.from.clone(), call.to.clone());
        let inbound = self.create_call(NewCall::new(&from, &to, Direction::Inbound));
        if let Some(call) = self.calls.get_mut(outbound) {
            call.far_end = FarEnd::Leg(inbound.clone());
        }
        if let Some(call) = self.calls.get_mut(&inbound) {
            call.far_end = FarEnd::Leg(outbound.to_owned());
        }
        self.ask_number(&inbound);
    }

    /// An inbound leg rings, and the number's webhook says what becomes of it.
    pub(crate) fn ask_number(&mut self, inbound: &str) {
        let Some(call) = self.calls.get_mut(inbound) else { return };
        call.status = Status::Ringing;
        let number = self.config.numbers.iter().find(|number| number.phone_number == call.to);
        let Some(number) = number.cloned() else { return };
        call.hook = Hook::new(number.status_callback, None, Vec::new(), "completed");
        call.program.first = Hook::new(Some(number.voice_url), None, Vec::new(), "");
        self.run_first(inbound);
    }

    fn invite(&mut self, sid: &str) {
        let account_sid = self.config.account_sid.clone();
        let Some(call) = self.calls.get_mut(sid) else { return };
        let custom = form_urlencoded::Serializer::new(String::new()).extend_pairs(&call.parameters).finish();
        let parameters = [
            ("AccountSid", account_sid.as_str()),
            ("ApiVersion", "2010-04-01"),
            ("CallSid", sid),
            ("From", &call.from),
            ("Params", &custom),
            ("To", &call.to),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        call.far_end = FarEnd::Client { is_browser: true };
        self.signal(sid, SignalKind::Invite { parameters: parameters.into() });
    }

    pub(crate) fn call_rings(&mut self, sid: &str) {
        let Some(call) = self.calls.get_mut(sid).filter(|call| call.status == Status::Queued) else { return };
        call.status = Status::Ringing;
        call.updated = self.basis.now;
        self.progress(sid, "ringing");
    }

    /// The far end answers or does not, as its script says.
    pub(crate) fn far_end_settles(&mut self, sid: &str) {
        let Some(call) = self.calls.get(sid).filter(|call| call.answered.is_none()) else { return };
        let verdict = match (&call.far_end, self.config.clients) {
            (FarEnd::Phone(script), _) => script.verdict,
            (FarEnd::Client { is_browser: true } | FarEnd::Caller | FarEnd::Leg(_), _) => return,
            (_, ClientScript::Accepts(_)) => Verdict::Answers,
            (_, ClientScript::Rejects(_)) => Verdict::Declines,
            (_, ClientScript::Absent | ClientScript::Ignores) => Verdict::NoAnswer,
        };
        // SIP: 486 busy here, 603 decline, 480 temporarily unavailable, 503 service unavailable, 404 not found.
        let (status, code) = match verdict {
            Verdict::Answers => return self.answer(sid),
            Verdict::Busy => (Status::Busy, 486),
            Verdict::Declines => (Status::Busy, 603),
            Verdict::NoAnswer => (Status::NoAnswer, 480),
            Verdict::Unreachable => (Status::Failed, 503),
            Verdict::DoesNotExist => (Status::Failed, 404),
        };
        self.finish(sid, status, code, Leaving::HungUp);
    }

    pub(crate) fn call_times_out(&mut self, sid: &str) {
        if self.calls.get(sid).is_some_and(|call| call.answered.is_none()) {
            self.finish(sid, Status::NoAnswer, 487, Leaving::HungUp);
        }
    }

    /// The far end is there, and the leg goes on with what it is for.
    pub(crate) fn answer(&mut self, sid: &str) {
        if !self.connect(sid) {
            return;
        }
        let Some(call) = self.calls.get_mut(sid) else { return };
        let (wish, parent, conference) = (call.wish.take(), call.parent.clone(), call.conference.clone());
        match (wish, conference, parent) {
            (Some(wish), Some(conference), _) => self.join(sid, &conference, wish),
            (_, _, Some(parent)) => self.leg_answered(&parent, sid),
            _ => self.run_first(sid),
        }
    }

    /// Marks the leg as answered; whether it was not yet.
    pub(crate) fn connect(&mut self, sid: &str) -> bool {
        let Some(call) = self.calls.get_mut(sid) else { return false };
        if call.is_over() || call.answered.is_some() {
            return false;
        }
        call.status = Status::InProgress;
        call.answered = Some(self.basis.now);
        call.updated = self.basis.now;
        call.sip_code = 200;
        let (far_end, digits) = (call.far_end.clone(), core::mem::take(&mut call.send_digits));
        let (limit, record) = (call.time_limit, call.record.take());
        self.progress(sid, "answered");
        match far_end {
            FarEnd::Phone(Script { talks: Some(talks), .. }) => {
                self.basis.later(talks, Timer::Leg(sid.to_owned(), Moment::Leaves));
            }
            FarEnd::Leg(outbound) if self.calls.get(sid).is_some_and(|call| call.direction == Direction::Inbound) => {
                self.answer(&outbound);
            }
            FarEnd::Phone(_) | FarEnd::Caller | FarEnd::Leg(_) => {}
            FarEnd::Client { .. } => {
                if self.calls.get(sid).is_some_and(|call| call.direction == Direction::Inbound) {
                    self.signal(sid, SignalKind::Answered);
                }
            }
        }
        if let Some(limit) = limit {
            self.basis.later(limit, Timer::LimitReached(sid.to_owned()));
        }
        if let Some(order) = record {
            self.start_recording(sid, order);
        }
        if !digits.is_empty() {
            self.far_end_hears(sid, &digits);
        }
        true
    }

    /// Twilio ends the leg, as it does when it has nothing more to do.
    pub(crate) fn hang_up(&mut self, sid: &str) {
        let Some(call) = self.calls.get(sid) else { return };
        let unanswered = call.answered.is_none() && call.direction != Direction::Inbound;
        let status = if unanswered { Status::Canceled } else { Status::Completed };
        self.finish(sid, status, if unanswered { 487 } else { 200 }, Leaving::HungUp);
    }

    /// The far end hangs up, or gives up, or declines.
    pub(crate) fn far_end_leaves(&mut self, sid: &str) {
        let Some(call) = self.calls.get(sid) else { return };
        let (status, code) = match (call.answered, call.direction) {
            (Some(_), _) => (Status::Completed, 200),
            (None, Direction::Inbound) => (Status::NoAnswer, 487),
            (None, _) => (Status::Busy, 603),
        };
        self.finish(sid, status, code, Leaving::HungUp);
    }

    /// Ends a leg, and all that hangs on it. Does nothing to one that is over.
    pub(crate) fn finish(&mut self, sid: &str, status: Status, code: u16, leaving: Leaving) {
        let Some(call) = self.calls.get_mut(sid).filter(|call| !call.is_over()) else { return };
        let answered = call.answered.is_some();
        call.status = status;
        call.sip_code = code;
        call.ended = Some(self.basis.now);
        call.updated = self.basis.now;
        call.activity += 1;
        let doing = core::mem::take(&mut call.doing);
        let (parent, far_end, conference) = (call.parent.clone(), call.far_end.clone(), call.conference.take());
        call.bridge = None;
        self.recordings_end(sid);
        match &far_end {
            FarEnd::Client { is_browser: true } => {
                let kind = match (answered, self.calls.get(sid).map(|call| call.direction)) {
                    (false, Some(Direction::Inbound)) => SignalKind::Hangup { error: error_of(status) },
                    (false, _) => SignalKind::Cancel,
                    (true, _) => SignalKind::Hangup { error: None },
                };
                self.signal(sid, kind);
            }
            FarEnd::Leg(other) => self.other_leg_ends(other, status, code),
            _ => {}
        }
        self.progress(sid, "completed");
        if let Some(conference) = conference {
            self.leave(sid, &conference, if answered { leaving } else { Leaving::AddFailed });
        }
        if let Doing::Dialling(dialling) = doing {
            for leg in &dialling.legs {
                self.hang_up(leg);
            }
        }
        if let Some(parent) = parent {
            self.leg_ended(&parent, sid);
        }
    }

    fn other_leg_ends(&mut self, other: &str, status: Status, code: u16) {
        let Some(call) = self.calls.get(other) else { return };
        let (status, code) = match (call.answered, call.direction) {
            (Some(_), _) => (Status::Completed, 200),
            (None, Direction::Inbound) => (Status::NoAnswer, 487),
            // An inbound leg that ended before anybody answered was not answered for who called.
            (None, _) if status == Status::Completed => (Status::NoAnswer, 480),
            (None, _) => (status, code),
        };
        self.finish(other, status, code, Leaving::HungUp);
    }

    /// Reports the progress of a leg, if somebody wants to hear it.
    fn progress(&mut self, sid: &str, event: &str) {
        let Some(call) = self.calls.get_mut(sid) else { return };
        let Some(hook) = call.hook.clone().filter(|hook| hook.wants(event)) else { return };
        let mut parameters = call.parameters(&self.config.account_sid);
        let mut set = |name: &str, value: String| {
            parameters.retain(|(known, _)| known != name);
            parameters.push((name.to_owned(), value));
        };
        if event == "initiated" {
            set("CallStatus", event.to_owned());
        }
        set("CallbackSource", "call-progress-events".to_owned());
        set("SequenceNumber", call.sequence.to_string());
        set("Timestamp", rfc_2822(self.basis.now));
        if event == "completed" {
            let seconds = call.duration();
            set("CallDuration", seconds.to_string());
            set("Duration", seconds.div_ceil(60).to_string());
            set("SipResponseCode", call.sip_code.to_string());
        }
        call.sequence += 1;
        self.post(&hook, parameters, Purpose::Report);
    }
}

/// What the SDK says to a browser whose call ended unanswered.
const fn error_of(status: Status) -> Option<u32> {
    match status {
        Status::Busy => Some(31486),
        Status::NoAnswer => Some(31480),
        Status::Failed => Some(31404),
        _ => None,
    }
}
