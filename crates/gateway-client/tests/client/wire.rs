//! Every message as it is on the wire, and as the gateway's own codec reads and writes it.

use crate::support::{Rig, Wanted, lagged, password, tokens, value, welcome};
use cordboard::platform::Lock;
use cordboard::telephony::{
    Availability, Call, CallEvent, CallEventKind, CallId, CallState, Connection, Credentials, DialKey, DialRequest,
    Digits, Direction, EndReason, ErrorKind, Event, FailureReason, Operation, PhoneNumber, ProviderInfo, Recording,
    RecordingRef, Telephony, Transfer,
};
use cordboard::{Object, Timestamp, Value};
use cordboard_gateway::wire::{ClientMessage, ServerMessage, WireEvent};
use cordboard_gateway_client::{Answer, Ears, GatewayConfig, GatewayLine, MemoryTokens, Socket, Transport};
use cordboard_mock::VirtualClock;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::time::Duration;

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

fn call_json() -> Json {
    json!({
        "id": "c1", "direction": "outbound", "remote": "+16175550100", "local": "+16175550150", "key": "k",
        "state": "dialing", "muted": false, "recording": "off", "startedAt": 1_700_000_000_000_u64, "connectedAt": null,
        "endedAt": null, "sequence": 1,
    })
}

/// What the line tells of an event message whose event has these fields.
fn told(fields: &Json) -> Vec<Event> {
    let mut inner = json!({ "type": "call", "call": "c1", "sequence": 3, "at": 1_700_000_000_000_u64 });
    inner.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
    let mut rig = Rig::online();
    rig.hear(&json!({ "type": "event", "sequence": 11, "event": inner }));
    rig.events()
}

fn of_call(kind: CallEventKind) -> Event {
    Event::Call(CallEvent { call: CallId::new("c1"), sequence: 3, at: Timestamp::from_millis(1_700_000_000_000), kind })
}

/// The gateway writes the event with these fields.
fn same_as_the_gateway_says(event: &Event, fields: &Json) {
    let event = WireEvent::of(event).expect("it is on the wire");
    let written = serde_json::to_value(ServerMessage::Event { sequence: Some(11), event }).expect("JSON");
    for (name, value) in fields.as_object().expect("an object") {
        assert_eq!(written["event"][name], *value);
    }
    assert_eq!(
        written["event"].as_object().expect("an object").len(),
        4 + fields.as_object().expect("an object").len()
    );
}

#[test]
fn events_of_calls() {
    let digits = Digits::parse("12#").unwrap();
    for (kind, fields) in [
        (CallEventKind::Started(Box::new(call())), json!({ "kind": "started", "started": call_json() })),
        (CallEventKind::Ringing, json!({ "kind": "ringing" })),
        (CallEventKind::Connected, json!({ "kind": "connected" })),
        (CallEventKind::Held, json!({ "kind": "held" })),
        (CallEventKind::Resumed, json!({ "kind": "resumed" })),
        (CallEventKind::Muted, json!({ "kind": "muted" })),
        (CallEventKind::Unmuted, json!({ "kind": "unmuted" })),
        (CallEventKind::RecordingStarted(None), json!({ "kind": "recording_started" })),
        (
            CallEventKind::RecordingStarted(Some(RecordingRef::new("https://a/1"))),
            json!({ "kind": "recording_started", "recording": "https://a/1" }),
        ),
        (CallEventKind::RecordingPaused, json!({ "kind": "recording_paused" })),
        (CallEventKind::RecordingResumed, json!({ "kind": "recording_resumed" })),
        (CallEventKind::RecordingStopped, json!({ "kind": "recording_stopped" })),
        (CallEventKind::DigitsReceived(digits), json!({ "kind": "digits_received", "digits": "12#" })),
        (CallEventKind::TransferFailed, json!({ "kind": "transfer_failed" })),
    ] {
        assert_eq!(told(&fields), [of_call(kind.clone())]);
        same_as_the_gateway_says(&of_call(kind), &fields);
    }
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
        let fields = json!({ "kind": "ended", "reason": name });
        assert_eq!(told(&fields), [of_call(CallEventKind::Ended(reason))]);
        same_as_the_gateway_says(&of_call(CallEventKind::Ended(reason)), &fields);
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
        let mut rig = Rig::online();
        rig.hear(&json!({ "type": "event", "event": { "type": "connection", "state": name } }));
        assert_eq!(rig.events(), [Event::Connection(connection)]);
    }
    let mut rig = Rig::online();
    rig.hear(&json!({ "type": "event", "event": { "type": "lagged", "missed": 3 } }));
    assert_eq!(rig.take(), [lagged(3)]);
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
        (ErrorKind::Provider, "a_newer_one"),
    ] {
        let mut rig = Rig::online();
        let id = rig.order("caller_ids", Operation::CallerIds, Object::new());
        rig.take();
        rig.hear(&json!({ "type": "reply", "id": id, "error": { "kind": name } }));
        assert_eq!(rig.take(), [Wanted::Reply(id, Err(kind))]);
    }
    let mut rig = Rig::online();
    let id = rig.order("caller_ids", Operation::CallerIds, Object::new());
    rig.take();
    rig.hear(&json!({ "type": "reply", "id": id, "error": { "kind": "rate_limited", "retry_after": 2000 } }));
    let kind = ErrorKind::RateLimited { retry_after: Some(Duration::from_secs(2)) };
    assert_eq!(rig.take(), [Wanted::Reply(id, Err(kind))]);
}

