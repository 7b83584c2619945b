//! The system's sockets, against a server on this machine.

use crate::support::{password, tokens, welcome};
use cordboard::telephony::{
    Capabilities, Connection, Credentials, ErrorKind, Event, Events, ProviderInfo, SignInMethod, Telephony as _,
};
use cordboard_gateway_client::{GatewayConfig, GatewayLine, Native, SystemClock};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};

/// A server that does what the test says, one connection at a time.
struct Server(TcpListener);

impl Server {
    async fn start() -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        (Self(listener), url)
    }

    async fn accept(&self) -> TcpStream {
        self.0.accept().await.expect("somebody connects").0
    }

    /// Answers one request. Returns its head and its body.
    async fn answer(&self, status: &str, body: &str) -> (String, Json) {
        let mut stream = self.accept().await;
        let mut read = Vec::new();
        let (head, body_start) = loop {
            let mut part = [0; 1024];
            let count = stream.read(&mut part).await.expect("a request");
            read.extend_from_slice(&part[..count]);
            let text = String::from_utf8_lossy(&read).into_owned();
            if let Some(end) = text.find("\r\n\r\n") {
                let head = text[..end].to_ascii_lowercase();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                let length: usize = length.map_or(0, |length| length.parse().expect("a length"));
                if read.len() >= end + 4 + length {
                    break (head, end + 4);
                }
            }
        };
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).await.expect("the answer is read");
        let body = &read[body_start..];
        (head, if body.is_empty() { Json::Null } else { serde_json::from_slice(body).expect("JSON") })
    }

    /// Takes a socket. Returns it and what its handshake said of origin and subprotocol.
    async fn socket(&self) -> (WebSocketStream<TcpStream>, [String; 2]) {
        let mut said = [String::new(), String::new()];
        #[expect(clippy::result_large_err, reason = "so the callback is declared")]
        let look = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
            for (said, name) in said.iter_mut().zip(["origin", "sec-websocket-protocol"]) {
                let value = request.headers().get(name).and_then(|value| value.to_str().ok());
                *said = value.unwrap_or_default().to_owned();
            }
            let protocol = request.headers().get("sec-websocket-protocol").cloned().expect("a subprotocol");
            response.headers_mut().insert("sec-websocket-protocol", protocol);
            Ok(response)
        };
        let socket = tokio_tungstenite::accept_hdr_async(self.accept().await, look).await.expect("a handshake");
        (socket, said)
    }
}

async fn hear(socket: &mut WebSocketStream<TcpStream>) -> Json {
    let message = socket.next().await.expect("a message").expect("a frame");
    serde_json::from_str(message.to_text().expect("a text")).expect("JSON")
}

async fn say(socket: &mut WebSocketStream<TcpStream>, message: &Json) {
    socket.send(Message::text(message.to_string())).await.expect("the line is there");
}

fn line(url: &str, origin: Option<&str>) -> GatewayLine {
    let config = GatewayConfig {
        url: url.to_owned(),
        provider: ProviderInfo { id: "mock", name: "Mock network" },
        capabilities: Capabilities::all().with_sign_in(SignInMethod::Password),
    };
    let line = GatewayLine::new(config, Native::new(origin).expect("an origin"), SystemClock, 7);
    tokio::spawn(line.run());
    line
}

/// A line that is signed in, and the server's end of its socket.
async fn online(server: &Server, url: &str) -> (GatewayLine, WebSocketStream<TcpStream>) {
    let line = line(url, Some("https://widget.example"));
    let serve = async {
        server.answer("200 OK", &tokens(1).to_string()).await;
        let (mut socket, _) = server.socket().await;
        assert_eq!(hear(&mut socket).await, json!({ "type": "hello", "token": "access-1" }));
        say(&mut socket, &welcome("s", 0, false)).await;
        socket
    };
    let (agent, socket) = tokio::join!(line.sign_in(password()), serve);
    agent.expect("signed in");
    (line, socket)
}

async fn next(events: &mut Events) -> Event {
    events.next().await.expect("events don't end while the line is there")
}

