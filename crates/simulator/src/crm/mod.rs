//! HubSpot's side of a call, as a pure machine: records, engagements and how the page reacts to the widget.
//!
//! The page's state is in here; what must happen outside comes out as [`Effect`]s.

mod call;
mod html;
mod queue;
mod reactions;
mod records;
mod storage;
#[cfg(test)]
mod tests;

pub(crate) use call::{Call, CallStatus, outcome_label};
pub(crate) use queue::{Queue, TaskState};
pub(crate) use records::{ObjectType, Phone, Record, RecordId, of_type, show_number};

use crate::settings::Settings;
use cordboard::Timestamp;
use cordboard::protocol;
use cordboard::protocol::{
    CallReference, CalleeInfo, DialNumber, EngagementId, ExternalCallId, HostMessage, Id, ObjectTypeId, Sensitive,
    SyncContext, VisibilityChanged,
};

/// How many calls are kept; the oldest that ended go first.
const MAX_CALLS: usize = 40;

/// The CRM's state.
#[derive(Clone, Debug)]
pub(crate) struct Crm {
    pub(crate) page: Page,
    pub(crate) link: Link,
    pub(crate) panel: Panel,
    /// The panel's inner size that the widget asked for, in CSS pixels.
    pub(crate) size: Size,
    /// What the user must confirm before going on.
    pub(crate) alert: Option<String>,
    pub(crate) queue: Option<Queue>,
    /// Oldest first.
    calls: Vec<Call>,
    last_engagement: u32,
    dialed: Option<Dialed>,
}

/// What the main part shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    Records(ObjectType),
    Record(RecordId),
    Calls,
    Tasks,
}

/// How the page stands with the widget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// No app was chosen yet.
    None,
    Connecting,
    Failed,
    Ready {
        logged_in: bool,
        available: bool,
    },
}

/// How the widget's panel is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Panel {
    Open,
    Minimised,
    Closed,
}

/// In CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// What must happen outside the machine.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "made and consumed one at a time; too large with 64-bit pointers only")]
pub(crate) enum Effect {
    Send(HostMessage),
    Toast(Tone, String),
    OpenTab(RecordId),
    Reload,
}

/// How a message to the user is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Neutral,
    Good,
    Bad,
}

/// A number that the widget was asked to dial and has not started yet.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Dialed {
    number: String,
    record: RecordId,
}

impl Default for Crm {
    fn default() -> Self {
        Self {
            page: Page::Records(ObjectType::Contact),
            link: Link::None,
            panel: Panel::Open,
            size: Size { width: 400, height: 600 },
            alert: None,
            queue: None,
            calls: Vec::new(),
            last_engagement: 80_000,
            dialed: None,
        }
    }
}

impl Crm {
    /// What the page says in the handshake. After a reload it names the engagement of the call that goes on.
    pub(crate) fn context(&self, settings: &Settings) -> SyncContext {
        let engagement = self.calls.iter().rev().find(|call| call.is_live()).and_then(|call| call.engagement);
        SyncContext {
            engagement_id: engagement.map(engagement_id),
            portal_id: Some(id(settings.portal_id)),
            user_id: Some(id(settings.user_id)),
            owner_id: Some(id(settings.owner_id)),
            iframe_location: Some(settings.iframe_location),
            uses_calling_window: Some(settings.uses_calling_window),
        }
    }

    /// The frame is loaded anew: nothing is known of the widget until it answers.
    pub(crate) fn connecting(&mut self) {
        self.link = Link::Connecting;
        self.dialed = None;
        for call in &mut self.calls {
            call.stale = true;
        }
    }

    pub(crate) fn connected(&mut self) {
        self.link = Link::Ready { logged_in: false, available: false };
    }

    pub(crate) fn connection_failed(&mut self) {
        self.link = Link::Failed;
    }

    /// The calls that have an engagement, newest first.
    pub(crate) fn engagements(&self) -> impl Iterator<Item = &Call> {
        self.calls.iter().rev().filter(|call| call.engagement.is_some())
    }

