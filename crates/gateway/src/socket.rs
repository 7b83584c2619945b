//! An agent's socket.
//!
//! **Invariant:** one task serves it and holds no more of it than one message each way, or a few short ones: events wait in the agent's
//! feed and in the journal, and who orders more than is being done is not read from.
//!
//! Most sockets are idle most of the time, and thousands of them are: what a task needs only while something happens is boxed then,
//! because a task is as large as the largest thing that it ever does.

use crate::app::App;
use crate::desk::Desk;
use crate::feed::{Next, Place, Watch, frame};
use crate::metrics::{error_name, operation_name};
use crate::sessions::Session;
use crate::wire::{
    CapabilityName, ClientMessage, MAX_MESSAGE, Order, Outcome, Party, Refusal, Resume, SUBPROTOCOL, ServerMessage,
    SignedOut, Welcome,
};
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use cordboard::platform::BoxFuture;
use cordboard::telephony::{AgentId, Capability, ErrorKind};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OwnedSemaphorePermit, watch};
use tokio::time::{Instant, sleep_until, timeout};

/// Enough for one short message; it grows for a longer one. axum's own would cost each socket 128 KiB.
const READ_BUFFER: usize = 512;
/// What is said in one turn is sent together, as far as it is not more than this: to send costs more than all else that a short message does.
const TOGETHER: usize = 4 * 1024;
/// The most that may wait to be written: one message and its frame.
const WRITE_BUFFER: usize = 2 * MAX_MESSAGE;
/// The most orders of one socket that are carried out at a time.
const AT_ONCE: usize = 32;
/// How many events are read of the journal at a time.
const PAGE: u32 = 256;
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_millis(200);

/// Why a socket is closed: a code of RFC 6455 or of our own, and a word.
#[derive(Clone, Copy)]
struct Closing {
    code: u16,
    why: &'static str,
}

const fn closing(code: u16, why: &'static str) -> Closing {
    Closing { code, why }
}

const LEFT: Closing = closing(1000, "signed out");
const STOPPING: Closing = closing(1001, "the gateway stops");
const GONE: Closing = closing(1006, "gone");
const UNREADABLE: Closing = closing(1007, "not a message");
const FLOOD: Closing = closing(1008, "too many messages");
const BROKEN: Closing = closing(1013, "try again later");
const NO_HELLO: Closing = closing(4408, "no hello");
const NOT_SIGNED_IN: Closing = closing(4401, "not signed in");
const IDLE: Closing = closing(4409, "idle");
const SLOW: Closing = closing(4410, "slow reader");

/// `GET /api/socket`
pub(crate) async fn open(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if !is_allowed_origin(&app, &headers) {
        app.metrics.socket_closed("origin");
        return (StatusCode::FORBIDDEN, "this origin may not open sockets\n").into_response();
    }
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade.protocols([SUBPROTOCOL]),
        Err(rejection) => return rejection.into_response(),
    };
    if upgrade.selected_protocol().is_none() {
        return (StatusCode::BAD_REQUEST, "the subprotocol must be cordboard.v1\n").into_response();
    }
    let permit = Arc::clone(&app.sockets).try_acquire_owned();
    let (Ok(permit), false) = (permit, app.is_stopping()) else {
        return (StatusCode::SERVICE_UNAVAILABLE, "no further socket is possible now\n").into_response();
    };
    upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(TOGETHER)
        .max_write_buffer_size(WRITE_BUFFER)
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE)
        .on_upgrade(move |socket| serve(app, socket, permit))
}

/// Exactly one origin, and exactly one of those that are allowed.
pub(crate) fn is_allowed_origin(app: &App, headers: &HeaderMap) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else { return false };
    app.origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes())
}

async fn serve(app: Arc<App>, mut socket: WebSocket, permit: OwnedSemaphorePermit) {
    app.metrics.sockets.increment(1.0);
    let why = match Box::pin(hello(&app, &mut socket)).await {
        Ok((session, resume)) => converse(&app, &mut socket, session, resume).await,
        Err(why) => why,
    };
    app.metrics.sockets.decrement(1.0);
    app.metrics.socket_closed(why.why);
    if why.code != GONE.code {
        let close = CloseFrame { code: why.code, reason: Utf8Bytes::from_static(why.why) };
        let _ = timeout(GOODBYE, socket.send(Message::Close(Some(close)))).await;
    }
    drop(socket);
    drop(permit);
}

