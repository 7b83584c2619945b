//! What the gateway says, read from [`Value`]s. The gateway's own `wire` module says what everything means; its names stand
//! here once more, because the code that serde derives would cost the widget more than all the rest of this crate.

use cordboard::telephony::{
    Agent, Call, CallEvent, CallEventKind, CallId, CallerId, Capabilities, Capability, Connection, Digits, EndReason,
    Error, ErrorKind, Event, FailureReason, MediaToken, PhoneNumber, RecordingRef, SignInMethod, SignedOutReason,
};
use cordboard::{Object, Value};
use core::time::Duration;

/// The subprotocol that both ends name in the handshake.
pub const SUBPROTOCOL: &str = "cordboard.v1";

// Each table is the names, and the items in the same order: small, where a table of pairs is twice as large.

/// As [`Capability::ALL`].
const CAPABILITIES: &str =
    "inbound mute hold digits blind_transfer attended_transfer recording pause_recording concurrent_calls";

const KINDS: &str = "ringing connected held resumed muted unmuted recording_started recording_paused recording_resumed \
                     recording_stopped transfer_failed started digits_received ended";

const END_REASONS: &str = "hung-up remote-hung-up transferred canceled busy no-answer rejected missed answered-elsewhere \
                           invalid-number not-allowed unreachable connection-lost provider-failed";

const ENDS: [EndReason; 14] = [
    EndReason::HungUp,
    EndReason::RemoteHungUp,
    EndReason::Transferred,
    EndReason::Canceled,
    EndReason::Busy,
    EndReason::NoAnswer,
    EndReason::Rejected,
    EndReason::Missed,
    EndReason::AnsweredElsewhere,
    EndReason::Failed(FailureReason::InvalidNumber),
    EndReason::Failed(FailureReason::NotAllowed),
    EndReason::Failed(FailureReason::Unreachable),
    EndReason::Failed(FailureReason::ConnectionLost),
    EndReason::Failed(FailureReason::Provider),
];

const CONNECTION_STATES: &str = "lost restored poor good";

const CONNECTIONS: [Connection; 4] = [Connection::Lost, Connection::Restored, Connection::Poor, Connection::Good];

const SIGNED_OUT_REASONS: &str = "expired replaced revoked";

const SIGNED_OUT: [SignedOutReason; 3] =
    [SignedOutReason::Expired, SignedOutReason::Replaced, SignedOutReason::Revoked];

const ERROR_KINDS: &str = "unsupported not_signed_in bad_credentials invalid_number not_allowed no_such_call wrong_state \
                           too_many_calls rate_limited microphone unreachable outcome_unknown provider";

const ERRORS: [ErrorKind; 13] = [
    ErrorKind::Unsupported,
    ErrorKind::NotSignedIn,
    ErrorKind::BadCredentials,
    ErrorKind::InvalidNumber,
    ErrorKind::NotAllowed,
    ErrorKind::NoSuchCall,
    ErrorKind::WrongState,
    ErrorKind::TooManyCalls,
    ErrorKind::RateLimited { retry_after: None },
    ErrorKind::Microphone,
    ErrorKind::Unreachable,
    ErrorKind::OutcomeUnknown,
    ErrorKind::Provider,
];

/// What is a time by the gateway's clock wherever it stands.
const TIMES: &str = "at startedAt connectedAt endedAt expires_at";

/// The time by the gateway's clock, if this is a welcome.
pub(crate) fn time_of_welcome(message: &Value) -> Option<f64> {
    text(message, "type").filter(|kind| *kind == "welcome")?;
    message.get("now")?.as_number()
}

/// The same message with times by a clock that is so many milliseconds ahead of the gateway's.
pub(crate) fn by_clock(message: &Value, ahead: f64) -> Value {
    match message {
        Value::Object(fields) => {
            let mut moved = Object::new();
            for (name, value) in fields.iter() {
                let is_time = TIMES.split_ascii_whitespace().any(|time| time == name);
                let value = match value.as_number().filter(|_| is_time) {
                    Some(time) => Value::Number((time + ahead).max(0.0)),
                    None => by_clock(value, ahead),
                };
                moved.set(name, value);
            }
            moved.into()
        }
        Value::Array(values) => Value::Array(values.iter().map(|value| by_clock(value, ahead)).collect()),
        _ => message.clone(),
    }
}

/// Which of the names a field is.
fn place(names: &str, value: &Value, field: &str) -> Option<usize> {
    let text = text(value, field)?;
    names.split_ascii_whitespace().position(|name| name == text)
}

/// A text.
pub(crate) fn text<'a>(value: &'a Value, field: &str) -> Option<&'a str> {
    value.get(field)?.as_str()
}

/// A whole number below 2^53.
pub(crate) fn number(value: &Value, field: &str) -> Option<u64> {
    Some(value.get(field)?.as_timestamp()?.as_millis())
}

/// A number as JavaScript has it: a sequence is below 2^53, as a time is.
pub(crate) fn from_number(number: u64) -> Value {
    cordboard::Timestamp::from_millis(number).into()
}

/// The message that introduces the agent: whose access token it is, and after which event of which stream to go on.
pub(crate) fn hello(token: &str, resume: Option<(&str, u64)>) -> Value {
    let mut message = Object::new();
    message.set("type", "hello");
    message.set("token", token);
    if let Some((stream, after)) = resume {
        let mut resume = Object::new();
        resume.set("stream", stream);
        resume.set("after", from_number(after));
        message.set("resume", resume);
    }
    message.into()
}

