//! Webhooks: what is verified, what they say, and what must never panic.

use super::{SIGNATURE_SECRET, config};
use crate::address::Webhooks;
use crate::config::VonageConfig;
use crate::rest::Api;
use crate::signature::Verifier;
use crate::webhook::{Inbox, leg_status_of};
use cordboard::Timestamp;
use cordboard::telephony::{Entry, Webhook, WebhookError, WebhookRequest};
use cordboard_bridge::{LegEnd, LegStatus};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// 2026-11-22T16:40:00Z
const NOW: u64 = 1_795_365_600;
const URL: &str = "https://calls.example.com/webhooks/vonage/";
const UUID: &str = "63f61863-4a51-4f6b-86e1-46edebcf9356";

fn claims(body: &[u8]) -> Value {
    let hash: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
    json!({
        "iat": NOW - 1,
        "jti": "c5ba8f24-1a14-4c10-bfdf-3fbe8ce511b5",
        "iss": "Vonage",
        "payload_hash": hash,
        "api_key": config().api_key,
        "application_id": config().application_id,
    })
}

fn sign(algorithm: Algorithm, secret: &str, claims: &Value) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    format!("Bearer {}", jsonwebtoken::encode(&Header::new(algorithm), claims, &key).unwrap())
}

fn ask(
    config: VonageConfig,
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Webhook, WebhookError> {
    let inbox = Inbox { webhooks: Webhooks::new(&config.public_url), verifier: Verifier::new(&config) };
    let request = WebhookRequest { method, url, headers, body };
    inbox.decode(&Api::new(config), Timestamp::from_millis(NOW * 1000), &request)
}

fn post_signed(path: &str, body: &[u8], authorization: &str) -> Result<Webhook, WebhookError> {
    ask(config(), "POST", &format!("{URL}{path}"), &[("authorization", authorization)], body)
}

fn post(path: &str, body: &Value) -> Result<Webhook, WebhookError> {
    let body = body.to_string().into_bytes();
    post_signed(path, &body, &sign(Algorithm::HS256, SIGNATURE_SECRET, &claims(&body)))
}

fn entries(webhook: Result<Webhook, WebhookError>) -> Vec<Entry> {
    match webhook.unwrap() {
        Webhook::Report { entries, .. } => entries,
        Webhook::Inbound { entry, .. } => vec![entry],
    }
}

fn event(status: &str) -> Value {
    json!({ "uuid": UUID, "status": status, "direction": "outbound", "timestamp": "2026-11-22T16:38:25.123Z" })
}

#[test]
fn only_what_vonage_signed_for_us_and_lately_is_read() {
    let body = event("answered").to_string().into_bytes();
    let with = |name: &str, value: Value| {
        let mut changed = claims(&body);
        changed[name] = value;
        post_signed("event", &body, &sign(Algorithm::HS256, SIGNATURE_SECRET, &changed))
    };
    let without = |name: &str| {
        let mut changed = claims(&body);
        changed.as_object_mut().unwrap().remove(name);
        post_signed("event", &body, &sign(Algorithm::HS256, SIGNATURE_SECRET, &changed))
    };
    assert!(with("iat", json!(NOW)).is_ok());
    assert!(without("application_id").is_ok(), "it is optional");
    for name in ["iat", "jti", "iss", "payload_hash", "api_key"] {
        assert_eq!(without(name), Err(WebhookError::BadSignature), "without {name}");
        assert_eq!(with(name, json!(null)), Err(WebhookError::BadSignature), "{name} is null");
    }
    for (name, value) in [
        ("iss", "Other"),
        ("api_key", "e5f6a7b8"),
        ("application_id", "00000000-0000-4000-8000-000000000002"),
        ("payload_hash", ""),
        ("payload_hash", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ] {
        assert_eq!(with(name, json!(value)), Err(WebhookError::BadSignature), "{name} is {value}");
    }
    for (seconds, is_taken) in [(-86_400, false), (-301, false), (-300, true), (0, true), (60, true), (61, false)] {
        let issued = NOW.checked_add_signed(seconds).unwrap();
        let taken = with("iat", json!(issued));
        assert_eq!(taken.is_ok(), is_taken, "signed {seconds} s from now");
        assert!(is_taken || taken == Err(WebhookError::Stale));
    }
    assert_eq!(with("exp", json!(NOW - 1)), Err(WebhookError::Stale));
    assert!(with("exp", json!(NOW + 1)).is_ok());
}

#[test]
fn no_other_algorithm_is_taken() {
    let body = event("answered").to_string().into_bytes();
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let token = sign(algorithm, SIGNATURE_SECRET, &claims(&body));
        assert_eq!(post_signed("event", &body, &token), Err(WebhookError::BadSignature), "{algorithm:?}");
    }
    // Signed with a key pair, and unsigned, whatever the header says.
    let key = EncodingKey::from_rsa_pem(include_bytes!("../../emulator/src/key.pem")).unwrap();
    let token = jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims(&body), &key).unwrap();
    assert_eq!(post_signed("event", &body, &format!("Bearer {token}")), Err(WebhookError::BadSignature));
    let good = sign(Algorithm::HS256, SIGNATURE_SECRET, &claims(&body));
    let payload = good.split('.').nth(1).unwrap();
    // {"alg":"none","typ":"JWT"} and {"alg":"HS256"}
    for header in ["eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0", "eyJhbGciOiJIUzI1NiJ9"] {
        for signature in ["", "."] {
            let token = format!("Bearer {header}.{payload}{signature}");
            assert_eq!(post_signed("event", &body, &token), Err(WebhookError::BadSignature), "{token}");
        }
    }
}

