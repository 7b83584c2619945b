//! Hosts as the official SDK makes them: what `IFrameManager` with `iFrameOptions` of each version posts, and what it
//! accepts. `messageId` is `<Date.now() at its start>_<Date.now()>`.

use crate::support::{
    HOST, Json, WIDGET, at, context, events, page_posts, posts, ready_page, say, tell, value, widget,
};
use cordboard::protocol::*;
use serde_json::json;

const INSTANCE: &str = "1732310000000";

fn id(millis: u64) -> String {
    format!("{INSTANCE}_{}", 1_732_310_000_000 + millis)
}

/// Both versions send the same `SYNC`; the real host is known to add fields.
#[test]
fn the_sync_of_every_version_is_answered() {
    let plain = json!({ "type": "SYNC", "hostUrl": HOST, "messageId": id(0) });
    let v0_5 = json!({ "type": "SYNC", "hostUrl": HOST, "messageId": id(0), "portalId": 62515, "userId": 9 });
    let v0_9 = json!({
        "type": "SYNC", "hostUrl": HOST, "messageId": id(0), "engagementId": 501, "portalId": 62515, "userId": 9,
        "ownerId": "77", "iframeLocation": "remote", "usesCallingWindow": false,
    });
    let v2018 = json!({ "type": "SYNC", "messageId": id(0) });
    for sync in [v2018, plain, v0_5, v0_9.clone()] {
        let mut widget = widget();
        say(&mut widget, 1, sync);
        let posts = posts(&mut widget);
        assert_eq!(posts.len(), 1);
        // What the host's code looks at.
        assert_eq!(posts[0].1["type"], "SYNC_ACK");
        assert_eq!(posts[0].1["messageId"], json!(id(0)));
        assert_eq!(posts[0].1["iFrameUrl"], WIDGET);
        assert_eq!(posts[0].1["debugMode"], false);
    }
    let mut widget = widget();
    say(&mut widget, 1, v0_9);
    let events = events(&mut widget);
    assert!(matches!(&events[..], [SessionEvent::Ready(sync)] if sync.context == context()), "{events:?}");
}

/// The host fires its `READY` for every id it knows: one answer only, however long the page took to load.
#[test]
fn a_host_that_asked_three_times_gets_one_answer() {
    let mut widget = widget();
    for millis in [0, 100, 200] {
        say(&mut widget, 250, json!({ "type": "SYNC", "hostUrl": HOST, "messageId": id(millis) }));
    }
    assert_eq!(posts(&mut widget).len(), 1);
}

/// The host takes an id that begins with its own instance, a number, for an answer and shows it to nobody.
#[test]
fn the_hosts_never_mistake_a_message_for_an_answer() {
    for seed in [0, 1, 0x1732_3100_0000, u64::MAX] {
        let mut widget = Session::new(
            SessionConfig {
                hosts: HostAllowList::default(),
                origin: Origin::parse(WIDGET).unwrap(),
                version: "1.2.3",
                seed,
            },
            at(0),
        );
        say(&mut widget, 1, json!({ "type": "SYNC", "hostUrl": HOST, "messageId": id(0) }));
        widget.send(at(2), WidgetMessage::LoggedIn);
        let id = posts(&mut widget)[1].1["messageId"].as_str().unwrap().to_owned();
        assert!(!id.starts_with(|first: char| first.is_ascii_digit()), "{id}");
    }
}

