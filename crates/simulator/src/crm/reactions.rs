//! How the page reacts to what the widget says.

use super::call::{Call, CallStatus};
use super::html::text_of;
use super::records::{ObjectType, Record, RecordId, with_number};
use super::{Crm, Effect, Link, MAX_CALLS, Page, Panel, Size, Tone, engagement_id, id as wire_id};
use crate::settings::{Fault, Settings};
use cordboard::Timestamp;
use cordboard::protocol::{
    CallCompleted, CallEnded, CallerIdMatch, CallerIdMatches, CompanyMatch, ContactMatch, Engagement, EngagementId,
    EngagementProperties, ExternalCallId, Failure, FailureReason, FinalizeEngagement, HostMessage, IncomingCall,
    Initialized, NavigateToRecord, NavigateToRecordFailed, ObjectCoordinates, OpenIn, OutgoingCallStarted, Sensitive,
    SizeInfo, WidgetError, WidgetMessage,
};
use cordboard::telephony::Direction;

/// The sizes that the panel takes on, in CSS pixels.
const SMALLEST: Size = Size { width: 300, height: 400 };
const LARGEST: Size = Size { width: 800, height: 900 };

impl Crm {
    /// Takes a message of the widget.
    pub(crate) fn handle_message(
        &mut self,
        now: Timestamp,
        message: WidgetMessage,
        settings: &Settings,
    ) -> Vec<Effect> {
        match message {
            WidgetMessage::Initialized(data) => self.initialized(&data),
            WidgetMessage::LoggedIn => self.set_link(|logged_in, _| *logged_in = true),
            WidgetMessage::LoggedOut => self.set_link(|logged_in, available| (*logged_in, *available) = (false, false)),
            WidgetMessage::UserAvailable => self.set_link(|_, available| *available = true),
            WidgetMessage::UserUnavailable => self.set_link(|_, available| *available = false),
            WidgetMessage::OutgoingCallStarted(data) => self.outgoing(now, &data, settings),
            WidgetMessage::IncomingCall(data) => self.incoming(now, &data, settings),
            WidgetMessage::CallAnswered(data) => {
                self.with_call(&data.external_call_id, |call| {
                    call.answered.get_or_insert(now);
                    call.status = CallStatus::InProgress;
                });
                Vec::new()
            }
            WidgetMessage::CallTransferred(data) => {
                self.with_call(&data.external_call_id, |call| call.status = CallStatus::Transferred);
                Vec::new()
            }
            WidgetMessage::CallEnded(data) => self.ended(now, &data),
            WidgetMessage::CallCompleted(data) => self.completed(now, data, settings),
            WidgetMessage::FinalizeEngagement(data) => {
                self.finalized(&data, HostMessage::FinalizeEngagementSucceeded, HostMessage::FinalizeEngagementFailed)
            }
            WidgetMessage::PublishToChannel(data) => {
                self.finalized(&data, HostMessage::PublishToChannelSucceeded, HostMessage::PublishToChannelFailed)
            }
            WidgetMessage::NavigateToRecord(data) => self.navigate(data, settings),
            WidgetMessage::Error(WidgetError::Message(message)) => {
                self.alert = Some(message.as_str().to_owned());
                Vec::new()
            }
            WidgetMessage::ResizeWidget(size) => {
                self.resize(size);
                Vec::new()
            }
            // The session moves; the rest means nothing to a CRM.
            WidgetMessage::SetWidgetUrl(_) | WidgetMessage::Error(_) | WidgetMessage::CallData => Vec::new(),
        }
    }

    fn initialized(&mut self, data: &Initialized) -> Vec<Effect> {
        if let Some(size) = data.size_info {
            self.resize(size);
        }
        let named = data.engagement_id.as_ref().map(EngagementId::as_str);
        for call in &mut self.calls {
            call.stale &= !call.has_engagement(named);
        }
        self.set_link(|logged_in, available| {
            (*logged_in, *available) = (data.is_logged_in == Some(true), data.is_available == Some(true));
        })
    }

