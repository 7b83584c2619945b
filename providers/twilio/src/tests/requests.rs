//! Requests are as Twilio's specification says, and always the same.

use crate::address::Addresses;
use crate::config::{ApiKey, TwilioConfig};
use crate::documents;
use crate::rest::{Api, NewParticipant, Number, Participant, RecordingChange};
use cordboard::telephony::{CallId, PhoneNumber};
use cordboard_bridge::{ApiError, Call, Effect, Goes, Leg};
use cordboard_emulator::stage;
use http::Response;
use serde_json::{Value, json};

fn api() -> Api {
    let key = ApiKey { sid: "SKbbbb".to_owned(), secret: "not-a-secret".into() };
    Api::new(&TwilioConfig::new("ACaaaa", "token".into(), key, "https://calls.example.com"))
}

fn fields(text: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

fn requests() -> Vec<(&'static str, Call)> {
    let (api, addresses, call) = (api(), Addresses::new("https://calls.example.com"), CallId::new("c1"));
    let customer = NewParticipant {
        to: "+16175550142",
        from: "+16175550190",
        label: "customer",
        muted: false,
        ends_conference: true,
        ring_seconds: 30,
        wait_url: Some("https://calls.example.com/wait.mp3"),
        status_callback: &addresses.leg(&call, Leg::Customer),
        conference_callback: &addresses.conference(&call),
    };
    let agent = NewParticipant {
        to: "client:alex?call=c1",
        label: "agent-1",
        muted: true,
        ends_conference: false,
        ring_seconds: 5,
        wait_url: None,
        status_callback: &addresses.leg(&call, Leg::Agent(1)),
        ..customer
    };
    vec![
        ("add_customer", api.add_participant("c1", &customer)),
        ("add_agent", api.add_participant("c1", &agent)),
        ("hold", api.hold("CF1", "CA1", true, Some("https://calls.example.com/wait.mp3"))),
        ("resume", api.hold("CF1", "CA1", false, Some("https://calls.example.com/wait.mp3"))),
        ("mute", api.mute("CF1", "CA1", true)),
        ("ends_conference", api.ends_conference("CF1", "CA1")),
        ("list_participants", api.list_participants("CF1")),
        ("find_conference", api.find_conference("c1")),
        ("end_conference", api.end_conference("CF1")),
        ("end_call", api.end_call("CA1")),
        ("redirect", api.redirect("CA1", "<Response/>", Effect::Creates)),
        ("get_call", api.get_call("CA1")),
        ("start_recording", api.start_recording("CA1", &addresses.recording(&call))),
        ("pause_recording", api.change_recording("CA1", RecordingChange::Pause)),
        ("resume_recording", api.change_recording("CA1", RecordingChange::Resume)),
        ("stop_recording", api.change_recording("CA1", RecordingChange::Stop)),
        ("list_recordings", api.list_recordings("CA1")),
        ("incoming_numbers", api.incoming_numbers()),
        ("outgoing_caller_ids", api.outgoing_caller_ids()),
        ("get_recording", api.get_recording("RE1")),
        ("recording_media", api.recording_media("RE1")),
    ]
}

#[test]
fn snapshots() {
    let mut shown = serde_json::Map::new();
    for (name, call) in requests() {
        let mut request = stage::shown(&call);
        request.insert("form".to_owned(), json!(fields(std::str::from_utf8(call.request.body()).unwrap())));
        shown.insert(name.to_owned(), request.into());
    }
    insta::assert_json_snapshot!("requests", shown);
}

#[test]
fn credentials_are_basic_and_never_shown() {
    let (_, call) = requests().remove(0);
    let authorization = &call.request.headers()["authorization"];
    assert_eq!(authorization.to_str().unwrap(), "Basic U0tiYmJiOm5vdC1hLXNlY3JldA==");
    let shown = format!("{:?} {:?}", api(), call.request.headers());
    assert!(!shown.contains("U0tiYmJi") && !shown.contains("not-a-secret"), "{shown}");
}

/// Whether a value is as a schema of the specification wants it.
fn fits(schema: &Value, value: &str) -> bool {
    let bound = |key: &str| schema.get(key).and_then(Value::as_i64);
    let number = value.parse::<i64>().ok();
    let kind = match schema["type"].as_str().unwrap() {
        "integer" => number.is_some(),
        "boolean" => value == "true" || value == "false",
        _ => true,
    };
    let within = bound("minimum").is_none_or(|least| number >= Some(least))
        && bound("maximum").is_none_or(|most| number <= Some(most));
    let listed = schema.get("enum").and_then(Value::as_array).is_none_or(|list| list.iter().any(|one| one == value));
    // All patterns are of ids: two letters and 32 digits. Ours are shorter here.
    let id = schema.get("pattern").and_then(Value::as_str).map(|pattern| &pattern[1..3]);
    let address = schema.get("format").is_none_or(|format| format != "uri" || url::Url::parse(value).is_ok());
    kind && within && listed && id.is_none_or(|id| value.starts_with(id)) && address
}

/// The names in a path of the specification with what stands there in ours; `None` if it is another path.
fn path_values<'p>(known: &'p str, asked: &'p str) -> Option<Vec<(&'p str, &'p str)>> {
    let (known, asked): (Vec<_>, Vec<_>) = (known.split('/').collect(), asked.split('/').collect());
    if known.len() != asked.len() {
        return None;
    }
    let mut values = Vec::new();
    for (known, asked) in known.into_iter().zip(asked) {
        let (known, asked) = match known.strip_suffix(".json") {
            Some(known) => (known, asked.strip_suffix(".json")?),
            None => (known, asked),
        };
        match known.strip_prefix('{') {
            Some(name) => values.push((name.trim_end_matches('}'), asked)),
            None if known == asked => {}
            None => return None,
        }
    }
    Some(values)
}

