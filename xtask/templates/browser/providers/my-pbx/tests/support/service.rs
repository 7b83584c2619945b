//! The service at the other end of the socket, in memory: it speaks the wire, and the mock network plays the telephones. It stands in for
//! My PBX in tests and while you develop; it knows the agents and the numbers of `cordboard_mock`, and its tokens are no secrets.

use cordboard::platform::Clock;
use cordboard::telephony::{
    Availability, Call, CallEvent, CallEventKind, CallId, CallState, Credentials, DialKey, DialRequest, Digits,
    Direction, EndReason, Error, ErrorKind, Event, Events, FailureReason, PhoneNumber, SignedOutReason, Telephony,
};
use cordboard_mock::{Exchange, Mock, MockAgent, MockConfig, Network};
use cordboard_my_pbx::CAPABILITIES;
use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender};
use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use serde_json::{Value, json};
use std::sync::Arc;

/// A network that can do what the line claims. The `seed` is part of its calls' ids.
pub(crate) fn network(clock: impl Clock + 'static, seed: u32) -> Arc<Exchange> {
    Exchange::new(Network::new(MockConfig { capabilities: CAPABILITIES, seed, ..MockConfig::default() }), clock)
}

/// One socket's conversation: answers what is heard, and says what happens, until the other end is gone.
pub(crate) async fn converse(
    network: Arc<Exchange>,
    mut heard: UnboundedReceiver<Value>,
    said: UnboundedSender<Value>,
) {
    let mut seat: Option<Seat> = None;
    loop {
        let events = async {
            match &mut seat {
                Some(seat) => seat.events.next().await,
                None => std::future::pending().await,
            }
        };
        let message = match select(heard.next(), std::pin::pin!(events)).await {
            Either::Left((None, _)) | Either::Right((None, _)) => return,
            Either::Left((Some(order), _)) => answer(&network, &mut seat, &order).await,
            Either::Right((Some(event), _)) => write(&event),
        };
        // Fails when the other end is gone, which the next turn hears.
        message.map(|message| said.unbounded_send(message).ok());
    }
}

/// Who is signed in on a socket.
struct Seat {
    line: Mock,
    events: Events,
}

/// The answer to an order; none where the network loses it.
async fn answer(network: &Arc<Exchange>, seat: &mut Option<Seat>, order: &Value) -> Option<Value> {
    let result = match (text(order, "order"), &seat) {
        ("sign_in", _) => sign_in(network, seat, order).await.map_err(|error| code(&error)),
        ("ping", _) => Ok(json!({})),
        (_, None) => Err(Some("not_signed_in")),
        (name, Some(seat)) => carry_out(&seat.line, name, order).await,
    };
    let id = &order["id"];
    match result {
        Ok(result) => Some(json!({ "id": id, "result": result })),
        Err(Some(code)) => Some(json!({ "id": id, "error": code })),
        Err(None) => None,
    }
}

async fn sign_in(network: &Arc<Exchange>, seat: &mut Option<Seat>, order: &Value) -> Result<Value, Error> {
    let token = text(order, "token");
    let (who, credentials) = match text(order, "password") {
        "" => (token.strip_prefix("token-of-").unwrap_or_default(), Credentials::None),
        password => {
            let name = text(order, "name");
            (name, Credentials::Password { name: name.to_owned(), password: password.to_owned() })
        }
    };
    let own = MockAgent::ALL.into_iter().find(|agent| agent.id() == who).unwrap_or(MockAgent::Alex);
    let line = network.line(own);
    let events = line.events();
    let agent = line.sign_in(credentials).await?;
    let token = format!("token-of-{}", agent.id);
    *seat = Some(Seat { line, events });
    Ok(json!({ "agent": { "id": agent.id, "name": agent.name }, "token": token }))
}

/// Has the network carry out an order. What it does not know is refused by a code; what it loses has none.
async fn carry_out(line: &Mock, name: &str, order: &Value) -> Result<Value, Option<&'static str>> {
    let call = CallId::new(text(order, "call"));
    let number = |field| PhoneNumber::from_e164(text(order, field)).ok();
    let accepted = match name {
        "sign_out" => line.sign_out().await,
        "set_availability" => {
            let available = order["available"] == true;
            line.set_availability(if available { Availability::Available } else { Availability::Away }).await
        }
        "caller_ids" => {
            let caller_ids = line.caller_ids().await.map_err(|error| code(&error))?;
            let write =
                |id: &cordboard::telephony::CallerId| json!({ "number": id.number.as_e164(), "label": id.label });
            return Ok(caller_ids.iter().map(write).collect());
        }
        "calls" => {
            let calls = line.active_calls().await.map_err(|error| code(&error))?;
            return Ok(calls.iter().map(write_call).collect());
        }
        "dial" => {
            let to = number("to").ok_or(Some("invalid_number"))?;
            let request = DialRequest { key: DialKey::new(text(order, "key")), to, from: number("from") };
            let call = line.dial(request).await.map_err(|error| code(&error))?;
            return Ok(json!({ "call": call.as_str() }));
        }
        "answer" => line.answer(&call).await,
        "reject" => line.reject(&call).await,
        "hang_up" => line.hang_up(&call).await,
        "mute" => line.mute(&call).await,
        "unmute" => line.unmute(&call).await,
        "hold" => line.hold(&call).await,
        "resume" => line.resume(&call).await,
        "send_digits" => {
            let digits = Digits::parse(text(order, "digits")).map_err(|_| Some("bad_request"))?;
            line.send_digits(&call, &digits).await
        }
        _ => return Err(Some("bad_request")),
    };
    accepted.map(|()| json!({})).map_err(|error| code(&error))
}

