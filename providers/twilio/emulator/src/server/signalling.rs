//! The voice SDK's signalling 1.6: JSON over a WebSocket at `/signal`.
//!
//! A call that goes on is not taken up again by another socket: no `reconnect` token is given out. Digits come as `dtmf`
//! messages, as no telephone events are negotiated for RTP.

use super::{Shared, Signalling};
use crate::signal::{Signal, SignalKind};
use crate::token::{self, EXPIRED, Grant};
use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use cordboard_emulator::server::control::Hands as _;
use core::time::Duration;
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;
use tokio::time::interval;

/// The SDK reconnects after 15 seconds without a message.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// What the SDK is told when a call can't be made or taken: 31400 is "bad request", 31401 "not authorised".
const BAD_REQUEST: u32 = 31400;
const NOT_AUTHORISED: u32 = 31201;

static NEXT_SOCKET: AtomicU64 = AtomicU64::new(0);

pub(super) fn routes(shared: Arc<Shared>) -> Router {
    Router::new().route("/signal", get(upgrade)).with_state(shared)
}

async fn upgrade(State(shared): State<Arc<Shared>>, upgrade: WebSocketUpgrade) -> Response {
    if *shared.signalling.borrow() == Signalling::Down {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    upgrade.on_upgrade(move |socket| Socket::new(shared).run(socket))
}

/// Tells an identity's browsers what happens to a call.
pub(super) fn tell(shared: &Shared, Signal { identity, call, kind }: Signal) {
    let message = match kind {
        SignalKind::Invite { parameters } => {
            let Some(sdp) = shared.sound.with(|media, now| media.offer(now, &call)) else { return };
            let parameters: serde_json::Map<String, Value> =
                parameters.into_iter().map(|(name, value)| (name, value.into())).collect();
            text("invite", &json!({"callsid": call, "sdp": sdp, "parameters": parameters}))
        }
        SignalKind::Ringing => text("ringing", &json!({"callsid": call})),
        SignalKind::Answered => {
            let sdp = shared.sound.with(|media, _| media.local_description(&call));
            text("answer", &json!({"callsid": call, "sdp": sdp}))
        }
        SignalKind::Cancel => {
            shared.sound.with(|media, _| media.remove(&call));
            text("cancel", &json!({"callsid": call}))
        }
        SignalKind::Hangup { error } => {
            shared.sound.with(|media, _| media.remove(&call));
            let error = error.map(|code| json!({"code": code, "message": "The call failed"}));
            let mut payload = json!({"callsid": call});
            if let (Some(error), Some(fields)) = (error, payload.as_object_mut()) {
                fields.insert("error".to_owned(), error);
            }
            text("hangup", &payload)
        }
    };
    for ((known, _), socket) in shared.sockets.lock().iter() {
        if *known == identity {
            // A socket that is just closing hears nothing more.
            let _ = socket.send(message.clone());
        }
    }
}

/// Tells every browser that its token has expired.
pub(super) fn expire(shared: &Shared) {
    let message = error_text(EXPIRED.code, EXPIRED.message, None);
    for socket in shared.sockets.lock().values() {
        let _ = socket.send(message.clone());
    }
}

fn error_text(code: u32, message: &str, call: Option<&str>) -> String {
    let mut payload = json!({"error": {"code": code, "message": message}});
    if let (Some(call), Some(fields)) = (call, payload.as_object_mut()) {
        fields.insert("callsid".to_owned(), call.into());
    }
    text("error", &payload)
}

fn text(kind: &str, payload: &Value) -> String {
    json!({"type": kind, "version": "1.6", "payload": payload}).to_string()
}

struct Socket {
    shared: Arc<Shared>,
    id: u64,
    outgoing: mpsc::UnboundedSender<String>,
    incoming: mpsc::UnboundedReceiver<String>,
    grant: Option<Grant>,
}

impl Socket {
    fn new(shared: Arc<Shared>) -> Self {
        let (outgoing, incoming) = mpsc::unbounded_channel();
        let id = NEXT_SOCKET.fetch_add(1, Ordering::Relaxed);
        Self { shared, id, outgoing, incoming, grant: None }
    }

    async fn run(mut self, mut socket: WebSocket) {
        let mut heartbeat = interval(HEARTBEAT);
        heartbeat.tick().await;
        let mut signalling = self.shared.signalling.subscribe();
        loop {
            let message = tokio::select! {
                _ = signalling.changed() => {
                    if *signalling.borrow_and_update() == Signalling::Down {
                        break;
                    }
                    continue;
                }
                _ = heartbeat.tick() => "\n".to_owned(),
                message = self.incoming.recv() => match message {
                    Some(message) => message,
                    None => break,
                },
                received = socket.recv() => match received {
                    Some(Ok(Message::Text(text))) => {
                        self.received(&text);
                        continue;
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                    Some(Ok(_)) => continue,
                },
            };
            if socket.send(Message::text(message)).await.is_err() {
                break;
            }
        }
        self.leaves();
    }

    fn send(&self, kind: &str, payload: &Value) {
        let _ = self.outgoing.send(text(kind, payload));
    }

    fn error(&self, code: u32, message: &str, call: Option<&str>) {
        let _ = self.outgoing.send(error_text(code, message, call));
    }

    fn received(&mut self, message: &str) {
        // The echo of a heartbeat.
        if message.trim().is_empty() {
            return;
        }
        let Ok(message) = serde_json::from_str::<Value>(message) else {
            return self.error(BAD_REQUEST, "The message is not JSON", None);
        };
        let kind = message.get("type").and_then(Value::as_str).unwrap_or("");
        let payload = message.get("payload").unwrap_or(&Value::Null);
        let field = |name: &str| payload.get(name).and_then(Value::as_str).unwrap_or("");
        if kind == "listen" {
            return self.listens(field("token"));
        }
        let Some(grant) = self.grant.clone() else {
            return self.error(31204, "There is no access token that is good", None);
        };
        let (call, sdp) = (field("callsid"), field("sdp"));
        match kind {
            "register" => self.registers(&grant, payload.pointer("/media/audio") == Some(&Value::Bool(true))),
            "invite" => {
                let parameters = payload.pointer("/twilio/params").and_then(Value::as_str).unwrap_or("");
                self.dials(&grant, call, sdp, parameters);
            }
            _ if !self.owns(&grant, call) => self.error(31404, "There is no such call", Some(call)),
            "answer" => self.takes(call, sdp),
            // It may have ended in the meantime.
            "hangup" | "reject" => {
                let _ = self.shared.world.with(|cloud, now| cloud.far_end_hangs_up(now, call));
            }
            "dtmf" => {
                let _ = self.shared.world.with(|cloud, now| cloud.far_end_presses(now, call, field("dtmf")));
            }
            "reinvite" => match self.shared.sound.with(|media, now| media.answer(now, call, sdp)) {
                Ok(sdp) => self.send("answer", &json!({"callsid": call, "sdp": sdp})),
                Err(_) => self.error(BAD_REQUEST, "The offer can't be taken", Some(call)),
            },
            "message" => {
                let event = field("voiceeventsid");
                self.send("ack", &json!({"acktype": "message", "callsid": call, "voiceeventsid": event}));
            }
            _ => self.error(BAD_REQUEST, "The message's type is not known", None),
        }
    }

    fn listens(&mut self, token: &str) {
        let checked = match *self.shared.signalling.borrow() {
            Signalling::Expired => Err(EXPIRED),
            Signalling::Up | Signalling::Down => {
                self.shared.world.with(|cloud, now| token::verify(&cloud.config, now, token))
            }
        };
        match checked {
            Ok(grant) => {
                let token = json!({"identity": grant.identity, "ttl": grant.seconds});
                let payload =
                    json!({"region": "us1", "edge": "ashburn", "home": "us1", "gateway": "emulator", "token": token});
                self.grant = Some(grant);
                self.send("connected", &payload);
            }
            Err(refused) => self.error(refused.code, refused.message, None),
        }
    }

    fn registers(&self, grant: &Grant, audio: bool) {
        let key = (grant.identity.clone(), self.id);
        if audio && grant.incoming {
            self.shared.sockets.lock().insert(key, self.outgoing.clone());
            self.shared.world.with(|cloud, now| cloud.register(now, &grant.identity));
            self.send("ready", &json!({}));
        } else {
            self.leaves();
            self.send("offline", &json!({}));
        }
    }

    /// No calls come in at this socket any more.
    fn leaves(&self) {
        let Some(grant) = &self.grant else { return };
        let mut sockets = self.shared.sockets.lock();
        sockets.remove(&(grant.identity.clone(), self.id));
        let others = sockets.keys().any(|(identity, _)| *identity == grant.identity);
        drop(sockets);
        if !others {
            self.shared.world.with(|cloud, now| cloud.unregister(now, &grant.identity));
        }
    }

    fn owns(&self, grant: &Grant, call: &str) -> bool {
        let leg = self.shared.world.cloud.lock().leg(call);
        let client = format!("client:{}", grant.identity);
        leg.is_some_and(|leg| leg.from == client || leg.to == client)
    }

    fn takes(&self, call: &str, sdp: &str) {
        if self.shared.sound.with(|media, now| media.accept(now, call, sdp)).is_err() {
            self.error(BAD_REQUEST, "The answer can't be taken", Some(call));
            return;
        }
        // Another browser of the same identity may have been faster, or the caller gave up.
        if self.shared.world.with(|cloud, now| cloud.client_accepts(now, call)).is_err() {
            self.send("cancel", &json!({"callsid": call}));
            return;
        }
        let rest: Vec<_> = {
            let sockets = self.shared.sockets.lock();
            let identity = self.grant.as_ref().map(|grant| grant.identity.clone());
            let others = sockets.iter().filter(|((known, id), _)| Some(known) == identity.as_ref() && *id != self.id);
            others.map(|(_, socket)| socket.clone()).collect()
        };
        for other in rest {
            let _ = other.send(text("cancel", &json!({"callsid": call})));
        }
    }

    /// `draft` is the SDK's own name for the call, until it is told another.
    fn dials(&self, grant: &Grant, draft: &str, sdp: &str, parameters: &str) {
        if !grant.outgoing {
            return self.error(
                NOT_AUTHORISED,
                "The access token allows no calls through this application",
                Some(draft),
            );
        }
        let key = (grant.identity.clone(), self.id);
        // A browser that only calls is told of its own calls all the same.
        self.shared.sockets.lock().entry(key).or_insert_with(|| self.outgoing.clone());
        let parameters = form_urlencoded::parse(parameters.as_bytes()).into_owned().collect();
        let call = self.shared.world.with(|cloud, now| cloud.client_dials(now, &grant.identity, parameters));
        let Ok(call) = call else {
            return self.error(31404, "The account has no application", Some(draft));
        };
        if self.shared.sound.with(|media, now| media.answer(now, &call, sdp)).is_err() {
            let _ = self.shared.world.with(|cloud, now| cloud.far_end_hangs_up(now, &call));
            self.error(BAD_REQUEST, "The offer can't be taken", Some(draft));
        }
    }
}