/// Twilio takes fields that it does not know without a word, so only this finds a typing error.
#[test]
fn fields_are_those_of_the_specification() {
    let specification: Value = serde_json::from_str(include_str!("../../tests/fixtures/openapi.json")).unwrap();
    for (name, call) in requests() {
        // The sound of a recording is no part of it.
        if name == "recording_media" {
            continue;
        }
        let (method, uri) = (call.request.method(), call.request.uri());
        let found = specification.as_object().unwrap().iter().find_map(|(operation, fields)| {
            let (known, path) = operation.split_once(' ')?;
            Some((fields, path_values(path, uri.path())?)).filter(|_| known == method.as_str())
        });
        let (operation, ids) = found.unwrap_or_else(|| panic!("{name}: no such operation"));
        for (id, value) in ids {
            assert!(fits(&operation["path"][id], value), "{name}: {id} is {value}");
        }
        let (known, given) = match method.as_str() {
            "POST" => (&operation["form"], fields(std::str::from_utf8(call.request.body()).unwrap())),
            _ => (&operation["query"], fields(uri.query().unwrap_or_default())),
        };
        for (field, value) in &given {
            let schema = known.get(field).unwrap_or_else(|| panic!("{name}: {field} is not in the specification"));
            assert!(fits(schema, value), "{name}: {field} is {value}");
            assert!(field != "Twiml" || value.len() <= 4_000, "{name}: Twilio takes no longer document");
            assert_eq!(given.iter().filter(|(other, _)| other == field).count(), 1, "{name}: {field} is there once");
        }
        for required in operation.get("required").and_then(Value::as_array).into_iter().flatten() {
            assert!(given.iter().any(|(field, _)| required == field), "{name} lacks {required}");
        }
    }
}

/// Whoever cuts the specification down again gets the same operations.
#[test]
fn the_specification_is_what_its_script_writes() {
    let specification: Value = serde_json::from_str(include_str!("../../tests/fixtures/openapi.json")).unwrap();
    let script = include_str!("../../tests/fixtures/openapi.py");
    for operation in specification.as_object().unwrap().keys() {
        let named = operation.replace("/2010-04-01/Accounts/{AccountSid}", "");
        assert!(script.contains(&format!("\"{named}\",")), "{named}");
    }
}

