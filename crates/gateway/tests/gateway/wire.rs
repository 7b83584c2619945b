//! Every message of the socket as it is on the wire. The client's codec is held against the same texts.

use cordboard::telephony::{
    Call, CallEvent, CallEventKind, CallId, CallState, Capability, Connection, DialKey, Digits, Direction, EndReason,
    ErrorKind, Event, FailureReason, PhoneNumber, Recording, RecordingRef, SignedOutReason,
};
use cordboard::{Timestamp, Value};
use cordboard_gateway::wire::{
    Answer, ClientMessage, Order, Outcome, Party, Redeem, Refresh, Refusal, Resume, Secret, ServerMessage, Session,
    SignIn, Welcome, WireCallerId, WireEvent, WireMediaToken,
};
use serde_json::json;
use std::time::Duration;

/// Each is read and written as the same text.
fn same<T: serde::Serialize + serde::de::DeserializeOwned>(message: &T, expected: &serde_json::Value) {
    assert_eq!(serde_json::to_value(message).unwrap(), *expected);
    let again: T = serde_json::from_str(&expected.to_string()).unwrap();
    assert_eq!(serde_json::to_value(&again).unwrap(), *expected);
}

fn s(text: &str) -> String {
    text.to_owned()
}

#[test]
fn hello() {
    let token = Secret(s("a1"));
    same(&ClientMessage::Hello { token: token.clone(), resume: None }, &json!({"type": "hello", "token": "a1"}));
    same(
        &ClientMessage::Hello { token, resume: Some(Resume { stream: s("s1"), after: 123 }) },
        &json!({"type": "hello", "token": "a1", "resume": {"stream": "s1", "after": 123}}),
    );
    same(&ClientMessage::Ack { sequence: 123 }, &json!({"type": "ack", "sequence": 123}));
    same(&ClientMessage::Ping, &json!({"type": "ping"}));
}

#[test]
fn requests() {
    let c = || s("c1");
    for (order, fields) in [
        (Order::SetAvailability { available: true }, json!({"operation": "set_availability", "available": true})),
        (Order::CallerIds, json!({"operation": "caller_ids"})),
        (
            Order::Dial { key: s("k"), to: s("+16175550100"), from: None },
            json!({"operation": "dial", "key": "k", "to": "+16175550100"}),
        ),
        (
            Order::Dial { key: s("k"), to: s("+16175550100"), from: Some(s("+16175550150")) },
            json!({"operation": "dial", "key": "k", "to": "+16175550100", "from": "+16175550150"}),
        ),
        (Order::Answer { call: c() }, json!({"operation": "answer", "call": "c1"})),
        (Order::Reject { call: c() }, json!({"operation": "reject", "call": "c1"})),
        (Order::HangUp { call: c() }, json!({"operation": "hang_up", "call": "c1"})),
        (Order::Mute { call: c() }, json!({"operation": "mute", "call": "c1"})),
        (Order::Unmute { call: c() }, json!({"operation": "unmute", "call": "c1"})),
        (Order::Hold { call: c() }, json!({"operation": "hold", "call": "c1"})),
        (Order::Resume { call: c() }, json!({"operation": "resume", "call": "c1"})),
        (
            Order::SendDigits { call: c(), digits: s("12#") },
            json!({"operation": "send_digits", "call": "c1", "digits": "12#"}),
        ),
        (
            Order::TransferBlind { call: c(), to: s("+16175550100") },
            json!({"operation": "transfer_blind", "call": "c1", "to": "+16175550100"}),
        ),
        (
            Order::TransferAttended { call: c(), consultation: s("c2") },
            json!({"operation": "transfer_attended", "call": "c1", "consultation": "c2"}),
        ),
        (Order::StartRecording { call: c() }, json!({"operation": "start_recording", "call": "c1"})),
        (Order::PauseRecording { call: c() }, json!({"operation": "pause_recording", "call": "c1"})),
        (Order::ResumeRecording { call: c() }, json!({"operation": "resume_recording", "call": "c1"})),
        (Order::StopRecording { call: c() }, json!({"operation": "stop_recording", "call": "c1"})),
        (
            Order::Log { call: c(), engagement: s("9001") },
            json!({"operation": "log", "call": "c1", "engagement": "9001"}),
        ),
        (Order::ActiveCalls, json!({"operation": "active_calls"})),
        (Order::MediaToken, json!({"operation": "media_token"})),
        (Order::SignOut, json!({"operation": "sign_out"})),
    ] {
        let mut expected = json!({"type": "request", "id": 7});
        expected.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        same(&ClientMessage::Request { id: 7, order }, &expected);
    }
}

