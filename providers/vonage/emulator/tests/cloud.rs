//! The cloud: what it refuses, what its conversations do, what it tells.

#![expect(clippy::unwrap_used, reason = "the helpers are part of the tests")]

use cordboard::Timestamp;
use cordboard_vonage_emulator::{
    ClientScript, Cloud, CloudConfig, Disturbance, Emulated as _, Hands as _, Hears, Unanswered, authorization, numbers,
};
use core::time::Duration;
use http::{Request, Response};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const ANSWER: &str = "https://calls.example.com/answer";
const EVENT: &str = "https://calls.example.com/event";
const SALES: &str = "16175550190";

/// The cloud, a server of webhooks that answers as it is told, and the time.
struct World {
    cloud: Cloud,
    now: Timestamp,
    token: String,
    /// The answer to the answer webhook; `None` if nobody answers.
    ncco: Option<Value>,
    /// What came in, in order: address and body.
    webhooks: Vec<(String, Value)>,
}

impl World {
    fn new() -> Self {
        Self::with(CloudConfig::for_tests(ANSWER, EVENT))
    }

    fn with(config: CloudConfig) -> Self {
        let now = Timestamp::from_millis(1_795_365_505_000);
        let token = token(&config, json!({}));
        Self { cloud: Cloud::new(config), now, token, ncco: None, webhooks: Vec::new() }
    }

    fn ask(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let token = self.token.clone();
        self.ask_as(&token, method, path, body)
    }

    fn ask_as(&mut self, token: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let request = Request::builder().method(method).uri(path).header("authorization", token);
        let request = request.body(body.to_string().into_bytes()).unwrap();
        let answer = self.cloud.handle_request(self.now, &request).unwrap();
        (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap_or_default())
    }

    fn call(&mut self, to: Value, ncco: Value) -> (u16, Value) {
        let body = json!({
            "to": [to], "from": { "type": "phone", "number": SALES }, "ncco": ncco,
            "event_url": ["https://calls.example.com/leg"], "event_method": "POST",
        });
        self.ask("POST", "/v1/calls", &body)
    }

    fn phone(&mut self, number: &str, ncco: Value) -> String {
        let (status, body) = self.call(json!({ "type": "phone", "number": number.trim_start_matches('+') }), ncco);
        assert_eq!((status, &body["status"]), (201, &json!("started")), "{body}");
        body["uuid"].as_str().unwrap().to_owned()
    }

    /// Lets time pass, and takes webhooks.
    fn wait(&mut self, millis: u64) {
        let end = self.now + Duration::from_millis(millis);
        loop {
            while let Some(callback) = self.cloud.poll_callback() {
                let url = callback.request.uri().to_string();
                self.webhooks.push((url, serde_json::from_slice(callback.request.body()).unwrap()));
                let answer = match (&self.ncco, callback.awaits_document) {
                    (Some(ncco), true) => {
                        let response = Response::builder().header("content-type", "application/json");
                        Ok(response.body(ncco.to_string().into_bytes()).unwrap())
                    }
                    (None, true) => Err(Unanswered::Read),
                    (_, false) => Ok(Response::new(Vec::new())),
                };
                self.cloud.handle_callback_response(self.now, callback.id, answer);
            }
            let due = self.cloud.poll_timeout().filter(|due| *due <= end);
            self.now = due.unwrap_or(end).max(self.now);
            self.cloud.handle_timeout(self.now);
            if due.is_none() {
                return;
            }
        }
    }

    fn told(&self, uuid: &str) -> Vec<String> {
        let about = self.webhooks.iter().filter(|(_, body)| body["uuid"] == uuid);
        about.filter_map(|(_, body)| body["status"].as_str().map(str::to_owned)).collect()
    }

    fn status(&self, uuid: &str) -> &'static str {
        self.cloud.leg(uuid).unwrap().status
    }
}

