use crate::config::MyPbxConfig;
use crate::error::{failed, refused, unanswered};
use crate::platform::{Heard, Platform, Socket};
use crate::wire::{self, Message, Proof, Request};
use cordboard::platform::Clock;
use cordboard::telephony::{
    CallEvent, CallEventKind, CallId, Connection, Error, ErrorKind, Event, EventHub, SignedOutReason,
};
use cordboard::{Timestamp, Value};
use core::pin::pin;
use core::time::Duration;
use futures_channel::mpsc::{UnboundedReceiver, unbounded};
use futures_channel::oneshot;
use futures_util::StreamExt as _;
use futures_util::future::{Either, pending, select};
use std::sync::Arc;

/// How long the service may take to open a socket, and to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a quiet socket is tried: nothing else shows that the other end is gone.
const PING_EVERY: Duration = Duration::from_secs(20);
/// Between half and all of this passes before a lost socket is tried again; twice as long each time it fails.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
/// It doubles this often.
const LONGEST_WAIT: u32 = 5;
/// How many calls are known by their number at most.
const MAX_CALLS: usize = 64;

/// Something to ask the service, and who waits for the answer; nobody, if the line itself wants to know.
pub(crate) struct Ask {
    pub(crate) request: Request,
    pub(crate) reply: Option<oneshot::Sender<Result<Value, Error>>>,
}

impl Ask {
    const fn by_itself(request: Request) -> Self {
        Self { request, reply: None }
    }

    fn answer(self, answer: Result<Value, Error>) {
        if let Some(reply) = self.reply {
            // Who no longer waits does not want to know.
            let _ = reply.send(answer);
        }
    }

    fn refuse(self, kind: ErrorKind) {
        let error = failed(&self.request, kind);
        self.answer(Err(error));
    }
}

/// Keeps a socket to the service while somebody is signed in, and has what is asked answered.
///
/// ```text
///        signs in           open: the proof is sent          accepted
///  Down ──────────► Opening ──────────────────────► Open ──────────────► events, orders
///                    ▲    │ closed, or nothing for 10 s   │ closed, or no answer to a ping: Lost
///                    │    ▼                               │
///                    └─ Waiting ◄─────────────────────────┘
/// ```
pub(crate) struct Driver {
    config: MyPbxConfig,
    platform: Arc<dyn Platform>,
    clock: Box<dyn Clock>,
    hub: Arc<EventHub>,
    asks: UnboundedReceiver<Ask>,
    link: Link,
    /// Signs the agent in again; `None` when nobody is signed in.
    token: Option<String>,
    /// Whether the app believes that the link is lost.
    is_lost: bool,
    unanswered: Vec<Sent>,
    calls: Vec<Known>,
    last_id: u32,
    attempts: u32,
    random: u64,
}

enum Link {
    Down,
    Waiting { until: Timestamp },
    Opening { wire: Wire, until: Timestamp, greeting: Ask },
    Open { wire: Wire, ping_at: Timestamp },
}

struct Wire {
    socket: Box<dyn Socket>,
    heard: UnboundedReceiver<Heard>,
}

/// A request that the service has, or should have.
struct Sent {
    id: u32,
    ask: Ask,
    expires: Timestamp,
}

/// How much was heard of a call.
struct Known {
    call: CallId,
    sequence: u64,
    has_ended: bool,
}

enum Input {
    Ask(Ask),
    Heard(Heard),
    Time,
    Gone,
}

impl Driver {
    pub(crate) fn new(
        config: MyPbxConfig,
        platform: Arc<dyn Platform>,
        clock: Box<dyn Clock>,
        hub: Arc<EventHub>,
        asks: UnboundedReceiver<Ask>,
        seed: u64,
    ) -> Self {
        Self {
            config,
            platform,
            clock,
            hub,
            asks,
            link: Link::Down,
            token: None,
            is_lost: false,
            unanswered: Vec::new(),
            calls: Vec::new(),
            last_id: 0,
            attempts: 0,
            // The generator stands still at zero.
            random: seed.max(1),
        }
    }

    /// Runs until the line is dropped.
    pub(crate) async fn run(mut self) {
        loop {
            match self.next().await {
                Input::Ask(ask) => self.take(ask),
                Input::Heard(Heard::Opened) => self.greet(),
                Input::Heard(Heard::Message(message)) => self.read(&message),
                Input::Heard(Heard::Closed) => self.lose(),
                Input::Time => self.look_at_the_time(),
                Input::Gone => return,
            }
        }
    }

