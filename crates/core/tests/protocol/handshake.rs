//! The widget's handshake, in virtual time.

use crate::support::{HOST, TRUSTED, WIDGET, at, drain, events, json, posts, ready_widget, say, sync, value, widget};
use cordboard::protocol::{CallCompleted, OutgoingCallStarted};
use cordboard::protocol::{Initialized, Request, Sender, SessionEvent, SessionOutput, Sync, WidgetMessage};
use serde_json::json;

#[test]
fn a_sync_is_answered_and_the_widget_is_ready() {
    let mut widget = widget();
    let message = json!({
        "type": "SYNC",
        "messageId": "1700000000000_1700000000100",
        "hostUrl": HOST,
        "portalId": 62515,
        "ownerId": "77",
        "iframeLocation": "window",
        "secret": "not for the answer",
    });
    say(&mut widget, 5, message.clone());
    let outputs = drain(&mut widget);
    let [SessionOutput::Post { target, message: ack }, SessionOutput::Event(SessionEvent::Ready(ready))] =
        outputs.as_slice()
    else {
        panic!("{outputs:?}")
    };
    assert_eq!(target.as_str(), HOST);
    assert_eq!(
        json(ack),
        json!({
            "type": "SYNC_ACK",
            "messageId": "1700000000000_1700000000100",
            "hostUrl": HOST,
            "portalId": 62515,
            "ownerId": 77,
            "iframeLocation": "window",
            "debugMode": false,
            "version": "1.2.3",
            "iFrameUrl": WIDGET,
        })
    );
    assert_eq!(*ready, Sync::decode(&value(message)).unwrap());
}

