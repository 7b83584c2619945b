//! What is answered has the documented keys and types, and takes the documented fields.

use crate::world::{FROM, World, text};
use cordboard_twilio_emulator::numbers;
use serde_json::Value;

fn fixture() -> Value {
    serde_json::from_str(include_str!("../fixtures/schemas.json")).unwrap()
}

/// Compares an answer with a schema of the fixture.
pub(crate) fn check(name: &str, body: &Value) {
    let fixture = fixture();
    let schema = fixture["schemas"][name].as_object().unwrap();
    let body = body.as_object().unwrap_or_else(|| panic!("{name} is no object: {body}"));
    let keys = |object: &serde_json::Map<String, Value>| {
        let mut keys: Vec<String> = object.keys().cloned().collect();
        keys.sort();
        keys
    };
    assert_eq!(keys(body), keys(schema), "{name}");
    for (key, value) in body {
        let rule = &schema[key];
        // The specification does not say so, and its own examples have it.
        let is_open = key == "reason_conference_ended" && value.is_null();
        let fits = is_open
            || match value {
                Value::Null => rule["nullable"] == true,
                Value::String(_) => rule["type"] == "string",
                Value::Bool(_) => rule["type"] == "boolean",
                Value::Number(_) => rule["type"] == "integer",
                Value::Object(_) => rule["type"] == "object",
                Value::Array(_) => rule["type"] == "array",
            };
        assert!(fits || rule["type"].is_null(), "{name}.{key}: {value} is not {rule}");
        if let (Some(values), Value::String(_)) = (rule["enum"].as_array(), value) {
            assert!(values.contains(value), "{name}.{key}: {value}");
        }
        // `^CA[0-9a-fA-F]{32}$`
        if let (Some(pattern), Value::String(sid)) = (rule["pattern"].as_str().filter(|rule| rule.len() == 20), value) {
            assert!(sid.is_empty() || sid.len() == 34 && sid.starts_with(&pattern[1..3]), "{name}.{key}: {sid}");
        }
        if let ("date-time-rfc-2822", Value::String(date)) = (rule["format"].as_str().unwrap_or(""), value) {
            assert!(date.len() == 31 && date.ends_with(" +0000"), "{name}.{key}: {date}");
        }
    }
}

#[test]
fn answers_are_as_documented() {
    let mut world = World::new();
    let twiml = "<Response><Pause length=\"60\"/></Response>";
    let call = world.call(numbers::ANSWERS, twiml);
    for millis in [0, 2_000] {
        world.run(millis);
        check("call", &world.get(&format!("/Calls/{call}.json")).1);
        check("call", &world.get("/Calls.json").1["calls"][0]);
    }
    let (code, recording) = world.post(&format!("/Calls/{call}/Recordings.json"), &[]);
    assert_eq!(code, 201);
    check("recording", &recording);
    let path = format!("/Calls/{call}/Recordings/{}.json", text(&recording, "sid"));
    let (code, _) = world.post(&format!("/Calls/{call}.json"), &[("Status", "completed")]);
    assert_eq!(code, 200);
    for millis in [0, 2_000] {
        world.run(millis);
        check("recording", &world.get(&path).1);
        check("call", &world.get(&format!("/Calls/{call}.json")).1);
    }
    let member = world.add("room", numbers::ANSWERS, &[("Label", "customer")]);
    let conference = world.conference("room");
    for millis in [0, 2_000] {
        world.run(millis);
        check("participant", &world.get(&format!("/Conferences/{conference}/Participants/{member}.json")).1);
        check("participant", &world.get(&format!("/Conferences/{conference}/Participants.json")).1["participants"][0]);
        check("conference", &world.get(&format!("/Conferences/{conference}.json")).1);
    }
    world.post(&format!("/Conferences/{conference}.json"), &[("Status", "completed")]);
    check("conference", &world.get("/Conferences.json?Status=completed").1["conferences"][0]);
    check("incoming_phone_number", &world.get("/IncomingPhoneNumbers.json").1["incoming_phone_numbers"][0]);
    check("outgoing_caller_id", &world.get("/OutgoingCallerIds.json").1["outgoing_caller_ids"][0]);
}

/// Each documented field is taken, at least by its name; one more is refused by its name.
#[test]
fn documented_fields_are_known_and_others_refused() {
    let mut world = World::new();
    let fixture = fixture();
    for (request, fields) in fixture["requests"].as_object().unwrap() {
        let (method, path) = request.split_once(' ').unwrap();
        // What the emulator does not serve, or serves in part, says its documentation.
        if matches!(path, "/OutgoingCallerIds" | "/IncomingPhoneNumbers") && method == "POST" {
            continue;
        }
        let path = path.replace("{Sid}", "X").replace("{CallSid}", "X").replace("{ConferenceSid}", "X");
        let mut fields: Vec<&str> = fields.as_array().unwrap().iter().map(|field| field.as_str().unwrap()).collect();
        for is_known in [true, false] {
            if !is_known {
                fields.push("Recordd");
            }
            let (_, body) = if method == "POST" {
                let pairs: Vec<(&str, &str)> = fields.iter().map(|field| (*field, "")).collect();
                world.post(&format!("{path}.json"), &pairs)
            } else {
                let pairs = fields.iter().map(|field| (*field, ""));
                let query: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
                world.get(&format!("{path}.json?{query}"))
            };
            let message = body["message"].as_str().unwrap_or("");
            assert_eq!(message.starts_with("Unknown parameter"), !is_known, "{request}: {message}");
            assert!(is_known || message == "Unknown parameter: Recordd", "{request}: {message}");
        }
    }
    assert_eq!(world.get(&format!("/Calls.json?From={FROM}")).0, 200);
}
