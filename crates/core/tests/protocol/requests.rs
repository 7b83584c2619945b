//! Which answer belongs to which call.

use crate::support::{Json, at, drain, events, ready_widget, say};
use cordboard::protocol::*;
use serde_json::json;

fn outgoing(call: &str) -> WidgetMessage {
    WidgetMessage::OutgoingCallStarted(OutgoingCallStarted {
        external_call_id: call.into(),
        to_number: Some("+15550100001".into()),
        from_number: None,
        call_start_time: None,
        create_engagement: Some(true),
    })
}

fn incoming(call: &str) -> WidgetMessage {
    WidgetMessage::IncomingCall(IncomingCall {
        external_call_id: call.into(),
        from_number: "+15550100001".into(),
        to_number: "+15550100002".into(),
        call_start_time: None,
        create_engagement: Some(true),
    })
}

fn completed(call: &str, engagement: Option<&str>) -> WidgetMessage {
    WidgetMessage::CallCompleted(CallCompleted {
        external_call_id: call.into(),
        engagement_id: engagement.map(Into::into),
        hide_widget: None,
        engagement_properties: None,
    })
}

fn host(message_type: &str, data: Json) -> Json {
    json!({ "type": message_type, "messageId": "1_9", "data": data })
}

/// Sends messages, then hears answers; what the app is told.
fn exchange(sent: &[WidgetMessage], answers: &[Json]) -> Vec<SessionEvent> {
    let mut widget = ready_widget();
    for message in sent {
        widget.send(at(10), message.clone());
    }
    drain(&mut widget);
    for answer in answers {
        say(&mut widget, 20, answer.clone());
    }
    events(&mut widget)
}

fn created(call: &str, engagement: &str) -> SessionEvent {
    SessionEvent::EngagementCreated { call: call.into(), engagement: engagement.into() }
}

#[test]
fn both_names_of_an_event_are_one() {
    let first = host("CREATE_ENGAGEMENT_SUCCEEDED", json!({ "engagementId": 501 }));
    let second = host("ENGAGEMENT_CREATED", json!({ "engagementId": "501" }));
    assert_eq!(exchange(&[outgoing("a")], &[first.clone(), second.clone()]), [created("a", "501")]);
    assert_eq!(exchange(&[outgoing("a")], &[second.clone(), first.clone()]), [created("a", "501")]);
    assert_eq!(exchange(&[outgoing("a"), outgoing("b")], &[first, second]), [created("a", "501")]);
}

#[test]
fn answers_that_name_no_call_go_to_the_oldest() {
    let answers = [501, 502].map(|id| host("CREATE_ENGAGEMENT_SUCCEEDED", json!({ "engagementId": id })));
    assert_eq!(exchange(&[outgoing("a"), incoming("b")], &answers), [created("a", "501"), created("b", "502")]);
}

#[test]
fn answers_that_name_a_call_go_there_and_nowhere_else() {
    let answer =
        |call: &str| host("CREATE_ENGAGEMENT_SUCCEEDED", json!({ "engagementId": 501, "externalCallId": call }));
    assert_eq!(exchange(&[outgoing("a"), outgoing("b")], &[answer("b")]), [created("b", "501")]);
    let events = exchange(&[outgoing("call-1")], &[answer("call-12")]);
    assert!(matches!(events[..], [SessionEvent::Message(HostMessage::CreateEngagementSucceeded(_))]));
}

#[test]
fn updates_go_to_the_call_with_that_record() {
    let sent = [completed("a", Some("501")), completed("b", Some("502")), completed("c", None)];
    let answers = [502, 777, 501].map(|id| host("UPDATE_ENGAGEMENT_SUCCEEDED", json!({ "engagementId": id })));
    let updated = |call: &str, id: &str| SessionEvent::EngagementUpdated { call: call.into(), engagement: id.into() };
    assert_eq!(exchange(&sent, &answers), [updated("b", "502"), updated("c", "777"), updated("a", "501")]);
}

#[test]
fn failures_name_the_call_and_the_reason() {
    let error = json!({ "error": { "message": "no" } });
    for (sent, name, request) in [
        (outgoing("a"), "CREATE_ENGAGEMENT_FAILED", Request::CreateEngagement),
        (incoming("a"), "CALLER_ID_MATCH_FAILED", Request::MatchCallerId),
        (completed("a", None), "UPDATE_ENGAGEMENT_FAILED", Request::UpdateEngagement),
    ] {
        let events = exchange(&[sent], &[host(name, error.clone())]);
        assert_eq!(events, [SessionEvent::RequestFailed { request, call: "a".into(), reason: Some("no".into()) }]);
    }
    let events = exchange(&[outgoing("a")], &[host("CREATE_ENGAGEMENT_FAILED", json!(null))]);
    let failed = SessionEvent::RequestFailed { request: Request::CreateEngagement, call: "a".into(), reason: None };
    assert_eq!(events, [failed]);
}