/// `sendMessage` of each host, for every type it knows.
fn corpus(version: &str) -> Vec<Json> {
    let message = |message_type: &str, data: Option<Json>| {
        let mut message = json!({ "type": message_type });
        if let Some(data) = data {
            message["data"] = data;
        }
        message["messageId"] = id(500).into();
        message
    };
    let dial_0_1 = json!({ "phoneNumber": "+15550100001", "ownerId": 77, "subjectId": 101, "objectId": 101, "objectType": "CONTACT", "portalId": 62515 });
    let dial_0_9 = json!({
        "phoneNumber": "+15550100001", "ownerId": "77", "subjectId": 101, "objectId": 0, "portalId": 62515, "countryCode": "US",
        "calleeInfo": { "calleeId": 101, "calleeObjectTypeId": "0-1" }, "startTimestamp": 1_732_310_000_500_u64,
        "toPhoneNumberSrc": "phone", "somethingNew": [1],
    });
    let call = json!({ "engagementId": 501, "externalCallId": "call-1" });
    let error = json!({ "error": { "message": "no" } });
    let coordinates = json!({ "portalId": 62515, "objectId": 101, "objectTypeId": "0-1" });
    let contact =
        json!({ "callerIdType": "CONTACT", "objectCoordinates": coordinates, "firstName": "Ada", "lastName": null });
    match version {
        "0.1.4" => vec![
            message("DIAL_NUMBER", Some(dial_0_1)),
            message("ENGAGEMENT_CREATED", Some(json!({ "engagementId": 501 }))),
            message("END_CALL", None),
            message("VISIBILITY_CHANGED", Some(json!({ "isMinimized": true, "isHidden": false }))),
            message("SET_CALL_STATE", None),
            message("UNLOADING", None),
        ],
        _ => vec![
            message("DIAL_NUMBER", Some(dial_0_9)),
            message("CREATE_ENGAGEMENT_SUCCEEDED", Some(json!({ "engagementId": 501 }))),
            message("CREATE_ENGAGEMENT_FAILED", Some(error.clone())),
            message("UPDATE_ENGAGEMENT_SUCCEEDED", Some(json!({ "engagementId": 501 }))),
            message("UPDATE_ENGAGEMENT_FAILED", Some(error.clone())),
            message("CALLER_ID_MATCH_SUCCEEDED", Some(json!({ "callerIdMatches": [contact] }))),
            message("CALLER_ID_MATCH_FAILED", Some(error)),
            message(
                "NAVIGATE_TO_RECORD_FAILED",
                Some(json!({ "engagementId": 501, "objectCoordinates": coordinates })),
            ),
            message("PUBLISH_TO_CHANNEL_SUCCEEDED", Some(call.clone())),
            message("PUBLISH_TO_CHANNEL_FAILED", Some(call.clone())),
            message("FINALIZE_ENGAGEMENT_SUCCEEDED", Some(call.clone())),
            message("FINALIZE_ENGAGEMENT_FAILED", Some(call)),
            message("INITIATE_CALL_ID_SUCCEEDED", Some(json!({ "callId": 7 }))),
            message("INITIATE_CALL_ID_FAILED", None),
            message("SET_WIDGET_URL_FAILED", Some(Json::Null)),
            message("UPDATE_ASSOCIATIONS_FAILED", None),
            message("END_CALL", Some(Json::Null)),
            message("SET_CALL_STATE", Some(json!("anything"))),
            message("VISIBILITY_CHANGED", Some(json!({}))),
            message("FAILED", None),
        ],
    }
}

#[test]
fn everything_that_the_hosts_send_is_understood() {
    for version in ["0.1.4", "0.9.7"] {
        let mut widget = widget();
        say(&mut widget, 1, json!({ "type": "SYNC", "hostUrl": HOST, "messageId": id(0) }));
        events(&mut widget);
        for message in corpus(version) {
            say(&mut widget, 500, message.clone());
            let events = events(&mut widget);
            assert!(matches!(events[..], [SessionEvent::Message(_)]), "{version} {message}: {events:?}");
        }
    }
}

/// The host of 0.1.4 reads `SET_WIDGET_URL` beside `type`; the documentation of 0.9.7 puts it into the data.
#[test]
fn a_move_is_told_in_both_forms() {
    let moved = WidgetMessage::SetWidgetUrl(SetWidgetUrl { iframe_url: "https://next.example.com".into() });
    let wire = crate::support::json(&moved.encode("c1_1"));
    assert_eq!(wire["iFrameUrl"], "https://next.example.com");
    assert_eq!(wire["data"]["iFrameUrl"], "https://next.example.com");
}

/// Our page's end, with the widgets' end of 0.9.7 and 0.1.4: they answer with the whole `SYNC` and their own ids.
#[test]
fn the_official_widgets_are_understood() {
    for version in ["0.0.1", "0.9.7-beta.0"] {
        let mut page = crate::support::page();
        page.handle_load(at(0));
        let (_, mut ack) = page_posts(&mut page).remove(0);
        for (name, field) in [
            ("type", json!("SYNC_ACK")),
            ("debugMode", json!(true)),
            ("version", json!(version)),
            ("iFrameUrl", json!(WIDGET)),
        ] {
            ack[name] = field;
        }
        tell(&mut page, ack);
        assert!(page.is_ready(), "{version}");
    }
    let mut page = ready_page();
    let initialized =
        json!({ "isLoggedIn": false, "sizeInfo": { "width": 400, "height": 600 }, "sdkVersion": "0.1.3" });
    tell(&mut page, json!({ "type": "INITIALIZED", "data": initialized, "messageId": id(3) }));
    let original = json!({ "type": "UNLOADING", "messageId": "cdef_2" });
    let unknown = json!({ "type": "UNKNOWN_MESSAGE_TYPE", "data": { "originalMessage": original } });
    tell(&mut page, json!({ "type": "ERROR", "data": unknown, "messageId": id(4) }));
    let events = crate::support::page_events(&mut page);
    let [
        HostSessionEvent::Message(WidgetMessage::Initialized(initialized)),
        HostSessionEvent::Message(WidgetMessage::Error(WidgetError::UnknownMessageType(name))),
    ] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(initialized.is_logged_in, Some(false));
    assert_eq!(name, "UNLOADING");
    assert!(HostMessage::decode(&value(json!({ "type": name }))).is_ok());
}
