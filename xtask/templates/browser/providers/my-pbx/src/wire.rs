//! What goes over the socket: JSON, one message a frame. Every name that the service and the line have agreed on stands here, and an
//! example of every message in `tests/fixtures`.
//!
//! | the line sends | and gets |
//! |---|---|
//! | `{"id": 1, "order": "dial", …}` | `{"id": 1, "result": …}` or `{"id": 1, "error": "wrong_state"}` |
//!
//! | the service sends by itself | when |
//! |---|---|
//! | `{"event": "ringing", "call": "c1", "sequence": 2, "at": 1700000000000}` | something happened to a call |
//! | `{"event": "signed_out", "reason": "expired"}` | the agent's session is over |
//!
//! The service numbers each call's events from 1, which is `started`, and remembers the `key` of a dial. Times are milliseconds since 1970.

use cordboard::telephony::{
    Agent, Availability, Call, CallEvent, CallEventKind, CallId, CallState, CallerId, DialKey, DialRequest, Digits,
    Direction, EndReason, Event, FailureReason, Operation, PhoneNumber, Recording, SignedOutReason,
};
use cordboard::{Object, Value};

/// The subprotocol of the socket.
pub const SUBPROTOCOL: &str = "my-pbx.v1";

/// What the service is asked for.
pub(crate) enum Request {
    SignIn(Proof),
    SignOut,
    SetAvailability(Availability),
    CallerIds,
    Calls,
    /// Is anybody there?
    Ping,
    Dial(DialRequest),
    /// What says nothing but which call.
    Act(Operation, CallId),
    SendDigits(CallId, Digits),
}

/// What an agent signs in with.
pub(crate) enum Proof {
    Password { name: String, password: String },
    Token(String),
}

/// The orders of [`Request::Act`].
const ACTS: [(Operation, &str); 7] = [
    (Operation::Answer, "answer"),
    (Operation::Reject, "reject"),
    (Operation::HangUp, "hang_up"),
    (Operation::Mute, "mute"),
    (Operation::Unmute, "unmute"),
    (Operation::Hold, "hold"),
    (Operation::Resume, "resume"),
];

/// What can happen to a call after it has started and before it ends, besides the keys that the other party presses.
const NEWS: [(&str, CallEventKind); 6] = [
    ("ringing", CallEventKind::Ringing),
    ("connected", CallEventKind::Connected),
    ("held", CallEventKind::Held),
    ("resumed", CallEventKind::Resumed),
    ("muted", CallEventKind::Muted),
    ("unmuted", CallEventKind::Unmuted),
];

const REASONS: [(&str, EndReason); 14] = [
    ("hung_up", EndReason::HungUp),
    ("remote_hung_up", EndReason::RemoteHungUp),
    ("transferred", EndReason::Transferred),
    ("canceled", EndReason::Canceled),
    ("busy", EndReason::Busy),
    ("no_answer", EndReason::NoAnswer),
    ("rejected", EndReason::Rejected),
    ("missed", EndReason::Missed),
    ("answered_elsewhere", EndReason::AnsweredElsewhere),
    ("invalid_number", EndReason::Failed(FailureReason::InvalidNumber)),
    ("not_allowed", EndReason::Failed(FailureReason::NotAllowed)),
    ("unreachable", EndReason::Failed(FailureReason::Unreachable)),
    ("connection_lost", EndReason::Failed(FailureReason::ConnectionLost)),
    ("failed", EndReason::Failed(FailureReason::Provider)),
];

const STATES: [(&str, CallState); 4] = [
    ("dialing", CallState::Dialing),
    ("ringing", CallState::Ringing),
    ("connected", CallState::Connected),
    ("on_hold", CallState::OnHold),
];

const DIRECTIONS: [(&str, Direction); 2] = [("outbound", Direction::Outbound), ("inbound", Direction::Inbound)];

const SIGNED_OUT: [(&str, SignedOutReason); 3] = [
    ("expired", SignedOutReason::Expired),
    ("replaced", SignedOutReason::Replaced),
    ("revoked", SignedOutReason::Revoked),
];

impl Request {
    pub(crate) const fn operation(&self) -> Operation {
        match self {
            Self::SignIn(_) => Operation::SignIn,
            Self::SignOut => Operation::SignOut,
            Self::SetAvailability(_) => Operation::SetAvailability,
            Self::CallerIds => Operation::CallerIds,
            Self::Calls | Self::Ping => Operation::ActiveCalls,
            Self::Dial(_) => Operation::Dial,
            Self::Act(operation, _) => *operation,
            Self::SendDigits(..) => Operation::SendDigits,
        }
    }

    pub(crate) const fn call(&self) -> Option<&CallId> {
        match self {
            Self::Act(_, call) | Self::SendDigits(call, _) => Some(call),
            _ => None,
        }
    }

