use cordboard::protocol::{
    HostAllowList, HostSession, HostSessionConfig, HostSessionEvent, HostSessionOutput, IframeLocation, Origin, Sender,
    Session, SessionConfig, SessionEvent, SessionOutput, SyncContext,
};
use cordboard::{Timestamp, Value};
use serde_json::json;

pub(crate) type Json = serde_json::Value;

pub(crate) const HOST: &str = "https://app.hubspot.com";
pub(crate) const WIDGET: &str = "https://widget.example.com";
pub(crate) const TRUSTED: Sender<'static> = Sender { origin: HOST, is_peer: true };
pub(crate) const FROM_WIDGET: Sender<'static> = Sender { origin: WIDGET, is_peer: true };

pub(crate) const fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

pub(crate) fn value(json: Json) -> Value {
    serde_json::from_value(json).expect("a value")
}

pub(crate) fn json(value: &Value) -> Json {
    serde_json::to_value(value).expect("JSON")
}

pub(crate) fn origin(text: &str) -> Origin {
    Origin::parse(text).expect("an origin")
}

pub(crate) fn widget() -> Session {
    widget_allowing(HostAllowList::default())
}

pub(crate) fn widget_allowing(hosts: HostAllowList) -> Session {
    Session::new(SessionConfig { hosts, origin: origin(WIDGET), version: "1.2.3", seed: 0xabc }, at(0))
}

/// A widget that is done with the handshake at time 0, with nothing left to read.
pub(crate) fn ready_widget() -> Session {
    let mut widget = widget();
    say(&mut widget, 0, sync("1700000000000_1"));
    drain(&mut widget);
    widget
}

pub(crate) fn sync(message_id: &str) -> Json {
    json!({ "type": "SYNC", "messageId": message_id, "hostUrl": HOST })
}

/// The trusted host says something.
pub(crate) fn say(widget: &mut Session, millis: u64, message: Json) {
    widget.handle_message(at(millis), TRUSTED, &value(message));
}

pub(crate) fn drain(widget: &mut Session) -> Vec<SessionOutput> {
    std::iter::from_fn(|| widget.poll_output()).collect()
}

pub(crate) fn events(widget: &mut Session) -> Vec<SessionEvent> {
    let event = |output| match output {
        SessionOutput::Event(event) => Some(event),
        SessionOutput::Post { .. } => None,
    };
    drain(widget).into_iter().filter_map(event).collect()
}

/// What is posted, as target and message.
pub(crate) fn posts(widget: &mut Session) -> Vec<(String, Json)> {
    let post = |output| match output {
        SessionOutput::Post { target, message } => Some((target.as_str().to_owned(), json(&message))),
        SessionOutput::Event(_) => None,
    };
    drain(widget).into_iter().filter_map(post).collect()
}

pub(crate) fn context() -> SyncContext {
    SyncContext {
        engagement_id: Some("501".into()),
        portal_id: Some("62515".into()),
        user_id: Some("9".into()),
        owner_id: Some("77".into()),
        iframe_location: Some(IframeLocation::Remote),
        uses_calling_window: Some(false),
    }
}

pub(crate) fn page() -> HostSession {
    page_with_seed(0xdef)
}

pub(crate) fn page_with_seed(seed: u64) -> HostSession {
    HostSession::new(HostSessionConfig { origin: origin(HOST), widget: origin(WIDGET), context: context(), seed })
}

/// A page whose widget answered at time 0, with nothing left to read.
pub(crate) fn ready_page() -> HostSession {
    let mut page = page();
    page.handle_load(at(0));
    let (_, sync) = page_posts(&mut page).remove(0);
    tell(&mut page, json!({ "type": "SYNC_ACK", "messageId": sync["messageId"] }));
    assert!(page.is_ready());
    page_drain(&mut page);
    page
}

/// The widget says something.
pub(crate) fn tell(page: &mut HostSession, message: Json) {
    page.handle_message(FROM_WIDGET, &value(message));
}

pub(crate) fn page_drain(page: &mut HostSession) -> Vec<HostSessionOutput> {
    std::iter::from_fn(|| page.poll_output()).collect()
}

pub(crate) fn page_events(page: &mut HostSession) -> Vec<HostSessionEvent> {
    let event = |output| match output {
        HostSessionOutput::Event(event) => Some(event),
        HostSessionOutput::Post { .. } => None,
    };
    page_drain(page).into_iter().filter_map(event).collect()
}

pub(crate) fn page_posts(page: &mut HostSession) -> Vec<(String, Json)> {
    let post = |output| match output {
        HostSessionOutput::Post { target, message } => Some((target.as_str().to_owned(), json(&message))),
        HostSessionOutput::Event(_) => None,
    };
    page_drain(page).into_iter().filter_map(post).collect()
}
