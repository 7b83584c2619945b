//! What hosts and widgets of other versions write differently, and what stays an error.

use crate::support::{at, json, value};
use cordboard::protocol::*;
use serde_json::json;

fn dial(data: serde_json::Value) -> Result<DialNumber, DecodeError> {
    match HostMessage::decode(&value(json!({ "type": "DIAL_NUMBER", "messageId": "1_1", "data": data })))? {
        HostMessage::DialNumber(dial) => Ok(dial),
        other => panic!("{other:?}"),
    }
}

fn ended(data: serde_json::Value) -> CallEnded {
    match WidgetMessage::decode(&value(json!({ "type": "CALL_ENDED", "messageId": "1_1", "data": data }))) {
        Ok(WidgetMessage::CallEnded(ended)) => ended,
        other => panic!("{other:?}"),
    }
}

#[test]
fn ids_are_numbers_or_texts() {
    for (wire, id) in [
        (json!(101), "101"),
        (json!("101"), "101"),
        (json!(0), "0"),
        (json!(9_007_199_254_740_991_u64), "9007199254740991"),
        (json!("9007199254740993"), "9007199254740993"),
        (json!("007"), "007"),
        (json!("a-1"), "a-1"),
    ] {
        assert_eq!(dial(json!({ "phoneNumber": "1", "ownerId": wire })).unwrap().owner_id, Some(Id::from(id)));
    }
    for wire in
        [json!(1.5), json!(-1), json!(9_007_199_254_740_992_u64), json!(""), json!(true), json!("x".repeat(257))]
    {
        assert_eq!(dial(json!({ "phoneNumber": "1", "ownerId": wire })).unwrap().owner_id, None, "{wire}");
    }
}

#[test]
fn ids_are_written_as_numbers_where_nothing_is_lost() {
    for (id, wire) in [
        ("101", json!(101)),
        ("0", json!(0)),
        ("007", json!("007")),
        ("1e3", json!("1e3")),
        ("", json!("")),
        ("9007199254740991", json!(9_007_199_254_740_991_u64)),
        ("9007199254740993", json!("9007199254740993")),
    ] {
        let reference = CallReference { engagement_id: Some(id.into()), external_call_id: None };
        assert_eq!(json(&HostMessage::EndCall(reference).encode("c1_1"))["data"]["engagementId"], wire);
    }
    let answered = WidgetMessage::CallAnswered(CallAnswered { external_call_id: "7".into() });
    assert_eq!(json(&answered.encode("c1_1"))["data"]["externalCallId"], json!("7"));
}

#[test]
fn old_names_are_read() {
    assert_eq!(dial(json!({ "phone_number": "1" })).unwrap().phone_number.as_str(), "1");
    assert_eq!(ended(json!({ "externalCallID": "call-1" })).external_call_id.as_str(), "call-1");
    assert_eq!(ended(json!({ "externalCallId": 7 })).external_call_id.as_str(), "7");
    let ended =
        ended(json!({ "externalCallId": null, "externalCallID": "call-1", "callEndStatus": "INTERNAL_MISSED" }));
    assert_eq!((ended.external_call_id.as_str(), ended.call_end_status), ("call-1", Some(CallEndStatus::Missed)));
    let started =
        json!({ "type": "OUTGOING_CALL_STARTED", "data": { "externalCallId": "1", "phoneNumber": "+15550100001" } });
    let Ok(WidgetMessage::OutgoingCallStarted(started)) = WidgetMessage::decode(&value(started)) else { panic!() };
    assert_eq!(started.to_number, Some("+15550100001".into()));
    let moved = json!({ "type": "SET_WIDGET_URL", "iFrameUrl": "https://other.example.com" });
    let Ok(WidgetMessage::SetWidgetUrl(moved)) = WidgetMessage::decode(&value(moved)) else { panic!() };
    assert_eq!(moved.iframe_url, "https://other.example.com");
}

#[test]
fn optional_fields_of_a_wrong_type_are_absent() {
    let data = json!({
        "phoneNumber": "1",
        "portalId": {},
        "objectType": 7,
        "calleeInfo": { "calleeId": 1 },
        "startTimestamp": "soon",
        "countryCode": "x".repeat(5_000),
    });
    let dial = dial(data).unwrap();
    assert_eq!(dial.portal_id, None);
    assert_eq!(dial.object_type, None);
    assert_eq!(dial.callee_info, None);
    assert_eq!(dial.start_timestamp, None);
    assert_eq!(dial.country_code, None);
    assert_eq!(dial.phone_number.as_str(), "1");
}

