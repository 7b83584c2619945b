//! Requests are as Vonage's description of its API says, and always the same.

use super::{API_SECRET, config};
use crate::address::LegId;
use crate::config::VonageConfig;
use crate::documents;
use crate::rest::{Action, Api, CALLS, CallState, Endpoint, NewCall, OTHERS, authorize, read_calls, read_numbers};
use cordboard::telephony::{CallId, PhoneNumber};
use cordboard_bridge::{ApiError, Call, Effect, Goes, Leg};
use cordboard_emulator::stage;
use http::Response;
use serde_json::{Map, Value, json};

const LEG: LegId<'_> = LegId { uuid: "63f61863-4a51-4f6b-86e1-46edebcf9356", region: None };
const ELSEWHERE: LegId<'_> = LegId { region: Some("ap-4"), ..LEG };

fn music() -> VonageConfig {
    VonageConfig { hold_music_url: Some("https://calls.example.com/music.mp3".to_owned()), ..config() }
}

fn requests() -> Vec<(&'static str, Call)> {
    let (api, call) = (Api::new(config()), CallId::new("c1"));
    let ncco = |leg, muted| documents::into_conversation(&music(), &call, leg, muted);
    let customer = NewCall {
        to: Endpoint::Phone { number: "16175550142" },
        from: "16175550190",
        ncco: ncco(Leg::Customer, false),
        event_url: "https://calls.example.com/webhooks/vonage/call/c1/customer",
        ring_seconds: 30,
    };
    let agent = NewCall {
        to: Endpoint::App { user: "alex" },
        ncco: ncco(Leg::Agent(1), true),
        event_url: "https://calls.example.com/webhooks/vonage/call/c1/agent-1",
        ring_seconds: 10,
        ..customer.clone()
    };
    vec![
        ("call_customer", api.create_call(None, &customer)),
        ("call_agent_elsewhere", api.create_call(Some("ap-4"), &agent)),
        ("hang_up", api.update(LEG, Action::HangUp)),
        ("mute", api.update(LEG, Action::Mute)),
        ("unmute", api.update(LEG, Action::Unmute)),
        ("earmuff", api.update(LEG, Action::Earmuff)),
        ("unearmuff", api.update(ELSEWHERE, Action::Unearmuff)),
        ("transfer", api.transfer(LEG, &ncco(Leg::Target(3), false), Effect::Creates)),
        ("stream", api.stream(LEG, "https://calls.example.com/music.mp3")),
        ("stop_stream", api.stop_stream(LEG)),
        ("send_digits", api.send_digits(LEG, "12#*")),
        ("get_call", api.get_call(LEG)),
        ("calls_in", api.calls_in("CON-1")),
        ("calls_between", api.calls_between("2026-11-22T16:38:20Z", "2026-11-22T16:38:45Z")),
        (
            "start_recording",
            api.start_recording(LEG, "CON-1", "https://calls.example.com/webhooks/vonage/recording/c1/4"),
        ),
        ("stop_recording", api.stop_recording(ELSEWHERE, "CON-1")),
        ("create_user", api.create_user("alex")),
        ("numbers", api.numbers(2)),
        ("recording", api.recording("aaaa-bbbb").unwrap()),
    ]
}

#[test]
fn snapshots() {
    let mut shown = Map::new();
    for (name, call) in requests() {
        let mut request = stage::shown(&call);
        let body: Value = serde_json::from_slice(call.request.body()).unwrap_or_default();
        request.insert("body".to_owned(), body);
        let lane = if call.lane == CALLS {
            "calls"
        } else {
            assert_eq!(call.lane, OTHERS);
            "others"
        };
        request.insert("lane".to_owned(), lane.into());
        shown.insert(name.to_owned(), request.into());
    }
    insta::assert_json_snapshot!("requests", shown);
}

