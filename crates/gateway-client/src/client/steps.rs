//! What follows from what happened.

use super::{
    Client, LEAVING_PATIENCE, Link, Output, PING_EVERY, PONG_PATIENCE, Post, REFRESH_PATIENCE, SIGN_IN_PATIENCE,
    STABLE, SignIn, Step, WELCOME_PATIENCE,
};
use crate::session::Session;
use crate::wire;
use cordboard::telephony::{Connection, Error, ErrorKind, Event, Operation, SignedOutReason};
use cordboard::{Object, Timestamp, Value};

impl Client {
    /// A number for who signs in, in the place of whoever tried before.
    pub(super) fn begin_sign_in(&mut self) -> u32 {
        let id = self.take_id();
        if let Some(before) = self.sign_in.take() {
            self.refuse_sign_in(before.id, ErrorKind::NotSignedIn);
        }
        id
    }

    /// Answers that nobody is signed in, once it is known how one signs in.
    pub(super) fn nobody_is_signed_in(&mut self, now: Timestamp, id: u32) {
        if !self.asks_how {
            return self.refuse_sign_in(id, ErrorKind::NotSignedIn);
        }
        let post = self.take_id();
        self.push(Output::Get { id: post, path: "/api/sign-in" });
        self.sign_in = Some(SignIn { id, expires: now + SIGN_IN_PATIENCE, post: Some(post), step: Step::How });
    }

    /// What was on its way for a sign-in was answered.
    pub(super) fn go_on_with_sign_in(
        &mut self,
        now: Timestamp,
        mut sign_in: SignIn,
        tokens: Option<Session>,
        status: u16,
        answer: &Value,
    ) {
        match (&sign_in.step, tokens) {
            (Step::Tokens, Some(tokens)) => {
                sign_in.post = None;
                self.sign_in = Some(sign_in);
                return self.replace(now, tokens);
            }
            (Step::Window(verifier), _) => {
                if let Some(code) = wire::text(answer, "code") {
                    let body = Object::new().with("code", code).with("verifier", verifier.as_str()).into();
                    sign_in.post = Some(self.post("/api/session/oidc", body));
                    sign_in.expires = now + SIGN_IN_PATIENCE;
                    sign_in.step = Step::Tokens;
                    self.sign_in = Some(sign_in);
                    return;
                }
            }
            (Step::How, _) => {
                if let Some(method) = wire::sign_in_method(answer) {
                    self.configured = self.configured.with_sign_in(method);
                    self.capabilities = self.capabilities.with_sign_in(method);
                }
            }
            (Step::Tokens, None) => {}
        }
        let unexplained = match (&sign_in.step, status) {
            (Step::Window(_), _) | (Step::How, 1..) => ErrorKind::NotSignedIn,
            (_, 0) => ErrorKind::Unreachable,
            (Step::Tokens, 401) => ErrorKind::BadCredentials,
            (Step::Tokens, _) => ErrorKind::Provider,
        };
        let refused = match answer.get("error") {
            Some(error) if !matches!(sign_in.step, Step::How) => wire::refusal(error, Operation::SignIn),
            _ => Error::new(unexplained, Operation::SignIn),
        };
        self.push(Output::Reply { id: sign_in.id, result: Err(refused) });
    }

    /// Opens a socket, or asks for the token that it needs.
    pub(super) fn connect(&mut self, now: Timestamp) {
        let Some(session) = &self.session else { return };
        if session.due() <= now {
            let until = self.refresh(now);
            self.link = Link::Waiting { until };
        } else {
            self.link = Link::Opening { until: now + WELCOME_PATIENCE, is_open: false };
            self.push(Output::Connect);
        }
    }

    /// Asks for new tokens, unless it was asked already. Returns when that counts as lost.
    pub(super) fn refresh(&mut self, now: Timestamp) -> Timestamp {
        if let Some((_, lost_at)) = self.refreshing.filter(|(_, lost_at)| *lost_at > now) {
            return lost_at;
        }
        let lost_at = now + REFRESH_PATIENCE;
        if let Some(session) = &self.session {
            let body = session.refresh_body();
            let post = self.post("/api/session/refresh", body);
            self.refreshing = Some((post, lost_at));
        }
        lost_at
    }