#[test]
fn required_fields_are_required() {
    let error = DecodeError::Field { message: "DIAL_NUMBER", field: "phoneNumber", expected: "a text" };
    for data in
        [json!(null), json!({}), json!({ "phoneNumber": 7 }), json!({ "phoneNumber": "1".repeat(10_000) }), json!("1")]
    {
        assert_eq!(dial(data).unwrap_err(), error);
    }
    assert_eq!(error.to_string(), "DIAL_NUMBER without phoneNumber, a text");
    assert_eq!(HostMessage::decode(&value(json!({ "type": "LOGGED_IN" }))), Err(DecodeError::UnknownType));
    assert_eq!(WidgetMessage::decode(&value(json!({ "type": "DIAL_NUMBER" }))), Err(DecodeError::UnknownType));
    assert_eq!(Sync::decode(&value(json!({ "type": "SYNC_ACK", "messageId": "1" }))), Err(DecodeError::UnknownType));
    assert_eq!(SyncAck::decode(&value(json!(7))), Err(DecodeError::NotAMessage));
}

#[test]
fn other_object_types_keep_their_name() {
    let dial = dial(json!({ "phoneNumber": "1", "objectType": "p_machines" })).unwrap();
    assert_eq!(dial.object_type, Some(ObjectType::Other("p_machines".into())));
    assert_eq!(json(&HostMessage::DialNumber(dial).encode("c1_1"))["data"]["objectType"], "p_machines");
}

#[test]
fn matches_that_cannot_be_read_are_left_out() {
    let coordinates = json!({ "portalId": 1, "objectId": "2", "objectTypeId": "0-1" });
    let matches = |list: serde_json::Value| {
        let wire = json!({ "type": "CALLER_ID_MATCH_SUCCEEDED", "data": { "callerIdMatches": list } });
        HostMessage::decode(&value(wire)).map(|message| match message {
            HostMessage::CallerIdMatchSucceeded(found) => found.caller_id_matches.len(),
            other => panic!("{other:?}"),
        })
    };
    let contact = json!({ "callerIdType": "CONTACT", "objectCoordinates": coordinates });
    assert_eq!(matches(json!([])), Ok(0));
    assert_eq!(matches(json!([contact, { "callerIdType": "TICKET", "objectCoordinates": coordinates }, 7, {}])), Ok(1));
    assert_eq!(matches(vec![contact; 10_000].into()), Ok(100));
    assert!(matches(json!({})).is_err());
}

#[test]
fn times_are_numbers_or_texts() {
    let timestamp = |wire: serde_json::Value| {
        let data = json!({ "externalCallId": "1", "engagementProperties": { "hs_timestamp": wire } });
        match WidgetMessage::decode(&value(json!({ "type": "CALL_COMPLETED", "data": data }))) {
            Ok(WidgetMessage::CallCompleted(completed)) => completed.engagement_properties.unwrap().timestamp,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(timestamp(json!(1_700_000_000_000_u64)), Some(at(1_700_000_000_000)));
    assert_eq!(timestamp(json!("1700000000000")), Some(at(1_700_000_000_000)));
    for wire in [
        json!("9007199254740992"),
        json!("99999999999999999999"),
        json!(-1),
        json!("-1"),
        json!("2026-11-22T00:00:00Z"),
    ] {
        assert_eq!(timestamp(wire.clone()), None, "{wire}");
    }
}

#[test]
fn a_note_may_be_long() {
    let completed = |length: usize| {
        let data = json!({
            "externalCallId": "1",
            "engagementProperties": {
                "hs_call_body": "n".repeat(length), "hs_timestamp": "1700000000000", "hs_call_duration": 90_000,
            },
        });
        match WidgetMessage::decode(&value(json!({ "type": "CALL_COMPLETED", "data": data }))) {
            Ok(WidgetMessage::CallCompleted(completed)) => completed.engagement_properties.unwrap(),
            other => panic!("{other:?}"),
        }
    };
    let properties = completed(65_536);
    assert_eq!(properties.body.unwrap().as_str().len(), 65_536);
    assert_eq!(properties.timestamp, Some(at(1_700_000_000_000)));
    assert_eq!(properties.duration, Some(core::time::Duration::from_secs(90)));
    assert_eq!(completed(65_537).body, None);
}
