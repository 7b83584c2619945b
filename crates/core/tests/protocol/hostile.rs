//! What a hostile page may try.

use crate::messages::host_messages;
use crate::support::{HOST, Json, TRUSTED, at, drain, events, json, posts, ready_widget, say, sync, value, widget};
use cordboard::Value;
use cordboard::protocol::{Sender, Session, SessionEvent, SessionOutput, WidgetMessage};
use serde_json::json;

/// Nothing that arrived may change where messages go.
fn assert_still_talks_to_the_host(widget: &mut Session) {
    drain(widget);
    widget.send(at(5), WidgetMessage::LoggedIn);
    let posts = posts(widget);
    assert_eq!(posts.len(), 1);
    assert_eq!((posts[0].0.as_str(), posts[0].1["type"].as_str()), (HOST, Some("LOGGED_IN")));
}

#[test]
fn what_is_not_a_message_is_ignored() {
    for junk in [
        json!(null),
        json!(true),
        json!(7),
        json!("SYNC"),
        json!([]),
        json!(["SYNC"]),
        json!({}),
        json!({ "type": null }),
        json!({ "type": 7 }),
        json!({ "type": "" }),
        json!({ "type": ["SYNC"] }),
        json!({ "type": { "toString": "SYNC" } }),
        json!({ "type": "A".repeat(65) }),
        json!({ "Type": "SYNC", "messageId": "1_1" }),
    ] {
        for mut session in [widget(), ready_widget()] {
            say(&mut session, 1, junk.clone());
            assert_eq!(drain(&mut session), [], "{junk}");
        }
    }
}

#[test]
fn a_widget_obeys_no_local_names() {
    for name in ["READY", "SET_WIDGET_URL", "SYNC_ACK", "SYNC_ACK_FAILED", "ERROR"] {
        let mut widget = ready_widget();
        let data = json!({ "iFrameUrl": "https://evil.tld", "message": "x" });
        say(&mut widget, 1, json!({ "type": name, "messageId": "1_9", "iFrameUrl": "https://evil.tld", "data": data }));
        assert_eq!(drain(&mut widget), [], "{name}");
        assert_still_talks_to_the_host(&mut widget);
    }
}

#[test]
fn an_unknown_type_is_answered_by_its_name_only() {
    let mut widget = ready_widget();
    say(&mut widget, 1, json!({ "type": "NEWS", "messageId": "1_9", "data": { "phoneNumber": "+15550100001" } }));
    let outputs = drain(&mut widget);
    let [SessionOutput::Post { target, message }, SessionOutput::Event(SessionEvent::UnknownMessage { message_type })] =
        &outputs[..]
    else {
        panic!("{outputs:?}")
    };
    assert_eq!(target.as_str(), HOST);
    let data = json!({ "type": "UNKNOWN_MESSAGE_TYPE", "data": { "originalMessage": { "type": "NEWS" } } });
    assert_eq!(json(message), json!({ "type": "ERROR", "messageId": "cabc_1", "data": data }));
    assert_eq!(message_type, "NEWS");
}

#[test]
fn names_of_javascript_are_unknown_types() {
    for name in ["__proto__", "constructor", "toString", "hasOwnProperty"] {
        let mut widget = ready_widget();
        say(&mut widget, 1, json!({ "type": name, "messageId": "1_9" }));
        assert_eq!(events(&mut widget), [SessionEvent::UnknownMessage { message_type: name.to_owned() }]);
    }
}

#[test]
fn fields_named_after_prototypes_are_not_fields() {
    let mut widget = widget();
    let hidden = json!({ "messageId": "1_1", "hostUrl": "https://evil.tld", "portalId": 1 });
    say(&mut widget, 1, json!({ "type": "SYNC", "messageId": "2_2", "__proto__": hidden, "constructor": hidden }));
    let posts = posts(&mut widget);
    assert_eq!(posts[0].0, HOST);
    assert_eq!(posts[0].1["messageId"], "2_2");
    assert_eq!(posts[0].1.get("portalId"), None);
    assert_eq!(posts[0].1.get("__proto__"), None);
}

