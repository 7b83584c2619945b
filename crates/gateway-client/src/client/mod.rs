mod steps;

use crate::backoff::Backoff;
use crate::inbox::Inbox;
use crate::requests::{Order, Requests};
use crate::session::Session;
use crate::steady::Steady;
use crate::verifier::Verifier;
use crate::wire;
use cordboard::telephony::{
    Capabilities, Connection, Credentials, Error, ErrorKind, Event, Operation, SignInMethod, SignedOutReason,
};
use cordboard::{Object, Timestamp, Value};
use core::time::Duration;

/// How often a quiet link is tried: often enough that nobody between here and there takes it for dead.
const PING_EVERY: Duration = Duration::from_secs(20);
/// How long an answer to that may take before the link is dead.
const PONG_PATIENCE: Duration = Duration::from_secs(10);
/// Clocks that differ by fewer milliseconds are the same: a message takes as long, and each time another time.
const SAME_TIME: f64 = 1_000.0;
/// How long a socket may take to open and to be welcomed.
const WELCOME_PATIENCE: Duration = Duration::from_secs(10);
/// How long signing in may take, all attempts together.
const SIGN_IN_PATIENCE: Duration = Duration::from_secs(20);
/// How long somebody may take on the provider's page. The gateway forgets them after that, too.
const WINDOW_PATIENCE: Duration = Duration::from_secs(10 * 60);
/// How long new tokens may take. A transport gives up before.
const REFRESH_PATIENCE: Duration = Duration::from_secs(30);
/// How long the last events may take after the agent signed out.
const LEAVING_PATIENCE: Duration = Duration::from_secs(5);
/// A link that held for this long is no reason to wait longer before the next one.
const STABLE: Duration = Duration::from_secs(10);

/// The machine: signs an agent in, keeps a socket to the gateway, and has orders answered and events in order.
///
/// ```text
///         sign_in, tokens come                opened: hello, welcome
///  Down ───────────────────────► Opening ──────────────────────────────► Online
///   ▲                             ▲   │ closed, or nothing for 10 s        │ closed, or no pong: Lost
///   │               refresh first │   ▼                                    │
///   │               if it is due  └─ Waiting ◄─────────────────────────────┘
///   │                                 │ 0.5 s to 30 s
///   └── Leaving ◄─────────────────────┴─ signed out, by whomever
/// ```
///
/// Drain [`poll_output`](Self::poll_output) after each call.
pub struct Client {
    capabilities: Capabilities,
    configured: Capabilities,
    /// Whether the gateway is to say how one signs in.
    asks_how: bool,
    time: Steady,
    /// How far this machine's clock is ahead of the gateway's, in milliseconds, if they differ.
    ahead: f64,
    chance: Backoff,
    link: Link,
    session: Option<Session>,
    /// The request for new tokens that is on its way, and when it counts as lost.
    refreshing: Option<(u32, Timestamp)>,
    /// Whether the last one failed.
    refresh_failed: bool,
    sign_in: Option<SignIn>,
    requests: Requests,
    inbox: Inbox,
    /// Who is signed in, as the gateway says.
    agent: Value,
    /// Whether the app believes that the link is lost.
    is_lost: bool,
    next_id: u32,
    outputs: Vec<Output>,
}

enum Link {
    /// Nobody is signed in.
    Down,
    /// It is tried again then, or when new tokens are there.
    Waiting { until: Timestamp },
    /// There is a socket that nobody was welcomed on.
    Opening { until: Timestamp, is_open: bool },
    /// Orders go out and events come in. After a reconnect the events that were missed end with the first pong.
    Online { since: Timestamp, ping_at: Timestamp, dead_at: Option<Timestamp> },
    /// The agent signed out, and how their calls ended is still to be heard.
    Leaving { until: Timestamp },
}

struct SignIn {
    id: u32,
    expires: Timestamp,
    /// What is on its way, if something is.
    post: Option<u32>,
    step: Step,
}

/// What is waited for.
enum Step {
    /// Tokens, and with them the socket.
    Tokens,
    /// What the window says, which is worth something with the verifier only.
    Window(Verifier),
    /// How one signs in: nobody is.
    How,
}

/// What the driver of a [`Client`] has to do.
pub enum Output {
    /// Open a socket, in the place of the one before.
    Connect,
    /// Close the socket.
    Disconnect,
    /// Send a message on the socket.
    Send(Value),
    /// Send JSON to the gateway.
    Post(Post),
    /// Ask the gateway by `GET`.
    Get {
        /// Names the answer.
        id: u32,
        /// The path.
        path: &'static str,
    },
    /// Show a page of the gateway in a window.
    Show {
        /// Names the answer.
        id: u32,
        /// The path, with parameters.
        path: String,
    },
    /// Tell the app.
    Event(Event),
    /// Answer whoever gave that order or signed in.
    Reply {
        /// The number that they got.
        id: u32,
        /// The gateway's answer; the agent for signing in.
        result: Result<Value, Error>,
    },
    /// Keep a refresh token, or forget the one that is kept.
    Remember(Option<String>),
}

