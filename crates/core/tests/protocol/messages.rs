//! Every message as it stands on the wire, and back.

use crate::support::{HOST, Json, WIDGET, at, context, json, origin, value};
use cordboard::protocol::*;
use core::time::Duration;
use serde_json::json;
use std::collections::BTreeSet;

fn message(message_type: &str, data: Option<Json>) -> Json {
    let mut message = json!({ "type": message_type, "messageId": "c1_1" });
    if let Some(data) = data {
        message["data"] = data;
    }
    message
}

fn contact() -> (ObjectCoordinates, Json) {
    let coordinates = ObjectCoordinates {
        portal_id: "62515".into(),
        object_id: "101".into(),
        object_type_id: ObjectTypeId::contact(),
    };
    (coordinates, json!({ "portalId": 62515, "objectId": 101, "objectTypeId": "0-1" }))
}

fn company() -> (ObjectCoordinates, Json) {
    let coordinates = ObjectCoordinates {
        portal_id: "62515".into(),
        object_id: "202".into(),
        object_type_id: ObjectTypeId::company(),
    };
    (coordinates, json!({ "portalId": 62515, "objectId": 202, "objectTypeId": "0-2" }))
}

pub(crate) fn widget_messages() -> Vec<(WidgetMessage, Json)> {
    use WidgetMessage as M;
    let finalize = FinalizeEngagement { external_call_id: "call-1".into(), engagement_id: "501".into() };
    let finalized = json!({ "externalCallId": "call-1", "engagementId": 501 });
    let call = json!({ "externalCallId": "call-1" });
    vec![
        (
            M::Initialized(Initialized {
                is_logged_in: Some(true),
                is_available: Some(false),
                engagement_id: Some("501".into()),
                size_info: Some(SizeInfo { width: 400, height: 600 }),
            }),
            message(
                "INITIALIZED",
                Some(json!({
                    "isLoggedIn": true,
                    "isAvailable": false,
                    "engagementId": 501,
                    "sizeInfo": { "width": 400, "height": 600 },
                })),
            ),
        ),
        (M::LoggedIn, message("LOGGED_IN", None)),
        (M::LoggedOut, message("LOGGED_OUT", None)),
        (M::UserAvailable, message("USER_AVAILABLE", None)),
        (M::UserUnavailable, message("USER_UNAVAILABLE", None)),
        (
            M::OutgoingCallStarted(OutgoingCallStarted {
                external_call_id: "call-1".into(),
                to_number: Some("+15550100001".into()),
                from_number: Some("+15550100002".into()),
                call_start_time: Some(at(1_700_000_000_000)),
                create_engagement: Some(true),
            }),
            message(
                "OUTGOING_CALL_STARTED",
                Some(json!({
                    "externalCallId": "call-1",
                    "toNumber": "+15550100001",
                    "fromNumber": "+15550100002",
                    "callStartTime": 1_700_000_000_000_u64,
                    "createEngagement": true,
                })),
            ),
        ),
        (
            M::IncomingCall(IncomingCall {
                external_call_id: "call-1".into(),
                from_number: "+15550100001".into(),
                to_number: "+15550100002".into(),
                call_start_time: Some(at(1_700_000_000_000)),
                create_engagement: Some(true),
            }),
            message(
                "INCOMING_CALL",
                Some(json!({
                    "externalCallId": "call-1",
                    "fromNumber": "+15550100001",
                    "toNumber": "+15550100002",
                    "callStartTime": 1_700_000_000_000_u64,
                    "createEngagement": true,
                })),
            ),
        ),
        (
            M::CallAnswered(CallAnswered { external_call_id: "call-1".into() }),
            message("CALL_ANSWERED", Some(call.clone())),
        ),
        (
            M::CallTransferred(CallTransferred { external_call_id: "call-1".into() }),
            message("CALL_TRANSFERRED", Some(call)),
        ),
        (
            M::CallEnded(CallEnded {
                external_call_id: "call-1".into(),
                engagement_id: Some("501".into()),
                call_end_status: Some(CallEndStatus::NoAnswer),
            }),
            message(
                "CALL_ENDED",
                Some(json!({ "externalCallId": "call-1", "engagementId": 501, "callEndStatus": "NO_ANSWER" })),
            ),
        ),
        (
            M::CallCompleted(CallCompleted {
                external_call_id: "call-1".into(),
                engagement_id: Some("501".into()),
                hide_widget: Some(false),
                engagement_properties: Some(EngagementProperties {
                    timestamp: Some(at(1_700_000_000_000)),
                    title: Some("Call with Ada".into()),
                    body: Some("Wants a demo".into()),
                    direction: Some(CallDirection::Outbound),
                    status: Some(CallStatus::Completed),
                    duration: Some(Duration::from_secs(90)),
                    disposition: Some("f240bbac-87c9-4f6e-bf70-924b57d47db7".into()),
                    from_number: Some("+15550100002".into()),
                    to_number: Some("+15550100001".into()),
                    callee_object_id: Some("101".into()),
                    callee_object_type: Some("contact".into()),
                    owner_id: Some("77".into()),
                    activity_type: Some("Sales".into()),
                    attachment_ids: Some("1;2".into()),
                    recording_url: Some("https://recordings.example.com/1.mp3".into()),
                    source: Some("INTEGRATIONS_PLATFORM".into()),
                }),
            }),
            message(
                "CALL_COMPLETED",
                Some(json!({
                    "externalCallId": "call-1",
                    "engagementId": 501,
                    "hideWidget": false,
                    "engagementProperties": {
                        "hs_timestamp": 1_700_000_000_000_u64,
                        "hs_call_title": "Call with Ada",
                        "hs_call_body": "Wants a demo",
                        "hs_call_direction": "OUTBOUND",
                        "hs_call_status": "COMPLETED",
                        "hs_call_duration": "90000",
                        "hs_call_disposition": "f240bbac-87c9-4f6e-bf70-924b57d47db7",
                        "hs_call_from_number": "+15550100002",
                        "hs_call_to_number": "+15550100001",
                        "hs_call_callee_object_id": "101",
                        "hs_call_callee_object_type": "contact",
                        "hubspot_owner_id": "77",
                        "hs_activity_type": "Sales",
                        "hs_attachment_ids": "1;2",
                        "hs_call_recording_url": "https://recordings.example.com/1.mp3",
                        "hs_call_source": "INTEGRATIONS_PLATFORM",
                    },
                })),
            ),
        ),
        (M::FinalizeEngagement(finalize.clone()), message("FINALIZE_ENGAGEMENT", Some(finalized.clone()))),
        (M::PublishToChannel(finalize), message("PUBLISH_TO_CHANNEL", Some(finalized))),
        (
            M::NavigateToRecord(NavigateToRecord {
                object_coordinates: contact().0,
                engagement_id: Some("501".into()),
                open_in: Some(OpenIn::NewTab),
            }),
            message(
                "NAVIGATE_TO_RECORD",
                Some(json!({ "objectCoordinates": contact().1, "engagementId": 501, "openIn": "NEW_TAB" })),
            ),
        ),
        (
            M::Error(WidgetError::Message("The microphone is blocked".into())),
            message("ERROR", Some(json!({ "message": "The microphone is blocked" }))),
        ),
        (
            M::Error(WidgetError::UnknownMessageType("NEWS".into())),
            message(
                "ERROR",
                Some(json!({ "type": "UNKNOWN_MESSAGE_TYPE", "data": { "originalMessage": { "type": "NEWS" } } })),
            ),
        ),
        (
            M::ResizeWidget(SizeInfo { width: 400, height: 600 }),
            message("RESIZE_WIDGET", Some(json!({ "width": 400, "height": 600 }))),
        ),
        (
            M::SetWidgetUrl(SetWidgetUrl { iframe_url: "https://other.example.com".into() }),
            json!({
                "type": "SET_WIDGET_URL",
                "messageId": "c1_1",
                "iFrameUrl": "https://other.example.com",
                "data": { "iFrameUrl": "https://other.example.com" },
            }),
        ),
        (M::CallData, message("CALL_DATA", None)),
    ]
}