    /// The service's name for it. `None` if it has none.
    pub(crate) fn name(&self) -> Option<&'static str> {
        Some(match self {
            Self::SignIn(_) => "sign_in",
            Self::SignOut => "sign_out",
            Self::SetAvailability(_) => "set_availability",
            Self::CallerIds => "caller_ids",
            Self::Calls => "calls",
            Self::Ping => "ping",
            Self::Dial(_) => "dial",
            Self::Act(operation, _) => ACTS.iter().find(|(known, _)| known == operation)?.1,
            Self::SendDigits(..) => "send_digits",
        })
    }

    /// Whether it does something to a call: then nobody knows what became of it when no answer comes.
    pub(crate) const fn changes_calls(&self) -> bool {
        matches!(self, Self::SignOut | Self::Dial(_) | Self::Act(..) | Self::SendDigits(..))
    }
}

/// The message that asks for something.
pub(crate) fn write(id: u32, request: &Request) -> Value {
    let mut message = Object::new().with("id", id).with("order", request.name().unwrap_or_default());
    if let Some(call) = request.call() {
        message.set("call", call.as_str());
    }
    match request {
        Request::SignIn(Proof::Password { name, password }) => {
            message.set("name", name.as_str());
            message.set("password", password.as_str());
        }
        Request::SignIn(Proof::Token(token)) => message.set("token", token.as_str()),
        Request::SetAvailability(availability) => message.set("available", *availability == Availability::Available),
        Request::Dial(DialRequest { key, to, from }) => {
            message.set("key", key.as_str());
            message.set("to", to.as_e164());
            if let Some(from) = from {
                message.set("from", from.as_e164());
            }
        }
        Request::SendDigits(_, digits) => message.set("digits", digits.as_str()),
        Request::SignOut | Request::CallerIds | Request::Calls | Request::Ping | Request::Act(..) => {}
    }
    message.into()
}

/// What the service said.
#[derive(Debug, PartialEq)]
pub(crate) enum Message {
    /// The answer to a request, or the code of why not.
    Reply { id: u32, result: Result<Value, String> },
    /// What happened.
    Event(Event),
}

/// Reads a message. `None` if it makes no sense: then it is ignored.
pub(crate) fn read(message: &Value) -> Option<Message> {
    if let Some(id) = message.get("id") {
        let id = u32::try_from(id.as_timestamp()?.as_millis()).ok()?;
        let result = match (message.get("result"), text(message, "error")) {
            (Some(result), _) => Ok(result.clone()),
            (None, error) => Err(error?.to_owned()),
        };
        return Some(Message::Reply { id, result });
    }
    let name = text(message, "event")?;
    if name == "signed_out" {
        return Some(Message::Event(Event::SignedOut(named(&SIGNED_OUT, text(message, "reason")?)?)));
    }
    let kind = match name {
        "started" => {
            let call = call(message.get("started")?)?;
            CallEventKind::Started(Box::new(call))
        }
        "ended" => CallEventKind::Ended(named(&REASONS, text(message, "reason")?)?),
        "digits" => CallEventKind::DigitsReceived(Digits::parse(text(message, "digits")?).ok()?),
        name => named(&NEWS, name)?,
    };
    Some(Message::Event(Event::Call(CallEvent {
        call: CallId::new(text(message, "call")?),
        sequence: message.get("sequence")?.as_timestamp()?.as_millis(),
        at: message.get("at")?.as_timestamp()?,
        kind,
    })))
}

/// Who signed in.
pub(crate) fn agent(result: &Value) -> Option<Agent> {
    let agent = result.get("agent")?;
    Some(Agent { id: text(agent, "id")?.to_owned(), name: text(agent, "name")?.to_owned() })
}

/// What signs them in again.
pub(crate) fn token(result: &Value) -> Option<&str> {
    text(result, "token")
}

/// The numbers that they may show.
pub(crate) fn caller_ids(result: &Value) -> Option<Vec<CallerId>> {
    let read =
        |item: &Value| Some(CallerId { number: number(item, "number")?, label: text(item, "label")?.to_owned() });
    result.as_array()?.iter().map(read).collect()
}

/// The call that was dialled.
pub(crate) fn dialled(result: &Value) -> Option<CallId> {
    text(result, "call").map(CallId::new)
}

/// The calls that have not ended.
pub(crate) fn calls(result: &Value) -> Option<Vec<Call>> {
    result.as_array()?.iter().map(call).collect()
}

fn call(value: &Value) -> Option<Call> {
    Some(Call {
        id: CallId::new(text(value, "id")?),
        direction: named(&DIRECTIONS, text(value, "direction")?)?,
        remote: number(value, "remote"),
        local: number(value, "local"),
        key: text(value, "key").map(DialKey::new),
        state: named(&STATES, text(value, "state")?)?,
        muted: value.get("muted")?.as_bool()?,
        recording: Recording::Off,
        recordings: Vec::new(),
        started_at: value.get("started_at")?.as_timestamp()?,
        connected_at: value.get("connected_at").and_then(Value::as_timestamp),
        ended_at: None,
        sequence: value.get("sequence")?.as_timestamp()?.as_millis(),
    })
}

fn text<'a>(value: &'a Value, field: &str) -> Option<&'a str> {
    value.get(field).and_then(Value::as_str)
}

fn number(value: &Value, field: &str) -> Option<PhoneNumber> {
    PhoneNumber::from_e164(text(value, field)?).ok()
}

fn named<T: Clone>(names: &[(&str, T)], name: &str) -> Option<T> {
    names.iter().find(|(known, _)| *known == name).map(|(_, item)| item.clone())
}