/// Every request that can be made is among those above.
#[test]
fn every_request_is_looked_at() {
    let source = include_str!("../rest.rs");
    let makers = source.split("    pub(crate) fn ").skip(1).filter(|maker| {
        let signature = maker.split('{').next().unwrap_or_default();
        signature.contains("-> Call") && !signature.contains("Option<Call>")
    });
    let tests = include_str!("requests.rs");
    let mut count = 0;
    for maker in makers {
        let name = maker.split('(').next().unwrap_or_default();
        assert!(tests.contains(&format!("api.{name}(")), "{name} is not among the requests");
        count += 1;
    }
    assert!(count >= 15, "{count}");
}

#[test]
fn the_next_page_is_of_this_account_or_none() {
    let api = api();
    let next = api.next_page("/2010-04-01/Accounts/ACaaaa/IncomingPhoneNumbers.json?PageSize=2&Page=1&PageToken=PA1");
    let next = next.unwrap().request.uri().to_string();
    assert_eq!(
        next,
        "https://api.twilio.com/2010-04-01/Accounts/ACaaaa/IncomingPhoneNumbers.json?PageSize=2&Page=1&PageToken=PA1"
    );
    for path in [
        "",
        "https://evil.example/2010-04-01/Accounts/ACaaaa/Calls.json",
        "//evil.example/2010-04-01/Accounts/ACaaaa/Calls.json",
        "/2010-04-01/Accounts/ACbbbb/Calls.json",
        "/2010-04-01/Accounts/ACaaaa/../ACbbbb/Calls.json",
        "@evil.example/",
        "/2010-04-01/Accounts/ACaaaa/Calls.json\r\nHost: evil.example",
    ] {
        assert!(api.next_page(path).is_none(), "{path}");
    }
}

#[test]
fn answers_are_read() {
    let answer = |body: &str| Response::new(body.as_bytes().to_vec());
    let participant = r#"{"account_sid":"AC","call_sid":"CA1","label":"customer","conference_sid":"CF1","muted":false,
        "hold":true,"coaching":false,"status":"queued","start_conference_on_enter":true,"uri":"/x"}"#;
    let participant: Participant = serde_json::from_str(participant).unwrap();
    assert_eq!((participant.call_sid.as_str(), participant.conference_sid.as_str()), ("CA1", "CF1"));
    assert!(participant.hold && !participant.muted);

    let page = r#"{"incoming_phone_numbers":[{"phone_number":"+16175550190","friendly_name":"Sales","sid":"PN1",
        "capabilities":{"voice":true,"sms":false}}],"next_page_uri":null,"page":0,"page_size":50}"#;
    let page = api().page::<Number>(&answer(page), "incoming_phone_numbers").unwrap();
    assert_eq!(page.items.len(), 1);
    assert!(page.next.is_none());

    for garbage in ["", "<html/>", "[]", "null", "{}", "{\"call_sid\":1}"] {
        assert!(serde_json::from_str::<Participant>(garbage).is_err(), "{garbage}");
        let page = api().page::<Number>(&answer(garbage), "incoming_phone_numbers");
        assert_eq!(page.err(), Some(ApiError::Garbled), "{garbage}");
    }
}

#[test]
fn documents() {
    let (addresses, call) = (Addresses::new("https://calls.example.com"), CallId::new("CA1"));
    let number = PhoneNumber::from_e164("+16175550142").unwrap();
    let otherwise = |goes| documents::otherwise(&addresses, &call, &goes).build();
    insta::assert_json_snapshot!(
        "documents",
        json!({
            "customer": documents::into_conference(&addresses, None, &call, Leg::Customer).build(),
            "target": documents::into_conference(&addresses, Some("https://x.example/a?b=1&c=2"), &call, Leg::Target(3)).build(),
            "voicemail": otherwise(Goes::Voicemail { greeting: "Leave a <message> & bye".to_owned() }),
            "number": otherwise(Goes::Number { number }),
            "goodbye": otherwise(Goes::Goodbye { words: "Bye".to_owned() }),
            "hang_up": documents::hang_up().build(),
        })
    );
}