#[test]
fn messages_wait_for_the_host_in_order() {
    let mut widget = widget();
    widget.send(at(1), WidgetMessage::Initialized(Initialized { is_logged_in: Some(true), ..Initialized::default() }));
    widget.send(at(2), WidgetMessage::UserAvailable);
    assert_eq!(drain(&mut widget), []);
    say(&mut widget, 3, sync("1_1"));
    widget.send(at(4), WidgetMessage::LoggedOut);
    let posts = posts(&mut widget);
    let types: Vec<_> = posts.iter().map(|(_, message)| message["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["SYNC_ACK", "INITIALIZED", "USER_AVAILABLE", "LOGGED_OUT"]);
    assert!(posts.iter().all(|(target, _)| target == HOST));
    let ids: Vec<_> = posts.iter().map(|(_, message)| message["messageId"].as_str().unwrap()).collect();
    assert_eq!(ids, ["1_1", "cabc_1", "cabc_2", "cabc_3"]);
}

#[test]
fn the_queue_is_bounded() {
    let mut widget = widget();
    for _ in 0..128 {
        widget.send(at(1), WidgetMessage::UserAvailable);
    }
    assert_eq!(drain(&mut widget), []);
    widget.send(at(1), WidgetMessage::LoggedOut);
    assert_eq!(events(&mut widget), [SessionEvent::QueueFull { message_type: "LOGGED_OUT" }]);
    say(&mut widget, 3, sync("1_1"));
    let posts = posts(&mut widget);
    assert_eq!(posts.len(), 129);
    assert!(posts[1..].iter().all(|(_, message)| message["type"] == "USER_AVAILABLE"));
}

#[test]
fn silence_is_reported_once_and_a_late_host_is_welcome() {
    let mut widget = widget();
    assert_eq!(widget.poll_timeout(), Some(at(30_000)));
    widget.handle_timeout(at(29_999));
    assert_eq!(drain(&mut widget), []);
    widget.handle_timeout(at(30_000));
    assert_eq!(events(&mut widget), [SessionEvent::HandshakeTimedOut]);
    assert_eq!(widget.poll_timeout(), None);
    widget.handle_timeout(at(60_000));
    assert_eq!(drain(&mut widget), []);
    widget.send(at(61_000), WidgetMessage::LoggedIn);
    say(&mut widget, 70_000, sync("1_1"));
    assert_eq!(posts(&mut widget).len(), 2);
}

#[test]
fn the_first_of_several_kept_syncs_is_answered() {
    let mut widget = widget();
    for count in 1..=5 {
        say(&mut widget, 500, sync(&format!("1700000000000_{count}")));
    }
    let outputs = drain(&mut widget);
    assert_eq!(outputs.len(), 2);
    let SessionOutput::Post { message, .. } = &outputs[0] else { panic!("{outputs:?}") };
    assert_eq!(json(message)["messageId"], "1700000000000_1");
}

#[test]
fn syncs_that_were_on_their_way_are_ignored() {
    let mut widget = ready_widget();
    say(&mut widget, 4_999, sync("1700000000000_2"));
    assert_eq!(drain(&mut widget), []);
}

#[test]
fn a_later_sync_attaches_again() {
    let mut widget = ready_widget();
    say(&mut widget, 5_000, sync("1700000000000_3"));
    let outputs = drain(&mut widget);
    assert!(matches!(&outputs[..], [SessionOutput::Post { .. }, SessionOutput::Event(SessionEvent::Reattached(_))]));
    // The new answer has a flight of its own.
    say(&mut widget, 9_999, sync("1700000000000_4"));
    assert_eq!(drain(&mut widget), []);
}

#[test]
fn a_reloaded_host_attaches_at_once() {
    let mut widget = ready_widget();
    let mut message = sync("1700000000777_1");
    message["engagementId"] = 501.into();
    say(&mut widget, 10, message.clone());
    let outputs = drain(&mut widget);
    let [SessionOutput::Post { target, message: ack }, SessionOutput::Event(SessionEvent::Reattached(seen))] =
        &outputs[..]
    else {
        panic!("{outputs:?}")
    };
    assert_eq!(target.as_str(), HOST);
    assert_eq!(json(ack)["messageId"], "1700000000777_1");
    assert_eq!(*seen, Sync::decode(&value(message)).unwrap());
    say(&mut widget, 11, sync("1700000000777_2"));
    assert_eq!(drain(&mut widget), []);
}

#[test]
fn a_reloaded_host_has_forgotten_what_it_was_asked() {
    let mut widget = ready_widget();
    let call = OutgoingCallStarted {
        external_call_id: "call-1".into(),
        to_number: None,
        from_number: None,
        call_start_time: None,
        create_engagement: Some(true),
    };
    widget.send(at(1), WidgetMessage::OutgoingCallStarted(call));
    let completed = CallCompleted {
        external_call_id: "call-0".into(),
        engagement_id: None,
        hide_widget: None,
        engagement_properties: None,
    };
    widget.send(at(2), WidgetMessage::CallCompleted(completed));
    drain(&mut widget);
    say(&mut widget, 10, sync("1700000000777_1"));
    let events = events(&mut widget);
    assert!(matches!(events[2], SessionEvent::Reattached(_)));
    assert_eq!(
        events[..2],
        [
            SessionEvent::RequestExpired { request: Request::CreateEngagement, call: "call-1".into() },
            SessionEvent::RequestExpired { request: Request::UpdateEngagement, call: "call-0".into() },
        ]
    );
    assert_eq!(widget.poll_timeout(), None);
}

#[test]
fn the_host_is_the_origin_that_the_browser_reports() {
    for claim in [json!("https://evil.tld"), json!("*"), json!("null"), json!(7), json!({}), json!(null)] {
        let mut widget = widget();
        let mut message = sync("1_1");
        message["hostUrl"] = claim.clone();
        widget.handle_message(at(0), TRUSTED, &value(message));
        widget.send(at(0), WidgetMessage::LoggedIn);
        let outputs = drain(&mut widget);
        let [SessionOutput::Post { target: to, message: ack }, SessionOutput::Event(SessionEvent::Ready(ready)), rest] =
            &outputs[..]
        else {
            panic!("{outputs:?}")
        };
        assert_eq!(to.as_str(), HOST, "{claim}");
        assert_eq!(ready.host_url, None);
        assert_eq!(json(ack).get("hostUrl"), None);
        assert!(matches!(rest, SessionOutput::Post { target, .. } if target.as_str() == HOST));
    }
}

#[test]
fn a_sync_without_an_id_is_malformed() {
    for id in [json!(null), json!(17), json!({}), json!("x".repeat(5_000))] {
        let mut widget = widget();
        let mut message = sync("1_1");
        message["messageId"] = id;
        say(&mut widget, 0, message);
        assert!(matches!(events(&mut widget)[..], [SessionEvent::Malformed(_)]));
        assert!(widget.host().is_none());
    }
}

#[test]
fn another_allowed_origin_cannot_take_over() {
    let mut widget = ready_widget();
    let other = Sender { origin: "https://app-eu1.hubspot.com", is_peer: true };
    widget.handle_message(at(60_000), other, &value(sync("9_1")));
    assert_eq!(drain(&mut widget), []);
    assert_eq!(widget.host().unwrap().as_str(), HOST);
}

#[test]
fn a_foreign_sync_before_the_true_one_changes_nothing() {
    let mut widget = widget();
    let evil = Sender { origin: "https://evil.tld", is_peer: true };
    widget.handle_message(at(0), evil, &value(sync("9_1")));
    say(&mut widget, 100, sync("1_1"));
    assert_eq!(posts(&mut widget)[0].0, HOST);
}

#[test]
fn before_the_handshake_other_messages_are_ignored() {
    let mut widget = widget();
    say(
        &mut widget,
        0,
        json!({ "type": "DIAL_NUMBER", "messageId": "1_1", "data": { "phoneNumber": "+15550100001" } }),
    );
    say(&mut widget, 0, json!({ "type": "READY", "messageId": "1_2" }));
    assert_eq!(drain(&mut widget), []);
    assert!(widget.host().is_none());
}
