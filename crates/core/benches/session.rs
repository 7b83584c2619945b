//! From a message's arrival to its event. The budget is 2 µs; what is ignored should be far below.

use cordboard::protocol::{CallAnswered, HostAllowList, Origin, Sender, Session, SessionConfig, WidgetMessage};
use cordboard::{Object, Timestamp, Value};
use divan::Bencher;
use std::hint::black_box;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
const HOST: Sender<'static> = Sender { origin: "https://app.hubspot.com", is_peer: true };

fn main() {
    divan::main();
}

fn message(message_type: &str) -> Object {
    Object::new().with("type", message_type).with("messageId", "1700000000000_1700000000500")
}

fn dial() -> Value {
    let callee = Object::new().with("calleeId", 101_u32).with("calleeObjectTypeId", "0-1");
    let data = Object::new()
        .with("phoneNumber", "+15550100001")
        .with("portalId", 62_515_u32)
        .with("ownerId", 77_u32)
        .with("subjectId", 101_u32)
        .with("objectId", 101_u32)
        .with("objectType", "CONTACT")
        .with("countryCode", "US")
        .with("calleeInfo", callee)
        .with("startTimestamp", NOW)
        .with("toPhoneNumberSrc", "mobilephone");
    message("DIAL_NUMBER").with("data", data).into()
}

fn caller_matches() -> Value {
    let coordinates = Object::new().with("portalId", 62_515_u32).with("objectId", 101_u32).with("objectTypeId", "0-1");
    let contact = Object::new()
        .with("callerIdType", "CONTACT")
        .with("objectCoordinates", coordinates)
        .with("firstName", "Ada")
        .with("lastName", "Lovelace")
        .with("email", "ada@example.com");
    let data = Object::new().with("callerIdMatches", vec![Value::from(contact)]);
    message("CALLER_ID_MATCH_SUCCEEDED").with("data", data).into()
}

fn waiting() -> Session {
    let origin = Origin::parse("https://widget.example.com").expect("an origin");
    Session::new(SessionConfig { hosts: HostAllowList::default(), origin, version: "0", seed: 1 }, NOW)
}

fn ready() -> Session {
    let mut session = waiting();
    session.handle_message(NOW, HOST, &message("SYNC").into());
    while session.poll_output().is_some() {}
    session
}

/// Handles one message and reads what it led to.
fn bench(bencher: Bencher<'_, '_>, mut session: Session, sender: Sender<'_>, message: &Value) {
    bencher.bench_local(|| {
        session.handle_message(NOW, black_box(sender), black_box(message));
        session.poll_output()
    });
}

#[divan::bench]
fn handled_dial_number(bencher: Bencher<'_, '_>) {
    bench(bencher, ready(), HOST, &dial());
}

#[divan::bench]
fn handled_caller_id_match(bencher: Bencher<'_, '_>) {
    bench(bencher, ready(), HOST, &caller_matches());
}

#[divan::bench]
fn handled_sync(bencher: Bencher<'_, '_>) {
    let sync = message("SYNC").with("hostUrl", HOST.origin).with("portalId", 62_515_u32).into();
    bencher.with_inputs(waiting).bench_local_values(|mut session| {
        session.handle_message(NOW, HOST, black_box(&sync));
        session
    });
}

#[divan::bench]
fn sent_call_answered(bencher: Bencher<'_, '_>) {
    let mut session = ready();
    let answered = WidgetMessage::CallAnswered(CallAnswered { external_call_id: "call-1".into() });
    bencher.with_inputs(|| answered.clone()).bench_local_values(|message| {
        session.send(NOW, message);
        session.poll_output()
    });
}

#[divan::bench]
fn ignored_foreign_origin(bencher: Bencher<'_, '_>) {
    bench(bencher, waiting(), Sender { origin: "https://app-eu1.hubspot.com.evil.tld", is_peer: true }, &dial());
}

#[divan::bench]
fn ignored_other_window(bencher: Bencher<'_, '_>) {
    bench(bencher, ready(), Sender { is_peer: false, ..HOST }, &dial());
}

#[divan::bench]
fn ignored_repeated_sync(bencher: Bencher<'_, '_>) {
    bench(bencher, ready(), HOST, &message("SYNC").into());
}

#[divan::bench]
fn ignored_set_widget_url(bencher: Bencher<'_, '_>) {
    bench(bencher, ready(), HOST, &message("SET_WIDGET_URL").with("iFrameUrl", "https://evil.tld").into());
}