    /// Waits for whatever comes first.
    async fn next(&mut self) -> Input {
        let due = self.due();
        let Self { link, asks, clock, .. } = self;
        let heard = async {
            match link {
                Link::Opening { wire, .. } | Link::Open { wire, .. } => {
                    wire.heard.next().await.unwrap_or(Heard::Closed)
                }
                Link::Down | Link::Waiting { .. } => pending().await,
            }
        };
        let time = async {
            match due {
                Some(due) => clock.sleep(due.since(clock.now())).await,
                None => pending().await,
            }
        };
        match select(asks.next(), select(pin!(heard), pin!(time))).await {
            Either::Left((Some(ask), _)) => Input::Ask(ask),
            Either::Left((None, _)) => Input::Gone,
            Either::Right((Either::Left((heard, _)), _)) => Input::Heard(heard),
            Either::Right((Either::Right(_), _)) => Input::Time,
        }
    }

    /// When the time must be looked at.
    fn due(&self) -> Option<Timestamp> {
        let link = match &self.link {
            Link::Down => None,
            Link::Waiting { until } | Link::Opening { until, .. } => Some(*until),
            Link::Open { ping_at, .. } => self.token.as_ref().map(|_| *ping_at),
        };
        link.into_iter().chain(self.unanswered.iter().map(|sent| sent.expires)).min()
    }

    fn look_at_the_time(&mut self) {
        let now = self.clock.now();
        while let Some(place) = self.unanswered.iter().position(|sent| sent.expires <= now) {
            let Sent { ask, .. } = self.unanswered.remove(place);
            let is_dead = ask.reply.is_none();
            let error = unanswered(&ask.request);
            ask.answer(Err(error));
            if is_dead {
                return self.lose();
            }
        }
        match &mut self.link {
            Link::Waiting { until } if *until <= now => self.sign_in_again(),
            Link::Opening { until, .. } if *until <= now => self.lose(),
            Link::Open { ping_at, .. } if *ping_at <= now => {
                *ping_at = now + PING_EVERY;
                self.send(Ask::by_itself(Request::Ping));
            }
            _ => {}
        }
    }

    /// Somebody wants something.
    fn take(&mut self, ask: Ask) {
        match (&ask.request, &self.link) {
            (Request::SignIn(_), Link::Open { .. }) => self.send(ask),
            (Request::SignIn(_), _) => self.open(ask),
            (Request::SignOut, _) if self.token.is_none() => ask.answer(Ok(Value::Null)),
            _ if self.token.is_none() => ask.refuse(ErrorKind::NotSignedIn),
            (_, Link::Open { .. }) if !self.is_lost => self.send(ask),
            _ => ask.refuse(ErrorKind::Unreachable),
        }
    }

    /// Opens a socket to sign in on.
    fn open(&mut self, greeting: Ask) {
        let (sender, heard) = unbounded();
        let until = self.clock.now() + PATIENCE;
        match self.platform.connect(&self.config.url, sender) {
            Some(socket) => self.link = Link::Opening { wire: Wire { socket, heard }, until, greeting },
            None => {
                greeting.refuse(ErrorKind::Unreachable);
                self.lose();
            }
        }
    }

    fn sign_in_again(&mut self) {
        let Some(token) = self.token.clone() else { return };
        self.open(Ask::by_itself(Request::SignIn(Proof::Token(token))));
    }

    /// The socket is open.
    fn greet(&mut self) {
        let ping_at = self.clock.now() + PING_EVERY;
        match core::mem::replace(&mut self.link, Link::Down) {
            Link::Opening { wire, greeting, .. } => {
                self.link = Link::Open { wire, ping_at };
                self.send(greeting);
            }
            link => self.link = link,
        }
    }

    /// Sends a request on the open socket.
    fn send(&mut self, ask: Ask) {
        let Link::Open { wire, .. } = &self.link else { return ask.refuse(ErrorKind::Unreachable) };
        self.last_id = self.last_id.wrapping_add(1);
        wire.socket.send(&wire::write(self.last_id, &ask.request));
        self.unanswered.push(Sent { id: self.last_id, ask, expires: self.clock.now() + PATIENCE });
    }

    fn read(&mut self, message: &Value) {
        match wire::read(message) {
            Some(Message::Reply { id, result }) => self.replied(id, result),
            Some(Message::Event(Event::Call(event))) => self.happened(event),
            Some(Message::Event(event)) => {
                if let Event::SignedOut(_) = event {
                    self.forget();
                }
                self.hub.publish(&event);
            }
            // Newer services may say more.
            None => {}
        }
    }

