//! What Twilio tells: bytes in, facts out.

use crate::address::PATH;
use crate::documents;
use crate::signature::{self, Signed, SigningKey};
use cordboard::Timestamp;
use cordboard::telephony::{CallId, InboundCall, PhoneNumber, Webhook, WebhookError, WebhookReply, WebhookRequest};
use cordboard_bridge::{Leg, LegEnd, LegStatus, News, RecordingFile, is_id};
use std::time::{Duration, UNIX_EPOCH};

/// The largest webhook is a few kilobytes.
const MAX_BODY: usize = 64 << 10;
const MAX_FIELDS: usize = 200;
/// A callback that comes sooner than this is dated when it came: Twilio's own time is in whole seconds.
const PROMPT: Duration = Duration::from_secs(3);
/// None comes later than this: all of Twilio's tries take 15 seconds. What seems to is dated when it came, as it is this machine's clock
/// that is fast.
const LATEST: Duration = Duration::from_secs(20);

/// The fields of a webhook.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn get(&self, name: &str) -> Option<&str> {
        let field = self.0.iter().find(|(known, _)| known == name);
        field.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// An id that can stand in a path.
    fn id(&self, name: &'static str) -> Result<&str, WebhookError> {
        self.get(name).filter(|id| is_id(id)).ok_or(WebhookError::Malformed { field: name })
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.get(name).and_then(|number| number.parse().ok())
    }

    /// When it happened, never later than now.
    fn at(&self, now: Timestamp) -> Timestamp {
        let told = self.get("Timestamp").and_then(rfc_2822).filter(|told| *told <= now);
        told.filter(|told| (PROMPT..LATEST).contains(&now.since(*told))).unwrap_or(now)
    }
}

/// Reads the only form of RFC 2822 that Twilio writes: `Sun, 22 Nov 2026 16:38:25 +0000`.
fn rfc_2822(text: &str) -> Option<Timestamp> {
    let utc = text.strip_suffix("+0000")?;
    let time = httpdate::parse_http_date(&format!("{utc}GMT")).ok()?;
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp::default() + since)
}

/// Verifies a webhook, and says what it reports.
pub(crate) fn decode(key: &SigningKey, now: Timestamp, request: &WebhookRequest<'_>) -> Result<Webhook, WebhookError> {
    let without_fragment = request.url.split('#').next().unwrap_or_default();
    let (address, query) = without_fragment.split_once('?').unwrap_or((without_fragment, ""));
    let (_, path) = address.rsplit_once(PATH).ok_or(WebhookError::UnknownPath)?;
    if request.body.len() > MAX_BODY {
        return Err(WebhookError::Malformed { field: "body" });
    }
    let is_form = request.header("content-type").is_some_and(|kind| {
        kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
    });
    let form = if is_form { read_form(request.body)? } else { Vec::new() };
    let signed = Signed {
        url: request.url,
        form: &form,
        other_body: (!is_form && !request.body.is_empty()).then_some(request.body),
        signature: request.header(signature::HEADER).ok_or(WebhookError::BadSignature)?,
    };
    if !key.verifies(&signed) {
        return Err(WebhookError::BadSignature);
    }
    let fields = Fields(if request.method.eq_ignore_ascii_case("get") { read_form(query.as_bytes())? } else { form });
    let segments: Vec<&str> = path.split('/').collect();
    match segments.as_slice() {
        ["inbound"] => inbound(now, &fields),
        ["status"] => status(now, &fields),
        ["call", call, leg] => leg_status(now, &call_id(call)?, leg, &fields),
        ["conference", call] => conference(now, call_id(call)?, &fields),
        ["recording", call] => recording(now, call_id(call)?, &fields, false),
        ["recording", call, "voicemail"] => recording(now, call_id(call)?, &fields, true),
        ["dial-action", call] => dial_action(now, call_id(call)?, &fields),
        ["goodbye"] => Ok(Webhook::Report { entries: Vec::new(), reply: documents::hang_up().reply() }),
        _ => Err(WebhookError::UnknownPath),
    }
}

