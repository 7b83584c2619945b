//! What a leg does: TwiML, verb by verb.

use crate::call::{Doing, Program, Status};
use crate::callback::{Hook, Purpose, post_unless_get};
use crate::cloud::{Cloud, Timer};
use crate::conference::Leaving;
use crate::recording;
use crate::twiml::{self, Gather, Record, Verb};
use core::time::Duration;
use http::Response;

/// A message on the answering machine is that long, at most.
const MESSAGE: Duration = Duration::from_secs(5);
/// One key, and the pause after it.
const KEY: Duration = Duration::from_millis(200);

impl Cloud {
    /// Begins with the program that the leg was made with.
    pub(crate) fn run_first(&mut self, sid: &str) {
        let Some(call) = self.calls.get_mut(sid) else { return };
        match call.program.first.take() {
            Some(first) => {
                let fallback = call.program.fallback.clone();
                self.fetch(sid, &first, Vec::new(), fallback);
            }
            None => self.run(sid),
        }
    }

    /// Gives the leg something else to do. What it did is over.
    pub(crate) fn redirect(&mut self, sid: &str, program: Program) {
        let Some(call) = self.calls.get_mut(sid) else { return };
        call.activity += 1;
        call.bridge = None;
        let doing = core::mem::take(&mut call.doing);
        let (parent, conference) = (call.parent.take(), call.conference.take());
        call.program = program;
        if let Some(conference) = conference {
            self.leave(sid, &conference, Leaving::Updated);
        }
        match doing {
            Doing::Dialling(dialling) => {
                for leg in &dialling.legs {
                    self.hang_up(leg);
                }
            }
            Doing::Recording { sid, .. } => self.finish_recording(&sid),
            _ => {}
        }
        if let Some(parent) = parent {
            self.leg_ended(&parent, sid);
        }
        self.run_first(sid);
    }

    /// Asks the account's server what the leg does next.
    pub(crate) fn fetch(&mut self, sid: &str, hook: &Hook, more: Vec<(String, String)>, fallback: Option<Hook>) {
        let activity = self.begin(sid, Doing::Fetching);
        let Some(call) = self.calls.get(sid) else { return };
        let mut parameters = call.parameters(&self.config.account_sid);
        parameters.extend(call.parameters.iter().filter(|_| call.from.starts_with("client:")).cloned());
        parameters.extend(more);
        let purpose = Purpose::Document { call: sid.to_owned(), activity, fallback };
        let (id, late) = self.post(hook, parameters, purpose);
        self.basis.timers.plan(late, Timer::DocumentLate(id));
    }

    pub(crate) fn document_arrived(
        &mut self,
        sid: &str,
        activity: u64,
        url: &str,
        fallback: Option<Hook>,
        response: Option<Response<Vec<u8>>>,
    ) {
        let Some(call) = self.calls.get(sid) else { return };
        if call.activity != activity || call.is_over() {
            return;
        }
        match read(response) {
            Ok(twiml) => {
                self.basis.warnings.extend(twiml.warnings);
                if let Some(call) = self.calls.get_mut(sid) {
                    call.program.verbs = twiml.verbs.into();
                    call.program.url = Some(url.split('#').next().unwrap_or("").to_owned());
                }
                self.run(sid);
            }
            Err((code, text)) => {
                self.basis.warn(format!("{code}: {text}"));
                match fallback {
                    Some(fallback) => {
                        let error = [("ErrorCode", code.to_string()), ("ErrorUrl", url.to_owned())];
                        let error = error.map(|(name, value)| (name.to_owned(), value));
                        self.fetch(sid, &fallback, error.into(), None);
                    }
                    // "An application error has occurred": said to who was answered, and the leg ends.
                    None => {
                        let answered = self.calls.get(sid).is_some_and(|call| call.answered.is_some());
                        let status = if answered { Status::Completed } else { Status::Failed };
                        self.finish(sid, status, if answered { 200 } else { 500 }, Leaving::HungUp);
                    }
                }
            }
        }
    }