#[test]
fn welcome() {
    same(
        &ServerMessage::Welcome(Welcome {
            agent: Party { id: s("alex"), name: s("Alex Demo") },
            provider: Party { id: s("mock"), name: s("Mock network") },
            capabilities: Capability::ALL.into_iter().map(Into::into).collect(),
            stream: s("s1"),
            sequence: 123,
            resumed: true,
            now: 1_700_000_000_000,
        }),
        &json!({
            "type": "welcome",
            "agent": {"id": "alex", "name": "Alex Demo"},
            "provider": {"id": "mock", "name": "Mock network"},
            "capabilities": [
                "inbound", "mute", "hold", "digits", "blind_transfer", "attended_transfer", "recording", "pause_recording",
                "concurrent_calls",
            ],
            "stream": "s1",
            "sequence": 123,
            "resumed": true,
            "now": 1_700_000_000_000_u64,
        }),
    );
    same(&ServerMessage::Pong, &json!({"type": "pong"}));
    for (reason, name) in [
        (SignedOutReason::Expired, "expired"),
        (SignedOutReason::Replaced, "replaced"),
        (SignedOutReason::Revoked, "revoked"),
    ] {
        same(&ServerMessage::SignedOut { reason: reason.into() }, &json!({"type": "signed_out", "reason": name}));
    }
}

