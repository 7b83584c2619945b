//! The CRM page's end.

use crate::support::*;
use cordboard::protocol::*;
use serde_json::json;

#[test]
fn asks_every_100_ms_until_the_widget_answers() {
    let mut page = page();
    assert_eq!(page.poll_timeout(), None);
    page.handle_load(at(1_000));
    assert_eq!(page.poll_timeout(), Some(at(1_100)));
    page.handle_timeout(at(1_099));
    page.handle_timeout(at(1_100));
    page.handle_timeout(at(1_450));
    assert_eq!(page.poll_timeout(), Some(at(1_550)));
    let syncs = page_posts(&mut page);
    let ids: Vec<_> = syncs.iter().map(|(_, sync)| sync["messageId"].as_str().unwrap()).collect();
    assert_eq!(ids, ["cdef_1", "cdef_2", "cdef_3"]);
    assert!(syncs.iter().all(|(target, _)| target == WIDGET));
    assert_eq!(
        syncs[0].1,
        json!({
            "type": "SYNC",
            "messageId": "cdef_1",
            "hostUrl": HOST,
            "engagementId": 501,
            "portalId": 62515,
            "userId": 9,
            "ownerId": 77,
            "iframeLocation": "remote",
            "usesCallingWindow": false,
        })
    );
    // An answer to any of them will do.
    tell(
        &mut page,
        json!({ "type": "SYNC_ACK", "messageId": "cdef_2", "version": "0.9.7-beta.0", "iFrameUrl": WIDGET }),
    );
    let events = page_events(&mut page);
    let [HostSessionEvent::Ready(ack)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(ack.version.as_deref(), Some("0.9.7-beta.0"));
    assert_eq!(page.poll_timeout(), None);
    tell(&mut page, json!({ "type": "SYNC_ACK", "messageId": "cdef_3" }));
    assert_eq!(page_drain(&mut page), []);
}

#[test]
fn gives_up_after_30_s_until_the_iframe_loads_again() {
    let mut page = page();
    page.handle_load(at(0));
    let mut syncs = 0;
    while let Some(now) = page.poll_timeout() {
        page.handle_timeout(now);
        for output in page_drain(&mut page) {
            match output {
                HostSessionOutput::Post { .. } => syncs += 1,
                HostSessionOutput::Event(event) => {
                    assert_eq!((event, now), (HostSessionEvent::SyncAckFailed, at(30_100)));
                }
            }
        }
    }
    assert_eq!(syncs, 301);
    tell(&mut page, json!({ "type": "SYNC_ACK", "messageId": "cdef_300" }));
    assert!(!page.is_ready());
    page.handle_load(at(40_000));
    assert_eq!(page_posts(&mut page)[0].1["messageId"], "cdef_302");
}

#[test]
fn only_ids_of_this_load_are_answers() {
    let mut page = page();
    page.handle_load(at(0));
    page.handle_load(at(10));
    for id in ["cdef_1", "cdef_3", "cdef_02", "cdef_+2", "cdef_2x", "cdef_", "cdef_2_", "xcdef_2", "def_2", "", "2"] {
        tell(&mut page, json!({ "type": "SYNC_ACK", "messageId": id }));
        assert!(!page.is_ready(), "{id}");
    }
    tell(&mut page, json!({ "type": "SYNC_ACK", "messageId": "cdef_2" }));
    assert!(page.is_ready());
}

#[test]
fn only_the_widget_is_trusted() {
    for sender in [
        Sender { origin: WIDGET, is_peer: false },
        Sender { origin: HOST, is_peer: true },
        Sender { origin: "null", is_peer: true },
        Sender { origin: "https://widget.example.com.evil.tld", is_peer: true },
    ] {
        let mut page = page();
        page.handle_load(at(0));
        page_drain(&mut page);
        assert!(!page.trusts(sender));
        page.handle_message(sender, &value(json!({ "type": "SYNC_ACK", "messageId": "cdef_1" })));
        assert_eq!(page_drain(&mut page), []);
        assert!(!page.is_ready());
    }
}

#[test]
fn the_answer_does_not_say_where_messages_go() {
    let mut page = page();
    page.handle_load(at(0));
    tell(&mut page, json!({ "type": "SYNC_ACK", "messageId": "cdef_1", "iFrameUrl": "https://evil.tld" }));
    page.send(HostMessage::Unloading);
    assert!(page_posts(&mut page).iter().all(|(target, _)| target == WIDGET));
}

#[test]
fn the_widget_may_move() {
    const NEXT: &str = "https://next.example.com";
    for message in [
        json!({ "type": "SET_WIDGET_URL", "messageId": "1_1", "data": { "iFrameUrl": NEXT } }),
        json!({ "type": "SET_WIDGET_URL", "messageId": "1_1", "iFrameUrl": NEXT }),
        json!({ "type": "SET_WIDGET_URL", "iFrameUrl": NEXT }),
    ] {
        let mut page = ready_page();
        tell(&mut page, message);
        assert!(matches!(page_events(&mut page)[..], [HostSessionEvent::Message(WidgetMessage::SetWidgetUrl(_))]));
        assert!(!page.trusts(FROM_WIDGET));
        page.handle_load(at(5_000));
        assert_eq!(page_posts(&mut page)[0].0, NEXT);
    }
}

#[test]
fn the_widget_may_not_move_just_anywhere() {
    for url in ["*", "null", "http://evil.tld", "https://next.example.com/path", "javascript:alert(1)", ""] {
        let mut page = ready_page();
        tell(&mut page, json!({ "type": "SET_WIDGET_URL", "messageId": "1_1", "data": { "iFrameUrl": url } }));
        let posts = page_posts(&mut page);
        assert_eq!(
            (posts[0].0.as_str(), posts[0].1["type"].as_str()),
            (WIDGET, Some("SET_WIDGET_URL_FAILED")),
            "{url}"
        );
        assert!(page.trusts(FROM_WIDGET));
    }
    let mut page = ready_page();
    let elsewhere = Sender { origin: "https://evil.tld", is_peer: true };
    let moved = value(json!({ "type": "SET_WIDGET_URL", "messageId": "1_1", "iFrameUrl": "https://evil.tld" }));
    page.handle_message(elsewhere, &moved);
    assert!(page.trusts(FROM_WIDGET));
}

#[test]
fn messages_wait_for_the_widget_in_order_and_within_bounds() {
    let mut page = page();
    page.send(HostMessage::EndCall(CallReference::default()));
    for _ in 1..128 {
        page.send(HostMessage::Unloading);
    }
    page.send(HostMessage::Failed(Failure::default()));
    assert_eq!(page_events(&mut page), [HostSessionEvent::QueueFull { message_type: "FAILED" }]);
    page.handle_load(at(0));
    page_drain(&mut page);
    tell(&mut page, json!({ "type": "SYNC_ACK", "messageId": "cdef_1" }));
    let posts = page_posts(&mut page);
    assert_eq!(posts.len(), 128);
    assert_eq!(posts[0].1, json!({ "type": "END_CALL", "messageId": "cdef_2", "data": {} }));
    assert!(posts[1..].iter().all(|(_, message)| message["type"] == "UNLOADING"));
}

#[test]
fn what_the_widget_says_is_read() {
    let mut early = page();
    early.handle_load(at(0));
    page_drain(&mut early);
    tell(&mut early, json!({ "type": "LOGGED_IN", "messageId": "1_1" }));
    assert_eq!(page_drain(&mut early), [], "the answer to SYNC comes first");

    let mut page = ready_page();
    for (message, wire) in crate::messages::widget_messages() {
        let moves = matches!(message, WidgetMessage::SetWidgetUrl(_));
        tell(&mut page, wire);
        assert_eq!(page_events(&mut page), [HostSessionEvent::Message(message)]);
        if moves {
            page = ready_page();
        }
    }
    tell(&mut page, json!({ "type": "NEWS", "messageId": "1_1" }));
    tell(&mut page, json!({ "type": "CALL_ANSWERED", "messageId": "1_1" }));
    tell(&mut page, json!({ "type": "SYNC", "messageId": "1_1" }));
    tell(&mut page, json!(7));
    let malformed = DecodeError::Field { message: "CALL_ANSWERED", field: "externalCallId", expected: "an id" };
    assert_eq!(
        page_drain(&mut page),
        [
            HostSessionEvent::UnknownMessage { message_type: "NEWS".into() },
            HostSessionEvent::Malformed(malformed),
            HostSessionEvent::UnknownMessage { message_type: "SYNC".into() },
        ]
        .map(HostSessionOutput::Event)
    );
}

#[test]
fn a_new_context_goes_with_the_next_load() {
    let mut page = ready_page();
    page.set_context(SyncContext { engagement_id: Some("777".into()), ..context() });
    page.handle_load(at(9_000));
    assert_eq!(page_posts(&mut page)[0].1["engagementId"], 777);
}
