//! A gateway in memory, over the mock network: what the line needs of one, and faults.

use super::tasks::Tasks;
use cordboard::platform::Clock as _;
use cordboard::telephony::{
    Availability, Call, CallEventKind, CallId, Capabilities, Credentials, DialKey, DialRequest, Digits, Error,
    ErrorKind, Event, PhoneNumber, RecordingRef, Telephony, Transfer,
};
use cordboard::{Timestamp, Value};
use cordboard_gateway_client::{Answer, Ears, Socket, Transport};
use cordboard_mock::{Exchange, Mock, MockAgent, VirtualClock};
use futures_util::StreamExt as _;
use serde_json::{Value as Json, json};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// How long a message travels.
const LATENCY: Duration = Duration::from_millis(5);
/// How long an access token is good.
const LIFETIME: Duration = Duration::from_secs(900);

#[derive(Clone)]
pub(crate) struct Gateway(Arc<Inner>);

struct Inner {
    clock: VirtualClock,
    tasks: Tasks,
    lines: [Arc<Mock>; 2],
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    is_down: bool,
    /// Each agent's events.
    logs: [Vec<Json>; 2],
    sessions: Vec<Session>,
    sockets: Vec<Open>,
    next: u32,
    refreshes: u32,
}

struct Session {
    agent: MockAgent,
    access: String,
    refresh: String,
    expires: Timestamp,
}

struct Open {
    id: u32,
    ears: Ears,
    agent: Option<MockAgent>,
    is_silent: bool,
}

const fn index(agent: MockAgent) -> usize {
    match agent {
        MockAgent::Alex => 0,
        MockAgent::Blake => 1,
    }
}

impl Gateway {
    pub(crate) fn new(exchange: &Arc<Exchange>, clock: VirtualClock, tasks: Tasks) -> Self {
        let lines = MockAgent::ALL.map(|agent| Arc::new(exchange.line(agent)));
        let gateway = Self(Arc::new(Inner { clock, tasks, lines, state: Mutex::default() }));
        for agent in MockAgent::ALL {
            let mut events = gateway.line(agent).events();
            let hears = gateway.clone();
            gateway.0.tasks.spawn(async move {
                while let Some(event) = events.next().await {
                    hears.keep(agent, &event);
                }
            });
        }
        gateway
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        self.line(MockAgent::Alex).capabilities()
    }

    /// Every socket is closed.
    pub(crate) fn cut(&self) {
        let sockets = std::mem::take(&mut self.state().sockets);
        for socket in sockets {
            socket.ears.closed();
        }
    }

    /// Nothing is there until it comes up.
    pub(crate) fn go_down(&self) {
        self.state().is_down = true;
        self.cut();
    }

    pub(crate) fn come_up(&self) {
        self.state().is_down = false;
    }

    /// The sockets that there are say nothing more.
    pub(crate) fn fall_silent(&self) {
        for socket in &mut self.state().sockets {
            socket.is_silent = true;
        }
    }

    /// An agent's sessions are over.
    pub(crate) fn expire(&self, agent: MockAgent) {
        self.state().sessions.retain(|session| session.agent != agent);
        self.say_to(agent, &json!({ "type": "signed_out", "reason": "expired" }));
        let ears: Vec<Ears> = self
            .state()
            .sockets
            .extract_if(.., |socket| socket.agent == Some(agent))
            .map(|socket| socket.ears)
            .collect();
        for ears in ears {
            ears.closed();
        }
    }

    pub(crate) fn refreshes(&self) -> u32 {
        self.state().refreshes
    }

    pub(crate) fn sockets(&self) -> usize {
        self.state().sockets.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().expect("no test panics in here")
    }

    fn line(&self, agent: MockAgent) -> &Arc<Mock> {
        let [alex, blake] = &self.0.lines;
        match agent {
            MockAgent::Alex => alex,
            MockAgent::Blake => blake,
        }
    }

