//! How any provider's cloud lives, and what it lives by.

use crate::fault::{Answer, Faults};
use crate::outbox::{Callback, CallbackId, Outbox, Unanswered};
use crate::random::Random;
use crate::timers::Timers;
use cordboard::Timestamp;
use core::time::Duration;
use http::{Request, Response};

/// What every cloud has, whatever its provider: its time, what is due, what is on its way, and what a test did to it.
pub struct Basis<T, L> {
    /// Its time, which never goes back.
    pub now: Timestamp,
    /// Makes identifiers and disturbances.
    pub random: Random,
    /// What happens later.
    pub timers: Timers<T>,
    /// What is on its way to the account's server.
    pub outbox: Outbox<L>,
    /// Requests that will be answered wrongly.
    pub faults: Faults,
    /// What was wrong with the server's answers.
    pub warnings: Vec<String>,
    made: u64,
}

impl<T, L: Clone> Basis<T, L> {
    /// Nothing has happened yet. A callback takes that long.
    #[must_use]
    pub fn new(callback_latency: Duration, seed: u64) -> Self {
        Self {
            now: Timestamp::default(),
            random: Random::new(seed),
            timers: Timers::default(),
            outbox: Outbox::new(callback_latency),
            faults: Faults::default(),
            warnings: Vec::new(),
            made: 0,
        }
    }

    /// Plans what happens after that time.
    pub fn later(&mut self, after: Duration, timer: T) {
        self.timers.plan(self.now + after, timer);
    }

    /// Notes something that was wrong.
    pub fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    /// The place of what is made now among all that was made, for lists.
    pub const fn next_ordinal(&mut self) -> u64 {
        self.made += 1;
        self.made
    }
}

/// A provider's cloud, without I/O: requests in, answers out, callbacks and signals polled.
///
/// The time is an argument everywhere, and may be virtual. After every call of a method that takes it, drain
/// [`poll_callback`](Self::poll_callback) and [`poll_signal`](Self::poll_signal), and call
/// [`handle_timeout`](Self::handle_timeout) when [`poll_timeout`](Self::poll_timeout) says.
///
/// A provider says what is its own, up to `poll_signal`. The rest is the same for all.
pub trait Emulated: Send + 'static {
    /// What browsers are told.
    type Signal: Send;
    /// What happens later.
    type Timer;
    /// What is sent to the account's server, before it is signed.
    type Letter: Clone;

    /// What it lives by.
    fn basis(&self) -> &Basis<Self::Timer, Self::Letter>;

    /// What it lives by, to change it.
    fn basis_mut(&mut self) -> &mut Basis<Self::Timer, Self::Letter>;

    /// Lets something happen that is due.
    fn happen(&mut self, timer: Self::Timer);

    /// Does what a request asks for.
    fn answer(&mut self, request: &Request<Vec<u8>>) -> Response<Vec<u8>>;

    /// The provider's own error with that status.
    fn error(status: u16) -> Response<Vec<u8>>;

    /// A letter as it is sent at that time, and whether a call waits for the answer.
    fn signed(&self, letter: &Self::Letter, at: Timestamp) -> (Request<Vec<u8>>, bool);

    /// Whether a letter is tried again, if it may be, after an answer with that status.
    fn is_failure(letter: &Self::Letter, status: Result<u16, Unanswered>) -> bool;

    /// Takes the last answer to a letter.
    fn answered(&mut self, letter: Self::Letter, response: Result<Response<Vec<u8>>, Unanswered>);

    /// What a browser is told next.
    fn poll_signal(&mut self) -> Option<Self::Signal>;

    /// Answers a request. `None` is the answer of a network that lost the request or its reply.
    fn handle_request(&mut self, now: Timestamp, request: &Request<Vec<u8>>) -> Option<Response<Vec<u8>>> {
        self.handle_timeout(now);
        let Some(fault) = self.basis_mut().faults.take(request) else { return Some(self.answer(request)) };
        let truth = fault.carried_out.then(|| self.answer(request));
        match (fault.answer, fault.answer.error()) {
            (Answer::Truth, _) => truth,
            (_, Some(status)) => Some(Self::error(status)),
            (answer, None) => answer.page(),
        }
    }

    /// The next request to the account's server that is due.
    fn poll_callback(&mut self) -> Option<Callback> {
        let basis = self.basis_mut();
        let (id, at, letter) = basis.outbox.pop(basis.now)?;
        let letter = letter.clone();
        let (request, awaits_document) = self.signed(&letter, at);
        Some(Callback { id, at, awaits_document, request })
    }

    /// Takes the answer to a callback.
    fn handle_callback_response(
        &mut self,
        now: Timestamp,
        id: CallbackId,
        response: Result<Response<Vec<u8>>, Unanswered>,
    ) {
        self.handle_timeout(now);
        let status = response.as_ref().map(|response| response.status().as_u16()).map_err(|failure| *failure);
        let basis = self.basis_mut();
        let letter = basis.outbox.answered(basis.now, id, |letter| Self::is_failure(letter, status));
        if let Some(letter) = letter {
            self.answered(letter, response);
        }
    }

    /// When something happens by itself, or a callback is due.
    fn poll_timeout(&self) -> Option<Timestamp> {
        let Basis { timers, outbox, .. } = self.basis();
        timers.next_at().into_iter().chain(outbox.next_at()).min()
    }

    /// Lets everything happen that is due, each at its time.
    fn handle_timeout(&mut self, now: Timestamp) {
        while let Some((at, timer)) = self.basis_mut().timers.pop(now) {
            self.advance(at);
            self.happen(timer);
        }
        self.advance(now);
    }

    /// Lets the time be no less than that.
    #[doc(hidden)]
    fn advance(&mut self, to: Timestamp) {
        let basis = self.basis_mut();
        basis.now = basis.now.max(to);
    }
}