pub(crate) fn host_messages() -> Vec<(HostMessage, Json)> {
    use HostMessage as M;
    let call = CallReference { external_call_id: Some("call-1".into()), engagement_id: Some("501".into()) };
    let call_json = json!({ "externalCallId": "call-1", "engagementId": 501 });
    let created = Engagement { engagement_id: "501".into(), external_call_id: None };
    let created_json = json!({ "engagementId": 501 });
    let done = Engagement { engagement_id: "501".into(), external_call_id: Some("call-1".into()) };
    let done_json = call_json.clone();
    let failure = Failure {
        error: Some(FailureReason { message: "Out of order".into() }),
        external_call_id: Some("call-1".into()),
        engagement_id: Some("501".into()),
    };
    let failure_json =
        json!({ "error": { "message": "Out of order" }, "externalCallId": "call-1", "engagementId": 501 });
    let mut messages = vec![
        (
            M::DialNumber(DialNumber {
                phone_number: "(555) 010-0001".into(),
                portal_id: Some("62515".into()),
                owner_id: Some("77".into()),
                subject_id: Some("101".into()),
                object_id: Some("101".into()),
                object_type: Some(ObjectType::Contact),
                country_code: Some("US".into()),
                callee_info: Some(CalleeInfo {
                    callee_id: "101".into(),
                    callee_object_type_id: ObjectTypeId::contact(),
                }),
                start_timestamp: Some(at(1_700_000_000_000)),
                to_phone_number_src: Some("mobilephone".into()),
                thread_id: Some("5".into()),
            }),
            message(
                "DIAL_NUMBER",
                Some(json!({
                    "phoneNumber": "(555) 010-0001",
                    "portalId": 62515,
                    "ownerId": 77,
                    "subjectId": 101,
                    "objectId": 101,
                    "objectType": "CONTACT",
                    "countryCode": "US",
                    "calleeInfo": { "calleeId": 101, "calleeObjectTypeId": "0-1" },
                    "startTimestamp": 1_700_000_000_000_u64,
                    "toPhoneNumberSrc": "mobilephone",
                    "threadId": 5,
                })),
            ),
        ),
        (
            M::VisibilityChanged(VisibilityChanged { is_minimized: Some(true), is_hidden: Some(false) }),
            message("VISIBILITY_CHANGED", Some(json!({ "isMinimized": true, "isHidden": false }))),
        ),
        (
            M::CallerIdMatchSucceeded(CallerIdMatches {
                caller_id_matches: vec![
                    CallerIdMatch::Contact(ContactMatch {
                        object_coordinates: contact().0,
                        first_name: Some("Ada".into()),
                        last_name: Some("Lovelace".into()),
                        email: Some("ada@example.com".into()),
                    }),
                    CallerIdMatch::Company(CompanyMatch {
                        object_coordinates: company().0,
                        name: Some("Engines".into()),
                    }),
                ],
                external_call_id: Some("call-1".into()),
            }),
            message(
                "CALLER_ID_MATCH_SUCCEEDED",
                Some(json!({
                    "callerIdMatches": [
                        {
                            "callerIdType": "CONTACT",
                            "objectCoordinates": contact().1,
                            "firstName": "Ada",
                            "lastName": "Lovelace",
                            "email": "ada@example.com",
                        },
                        { "callerIdType": "COMPANY", "objectCoordinates": company().1, "name": "Engines" },
                    ],
                    "externalCallId": "call-1",
                })),
            ),
        ),
        (
            M::NavigateToRecordFailed(NavigateToRecordFailed {
                engagement_id: Some("501".into()),
                object_coordinates: Some(contact().0),
            }),
            message(
                "NAVIGATE_TO_RECORD_FAILED",
                Some(json!({ "engagementId": 501, "objectCoordinates": contact().1 })),
            ),
        ),
        (M::Unloading, message("UNLOADING", None)),
        (M::EngagementCreated(created.clone()), message("ENGAGEMENT_CREATED", Some(created_json.clone()))),
        (M::CreateEngagementSucceeded(created), message("CREATE_ENGAGEMENT_SUCCEEDED", Some(created_json))),
    ];
    for (wrap, name) in [
        (M::EndCall as fn(_) -> _, "END_CALL"),
        (M::SetCallState, "SET_CALL_STATE"),
        (M::InitiateCallIdSucceeded, "INITIATE_CALL_ID_SUCCEEDED"),
    ] {
        messages.push((wrap(call.clone()), message(name, Some(call_json.clone()))));
    }
    for (wrap, name) in [
        (M::UpdateEngagementSucceeded as fn(_) -> _, "UPDATE_ENGAGEMENT_SUCCEEDED"),
        (M::PublishToChannelSucceeded, "PUBLISH_TO_CHANNEL_SUCCEEDED"),
        (M::FinalizeEngagementSucceeded, "FINALIZE_ENGAGEMENT_SUCCEEDED"),
    ] {
        messages.push((wrap(done.clone()), message(name, Some(done_json.clone()))));
    }
    for (wrap, name) in [
        (M::CreateEngagementFailed as fn(_) -> _, "CREATE_ENGAGEMENT_FAILED"),
        (M::UpdateEngagementFailed, "UPDATE_ENGAGEMENT_FAILED"),
        (M::CallerIdMatchFailed, "CALLER_ID_MATCH_FAILED"),
        (M::PublishToChannelFailed, "PUBLISH_TO_CHANNEL_FAILED"),
        (M::FinalizeEngagementFailed, "FINALIZE_ENGAGEMENT_FAILED"),
        (M::InitiateCallIdFailed, "INITIATE_CALL_ID_FAILED"),
        (M::SetWidgetUrlFailed, "SET_WIDGET_URL_FAILED"),
        (M::UpdateAssociationsFailed, "UPDATE_ASSOCIATIONS_FAILED"),
        (M::Failed, "FAILED"),
    ] {
        messages.push((wrap(failure.clone()), message(name, Some(failure_json.clone()))));
    }
    messages
}