/// A transport whose gateway is the test.
#[derive(Clone, Default)]
struct Bench(Arc<Lock<Far>>);

#[derive(Default)]
struct Far {
    ears: Option<Ears>,
    post: Option<Answer>,
    sent: Vec<Json>,
}

struct End(Bench);

impl Transport for Bench {
    fn open(&self, _: &str, _: &str, ears: Ears) -> Option<Box<dyn Socket>> {
        self.0.lock().ears = Some(ears);
        Some(Box::new(End(self.clone())))
    }

    fn post(&self, _: &str, _: Value, answer: Answer) {
        self.0.lock().post = Some(answer);
    }

    fn get(&self, _: &str, _: Answer) {}

    fn show(&self, _: &str, _: Answer) {}

    fn random(&self) -> Option<[u8; 32]> {
        None
    }
}

impl Socket for End {
    fn send(&self, message: &Value) {
        self.0.0.lock().sent.push(serde_json::to_value(message).expect("a value is JSON"));
    }
}

impl Bench {
    /// A line that is signed in to it.
    fn line(&self) -> GatewayLine {
        let config = GatewayConfig {
            url: "http://gateway.example/".to_owned(),
            provider: ProviderInfo { id: "mock", name: "Mock network" },
            capabilities: cordboard::telephony::Capabilities::all(),
        };
        let line = GatewayLine::with_tokens(config, self.clone(), VirtualClock::default(), 7, MemoryTokens::default());
        self.welcome(&line);
        line
    }

    /// Signs an agent in.
    fn welcome(&self, line: &GatewayLine) {
        drop(line.sign_in(password()));
        let answer = self.0.lock().post.take().expect("credentials are posted");
        answer.give(Some((200, value(&tokens(1)))));
        let ears = self.ears();
        ears.opened();
        ears.message(&value(&welcome("s", 0, false)));
        self.0.lock().sent.clear();
    }

    fn ears(&self) -> Ears {
        self.0.lock().ears.clone().expect("a socket was opened")
    }

    fn answer(&self, result: &Json) {
        self.reply("result", result);
    }

    fn reply(&self, how: &str, with: &Json) {
        let id = self.0.lock().sent.last().expect("something was sent")["id"].clone();
        self.ears().message(&value(&json!({ "type": "reply", "id": id, how: with })));
    }
}

fn run<F: Future>(future: F) -> F::Output {
    VirtualClock::default().block_on(std::future::pending(), future)
}

fn dial(from: Option<&str>) -> DialRequest {
    let number = |e164: &str| PhoneNumber::from_e164(e164).expect("a number");
    DialRequest { key: DialKey::new("k"), to: number("+16175550100"), from: from.map(number) }
}

#[test]
fn orders() {
    let bench = Bench::default();
    let line = bench.line();
    let c1 = CallId::new("c1");
    let digits = Digits::parse("12#").unwrap();
    let to = PhoneNumber::from_e164("+16175550100").unwrap();
    // Each is sent when it is given.
    drop(line.set_availability(Availability::Available));
    drop(line.caller_ids());
    drop(line.dial(dial(None)));
    drop(line.dial(dial(Some("+16175550150"))));
    drop(line.answer(&c1));
    drop(line.reject(&c1));
    drop(line.hang_up(&c1));
    drop(line.mute(&c1));
    drop(line.unmute(&c1));
    drop(line.hold(&c1));
    drop(line.resume(&c1));
    drop(line.send_digits(&c1, &digits));
    drop(line.transfer(&c1, Transfer::Blind { to }));
    drop(line.transfer(&c1, Transfer::Attended { consultation: CallId::new("c2") }));
    drop(line.start_recording(&c1));
    drop(line.pause_recording(&c1));
    drop(line.resume_recording(&c1));
    drop(line.stop_recording(&c1));
    drop(line.log(&c1, "9001"));
    drop(line.active_calls());
    drop(line.media_token());
    drop(line.sign_out());
    let expected = [
        json!({ "operation": "set_availability", "available": true }),
        json!({ "operation": "caller_ids" }),
        json!({ "operation": "dial", "key": "k", "to": "+16175550100" }),
        json!({ "operation": "dial", "key": "k", "to": "+16175550100", "from": "+16175550150" }),
        json!({ "operation": "answer", "call": "c1" }),
        json!({ "operation": "reject", "call": "c1" }),
        json!({ "operation": "hang_up", "call": "c1" }),
        json!({ "operation": "mute", "call": "c1" }),
        json!({ "operation": "unmute", "call": "c1" }),
        json!({ "operation": "hold", "call": "c1" }),
        json!({ "operation": "resume", "call": "c1" }),
        json!({ "operation": "send_digits", "call": "c1", "digits": "12#" }),
        json!({ "operation": "transfer_blind", "call": "c1", "to": "+16175550100" }),
        json!({ "operation": "transfer_attended", "call": "c1", "consultation": "c2" }),
        json!({ "operation": "start_recording", "call": "c1" }),
        json!({ "operation": "pause_recording", "call": "c1" }),
        json!({ "operation": "resume_recording", "call": "c1" }),
        json!({ "operation": "stop_recording", "call": "c1" }),
        json!({ "operation": "log", "call": "c1", "engagement": "9001" }),
        json!({ "operation": "active_calls" }),
        json!({ "operation": "media_token" }),
        json!({ "operation": "sign_out" }),
    ];
    let sent = bench.0.lock().sent.clone();
    assert_eq!(sent.len(), expected.len());
    for (sent, mut expected) in sent.into_iter().zip(expected) {
        expected["type"] = "request".into();
        expected["id"] = sent["id"].clone();
        assert_eq!(sent, expected);
        let read: ClientMessage = serde_json::from_value(sent).expect("the gateway knows it");
        assert_eq!(serde_json::to_value(read).expect("JSON"), expected);
    }
}