fn call() -> Call {
    Call {
        id: CallId::new("c1"),
        direction: Direction::Outbound,
        remote: PhoneNumber::from_e164("+16175550100").ok(),
        local: PhoneNumber::from_e164("+16175550150").ok(),
        key: Some(DialKey::new("k")),
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

fn call_json() -> serde_json::Value {
    json!({
        "id": "c1", "direction": "outbound", "remote": "+16175550100", "local": "+16175550150", "key": "k",
        "state": "dialing", "muted": false, "recording": "off", "startedAt": 1_700_000_000_000_u64, "connectedAt": null,
        "endedAt": null, "sequence": 1,
    })
}

fn event(kind: CallEventKind) -> ServerMessage {
    let event = CallEvent { call: CallId::new("c1"), sequence: 3, at: Timestamp::from_millis(1_700_000_000_000), kind };
    ServerMessage::Event { sequence: Some(124), event: WireEvent::of(&Event::Call(event)).unwrap() }
}

#[test]
fn events_of_calls() {
    let digits = Digits::parse("12#").unwrap();
    for (kind, fields) in [
        (CallEventKind::Started(Box::new(call())), json!({"kind": "started", "started": call_json()})),
        (CallEventKind::Ringing, json!({"kind": "ringing"})),
        (CallEventKind::Connected, json!({"kind": "connected"})),
        (CallEventKind::Held, json!({"kind": "held"})),
        (CallEventKind::Resumed, json!({"kind": "resumed"})),
        (CallEventKind::Muted, json!({"kind": "muted"})),
        (CallEventKind::Unmuted, json!({"kind": "unmuted"})),
        (CallEventKind::RecordingStarted(None), json!({"kind": "recording_started"})),
        (
            CallEventKind::RecordingStarted(Some(RecordingRef::new("https://a/1"))),
            json!({"kind": "recording_started", "recording": "https://a/1"}),
        ),
        (CallEventKind::RecordingPaused, json!({"kind": "recording_paused"})),
        (CallEventKind::RecordingResumed, json!({"kind": "recording_resumed"})),
        (CallEventKind::RecordingStopped, json!({"kind": "recording_stopped"})),
        (CallEventKind::DigitsReceived(digits), json!({"kind": "digits_received", "digits": "12#"})),
        (CallEventKind::TransferFailed, json!({"kind": "transfer_failed"})),
    ] {
        let mut inner = json!({"type": "call", "call": "c1", "sequence": 3, "at": 1_700_000_000_000_u64});
        inner.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        same(&event(kind), &json!({"type": "event", "sequence": 124, "event": inner}));
    }
    assert_eq!(Call::from_value(&Value::from(&call())), Some(call()));
}

#[test]
fn ends_of_calls() {
    for (reason, name) in [
        (EndReason::HungUp, "hung-up"),
        (EndReason::RemoteHungUp, "remote-hung-up"),
        (EndReason::Transferred, "transferred"),
        (EndReason::Canceled, "canceled"),
        (EndReason::Busy, "busy"),
        (EndReason::NoAnswer, "no-answer"),
        (EndReason::Rejected, "rejected"),
        (EndReason::Missed, "missed"),
        (EndReason::AnsweredElsewhere, "answered-elsewhere"),
        (EndReason::Failed(FailureReason::InvalidNumber), "invalid-number"),
        (EndReason::Failed(FailureReason::NotAllowed), "not-allowed"),
        (EndReason::Failed(FailureReason::Unreachable), "unreachable"),
        (EndReason::Failed(FailureReason::ConnectionLost), "connection-lost"),
        (EndReason::Failed(FailureReason::Provider), "provider-failed"),
    ] {
        let inner = json!({
            "type": "call", "call": "c1", "sequence": 3, "at": 1_700_000_000_000_u64, "kind": "ended", "reason": name,
        });
        same(&event(CallEventKind::Ended(reason)), &json!({"type": "event", "sequence": 124, "event": inner}));
        // It is the word that the state of a call is written with.
        let ended = Call { state: CallState::Ended(reason), ..call() };
        assert_eq!(Value::from(&ended).get("state").and_then(Value::as_str), Some(name));
    }
}

#[test]
fn events_of_the_line() {
    for (connection, name) in [
        (Connection::Lost, "lost"),
        (Connection::Restored, "restored"),
        (Connection::Poor, "poor"),
        (Connection::Good, "good"),
    ] {
        let event = WireEvent::of(&Event::Connection(connection)).unwrap();
        same(
            &ServerMessage::Event { sequence: None, event },
            &json!({"type": "event", "event": {"type": "connection", "state": name}}),
        );
    }
    same(
        &ServerMessage::Event { sequence: None, event: WireEvent::Lagged { missed: 3 } },
        &json!({"type": "event", "event": {"type": "lagged", "missed": 3}}),
    );
}

#[test]
fn replies() {
    let number = s("+16175550190");
    for (answer, result) in [
        (Answer::Accepted {}, json!({})),
        (Answer::Dialled { call: s("c1") }, json!({"call": "c1"})),
        (
            Answer::CallerIds { caller_ids: vec![WireCallerId { number, label: s("Sales") }] },
            json!({"caller_ids": [{"number": "+16175550190", "label": "Sales"}]}),
        ),
        (Answer::calls(&[call()]), json!({"calls": [call_json()]})),
        (Answer::MediaToken { media_token: None }, json!({"media_token": null})),
        (
            Answer::MediaToken {
                media_token: Some(WireMediaToken { token: Secret(s("m1")), expires_at: 5, settings: s("{}") }),
            },
            json!({"media_token": {"token": "m1", "expires_at": 5, "settings": "{}"}}),
        ),
    ] {
        same(
            &ServerMessage::Reply { id: 7, outcome: Outcome::Result(answer) },
            &json!({"type": "reply", "id": 7, "result": result}),
        );
    }
}

#[test]
fn refusals() {
    for (kind, name) in [
        (ErrorKind::Unsupported, "unsupported"),
        (ErrorKind::NotSignedIn, "not_signed_in"),
        (ErrorKind::BadCredentials, "bad_credentials"),
        (ErrorKind::InvalidNumber, "invalid_number"),
        (ErrorKind::NotAllowed, "not_allowed"),
        (ErrorKind::NoSuchCall, "no_such_call"),
        (ErrorKind::WrongState, "wrong_state"),
        (ErrorKind::TooManyCalls, "too_many_calls"),
        (ErrorKind::RateLimited { retry_after: None }, "rate_limited"),
        (ErrorKind::Microphone, "microphone"),
        (ErrorKind::Unreachable, "unreachable"),
        (ErrorKind::OutcomeUnknown, "outcome_unknown"),
        (ErrorKind::Provider, "provider"),
    ] {
        same(
            &ServerMessage::Reply { id: 7, outcome: Outcome::Error(Refusal::new(kind)) },
            &json!({"type": "reply", "id": 7, "error": {"kind": name}}),
        );
    }
    let mut refusal = Refusal::new(ErrorKind::RateLimited { retry_after: Some(Duration::from_secs(2)) })
        .about(&CallId::new("c1"))
        .saying("Too fast.");
    refusal.provider_code = Some(s("20429"));
    same(
        &ServerMessage::Reply { id: 7, outcome: Outcome::Error(refusal) },
        &json!({"type": "reply", "id": 7, "error": {
            "kind": "rate_limited", "provider_code": "20429", "retry_after": 2000, "call": "c1", "message": "Too fast.",
        }}),
    );
}

#[test]
fn sessions() {
    same(&SignIn { name: s("alex"), password: Secret(s("demo")) }, &json!({"name": "alex", "password": "demo"}));
    same(&Refresh { refresh_token: Secret(s("r1")) }, &json!({"refresh_token": "r1"}));
    let redeem = Redeem { code: Secret(s("c1")), verifier: Secret(s("v1")) };
    same(&redeem, &json!({"code": "c1", "verifier": "v1"}));
    same(
        &Session {
            access_token: Secret(s("a1")),
            expires_in: 900,
            refresh_token: Secret(s("r1")),
            agent: Party { id: s("alex"), name: s("Alex Demo") },
        },
        &json!({
            "access_token": "a1", "expires_in": 900, "refresh_token": "r1", "agent": {"id": "alex", "name": "Alex Demo"},
        }),
    );
}

#[test]
fn what_it_does_not_know_is_passed_over() {
    let text = r#"{"type":"request","id":1,"operation":"hang_up","call":"c1","later":{"a":1}}"#;
    assert!(serde_json::from_str::<ClientMessage>(text).is_ok());
    assert!(serde_json::from_str::<ClientMessage>(r#"{"type":"request","id":1,"operation":"fly"}"#).is_err());
}

#[test]
fn secrets_are_not_shown() {
    assert_eq!(format!("{:?}", Secret(s("a1"))), "Secret(…)");
}