fn read_form(body: &[u8]) -> Result<Vec<(String, String)>, WebhookError> {
    let fields: Vec<_> = form_urlencoded::parse(body).into_owned().take(MAX_FIELDS + 1).collect();
    if fields.len() > MAX_FIELDS { Err(WebhookError::Malformed { field: "body" }) } else { Ok(fields) }
}

fn call_id(segment: &str) -> Result<CallId, WebhookError> {
    if is_id(segment) { Ok(CallId::new(segment)) } else { Err(WebhookError::UnknownPath) }
}

fn report(call: CallId, key: String, at: Timestamp, news: News) -> Result<Webhook, WebhookError> {
    Ok(Webhook::Report { entries: vec![news.entry(call, key, at)], reply: WebhookReply::empty() })
}

fn inbound(now: Timestamp, fields: &Fields) -> Result<Webhook, WebhookError> {
    let id = CallId::new(fields.id("CallSid")?);
    let to = fields.get("To").and_then(|number| PhoneNumber::from_e164(number).ok());
    let call = InboundCall {
        id,
        // A caller may withhold their number, or have none, such as another browser.
        from: fields.get("From").and_then(|number| PhoneNumber::from_e164(number).ok()),
        to: to.ok_or(WebhookError::Malformed { field: "To" })?,
        at: now,
    };
    // An inbound call has the name that Twilio gave to the caller's leg.
    let entry = News::arrived(&call, call.id.as_str().to_owned());
    Ok(Webhook::Inbound { call, entry })
}

/// The end of an inbound call, as the number's own status callback tells it.
fn status(now: Timestamp, fields: &Fields) -> Result<Webhook, WebhookError> {
    let call = CallId::new(fields.id("CallSid")?);
    leg_status(now, &call, "customer", fields)
}

fn leg_status(now: Timestamp, call: &CallId, leg: &str, fields: &Fields) -> Result<Webhook, WebhookError> {
    let leg = Leg::parse(leg).ok_or(WebhookError::UnknownPath)?;
    let id = fields.id("CallSid")?;
    let word = fields.get("CallStatus").ok_or(WebhookError::Malformed { field: "CallStatus" })?;
    let seconds = fields.number("CallDuration");
    let status = leg_status_of(word, fields.number("SipResponseCode"), seconds);
    let status = status.ok_or(WebhookError::Malformed { field: "CallStatus" })?;
    // The token of a retry does not tell facts apart: it is missing from what was not retried.
    let key = match fields.number("SequenceNumber") {
        Some(number) => format!("call/{id}/{number}"),
        None => format!("call/{id}/{word}"),
    };
    report(call.clone(), key, fields.at(now), News::Leg { leg, id: id.to_owned(), status })
}

/// What Twilio's words for a call's state mean. `None` if it is none of them.
pub(crate) fn leg_status_of(word: &str, sip: Option<u64>, seconds: Option<u64>) -> Option<LegStatus> {
    let end = |end| LegStatus::Ended { end, seconds };
    Some(match word {
        "queued" | "initiated" => LegStatus::Dialing,
        "ringing" => LegStatus::Ringing,
        "in-progress" => LegStatus::Up,
        "completed" => end(LegEnd::HungUp),
        // RFC 3261: 603 is "decline". Twilio has no word for it.
        "busy" if sip == Some(603) => end(LegEnd::Rejected),
        "busy" => end(LegEnd::Busy),
        "no-answer" if sip == Some(603) => end(LegEnd::Rejected),
        "no-answer" => end(LegEnd::NoAnswer),
        "canceled" => end(LegEnd::Canceled),
        "failed" => end(match sip {
            // RFC 3261: not found, gone, address incomplete, does not exist anywhere.
            Some(404 | 410 | 484 | 604) => LegEnd::Invalid,
            Some(603 | 607) => LegEnd::Rejected,
            _ => LegEnd::Unreachable,
        }),
        _ => return None,
    })
}

