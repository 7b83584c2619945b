//! The CRM's record of a call says where its recordings are heard.

use crate::desk::Desk;
use cordboard::call_flow::{Action, Intent};
use cordboard::protocol::{EngagementProperties, WidgetMessage};
use cordboard::telephony::{CallEvent, CallEventKind, Event, RecordingRef};
use cordboard_mock::numbers;
use proptest::prelude::*;

fn talking() -> Desk {
    let mut desk = Desk::new();
    desk.dial(numbers::ANSWERS);
    desk.seconds(1);
    desk
}

/// What a line whose server makes links says.
fn records(desk: &mut Desk, link: &str) {
    let line = desk.call().line.as_ref().expect("the line has it");
    let recordings = [CallEventKind::RecordingStarted(Some(RecordingRef::new(link))), CallEventKind::RecordingStopped];
    let (call, sequence) = (line.id.clone(), line.sequence);
    for (sequence, kind) in (sequence + 1..).zip(recordings) {
        let event = CallEvent { call: call.clone(), sequence, at: desk.now, kind };
        desk.flow.handle_event(desk.now, Event::Call(event));
    }
    desk.settle();
}

/// The call is over, and the CRM gets everything.
fn completed(desk: &mut Desk) -> EngagementProperties {
    let id = desk.call().id.clone();
    let line = desk.call().line.as_ref().expect("the line has it");
    let kind = CallEventKind::Ended(cordboard::telephony::EndReason::RemoteHungUp);
    let ended = CallEvent { call: line.id.clone(), sequence: line.sequence + 1, at: desk.now, kind };
    desk.flow.handle_event(desk.now, Event::Call(ended));
    desk.settle();
    desk.intend(Intent::Act(id, Action::Save));
    let completed = desk.crm.iter().find_map(|message| match message {
        WidgetMessage::CallCompleted(completed) => completed.engagement_properties.clone(),
        _ => None,
    });
    completed.expect("it is completed")
}

fn url(properties: &EngagementProperties) -> Option<&str> {
    properties.recording_url.as_ref().map(|url| url.as_str())
}

fn body(properties: &EngagementProperties) -> Option<&str> {
    properties.body.as_ref().map(|body| body.as_str())
}

#[test]
fn one_recording_stands_in_its_place() {
    let mut desk = talking();
    records(&mut desk, "https://a/1?made=1&signature=x");
    desk.act(Action::SetNotes("Call again".to_owned()));
    let properties = completed(&mut desk);
    assert_eq!(url(&properties), Some("https://a/1?made=1&signature=x"));
    assert_eq!(body(&properties), Some("Call again"));
}

#[test]
fn further_ones_stand_below_the_notes() {
    let further = "https://a/2?made=1&amp;signature=&quot;&gt;<br>https://a/3";
    for (notes, above) in [("", ""), ("Call again", "Call again<br>")] {
        let mut desk = talking();
        for link in ["https://a/1", "https://a/2?made=1&signature=\">", "https://a/3"] {
            records(&mut desk, link);
        }
        desk.act(Action::SetNotes(notes.to_owned()));
        let properties = completed(&mut desk);
        assert_eq!(url(&properties), Some("https://a/1"));
        assert_eq!(body(&properties), Some(&*format!("{above}{further}")));
    }
}

#[test]
fn what_is_no_link_is_not_told() {
    let mut desk = talking();
    for name in ["mock-1-1.1", "javascript:alert(1)", "data:audio/wav,"] {
        records(&mut desk, name);
    }
    let properties = completed(&mut desk);
    assert_eq!((url(&properties), body(&properties)), (None, None));
}

#[test]
fn a_reload_keeps_the_link() {
    let mut desk = talking();
    records(&mut desk, "https://a/1");
    desk.reload();
    desk.crm_ready(Some("1"));
    let properties = completed(&mut desk);
    assert_eq!(url(&properties), Some("https://a/1"));
}

fn names() -> impl Strategy<Value = Vec<String>> {
    let name = prop_oneof![
        "https?://a/[ -~]{0,20}",
        "(ftp|data|javascript|HTTPS):[ -~]{0,20}",
        "mock-[0-9]\\.[0-9]",
        // Not of the web's signs.
        "https://\\PC{1,5}",
    ];
    proptest::collection::vec(name, 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Each link once, in order, the first in its place; nothing else, and nothing that is more than text.
    #[test]
    fn every_link_is_told(names in names()) {
        let mut desk = talking();
        for name in &names {
            records(&mut desk, name);
        }
        let links: Vec<&str> = names.iter().map(String::as_str).filter(|name| {
            (name.starts_with("https://") || name.starts_with("http://")) && name.bytes().all(|byte| byte.is_ascii_graphic())
        }).collect();
        let properties = completed(&mut desk);
        prop_assert_eq!(url(&properties), links.first().copied());
        let body = body(&properties).unwrap_or_default();
        let told: Vec<String> = body.split("<br>").filter(|line| !line.is_empty()).map(|line| {
            line.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
        }).collect();
        prop_assert_eq!(&told, &links.into_iter().skip(1).collect::<Vec<_>>());
        prop_assert_eq!(body.matches('<').count(), told.len().saturating_sub(1), "{}", body);
    }
}
