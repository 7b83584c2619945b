use crate::line::Shared;
use cordboard::Value;
use cordboard::platform::{Lock, MaybeSend, MaybeSync};
use cordboard::telephony::{CallId, Digits, Error};
use std::sync::{Arc, Weak};

/// How to reach a gateway.
pub trait Transport: MaybeSend + MaybeSync {
    /// Opens a socket, with that address and subprotocol. Its ears must not be called before this returns. `None` if it can't even be tried.
    fn open(&self, url: &str, protocol: &str, ears: Ears) -> Option<Box<dyn Socket>>;

    /// Sends JSON by `POST`, follows no redirect, and answers in every case: after 8 s at the latest that nothing came. A gateway
    /// forgives a refresh whose answer was lost for 10 s.
    fn post(&self, url: &str, body: Value, answer: Answer);

    /// As [`post`](Self::post), by `GET`.
    fn get(&self, url: &str, answer: Answer);

    /// Opens a page of the gateway in a window, in the place of the one before, and answers with what it says, with status 200. Answers,
    /// but not before this returns, that nothing came when the window is closed, or if there are no windows here. The gateway wants
    /// to know to which origin the page may speak, as one more parameter of the address: `origin`.
    fn show(&self, url: &str, answer: Answer);

    /// Bytes that nobody can guess; `None` if there are none.
    fn random(&self) -> Option<[u8; 32]>;
}

/// A socket. Dropping it closes it, once what was sent is on its way.
pub trait Socket: MaybeSend {
    /// Sends a message.
    fn send(&self, message: &Value);
}

/// Presses keys in the place of the gateway, such as in the agent's own audio.
pub trait Keys: MaybeSend + MaybeSync {
    /// Presses them in a call.
    ///
    /// # Errors
    /// [`NoSuchCall`](cordboard::telephony::ErrorKind::NoSuchCall) when it is not heard there.
    fn press(&self, call: &CallId, digits: &Digits) -> Result<(), Error>;
}

/// Where what is heard of a socket goes. Of a socket that has been replaced nothing is heard.
#[derive(Clone)]
pub struct Ears {
    line: Weak<Shared>,
    socket: u32,
}

impl Ears {
    pub(crate) const fn new(line: Weak<Shared>, socket: u32) -> Self {
        Self { line, socket }
    }

    /// It is open.
    pub fn opened(&self) {
        if let Some(line) = self.line.upgrade() {
            line.hear(self.socket, |client, now| client.handle_opened(now));
        }
    }

    /// The gateway sent this; `Null` if it can't be read.
    pub fn message(&self, message: &Value) {
        if let Some(line) = self.line.upgrade() {
            line.hear(self.socket, |client, now| client.handle_message(now, message));
        }
    }

    /// It is closed, or could not be opened. Nothing follows.
    pub fn closed(&self) {
        if let Some(line) = self.line.upgrade() {
            line.hear(self.socket, |client, now| client.handle_closed(now));
        }
    }
}

/// Where the answer to a request goes.
pub struct Answer {
    line: Weak<Shared>,
    post: u32,
}

impl Answer {
    pub(crate) const fn new(line: Weak<Shared>, post: u32) -> Self {
        Self { line, post }
    }

    /// Gives the status and the JSON, `Null` if there was none; `None` if no answer came.
    pub fn give(self, response: Option<(u16, Value)>) {
        if let Some(line) = self.line.upgrade() {
            line.drive(|client, now| client.handle_response(now, self.post, response));
        }
    }
}

/// Where the refresh token is kept while no line holds it, so that an agent stays signed in.
pub trait TokenStore: MaybeSend + MaybeSync {
    /// The token that was kept.
    fn load(&self) -> Option<String>;

    /// Keeps a token in the place of the one before; `None` forgets it. It must not call the line.
    fn save(&self, token: Option<&str>);
}

/// Keeps the token in memory, for all lines that have a clone of this.
#[derive(Clone, Default)]
pub struct MemoryTokens(Arc<Lock<Option<String>>>);

impl TokenStore for MemoryTokens {
    fn load(&self) -> Option<String> {
        self.0.lock().clone()
    }

    fn save(&self, token: Option<&str>) {
        *self.0.lock() = token.map(str::to_owned);
    }
}
