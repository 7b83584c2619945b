//! Every shape of every answer is read, also with what HubSpot adds later.

use crate::catalogue::requests;
use crate::spec::{PERSON, Spec, with_other_words};
use cordboard_hubspot::{ApiVersion, CallingSettings, Change, Setting as _, Stored};
use serde_json::{Value, json};

#[test]
fn every_shape_is_read() {
    let spec = Spec::new();
    let mut read = 0;
    for version in ApiVersion::ALL {
        for made in requests(version) {
            if made.name == "dispositions.list" {
                continue;
            }
            let operation = spec.operation(made.http.method().as_str(), made.http.uri().path());
            for (status, schema) in operation["answers"].as_object().unwrap() {
                for sample in if schema.is_null() { vec![Value::Null] } else { spec.samples(schema, "") } {
                    for sample in [with_other_words(&sample), sample] {
                        let body = if sample.is_null() { String::new() } else { sample.to_string() };
                        // Settings are not people's: the provider's name may be shown.
                        let shown = (made.read)(body.as_bytes());
                        let shown = shown.unwrap_or_else(|| panic!("{} {status}: {body}", made.name));
                        let is_setting = sample.get("supportsInboundCalling").is_some();
                        let is_provider = made.name.starts_with("connection");
                        assert!(is_setting || is_provider || !shown.contains(PERSON), "{}: {shown}", made.name);
                        read += 1;
                    }
                }
            }
        }
    }
    assert!(read > 1_000, "{read}");
}

#[test]
fn garbage_is_not_read() {
    for made in requests(ApiVersion::March2026) {
        let is_empty = (made.read)(b"").is_some();
        for garbage in ["<html/>", "null", "7", "{\"id\":{}}", "\"text\""] {
            assert_eq!((made.read)(garbage.as_bytes()).is_some(), is_empty, "{}: {garbage}", made.name);
        }
    }
}

#[test]
fn what_nobody_knows_yet_survives() {
    let spec = Spec::new();
    for sample in spec.samples(&"SettingsResponse".into(), "") {
        let read: Stored<CallingSettings> = serde_json::from_value(sample.clone()).unwrap();
        let mut kept = serde_json::to_value(&read.setting).unwrap();
        for time in ["createdAt", "updatedAt"] {
            assert!(kept.get(time).is_none(), "only HubSpot writes it");
            kept[time] = sample[time].clone();
        }
        assert_eq!(kept, sample);
        assert!(read.created_at.is_some());
        // Changed and written, only what was changed is sent.
        let mut wanted = read.setting.clone();
        wanted.is_ready = !wanted.is_ready;
        let change = serde_json::to_value(Change::between(&read.setting, &wanted)).unwrap();
        assert_eq!(change, json!({ "isReady": wanted.is_ready }));
        wanted.other.insert("addedLater".to_owned(), json!(2));
        let change = serde_json::to_value(Change::between(&read.setting, &wanted)).unwrap();
        assert_eq!(change, json!({ "isReady": wanted.is_ready, "addedLater": 2 }));
    }
}

#[test]
fn settings_that_nobody_could_use_are_named() {
    let mut settings = crate::catalogue::calling_settings();
    assert_eq!(settings.problems(), []);
    settings.url = "http://widget.example.com".to_owned();
    settings.name = " ".to_owned();
    settings.width = 0;
    let fields: Vec<&str> = settings.problems().iter().map(|(field, _)| *field).collect();
    assert_eq!(fields, ["name", "url", "width"]);
}