    /// A record's timeline, newest first.
    pub(crate) fn timeline(&self, record: RecordId) -> impl Iterator<Item = &Call> {
        self.engagements().filter(move |call| call.record == Some(record))
    }

    /// Whether a call rings or is talked on, as far as the widget says.
    pub(crate) fn has_live_call(&self) -> bool {
        self.calls.iter().any(|call| call.is_live() && !call.stale)
    }

    /// The user clicks a phone number.
    pub(crate) fn dial(&mut self, now: Timestamp, record: &Record, phone: &Phone, settings: &Settings) -> Vec<Effect> {
        let mut effects = self.show_panel(Panel::Open);
        let reason = match self.link {
            Link::None => Some("Choose a calling app first, in its panel."),
            Link::Connecting => Some("The calling app is still loading. Try again in a moment."),
            Link::Failed => Some("There is no connection to the calling app. Retry in its panel."),
            Link::Ready { logged_in: false, .. } => Some("Sign in to the calling app first, then call again."),
            Link::Ready { .. } if self.has_live_call() => Some("Finish the call that is running first."),
            Link::Ready { .. } => None,
        };
        if let Some(reason) = reason {
            self.queue = None;
            self.alert = Some(reason.to_owned());
            return effects;
        }
        self.dialed = Some(Dialed { number: phone.number.to_owned(), record: record.id });
        let viewed = match self.page {
            Page::Record(viewed) => viewed,
            Page::Records(_) | Page::Calls | Page::Tasks => record.id,
        };
        effects.push(Effect::Send(HostMessage::DialNumber(dial_number(now, record, phone, viewed, settings))));
        effects
    }

    /// The user ends the call from the CRM.
    pub(crate) fn end_call(&self) -> Vec<Effect> {
        vec![Effect::Send(HostMessage::EndCall(self.live_call()))]
    }

    /// Opens, minimises or closes the panel, and tells the widget.
    pub(crate) fn show_panel(&mut self, panel: Panel) -> Vec<Effect> {
        if self.panel == panel {
            return Vec::new();
        }
        self.panel = panel;
        let visibility = VisibilityChanged {
            is_minimized: Some(panel == Panel::Minimised),
            is_hidden: Some(panel == Panel::Closed),
        };
        vec![Effect::Send(HostMessage::VisibilityChanged(visibility))]
    }

    fn live_call(&self) -> CallReference {
        let call = self.calls.iter().rev().find(|call| call.is_live());
        CallReference {
            external_call_id: call.map(|call| ExternalCallId::from(call.external_id.as_str())),
            engagement_id: call.and_then(|call| call.engagement).map(engagement_id),
        }
    }

    fn match_record(&self, number: &str) -> Option<RecordId> {
        let matches = records::with_number(number);
        let viewed = matches.iter().find(|record| self.page == Page::Record(record.id));
        viewed.or(matches.first()).map(|record| record.id)
    }
}

fn dial_number(now: Timestamp, record: &Record, phone: &Phone, viewed: RecordId, settings: &Settings) -> DialNumber {
    let viewed_type = match viewed.object_type {
        ObjectType::Contact => protocol::ObjectType::Contact,
        ObjectType::Company => protocol::ObjectType::Company,
        ObjectType::Site => protocol::ObjectType::Other(viewed.object_type.wire_id().to_owned()),
    };
    DialNumber {
        phone_number: Sensitive::from(phone.number),
        portal_id: Some(id(settings.portal_id)),
        owner_id: Some(id(settings.owner_id)),
        subject_id: Some(id(viewed.id)),
        object_id: Some(id(viewed.id)),
        object_type: Some(viewed_type),
        country_code: phone.parse().and_then(|number| number.region()).map(str::to_owned),
        callee_info: Some(CalleeInfo {
            callee_id: id(record.id.id),
            callee_object_type_id: ObjectTypeId::from(record.id.object_type.wire_id()),
        }),
        start_timestamp: Some(now),
        to_phone_number_src: Some(phone.property.to_owned()),
        thread_id: None,
    }
}

fn engagement_id(engagement: u32) -> EngagementId {
    EngagementId::new(engagement.to_string())
}

fn id(number: u32) -> Id {
    Id::new(number.to_string())
}