/// A token of the application, whose claims were changed so.
fn token(config: &CloudConfig, changes: Value) -> String {
    let mut claims = json!({
        "application_id": config.application_id, "iat": 1_795_365_500, "jti": "1", "exp": 1_795_369_000,
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let key = EncodingKey::from_rsa_pem(config.private_key.as_bytes()).unwrap();
    format!("Bearer {}", jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key).unwrap())
}

fn room(name: &str) -> Value {
    json!([{ "action": "conversation", "name": name }])
}

fn only(leg: &str) -> Hears {
    Hears::Legs(BTreeSet::from([leg.to_owned()]))
}

#[test]
fn only_the_applications_token_is_taken() {
    let mut world = World::new();
    let config = world.cloud.config.clone();
    assert_eq!(world.ask("GET", "/v1/calls", &Value::Null).0, 200);
    for changes in [
        json!({ "application_id": "another" }),
        json!({ "exp": 1_795_365_504 }),
        json!({ "iat": 1_795_365_600 }),
        json!({ "jti": "" }),
        json!({ "sub": "alex" }),
    ] {
        let token = token(&config, changes.clone());
        let (status, body) = world.ask_as(&token, "GET", "/v1/calls", &Value::Null);
        assert_eq!((status, body["title"].as_str()), (401, Some("Unauthorized")), "{changes}");
    }
    let hmac = EncodingKey::from_secret(config.public_key.as_bytes());
    let claims = json!({ "application_id": config.application_id, "iat": 1_795_365_500, "jti": "1" });
    let forged = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &hmac).unwrap();
    for token in ["", "Bearer", "Basic x", &format!("Bearer {forged}")] {
        assert_eq!(world.ask_as(token, "GET", "/v1/calls", &Value::Null).0, 401, "{token}");
    }
}

#[test]
fn requests_that_come_too_fast_are_refused() {
    let mut world = World::new();
    for wanted in [201, 201, 201, 429] {
        let phone = json!({ "type": "phone", "number": "16175550111" });
        assert_eq!(world.call(phone, room("a")).0, wanted);
    }
    for wanted in [200; 15].into_iter().chain([429]) {
        assert_eq!(world.ask("GET", "/v1/calls", &Value::Null).0, wanted);
    }
    world.wait(1000);
    assert_eq!(world.ask("GET", "/v1/calls", &Value::Null).0, 200);
    assert!(world.cloud.warnings().is_empty());
}

#[test]
fn what_is_wrong_with_a_call_is_named() {
    let phone = || json!({ "type": "phone", "number": "16175550100" });
    for (to, ncco, parameter) in [
        (json!({ "type": "phone", "number": "+16175550100" }), room("a"), "to"),
        (json!({ "type": "phone", "number": "0123456789" }), room("a"), "to"),
        (json!({ "type": "app", "user": "nobody" }), room("a"), "to"),
        (json!({ "type": "sip", "uri": "sip:x" }), room("a"), "to"),
        (phone(), json!([]), "ncco"),
        (phone(), json!([{ "action": "conversation" }]), "ncco"),
    ] {
        let (status, body) = World::new().call(to.clone(), ncco);
        assert_eq!((status, &body["type"]), (400, &json!("BAD_REQUEST")), "{to}");
        assert!(body["invalid_parameters"].get(parameter).is_some(), "{to}: {body}");
    }
    let mut world = World::new();
    let body = json!({ "to": [phone()], "from": { "type": "phone", "number": "16175550100" }, "ncco": room("a") });
    assert!(world.ask("POST", "/v1/calls", &body).1["invalid_parameters"].get("from").is_some(), "not the account's");
    let not_allowed = json!({ "type": "phone", "number": numbers::NOT_ALLOWED.trim_start_matches('+') });
    assert_eq!(World::new().call(not_allowed, room("a")).0, 403);
}

#[test]
fn calls_end_as_their_numbers_say() {
    for (number, wanted) in [
        (numbers::HANGS_UP, &["started", "ringing", "answered", "completed"][..]),
        (numbers::BUSY, &["started", "busy"]),
        (numbers::NO_ANSWER, &["started", "ringing", "unanswered"]),
        (numbers::REJECTS, &["started", "ringing", "rejected"]),
        (numbers::UNREACHABLE, &["started", "failed"]),
        (numbers::INVALID, &["started", "failed"]),
    ] {
        let mut world = World::new();
        let uuid = world.phone(number, room("a"));
        world.wait(40_000);
        assert_eq!(world.told(&uuid), wanted, "{number}");
        let (status, body) = world.ask("GET", &format!("/v1/calls/{uuid}"), &Value::Null);
        assert_eq!((status, body["status"].as_str()), (200, wanted.last().copied()));
    }
    let mut world = World::new();
    let uuid = world.phone(numbers::NO_ANSWER, room("a"));
    world.wait(1000);
    assert_eq!(world.ask("PUT", &format!("/v1/calls/{uuid}"), &json!({ "action": "hangup" })).0, 204);
    assert_eq!(world.status(&uuid), "cancelled");
    assert_eq!(world.ask("PUT", &format!("/v1/calls/{uuid}"), &json!({ "action": "hangup" })).0, 404);
}

