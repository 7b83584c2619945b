//! What the service tells: bytes in, facts out. All comes to `POST {public_url}/webhooks/tin-can/events`.
//!
//! | JSON | when |
//! |---|---|
//! | `{"event": "leg", "at": 1700000000000, "leg": {…}}` | a leg has come further: `leg` is what the REST API answers |
//! | `{"event": "call", "at": …, "leg": "…", "from": "+1…", "to": "+1…"}` | somebody calls; the answer says where the leg goes |

use crate::config::{INFO, TinCanConfig};
use crate::rest::{LegState, number};
use crate::signature;
use cordboard::Timestamp;
use cordboard::telephony::{CallId, InboundCall, Webhook, WebhookError, WebhookReply, WebhookRequest};
use cordboard_bridge::{Leg, LegStatus, News, is_id};
use serde::Deserialize;

/// The largest webhook is less than a kilobyte.
const LONGEST: usize = 16 << 10;

#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event {
    Leg {
        at: u64,
        leg: LegState,
    },
    Call {
        at: u64,
        leg: String,
        from: Option<String>,
        to: String,
    },
    /// Newer services may say more.
    #[serde(other)]
    Other,
}

// ANCHOR: decode
/// Verifies a webhook, and says what it reports.
pub(crate) fn decode(
    config: &TinCanConfig,
    now: Timestamp,
    request: &WebhookRequest<'_>,
) -> Result<Webhook, WebhookError> {
    let path = request.url.strip_prefix(&config.public_url).and_then(|path| path.strip_prefix("/webhooks/"));
    if request.method != "POST" || path.and_then(|path| path.strip_prefix(INFO.id)) != Some("/events") {
        return Err(WebhookError::UnknownPath);
    }
    signature::check(&config.webhook_secret, request)?;
    let malformed = |field| WebhookError::Malformed { field };
    let body = Some(request.body).filter(|body| body.len() <= LONGEST).ok_or(malformed("body"))?;
    // What is said to have happened later than now is taken as now.
    let time = |millis| Timestamp::from_millis(millis).min(now);
    match serde_json::from_slice(body).map_err(|_| malformed("body"))? {
        Event::Leg { at, leg } => progress(time(at), leg),
        Event::Call { at, leg, from, to } => {
            let id = Some(leg).filter(|leg| is_id(leg)).ok_or(malformed("leg"))?;
            let to = number(&to).ok_or(malformed("to"))?;
            // A call that came in is named after its leg.
            let call = InboundCall { id: CallId::new(&*id), from: from.as_deref().and_then(number), to, at: time(at) };
            let entry = News::arrived(&call, id);
            Ok(Webhook::Inbound { call, entry })
        }
        Event::Other => Ok(nothing()),
    }
}
// ANCHOR_END: decode

fn progress(at: Timestamp, state: LegState) -> Result<Webhook, WebhookError> {
    let Some(status) = state.progress() else { return Ok(nothing()) };
    let LegState { id, room, name, status: word, .. } = state;
    if !is_id(&id) {
        return Err(WebhookError::Malformed { field: "leg" });
    }
    let (call, leg) = match (room, name.as_deref().and_then(Leg::parse), status) {
        (Some(room), Some(leg), _) if is_id(&room) => (CallId::new(room), leg),
        // One that came in, and is in no room, or not any more: how it began, the other webhook tells.
        (None, _, LegStatus::Ended { .. }) => (CallId::new(&*id), Leg::Customer),
        _ => return Ok(nothing()),
    };
    // A leg has each status once.
    let key = format!("leg/{id}/{word}");
    let entries = vec![News::Leg { leg, id, status }.entry(call, key, at)];
    Ok(Webhook::Report { entries, reply: WebhookReply::empty() })
}

const fn nothing() -> Webhook {
    Webhook::Report { entries: Vec::new(), reply: WebhookReply::empty() }
}