    fn set_link(&mut self, set: impl FnOnce(&mut bool, &mut bool)) -> Vec<Effect> {
        if let Link::Ready { logged_in, available } = &mut self.link {
            set(logged_in, available);
        }
        Vec::new()
    }

    fn resize(&mut self, size: SizeInfo) {
        self.size = Size {
            width: size.width.clamp(SMALLEST.width, LARGEST.width),
            height: size.height.clamp(SMALLEST.height, LARGEST.height),
        };
    }

    fn outgoing(&mut self, now: Timestamp, data: &OutgoingCallStarted, settings: &Settings) -> Vec<Effect> {
        let dialed = self.dialed.take();
        let to = data.to_number.as_ref().map(Sensitive::as_str);
        let to = to.or(dialed.as_ref().map(|dialed| dialed.number.as_str())).unwrap_or_default().to_owned();
        let record = dialed.map(|dialed| dialed.record).or_else(|| self.match_record(&to));
        let from = data.from_number.as_ref().map_or("", Sensitive::as_str).to_owned();
        self.call_started(Call {
            record,
            started: data.call_start_time.unwrap_or(now),
            ..Call::new(&data.external_call_id, Direction::Outbound, from, to)
        });
        self.create_engagement(&data.external_call_id, data.create_engagement, settings)
    }

    fn incoming(&mut self, now: Timestamp, data: &IncomingCall, settings: &Settings) -> Vec<Effect> {
        let from = data.from_number.as_str();
        let record = self.match_record(from);
        let caller = record.and_then(RecordId::record).map_or_else(|| super::show_number(from), Record::full_name);
        self.call_started(Call {
            record,
            started: data.call_start_time.unwrap_or(now),
            ..Call::new(&data.external_call_id, Direction::Inbound, from.to_owned(), data.to_number.as_str().to_owned())
        });
        let mut effects = vec![Effect::Toast(Tone::Neutral, format!("Incoming call from {caller}"))];
        if settings.opens_on_incoming {
            effects.extend(self.show_panel(Panel::Open));
        }
        effects.push(Effect::Send(match_caller(&data.external_call_id, from, settings)));
        effects.extend(self.create_engagement(&data.external_call_id, data.create_engagement, settings));
        effects
    }

    fn call_started(&mut self, call: Call) {
        // A widget that says it twice has one call.
        if self.calls.iter().any(|known| known.external_id == call.external_id) {
            return;
        }
        // A call that the widget lost with a reload and does not go on with.
        for lost in self.calls.iter_mut().filter(|call| call.is_live() && call.stale) {
            lost.status = CallStatus::Ended(None);
        }
        if self.calls.len() == MAX_CALLS {
            let oldest = self.calls.iter().position(|call| !call.is_live()).unwrap_or(0);
            self.calls.remove(oldest);
        }
        self.calls.push(call);
    }

    fn create_engagement(&mut self, id: &ExternalCallId, wanted: Option<bool>, settings: &Settings) -> Vec<Effect> {
        if wanted != Some(true) {
            return Vec::new();
        }
        if settings.has(Fault::CreateEngagement) {
            let failure = failure("The engagement could not be created", id);
            return vec![
                Effect::Send(HostMessage::CreateEngagementFailed(failure)),
                Effect::Toast(Tone::Bad, "The call could not be put on the timeline.".to_owned()),
            ];
        }
        let next = self.last_engagement + 1;
        let Some(call) = self.calls.iter_mut().find(|call| call.external_id == id.as_str()) else { return Vec::new() };
        let engagement = *call.engagement.get_or_insert(next);
        self.last_engagement = self.last_engagement.max(engagement);
        vec![
            Effect::Send(HostMessage::CreateEngagementSucceeded(engagement_of(engagement, id))),
            Effect::Send(HostMessage::EngagementCreated(engagement_of(engagement, id))),
        ]
    }