    /// Goes through the verbs until one takes time.
    pub(crate) fn run(&mut self, sid: &str) {
        loop {
            let Some(call) = self.calls.get_mut(sid).filter(|call| !call.is_over()) else { return };
            let Some(verb) = call.program.verbs.pop_front() else {
                return self.program_ends(sid);
            };
            if !matches!(verb, Verb::Pause(_) | Verb::Reject { .. } | Verb::Redirect { .. } | Verb::Dial(_)) {
                self.connect(sid);
            }
            match verb {
                Verb::Speak(duration) => return self.takes(sid, Doing::Listening, duration),
                Verb::Pause(duration) => return self.takes(sid, Doing::Pausing, duration),
                Verb::PlayDigits(digits) => {
                    self.far_end_hears(sid, &digits);
                    let keys = u32::try_from(digits.len()).unwrap_or(1);
                    return self.takes(sid, Doing::Pausing, KEY * keys);
                }
                Verb::Dial(dial) => return self.dial(sid, dial),
                Verb::Gather(gather) => {
                    let patience = gather.prompts + gather.attributes.seconds("timeout", 5);
                    return self.takes(sid, Doing::Gathering { gather, digits: String::new() }, patience);
                }
                Verb::Record(record) => return self.take_message(sid, &record),
                Verb::StartRecording(attributes) => {
                    let order = recording::Order::of_attributes(&attributes, "StartCallRecordingTwiML");
                    self.start_recording(sid, order);
                }
                Verb::Redirect { url, method } => {
                    let hook = self.hook(sid, &url, method.as_deref());
                    let fallback = self.calls.get(sid).and_then(|call| call.program.fallback.clone());
                    return self.fetch(sid, &hook, Vec::new(), fallback);
                }
                Verb::Hangup => return self.hang_up(sid),
                Verb::Reject { busy } => {
                    let (status, code) = if busy { (Status::Busy, 486) } else { (Status::NoAnswer, 603) };
                    let answered = self.calls.get(sid).is_some_and(|call| call.answered.is_some());
                    return if answered { self.hang_up(sid) } else { self.finish(sid, status, code, Leaving::HungUp) };
                }
            }
        }
    }

    /// Nothing more to do: a leg that is screened before it is connected is, any other ends.
    fn program_ends(&mut self, sid: &str) {
        let parent = self.calls.get(sid).filter(|call| call.bridge.is_none()).and_then(|call| call.parent.clone());
        match parent {
            Some(parent) => self.bridge(&parent, sid),
            None => self.hang_up(sid),
        }
    }

    pub(crate) fn activity_ends(&mut self, sid: &str, activity: u64) {
        let Some(call) = self.calls.get_mut(sid) else { return };
        if call.activity != activity || call.is_over() {
            return;
        }
        match core::mem::take(&mut call.doing) {
            Doing::Gathering { gather, digits } => self.gathered(sid, &gather, digits),
            Doing::Recording { sid: recording, action } => self.message_taken(sid, &recording, action),
            Doing::Dialling(dialling) => {
                // Nobody answered in time.
                if let Some(call) = self.calls.get_mut(sid) {
                    call.doing = Doing::Dialling(dialling.clone());
                }
                for leg in &dialling.legs {
                    self.finish(leg, Status::NoAnswer, 487, Leaving::HungUp);
                }
            }
            Doing::Nothing | Doing::Fetching | Doing::Listening | Doing::Pausing => self.run(sid),
        }
    }

    /// The far end presses keys, and the leg itself listens.
    pub(crate) fn leg_hears_digits(&mut self, sid: &str, pressed: &str) {
        let Some(call) = self.calls.get_mut(sid) else { return };
        let Doing::Gathering { gather, digits } = &mut call.doing else { return };
        let finish = gather.attributes.get("finishOnKey").unwrap_or("#").to_owned();
        let wanted = gather.attributes.get("numDigits").and_then(|count| count.parse().ok()).unwrap_or(usize::MAX);
        let mut done = false;
        for key in pressed.chars().filter(|key| *key != 'w') {
            done = done || finish.contains(key);
            if !done {
                digits.push(key);
            }
            done = done || digits.len() >= wanted;
        }
        if done {
            let Doing::Gathering { gather, digits } = core::mem::take(&mut call.doing) else { return };
            self.gathered(sid, &gather, digits);
        }
    }

    fn gathered(&mut self, sid: &str, gather: &Gather, digits: String) {
        if digits.is_empty() && !gather.attributes.flag("actionOnEmptyResult", false) {
            self.begin(sid, Doing::Nothing);
            return self.run(sid);
        }
        let hook = self.hook(sid, gather.attributes.get("action").unwrap_or(""), gather.attributes.get("method"));
        self.fetch(sid, &hook, vec![("Digits".to_owned(), digits)], None);
    }