/// JSON to send by `POST`. It holds secrets, so it has no `Debug`.
pub struct Post {
    /// Names the answer.
    pub id: u32,
    /// The path.
    pub path: &'static str,
    /// The JSON.
    pub body: Value,
}

impl Client {
    /// A machine that has signed nobody in. The capabilities are what the app is built for; what the gateway does not claim
    /// too is gone after the welcome. `seed` makes its waits differ from those of others.
    #[must_use]
    pub fn new(capabilities: Capabilities, seed: u64) -> Self {
        Self {
            capabilities,
            configured: capabilities,
            asks_how: capabilities.sign_in() == SignInMethod::None,
            time: Steady::default(),
            ahead: 0.0,
            chance: Backoff::new(seed),
            link: Link::Down,
            session: None,
            refreshing: None,
            refresh_failed: false,
            sign_in: None,
            requests: Requests::default(),
            inbox: Inbox::default(),
            agent: Value::Null,
            is_lost: false,
            next_id: 0,
            outputs: Vec::new(),
        }
    }

    /// What the line can do.
    #[must_use]
    pub const fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        if self.outputs.is_empty() { None } else { Some(self.outputs.remove(0)) }
    }

    /// Signs an agent in, by credentials or by the refresh token that was kept. The number returned is that of the
    /// [`Reply`](Output::Reply).
    pub fn sign_in(&mut self, now: Timestamp, credentials: Credentials, remembered: Option<String>) -> u32 {
        let now = self.time.read(now);
        let id = self.begin_sign_in();
        let mut sign_in = SignIn { id, expires: now + SIGN_IN_PATIENCE, post: None, step: Step::Tokens };
        match credentials {
            Credentials::Password { name, password } => {
                let body = Object::new().with("name", name).with("password", password).into();
                let post = self.post("/api/session", body);
                sign_in.post = Some(post);
            }
            Credentials::None if matches!(self.link, Link::Online { .. }) => {
                self.push(Output::Reply { id, result: Ok(self.agent.clone()) });
                return id;
            }
            Credentials::None => {
                if self.session.is_none() {
                    let Some(token) = remembered else {
                        self.nobody_is_signed_in(now, id);
                        return id;
                    };
                    self.session = Some(Session::remembered(token, now));
                }
                self.connect(now);
            }
            Credentials::Redirect => {
                // Without a secret there is no such sign-in: see `sign_in_elsewhere`.
                self.refuse_sign_in(id, ErrorKind::NotSignedIn);
                return id;
            }
        }
        self.sign_in = Some(sign_in);
        id
    }

    /// Signs an agent in by the provider's page in a window. `random` is what nobody can guess, if there is such a thing here. The number
    /// returned is that of the [`Reply`](Output::Reply).
    pub fn sign_in_elsewhere(&mut self, now: Timestamp, random: Option<[u8; 32]>) -> u32 {
        let now = self.time.read(now);
        let id = self.begin_sign_in();
        let Some(random) = random else {
            self.refuse_sign_in(id, ErrorKind::NotSignedIn);
            return id;
        };
        let verifier = Verifier::new(&random);
        let post = self.take_id();
        let path = ["/auth/oidc/start?challenge=", &verifier.challenge()].concat();
        self.push(Output::Show { id: post, path });
        let step = Step::Window(verifier);
        self.sign_in = Some(SignIn { id, expires: now + WINDOW_PATIENCE, post: Some(post), step });
        id
    }

    /// Gives an order. The number returned is that of the [`Reply`](Output::Reply).
    pub fn order(&mut self, now: Timestamp, order: Order) -> u32 {
        let now = self.time.read(now);
        let id = self.take_id();
        let is_online = matches!(self.link, Link::Online { .. });
        let operation = order.operation;
        let refused = if !self.capabilities.supports(operation) {
            ErrorKind::Unsupported
        } else if self.session.is_none() || (self.sign_in.is_some() && !is_online) {
            ErrorKind::NotSignedIn
        } else if !is_online {
            ErrorKind::Unreachable
        } else {
            let message = self.requests.open(now, id, order);
            self.push(Output::Send(message));
            return id;
        };
        let is_done = operation == Operation::SignOut && refused == ErrorKind::NotSignedIn;
        let result = if is_done { Ok(Value::Null) } else { Err(Error::new(refused, operation)) };
        self.push(Output::Reply { id, result });
        id
    }

    /// The socket is open.
    pub fn handle_opened(&mut self, now: Timestamp) {
        self.time.read(now);
        if let (Link::Opening { is_open, .. }, Some(session)) = (&mut self.link, &self.session) {
            *is_open = true;
            let hello = wire::hello(session.access(), self.inbox.resume());
            self.push(Output::Send(hello));
        }
    }

    /// The socket is closed, or could not be opened.
    pub fn handle_closed(&mut self, now: Timestamp) {
        let now = self.time.read(now);
        self.lose(now);
    }

    /// The gateway said something. What makes no sense is ignored.
    pub fn handle_message(&mut self, now: Timestamp, message: &Value) {
        if let Some(theirs) = wire::time_of_welcome(message) {
            let ahead = Value::from(now).as_number().unwrap_or(theirs) - theirs;
            self.ahead = if ahead.abs() < SAME_TIME { 0.0 } else { ahead };
        }
        let now = self.time.read(now);
        let message = &wire::by_clock(message, self.ahead);
        let kind = wire::text(message, "type").unwrap_or_default();
        match &mut self.link {
            Link::Opening { is_open: true, .. } => match kind {
                "welcome" => self.welcome(now, message),
                "signed_out" => self.refused_hello(now, wire::signed_out(message)),
                _ => {}
            },
            Link::Online { dead_at, .. } => {
                *dead_at = None;
                match kind {
                    "event" => self.take_event(message),
                    "reply" => self.take_reply(now, message),
                    "pong" if self.is_lost => {
                        self.is_lost = false;
                        self.emit(Event::Connection(Connection::Restored));
                    }
                    "signed_out" => self.end_session(now, wire::signed_out(message)),
                    _ => {}
                }
            }
            Link::Leaving { .. } if kind == "event" => self.take_event(message),
            _ => {}
        }
    }

    /// A request was answered, with a status and JSON, or was not.
    pub fn handle_response(&mut self, now: Timestamp, post: u32, response: Option<(u16, Value)>) {
        let now = self.time.read(now);
        let (status, answer) = response.unwrap_or_default();
        let tokens = if status == 200 { Session::read(now, &answer, &mut self.chance) } else { None };
        if self.refreshing.is_some_and(|(id, _)| id == post) {
            self.refreshing = None;
            match (tokens, status) {
                (Some(tokens), _) => self.renew(now, tokens),
                (None, 400 | 401) => self.end_session(now, SignedOutReason::Expired),
                (None, _) => self.postpone(now),
            }
        } else if let Some(sign_in) = self.sign_in.take_if(|sign_in| sign_in.post == Some(post)) {
            self.go_on_with_sign_in(now, sign_in, tokens, status, &answer);
        }
    }

    /// The browser or the system says that the network came or went. It may be wrong, so this only makes sure sooner.
    pub fn handle_network(&mut self, now: Timestamp, is_there: bool) {
        let now = self.time.read(now);
        match &mut self.link {
            Link::Waiting { until } if is_there && self.refreshing.is_none() => {
                *until = (*until).min(now + self.chance.shortest());
            }
            Link::Online { .. } => self.ping(now),
            _ => {}
        }
    }

    /// Lets time pass.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        let now = self.time.read(now);
        while let Some(request) = self.requests.expired(now) {
            self.push(Output::Reply { id: request.id, result: Err(request.lost()) });
        }
        if let Some(sign_in) = self.sign_in.take_if(|sign_in| sign_in.expires <= now) {
            if sign_in.post.is_none() {
                self.session = None;
                self.refreshing = None;
                self.hang_up();
            }
            self.refuse_sign_in(sign_in.id, ErrorKind::Unreachable);
        }
        match self.link {
            Link::Waiting { until } if until <= now => self.connect(now),
            Link::Opening { until, .. } if until <= now => self.lose(now),
            Link::Leaving { until } if until <= now => self.hang_up(),
            Link::Online { dead_at: Some(dead_at), .. } if dead_at <= now => self.lose(now),
            Link::Online { ping_at, .. } => {
                if ping_at <= now {
                    self.ping(now);
                }
                if self.session.as_ref().is_some_and(|session| session.due() <= now) {
                    self.refresh(now);
                }
            }
            _ => {}
        }
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        let mut due = self.requests.next_expiry();
        let mut at = |time: Timestamp| due = Some(due.map_or(time, |due| due.min(time)));
        match self.link {
            Link::Down => {}
            Link::Waiting { until } | Link::Opening { until, .. } | Link::Leaving { until } => at(until),
            Link::Online { ping_at, dead_at, .. } => {
                at(dead_at.map_or(ping_at, |dead_at| dead_at.min(ping_at)));
                match (self.refreshing, &self.session) {
                    (Some((_, lost_at)), _) => at(lost_at),
                    (None, Some(session)) => at(session.due()),
                    (None, None) => {}
                }
            }
        }
        if let Some(sign_in) = &self.sign_in {
            at(sign_in.expires);
        }
        due.map(|due| self.time.on_clock(due))
    }
}