    fn ended(&mut self, now: Timestamp, data: &CallEnded) -> Vec<Effect> {
        self.with_call(&data.external_call_id, |call| {
            if call.is_live() {
                call.status = CallStatus::Ended(data.call_end_status);
                call.duration = call.answered.map(|answered| now.since(answered));
            }
        });
        Vec::new()
    }

    fn completed(&mut self, now: Timestamp, data: CallCompleted, settings: &Settings) -> Vec<Effect> {
        let id = &data.external_call_id;
        let named = data.engagement_id.as_ref().map(EngagementId::as_str);
        let call = self.calls.iter_mut().find(|call| call.external_id == id.as_str() || call.has_engagement(named));
        let Some(Call { engagement: Some(engagement), .. }) = &call else {
            // An app that keeps its own records completes calls that this page has none of.
            return self.after_completion(now, data.hide_widget, settings);
        };
        let engagement = *engagement;
        let mut effects = Vec::new();
        if settings.has(Fault::UpdateEngagement) {
            let mut failure = failure("The engagement could not be updated", id);
            failure.engagement_id = Some(engagement_id(engagement));
            effects.push(Effect::Send(HostMessage::UpdateEngagementFailed(failure)));
            effects.push(Effect::Toast(Tone::Bad, "The call's details could not be saved.".to_owned()));
            return effects;
        }
        if let Some(call) = call {
            if let Some(properties) = data.engagement_properties {
                call.apply(properties);
            }
            if call.is_live() {
                call.status = CallStatus::Ended(None);
            }
            call.completed = true;
        }
        effects.push(Effect::Send(HostMessage::UpdateEngagementSucceeded(engagement_of(engagement, id))));
        effects.push(Effect::Toast(Tone::Good, "Call logged on the timeline.".to_owned()));
        effects.extend(self.after_completion(now, data.hide_widget, settings));
        effects
    }

    /// In a queue the next call follows; else the widget is closed, unless it asked not to be.
    fn after_completion(&mut self, now: Timestamp, hide_widget: Option<bool>, settings: &Settings) -> Vec<Effect> {
        if self.queue.is_some() {
            self.next_task(now, settings)
        } else if hide_widget != Some(false) {
            self.show_panel(Panel::Closed)
        } else {
            Vec::new()
        }
    }

    fn finalized(
        &self,
        data: &FinalizeEngagement,
        succeeded: fn(Engagement) -> HostMessage,
        failed: fn(Failure) -> HostMessage,
    ) -> Vec<Effect> {
        let known = self.calls.iter().any(|call| call.has_engagement(Some(data.engagement_id.as_str())));
        vec![Effect::Send(if known {
            let external_call_id = Some(data.external_call_id.clone());
            succeeded(Engagement { engagement_id: data.engagement_id.clone(), external_call_id })
        } else {
            let mut failure = failure("There is no such engagement", &data.external_call_id);
            failure.engagement_id = Some(data.engagement_id.clone());
            failed(failure)
        })]
    }

    fn navigate(&mut self, data: NavigateToRecord, settings: &Settings) -> Vec<Effect> {
        let target = record_at(&data.object_coordinates, settings).filter(|_| !settings.has(Fault::NavigateToRecord));
        let Some(record) = target else {
            return vec![
                Effect::Send(HostMessage::NavigateToRecordFailed(NavigateToRecordFailed {
                    engagement_id: data.engagement_id,
                    object_coordinates: Some(data.object_coordinates),
                })),
                Effect::Toast(Tone::Bad, "The record could not be opened.".to_owned()),
            ];
        };
        if data.open_in == Some(OpenIn::NewTab) {
            return vec![Effect::OpenTab(record)];
        }
        self.page = Page::Record(record);
        if settings.navigation_reloads { vec![Effect::Reload] } else { Vec::new() }
    }

