//! A gateway on a port of its own, and an agent who talks to it as a browser does.

pub(crate) mod provider;
pub(crate) mod relay;
pub(crate) mod running;
pub(crate) mod window;

use cordboard::Timestamp;
use cordboard::platform::{BoxFuture, Clock};
use cordboard::telephony::{AgentId, SignedOutReason};
use cordboard_gateway::{Builder, Control, Gateway, MockBackend, MockDirectory, SystemClock, config::Config};
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::StatusCode;
use serde_json::{Value as Json, json};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Request};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async, connect_async};

pub(crate) const ORIGIN: &str = "https://widget.example.com";
/// Longer than anything here takes, and short enough to wait for once.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);
/// How often to look for what nobody tells.
const LOOK: Duration = Duration::from_millis(20);

/// The machine's time, and what a test adds to it.
#[derive(Clone, Default)]
pub(crate) struct ShiftedClock(Arc<AtomicU64>);

impl ShiftedClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(by.as_millis() as u64, Ordering::Relaxed);
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        SystemClock.now() + Duration::from_millis(self.0.load(Ordering::Relaxed))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        SystemClock.sleep(duration)
    }
}

pub(crate) fn config(folder: &Path, more: &str) -> Config {
    let text = format!("[journal]\nfile = \"journal.db\"\n{more}");
    // Tables that a test has something to say about are its own.
    let server = "listen = \"127.0.0.1:0\"\npublic_url = \"https://calls.example.com\"";
    let text = with_default(&text, "[server]", server);
    let text = with_default(&text, "[socket]", &format!("origins = [\"{ORIGIN}\"]"));
    let text = with_default(&text, "[policy]", "regions = [\"US\", \"GB\"]");
    Config::from_toml(&text, folder).unwrap()
}

fn with_default(text: &str, table: &str, keys: &str) -> String {
    match text.contains(table) {
        true => text.replace(table, &format!("{table}\n{keys}")),
        false => format!("{text}\n{table}\n{keys}\n"),
    }
}

/// Looks again and again.
pub(crate) async fn until(what: &str, patience: Duration, mut is_so: impl AsyncFnMut() -> bool) {
    let looking = async {
        let mut look = tokio::time::interval(LOOK);
        while !is_so().await {
            look.tick().await;
        }
    };
    timeout(patience, looking).await.unwrap_or_else(|_| panic!("waited in vain for {what}"));
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) control: Control,
    pub(crate) clock: ShiftedClock,
    pub(crate) folder: Arc<TempDir>,
    pub(crate) http: reqwest::Client,
    serving: JoinHandle<()>,
}

/// Over a mock network of its own.
pub(crate) async fn start(more: &str) -> (Server, Arc<MockBackend>) {
    let mock = MockBackend::start(Default::default()).await.unwrap();
    let backend = Arc::clone(&mock);
    let server = Server::start(Arc::new(tempfile::tempdir().unwrap()), more, move |builder| {
        builder.directory(MockDirectory).backend(|_| backend)
    });
    (server.await, mock)
}

/// Nothing here speaks TLS, and the client wants to know how to all the same.
pub(crate) fn http() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

impl Server {
    pub(crate) async fn start(folder: Arc<TempDir>, more: &str, with: impl FnOnce(Builder) -> Builder) -> Self {
        let clock = ShiftedClock::default();
        let builder = Gateway::builder(config(folder.path(), more)).clock(clock.clone());
        let gateway = with(builder).build().await.unwrap();
        let (address, control) = (gateway.address(), gateway.control());
        let serving = tokio::spawn(async move { gateway.serve().await.unwrap() });
        Self { address, control, clock, folder, http: http(), serving }
    }

    /// Stops it, and waits until it has ended.
    pub(crate) async fn stop(self) -> Arc<TempDir> {
        self.control.stop();
        timeout(PATIENCE, self.serving).await.expect("it ends").unwrap();
        self.folder
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn post(&self, path: &str, body: Json) -> (StatusCode, Json) {
        let response = self.http.post(self.url(path)).json(&body).send().await.unwrap();
        (response.status(), response.json().await.unwrap_or(Json::Null))
    }

    pub(crate) async fn sign_in(&self, name: &str) -> Json {
        let (status, session) = self.post("/api/session", json!({"name": name, "password": "demo"})).await;
        assert_eq!(status, StatusCode::OK);
        session
    }

    pub(crate) fn request(&self) -> Request<()> {
        let mut request = format!("ws://{}/api/socket", self.address).into_client_request().unwrap();
        request.headers_mut().insert("origin", HeaderValue::from_static(ORIGIN));
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("cordboard.v1"));
        request
    }