    fn keep(&self, agent: MockAgent, event: &Event) {
        let Event::Call(event) = event else { return };
        let mut json = json!({
            "type": "call",
            "call": event.call.as_str(),
            "sequence": event.sequence,
            "at": event.at.as_millis(),
        });
        let kind = match &event.kind {
            CallEventKind::Started(call) => {
                json["started"] = call_json(call);
                "started".to_owned()
            }
            CallEventKind::DigitsReceived(digits) => {
                json["digits"] = digits.as_str().into();
                "digits_received".to_owned()
            }
            CallEventKind::RecordingStarted(recording) => {
                json["recording"] = recording.as_ref().map(RecordingRef::as_str).into();
                "recording_started".to_owned()
            }
            CallEventKind::Ended(reason) => {
                let reason = match reason {
                    cordboard::telephony::EndReason::Failed(reason) => snake(&format!("{reason:?}")),
                    reason => snake(&format!("{reason:?}")),
                };
                let reason = if reason == "provider" { "provider-failed".to_owned() } else { reason.replace('_', "-") };
                json["reason"] = reason.into();
                "ended".to_owned()
            }
            kind => snake(&format!("{kind:?}")),
        };
        json["kind"] = kind.into();
        let mut state = self.state();
        let log = &mut state.logs[index(agent)];
        let message = json!({ "type": "event", "sequence": log.len() + 1, "event": json });
        log.push(message.clone());
        drop(state);
        self.say_to(agent, &message);
    }

    fn say_to(&self, agent: MockAgent, message: &Json) {
        let sockets: Vec<u32> = {
            let state = self.state();
            state.sockets.iter().filter(|socket| socket.agent == Some(agent)).map(|socket| socket.id).collect()
        };
        for socket in sockets {
            self.say(socket, message);
        }
    }

    fn say(&self, socket: u32, message: &Json) {
        let ears = {
            let state = self.state();
            let open = state.sockets.iter().find(|open| open.id == socket && !open.is_silent);
            open.map(|open| open.ears.clone())
        };
        if let Some(ears) = ears {
            ears.message(&serde_json::from_value::<Value>(message.clone()).expect("JSON is a value"));
        }
    }

    async fn answer(&self, path: &str, body: &Json) -> Option<(u16, Value)> {
        self.0.clock.sleep(LATENCY).await;
        if self.state().is_down {
            return None;
        }
        let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
        let agent = if path == "/api/session" {
            let known = MockAgent::ALL.into_iter().find(|agent| agent.id() == text("name"));
            known.filter(|_| text("password") == MockAgent::PASSWORD)
        } else {
            let mut state = self.state();
            state.refreshes += 1;
            let spent = state.sessions.iter().position(|session| session.refresh == text("refresh_token"));
            spent.map(|spent| state.sessions.swap_remove(spent).agent)
        };
        let Some(agent) = agent else { return Some((401, Value::Null)) };
        self.line(agent).sign_in(Credentials::None).await.expect("the mock asks for nothing");
        let mut state = self.state();
        state.next += 1;
        let (access, refresh) = (format!("access-{}", state.next), format!("refresh-{}", state.next));
        let expires = self.0.clock.now() + LIFETIME;
        state.sessions.push(Session { agent, access: access.clone(), refresh: refresh.clone(), expires });
        let answer = json!({
            "access_token": access,
            "expires_in": LIFETIME.as_secs(),
            "refresh_token": refresh,
            "agent": { "id": agent.id(), "name": "An agent" },
        });
        Some((200, serde_json::from_value(answer).expect("JSON is a value")))
    }