    fn with_call(&mut self, id: &ExternalCallId, change: impl FnOnce(&mut Call)) {
        if let Some(call) = self.calls.iter_mut().find(|call| call.external_id == id.as_str()) {
            call.stale = false;
            change(call);
        }
    }
}

impl Call {
    fn new(id: &ExternalCallId, direction: Direction, from: String, to: String) -> Self {
        Self {
            external_id: id.as_str().to_owned(),
            engagement: None,
            direction,
            from,
            to,
            record: None,
            started: Timestamp::default(),
            answered: None,
            status: CallStatus::Ringing,
            duration: None,
            title: None,
            notes: None,
            outcome: None,
            recording: None,
            completed: false,
            stale: false,
        }
    }

    fn has_engagement(&self, id: Option<&str>) -> bool {
        self.engagement.is_some_and(|engagement| id == Some(engagement.to_string().as_str()))
    }

    fn apply(&mut self, properties: EngagementProperties) {
        if let Some(duration) = properties.duration {
            self.duration = Some(duration);
        }
        let text = |text: Option<Sensitive>| text.map(|text| text.as_str().to_owned()).filter(|text| !text.is_empty());
        if let Some(from) = text(properties.from_number) {
            self.from = from;
        }
        if let Some(to) = text(properties.to_number) {
            self.to = to;
        }
        self.title = text(properties.title);
        self.notes = properties.body.map(|body| text_of(body.as_str())).filter(|notes| !notes.is_empty());
        self.outcome = properties.disposition.filter(|outcome| !outcome.is_empty());
        let is_web = |url: &String| url.starts_with("https://") || url.starts_with("http://");
        self.recording = text(properties.recording_url).filter(is_web);
    }
}

fn engagement_of(engagement: u32, id: &ExternalCallId) -> Engagement {
    Engagement { engagement_id: engagement_id(engagement), external_call_id: Some(id.clone()) }
}

fn failure(reason: &str, id: &ExternalCallId) -> Failure {
    let error = Some(FailureReason { message: Sensitive::from(reason) });
    Failure { error, external_call_id: Some(id.clone()), engagement_id: None }
}

/// The contacts and companies that have the caller's number, as HubSpot names them: other types are not matched.
fn match_caller(id: &ExternalCallId, number: &str, settings: &Settings) -> HostMessage {
    if settings.has(Fault::CallerIdMatch) {
        return HostMessage::CallerIdMatchFailed(failure("The caller could not be looked up", id));
    }
    let caller_id_matches =
        with_number(number).into_iter().filter_map(|record| caller_id_match(record, settings)).collect();
    HostMessage::CallerIdMatchSucceeded(CallerIdMatches { caller_id_matches, external_call_id: Some(id.clone()) })
}

fn caller_id_match(record: &Record, settings: &Settings) -> Option<CallerIdMatch> {
    let object_coordinates = ObjectCoordinates {
        portal_id: wire_id(settings.portal_id),
        object_id: wire_id(record.id.id),
        object_type_id: record.id.object_type.wire_id().into(),
    };
    match record.id.object_type {
        ObjectType::Contact => Some(CallerIdMatch::Contact(ContactMatch {
            object_coordinates,
            first_name: Some(record.name.into()),
            last_name: Some(record.last_name.into()),
            email: record.email.map(Sensitive::from),
        })),
        ObjectType::Company => {
            Some(CallerIdMatch::Company(CompanyMatch { object_coordinates, name: Some(record.name.into()) }))
        }
        ObjectType::Site => None,
    }
}

/// The record at coordinates of this account.
fn record_at(coordinates: &ObjectCoordinates, settings: &Settings) -> Option<RecordId> {
    let object_type = ObjectType::from_wire_id(coordinates.object_type_id.as_str())?;
    let record = RecordId { object_type, id: coordinates.object_id.as_str().parse().ok()? };
    let is_ours = coordinates.portal_id.as_str() == settings.portal_id.to_string();
    record.record().filter(|_| is_ours).map(|record| record.id)
}