fn conference(now: Timestamp, call: CallId, fields: &Fields) -> Result<Webhook, WebhookError> {
    let room = fields.id("ConferenceSid")?.to_owned();
    let event = fields.get("StatusCallbackEvent").ok_or(WebhookError::Malformed { field: "StatusCallbackEvent" })?;
    let member = || fields.id("CallSid").map(str::to_owned);
    let key = match fields.number("SequenceNumber") {
        Some(number) => format!("conference/{room}/{number}"),
        None => format!("conference/{room}/{event}/{}", fields.get("CallSid").unwrap_or_default()),
    };
    let news = match event {
        "conference-start" => News::Room { id: room, closed: false },
        "conference-end" => News::Room { id: room, closed: true },
        "participant-join" => {
            News::Joined { leg: fields.get("ParticipantLabel").and_then(Leg::parse), id: member()?, room }
        }
        "participant-leave" => News::Left { id: member()?, room },
        _ => return Ok(Webhook::Report { entries: Vec::new(), reply: WebhookReply::empty() }),
    };
    report(call, key, fields.at(now), news)
}

fn recording(now: Timestamp, call: CallId, fields: &Fields, voicemail: bool) -> Result<Webhook, WebhookError> {
    let id = fields.id("RecordingSid")?.to_owned();
    let status = fields.get("RecordingStatus").ok_or(WebhookError::Malformed { field: "RecordingStatus" })?;
    let key = format!("recording/{id}/{status}");
    let news = match status {
        "completed" | "absent" | "failed" => {
            let (ready, seconds) = (status == "completed", fields.number("RecordingDuration"));
            News::Recorded(RecordingFile { id, ready, seconds, voicemail, order: None })
        }
        _ => return Ok(Webhook::Report { entries: Vec::new(), reply: WebhookReply::empty() }),
    };
    report(call, key, fields.at(now), news)
}

/// The caller's conference is over, or the caller is gone.
fn dial_action(now: Timestamp, call: CallId, fields: &Fields) -> Result<Webhook, WebhookError> {
    let id = fields.id("CallSid")?.to_owned();
    let key = format!("dial-action/{id}");
    let status = LegStatus::Ended { end: LegEnd::HungUp, seconds: None };
    let entries = vec![News::Leg { leg: Leg::Customer, id, status }.entry(call, key, fields.at(now))];
    Ok(Webhook::Report { entries, reply: documents::hang_up().reply() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_twilios_time() {
        let time = rfc_2822("Sun, 22 Nov 2026 16:38:25 +0000").unwrap();
        assert_eq!(time, Timestamp::from_millis(1_795_365_505_000));
        for text in ["", "Sun, 22 Nov 2026 16:38:25 +0100", "2026-11-22T16:38:25Z", "Sun, 99 Nov 2026 16:38:25 +0000"] {
            assert_eq!(rfc_2822(text), None, "{text}");
        }
    }

    #[test]
    fn states_that_are_not_known_are_not_guessed() {
        assert_eq!(leg_status_of("on-fire", None, None), None);
        let ended = |word, sip| leg_status_of(word, sip, None);
        let end = |end| Some(LegStatus::Ended { end, seconds: None });
        assert_eq!(ended("busy", Some(486)), end(LegEnd::Busy));
        assert_eq!(ended("busy", Some(603)), end(LegEnd::Rejected));
        assert_eq!(ended("failed", Some(404)), end(LegEnd::Invalid));
        assert_eq!(ended("failed", Some(503)), end(LegEnd::Unreachable));
        assert_eq!(ended("failed", None), end(LegEnd::Unreachable));
        assert_eq!(ended("canceled", None), end(LegEnd::Canceled));
    }
}