#[test]
fn another_body_secret_or_header_is_refused() {
    let body = event("answered").to_string().into_bytes();
    let token = sign(Algorithm::HS256, SIGNATURE_SECRET, &claims(&body));
    let refused = Err(WebhookError::BadSignature);
    assert!(post_signed("event", &body, &token).is_ok());
    assert!(post_signed("event", &body, &token.replace("Bearer", "bearer")).is_ok());
    let other = event("completed").to_string().into_bytes();
    assert_eq!(post_signed("event", &other, &token), refused);
    assert_eq!(post_signed("event", b"", &token), refused);
    for wrong in ["", "Bearer", "Bearer ", "Basic x", &token[7..], &token[..token.len() - 1]] {
        assert_eq!(post_signed("event", &body, wrong), refused, "{wrong}");
    }
    let forged = sign(Algorithm::HS256, "another-secret-of-some-length", &claims(&body));
    assert_eq!(post_signed("event", &body, &forged), refused);
    assert_eq!(ask(config(), "POST", &format!("{URL}event"), &[], &body), refused);
    // Two tokens are none.
    let two = [("authorization", token.as_str()), ("authorization", forged.as_str())];
    assert_eq!(ask(config(), "POST", &format!("{URL}event"), &two, &body), refused);
}

/// A webhook that comes again says what it said, with the same key, so the journal knows it; later it is not read at all.
#[test]
fn a_replayed_webhook_says_nothing_new() {
    let body = event("answered").to_string().into_bytes();
    let token = sign(Algorithm::HS256, SIGNATURE_SECRET, &claims(&body));
    let again = || entries(post_signed("call/c1/customer", &body, &token));
    assert_eq!((again().len(), again()), (1, again()));
    let mut old = claims(&body);
    old["iat"] = json!(NOW - 301);
    assert_eq!(
        post_signed("call/c1/customer", &body, &sign(Algorithm::HS256, SIGNATURE_SECRET, &old)),
        Err(WebhookError::Stale)
    );
}

#[test]
fn addresses_and_methods_that_were_not_given_out_are_refused() {
    let body = event("answered").to_string().into_bytes();
    let token = sign(Algorithm::HS256, SIGNATURE_SECRET, &claims(&body));
    let headers = [("authorization", token.as_str())];
    for (method, url) in [
        ("POST", format!("{URL}event?uuid=x")),
        ("POST", "https://evil.example/webhooks/vonage/event".to_owned()),
        ("POST", format!("{URL}unheard-of")),
        ("POST", format!("{URL}event/")),
        ("POST", format!("{URL}call/c1")),
        ("POST", format!("{URL}call/c1/nobody")),
        ("POST", format!("{URL}call/c%2F1/customer")),
        ("POST", format!("{URL}call//customer")),
        ("GET", format!("{URL}event")),
        ("PUT", format!("{URL}event")),
    ] {
        assert_eq!(ask(config(), method, &url, &headers, &body), Err(WebhookError::UnknownPath), "{method} {url}");
    }
    let long = vec![b' '; (64 << 10) + 1];
    let headers = [("authorization", token.as_str())];
    let long = ask(config(), "POST", &format!("{URL}event"), &headers, &long);
    assert_eq!(long, Err(WebhookError::Malformed { field: "body" }));
}