#[test]
fn who_hears_whom() {
    let mut world = World::new();
    let (one, other) = (world.phone(numbers::ANSWERS, room("a")), world.phone(numbers::ANSWERS, room("a")));
    let stranger = world.phone(numbers::ANSWERS, room("b"));
    world.wait(1000);
    assert_eq!((world.cloud.hears(&one), world.cloud.hears(&other)), (only(&other), only(&one)));
    assert_eq!(world.cloud.hears(&stranger), Hears::Silence);
    let put = |world: &mut World, path: &str, body: Value| {
        let (status, _) = world.ask("PUT", &format!("/v1/calls/{one}{path}"), &body);
        assert!(matches!(status, 200 | 204), "{status}");
    };
    put(&mut world, "", json!({ "action": "mute" }));
    assert_eq!((world.cloud.hears(&one), world.cloud.hears(&other)), (only(&other), Hears::Silence));
    put(&mut world, "", json!({ "action": "earmuff" }));
    assert_eq!(world.cloud.hears(&one), Hears::Silence);
    put(&mut world, "/stream", json!({ "stream_url": ["https://x.example/a.mp3"], "loop": 0 }));
    assert_eq!(world.cloud.hears(&one), Hears::Music);
    assert_eq!(world.ask("DELETE", &format!("/v1/calls/{one}/stream"), &Value::Null).0, 200);
    assert_eq!(world.ask("DELETE", &format!("/v1/calls/{one}/stream"), &Value::Null).0, 404);
    put(&mut world, "", json!({ "action": "unearmuff" }));
    put(&mut world, "", json!({ "action": "unmute" }));
    put(&mut world, "/dtmf", json!({ "digits": "12#" }));
    assert_eq!(world.cloud.leg(&one).unwrap().digits_heard, "12#");
    // Into the stranger's conversation, which is told.
    put(&mut world, "", json!({ "action": "transfer", "destination": { "type": "ncco", "ncco": room("b") } }));
    assert_eq!((world.cloud.hears(&one), world.cloud.hears(&other)), (only(&stranger), Hears::Silence));
    world.wait(1000);
    assert!(world.webhooks.iter().any(|(_, body)| body.get("conversation_uuid_to").is_some()));
}

#[test]
fn a_conversation_ends_with_whom_it_is_said_to() {
    let mut world = World::new();
    let ends = json!([{ "action": "conversation", "name": "a", "endOnExit": true }]);
    let (host, guest) = (world.phone(numbers::ANSWERS, ends), world.phone(numbers::ANSWERS, room("a")));
    world.wait(1000);
    world.cloud.far_end_hangs_up(world.now, &host).unwrap();
    world.wait(1000);
    assert_eq!((world.status(&host), world.status(&guest)), ("completed", "completed"));
    // A name is free again.
    let (again, second) = (world.phone(numbers::ANSWERS, room("a")), world.phone(numbers::ANSWERS, room("a")));
    world.wait(1000);
    world.cloud.far_end_hangs_up(world.now, &again).unwrap();
    world.wait(1000);
    assert_eq!(world.status(&second), "answered");
}

#[test]
fn an_inbound_call_does_as_the_answer_says() {
    let mut world = World::new();
    world.ncco = Some(json!([
        { "action": "conversation", "name": "a", "startOnEnter": false, "musicOnHoldUrl": ["https://x.example/a.mp3"] },
    ]));
    let caller = world.cloud.incoming(world.now, numbers::ANSWERS, numbers::SALES).unwrap();
    assert_eq!(world.cloud.hears(&caller), Hears::RingTone);
    world.wait(1000);
    let (url, asked) = world.webhooks.iter().find(|(url, _)| url == ANSWER).unwrap();
    assert_eq!((url.as_str(), &asked["to"], &asked["uuid"]), (ANSWER, &json!(SALES), &json!(caller)));
    assert_eq!(world.cloud.hears(&caller), Hears::Music);
    let agent = world.phone(numbers::ANSWERS, room("a"));
    world.wait(1000);
    assert_eq!(world.cloud.hears(&caller), only(&agent));
    assert!(world.cloud.incoming(world.now, numbers::ANSWERS, "+16175550999").is_err());
}

#[test]
fn an_answer_that_does_not_come_is_asked_for_twice() {
    let mut world = World::new();
    let caller = world.cloud.incoming(world.now, numbers::ANSWERS, numbers::SALES).unwrap();
    world.wait(20_000);
    assert_eq!(world.webhooks.iter().filter(|(url, _)| url == ANSWER).count(), 2);
    assert_eq!(world.status(&caller), "completed");
    assert_eq!(world.cloud.warnings().len(), 1);
    let mut world = World::new();
    world.ncco = Some(json!([{ "action": "dance" }]));
    world.cloud.incoming(world.now, numbers::ANSWERS, numbers::SALES).unwrap();
    world.wait(1000);
    assert!(world.cloud.warnings()[0].contains("dance"), "{:?}", world.cloud.warnings());
}

