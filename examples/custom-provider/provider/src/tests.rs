//! The wire against its fixtures: every request, and every webhook that is read.

use crate::TinCanConfig;
use crate::rest::{Api, otherwise, place};
use crate::webhook::decode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cordboard::Timestamp;
use cordboard::telephony::{
    AgentId, CallId, Digits, InboundCall, PhoneNumber, Webhook, WebhookError, WebhookReply, WebhookRequest,
};
use cordboard_bridge::{Goes, Leg, LegEnd, LegStatus, NewLeg, News, Party};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::BTreeMap;

const SECRET: &str = "not-a-secret-webhook-secret";
const EVENTS: &str = "https://calls.example.com/webhooks/tin-can/events";
const NOW: Timestamp = Timestamp::from_millis(1_700_000_010_000);

fn config() -> TinCanConfig {
    TinCanConfig {
        api_url: "https://api.example.com".to_owned(),
        api_key: "not-a-secret-api-key".into(),
        webhook_secret: SECRET.into(),
        public_url: "https://calls.example.com".to_owned(),
        backlog: 16,
    }
}

fn number(e164: &str) -> PhoneNumber {
    PhoneNumber::from_e164(e164).expect("a test number is a number")
}

fn fixtures(text: &str) -> BTreeMap<String, Value> {
    serde_json::from_str(text).expect("a fixture is JSON")
}

#[test]
fn what_is_asked() {
    let (api, call, alex) = (Api::new(config()), CallId::new("c-1"), AgentId::new("alex"));
    let (customer, sales) = (number("+16175550100"), number("+16175550190"));
    let to_number = NewLeg {
        leg: Leg::Customer,
        to: Party::Number(&customer),
        from: &sales,
        muted: false,
        ends_room: true,
        ring_seconds: 30,
        beside: None,
    };
    let to_agent = NewLeg {
        leg: Leg::Agent(1),
        to: Party::Agent(&alex),
        muted: true,
        ends_room: false,
        ring_seconds: 10,
        ..to_number
    };
    let goes = |goes| api.change("leg-1", &otherwise(&goes));
    let mut fixtures = fixtures(include_str!("../tests/fixtures/requests.json"));
    for (name, request) in [
        ("call an agent", api.add(&call, &to_agent)),
        ("call a number", api.add(&call, &to_number)),
        ("hold", api.change("leg-1", &json!({ "held": true }))),
        ("bring", api.change("leg-1", &place(&call, Leg::Target(2)))),
        ("take a message", goes(Goes::Voicemail { greeting: "Speak.".to_owned() })),
        ("call another number", goes(Goes::Number { number: customer.clone() })),
        ("say goodbye", goes(Goes::Goodbye { words: "Goodbye.".to_owned() })),
        ("press keys", api.digits("leg-1", &Digits::parse("12#").expect("these are keys"))),
        ("hang up", api.end("leg-1")),
        ("how is it", api.leg("leg-1")),
        ("who is there", api.legs(&call)),
        ("which numbers", api.numbers()),
        ("a token", api.token("alex")),
    ] {
        let request = request.expect("the configuration is right").request;
        assert_eq!(request.headers()["authorization"], "Bearer not-a-secret-api-key");
        assert!(!format!("{request:?}").contains("not-a-secret"), "{name} shows the key");
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let fixture = fixtures.remove(name).unwrap_or_else(|| panic!("there is no fixture {name:?}"));
        assert_eq!(json!([request.method().as_str(), request.uri().path(), body]), fixture, "{name}");
    }
    assert!(fixtures.is_empty(), "nobody asks {:?}", fixtures.keys());
    assert!(api.end("../numbers").is_err(), "an id is no path");
}

fn signature(url: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key of any length will do");
    mac.update(&[url.as_bytes(), b"\n", body].concat());
    STANDARD.encode(mac.finalize().into_bytes())
}

fn received(url: &str, body: &[u8]) -> Result<Webhook, WebhookError> {
    let signature = signature(url, body);
    let headers = [("tin-can-signature", signature.as_str())];
    decode(&config(), NOW, &WebhookRequest { method: "POST", url, headers: &headers, body })
}

#[test]
fn what_happens() {
    let leg = |call: &str, leg, id: &str, at: u64, status: LegStatus, word: &str| {
        let news = News::Leg { leg, id: id.to_owned(), status };
        let at = Timestamp::from_millis(1_700_000_000_000 + at);
        let entries = vec![news.entry(CallId::new(call), format!("leg/{id}/{word}"), at)];
        Webhook::Report { entries, reply: WebhookReply::empty() }
    };
    let ended = |seconds| LegStatus::Ended { end: LegEnd::HungUp, seconds };
    let inbound = InboundCall {
        id: CallId::new("leg-2"),
        from: Some(number("+16175550100")),
        to: number("+16175550190"),
        at: Timestamp::from_millis(1_700_000_000_000),
    };
    let mut fixtures = fixtures(include_str!("../tests/fixtures/webhooks.json"));
    for (name, expected) in [
        ("it rings", leg("c-1", Leg::Customer, "leg-1", 1_000, LegStatus::Ringing, "ringing")),
        ("the agent is there", leg("c-1", Leg::Agent(1), "leg-0", 0, LegStatus::Up, "up")),
        ("over", leg("c-1", Leg::Customer, "leg-1", 9_000, ended(Some(7)), "ended")),
        ("the caller gave up", leg("leg-2", Leg::Customer, "leg-2", 9_000, ended(None), "ended")),
        ("somebody calls", Webhook::Inbound { entry: News::arrived(&inbound, "leg-2".to_owned()), call: inbound }),
        ("news of tomorrow", Webhook::Report { entries: Vec::new(), reply: WebhookReply::empty() }),
    ] {
        let fixture = fixtures.remove(name).unwrap_or_else(|| panic!("there is no fixture {name:?}"));
        assert_eq!(received(EVENTS, fixture.to_string().as_bytes()), Ok(expected), "{name}");
    }
    assert!(fixtures.is_empty(), "nobody reads {:?}", fixtures.keys());
}

#[test]
fn what_is_refused() {
    let body = br#"{ "event": "weather", "at": 1 }"#;
    let elsewhere = "https://calls.example.com/webhooks/tin-can/other";
    assert_eq!(received(elsewhere, body), Err(WebhookError::UnknownPath));
    for body in [&b"{}"[..], b"[]", br#"{ "event": "call", "at": 1, "leg": "../x", "to": "+16175550190" }"#] {
        assert!(matches!(received(EVENTS, body), Err(WebhookError::Malformed { .. })));
    }
    let unsigned = WebhookRequest { method: "POST", url: EVENTS, headers: &[], body };
    assert_eq!(decode(&config(), NOW, &unsigned), Err(WebhookError::BadSignature));
    let get = WebhookRequest { method: "GET", ..unsigned };
    assert_eq!(decode(&config(), NOW, &get), Err(WebhookError::UnknownPath));
}

#[test]
fn wrong_keys_are_named() {
    let wrong = TinCanConfig { api_url: "http://api.example.com".to_owned(), api_key: "".into(), ..config() };
    assert_eq!(wrong.problems().iter().map(|problem| problem.key).collect::<Vec<_>>(), ["api_url", "api_key"]);
    assert!(config().problems().is_empty());
    assert!(!format!("{:?}", config()).contains("not-a-secret"));
}
