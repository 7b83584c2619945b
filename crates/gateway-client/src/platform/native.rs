use crate::transport::{Answer, Ears, Socket, Transport};
use cordboard::platform::{BoxFuture, Clock};
use cordboard::{Timestamp, Value};
use core::time::Duration;
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::redirect::Policy;
use std::time::SystemTime;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_tungstenite::connect_async_with_config;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};

/// How long the gateway may take to answer a request.
const PATIENCE: Duration = Duration::from_secs(8);
/// The longest message and the longest answer that are read.
const MAX_MESSAGE: usize = 64 * 1024;

/// Sockets by tokio: for scripts and for tests.
#[derive(Clone)]
pub struct Native {
    runtime: Handle,
    client: reqwest::Client,
    origin: Option<HeaderValue>,
}

impl Native {
    /// Sockets in the tokio runtime that this is called in. A gateway takes sockets of known origins only, so it may want to hear one
    /// of those, as a browser says the page's.
    ///
    /// # Errors
    /// When the system's certificates can't be read, or the origin is none.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn new(origin: Option<&str>) -> Result<Self, Box<dyn core::error::Error + Send + Sync>> {
        // Where the process has chosen its cryptography already, this changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().redirect(Policy::none()).timeout(PATIENCE).build()?;
        let origin = origin.map(HeaderValue::from_str).transpose()?;
        Ok(Self { runtime: Handle::current(), client, origin })
    }
}

impl Native {
    /// Sends a request, if there is one, and answers in every case.
    fn send(&self, request: Option<reqwest::RequestBuilder>, answer: Answer) {
        self.runtime.spawn(async move {
            answer.give(match request {
                Some(request) => respond(request).await.ok(),
                None => None,
            });
        });
    }
}

struct TaskSocket(UnboundedSender<String>);

impl Transport for Native {
    fn open(&self, url: &str, protocol: &str, ears: Ears) -> Option<Box<dyn Socket>> {
        let mut request = url.into_client_request().ok()?;
        let headers = request.headers_mut();
        headers.insert(HeaderName::from_static("sec-websocket-protocol"), HeaderValue::from_str(protocol).ok()?);
        if let Some(origin) = &self.origin {
            headers.insert(HeaderName::from_static("origin"), origin.clone());
        }
        let (sender, outbox) = unbounded_channel();
        self.runtime.spawn(async move {
            // However it ends, it is closed then.
            let _ = carry(request, outbox, &ears).await;
            ears.closed();
        });
        Some(Box::new(TaskSocket(sender)))
    }

    fn post(&self, url: &str, body: Value, answer: Answer) {
        let request = serde_json::to_vec(&body)
            .map(|body| self.client.post(url).header("content-type", "application/json").body(body));
        self.send(request.ok(), answer);
    }

    fn get(&self, url: &str, answer: Answer) {
        self.send(Some(self.client.get(url)), answer);
    }

    fn show(&self, _: &str, answer: Answer) {
        self.send(None, answer);
    }

    fn random(&self) -> Option<[u8; 32]> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).ok()?;
        Some(bytes)
    }
}

impl Socket for TaskSocket {
    fn send(&self, message: &Value) {
        if let Ok(text) = serde_json::to_string(message) {
            // A task that has ended has told that the socket is closed.
            let _ = self.0.send(text);
        }
    }
}

/// Carries messages both ways, until either end closes.
async fn carry(
    request: tokio_tungstenite::tungstenite::handshake::client::Request,
    mut outbox: UnboundedReceiver<String>,
    ears: &Ears,
) -> Result<(), Error> {
    let config = WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE));
    let (mut socket, _) = connect_async_with_config(request, Some(config), true).await?;
    ears.opened();
    loop {
        tokio::select! {
            text = outbox.recv() => match text {
                Some(text) => socket.send(Message::text(text)).await?,
                None => return socket.close(None).await,
            },
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => ears.message(&serde_json::from_str(&text).unwrap_or_default()),
                Some(Ok(Message::Close(_))) | None => return Ok(()),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
            },
        }
    }
}

async fn respond(request: reqwest::RequestBuilder) -> Result<(u16, Value), reqwest::Error> {
    let mut response = request.send().await?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await? {
        if body.len() + part.len() > MAX_MESSAGE {
            return Ok((status, Value::Null));
        }
        body.extend_from_slice(&part);
    }
    Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
}

/// The system's clock, and tokio's timers.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that others are handed")]
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Timestamp::default() + since_epoch
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}