#[test]
fn recordings_are_told_and_fetched() {
    let mut world = World::new();
    let uuid = world.phone(numbers::ANSWERS, room("a"));
    world.wait(1000);
    let (_, body) = world.ask("GET", &format!("/v1/calls/{uuid}"), &Value::Null);
    let path = format!("/v1/conversations/{}/record", body["conversation_uuid"].as_str().unwrap());
    let start =
        json!({ "action": "start", "event_url": ["https://calls.example.com/recording"], "split": "conversation" });
    assert_eq!(world.ask("PUT", &path, &json!({ "action": "stop" })).0, 404);
    assert_eq!(world.ask("PUT", &path, &start).0, 204);
    assert_eq!(world.ask("PUT", &path, &start).0, 409);
    world.wait(3000);
    assert_eq!(world.ask("PUT", &path, &json!({ "action": "stop" })).0, 204);
    assert_eq!(world.ask("PUT", &path, &start).0, 204);
    world.cloud.far_end_hangs_up(world.now, &uuid).unwrap();
    world.wait(3000);
    let told: Vec<&Value> =
        world.webhooks.iter().filter(|(url, _)| url.ends_with("/recording")).map(|(_, body)| body).collect();
    assert_eq!(told.len(), 2);
    let url = told[0]["recording_url"].as_str().unwrap();
    let path = url.strip_prefix("https://api.nexmo.com").unwrap();
    let request = Request::builder().uri(path).header("authorization", &world.token).body(Vec::new()).unwrap();
    let file = world.cloud.handle_request(world.now, &request).unwrap();
    assert_eq!(Some(file.body().len() as u64), told[0]["size"].as_u64());
}

#[test]
fn users_and_numbers() {
    let mut world = World::new();
    assert_eq!(world.ask("POST", "/v1/users", &json!({ "name": "alex" })).0, 201);
    assert_eq!(world.ask("POST", "/v1/users", &json!({ "name": "alex" })).0, 400);
    world.cloud.script_clients(ClientScript::Absent);
    let (_, body) = world.call(json!({ "type": "app", "user": "alex" }), room("a"));
    world.wait(1000);
    assert_eq!(world.status(body["uuid"].as_str().unwrap()), "unanswered");

    let basic = "Basic YTFiMmMzZDQ6bm90LWEtc2VjcmV0LWFwaS1zZWNyZXQ=";
    let mut pages = Vec::new();
    for index in 1..=3 {
        let (status, body) =
            world.ask_as(basic, "GET", &format!("/account/numbers?size=2&index={index}"), &Value::Null);
        assert_eq!((status, &body["count"]), (200, &json!(4)));
        pages.push(body["numbers"].as_array().map_or(0, Vec::len));
    }
    assert_eq!(pages, [2, 2, 0]);
    let (status, body) = world.ask("GET", "/account/numbers", &Value::Null);
    assert_eq!((status, &body["error-code"]), (401, &json!("401")));
    let mut config = CloudConfig::for_tests(ANSWER, EVENT);
    config.numbers.clear();
    assert_eq!(World::with(config).ask_as(basic, "GET", "/account/numbers", &Value::Null), (200, json!({})));
}

#[test]
fn events_may_come_late_and_twice() {
    let mut world = World::new();
    world.cloud.disturb(Disturbance { delay: Duration::from_secs(2), repeats: 100 });
    let uuid = world.phone(numbers::HANGS_UP, room("a"));
    world.wait(20_000);
    let told = world.told(&uuid);
    assert_eq!(told.len(), 8, "{told:?}");
    assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), 4);
}

#[test]
fn webhooks_are_signed_when_they_go_out() {
    let mut world = World::new();
    world.phone(numbers::BUSY, room("a"));
    world.cloud.handle_timeout(world.now + Duration::from_millis(20));
    let callback = world.cloud.poll_callback().unwrap();
    let token = callback.request.headers()["authorization"].to_str().unwrap();
    let claims: Value = {
        use base64::Engine as _;
        let payload = token.split('.').nth(1).unwrap();
        serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
    };
    let jti = claims["jti"].as_str().unwrap();
    assert_eq!(token, authorization(&world.cloud.config, callback.at, jti, callback.request.body()));
    assert_ne!(token, authorization(&world.cloud.config, callback.at, jti, b"{}"));
}
