//! The wire against its fixtures: every message that is written, and every one that is read.

use crate::error::refused;
use crate::wire::{self, Message, Proof, Request, read, write};
use cordboard::telephony::{
    Agent, Availability, Call, CallEvent, CallEventKind, CallId, CallState, CallerId, DialKey, DialRequest, Digits,
    Direction, EndReason, ErrorKind, Event, Operation, PhoneNumber, Recording, SignedOutReason,
};
use cordboard::{Timestamp, Value};
use std::collections::BTreeMap;

/// The messages of a file, by what they say.
fn fixtures(text: &str) -> BTreeMap<String, Value> {
    serde_json::from_str(text).expect("a fixture is JSON")
}

fn number(e164: &str) -> PhoneNumber {
    PhoneNumber::from_e164(e164).expect("a test number is a number")
}

fn digits() -> Digits {
    Digits::parse("12#").expect("these are keys")
}

fn json(value: &Value) -> serde_json::Value {
    serde_json::to_value(value).expect("a value is JSON")
}

#[test]
fn what_is_asked() {
    let act = |operation| Request::Act(operation, CallId::new("c-1"));
    let dial = |from| Request::Dial(DialRequest { key: DialKey::new("k-1"), to: number("+16175550100"), from });
    let password = Proof::Password { name: "alex".to_owned(), password: "demo".to_owned() };
    let mut fixtures = fixtures(include_str!("../tests/fixtures/requests.json"));
    for (name, request) in [
        ("sign in", Request::SignIn(password)),
        ("sign in again", Request::SignIn(Proof::Token("t-1".to_owned()))),
        ("sign out", Request::SignOut),
        ("take calls", Request::SetAvailability(Availability::Available)),
        ("take no calls", Request::SetAvailability(Availability::Away)),
        ("which numbers", Request::CallerIds),
        ("which calls", Request::Calls),
        ("anybody there", Request::Ping),
        ("dial", dial(None)),
        ("dial as", dial(Some(number("+16175550190")))),
        ("answer", act(Operation::Answer)),
        ("reject", act(Operation::Reject)),
        ("hang up", act(Operation::HangUp)),
        ("mute", act(Operation::Mute)),
        ("unmute", act(Operation::Unmute)),
        ("hold", act(Operation::Hold)),
        ("resume", act(Operation::Resume)),
        ("press keys", Request::SendDigits(CallId::new("c-1"), digits())),
    ] {
        let fixture = fixtures.remove(name).unwrap_or_else(|| panic!("there is no fixture {name:?}"));
        assert_eq!(json(&write(7, &request)), json(&fixture), "{name}");
    }
    assert!(fixtures.is_empty(), "nobody writes {:?}", fixtures.keys());
}

#[test]
fn what_is_answered() {
    let fixtures = fixtures(include_str!("../tests/fixtures/replies.json"));
    let result = |name: &str| match read(&fixtures[name]) {
        Some(Message::Reply { id: 7, result }) => result,
        other => panic!("{name} is read as {other:?}"),
    };
    assert!(result("accepted").is_ok());
    assert_eq!(result("refused"), Err("wrong_state".to_owned()));
    let signed_in = result("signed in").unwrap();
    assert_eq!(wire::agent(&signed_in), Some(Agent { id: "alex".to_owned(), name: "Alex Demo".to_owned() }));
    assert_eq!(wire::token(&signed_in), Some("t-1"));
    assert_eq!(wire::dialled(&result("dialled").unwrap()), Some(CallId::new("c-1")));
    let sales = CallerId { number: number("+16175550190"), label: "Sales, Boston".to_owned() };
    assert_eq!(wire::caller_ids(&result("numbers").unwrap()), Some(vec![sales]));
    let call = Call {
        state: CallState::OnHold,
        muted: true,
        connected_at: Some(Timestamp::from_millis(1_700_000_003_000)),
        sequence: 5,
        ..call()
    };
    assert_eq!(wire::calls(&result("calls").unwrap()), Some(vec![call]));
    assert_eq!(fixtures.len(), 6);
}

/// The call of the fixtures, as it begins.
fn call() -> Call {
    Call {
        id: CallId::new("c-1"),
        direction: Direction::Outbound,
        remote: Some(number("+16175550100")),
        local: Some(number("+16175550190")),
        key: Some(DialKey::new("k-1")),
        state: CallState::Dialing,
        muted: false,
        recording: Recording::Off,
        recordings: Vec::new(),
        started_at: Timestamp::from_millis(1_700_000_000_000),
        connected_at: None,
        ended_at: None,
        sequence: 1,
    }
}

#[test]
fn what_happens() {
    let inbound = Call {
        id: CallId::new("c-2"),
        direction: Direction::Inbound,
        remote: None,
        key: None,
        state: CallState::Ringing,
        ..call()
    };
    let news = |sequence, kind| {
        let at = Timestamp::from_millis(1_700_000_001_000);
        Event::Call(CallEvent { call: CallId::new("c-1"), sequence, at, kind })
    };
    let started = |call: Call| {
        let (id, at) = (call.id.clone(), call.started_at);
        Event::Call(CallEvent { call: id, sequence: 1, at, kind: CallEventKind::Started(Box::new(call)) })
    };
    let mut fixtures = fixtures(include_str!("../tests/fixtures/events.json"));
    for (name, event) in [
        ("dialling", started(call())),
        ("somebody calls", started(inbound)),
        ("it rings", news(2, CallEventKind::Ringing)),
        ("they talk", news(3, CallEventKind::Connected)),
        ("the other party waits", news(4, CallEventKind::Held)),
        ("the other party is back", news(5, CallEventKind::Resumed)),
        ("the agent is not heard", news(6, CallEventKind::Muted)),
        ("the agent is heard", news(7, CallEventKind::Unmuted)),
        ("keys", news(8, CallEventKind::DigitsReceived(digits()))),
        ("over", news(9, CallEventKind::Ended(EndReason::RemoteHungUp))),
        ("signed out", Event::SignedOut(SignedOutReason::Expired)),
    ] {
        let fixture = fixtures.remove(name).unwrap_or_else(|| panic!("there is no fixture {name:?}"));
        assert_eq!(read(&fixture), Some(Message::Event(event)), "{name}");
    }
    assert!(fixtures.is_empty(), "nobody reads {:?}", fixtures.keys());
}

#[test]
fn what_makes_no_sense() {
    for text in [
        r#"null"#,
        r#"[]"#,
        r#"{}"#,
        r#"{ "id": -1, "result": {} }"#,
        r#"{ "id": 7 }"#,
        r#"{ "event": "exploded", "call": "c-1", "sequence": 2, "at": 1 }"#,
        r#"{ "event": "ringing", "call": "c-1", "sequence": -2, "at": 1 }"#,
        r#"{ "event": "ended", "call": "c-1", "sequence": 2, "at": 1, "reason": "bored" }"#,
        r#"{ "event": "digits", "call": "c-1", "sequence": 2, "at": 1, "digits": "x" }"#,
    ] {
        assert_eq!(read(&serde_json::from_str(text).unwrap()), None, "{text}");
    }
}

#[test]
fn codes_say_what_to_do() {
    let hold = Request::Act(Operation::Hold, CallId::new("c-1"));
    let error = refused(&hold, "wrong_state");
    assert_eq!((error.kind(), error.operation()), (ErrorKind::WrongState, Operation::Hold));
    assert_eq!(error.call(), Some(&CallId::new("c-1")));
    let error = refused(&hold, &"e-9".repeat(100));
    assert_eq!(error.kind(), ErrorKind::Provider);
    assert!(error.provider_code().is_some_and(|code| code.len() == 32));
}