    fn take_message(&mut self, sid: &str, record: &Record) {
        let attributes = &record.attributes;
        let order = recording::Order::of_attributes(attributes, "RecordVerb");
        let action = self.hook(sid, attributes.get("action").unwrap_or(""), attributes.get("method"));
        let Some(recording) = self.start_recording(sid, order) else { return self.run(sid) };
        let length = attributes.seconds("maxLength", 3600).min(MESSAGE);
        // Without a document to come from, there is nothing to go to: the next verb follows.
        let action = Some(action).filter(|action| !action.url.is_empty());
        self.takes(sid, Doing::Recording { sid: recording, action }, length);
    }

    fn message_taken(&mut self, sid: &str, recording: &str, action: Option<Hook>) {
        self.finish_recording(recording);
        let Some(action) = action else { return self.run(sid) };
        let seconds = self.recordings.get(recording).map_or(0, |recording| recording.seconds(self.basis.now));
        let fields = [
            ("RecordingUrl", self.recording_url(recording)),
            ("RecordingSid", recording.to_owned()),
            ("RecordingDuration", seconds.to_string()),
            ("Digits", String::new()),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value));
        self.fetch(sid, &action, fields.into(), None);
    }

    fn takes(&mut self, sid: &str, doing: Doing, duration: Duration) {
        let activity = self.begin(sid, doing);
        self.basis.later(duration, Timer::ActivityEnds { call: sid.to_owned(), activity });
    }

    /// Changes what the leg does. Whatever was due for what it did before is not any more.
    pub(crate) fn begin(&mut self, sid: &str, doing: Doing) -> u64 {
        let Some(call) = self.calls.get_mut(sid) else { return 0 };
        call.doing = doing;
        call.activity += 1;
        call.activity
    }

    /// A webhook that TwiML names, relative to its own document.
    pub(crate) fn hook(&self, sid: &str, url: &str, method: Option<&str>) -> Hook {
        let base = self.calls.get(sid).and_then(|call| call.program.url.clone()).unwrap_or_default();
        Hook { url: resolve(&base, url), method: post_unless_get(method), events: Vec::new() }
    }

    /// Hold music or an announcement came, or did not.
    pub(crate) fn sound_arrived(&mut self, call: Option<&str>, response: Option<Response<Vec<u8>>>) {
        match read(response) {
            Ok(twiml) => {
                self.basis.warnings.extend(twiml.warnings);
                for verb in twiml.verbs {
                    if let (Verb::PlayDigits(digits), Some(call)) = (verb, call) {
                        self.far_end_hears(call, &digits);
                    }
                }
            }
            Err((code, text)) => self.basis.warn(format!("{code}: {text}")),
        }
    }
}

/// Reads what a webhook answered.
fn read(response: Option<Response<Vec<u8>>>) -> Result<twiml::Twiml, (u32, &'static str)> {
    let response = response.ok_or((11205, "HTTP connection failure"))?;
    if !response.status().is_success() {
        return Err((11200, "HTTP retrieval failure"));
    }
    let content_type = response.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or("");
    let content_type = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let body = String::from_utf8(response.into_body()).unwrap_or_default();
    match &*content_type {
        _ if body.trim().is_empty() => Ok(twiml::Twiml::default()),
        "text/xml" | "application/xml" | "text/html" => twiml::parse(&body),
        audio if audio.starts_with("audio/") => {
            Ok(twiml::Twiml { verbs: vec![Verb::Speak(Duration::from_secs(5))], warnings: Vec::new() })
        }
        _ => Err((12300, "Invalid Content-Type")),
    }
}

/// An address that a document names: absolute, from the host's root, or beside the document.
fn resolve(base: &str, url: &str) -> String {
    if url.is_empty() {
        return base.to_owned();
    }
    let after_scheme = base.find("://").map_or(0, |at| at + 3);
    let root_end = base.get(after_scheme..).and_then(|rest| rest.find('/')).map_or(base.len(), |at| after_scheme + at);
    let (root, path) = base.split_at(root_end);
    if url.contains("://") {
        url.to_owned()
    } else if url.starts_with('/') {
        format!("{root}{url}")
    } else {
        let path = path.split('?').next().unwrap_or("");
        let folder = path.rfind('/').and_then(|at| path.get(..=at)).unwrap_or("/");
        format!("{root}{folder}{url}")
    }
}