    async fn hear(&self, socket: u32, message: Json) {
        self.0.clock.sleep(LATENCY).await;
        let agent = self.state().sockets.iter().find(|open| open.id == socket).map(|open| open.agent);
        match (agent, message["type"].as_str()) {
            (Some(None), Some("hello")) => self.welcome(socket, &message),
            (Some(Some(_)), Some("ping")) => self.say(socket, &json!({ "type": "pong" })),
            (Some(Some(agent)), Some("request")) => {
                let (answer, name) = match self.carry_out(agent, &message).await {
                    Ok(result) => (result, "result"),
                    Err(error) => (refusal(&error), "error"),
                };
                self.say(socket, &json!({ "type": "reply", "id": message["id"], name: answer }));
                if message["operation"] == "sign_out" {
                    // The events of the calls that ended with it come first.
                    self.0.clock.sleep(LATENCY).await;
                    let mut state = self.state();
                    state.sessions.retain(|session| session.agent != agent);
                    let open = state.sockets.iter().position(|open| open.id == socket);
                    let open = open.map(|open| state.sockets.swap_remove(open));
                    drop(state);
                    if let Some(open) = open {
                        open.ears.closed();
                    }
                }
            }
            _ => {}
        }
    }

    fn welcome(&self, socket: u32, hello: &Json) {
        let now = self.0.clock.now();
        let mut state = self.state();
        let token = hello["token"].as_str().unwrap_or_default();
        let session = state.sessions.iter().find(|session| session.access == token && session.expires > now);
        let Some(agent) = session.map(|session| session.agent) else {
            drop(state);
            return self.say(socket, &json!({ "type": "signed_out", "reason": "expired" }));
        };
        let stream = format!("stream-of-{}", agent.id());
        let log = state.logs[index(agent)].clone();
        let after = hello["resume"]["after"].as_u64().filter(|_| hello["resume"]["stream"] == stream.as_str());
        let sequence = after.unwrap_or(log.len() as u64);
        if let Some(open) = state.sockets.iter_mut().find(|open| open.id == socket) {
            open.agent = Some(agent);
        }
        drop(state);
        let names = [
            "inbound",
            "mute",
            "hold",
            "digits",
            "blind_transfer",
            "attended_transfer",
            "recording",
            "pause_recording",
            "concurrent_calls",
        ];
        let claimed = cordboard::telephony::Capability::ALL.into_iter().zip(names);
        let claimed: Vec<&str> =
            claimed.filter(|(capability, _)| self.capabilities().has(*capability)).map(|(_, name)| name).collect();
        self.say(
            socket,
            &json!({
                "type": "welcome",
                "agent": { "id": agent.id(), "name": "An agent" },
                "provider": { "id": "mock", "name": "Mock network" },
                "capabilities": claimed,
                "stream": stream,
                "sequence": sequence,
                "resumed": after.is_some(),
            }),
        );
        for event in log.iter().skip(usize::try_from(sequence).expect("a short log")) {
            self.say(socket, event);
        }
    }

    async fn carry_out(&self, agent: MockAgent, order: &Json) -> Result<Json, Error> {
        let line = self.line(agent);
        let text = |field: &str| order[field].as_str().unwrap_or_default();
        let number = |field: &str| PhoneNumber::from_e164(text(field)).expect("the client sends numbers");
        let call = CallId::new(text("call"));
        match text("operation") {
            "set_availability" => {
                let is_available = order["available"] == true;
                let availability = if is_available { Availability::Available } else { Availability::Away };
                line.set_availability(availability).await?;
            }
            "caller_ids" => {
                let ids = line.caller_ids().await?;
                let ids = ids.iter().map(|id| json!({ "number": id.number.as_e164(), "label": id.label }));
                return Ok(json!({ "caller_ids": ids.collect::<Vec<_>>() }));
            }
            "dial" => {
                let from = order["from"].as_str().map(|_| number("from"));
                let request = DialRequest { key: DialKey::new(text("key")), to: number("to"), from };
                return Ok(json!({ "call": line.dial(request).await?.as_str() }));
            }
            "active_calls" => {
                let calls: Vec<Json> = line.active_calls().await?.iter().map(call_json).collect();
                return Ok(json!({ "calls": calls }));
            }
            "answer" => line.answer(&call).await?,
            "reject" => line.reject(&call).await?,
            "hang_up" => line.hang_up(&call).await?,
            "mute" => line.mute(&call).await?,
            "unmute" => line.unmute(&call).await?,
            "hold" => line.hold(&call).await?,
            "resume" => line.resume(&call).await?,
            "send_digits" => {
                line.send_digits(&call, &Digits::parse(text("digits")).expect("the client sends digits")).await?;
            }
            "transfer_blind" => line.transfer(&call, Transfer::Blind { to: number("to") }).await?,
            "transfer_attended" => {
                let consultation = CallId::new(text("consultation"));
                line.transfer(&call, Transfer::Attended { consultation }).await?;
            }
            "start_recording" => line.start_recording(&call).await?,
            "pause_recording" => line.pause_recording(&call).await?,
            "resume_recording" => line.resume_recording(&call).await?,
            "stop_recording" => line.stop_recording(&call).await?,
            "sign_out" => line.sign_out().await?,
            other => panic!("the client asks for {other}"),
        }
        Ok(json!({}))
    }
}