/// How the gateway says that one signs in; `None` if it does not say.
pub(crate) fn sign_in_method(answer: &Value) -> Option<SignInMethod> {
    let methods = answer.get("methods")?.as_array()?;
    let has = |name| methods.iter().any(|method| method.as_str() == Some(name));
    Some(match (has("password"), has("oidc")) {
        (true, true) => SignInMethod::PasswordOrRedirect,
        (true, false) => SignInMethod::Password,
        (false, true) => SignInMethod::Redirect,
        (false, false) => return None,
    })
}

/// What a line can do, as far as both ends know it.
pub(crate) fn capabilities(welcome: &Value, mut known: Capabilities) -> Capabilities {
    let claimed = welcome.get("capabilities").and_then(Value::as_array).unwrap_or_default();
    for (name, capability) in CAPABILITIES.split_ascii_whitespace().zip(Capability::ALL) {
        if !claimed.iter().any(|claimed| claimed.as_str() == Some(name)) {
            known = known.without(capability);
        }
    }
    known
}

/// An event; `None` if it is one of a newer gateway.
pub(crate) fn event(value: &Value) -> Option<Event> {
    match text(value, "type")? {
        "call" => call_event(value).map(Event::Call),
        "connection" => CONNECTIONS.get(place(CONNECTION_STATES, value, "state")?).copied().map(Event::Connection),
        "lagged" => Some(Event::Lagged { missed: number(value, "missed")? }),
        _ => None,
    }
}

fn call_event(value: &Value) -> Option<CallEvent> {
    let call = CallId::new(text(value, "call")?);
    let kind = match place(KINDS, value, "kind")? {
        0 => CallEventKind::Ringing,
        1 => CallEventKind::Connected,
        2 => CallEventKind::Held,
        3 => CallEventKind::Resumed,
        4 => CallEventKind::Muted,
        5 => CallEventKind::Unmuted,
        6 => CallEventKind::RecordingStarted(text(value, "recording").map(RecordingRef::new)),
        7 => CallEventKind::RecordingPaused,
        8 => CallEventKind::RecordingResumed,
        9 => CallEventKind::RecordingStopped,
        10 => CallEventKind::TransferFailed,
        11 => {
            let started = Call::from_value(value.get("started")?).filter(|started| started.id == call)?;
            CallEventKind::Started(Box::new(started))
        }
        12 => CallEventKind::DigitsReceived(Digits::parse(text(value, "digits")?).ok()?),
        _ => CallEventKind::Ended(*ENDS.get(place(END_REASONS, value, "reason")?)?),
    };
    Some(CallEvent { call, sequence: number(value, "sequence")?, at: value.get("at")?.as_timestamp()?, kind })
}

pub(crate) fn signed_out(value: &Value) -> SignedOutReason {
    let place = place(SIGNED_OUT_REASONS, value, "reason").unwrap_or_default();
    SIGNED_OUT.get(place).copied().unwrap_or(SignedOutReason::Expired)
}

/// Why the gateway refused; `error` is of the operation that was asked for. What this side does not know is the provider's fault.
pub(crate) fn refusal(value: &Value, operation: cordboard::telephony::Operation) -> Error {
    let kind = match place(ERROR_KINDS, value, "kind").and_then(|place| ERRORS.get(place).copied()) {
        Some(ErrorKind::RateLimited { .. }) => {
            ErrorKind::RateLimited { retry_after: number(value, "retry_after").map(Duration::from_millis) }
        }
        kind => kind.unwrap_or(ErrorKind::Provider),
    };
    let mut error = Error::new(kind, operation);
    // Where the gateway itself refuses there is no code, but often a sentence, such as that dialling is stopped.
    if let Some(code) = text(value, "provider_code").or_else(|| text(value, "message")) {
        error = error.with_provider_code(code);
    }
    if let Some(call) = text(value, "call") {
        error = error.for_call(&CallId::new(call));
    }
    error
}

pub(crate) fn agent(value: &Value) -> Option<Agent> {
    Some(Agent { id: text(value, "id")?.to_owned(), name: text(value, "name")?.to_owned() })
}

/// The answer of whatever has nothing more to say.
#[expect(clippy::unnecessary_wraps, reason = "as the other answers are read")]
pub(crate) const fn accepted(_: &Value) -> Option<()> {
    Some(())
}

pub(crate) fn dialled(value: &Value) -> Option<CallId> {
    text(value, "call").map(CallId::new)
}

pub(crate) fn calls(value: &Value) -> Option<Vec<Call>> {
    // One that can't be read would be taken for one that ended, so then the answer is none.
    value.get("calls")?.as_array()?.iter().map(Call::from_value).collect()
}

pub(crate) fn caller_ids(value: &Value) -> Option<Vec<CallerId>> {
    let read = |entry: &Value| {
        let number = PhoneNumber::from_e164(text(entry, "number")?).ok()?;
        Some(CallerId { number, label: text(entry, "label")?.to_owned() })
    };
    Some(value.get("caller_ids")?.as_array()?.iter().filter_map(read).collect())
}

pub(crate) fn media_token(value: &Value) -> Option<Option<MediaToken>> {
    let token = value.get("media_token")?;
    if *token == Value::Null {
        return Some(None);
    }
    Some(Some(MediaToken {
        token: text(token, "token")?.to_owned(),
        expires_at: token.get("expires_at")?.as_timestamp()?,
        settings: text(token, "settings").unwrap_or_default().to_owned(),
    }))
}