#[test]
fn legs_go_as_far_as_their_words_say() {
    let end = |end| LegStatus::Ended { end, seconds: None };
    for (word, detail, status) in [
        ("started", None, Some(LegStatus::Dialing)),
        ("ringing", None, Some(LegStatus::Ringing)),
        ("answered", None, Some(LegStatus::Up)),
        ("completed", None, Some(end(LegEnd::HungUp))),
        ("busy", None, Some(end(LegEnd::Busy))),
        ("cancelled", None, Some(end(LegEnd::Canceled))),
        ("timeout", None, Some(end(LegEnd::NoAnswer))),
        ("unanswered", Some("unavailable"), Some(end(LegEnd::NoAnswer))),
        ("rejected", Some("invalid_number"), Some(end(LegEnd::Invalid))),
        ("rejected", Some("restricted"), Some(end(LegEnd::Unreachable))),
        ("rejected", Some("declined"), Some(end(LegEnd::Rejected))),
        ("rejected", None, Some(end(LegEnd::Rejected))),
        ("failed", Some("cannot_route"), Some(end(LegEnd::Unreachable))),
        ("failed", Some("number_out_of_service"), Some(end(LegEnd::Invalid))),
        ("failed", Some("internal_error"), Some(end(LegEnd::Failed))),
        ("failed", Some("unheard_of"), Some(end(LegEnd::Failed))),
        ("human", None, None),
        ("machine", None, None),
        ("disconnected", None, None),
        ("unheard_of", None, None),
    ] {
        assert_eq!(leg_status_of(word, detail, None), status, "{word} {detail:?}");
    }
}

#[test]
fn what_is_not_known_is_no_error() {
    for body in [
        event("machine"),
        event("unheard_of"),
        json!({ "uuid": UUID, "conversation_uuid_from": "CON-1", "conversation_uuid_to": "CON-2" }),
        json!({ "uuid": UUID, "reason": "Syntax error in NCCO" }),
        json!({ "uuid": UUID, "dtmf": { "digits": "1", "timed_out": false } }),
        json!({ "call_uuid": UUID, "status": "human" }),
    ] {
        assert_eq!(entries(post("event", &body)), [], "{body}");
        assert_eq!(entries(post("call/c1/customer", &body)), [], "{body}");
    }
    let odd = json!({ "uuid": UUID, "status": "completed", "duration": "x", "timestamp": 7, "price": [], "new": {} });
    assert_eq!(entries(post("call/c1/customer", &odd)).len(), 1);
    for body in [json!({ "status": "answered" }), json!({ "uuid": "../x", "status": "answered" }), json!([])] {
        let path = "call/c1/customer";
        assert!(post(path, &body).is_err() || entries(post(path, &body)).is_empty(), "{body}");
    }
}

/// What is told of a call before it was answered for is of a call that nobody knows, and would close its books.
#[test]
fn of_a_call_that_came_in_only_the_end_is_told() {
    for (status, direction, count) in [
        ("started", "inbound", 0),
        ("ringing", "inbound", 0),
        ("answered", "inbound", 0),
        ("completed", "inbound", 1),
        ("failed", "inbound", 1),
        // A leg that an NCCO connected.
        ("completed", "outbound", 0),
    ] {
        let mut body = event(status);
        body["direction"] = direction.into();
        let told = entries(post("event", &body));
        assert_eq!(told.len(), count, "{status} {direction}");
        assert!(told.iter().all(|entry| entry.call.as_str() == UUID));
    }
}

#[test]
fn a_fact_has_its_time_and_its_key() {
    let at = |time: &str| {
        let mut body = event("busy");
        body["timestamp"] = time.into();
        let entry = entries(post("call/c1/customer", &body)).remove(0);
        assert_eq!((entry.call.as_str(), entry.key), ("c1", format!("call/{UUID}/busy")));
        entry.at.as_millis()
    };
    assert_eq!(at("2026-11-22T16:38:25.123Z"), 1_795_365_505_123);
    assert_eq!(at("2026-11-22T17:38:25+01:00"), 1_795_365_505_000);
    // Not in the future, and not guessed.
    assert_eq!(at("2026-11-22T16:50:00Z"), NOW * 1000);
    assert_eq!(at("yesterday"), NOW * 1000);
}

#[test]
fn an_inbound_call_is_named_after_its_leg_and_keeps_its_region() {
    let call = |region: Value, from: Value| {
        let body =
            json!({ "uuid": UUID, "to": "16175550190", "from": from, "region_url": region, "endpoint_type": "phone" });
        let Webhook::Inbound { call, entry } = post("answer", &body).unwrap() else { panic!("it is a call") };
        assert_eq!((call.id.as_str(), call.to.as_e164()), (UUID, "+16175550190"));
        (call.from.map(|from| from.as_e164().to_owned()), entry.body)
    };
    let (from, body) = call(json!("https://api-us-3.vonage.com"), json!("16175550142"));
    assert_eq!(from.as_deref(), Some("+16175550142"));
    assert!(body.contains(&format!("{UUID}@us-3")), "{body}");
    for region in
        [json!(null), json!("https://evil.example"), json!("https://api-us-3.vonage.com.evil.example"), json!(1)]
    {
        let (_, body) = call(region.clone(), json!("16175550142"));
        assert!(!body.contains('@') && !body.contains("evil"), "{region}: {body}");
    }
    for from in [json!(null), json!("anonymous"), json!("unknown"), json!(""), json!("+16175550142")] {
        assert_eq!(call(json!(null), from.clone()).0, None, "{from}");
    }
    let nowhere = post("answer", &json!({ "uuid": UUID, "to": "sip:x", "from": "1" }));
    assert_eq!(nowhere, Err(WebhookError::Malformed { field: "to" }));
}