fn call_json(call: &Call) -> Json {
    serde_json::to_value(Value::from(call)).expect("a value is JSON")
}

fn refusal(error: &Error) -> Json {
    let name = match error.kind() {
        ErrorKind::RateLimited { .. } => "rate_limited".to_owned(),
        kind => snake(&format!("{kind:?}")),
    };
    json!({ "kind": name, "call": error.call().map(CallId::as_str), "provider_code": error.provider_code() })
}

/// `RecordingPaused` as `recording_paused`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// The line's end of a socket.
struct LineEnd {
    gateway: Gateway,
    id: u32,
}

impl Transport for Gateway {
    fn open(&self, url: &str, protocol: &str, ears: Ears) -> Option<Box<dyn Socket>> {
        assert_eq!((url, protocol), ("wss://gateway.example/api/socket", "cordboard.v1"));
        let mut state = self.state();
        state.next += 1;
        let id = state.next;
        let is_down = state.is_down;
        if !is_down {
            state.sockets.push(Open { id, ears: ears.clone(), agent: None, is_silent: false });
        }
        drop(state);
        let clock = self.0.clock.clone();
        self.0.tasks.spawn(async move {
            clock.sleep(LATENCY).await;
            if is_down { ears.closed() } else { ears.opened() }
        });
        Some(Box::new(LineEnd { gateway: self.clone(), id }))
    }

    fn post(&self, url: &str, body: Value, answer: Answer) {
        let path = url.strip_prefix("https://gateway.example").expect("the gateway's address").to_owned();
        let body = serde_json::to_value(body).expect("a value is JSON");
        let gateway = self.clone();
        self.0.tasks.spawn(async move {
            let response = gateway.answer(&path, &body).await;
            gateway.0.clock.sleep(LATENCY).await;
            answer.give(response);
        });
    }

    fn get(&self, _: &str, answer: Answer) {
        self.0.tasks.spawn(async move { answer.give(None) });
    }

    fn show(&self, _: &str, answer: Answer) {
        self.0.tasks.spawn(async move { answer.give(None) });
    }

    fn random(&self) -> Option<[u8; 32]> {
        None
    }
}

impl Socket for LineEnd {
    fn send(&self, message: &Value) {
        let message = serde_json::to_value(message).expect("a value is JSON");
        let (gateway, id) = (self.gateway.clone(), self.id);
        self.gateway.0.tasks.spawn(async move { gateway.hear(id, message).await });
    }
}

impl Drop for LineEnd {
    fn drop(&mut self) {
        let (gateway, id) = (self.gateway.clone(), self.id);
        self.gateway.0.tasks.spawn(async move {
            // What was sent before it closed is on its way.
            gateway.0.clock.sleep(2 * LATENCY).await;
            gateway.state().sockets.retain(|open| open.id != id);
        });
    }
}