fn text<'a>(message: &'a Value, field: &str) -> &'a str {
    message[field].as_str().unwrap_or_default()
}

fn code(error: &Error) -> Option<&'static str> {
    Some(match error.kind() {
        ErrorKind::BadCredentials => "bad_credentials",
        ErrorKind::InvalidNumber => "invalid_number",
        ErrorKind::NoSuchCall => "no_such_call",
        ErrorKind::NotAllowed => "not_allowed",
        ErrorKind::NotSignedIn => "not_signed_in",
        ErrorKind::RateLimited { .. } => "rate_limited",
        ErrorKind::TooManyCalls => "too_many_calls",
        ErrorKind::WrongState => "wrong_state",
        ErrorKind::OutcomeUnknown => return None,
        _ => "failed",
    })
}

/// What happened, if the wire has a word for it.
fn write(event: &Event) -> Option<Value> {
    let CallEvent { call, sequence, at, kind } = match event {
        Event::Call(event) => event,
        Event::SignedOut(SignedOutReason::Expired) => {
            return Some(json!({ "event": "signed_out", "reason": "expired" }));
        }
        _ => return None,
    };
    let (name, field, value) = match kind {
        CallEventKind::Started(call) => ("started", "started", write_call(call)),
        CallEventKind::Ringing => ("ringing", "", Value::Null),
        CallEventKind::Connected => ("connected", "", Value::Null),
        CallEventKind::Held => ("held", "", Value::Null),
        CallEventKind::Resumed => ("resumed", "", Value::Null),
        CallEventKind::Muted => ("muted", "", Value::Null),
        CallEventKind::Unmuted => ("unmuted", "", Value::Null),
        CallEventKind::DigitsReceived(digits) => ("digits", "digits", digits.as_str().into()),
        CallEventKind::Ended(reason) => ("ended", "reason", write_reason(*reason).into()),
        _ => return None,
    };
    let mut message = json!({ "event": name, "call": call.as_str(), "sequence": sequence, "at": at.as_millis() });
    if !field.is_empty() {
        message[field] = value;
    }
    Some(message)
}

const fn write_reason(reason: EndReason) -> &'static str {
    match reason {
        EndReason::HungUp => "hung_up",
        EndReason::RemoteHungUp => "remote_hung_up",
        EndReason::Transferred => "transferred",
        EndReason::Canceled => "canceled",
        EndReason::Busy => "busy",
        EndReason::NoAnswer => "no_answer",
        EndReason::Rejected => "rejected",
        EndReason::Missed => "missed",
        EndReason::AnsweredElsewhere => "answered_elsewhere",
        EndReason::Failed(FailureReason::InvalidNumber) => "invalid_number",
        EndReason::Failed(FailureReason::NotAllowed) => "not_allowed",
        EndReason::Failed(FailureReason::Unreachable) => "unreachable",
        EndReason::Failed(FailureReason::ConnectionLost) => "connection_lost",
        EndReason::Failed(FailureReason::Provider) => "failed",
    }
}

fn write_call(call: &Call) -> Value {
    json!({
        "id": call.id.as_str(),
        "direction": if call.direction == Direction::Outbound { "outbound" } else { "inbound" },
        "remote": call.remote.as_ref().map(PhoneNumber::as_e164),
        "local": call.local.as_ref().map(PhoneNumber::as_e164),
        "key": call.key.as_ref().map(DialKey::as_str),
        "state": match call.state {
            CallState::Dialing => "dialing",
            CallState::Ringing => "ringing",
            CallState::OnHold => "on_hold",
            CallState::Connected | CallState::Ended(_) => "connected",
        },
        "muted": call.muted,
        "started_at": call.started_at.as_millis(),
        "connected_at": call.connected_at.map(cordboard::Timestamp::as_millis),
        "sequence": call.sequence,
    })
}
