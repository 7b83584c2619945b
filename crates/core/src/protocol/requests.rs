use super::text::{EngagementId, ExternalCallId};
use super::widget_message::WidgetMessage;
use crate::Timestamp;
use core::time::Duration;

/// How long HubSpot may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many questions may be open; the oldest gives way.
const MAX_OPEN: usize = 64;
/// How many call records are remembered, to tell the second name of an event from a new one.
const MAX_CREATED: usize = 64;

/// Something that a message asks of HubSpot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Make a call record.
    CreateEngagement,
    /// Say who calls.
    MatchCallerId,
    /// Put what the user noted into the call record.
    UpdateEngagement,
    /// Push the call record to its channel.
    FinalizeEngagement,
}

/// A question without an answer yet.
pub(super) struct Open {
    pub(super) request: Request,
    pub(super) call: ExternalCallId,
    engagement: Option<EngagementId>,
    expires: Timestamp,
}

/// The questions without an answer yet. HubSpot's answers repeat no message id, and few name the call.
pub(super) struct Requests {
    open: Vec<Open>,
    created: Vec<EngagementId>,
}

impl Requests {
    pub(super) const fn new() -> Self {
        Self { open: Vec::new(), created: Vec::new() }
    }

    /// Notes what a message asks. Returns the question that gave way, if the table was full.
    pub(super) fn open(&mut self, now: Timestamp, message: &WidgetMessage) -> Option<Open> {
        let mut evicted = None;
        if let WidgetMessage::IncomingCall(call) = message {
            evicted = self.ask(now, Request::MatchCallerId, &call.external_call_id, None);
        }
        let (request, call, engagement) = match message {
            WidgetMessage::OutgoingCallStarted(call) if call.create_engagement == Some(true) => {
                (Request::CreateEngagement, &call.external_call_id, None)
            }
            WidgetMessage::IncomingCall(call) if call.create_engagement == Some(true) => {
                (Request::CreateEngagement, &call.external_call_id, None)
            }
            WidgetMessage::CallCompleted(call) => {
                (Request::UpdateEngagement, &call.external_call_id, call.engagement_id.as_ref())
            }
            WidgetMessage::FinalizeEngagement(call) | WidgetMessage::PublishToChannel(call) => {
                (Request::FinalizeEngagement, &call.external_call_id, Some(&call.engagement_id))
            }
            _ => return evicted,
        };
        self.ask(now, request, call, engagement).or(evicted)
    }

    fn ask(
        &mut self,
        now: Timestamp,
        request: Request,
        call: &ExternalCallId,
        engagement: Option<&EngagementId>,
    ) -> Option<Open> {
        self.open.retain(|open| open.request != request || open.call != *call);
        let evicted = (self.open.len() == MAX_OPEN).then(|| self.open.remove(0));
        let expires = now + PATIENCE;
        self.open.push(Open { request, call: call.clone(), engagement: engagement.cloned(), expires });
        evicted
    }

    /// Takes the question that an answer is for: the one of the named call; else the one about that call record; else
    /// the oldest about a call record that is not known.
    pub(super) fn settle(
        &mut self,
        request: Request,
        call: Option<&ExternalCallId>,
        engagement: Option<&EngagementId>,
    ) -> Option<ExternalCallId> {
        let position = |matches: &dyn Fn(&Open) -> bool| {
            self.open.iter().position(|open| open.request == request && matches(open))
        };
        let index = match (call, engagement) {
            (Some(call), _) => position(&|open| open.call == *call),
            (None, Some(engagement)) => position(&|open| open.engagement.as_ref() == Some(engagement))
                .or_else(|| position(&|open| open.engagement.is_none())),
            (None, None) => position(&|_| true),
        }?;
        Some(self.open.remove(index).call)
    }

    /// Whether this is the first time that HubSpot names this call record.
    pub(super) fn is_new(&mut self, engagement: &EngagementId) -> bool {
        if self.created.contains(engagement) {
            return false;
        }
        if self.created.len() == MAX_CREATED {
            self.created.remove(0);
        }
        self.created.push(engagement.clone());
        true
    }

    /// Takes a question that waited too long.
    pub(super) fn expire(&mut self, now: Timestamp) -> Option<Open> {
        self.next_expiry().filter(|expires| *expires <= now).map(|_| self.open.remove(0))
    }

    /// When the next question has waited too long.
    pub(super) fn next_expiry(&self) -> Option<Timestamp> {
        self.open.first().map(|open| open.expires)
    }

    /// Takes every question: whoever was asked is gone.
    pub(super) fn abandon(&mut self) -> Vec<Open> {
        self.created.clear();
        core::mem::take(&mut self.open)
    }
}
