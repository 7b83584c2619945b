//! What the CRM hears of calls, and what it says.

use super::flow::CallFlow;
use super::notice::Notice;
use super::tracked::{Engagement, Saving, Told, TrackedCall};
use crate::Timestamp;
use crate::protocol::{
    CallAnswered, CallCompleted, CallDirection, CallEndStatus, CallEnded, CallStatus, CallTransferred, CallerIdMatch,
    EngagementProperties, ExternalCallId, HostMessage, IncomingCall, Initialized, NavigateToRecord, Note,
    OutgoingCallStarted, Request, Sensitive, SessionEvent, Sync, WidgetError, WidgetMessage,
};
use crate::telephony::{Availability, CallState, Direction, EndReason, PhoneNumber, RecordingRef};

impl CallFlow {
    /// Takes what the session with the CRM reports.
    pub fn handle_session(&mut self, now: Timestamp, event: SessionEvent) {
        match event {
            SessionEvent::Ready(sync) | SessionEvent::Reattached(sync) => self.crm_ready(sync),
            SessionEvent::Message(message) => self.handle_host_message(now, message),
            SessionEvent::EngagementCreated { call, engagement } => {
                if let Some(call) = self.call_mut(&call) {
                    call.engagement = Engagement::Created(engagement);
                }
            }
            SessionEvent::EngagementUpdated { call, .. } => self.saved(&call),
            SessionEvent::CallerIdMatched { call, matches } => {
                if let Some(call) = self.call_mut(&call) {
                    call.record = matches.into_iter().next();
                }
            }
            SessionEvent::RequestFailed { request: Request::CreateEngagement, call, .. } => {
                self.without_engagement(&call);
                self.notify(Notice::NotLogged(call));
            }
            SessionEvent::RequestExpired { request: Request::CreateEngagement, call } => self.without_engagement(&call),
            SessionEvent::RequestFailed { request: Request::UpdateEngagement, call, .. } => self.not_saved(call),
            // Old hosts never say that they saved.
            SessionEvent::RequestExpired { request: Request::UpdateEngagement, call } => self.saved(&call),
            SessionEvent::EngagementFinalized { .. }
            | SessionEvent::RequestFailed { .. }
            | SessionEvent::RequestExpired { .. }
            | SessionEvent::UnknownMessage { .. }
            | SessionEvent::Malformed(_)
            | SessionEvent::HandshakeTimedOut
            | SessionEvent::QueueFull { .. } => {}
        }
        self.tell_crm(now);
    }

    fn crm_ready(&mut self, sync: Sync) {
        // The page was loaded again during a call, and the CRM remembers which call record it had.
        if let Some(engagement) = &sync.context.engagement_id {
            let mut unknown = self.calls.iter_mut().filter(|call| call.is_live() && call.engagement.id().is_none());
            if let (Some(call), None) = (unknown.next(), unknown.next()) {
                call.engagement = Engagement::Created(engagement.clone());
                let told = if call.connected_at().is_some() { Told::Answered } else { Told::Started };
                call.told = call.told.max(told);
            }
        }
        self.sync = Some(sync);
        let engagement_id = self.calls.iter().find(|call| call.is_live()).and_then(|call| call.engagement.id());
        self.say(WidgetMessage::Initialized(Initialized {
            is_logged_in: Some(self.agent.is_some()),
            is_available: Some(self.agent.is_some() && self.availability == Availability::Available),
            engagement_id,
            size_info: None,
        }));
    }

    fn handle_host_message(&mut self, now: Timestamp, message: HostMessage) {
        match message {
            HostMessage::DialNumber(dial) => self.dial_for_crm(now, dial.phone_number.as_str()),
            HostMessage::EndCall(reference) => {
                let named = reference.external_call_id.filter(|id| self.call(id).is_some());
                let speaking = || self.calls.iter().find(|call| call.state() == CallState::Connected);
                let newest = || self.calls.iter().rev().find(|call| call.is_live());
                if let Some(id) = named.or_else(|| speaking().or_else(newest).map(|call| call.id.clone())) {
                    self.hang_up(&id);
                }
            }
            HostMessage::NavigateToRecordFailed(_) => self.notify(Notice::RecordNotOpened),
            _ => {}
        }
    }