/// Why a value does not fit a schema, as far as the description says so. A field that it does not know does not fit.
fn misfit(schema: &Value, value: &Value) -> Option<String> {
    if let Some(options) = schema.get("oneOf").and_then(Value::as_array) {
        let fits = options.iter().filter(|option| misfit(option, value).is_none()).count();
        return (fits != 1).then(|| format!("{value} fits {fits} of {} forms", options.len()));
    }
    let is_type = match schema.get("type").and_then(Value::as_str) {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64(),
        Some("boolean") => value.is_boolean(),
        _ => true,
    };
    if !is_type {
        return Some(format!("{value} is not of the type {}", schema["type"]));
    }
    if schema.get("enum").and_then(Value::as_array).is_some_and(|known| !known.contains(value)) {
        return Some(format!("{value} is not one of {}", schema["enum"]));
    }
    let beyond = |name: &str, is_wrong: fn(u64, u64) -> bool| {
        let limit = schema.get(name).and_then(Value::as_u64);
        limit.zip(value.as_u64()).is_some_and(|(limit, value)| is_wrong(value, limit))
    };
    if beyond("minimum", |value, limit| value < limit) || beyond("maximum", |value, limit| value > limit) {
        return Some(format!("{value} is too small or too large"));
    }
    if let Some(items) = schema.get("items") {
        return value.as_array().into_iter().flatten().find_map(|item| misfit(items, item));
    }
    let fields = schema.get("properties").and_then(Value::as_object)?;
    let mut required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    if let Some(missing) = required.find(|name| value.get(name.as_str().unwrap_or_default()).is_none()) {
        return Some(format!("{missing} is missing"));
    }
    value.as_object().into_iter().flatten().find_map(|(name, value)| match fields.get(name) {
        Some(schema) => misfit(schema, value),
        None => Some(format!("{name} is not in the description")),
    })
}

#[test]
fn requests_are_valid_under_the_public_description() {
    // Cut from Nexmo/api-specification ad04200, voice.yml, mended where its enums contradict themselves.
    let description: Value = serde_json::from_str(include_str!("../../tests/fixtures/openapi.json")).unwrap();
    let mut checked = 0;
    for (name, call) in requests() {
        let (method, uri) = (call.request.method(), call.request.uri());
        let path = uri.path().replace(LEG.uuid, "{uuid}");
        let Some(operation) = description.get(format!("{method} {path}")) else {
            // Other APIs: recording of conversations, users, numbers, files.
            assert!(!path.starts_with("/v1/calls"), "{name}: {method} {path}");
            continue;
        };
        checked += 1;
        if let Some(schema) = operation.get("body") {
            let body: Value = serde_json::from_slice(call.request.body()).unwrap();
            assert_eq!(misfit(schema, &body), None, "{name}");
        } else {
            assert!(call.request.body().is_empty(), "{name}");
        }
        for (field, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            let schema = operation["query"].get(&*field).unwrap_or_else(|| panic!("{name}: {field}"));
            let number = value.parse::<u64>().map_or(Value::from(&*value), Value::from);
            assert_eq!(misfit(schema, &number), None, "{name}: {field}");
        }
    }
    assert_eq!(checked, 14);
}

#[test]
fn the_check_finds_what_is_wrong() {
    let description: Value = serde_json::from_str(include_str!("../../tests/fixtures/openapi.json")).unwrap();
    let create = &description["POST /v1/calls"]["body"];
    let (_, call) = requests().remove(0);
    let good: Value = serde_json::from_slice(call.request.body()).unwrap();
    assert_eq!(misfit(create, &good), None);
    for (pointer, value) in [
        ("/to/0/number", json!(1)),
        ("/to/0/type", json!("telephone")),
        ("/ringing_timer", json!(121)),
        ("/ringing_timer", json!("30")),
        ("/event_method", json!("PUT")),
        ("/ncco", json!({})),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        assert!(misfit(create, &bad).is_some(), "{pointer}");
    }
    let mut unknown = good.clone();
    unknown["ring_timer"] = json!(1);
    assert!(misfit(create, &unknown).is_some());
}

#[test]
fn credentials_are_never_shown() {
    let (_, mut call) = requests().remove(0);
    authorize(&mut call, "Bearer not-a-secret-token");
    let (_, numbers) = requests().into_iter().find(|(name, _)| *name == "numbers").unwrap();
    let basic = numbers.request.headers()["authorization"].to_str().unwrap();
    assert_eq!(basic, "Basic YTFiMmMzZDQ6bm90LWEtc2VjcmV0LWFwaS1zZWNyZXQ=");
    let shown = format!("{:?} {:?}", call.request.headers(), numbers.request.headers());
    assert!(!shown.contains("not-a-secret") && !shown.contains("YTFi") && !shown.contains(API_SECRET), "{shown}");
}