#[test]
fn callers_are_matched_in_any_order() {
    let matched = host("CALLER_ID_MATCH_SUCCEEDED", json!({ "callerIdMatches": [] }));
    let made = host("CREATE_ENGAGEMENT_SUCCEEDED", json!({ "engagementId": 501 }));
    let nobody = SessionEvent::CallerIdMatched { call: "a".into(), matches: Vec::new() };
    let sent = [incoming("a")];
    assert_eq!(exchange(&sent, &[matched.clone(), made.clone()]), [nobody.clone(), created("a", "501")]);
    assert_eq!(exchange(&sent, &[made, matched]), [created("a", "501"), nobody]);
}

#[test]
fn both_names_of_finalizing_settle_it() {
    let call = FinalizeEngagement { external_call_id: "a".into(), engagement_id: "501".into() };
    let finalized = SessionEvent::EngagementFinalized { call: "a".into(), engagement: "501".into() };
    for (sent, answer) in [
        (WidgetMessage::FinalizeEngagement(call.clone()), "FINALIZE_ENGAGEMENT_SUCCEEDED"),
        (WidgetMessage::PublishToChannel(call), "PUBLISH_TO_CHANNEL_SUCCEEDED"),
    ] {
        let answer = host(answer, json!({ "engagementId": 501, "externalCallId": "a" }));
        assert_eq!(exchange(&[sent], &[answer]), std::slice::from_ref(&finalized));
    }
}

#[test]
fn answers_to_nothing_are_messages() {
    let answer = host("UPDATE_ENGAGEMENT_FAILED", json!({}));
    let events = exchange(&[outgoing("a")], &[answer]);
    assert!(matches!(events[..], [SessionEvent::Message(HostMessage::UpdateEngagementFailed(_))]));
    let mut quiet = outgoing("a");
    if let WidgetMessage::OutgoingCallStarted(call) = &mut quiet {
        call.create_engagement = None;
    }
    let events = exchange(&[quiet], &[host("CREATE_ENGAGEMENT_SUCCEEDED", json!({ "engagementId": 501 }))]);
    assert!(matches!(events[..], [SessionEvent::Message(HostMessage::CreateEngagementSucceeded(_))]));
}

#[test]
fn requests_expire() {
    let mut widget = ready_widget();
    widget.send(at(1_000), outgoing("a"));
    widget.send(at(2_000), completed("b", None));
    drain(&mut widget);
    assert_eq!(widget.poll_timeout(), Some(at(31_000)));
    widget.handle_timeout(at(30_999));
    assert_eq!(drain(&mut widget), []);
    widget.handle_timeout(at(31_000));
    let expired = |request, call: &str| SessionEvent::RequestExpired { request, call: call.into() };
    assert_eq!(events(&mut widget), [expired(Request::CreateEngagement, "a")]);
    assert_eq!(widget.poll_timeout(), Some(at(32_000)));
    widget.handle_timeout(at(99_000));
    assert_eq!(events(&mut widget), [expired(Request::UpdateEngagement, "b")]);
    assert_eq!(widget.poll_timeout(), None);
    say(&mut widget, 99_000, host("CREATE_ENGAGEMENT_SUCCEEDED", json!({ "engagementId": 501 })));
    assert!(matches!(events(&mut widget)[..], [SessionEvent::Message(_)]));
}

#[test]
fn time_begins_when_the_question_is_posted() {
    let mut widget = crate::support::widget();
    widget.send(at(1_000), outgoing("a"));
    widget.handle_timeout(at(29_000));
    say(&mut widget, 29_500, crate::support::sync("1_1"));
    drain(&mut widget);
    assert_eq!(widget.poll_timeout(), Some(at(59_500)));
}

#[test]
fn open_requests_are_bounded() {
    let mut widget = ready_widget();
    for count in 0..65 {
        widget.send(at(count), outgoing(&count.to_string()));
    }
    let expired = SessionEvent::RequestExpired { request: Request::CreateEngagement, call: "0".into() };
    assert_eq!(events(&mut widget), [expired]);
}

#[test]
fn remembered_call_records_are_bounded() {
    let mut widget = ready_widget();
    let mut hear = |id: u32| {
        say(&mut widget, 20, host("ENGAGEMENT_CREATED", json!({ "engagementId": id })));
        events(&mut widget).len()
    };
    assert_eq!((0..65).map(&mut hear).sum::<usize>(), 65);
    assert_eq!(hear(64), 0);
    assert_eq!(hear(0), 1, "forgotten");
}

#[test]
fn asking_again_is_one_question() {
    let mut widget = ready_widget();
    widget.send(at(1_000), outgoing("a"));
    widget.send(at(2_000), outgoing("a"));
    drain(&mut widget);
    assert_eq!(widget.poll_timeout(), Some(at(32_000)));
    widget.handle_timeout(at(99_000));
    assert_eq!(events(&mut widget).len(), 1);
}