#[test]
fn widget_messages_on_the_wire() {
    for (message, wire) in widget_messages() {
        assert_eq!(json(&message.encode("c1_1")), wire);
        assert_eq!(WidgetMessage::decode(&value(wire)), Ok(message));
    }
}

#[test]
fn host_messages_on_the_wire() {
    for (message, wire) in host_messages() {
        assert_eq!(json(&message.encode("c1_1")), wire);
        assert_eq!(HostMessage::decode(&value(wire)), Ok(message));
    }
}

/// The official SDK's names, `Constants.ts` of 0.9.7 and `UPDATE_ASSOCIATIONS_FAILED` of 0.8.1.
#[test]
fn every_type_is_covered() {
    let from_widget = "CALL_ANSWERED CALL_COMPLETED CALL_DATA CALL_ENDED CALL_TRANSFERRED ERROR FINALIZE_ENGAGEMENT \
         INCOMING_CALL INITIALIZED LOGGED_IN LOGGED_OUT NAVIGATE_TO_RECORD OUTGOING_CALL_STARTED PUBLISH_TO_CHANNEL \
         RESIZE_WIDGET SET_WIDGET_URL USER_AVAILABLE USER_UNAVAILABLE";
    let from_host = "CALLER_ID_MATCH_FAILED CALLER_ID_MATCH_SUCCEEDED CREATE_ENGAGEMENT_FAILED \
         CREATE_ENGAGEMENT_SUCCEEDED DIAL_NUMBER END_CALL ENGAGEMENT_CREATED FAILED FINALIZE_ENGAGEMENT_FAILED \
         FINALIZE_ENGAGEMENT_SUCCEEDED INITIATE_CALL_ID_FAILED INITIATE_CALL_ID_SUCCEEDED NAVIGATE_TO_RECORD_FAILED \
         PUBLISH_TO_CHANNEL_FAILED PUBLISH_TO_CHANNEL_SUCCEEDED SET_CALL_STATE SET_WIDGET_URL_FAILED UNLOADING \
         UPDATE_ASSOCIATIONS_FAILED UPDATE_ENGAGEMENT_FAILED UPDATE_ENGAGEMENT_SUCCEEDED VISIBILITY_CHANGED";
    let widget = widget_messages();
    let host = host_messages();
    assert_eq!(widget.iter().map(|(m, _)| m.message_type()).collect::<BTreeSet<_>>(), from_widget.split(' ').collect());
    assert_eq!(host.iter().map(|(m, _)| m.message_type()).collect::<BTreeSet<_>>(), from_host.split(' ').collect());
}

