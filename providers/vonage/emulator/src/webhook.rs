//! Webhooks: JSON, signed.

use crate::cloud::{Cloud, Timer};
use crate::config::CloudConfig;
use crate::leg::{Call, Endpoint, wire};
use cordboard::Timestamp;
use cordboard_emulator::Urgency;
use core::time::Duration;
use http::Request;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// An NCCO has to come within that time; then it is asked for once more.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often an NCCO is asked for.
const TRIES: u8 = 2;

/// A request to the application's server, before it is signed.
#[derive(Clone)]
pub struct Webhook {
    pub(crate) purpose: Purpose,
    url: String,
    body: Value,
    jti: String,
}

/// What a webhook is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To tell of something.
    Report,
    /// To learn what a call does.
    Document { call: String },
}

impl Webhook {
    pub(crate) fn request(&self, config: &CloudConfig, at: Timestamp) -> Request<Vec<u8>> {
        let body = self.body.to_string().into_bytes();
        let request = Request::builder()
            .method("POST")
            .uri(&self.url)
            .header("content-type", "application/json")
            .header("authorization", authorization(config, at, &self.jti, &body));
        request.body(body).unwrap_or_default()
    }
}

/// The header of a signed webhook.
#[must_use]
pub fn authorization(config: &CloudConfig, at: Timestamp, jti: &str, body: &[u8]) -> String {
    let hash: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
    let claims = json!({
        "iat": at.as_millis() / 1000,
        "jti": jti,
        "iss": "Vonage",
        "payload_hash": hash,
        "api_key": config.api_key,
        "application_id": config.application_id,
    });
    let key = EncodingKey::from_secret(config.signature_secret.as_bytes());
    let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key);
    format!("Bearer {}", token.expect("a secret signs"))
}

/// `2026-11-22T16:38:25.123Z`
pub(crate) fn iso_8601(at: Timestamp) -> String {
    let nanos = i128::from(at.as_millis()) * 1_000_000;
    let time = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok();
    time.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_default()
}

impl Cloud {
    /// Tells the application's server of something.
    pub(crate) fn tell(&mut self, url: String, body: Value) {
        let webhook = Webhook { purpose: Purpose::Report, url, body, jti: self.basis.random.uuid("") };
        self.basis.outbox.push(self.basis.now, &mut self.basis.random, &webhook, Urgency::Report, 1);
    }

    /// Tells how far a leg has come.
    pub(crate) fn tell_status(&mut self, uuid: &str, detail: Option<&str>) {
        let Some(call) = self.calls.get(uuid) else { return };
        let (mut body, url) = (self.about(call), call.event_url.clone());
        body["status"] = call.status.into();
        body["direction"] = call.direction().into();
        if let Some(detail) = detail {
            body["detail"] = detail.into();
        }
        match call.status {
            "answered" => {
                // It is often empty there.
                body["start_time"] = Value::Null;
                body["rate"] = "0.00".into();
                body["network"] = Value::Null;
            }
            "completed" => {
                body["duration"] = call.duration().to_string().into();
                body["start_time"] = call.answered.map(iso_8601).into();
                body["end_time"] = call.ended.map(iso_8601).into();
                body["rate"] = "0.00".into();
                body["price"] = "0.00".into();
                body["network"] = "".into();
            }
            _ => {}
        }
        self.tell(url, body);
    }

    pub(crate) fn tell_transfer(&mut self, uuid: &str, from: &str, to: &str) {
        let Some(call) = self.calls.get(uuid) else { return };
        let body = json!({
            "conversation_uuid_from": from,
            "conversation_uuid_to": to,
            "uuid": uuid,
            "timestamp": iso_8601(self.basis.now),
        });
        let url = call.event_url.clone();
        self.tell(url, body);
    }

    /// Asks what becomes of an inbound call.
    pub(crate) fn ask(&mut self, uuid: &str) {
        let Some(call) = self.calls.get(uuid) else { return };
        let mut body = self.about(call);
        body["endpoint_type"] = "phone".into();
        body["region_url"] = self.config.region_url.clone().into();
        let purpose = Purpose::Document { call: uuid.to_owned() };
        let webhook = Webhook { purpose, url: self.config.answer_url.clone(), body, jti: self.basis.random.uuid("") };
        let (id, at) =
            self.basis.outbox.push(self.basis.now, &mut self.basis.random, &webhook, Urgency::Document, TRIES);
        self.basis.timers.plan(at + PATIENCE * u32::from(TRIES), Timer::DocumentLate(id));
    }

    /// What every webhook about a leg has.
    fn about(&self, call: &Call) -> Value {
        let mut body = json!({
            "from": wire(&call.from),
            "to": wire(call.to.text()),
            "uuid": call.uuid,
            "conversation_uuid": call.conversation,
            "timestamp": iso_8601(self.basis.now),
        });
        if let Endpoint::App(_) = call.to {
            body["to_user"] = call.to.text().into();
        }
        body
    }
}
