//! A session's socket: frames of Engine.IO 4 and Socket.IO 5, as far as the client SDK speaks them.

use super::{SESSION_LIVES, Session, Shared};
use crate::token::{self, Refused};
use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{RawQuery, State};
use axum::response::IntoResponse;
use axum::routing::get;
use cordboard::Timestamp;
use core::time::Duration;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::interval;

/// The SDK looks for another connection when it hears nothing for longer than both.
const PING_INTERVAL: Duration = Duration::from_secs(25);
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// What the socket's address says.
struct Opening {
    token: String,
    session_id: Option<String>,
}

impl Opening {
    fn read(query: &str) -> Self {
        let mut opening = Self { token: String::new(), session_id: None };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "token" => opening.token = value.into_owned(),
                "session_id" => opening.session_id = Some(value.into_owned()),
                _ => {}
            }
        }
        opening
    }
}

pub(super) fn routes(shared: Arc<Shared>) -> Router {
    Router::new().route("/v2/rtc/", get(upgrade)).with_state(shared)
}

async fn upgrade(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    upgrade: WebSocketUpgrade,
) -> impl IntoResponse {
    let opening = Opening::read(&query.unwrap_or_default());
    upgrade.on_upgrade(move |socket| run(shared, opening, socket))
}

/// A session that is open at this socket.
struct Open {
    session: String,
    user: String,
    socket: u64,
    expires: Timestamp,
    told: UnboundedReceiver<String>,
}

async fn run(shared: Arc<Shared>, opening: Opening, mut socket: WebSocket) {
    let hello = json!({
        "sid": shared.world.with(|cloud, _| cloud.fresh_id("")),
        "upgrades": [],
        "pingInterval": u64::try_from(PING_INTERVAL.as_millis()).unwrap_or(u64::MAX),
        "pingTimeout": u64::try_from(PING_TIMEOUT.as_millis()).unwrap_or(u64::MAX),
        "maxPayload": 1_000_000,
    });
    if send(&mut socket, format!("0{hello}")).await.is_none() || connected(&mut socket).await.is_none() {
        return;
    }
    let sid = json!({ "sid": shared.world.with(|cloud, _| cloud.fresh_id("")) });
    let (open, answer) = match shared.open(&opening) {
        Ok((open, success)) => (Some(open), json!(["session:success", success])),
        Err(refusal) => (None, json!([refusal, {}])),
    };
    let greeted = send(&mut socket, format!("40{sid}")).await.and(send(&mut socket, format!("42{answer}")).await);
    let Some(mut open) = open else { return };
    let is_logged_out = if greeted.is_some() { serve(&shared, &mut open, &mut socket).await } else { false };
    shared.close(&open, is_logged_out);
}

async fn send(socket: &mut WebSocket, frame: String) -> Option<()> {
    socket.send(Message::text(frame)).await.ok()
}

/// Waits until the browser connects.
async fn connected(socket: &mut WebSocket) -> Option<()> {
    match socket.recv().await {
        Some(Ok(Message::Text(text))) if text.starts_with("40") => Some(()),
        _ => None,
    }
}

/// Speaks with the browser until one of both has enough; whether the browser logged out.
async fn serve(shared: &Shared, open: &mut Open, socket: &mut WebSocket) -> bool {
    let mut pings = interval(PING_INTERVAL);
    pings.tick().await;
    let mut is_logged_out = false;
    loop {
        let left = open.expires.since(shared.now()) + Duration::from_millis(1);
        let frame = tokio::select! {
            _ = pings.tick() => "2".to_owned(),
            told = open.told.recv() => match told {
                Some(frame) => frame,
                // The session goes on at another socket.
                None => return false,
            },
            () = tokio::time::sleep(left) => match shared.expiry(&open.session) {
                Some(later) if later > shared.now() => {
                    open.expires = later;
                    continue;
                }
                _ => {
                    // A namespace that the server leaves is one that the SDK does not come back to.
                    let _ = send(socket, "42[\"system:error:expired-token\",{}]".to_owned()).await;
                    let _ = send(socket, "41".to_owned()).await;
                    return false;
                }
            },
            received = socket.recv() => match received {
                Some(Ok(Message::Text(text))) if text.starts_with("42[\"session:logout\"") => {
                    is_logged_out = true;
                    continue;
                }
                Some(Ok(Message::Text(text))) if text.starts_with("41") => return is_logged_out,
                // Answers to pings.
                Some(Ok(Message::Text(_) | Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return is_logged_out,
            },
        };
        if send(socket, frame).await.is_none() {
            return is_logged_out;
        }
    }
}

impl Shared {
    /// Begins a session, or goes on with one; or names the event that refuses it.
    fn open(&self, opening: &Opening) -> Result<(Open, Value), &'static str> {
        let grant = self.world.with(|cloud, now| token::user(&cloud.config, now, &opening.token));
        let grant = grant.map_err(|refused| match refused {
            Refused::Expired => "system:error:expired-token",
            Refused::Invalid => "system:error:invalid-token",
        })?;
        let now = self.now();
        let (user_id, guests, fresh, api_key) = self.world.with(|cloud, _| {
            let api_key = cloud.config.api_key.clone();
            (cloud.user_id(&grant.user), cloud.guests(&grant.user), cloud.fresh_id(""), api_key)
        });
        let user_id = user_id.ok_or("user:error:invalid-user")?;
        let mut browsers = self.browsers.lock();
        if let Some(id) = &opening.session_id {
            let session = browsers.sessions.get(id).filter(|session| session.user == grant.user);
            let lives = |session: &Session| session.socket.is_some() || now.since(session.closed) < SESSION_LIVES;
            if !session.is_some_and(lives) {
                return Err("session:error:invalid");
            }
        }
        let id = opening.session_id.clone().unwrap_or_else(|| fresh.clone());
        let (sender, told) = unbounded_channel();
        browsers.sockets += 1;
        let socket = browsers.sockets;
        let session =
            Session { user: grant.user.clone(), expires: grant.expires, socket: Some((socket, sender)), closed: now };
        browsers.sessions.insert(id.clone(), session);
        let pending = browsers.invites(&guests);
        let success = json!({
            "tid": fresh,
            "timestamp": crate::webhook::iso_8601(now),
            "body": {
                "id": id, "user_id": user_id, "name": grant.user, "api_key": api_key, "pending_events": pending,
            },
        });
        drop(browsers);
        self.world.with(|cloud, now| cloud.take_over(now, &grant.user));
        Ok((Open { session: id, user: grant.user, socket, expires: grant.expires, told }, success))
    }

    fn expiry(&self, session: &str) -> Option<Timestamp> {
        self.browsers.lock().sessions.get(session).map(|session| session.expires)
    }

    /// The socket is closed. The session may go on at another one, unless the browser logged out.
    fn close(&self, open: &Open, is_logged_out: bool) {
        let mut browsers = self.browsers.lock();
        let mine = |session: &&mut Session| session.socket.as_ref().is_some_and(|(socket, _)| *socket == open.socket);
        if let Some(session) = browsers.sessions.get_mut(&open.session).filter(mine) {
            (session.socket, session.closed) = (None, self.now());
            if is_logged_out {
                browsers.sessions.remove(&open.session);
            }
        }
        let is_there = browsers.users().contains(&open.user.as_str());
        drop(browsers);
        if !is_there {
            self.world.with(|cloud, now| cloud.release(now, &open.user));
        }
    }
}