#[test]
fn ids_that_look_like_the_widgets_own_change_nothing() {
    let mut widget = ready_widget();
    widget.send(at(1), WidgetMessage::LoggedIn);
    drain(&mut widget);
    for id in ["cabc_1", "cabc_2", "cabc", "cabc_1x", "", "1700000000000_1"] {
        say(&mut widget, 2, json!({ "type": "UNLOADING", "messageId": id }));
        assert_eq!(events(&mut widget).len(), 1, "a message is a message, whatever its id: {id}");
    }
    assert_still_talks_to_the_host(&mut widget);
}

/// Replaces each value of a message in turn.
fn mutations(message: &Json, junk: &Json) -> Vec<Json> {
    let mut mutated = vec![junk.clone()];
    match message {
        Json::Object(fields) => {
            for (name, field) in fields.iter().filter(|(name, _)| *name != "type") {
                for change in mutations(field, junk) {
                    let mut copy = fields.clone();
                    copy.insert(name.clone(), change);
                    mutated.push(copy.into());
                }
            }
        }
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                for change in mutations(item, junk) {
                    let mut copy = items.clone();
                    copy[index] = change;
                    mutated.push(copy.into());
                }
            }
        }
        _ => {}
    }
    mutated
}

#[test]
fn wrong_types_in_every_field_of_every_host_message() {
    let long = "x".repeat(1_000_000);
    let junk =
        [json!(null), json!(true), json!(-1), json!(1.5), json!(1e300), json!(""), json!([[]]), json!({}), json!(long)];
    let mut malformed = 0;
    for (_, wire) in host_messages() {
        for message in junk.iter().flat_map(|junk| mutations(&wire, junk)) {
            let mut widget = ready_widget();
            say(&mut widget, 1, message);
            for output in drain(&mut widget) {
                malformed += usize::from(matches!(output, SessionOutput::Event(SessionEvent::Malformed(_))));
                assert!(!format!("{output:?}").contains("xxx"), "no error and no event holds what is too long");
                assert!(!matches!(output, SessionOutput::Post { .. }), "nothing known is answered: {output:?}");
            }
            assert_still_talks_to_the_host(&mut widget);
        }
    }
    assert!(malformed > 100, "{malformed}");
}

#[test]
fn wrong_types_in_every_field_of_a_sync() {
    let mut whole = sync("1_1");
    for (name, field) in [("engagementId", json!(1)), ("ownerId", json!("2")), ("iframeLocation", json!("widget"))] {
        whole[name] = field;
    }
    for junk in
        [json!(null), json!(true), json!(-1), json!(""), json!([]), json!({}), json!("*"), json!("x".repeat(1_000_000))]
    {
        for message in mutations(&whole, &junk) {
            let mut widget = widget();
            say(&mut widget, 1, message);
            for (target, ack) in posts(&mut widget) {
                assert_eq!((target.as_str(), ack["type"].as_str()), (HOST, Some("SYNC_ACK")));
                assert!(ack.to_string().len() < 10_000);
            }
        }
    }
}

#[test]
fn a_flood_is_bounded() {
    let flood = [
        json!({ "type": "DIAL_NUMBER", "messageId": "1_1", "data": { "phoneNumber": "+15550100001" } }),
        json!({ "type": "NEWS", "messageId": "1_1" }),
        json!({ "type": "CREATE_ENGAGEMENT_SUCCEEDED", "messageId": "1_1", "data": { "engagementId": 1 } }),
        json!({ "type": "DIAL_NUMBER", "messageId": "1_1" }),
    ]
    .map(value);
    let mut widget = ready_widget();
    for message in flood.iter().cycle().take(10_000) {
        widget.handle_message(at(1), TRUSTED, message);
    }
    for count in 0..10_000_u64 {
        let created = json!({ "type": "ENGAGEMENT_CREATED", "messageId": "1_1", "data": { "engagementId": count } });
        widget.handle_message(at(1), TRUSTED, &value(created));
        widget.handle_message(at(1), TRUSTED, &value(sync(&format!("{count}_1"))));
    }
    assert_eq!(drain(&mut widget).len(), 256);
    assert_still_talks_to_the_host(&mut widget);
}

#[test]
fn a_flood_from_outside_leaves_no_trace() {
    let evil = Sender { origin: "https://evil.tld", is_peer: false };
    let message: Value = value(sync("1_1"));
    let mut session = widget();
    for _ in 0..10_000 {
        session.handle_message(at(1), evil, &message);
    }
    assert_eq!(drain(&mut session), []);
    say(&mut session, 2, sync("1_1"));
    assert_still_talks_to_the_host(&mut session);
}