#[test]
fn recordings_are_vonages_own() {
    let recorded = |url: &str| {
        let body = json!({
            "recording_url": url, "recording_uuid": UUID, "size": 1, "conversation_uuid": "CON-1",
            "start_time": "2026-11-22T16:38:25Z", "end_time": "2026-11-22T16:38:32Z",
        });
        post("recording/c1/4", &body)
    };
    let entry = entries(recorded("https://api.nexmo.com/v1/files/aaaa-bbbb")).remove(0);
    assert!(entry.body.contains(r#""id":"aaaa-bbbb""#) && entry.body.contains(r#""seconds":7"#), "{}", entry.body);
    assert!(entry.body.contains(r#""order":4"#), "{}", entry.body);
    let entry = entries(recorded("https://api-us.nexmo.com/v1/files/aaaa-bbbb")).remove(0);
    assert!(entry.body.contains(r#""id":"aaaa-bbbb@api-us.nexmo.com""#), "{}", entry.body);
    for url in [
        "http://api.nexmo.com/v1/files/a",
        "https://evil.example/v1/files/a",
        "https://evil.example/api.nexmo.com/v1/files/a",
        "https://api.nexmo.com.evil.example/v1/files/a",
        "https://api.nexmo.com@evil.example/v1/files/a",
        "https://api.nexmo.com:444/v1/files/a",
        "https://evilnexmo.com/v1/files/a",
        "https://a.b.nexmo.com/v1/files/a",
        "https://169.254.169.254/v1/files/a",
        // The same in decimal, octal, hexadecimal and as an IPv6 address.
        "https://2852039166/v1/files/a",
        "https://0251.0376.0251.0376/v1/files/a",
        "https://0xa9.0xfe.0xa9.0xfe/v1/files/a",
        "https://0xa9fea9fe/v1/files/a",
        "https://[::ffff:169.254.169.254]/v1/files/a",
        "https://[::ffff:a9fe:a9fe]/v1/files/a",
        // And this machine.
        "https://127.1/v1/files/a",
        "https://0x7f000001/v1/files/a",
        "https://0/v1/files/a",
        "https://[::1]/v1/files/a",
        "https://[::ffff:127.0.0.1]/v1/files/a",
        "https://localhost/v1/files/a",
        "https://api.nexmo.com/v1/files/a?x=1",
        "https://api.nexmo.com/v1/files/../../x",
        "https://api.nexmo.com/v1/files/a\r\nHost: evil.example",
        "https://api.nexmo.com/v1/files/",
        "file:///etc/passwd",
    ] {
        assert_eq!(recorded(url), Err(WebhookError::Malformed { field: "recording_url" }), "{url}");
    }
}

proptest! {
    #[test]
    fn garbage_never_panics(path in ".{0,40}", body in proptest::collection::vec(any::<u8>(), 0..200), token in ".{0,60}") {
        prop_assert!(post_signed(&path, &body, &token).is_err());
        let bearer = format!("Bearer {token}");
        prop_assert!(post_signed(&path, &body, &bearer).is_err());
    }

    #[test]
    fn signed_garbage_never_panics(
        path in prop_oneof![Just("answer"), Just("event"), Just("call/c1/customer"), Just("recording/c1/4"), Just("x")],
        fields in proptest::collection::vec((
            prop_oneof![
                Just("uuid"), Just("call_uuid"), Just("status"), Just("detail"), Just("duration"), Just("timestamp"),
                Just("to"), Just("from"), Just("region_url"), Just("recording_url"), Just("start_time"), Just("end_time"),
            ],
            prop_oneof![
                ".{0,30}".prop_map(Value::from),
                any::<i64>().prop_map(Value::from),
                Just(json!(null)),
                Just(json!([{}])),
                Just(json!("completed")),
                Just(json!(UUID)),
                Just(json!("9999-12-31T23:59:59.999999999Z")),
            ],
        ), 0..10),
    ) {
        let body: serde_json::Map<String, Value> = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        drop(post(path, &body.into()));
    }
}