    pub(crate) async fn open(&self) -> Agent {
        let (socket, _) = connect_async(self.request()).await.unwrap();
        Agent::over(socket)
    }

    /// As [`open`](Self::open), where the system keeps only so many bytes for a reader that is behind.
    pub(crate) async fn open_with(&self, buffer: u32) -> Agent {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(buffer).unwrap();
        let stream = MaybeTlsStream::Plain(socket.connect(self.address).await.unwrap());
        let (socket, _) = client_async(self.request(), stream).await.unwrap();
        Agent::over(socket)
    }

    /// An agent's socket, with a session of its own.
    pub(crate) async fn agent(&self, name: &str) -> Agent {
        let session = self.sign_in(name).await;
        let mut agent = self.open().await;
        agent.hello(&session, None).await;
        agent
    }

    pub(crate) async fn end_sessions(&self, agent: &str, reason: SignedOutReason) {
        self.control.end_sessions(&AgentId::new(agent), reason).await;
    }
}

/// The browser's end of a socket.
pub(crate) struct Agent {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next: u64,
    /// The events that came while something else was waited for.
    pub(crate) events: Vec<Json>,
}

impl Agent {
    pub(crate) const fn over(socket: WebSocketStream<MaybeTlsStream<TcpStream>>) -> Self {
        Self { socket, next: 0, events: Vec::new() }
    }

    pub(crate) async fn send(&mut self, message: Json) {
        self.socket.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The next message; `None` when the socket is closed.
    pub(crate) async fn message(&mut self) -> Option<Json> {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("something comes") {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return None,
            }
        }
    }

    /// The code with which the socket is closed, and what was said before.
    pub(crate) async fn closed(&mut self) -> (Option<u16>, Vec<Json>) {
        let mut said = Vec::new();
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("it is closed") {
                Some(Ok(Message::Text(text))) => said.push(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => return (frame.map(|frame| frame.code.into()), said),
                Some(Ok(_)) => {}
                Some(Err(Error::ConnectionClosed | Error::Protocol(_) | Error::Io(_))) | None => return (None, said),
                Some(Err(error)) => panic!("{error}"),
            }
        }
    }

    pub(crate) async fn hello(&mut self, session: &Json, resume: Option<Json>) -> Json {
        let mut hello = json!({"type": "hello", "token": session["access_token"]});
        if let Some(resume) = resume {
            hello["resume"] = resume;
        }
        self.send(hello).await;
        let welcome = self.message().await.expect("an answer to hello");
        assert_eq!(welcome["type"], "welcome", "{welcome}");
        welcome
    }

    /// Orders something and waits for the answer; events meanwhile are kept.
    pub(crate) async fn ask(&mut self, operation: &str, fields: Json) -> Json {
        self.next += 1;
        let mut request = json!({"type": "request", "id": self.next, "operation": operation});
        request.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        self.send(request).await;
        loop {
            let message = self.message().await.expect("an answer");
            if message["type"] == "reply" && message["id"] == self.next {
                return message;
            }
            self.events.push(message);
        }
    }

    /// What is accepted.
    pub(crate) async fn order(&mut self, operation: &str, fields: Json) -> Json {
        let reply = self.ask(operation, fields).await;
        assert!(reply.get("result").is_some(), "{reply}");
        reply["result"].clone()
    }

    /// The kind of an error.
    pub(crate) async fn refused(&mut self, operation: &str, fields: Json) -> String {
        let reply = self.ask(operation, fields).await;
        reply["error"]["kind"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned()
    }

    pub(crate) async fn dial(&mut self, key: &str, to: &str) -> String {
        self.order("dial", json!({"key": key, "to": to})).await["call"].as_str().unwrap().to_owned()
    }

    /// Waits for an event of a call.
    pub(crate) async fn event(&mut self, call: &str, kind: &str) -> Json {
        let is_it = |message: &Json| message["event"]["call"] == call && message["event"]["kind"] == kind;
        if let Some(index) = self.events.iter().position(is_it) {
            return self.events[index].clone();
        }
        loop {
            let message = self.message().await.expect("an event");
            self.events.push(message.clone());
            if is_it(&message) {
                return message;
            }
        }
    }

    /// The sequences of the events so far.
    pub(crate) fn sequences(&self) -> Vec<u64> {
        self.events.iter().filter_map(|event| event["sequence"].as_u64()).collect()
    }
}