#[test]
fn the_handshake_on_the_wire() {
    let sync = Sync { message_id: "c1_1".into(), host_url: Some(origin(HOST)), context: context() };
    let wire = json!({
        "type": "SYNC",
        "messageId": "c1_1",
        "hostUrl": HOST,
        "engagementId": 501,
        "portalId": 62515,
        "userId": 9,
        "ownerId": 77,
        "iframeLocation": "remote",
        "usesCallingWindow": false,
    });
    assert_eq!(json(&sync.encode()), wire);
    assert_eq!(Sync::decode(&value(wire.clone())), Ok(sync.clone()));

    let ack =
        SyncAck { sync, debug_mode: Some(false), version: Some("1.2.3".into()), iframe_url: Some(origin(WIDGET)) };
    let mut wire = wire;
    wire["type"] = "SYNC_ACK".into();
    wire["debugMode"] = false.into();
    wire["version"] = "1.2.3".into();
    wire["iFrameUrl"] = WIDGET.into();
    assert_eq!(json(&ack.encode()), wire);
    assert_eq!(SyncAck::decode(&value(wire)), Ok(ack));
}

#[test]
fn debug_hides_people() {
    let widget = widget_messages().into_iter().map(|(message, _)| format!("{message:?}"));
    let host = host_messages().into_iter().map(|(message, _)| format!("{message:?}"));
    let shown = widget.chain(host).collect::<String>();
    for secret in ["555", "010-0001", "Ada", "Lovelace", "example.com/1.mp3", "ada@", "Engines", "demo", "microphone"] {
        assert!(!shown.contains(secret), "{secret}");
    }
    assert!(shown.contains("call-1") && shown.contains("501"));
}