/// Waits for the first message, and for nothing else.
async fn hello(app: &App, socket: &mut WebSocket) -> Result<(Arc<Session>, Option<Resume>), Closing> {
    let first = async {
        loop {
            match socket.recv().await {
                Some(Ok(Message::Text(text))) => return Ok(text),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Binary(_))) => return Err(UNREADABLE),
                Some(Ok(Message::Close(_))) | None => return Err(GONE),
                Some(Err(_)) => return Err(UNREADABLE),
            }
        }
    };
    let text = timeout(app.config.socket.hello, first).await.map_err(|_| NO_HELLO)??;
    let Ok(ClientMessage::Hello { token, resume }) = serde_json::from_str(&text) else { return Err(UNREADABLE) };
    match app.sessions.authenticate(&token.0) {
        Some(session) => Ok((session, resume)),
        None => {
            say(app, socket, &ServerMessage::SignedOut { reason: SignedOut::Expired }).await?;
            Err(NOT_SIGNED_IN)
        }
    }
}

async fn converse(app: &Arc<App>, socket: &mut WebSocket, session: Arc<Session>, resume: Option<Resume>) -> Closing {
    let mut stopping = app.stopping.subscribe();
    let mut ended = session.ended();
    let ended_by = *ended.borrow_and_update();
    if let Some(reason) = ended_by {
        let _ = say(app, socket, &ServerMessage::SignedOut { reason }).await;
        return NOT_SIGNED_IN;
    }
    let (Ok(desk), Ok(name)) =
        Box::pin(async { (app.desks.of(&session.agent).await, name(app, &session.agent).await) }).await
    else {
        return BROKEN;
    };
    let _attendance = desk.attend();
    // Watched before it is read, so that nothing falls between.
    let news = desk.feed.watch();
    let settings = &app.config.socket;
    let quota = Quota::per_second(NonZeroU32::new(settings.rate).unwrap_or(NonZeroU32::MIN));
    let quota = quota.allow_burst(NonZeroU32::new(settings.burst).unwrap_or(NonZeroU32::MIN));
    let mut conversation = Conversation {
        app,
        desk: &desk,
        place: desk.feed.end(),
        session,
        limit: RateLimiter::direct(quota),
        working: FuturesUnordered::new(),
        lanes: BTreeMap::new(),
        heard_at: Instant::now(),
        is_pinged: false,
        is_parting: false,
    };
    match conversation.run(socket, &mut stopping, &mut ended, news, name, resume).await {
        Ok(never) => match never {},
        Err(why) => why,
    }
}

async fn name(app: &App, agent: &AgentId) -> Result<Party, ()> {
    let agent = app.agent(agent).await.map_err(drop)?.ok_or(())?;
    Ok(Party { id: agent.id, name: agent.name })
}

enum Never {}

struct Done {
    id: u64,
    outcome: Outcome,
    is_parting: bool,
}

struct Conversation<'a> {
    app: &'a Arc<App>,
    desk: &'a Arc<Desk>,
    session: Arc<Session>,
    /// Up to where the client has been told.
    place: Place,
    limit: DefaultDirectRateLimiter,
    working: FuturesUnordered<BoxFuture<'static, Done>>,
    /// Orders about the same call are carried out one after the other.
    lanes: BTreeMap<String, Arc<Mutex<()>>>,
    heard_at: Instant,
    is_pinged: bool,
    /// Whether the agent signs out, which is answered, and then the socket closes.
    is_parting: bool,
}

