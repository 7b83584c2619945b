//! The mock network's webhooks: what a provider's look like, made small. They let a demo ring and a test report.
//!
//! Both are `POST` with JSON, and bear `x-mock-signature`: HMAC-SHA256 over the public address, a line feed and the body, in
//! hexadecimal.
//!
//! | path | JSON | meaning |
//! |---|---|---|
//! | `call` | `{"id": "in1", "from": "+16175550142", "to": "+16175550190", "at": 0}` | somebody calls; without `from`, withheld |
//! | `note` | `{"call": "in1", "key": "k1", "at": 0, "last": true}` | a fact that changes nothing |

use cordboard::Timestamp;
use cordboard::telephony::{
    CallId, Entry, InboundCall, PhoneNumber, Webhook, WebhookError, WebhookReply, WebhookRequest,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use sha2::Sha256;

pub(super) const SIGNATURE: &str = "x-mock-signature";

#[derive(Deserialize)]
struct Call {
    id: String,
    from: Option<String>,
    to: String,
    at: u64,
}

#[derive(Deserialize)]
struct Note {
    call: String,
    key: String,
    at: u64,
    #[serde(default)]
    last: bool,
}

fn mac(secret: &str, url: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(url.as_bytes());
    mac.update(b"\n");
    mac.update(body);
    Some(mac)
}

/// What a webhook bears in `x-mock-signature`.
pub(super) fn sign(secret: &str, url: &str, body: &[u8]) -> String {
    mac(secret, url, body).map(|mac| crate::random::hex(&mac.finalize().into_bytes())).unwrap_or_default()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    Some(digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}

pub(super) fn decode(
    secret: Option<&str>,
    now: Timestamp,
    request: &WebhookRequest<'_>,
) -> Result<Webhook, WebhookError> {
    let path = request.url.split('?').next().unwrap_or_default();
    let name = path.rsplit_once("/webhooks/mock/").map(|(_, name)| name);
    let (Some(secret), Some(name @ ("call" | "note"))) = (secret, name) else { return Err(WebhookError::UnknownPath) };
    let given = request.header(SIGNATURE).and_then(from_hex).ok_or(WebhookError::BadSignature)?;
    let mac = mac(secret, request.url, request.body).ok_or(WebhookError::BadSignature)?;
    mac.verify_slice(&given).map_err(|_| WebhookError::BadSignature)?;
    let malformed = |field| WebhookError::Malformed { field };
    // What is said to have happened later than now is taken as now.
    let at = |millis| Timestamp::from_millis(millis).min(now);
    if name == "note" {
        let note: Note = serde_json::from_slice(request.body).map_err(|_| malformed("body"))?;
        let entry = Entry {
            key: format!("mock/note/{}/{}", note.call, note.key),
            call: CallId::new(note.call),
            at: at(note.at),
            is_last: note.last,
            body: "{}".to_owned(),
        };
        return Ok(Webhook::Report { entries: vec![entry], reply: WebhookReply::empty() });
    }
    let call: Call = serde_json::from_slice(request.body).map_err(|_| malformed("body"))?;
    let number = |text: &str, field| PhoneNumber::from_e164(text).map_err(|_| malformed(field));
    let inbound = InboundCall {
        id: CallId::new(call.id),
        from: call.from.as_deref().map(|from| number(from, "from")).transpose()?,
        to: number(&call.to, "to")?,
        at: at(call.at),
    };
    let entry = Entry {
        call: inbound.id.clone(),
        key: format!("mock/call/{}", inbound.id),
        at: inbound.at,
        // The network itself remembers what becomes of it.
        is_last: true,
        body: "{}".to_owned(),
    };
    Ok(Webhook::Inbound { call: inbound, entry })
}