#[tokio::test]
async fn signs_in_and_asks() {
    let (server, url) = Server::start().await;
    let line = line(&url, Some("https://widget.example"));
    let serve = async {
        let (head, body) = server.answer("200 OK", &tokens(1).to_string()).await;
        assert!(head.starts_with("post /api/session http/1.1"), "{head}");
        assert!(head.contains("content-type: application/json"), "{head}");
        assert_eq!(body, json!({ "name": "alex", "password": "open" }));
        let (mut socket, said) = server.socket().await;
        assert_eq!(said, ["https://widget.example", "cordboard.v1"]);
        hear(&mut socket).await;
        say(&mut socket, &welcome("s", 0, false)).await;
        let asked = hear(&mut socket).await;
        say(&mut socket, &json!({ "type": "reply", "id": asked["id"], "result": { "calls": [] } })).await;
        socket
    };
    let ask = async {
        line.sign_in(password()).await.expect("signed in");
        line.active_calls().await.expect("calls")
    };
    let (calls, _socket) = tokio::join!(ask, serve);
    assert_eq!(calls, []);
}

#[tokio::test]
async fn asks_how_one_signs_in_and_has_no_windows() {
    let (server, url) = Server::start().await;
    let config = GatewayConfig {
        url,
        provider: ProviderInfo { id: "mock", name: "Mock network" },
        capabilities: Capabilities::all(),
    };
    let line = GatewayLine::new(config, Native::new(None).expect("no origin"), SystemClock, 7);
    let answer = json!({ "methods": ["oidc"] }).to_string();
    let (refused, (head, _)) = tokio::join!(line.sign_in(Credentials::None), server.answer("200 OK", &answer));
    assert!(head.starts_with("get /api/sign-in http/1.1"), "{head}");
    assert_eq!(refused.expect_err("nobody").kind(), ErrorKind::NotSignedIn);
    assert_eq!(line.capabilities().sign_in(), SignInMethod::Redirect);
    let refused = line.sign_in(Credentials::Redirect).await;
    assert_eq!(refused.expect_err("there is no window").kind(), ErrorKind::NotSignedIn);
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let (server, url) = Server::start().await;
    let line = line(&url, None);
    let there = format!("307 Temporary Redirect\r\nlocation: {url}/elsewhere");
    let (refused, _) = tokio::join!(line.sign_in(password()), server.answer(&there, ""));
    assert_eq!(refused.expect_err("refused").kind(), ErrorKind::Provider);
}

#[tokio::test]
async fn what_is_too_long_is_not_read() {
    let (server, url) = Server::start().await;
    let line = line(&url, None);
    let long = format!("{{\"access_token\":\"{}\"}}", "a".repeat(100_000));
    let (refused, _) = tokio::join!(line.sign_in(password()), server.answer("200 OK", &long));
    assert_eq!(refused.expect_err("refused").kind(), ErrorKind::Provider);

    let (line, mut socket) = online(&server, &url).await;
    let mut events = line.events();
    say(&mut socket, &json!({ "type": "event", "padding": "a".repeat(70_000) })).await;
    assert_eq!(next(&mut events).await, Event::Connection(Connection::Lost));
}

#[tokio::test]
async fn a_socket_that_breaks_is_told_at_once_and_opened_again() {
    let (server, url) = Server::start().await;
    let (line, socket) = online(&server, &url).await;
    let mut events = line.events();
    drop(socket);
    assert_eq!(next(&mut events).await, Event::Connection(Connection::Lost));
    assert_eq!(line.caller_ids().await.expect_err("offline").kind(), ErrorKind::Unreachable);
    let (mut socket, _) = server.socket().await;
    assert_eq!(hear(&mut socket).await["resume"], json!({ "stream": "s", "after": 0 }));
    say(&mut socket, &welcome("s", 0, true)).await;
    assert_eq!(hear(&mut socket).await, json!({ "type": "ping" }));
    say(&mut socket, &json!({ "type": "pong" })).await;
    assert_eq!(next(&mut events).await, Event::Connection(Connection::Restored));
}

#[tokio::test]
async fn dropping_the_line_closes_the_socket() {
    let (server, url) = Server::start().await;
    let (line, mut socket) = online(&server, &url).await;
    drop(line);
    let last = socket.next().await;
    assert!(matches!(last, Some(Ok(Message::Close(_)))), "{last:?}");
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let (server, url) = Server::start().await;
    drop(server);
    let refused = line(&url, None).sign_in(password()).await.expect_err("nobody is there");
    assert_eq!(refused.kind(), ErrorKind::Unreachable);
    let shown = format!("{refused} {refused:?}");
    assert!(!shown.contains("alex") && !shown.contains("open"), "{shown}");
}