    fn replied(&mut self, id: u32, result: Result<Value, String>) {
        let Some(place) = self.unanswered.iter().position(|sent| sent.id == id) else { return };
        let Sent { ask, .. } = self.unanswered.remove(place);
        match (&ask.request, &result) {
            (Request::SignIn(_), Ok(result)) => {
                self.token = wire::token(result).map(str::to_owned);
                self.platform.keep(self.token.as_deref());
                if self.is_lost {
                    self.send(Ask::by_itself(Request::Calls));
                }
            }
            (Request::SignIn(Proof::Token(_)), Err(_)) => {
                self.forget();
                if ask.reply.is_none() {
                    self.hub.publish(&Event::SignedOut(SignedOutReason::Expired));
                }
                return ask.refuse(ErrorKind::NotSignedIn);
            }
            // The agent of before is still to be brought back.
            (Request::SignIn(Proof::Password { .. }), Err(_)) if self.is_lost => self.lose(),
            (Request::SignOut, Ok(_)) => self.forget(),
            (Request::Calls, Ok(calls)) if ask.reply.is_none() => self.restore(calls),
            _ => {}
        }
        let answer = result.map_err(|code| refused(&ask.request, &code));
        ask.answer(answer);
    }

    /// Nobody is signed in any longer. The socket stays, for what is still to be heard of their calls.
    fn forget(&mut self) {
        self.token = None;
        self.is_lost = false;
        self.platform.keep(None);
    }

    /// The socket is gone.
    fn lose(&mut self) {
        if let Link::Opening { greeting, .. } = core::mem::replace(&mut self.link, Link::Down) {
            greeting.refuse(ErrorKind::Unreachable);
        }
        for Sent { ask, .. } in core::mem::take(&mut self.unanswered) {
            let error = unanswered(&ask.request);
            ask.answer(Err(error));
        }
        if self.token.is_none() {
            return;
        }
        if !self.is_lost {
            self.is_lost = true;
            self.hub.publish(&Event::Connection(Connection::Lost));
        }
        self.link = Link::Waiting { until: self.clock.now() + self.wait() };
    }

    /// How long to wait before another attempt: longer each time, and never the same for everybody, so that all the widgets of a
    /// service that restarts don't come back at once.
    fn wait(&mut self) -> Duration {
        // xorshift: from any seed but zero, and in a few instructions.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let half = SHORTEST_WAIT * (1 << self.attempts.min(LONGEST_WAIT)) / 2;
        self.attempts = self.attempts.saturating_add(1);
        half + half * (self.random % 1_000) as u32 / 1_000
    }

    /// The agent is back, and these calls go on: what happened meanwhile was missed.
    fn restore(&mut self, calls: &Value) {
        let Some(calls) = wire::calls(calls) else { return self.lose() };
        let mut missed = 0;
        for call in &calls {
            let known = self.calls.iter().find(|known| known.call == call.id);
            missed += call.sequence - known.map_or(0, |known| known.sequence).min(call.sequence);
            self.know(&call.id, call.sequence, false);
        }
        for known in &mut self.calls {
            if !known.has_ended && calls.iter().all(|call| call.id != known.call) {
                known.has_ended = true;
                missed += 1;
            }
        }
        if missed > 0 {
            self.hub.publish(&Event::Lagged { missed });
        }
        self.is_lost = false;
        self.attempts = 0;
        self.hub.publish(&Event::Connection(Connection::Restored));
    }

    /// Something happened to a call. What was heard before is dropped; what comes before the agent is back, the calls show that are
    /// asked for then.
    fn happened(&mut self, event: CallEvent) {
        if self.is_lost {
            return;
        }
        let known = self.calls.iter().find(|known| known.call == event.call);
        if known.is_some_and(|known| known.has_ended || event.sequence <= known.sequence) {
            return;
        }
        let has_ended = matches!(event.kind, CallEventKind::Ended(_));
        self.know(&event.call, event.sequence, has_ended);
        self.hub.publish(&Event::Call(event));
    }

    fn know(&mut self, call: &CallId, sequence: u64, has_ended: bool) {
        self.calls.retain(|known| known.call != *call);
        if self.calls.len() >= MAX_CALLS {
            self.calls.remove(0);
        }
        self.calls.push(Known { call: call.clone(), sequence, has_ended });
    }
}