impl Conversation<'_> {
    async fn run(
        &mut self,
        socket: &mut WebSocket,
        stopping: &mut watch::Receiver<bool>,
        ended: &mut watch::Receiver<Option<SignedOut>>,
        mut news: Watch<'_>,
        name: Party,
        resume: Option<Resume>,
    ) -> Result<Never, Closing> {
        Box::pin(self.welcome(socket, name, resume)).await?;
        in_time(self.app, socket.flush()).await?;
        // Each is waited for once, however often the socket turns to something else: to begin to wait anew costs as much as a message.
        let (mut over, mut stop) = (pin!(ended.changed()), pin!(stopping.changed()));
        let mut alarm = pin!(sleep_until(self.due()));
        loop {
            tokio::select! {
                biased;
                _ = &mut over, if !self.is_parting => {
                    let reason = self.session.ended().borrow().unwrap_or(SignedOut::Revoked);
                    say(self.app, socket, &ServerMessage::SignedOut { reason }).await?;
                    return Err(NOT_SIGNED_IN);
                }
                Some(done) = self.working.next(), if !self.working.is_empty() => Box::pin(self.reply(socket, done)).await?,
                () = news.changed() => self.tell(socket).await?,
                message = socket.recv(), if self.working.len() < AT_ONCE => {
                    let was_pinged = self.is_pinged;
                    Box::pin(self.hear(socket, message)).await?;
                    if was_pinged {
                        alarm.as_mut().reset(self.due());
                    }
                }
                () = &mut alarm => {
                    self.ring(socket).await?;
                    alarm.as_mut().reset(self.due());
                }
                _ = &mut stop => {
                    Box::pin(self.finish(socket)).await?;
                    return Err(STOPPING);
                }
            }
            in_time(self.app, socket.flush()).await?;
        }
    }

    async fn welcome(&mut self, socket: &mut WebSocket, agent: Party, resume: Option<Resume>) -> Result<(), Closing> {
        let line = &self.desk.line;
        let last = self.place.sequence;
        let mut after = last;
        let mut resumed = false;
        if let Some(resume) = resume.filter(|resume| resume.stream == self.place.stream) {
            let has_all = self.app.store.has_all_after(&self.desk.agent, resume.after, last).await;
            resumed = has_all.map_err(|_| BROKEN)?;
            after = if resumed { resume.after } else { last };
        }
        let info = line.info();
        let capabilities = line.capabilities();
        let welcome = Welcome {
            agent,
            provider: Party { id: info.id.to_owned(), name: info.name.to_owned() },
            capabilities: Capability::ALL
                .into_iter()
                .filter(|capability| capabilities.has(*capability))
                .map(CapabilityName::from)
                .collect(),
            stream: self.place.stream.clone(),
            sequence: after,
            resumed,
            now: self.app.clock.now().as_millis(),
        };
        say(self.app, socket, &ServerMessage::Welcome(welcome)).await?;
        self.read_journal(socket, after, last).await
    }

    /// Tells events that are in the journal only.
    async fn read_journal(&mut self, socket: &mut WebSocket, mut after: u64, last: u64) -> Result<(), Closing> {
        while after < last {
            let events = self.app.store.events_after(&self.desk.agent, after, last, PAGE).await.map_err(|_| BROKEN)?;
            let Some(end) = events.last() else { return Err(BROKEN) };
            after = end.sequence;
            for event in &events {
                put(self.app, socket, Message::Text(frame(event).into())).await?;
            }
        }
        Ok(())
    }

    /// Tells what there is to be told.
    async fn tell(&mut self, socket: &mut WebSocket) -> Result<(), Closing> {
        let before = self.place.sequence;
        match self.desk.feed.next(&mut self.place) {
            Next::Messages(messages) => {
                for message in messages {
                    put(self.app, socket, Message::Text(message)).await?;
                }
            }
            Next::Behind => {
                self.place = self.desk.feed.end();
                Box::pin(self.read_journal(socket, before, self.place.sequence)).await?;
            }
        }
        Ok(())
    }

    async fn hear(
        &mut self,
        socket: &mut WebSocket,
        message: Option<Result<Message, axum::Error>>,
    ) -> Result<(), Closing> {
        let message = match message {
            Some(Ok(message)) => message,
            // Too long, not a frame, or the connection broke.
            Some(Err(_)) => return Err(UNREADABLE),
            None => return Err(GONE),
        };
        self.heard_at = Instant::now();
        self.is_pinged = false;
        if self.limit.check().is_err() {
            return Err(FLOOD);
        }
        let text = match message {
            Message::Text(text) => text,
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Binary(_) => return Err(UNREADABLE),
            Message::Close(_) => return Err(GONE),
        };
        match serde_json::from_str(&text) {
            Ok(ClientMessage::Request { id, order }) => self.begin(id, order),
            Ok(ClientMessage::Ack { .. }) => {}
            // Events that are there come before the answer, which says so that nothing is missing.
            Ok(ClientMessage::Ping) => {
                self.tell(socket).await?;
                say(self.app, socket, &ServerMessage::Pong).await?;
            }
            Ok(ClientMessage::Hello { .. }) => return Err(UNREADABLE),
            Err(_) => match unknown_order(&text) {
                Some(id) => {
                    let outcome = Outcome::Error(Refusal::new(ErrorKind::Unsupported));
                    say(self.app, socket, &ServerMessage::Reply { id, outcome }).await?;
                }
                None => return Err(UNREADABLE),
            },
        }
        Ok(())
    }

    /// Begins to carry out an order.
    fn begin(&mut self, id: u64, order: Order) {
        self.lanes.retain(|_, lane| Arc::strong_count(lane) > 1);
        let lane = order.call().map(|call| Arc::clone(self.lanes.entry(call.to_owned()).or_default()));
        let is_parting = matches!(order, Order::SignOut);
        self.is_parting |= is_parting;
        let (app, desk, session) = (Arc::clone(self.app), Arc::clone(self.desk), Arc::clone(&self.session));
        self.working.push(Box::pin(async move {
            let _turn = match lane {
                Some(lane) => Some(lane.lock_owned().await),
                None => None,
            };
            let outcome = app.answer(&session, &desk, order).await;
            Done { id, outcome, is_parting }
        }));
    }

    async fn reply(&mut self, socket: &mut WebSocket, done: Done) -> Result<(), Closing> {
        let Done { id, outcome, is_parting } = done;
        // What happened because of the order is told first, as far as it is known.
        self.tell(socket).await?;
        let is_accepted = matches!(outcome, Outcome::Result(_));
        say(self.app, socket, &ServerMessage::Reply { id, outcome }).await?;
        match (is_parting, is_accepted) {
            (true, true) => Err(LEFT),
            (true, false) => Err(BROKEN),
            (false, _) => Ok(()),
        }
    }

    /// When there is something to do even if nothing happens. What is heard puts it off, but for the answer to a ping.
    fn due(&self) -> Instant {
        let settings = &self.app.config.socket;
        let silence = if self.is_pinged { settings.idle } else { settings.ping };
        let left = self.session.access_until().since(self.app.clock.now());
        (self.heard_at + silence).min(Instant::now() + left.max(Duration::from_millis(1)))
    }

    async fn ring(&mut self, socket: &mut WebSocket) -> Result<(), Closing> {
        let settings = &self.app.config.socket;
        if self.session.access_until() <= self.app.clock.now() {
            // Nobody refreshed it. Who can still do so connects again.
            return Err(NOT_SIGNED_IN);
        }
        let silence = self.heard_at.elapsed();
        if self.is_pinged && silence >= settings.idle {
            return Err(IDLE);
        }
        if !self.is_pinged && silence >= settings.ping {
            self.is_pinged = true;
            put(self.app, socket, Message::Ping(axum::body::Bytes::new())).await?;
        }
        Ok(())
    }

    /// Lets what was begun come to its end.
    async fn finish(&mut self, socket: &mut WebSocket) -> Result<(), Closing> {
        while let Some(done) = self.working.next().await {
            self.reply(socket, done).await?;
        }
        self.tell(socket).await
    }
}

