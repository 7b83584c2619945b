//! What a leg does: its NCCO, action by action.

use crate::cloud::{Cloud, Timer};
use crate::leg::{Doing, Endpoint};
use crate::lifecycle::NewCall;
use crate::ncco::{self, Action};
use core::time::Duration;
use http::Response;
use std::collections::VecDeque;

/// Words and files are taken to last so long, and messages too.
const SPEECH: Duration = Duration::from_secs(2);
const MESSAGE: Duration = Duration::from_secs(20);
/// How long `connect` lets ring.
const CONNECT: Duration = Duration::from_secs(60);

impl Cloud {
    /// The answer webhook was answered, or was not.
    pub(crate) fn document_arrived(&mut self, uuid: &str, response: Option<Response<Vec<u8>>>) {
        let waits = self.calls.get(uuid).is_some_and(|call| call.doing == Doing::Fetching);
        if !waits {
            return;
        }
        match read(response) {
            Ok(actions) => self.give(uuid, actions),
            Err(wrong) => {
                self.basis.warn(format!("the answer webhook: {wrong}"));
                self.hang_up(uuid);
            }
        }
    }

    /// Gives a leg something to do instead of what it does. It leaves its conversation, and is not hung up.
    pub(crate) fn give(&mut self, uuid: &str, actions: Vec<Action>) {
        self.leave(uuid, false);
        let left = self.own_conversation();
        let Some(call) = self.calls.get_mut(uuid) else { return };
        if call.doing == Doing::Conversing {
            call.conversation = left;
        }
        call.program = VecDeque::from(actions);
        self.begin(uuid, Doing::Nothing);
        self.run(uuid);
    }

    /// Goes through the actions until one takes time. When none is left, the call is over.
    pub(crate) fn run(&mut self, uuid: &str) {
        while let Some(call) = self.calls.get_mut(uuid).filter(|call| !call.is_over()) {
            let Some(action) = call.program.pop_front() else { return self.hang_up(uuid) };
            let conversation = call.conversation.clone();
            // A call that came in is answered by its first action.
            self.connect(uuid);
            match action {
                Action::Conversation(join) => {
                    if let Some(call) = self.calls.get_mut(uuid) {
                        call.muted |= join.muted;
                    }
                    return self.join(uuid, join);
                }
                Action::Speak => return self.takes(uuid, Doing::Listening, SPEECH),
                Action::Message { event_url } => {
                    let recording = self.record(&conversation, event_url);
                    return self.takes(uuid, Doing::Message(recording), MESSAGE);
                }
                Action::Record { event_url } => {
                    let recording = self.record(&conversation, event_url);
                    if let Some(found) = self.conversations.get_mut(&conversation) {
                        found.recording = Some(recording);
                    }
                }
                Action::Connect { to, from } => return self.connect_with(uuid, to, from),
            }
        }
    }

    fn connect_with(&mut self, uuid: &str, to: Endpoint, from: Option<String>) {
        let from = from.or_else(|| self.config.numbers.first().cloned()).unwrap_or_default();
        let event_url = self.config.event_url.clone();
        let (timeout, program, parent) = (CONNECT, VecDeque::new(), Some(uuid.to_owned()));
        let leg = self.create(NewCall { from, to, inbound: false, event_url, timeout, program, parent });
        // In the conversation from the beginning, if only as one who rings.
        if let Some(here) = self.calls.get(uuid).map(|call| call.conversation.clone())
            && let Some(call) = self.calls.get_mut(&leg)
        {
            call.conversation = here;
        }
        self.begin(uuid, Doing::Connecting(leg.clone()));
        self.place(&leg);
    }

    /// The leg that `connect` made was answered: both are in the conversation of who connected.
    pub(crate) fn connected(&mut self, parent: &str, uuid: &str) {
        let Some(id) = self.calls.get(parent).map(|call| call.conversation.clone()) else { return };
        if let Some(conversation) = self.conversations.get_mut(&id) {
            conversation.started = true;
            for member in [parent, uuid] {
                conversation.members.insert(member.to_owned(), ncco::Join::default());
            }
        }
        if let Some(call) = self.calls.get_mut(uuid) {
            call.conversation = id;
        }
        self.begin(uuid, Doing::Conversing);
    }

    /// The leg that `connect` made is over.
    pub(crate) fn connection_ends(&mut self, parent: &str, uuid: &str) {
        if self.calls.get(parent).is_some_and(|call| call.doing == Doing::Connecting(uuid.to_owned())) {
            self.begin(parent, Doing::Nothing);
            self.run(parent);
        }
    }

    pub(crate) fn activity_ends(&mut self, uuid: &str, activity: u64) {
        let Some(call) = self.calls.get_mut(uuid).filter(|call| call.activity == activity && !call.is_over()) else {
            return;
        };
        if let Doing::Message(recording) = core::mem::take(&mut call.doing) {
            self.finish_recording(&recording);
        }
        self.run(uuid);
    }

    fn takes(&mut self, uuid: &str, doing: Doing, duration: Duration) {
        let activity = self.begin(uuid, doing);
        self.basis.later(duration, Timer::ActivityEnds { call: uuid.to_owned(), activity });
    }

    /// Changes what the leg does. Whatever was due for what it did before is not any more.
    pub(crate) fn begin(&mut self, uuid: &str, doing: Doing) -> u64 {
        let Some(call) = self.calls.get_mut(uuid) else { return 0 };
        call.doing = doing;
        call.activity += 1;
        call.activity
    }
}

/// Reads what the answer webhook answered.
fn read(response: Option<Response<Vec<u8>>>) -> Result<Vec<Action>, String> {
    let response = response.ok_or("nobody answered")?;
    if !matches!(response.status().as_u16(), 200..=205) {
        return Err(format!("it answered {}", response.status()));
    }
    let kind = response.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.split(';').next() != Some("application/json") {
        return Err("it is not JSON".to_owned());
    }
    ncco::parse(&serde_json::from_slice(response.body()).map_err(|_| "it is not JSON")?)
}