    fn dial_for_crm(&mut self, now: Timestamp, number: &str) {
        if !self.dial(now, number, true) {
            self.say_error("The number could not be called; the calling app says why.");
        }
    }

    fn without_engagement(&mut self, id: &ExternalCallId) {
        if let Some(call) = self.call_mut(id) {
            call.engagement = Engagement::None;
        }
    }

    fn saved(&mut self, id: &ExternalCallId) {
        let before = self.calls.len();
        self.forget(&|call| call.id == *id && call.told == Told::Completed);
        if self.calls.len() < before {
            self.notify(Notice::Saved(id.clone()));
        }
    }

    fn not_saved(&mut self, id: ExternalCallId) {
        if let Some(call) = self.call_mut(&id).filter(|call| call.told == Told::Completed) {
            call.saving = Saving::Failed;
            // The CRM has not completed it, so it may be told again.
            call.told = Told::Ended;
            self.notify(Notice::NotSaved(id));
        }
    }

    pub(super) fn say_error(&mut self, message: &str) {
        self.say(WidgetMessage::Error(WidgetError::Message(Sensitive::from(message))));
    }

    pub(super) fn open_record(&mut self, id: &ExternalCallId) {
        let Some(call) = self.call(id) else { return };
        let coordinates = match &call.record {
            Some(CallerIdMatch::Contact(contact)) => &contact.object_coordinates,
            Some(CallerIdMatch::Company(company)) => &company.object_coordinates,
            None => return,
        };
        self.say(WidgetMessage::NavigateToRecord(NavigateToRecord {
            object_coordinates: coordinates.clone(),
            engagement_id: call.engagement.id(),
            open_in: None,
        }));
    }

    /// Tells the CRM, of every call, what it may know by now.
    pub(super) fn tell_crm(&mut self, now: Timestamp) {
        // A consultation has no notes, and the CRM does not hear of it.
        self.forget(&|call| call.consults_for.is_some() && !call.is_live());
        if self.sync.is_none() {
            return;
        }
        let mut calls = core::mem::take(&mut self.calls);
        for call in calls.iter_mut().filter(|call| call.consults_for.is_none()) {
            self.tell_crm_of(now, call);
        }
        self.calls = calls;
    }

    fn tell_crm_of(&mut self, now: Timestamp, call: &mut TrackedCall) {
        let external_call_id = call.id.clone();
        if call.told == Told::Nothing && call.line.is_some() {
            call.told = Told::Started;
            self.say(started(call));
        }
        if call.told == Told::Started && call.connected_at().is_some() {
            call.told = Told::Answered;
            self.say(WidgetMessage::CallAnswered(CallAnswered { external_call_id: external_call_id.clone() }));
        }
        let Some(reason) = call.end_reason() else { return };
        if matches!(call.told, Told::Started | Told::Answered) {
            let deadline = *call.deadline.get_or_insert(now + self.config.engagement_wait);
            if call.engagement == Engagement::Pending && now < deadline {
                return;
            }
            call.deadline = None;
            call.told = Told::Ended;
            if reason == EndReason::Transferred {
                self.say(WidgetMessage::CallTransferred(CallTransferred {
                    external_call_id: external_call_id.clone(),
                }));
            }
            self.say(WidgetMessage::CallEnded(CallEnded {
                external_call_id,
                engagement_id: call.engagement.id(),
                call_end_status: Some(end_status(reason)),
            }));
        }
        if call.direction == Direction::Inbound && call.connected_at().is_none() {
            // Nobody talked, so there is nothing to note.
            call.save();
        }
        if call.told == Told::Ended && call.saving == Saving::Saving {
            call.told = Told::Completed;
            self.say(completed(call, reason));
        }
    }
}

fn sensitive(number: Option<&PhoneNumber>) -> Option<Sensitive> {
    number.map(|number| Sensitive::from(number.as_e164()))
}