impl App {
    /// Carries an order out, and counts it.
    pub(crate) async fn answer(&self, session: &Session, desk: &Desk, order: Order) -> Outcome {
        let name = operation_name(&order);
        match self.carry_out(session, desk, order).await {
            Ok(answer) => {
                self.metrics.request(name, "ok");
                Outcome::Result(answer)
            }
            Err(refusal) => {
                self.metrics.request(name, error_name(refusal.kind));
                Outcome::Error(refusal)
            }
        }
    }
}

/// The id of a request whose operation is of a later version.
fn unknown_order(text: &str) -> Option<u64> {
    let message: serde_json::Value = serde_json::from_str(text).ok()?;
    (message.get("type")? == "request").then(|| message.get("id")?.as_u64()).flatten()
}

/// Says something. Whoever is done with a turn flushes; so does the goodbye.
async fn say(app: &App, socket: &mut WebSocket, message: &ServerMessage) -> Result<(), Closing> {
    let text = serde_json::to_string(message).map_err(|_| BROKEN)?;
    put(app, socket, Message::Text(text.into())).await
}

async fn put(app: &App, socket: &mut WebSocket, message: Message) -> Result<(), Closing> {
    in_time(app, socket.feed(message)).await
}

async fn in_time(app: &App, sending: impl Future<Output = Result<(), axum::Error>>) -> Result<(), Closing> {
    let mut sending = pin!(sending);
    // There is room as a rule, and then nothing has to be timed.
    let sent = match sending.as_mut().now_or_never() {
        Some(sent) => sent,
        None => timeout(app.config.socket.slow, sending).await.map_err(|_| SLOW)?,
    };
    sent.map_err(|_| GONE)
}