    /// New tokens for who is signed in.
    pub(super) fn renew(&mut self, now: Timestamp, tokens: Session) {
        self.keep(tokens);
        if matches!(self.link, Link::Waiting { .. }) {
            self.connect(now);
        }
    }

    /// No new tokens came. The old ones may still do. The first time it is asked again soon, however long the link has been failing: if
    /// only the answer was lost, the token is spent, and the gateway forgives that for 10 s.
    pub(super) fn postpone(&mut self, now: Timestamp) {
        let failed_before = core::mem::replace(&mut self.refresh_failed, true);
        let later = now + if failed_before { self.chance.next() } else { self.chance.shortest() };
        match (&mut self.link, &mut self.session) {
            (Link::Waiting { until }, _) => *until = later,
            (_, Some(session)) => session.set_due(later),
            _ => {}
        }
    }

    /// Somebody proved who they are. If it is somebody else than before, that session is over.
    pub(super) fn replace(&mut self, now: Timestamp, tokens: Session) {
        let is_other = self.session.as_ref().is_some_and(|session| session.is_of_other_agent(&tokens));
        if is_other {
            if matches!(self.link, Link::Online { .. }) {
                let order =
                    Object::new().with("type", "request").with("id", self.take_id()).with("operation", "sign_out");
                self.push(Output::Send(order.into()));
            }
            self.inbox.forget();
        }
        while let Some(request) = if is_other { self.requests.any() } else { self.requests.unrepeatable() } {
            self.push(Output::Reply { id: request.id, result: Err(request.lost()) });
        }
        self.refreshing = None;
        self.is_lost = false;
        self.keep(tokens);
        self.connect(now);
    }

    pub(super) fn keep(&mut self, tokens: Session) {
        self.refresh_failed = false;
        self.push(Output::Remember(Some(tokens.refresh().to_owned())));
        self.session = Some(tokens);
    }

    pub(super) fn welcome(&mut self, now: Timestamp, message: &Value) {
        self.link = Link::Online { since: now, ping_at: now + PING_EVERY, dead_at: None };
        self.capabilities = wire::capabilities(message, self.configured);
        self.agent = message.get("agent").cloned().unwrap_or_default();
        let is_resumed = self.inbox.begin(message);
        if let Some(sign_in) = self.sign_in.take_if(|sign_in| sign_in.post.is_none()) {
            // Who signs in reads the calls anyway.
            self.is_lost = false;
            self.push(Output::Reply { id: sign_in.id, result: Ok(self.agent.clone()) });
        } else if is_resumed {
            // What was missed comes before the pong, which says that the link is restored.
            self.ping(now);
        } else {
            self.emit(Event::Lagged { missed: 1 });
            if core::mem::take(&mut self.is_lost) {
                self.emit(Event::Connection(Connection::Restored));
            }
        }
        for message in self.requests.messages() {
            self.outputs.push(Output::Send(message.clone()));
        }
    }

    /// The gateway does not take the access token. If it only is too old, a new one helps.
    pub(super) fn refused_hello(&mut self, now: Timestamp, reason: SignedOutReason) {
        if reason == SignedOutReason::Expired {
            self.lose(now);
        } else {
            self.end_session(now, reason);
        }
    }

    pub(super) fn take_event(&mut self, message: &Value) {
        let taken = self.inbox.take(message);
        if taken.missed > 0 {
            self.emit(Event::Lagged { missed: taken.missed });
        }
        if let Some(event) = taken.event {
            self.emit(event);
        }
        if let Some(ack) = self.inbox.ack(false) {
            self.push(Output::Send(ack));
        }
    }