fn started(call: &TrackedCall) -> WidgetMessage {
    let external_call_id = call.id.clone();
    let call_start_time = Some(call.began_at);
    let (remote, local) = (sensitive(call.remote.as_ref()), sensitive(call.local.as_ref()));
    let create_engagement = Some(true);
    match call.direction {
        Direction::Outbound => WidgetMessage::OutgoingCallStarted(OutgoingCallStarted {
            external_call_id,
            to_number: remote,
            from_number: local,
            call_start_time,
            create_engagement,
        }),
        Direction::Inbound => WidgetMessage::IncomingCall(IncomingCall {
            external_call_id,
            // The protocol wants a text, also for a number that was withheld.
            from_number: remote.unwrap_or_else(|| Sensitive::from("")),
            to_number: local.unwrap_or_else(|| Sensitive::from("")),
            call_start_time,
            create_engagement,
        }),
    }
}

fn completed(call: &TrackedCall, reason: EndReason) -> WidgetMessage {
    let (remote, local) = (sensitive(call.remote.as_ref()), sensitive(call.local.as_ref()));
    let (direction, from_number, to_number) = match call.direction {
        Direction::Outbound => (CallDirection::Outbound, local, remote),
        Direction::Inbound => (CallDirection::Inbound, remote, local),
    };
    WidgetMessage::CallCompleted(CallCompleted {
        external_call_id: call.id.clone(),
        engagement_id: call.engagement.id(),
        // What nobody saved by hand must not close the widget under the user's hands.
        hide_widget: Some(call.direction == Direction::Outbound || call.connected_at().is_some()),
        engagement_properties: Some(EngagementProperties {
            timestamp: Some(call.began_at),
            body: Some(body(call)).filter(|body| !body.is_empty()).map(Note::from),
            direction: Some(direction),
            status: Some(call_status(reason)),
            duration: Some(call.talk_time(call.began_at)),
            disposition: call.outcome.clone(),
            from_number,
            to_number,
            recording_url: links(call).next().map(Sensitive::from),
            ..EngagementProperties::default()
        }),
    })
}

/// Where the recordings are heard, in order.
fn links(call: &TrackedCall) -> impl Iterator<Item = &str> {
    call.line.iter().flat_map(|line| &line.recordings).filter_map(RecordingRef::link)
}

/// The notes. The CRM has one place for a recording, so the addresses of further ones stand below.
fn body(call: &TrackedCall) -> String {
    let mut text = call.notes.clone();
    for link in links(call).skip(1) {
        text.push('\n');
        text.push_str(link);
    }
    html(&text)
}

/// Text as the HTML that the CRM shows: the same text, with its line breaks.
fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.trim_ascii().chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("<br>"),
            _ => out.push(sign),
        }
    }
    out
}

const fn end_status(reason: EndReason) -> CallEndStatus {
    match reason {
        EndReason::HungUp | EndReason::RemoteHungUp | EndReason::Transferred => CallEndStatus::Completed,
        EndReason::Canceled | EndReason::AnsweredElsewhere => CallEndStatus::Canceled,
        EndReason::Busy => CallEndStatus::Busy,
        EndReason::NoAnswer => CallEndStatus::NoAnswer,
        EndReason::Rejected => CallEndStatus::Rejected,
        EndReason::Missed => CallEndStatus::Missed,
        EndReason::Failed(_) => CallEndStatus::Failed,
    }
}

/// The call record knows neither `REJECTED` nor `MISSED`.
const fn call_status(reason: EndReason) -> CallStatus {
    match reason {
        EndReason::HungUp | EndReason::RemoteHungUp | EndReason::Transferred => CallStatus::Completed,
        EndReason::Canceled | EndReason::AnsweredElsewhere => CallStatus::Canceled,
        EndReason::Busy => CallStatus::Busy,
        EndReason::NoAnswer | EndReason::Rejected | EndReason::Missed => CallStatus::NoAnswer,
        EndReason::Failed(_) => CallStatus::Failed,
    }
}