/// The provider's code; or, where the gateway's own policy refuses, which rule.
#[test]
fn refusals_have_details() {
    let bench = Bench::default();
    let line = bench.line();
    let message = "dialling is stopped";
    for (error, details) in [
        (json!({ "kind": "not_allowed", "message": message }), Some(message)),
        (json!({ "kind": "not_allowed", "provider_code": "21215", "message": message }), Some("21215")),
        (json!({ "kind": "not_allowed" }), None),
    ] {
        let asked = line.dial(dial(None));
        bench.reply("error", &error);
        assert_eq!(run(asked).unwrap_err().provider_code(), details);
    }
}

#[test]
fn answers() {
    let bench = Bench::default();
    let line = bench.line();

    let asked = line.dial(dial(None));
    bench.answer(&json!({ "call": "c1" }));
    assert_eq!(run(asked).unwrap(), CallId::new("c1"));

    let asked = line.caller_ids();
    bench.answer(&json!({ "caller_ids": [{ "number": "+16175550190", "label": "Sales" }] }));
    let caller_ids = run(asked).unwrap();
    let [sales] = caller_ids.as_slice() else { panic!("{caller_ids:?}") };
    assert_eq!((sales.number.as_e164(), sales.label.as_str()), ("+16175550190", "Sales"));

    let asked = line.active_calls();
    bench.answer(&json!({ "calls": [call_json()] }));
    assert_eq!(run(asked).unwrap(), [call()]);

    let asked = line.media_token();
    bench.answer(&json!({ "media_token": null }));
    assert_eq!(run(asked).unwrap(), None);

    let asked = line.media_token();
    bench.answer(&json!({ "media_token": { "token": "m1", "expires_at": 5, "settings": "{}" } }));
    let token = run(asked).unwrap().unwrap();
    assert_eq!((token.token.as_str(), token.expires_at.as_millis(), token.settings.as_str()), ("m1", 5, "{}"));

    let c1 = CallId::new("c1");
    let asked = line.hold(&c1);
    bench.answer(&json!({}));
    assert!(run(asked).is_ok());

    // A call that can't be read would be taken for one that has ended.
    let asked = line.active_calls();
    bench.answer(&json!({ "calls": [call_json(), { "id": "c2" }] }));
    assert_eq!(run(asked).unwrap_err().kind(), ErrorKind::Provider);
}

#[test]
fn a_socket_that_was_replaced_is_not_heard() {
    let bench = Bench::default();
    let line = bench.line();
    let old = bench.ears();
    // Signing in again opens another one.
    bench.welcome(&line);
    old.message(&value(&json!({ "type": "signed_out", "reason": "revoked" })));
    old.closed();
    let asked = line.caller_ids();
    bench.answer(&json!({ "caller_ids": [] }));
    assert_eq!(run(asked).unwrap(), []);
    bench.ears().closed();
    assert_eq!(run(line.caller_ids()).unwrap_err().kind(), ErrorKind::Unreachable);
    drop(line);
    old.message(&Value::Null);
}

#[test]
fn signing_in_without_credentials_and_without_a_token_is_refused_at_once() {
    let bench = Bench::default();
    let config = GatewayConfig {
        url: "http://gateway.example".to_owned(),
        provider: ProviderInfo { id: "mock", name: "Mock network" },
        capabilities: cordboard::telephony::Capabilities::all()
            .with_sign_in(cordboard::telephony::SignInMethod::Password),
    };
    let line = GatewayLine::new(config, bench, VirtualClock::default(), 7);
    assert_eq!(run(line.sign_in(Credentials::None)).unwrap_err().kind(), ErrorKind::NotSignedIn);
}
