//! Many clients of one server, the same for every server but for the words that it wants to hear.

use anyhow::{Context as _, Result, bail, ensure};
use futures_util::{SinkExt as _, StreamExt as _, TryStreamExt as _, stream};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Whose pages the clients are.
pub(crate) const ORIGIN: &str = "https://widget.example.com";
/// How many connect at a time.
const AT_ONCE: usize = 128;
/// The library's own, 128 KiB for each socket, would be more than the machine has.
const BUFFER: usize = 4 * 1024;
/// How long everybody may wait for one message.
const PATIENCE: Duration = Duration::from_secs(60);

/// How an event begins.
const EVENT: &str = r#"{"type":"event""#;

pub(crate) type Socket = WebSocketStream<TcpStream>;

/// What a server speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Gateway,
    /// The gateway's messages, without its handshake.
    Ws,
    SocketIo,
}

/// What a message is.
enum Heard {
    /// One that is counted: an event, or the answer to an order.
    Told,
    /// A question whether we are there, with its answer.
    Ping(&'static str),
    Other,
}

impl Protocol {
    /// Connects, and shows a token.
    pub(crate) async fn open(self, address: SocketAddr, token: &str) -> Result<Socket> {
        let path = match self {
            Self::Gateway => "/api/socket",
            Self::Ws => "/",
            Self::SocketIo => "/socket.io/?EIO=4&transport=websocket",
        };
        let mut request = format!("ws://{address}{path}").into_client_request()?;
        request.headers_mut().insert("origin", HeaderValue::from_static(ORIGIN));
        if self == Self::Gateway {
            let subprotocol = HeaderValue::from_static(cordboard_gateway::wire::SUBPROTOCOL);
            request.headers_mut().insert("sec-websocket-protocol", subprotocol);
        }
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let config = WebSocketConfig::default().read_buffer_size(BUFFER).write_buffer_size(0);
        let (mut socket, _) = client_async_with_config(request, stream, Some(config)).await?;
        let (hello, welcome) = match self {
            Self::Gateway | Self::Ws => (json!({"type": "hello", "token": token}).to_string(), r#"{"type":"welcome""#),
            Self::SocketIo => {
                ensure!(next(&mut socket).await?.starts_with("0{"), "this is not Engine.IO");
                (format!("40{}", json!({"token": token})), "40{")
            }
        };
        socket.send(Message::text(hello)).await?;
        let first = next(&mut socket).await?;
        ensure!(first.starts_with(welcome), "a client is not let in: {first}");
        Ok(socket)
    }

    /// The order that changes nothing and is answered with something.
    fn order(self, id: u64) -> String {
        let order = json!({"type": "request", "id": id, "operation": "caller_ids"}).to_string();
        match self {
            Self::Gateway | Self::Ws => order,
            Self::SocketIo => format!(r#"42{id}["request",{order}]"#),
        }
    }

    /// Whether the gateway says there that something happened.
    pub(crate) fn is_event(text: &str) -> bool {
        text.starts_with(EVENT)
    }

    fn hear(self, text: &str) -> Heard {
        let starts: &[&str] = match self {
            Self::Gateway | Self::Ws => &[EVENT, r#"{"type":"reply""#],
            Self::SocketIo => &["42", "43"],
        };
        match text {
            "2" if self == Self::SocketIo => Heard::Ping("3"),
            text if starts.iter().any(|start| text.starts_with(start)) => Heard::Told,
            _ => Heard::Other,
        }
    }
}

pub(crate) async fn next(socket: &mut Socket) -> Result<Utf8Bytes> {
    loop {
        match timeout(PATIENCE, socket.next()).await?.context("the server has hung up")?? {
            Message::Text(text) => return Ok(text),
            Message::Close(frame) => bail!("the server has hung up: {frame:?}"),
            _ => {}
        }
    }
}

/// Clients that are connected and listen.
pub(crate) struct Crowd {
    tally: Arc<Tally>,
    orders: watch::Sender<u64>,
    _clients: JoinSet<()>,
}

/// What the clients have heard.
struct Tally {
    /// By client.
    heard: Box<[AtomicU64]>,
    all: AtomicU64,
    goal: AtomicU64,
    reached: Notify,
    /// What the first client has heard of the round.
    first: Mutex<Vec<Utf8Bytes>>,
    gone: AtomicU64,
}

impl Crowd {
    /// Connects a client with each token.
    pub(crate) async fn gather(protocol: Protocol, address: SocketAddr, tokens: &[String]) -> Result<Self> {
        let opening = tokens.iter().map(|token| protocol.open(address, token));
        let sockets: Vec<Socket> = stream::iter(opening).buffered(AT_ONCE).try_collect().await?;
        let tally = Arc::new(Tally {
            heard: sockets.iter().map(|_| AtomicU64::default()).collect(),
            all: AtomicU64::default(),
            goal: AtomicU64::default(),
            reached: Notify::new(),
            first: Mutex::default(),
            gone: AtomicU64::default(),
        });
        let orders = watch::Sender::new(0);
        let mut clients = JoinSet::new();
        for (index, socket) in sockets.into_iter().enumerate() {
            let client = Client { protocol, index, tally: Arc::clone(&tally), orders: orders.subscribe() };
            clients.spawn(client.listen(socket));
        }
        Ok(Self { tally, orders, _clients: clients })
    }

    pub(crate) fn size(&self) -> u64 {
        self.tally.heard.len() as u64
    }

    /// From now on, waits for so many messages to everybody.
    pub(crate) fn expect(&self, messages: u64) {
        let all = self.tally.all.load(Ordering::Relaxed);
        self.tally.goal.store(all + messages * self.size(), Ordering::Relaxed);
    }

    /// Has every client give an order.
    pub(crate) fn order(&self) {
        self.orders.send_modify(|id| *id += 1);
    }

    /// Waits until everybody has heard what was [expected](Self::expect), and returns what the first one did.
    pub(crate) async fn told(&self) -> Result<Vec<Utf8Bytes>> {
        timeout(PATIENCE, self.tally.reached.notified()).await.context("not everybody has heard of it")?;
        Ok(std::mem::take(&mut *self.tally.first.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Whether each of them is there and has heard as much.
    pub(crate) fn check(&self, heard: u64) -> Result<()> {
        let gone = self.tally.gone.load(Ordering::Relaxed);
        ensure!(gone == 0, "{gone} clients were thrown out");
        let has_all = |count: &AtomicU64| count.load(Ordering::Relaxed) == heard;
        ensure!(self.tally.heard.iter().all(has_all), "not every client has heard every message once");
        Ok(())
    }
}

struct Client {
    protocol: Protocol,
    index: usize,
    tally: Arc<Tally>,
    orders: watch::Receiver<u64>,
}

impl Client {
    async fn listen(mut self, mut socket: Socket) {
        loop {
            let done = tokio::select! {
                message = socket.next() => match message {
                    Some(Ok(Message::Text(text))) => self.hear(&mut socket, text).await,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                    Some(Ok(_)) => Ok(()),
                },
                order = self.orders.changed() => match order {
                    Ok(()) => {
                        let order = self.protocol.order(*self.orders.borrow_and_update());
                        socket.send(Message::text(order)).await
                    }
                    // Nobody wants to know any more.
                    Err(_) => return,
                },
            };
            if done.is_err() {
                break;
            }
        }
        self.tally.gone.fetch_add(1, Ordering::Relaxed);
    }

    async fn hear(&self, socket: &mut Socket, text: Utf8Bytes) -> Result<(), tokio_tungstenite::tungstenite::Error> {
        match self.protocol.hear(&text) {
            Heard::Told => {
                if self.index == 0 {
                    self.tally.first.lock().unwrap_or_else(PoisonError::into_inner).push(text);
                }
                self.tally.count(self.index);
            }
            Heard::Ping(answer) => socket.send(Message::text(answer)).await?,
            Heard::Other => {}
        }
        Ok(())
    }
}

impl Tally {
    fn count(&self, client: usize) {
        if let Some(heard) = self.heard.get(client) {
            heard.fetch_add(1, Ordering::Relaxed);
        }
        if self.all.fetch_add(1, Ordering::Relaxed) + 1 == self.goal.load(Ordering::Relaxed) {
            self.reached.notify_one();
        }
    }
}