    pub(super) fn take_reply(&mut self, now: Timestamp, message: &Value) {
        let id = wire::number(message, "id").and_then(|id| u32::try_from(id).ok());
        let Some(request) = id.and_then(|id| self.requests.answered(id)) else { return };
        let result = match (message.get("result"), message.get("error")) {
            (_, Some(error)) => Err(wire::refusal(error, request.operation)),
            (Some(result), None) => Ok(result.clone()),
            (None, None) => Err(request.error(ErrorKind::Provider)),
        };
        let is_left = request.operation == Operation::SignOut && result.is_ok();
        self.push(Output::Reply { id: request.id, result });
        if is_left {
            self.leave(now);
        }
    }

    /// Says something that the gateway answers, and that its events up to here have been taken in.
    pub(super) fn ping(&mut self, now: Timestamp) {
        if let Link::Online { ping_at, dead_at, .. } = &mut self.link {
            *ping_at = now + PING_EVERY;
            dead_at.get_or_insert(now + PONG_PATIENCE);
            self.push(Output::Send(Object::new().with("type", "ping").into()));
            if let Some(ack) = self.inbox.ack(true) {
                self.push(Output::Send(ack));
            }
        }
    }

    /// The socket is gone. What was on its way waits for the next one if that is safe.
    pub(super) fn lose(&mut self, now: Timestamp) {
        match self.link {
            Link::Online { since, .. } => {
                if now.since(since) >= STABLE {
                    self.chance.reset();
                }
                if !core::mem::replace(&mut self.is_lost, true) {
                    self.emit(Event::Connection(Connection::Lost));
                }
                while let Some(request) = self.requests.unrepeatable() {
                    self.push(Output::Reply { id: request.id, result: Err(request.lost()) });
                }
            }
            Link::Opening { is_open, .. } => {
                if let Some(session) = self.session.as_mut().filter(|_| is_open) {
                    // The gateway may not have liked the token.
                    session.set_due(now);
                }
            }
            Link::Leaving { .. } => return self.hang_up(),
            Link::Down | Link::Waiting { .. } => return,
        }
        self.push(Output::Disconnect);
        self.link = Link::Waiting { until: now + self.chance.next() };
    }

    /// The session is over, and the agent did not ask for that, or it is not known whether the gateway heard them.
    pub(super) fn end_session(&mut self, now: Timestamp, reason: SignedOutReason) {
        let was_asked = self.requests.has(Operation::SignOut);
        let waiting = self.sign_in.take_if(|sign_in| sign_in.post.is_none());
        if waiting.is_none() && !was_asked {
            self.emit(Event::SignedOut(reason));
        }
        self.leave(now);
        if let Some(sign_in) = waiting {
            self.nobody_is_signed_in(now, sign_in.id);
        }
    }

    /// Nobody is signed in any more.
    pub(super) fn leave(&mut self, now: Timestamp) {
        while let Some(request) = self.requests.any() {
            let result = if request.operation == Operation::SignOut { Ok(Value::Null) } else { Err(request.lost()) };
            self.push(Output::Reply { id: request.id, result });
        }
        self.session = None;
        self.refreshing = None;
        self.is_lost = false;
        self.inbox.forget();
        self.push(Output::Remember(None));
        if matches!(self.link, Link::Online { .. }) {
            self.link = Link::Leaving { until: now + LEAVING_PATIENCE };
        } else {
            self.hang_up();
        }
    }

    /// Closes the socket, and opens none.
    pub(super) fn hang_up(&mut self) {
        self.inbox.forget();
        self.link = Link::Down;
        self.push(Output::Disconnect);
    }

    pub(super) fn refuse_sign_in(&mut self, id: u32, kind: ErrorKind) {
        self.push(Output::Reply { id, result: Err(Error::new(kind, Operation::SignIn)) });
    }

    pub(super) fn post(&mut self, path: &'static str, body: Value) -> u32 {
        let id = self.take_id();
        self.push(Output::Post(Post { id, path, body }));
        id
    }

    pub(super) fn take_id(&mut self) -> u32 {
        self.next_id = self.next_id.wrapping_add(1);
        self.next_id
    }

    pub(super) fn emit(&mut self, event: Event) {
        self.push(Output::Event(event));
    }

    pub(super) fn push(&mut self, output: Output) {
        self.outputs.push(output);
    }
}
