//! What Vonage tells: bytes in, facts out.

use crate::address::{LegId, Webhooks, from_wire, region_of};
use crate::rest::{Api, number};
use crate::signature::Verifier;
use cordboard::Timestamp;
use cordboard::telephony::{CallId, InboundCall, Webhook, WebhookError, WebhookReply, WebhookRequest};
use cordboard_bridge::{Leg, LegEnd, LegStatus, News, RecordingFile, is_id};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Who is asked about webhooks: where they are, who signs them, and what recordings are called.
pub(crate) struct Inbox {
    pub(crate) webhooks: Webhooks,
    pub(crate) verifier: Verifier,
}

/// The largest webhook is a few kilobytes.
const LONGEST: usize = 64 << 10;

/// What a webhook says: an object, of whose fields none can be relied on.
struct Event(Value);

impl Event {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// The leg that it is about. Some events call it otherwise.
    fn leg(&self) -> Result<&str, WebhookError> {
        let uuid = self.text("uuid").or_else(|| self.text("call_uuid"));
        uuid.filter(|uuid| is_id(uuid)).ok_or(WebhookError::Malformed { field: "uuid" })
    }

    fn seconds(&self) -> Option<u64> {
        number(self.0.get("duration")?)
    }

    /// How far the leg has come, if the event says so.
    fn status(&self) -> Option<LegStatus> {
        leg_status_of(self.text("status")?, self.text("detail"), self.seconds())
    }

    fn time(&self, name: &str) -> Option<Timestamp> {
        let time = OffsetDateTime::parse(self.text(name)?, &Rfc3339).ok()?;
        let millis = u64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok()?;
        Some(Timestamp::from_millis(millis))
    }

    /// When it happened, never later than now.
    fn at(&self, now: Timestamp) -> Timestamp {
        self.time("timestamp").filter(|told| *told <= now).unwrap_or(now)
    }
}

impl Inbox {
    /// Verifies a webhook, and says what it reports.
    pub(crate) fn decode(
        &self,
        api: &Api,
        now: Timestamp,
        request: &WebhookRequest<'_>,
    ) -> Result<Webhook, WebhookError> {
        let path = self.webhooks.path(request.url).ok_or(WebhookError::UnknownPath)?;
        // What is signed of a GET is not documented, so none is taken.
        if request.method != "POST" {
            return Err(WebhookError::UnknownPath);
        }
        if request.body.len() > LONGEST {
            return Err(WebhookError::Malformed { field: "body" });
        }
        self.verifier.check(now, request.header("authorization"), request.body)?;
        let body = serde_json::from_slice(request.body).map_err(|_| WebhookError::Malformed { field: "body" })?;
        let event = Event(body);
        match path.split('/').collect::<Vec<_>>()[..] {
            ["answer"] => answer(now, &event),
            ["event"] => inbound_end(now, &event),
            ["call", call, leg] => {
                let leg = Leg::parse(leg).ok_or(WebhookError::UnknownPath)?;
                status(now, call_id(call)?, leg, &event)
            }
            ["recording", call, "voicemail"] => recording(api, now, call_id(call)?, &event, None),
            ["recording", call, order] => {
                let order = order.parse().map_err(|_| WebhookError::UnknownPath)?;
                recording(api, now, call_id(call)?, &event, Some(order))
            }
            _ => Err(WebhookError::UnknownPath),
        }
    }
}

fn call_id(text: &str) -> Result<CallId, WebhookError> {
    Some(text).filter(|text| is_id(text)).map(CallId::new).ok_or(WebhookError::UnknownPath)
}

/// Somebody calls.
fn answer(now: Timestamp, event: &Event) -> Result<Webhook, WebhookError> {
    let uuid = event.leg()?;
    let to = event.text("to").and_then(from_wire).ok_or(WebhookError::Malformed { field: "to" })?;
    let from = event.text("from").and_then(from_wire);
    let call = InboundCall { id: CallId::new(uuid), from, to, at: now };
    // The call can be changed in its own region only.
    let region = event.text("region_url").and_then(region_of);
    let entry = News::arrived(&call, LegId { uuid, region }.to_string());
    Ok(Webhook::Inbound { call, entry })
}

/// The end of a call that came in, which is named after its leg. How it began, the answer webhook tells; what is told before
/// that would be news of a call that nobody knows.
fn inbound_end(now: Timestamp, event: &Event) -> Result<Webhook, WebhookError> {
    match event.status() {
        Some(LegStatus::Ended { .. }) if event.text("direction") == Some("inbound") => {
            status(now, CallId::new(event.leg()?), Leg::Customer, event)
        }
        _ => Ok(nothing()),
    }
}

fn status(now: Timestamp, call: CallId, leg: Leg, event: &Event) -> Result<Webhook, WebhookError> {
    // Transfers, errors, keys: nothing that a leg's progress needs, and nothing that must fail.
    let (Some(word), Some(status)) = (event.text("status"), event.status()) else { return Ok(nothing()) };
    let uuid = event.leg()?;
    // Vonage does not number its events; a leg has each status once.
    let key = format!("call/{uuid}/{word}");
    let news = News::Leg { leg, id: uuid.to_owned(), status };
    Ok(report(news, call, key, event.at(now)))
}

/// What Vonage's words for a leg's state mean. `None` if they say nothing of its progress.
pub(crate) fn leg_status_of(word: &str, detail: Option<&str>, seconds: Option<u64>) -> Option<LegStatus> {
    let end = match (word, detail) {
        ("started", _) => return Some(LegStatus::Dialing),
        ("ringing", _) => return Some(LegStatus::Ringing),
        ("answered", _) => return Some(LegStatus::Up),
        ("completed", _) => LegEnd::HungUp,
        ("busy", _) => LegEnd::Busy,
        ("cancelled", _) => LegEnd::Canceled,
        ("timeout" | "unanswered", _) => LegEnd::NoAnswer,
        ("rejected", Some("invalid_number")) | ("failed", Some("number_out_of_service")) => LegEnd::Invalid,
        ("rejected", Some("restricted")) | ("failed", Some("cannot_route")) => LegEnd::Unreachable,
        ("rejected", _) => LegEnd::Rejected,
        ("failed", _) => LegEnd::Failed,
        _ => return None,
    };
    Some(LegStatus::Ended { end, seconds })
}

/// Of a call, that an order began; or a message for whoever did not answer.
fn recording(
    api: &Api,
    now: Timestamp,
    call: CallId,
    event: &Event,
    order: Option<u32>,
) -> Result<Webhook, WebhookError> {
    let Some(url) = event.text("recording_url") else { return Ok(nothing()) };
    let id = api.recording_id(url).ok_or(WebhookError::Malformed { field: "recording_url" })?;
    let length = event.time("start_time").zip(event.time("end_time")).map(|(start, end)| end.since(start));
    let key = format!("recording/{id}");
    let seconds = length.map(|length| length.as_secs());
    let file = RecordingFile { id, ready: true, seconds, voicemail: order.is_none(), order };
    Ok(report(News::Recorded(file), call, key, event.at(now)))
}

fn report(news: News, call: CallId, key: String, at: Timestamp) -> Webhook {
    Webhook::Report { entries: vec![news.entry(call, key, at)], reply: WebhookReply::empty() }
}

/// What is of no interest.
fn nothing() -> Webhook {
    Webhook::Report { entries: Vec::new(), reply: WebhookReply::empty() }
}
