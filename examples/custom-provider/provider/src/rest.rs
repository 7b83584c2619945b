//! The service's REST API, without I/O: requests are made here, and answers are read.
//!
//! | request | what it does |
//! |---|---|
//! | `POST /v1/legs` | calls a number or an agent into a room, under a name that no other leg has there |
//! | `PATCH /v1/legs/{id}` | changes a leg: `held`, `muted`, `ends_room`, the `room` and `name`, or what the far end is told `then`, in no room any more |
//! | `POST /v1/legs/{id}/digits` | lets the far end hear keys |
//! | `DELETE /v1/legs/{id}` | ends a leg |
//! | `GET /v1/legs/{id}`, `GET /v1/rooms/{room}/legs` | how things stand |
//! | `GET /v1/numbers` | the account's numbers |
//! | `POST /v1/tokens` | what an agent's browser signs in with, for its sound |
//!
//! A room is there as long as somebody is in it, and bears the call's id. It ends when a leg leaves that `ends_room`.

use crate::config::TinCanConfig;
use cordboard::telephony::{CallId, Digits, PhoneNumber};
use cordboard_bridge::{ApiError, Call, Effect, Goes, Leg, LegEnd, LegStatus, NewLeg, Party, identity, is_id};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::{Value, json};

/// Makes requests.
pub(crate) struct Api(TinCanConfig);

/// A leg that was made.
#[derive(Deserialize)]
pub(crate) struct Created {
    pub(crate) id: String,
}

/// A leg, as answers and webhooks tell of it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct LegState {
    pub(crate) id: String,
    pub(crate) room: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) status: String,
    pub(crate) reason: Option<String>,
    pub(crate) seconds: Option<u64>,
    #[serde(default)]
    pub(crate) held: bool,
    #[serde(default)]
    pub(crate) muted: bool,
}

/// A number of the account.
#[derive(Deserialize)]
pub(crate) struct Number {
    pub(crate) number: String,
    pub(crate) label: String,
}

/// What a browser signs in with.
#[derive(Deserialize)]
pub(crate) struct Token {
    pub(crate) token: String,
    /// Milliseconds since 1970.
    pub(crate) expires_at: u64,
}

/// Why legs end.
const REASONS: [(&str, LegEnd); 7] = [
    ("hung_up", LegEnd::HungUp),
    ("busy", LegEnd::Busy),
    ("no_answer", LegEnd::NoAnswer),
    ("rejected", LegEnd::Rejected),
    ("canceled", LegEnd::Canceled),
    ("invalid", LegEnd::Invalid),
    ("unreachable", LegEnd::Unreachable),
];

impl LegState {
    /// How far the leg has come. `None` if that word is not known.
    pub(crate) fn progress(&self) -> Option<LegStatus> {
        Some(match self.status.as_str() {
            "dialing" => LegStatus::Dialing,
            "ringing" => LegStatus::Ringing,
            "up" => LegStatus::Up,
            "ended" => {
                let known = REASONS.iter().find(|(reason, _)| self.reason.as_deref() == Some(reason));
                LegStatus::Ended { end: known.map_or(LegEnd::Failed, |(_, end)| *end), seconds: self.seconds }
            }
            _ => return None,
        })
    }

    pub(crate) fn is_live(&self) -> bool {
        self.status != "ended"
    }
}

impl Api {
    pub(crate) const fn new(config: TinCanConfig) -> Self {
        Self(config)
    }

    pub(crate) fn add(&self, call: &CallId, new: &NewLeg<'_>) -> Result<Call, ApiError> {
        let to = match new.to {
            Party::Agent(agent) => json!({ "agent": identity(agent) }),
            Party::Number(number) => json!({ "number": number.as_e164() }),
        };
        let leg = json!({
            "room": call.as_str(),
            "name": new.leg.to_string(),
            "to": to,
            "from": new.from.as_e164(),
            "muted": new.muted,
            "ends_room": new.ends_room,
            "ring_seconds": new.ring_seconds,
        });
        self.call(Method::POST, "legs", Some(&leg), Effect::Creates)
    }

    /// Changes these fields of a leg. Done twice, it is the same as once.
    pub(crate) fn change(&self, leg: &str, fields: &Value) -> Result<Call, ApiError> {
        self.call(Method::PATCH, &format!("legs/{}", known(leg)?), Some(fields), Effect::Repeatable)
    }

    pub(crate) fn digits(&self, leg: &str, digits: &Digits) -> Result<Call, ApiError> {
        let keys = json!({ "digits": digits.as_str() });
        self.call(Method::POST, &format!("legs/{}/digits", known(leg)?), Some(&keys), Effect::Creates)
    }

    pub(crate) fn end(&self, leg: &str) -> Result<Call, ApiError> {
        self.call(Method::DELETE, &format!("legs/{}", known(leg)?), None, Effect::Repeatable)
    }

    pub(crate) fn leg(&self, leg: &str) -> Result<Call, ApiError> {
        self.call(Method::GET, &format!("legs/{}", known(leg)?), None, Effect::Repeatable)
    }

    /// The legs of a call, also those that are over.
    pub(crate) fn legs(&self, call: &CallId) -> Result<Call, ApiError> {
        self.call(Method::GET, &format!("rooms/{}/legs", known(call.as_str())?), None, Effect::Repeatable)
    }

    pub(crate) fn numbers(&self) -> Result<Call, ApiError> {
        self.call(Method::GET, "numbers", None, Effect::Repeatable)
    }

    pub(crate) fn token(&self, agent: &str) -> Result<Call, ApiError> {
        self.call(Method::POST, "tokens", Some(&json!({ "agent": agent })), Effect::Repeatable)
    }

    fn call(&self, method: Method, path: &str, body: Option<&Value>, effect: Effect) -> Result<Call, ApiError> {
        // Neither can be wrong in a configuration that was checked.
        let wrong = |_: http::Error| ApiError::Unsupported;
        let key = format!("Bearer {}", self.0.api_key.expose_secret());
        let mut key = HeaderValue::try_from(key).map_err(|error| wrong(error.into()))?;
        key.set_sensitive(true);
        let request = Request::builder()
            .method(method)
            .uri(format!("{}/v1/{path}", self.0.api_url))
            .header(AUTHORIZATION, key)
            .header(CONTENT_TYPE, "application/json");
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        Ok(Call { request: request.body(body).map_err(wrong)?, effect, lane: 0 })
    }
}

/// An id that is no more than a part of a path.
fn known(id: &str) -> Result<&str, ApiError> {
    if is_id(id) { Ok(id) } else { Err(ApiError::not_found()) }
}

/// Where a leg waits or talks.
pub(crate) fn place(call: &CallId, leg: Leg) -> Value {
    json!({ "room": call.as_str(), "name": leg.to_string(), "held": false, "ends_room": true })
}

/// What becomes of a caller whom nobody answers.
pub(crate) fn otherwise(goes: &Goes) -> Value {
    match goes {
        Goes::Voicemail { greeting } => json!({ "then": { "say": greeting, "listen": true } }),
        Goes::Number { number } => json!({ "then": { "dial": number.as_e164() } }),
        Goes::Goodbye { words } => json!({ "then": { "say": words } }),
    }
}

/// A number, as the service writes it.
pub(crate) fn number(text: &str) -> Option<PhoneNumber> {
    PhoneNumber::from_e164(text).ok()
}
