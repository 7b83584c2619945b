//! The REST API, and how webhooks are signed.

use super::legs::To;
use super::{API_KEY, Cloud, WEBHOOK_SECRET};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cordboard_emulator::numbers;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{Method, Request, Response};
use serde_json::{Value, json};
use sha2::Sha256;
use std::time::Duration;

/// How long a browser's token is good.
const TOKEN: Duration = Duration::from_secs(3_600);
/// Numbers that are none begin so: no telephone has that area code.
const NO_NUMBER: &str = "+1500555";

impl Cloud {
    pub(super) fn answer_to(&mut self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        let bearer = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        if bearer.and_then(|value| value.strip_prefix("Bearer ")) != Some(API_KEY) {
            return refused(401, "unauthenticated");
        }
        let path = request.uri().path().strip_prefix("/v1/").unwrap_or_default();
        let body = serde_json::from_slice(request.body()).unwrap_or(Value::Null);
        match (request.method(), path.split('/').collect::<Vec<_>>().as_slice()) {
            (&Method::POST, ["legs"]) => self.add(&body),
            (&Method::GET, ["numbers"]) => {
                let numbers = numbers::OWNED.iter().map(|(number, label)| json!({ "number": number, "label": label }));
                json_of(200, &numbers.collect())
            }
            (&Method::POST, ["tokens"]) => {
                let agent = body["agent"].as_str().unwrap_or_default();
                let expires_at = (self.basis.now + TOKEN).as_millis();
                json_of(200, &json!({ "token": format!("token-of-{agent}"), "expires_at": expires_at }))
            }
            (&Method::GET, ["rooms", room, "legs"]) => {
                let is_here = |place: &Option<(String, String)>| place.as_ref().is_some_and(|(known, _)| known == room);
                let legs = self.legs.values().filter(|leg| is_here(&leg.place));
                json_of(200, &legs.map(super::Leg::to_json).collect())
            }
            (method, ["legs", id, rest @ ..]) => self.answer_of(method, id, rest, &body),
            _ => refused(404, "no_such_request"),
        }
    }

    /// What concerns one leg.
    fn answer_of(&mut self, method: &Method, id: &str, rest: &[&str], body: &Value) -> Response<Vec<u8>> {
        let Some(leg) = self.legs.get_mut(id) else { return refused(404, "no_such_leg") };
        if *method == Method::GET && rest.is_empty() {
            return json_of(200, &leg.to_json());
        }
        if !leg.is_live() {
            return refused(404, "no_such_leg");
        }
        match (method, rest) {
            (&Method::PATCH, []) => self.change(id, body),
            (&Method::DELETE, []) => self.hang_up(id),
            (&Method::POST, ["digits"]) if leg.is_up() => {
                leg.heard.push_str(body["digits"].as_str().unwrap_or_default());
            }
            (&Method::POST, ["digits"]) => return refused(409, "wrong_state"),
            _ => return refused(404, "no_such_request"),
        }
        json_of(200, &json!({}))
    }

    fn add(&mut self, new: &Value) -> Response<Vec<u8>> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let (Some(room), Some(name), Some(from)) = (text(&new["room"]), text(&new["name"]), text(&new["from"])) else {
            return refused(400, "bad_request");
        };
        let to = match (text(&new["to"]["number"]), text(&new["to"]["agent"])) {
            (Some(number), _) if number.starts_with(NO_NUMBER) => return refused(422, "invalid_number"),
            (Some(number), _) if number == numbers::NOT_ALLOWED => return refused(403, "not_allowed"),
            (Some(number), _) => To::Number(number),
            (None, Some(agent)) => To::Agent(agent),
            (None, None) => return refused(400, "bad_request"),
        };
        let place = Some((room, name));
        if self.legs.values().any(|leg| leg.place == place) {
            return refused(409, "wrong_state");
        }
        let mut leg = self.begin(&from, to, false, place);
        leg.muted = new["muted"] == true;
        leg.ends_room = new["ends_room"] == true;
        let ring = Duration::from_secs(new["ring_seconds"].as_u64().unwrap_or(30));
        let id = self.place(leg, ring);
        json_of(201, &json!({ "id": id }))
    }
}

fn json_of(status: u16, body: &Value) -> Response<Vec<u8>> {
    let response = Response::builder().status(status).header("content-type", "application/json");
    response.body(body.to_string().into_bytes()).unwrap_or_default()
}

/// An answer that is no success.
pub(super) fn refused(status: u16, code: &str) -> Response<Vec<u8>> {
    json_of(status, &json!({ "error": code }))
}

/// A webhook, as it is sent.
pub(super) fn signed(url: &str, body: &Value) -> Request<Vec<u8>> {
    let body = body.to_string().into_bytes();
    let signature = Hmac::<Sha256>::new_from_slice(WEBHOOK_SECRET.as_bytes()).map(|mut mac| {
        mac.update(&[url.as_bytes(), b"\n", &body].concat());
        STANDARD.encode(mac.finalize().into_bytes())
    });
    let request = Request::builder().method(Method::POST).uri(url).header("content-type", "application/json");
    let request = request.header("tin-can-signature", signature.unwrap_or_default());
    request.body(body).unwrap_or_default()
}