#[test]
fn recordings_are_fetched_from_vonage_only() {
    let api = Api::new(config());
    let url = |id: &str| api.recording(id).map(|call| call.request.uri().to_string());
    assert_eq!(url("aaaa").as_deref(), Some("https://api.nexmo.com/v1/files/aaaa"));
    assert_eq!(url("aaaa@api-us.nexmo.com").as_deref(), Some("https://api-us.nexmo.com/v1/files/aaaa"));
    for id in
        ["", "../x", "a@evil.example", "a@nexmo.com", "a@x@api.nexmo.com", "a@api.nexmo.com/x", "a@api.nexmo.com:1"]
    {
        assert_eq!(url(id), None, "{id}");
    }
}

fn answer(body: &str) -> Response<Vec<u8>> {
    Response::new(body.as_bytes().to_vec())
}

#[test]
fn numbers_come_page_by_page() {
    let api = Api::new(config());
    let page = read_numbers(&api, 1, &answer("{}")).unwrap();
    assert!(page.items.is_empty() && page.next.is_none());
    let page = r#"{"count":201,"numbers":[{"country":"GB","msisdn":"442079460000","type":"landline","features":["VOICE"]},
        {"country":"US","msisdn":"16175550190","features":["SMS"]},{"country":"US","msisdn":"garbage"}]}"#;
    let page = |index| read_numbers(&api, index, &answer(page)).unwrap();
    let first = page(1);
    let voices: Vec<bool> = first.items.iter().map(|number| number.has_voice() && number.number().is_some()).collect();
    assert_eq!(voices, [true, false, false]);
    assert!(first.next.unwrap().request.uri().query().unwrap().ends_with("size=100&index=2"));
    assert!(page(2).next.is_some() && page(3).next.is_none());
    for garbage in ["", "7", "null", r#"{"count":"x"}"#, r#"{"numbers":[{}]}"#] {
        assert_eq!(read_numbers(&api, 1, &answer(garbage)).err(), Some(ApiError::Garbled), "{garbage}");
    }
}

#[test]
fn calls_are_read_as_they_are_described() {
    let call = r#"{"uuid":"u","status":"completed","direction":"outbound","rate":"0.39","price":"23.40","duration":"60",
        "start_time":"2020-01-01 12:00:00","conversation_uuid":"CON-1","to":{"type":"phone","number":"447700900000"}}"#;
    let state: CallState = serde_json::from_str(call).unwrap();
    assert_eq!((state.duration, state.conversation_uuid.as_deref()), (Some(60), Some("CON-1")));
    let state: CallState =
        serde_json::from_str(r#"{"uuid":"u","status":"x","duration":60,"to":[{"type":"app"}]}"#).unwrap();
    assert_eq!((state.duration, state.conversation_uuid), (Some(60), None));
    let list = format!(r#"{{"count":1,"_embedded":{{"calls":[{call}]}}}}"#);
    assert_eq!(read_calls(&answer(&list)).unwrap().len(), 1);
    assert!(read_calls(&answer(r#"{"count":0}"#)).unwrap().is_empty());
    for garbage in ["", "<html>", r#"{"_embedded":{"calls":[{}]}}"#] {
        assert!(read_calls(&answer(garbage)).is_err(), "{garbage}");
    }
}

#[test]
fn documents() {
    let (call, number) = (CallId::new("c1"), PhoneNumber::from_e164("+16175550142").unwrap());
    let mut caller_id = config();
    caller_id.calls.default_caller_id = Some("+16175550190".to_owned());
    let goes = |goes: Goes| documents::otherwise(&config(), &call, &goes);
    let reply = documents::reply(&goes(Goes::Goodbye { words: "Bye \" </talk>".to_owned() }));
    assert_eq!((reply.status, reply.content_type), (200, "application/json"));
    insta::assert_json_snapshot!(
        "documents",
        json!({
            "customer": documents::into_conversation(&music(), &call, Leg::Customer, false),
            "customer_without_music": documents::into_conversation(&config(), &call, Leg::Customer, false),
            "agent": documents::into_conversation(&music(), &call, Leg::Agent(2), true),
            "target": documents::into_conversation(&music(), &call, Leg::Target(3), false),
            "voicemail": goes(Goes::Voicemail { greeting: "Leave a message".to_owned() }),
            "number": goes(Goes::Number { number: number.clone() }),
            "number_with_caller_id": documents::otherwise(&caller_id, &call, &Goes::Number { number }),
            "goodbye": serde_json::from_str::<Value>(&reply.body).unwrap(),
        })
    );
}
