//! What emulators of voice providers have in common: a cloud in virtual time, and the same cloud as a server.
//!
//! - [`Timers`], [`Outbox`], [`Random`] and [`Faults`] are parts of a cloud without I/O or a clock: what happens later, what is
//!   on its way to the account's server, ids that a seed makes, requests that are answered wrongly.
//! - [`numbers`] are the telephones of that world, and how they behave.
//! - [`stage`] plays whole calls between a provider's backend and an emulated cloud.
//! - [`media`] is what is heard: browsers by WebRTC, telephones as tones.
//! - [`server`] runs an [`Emulated`] cloud in real time on this machine.

mod fault;
pub mod media;
pub mod numbers;
mod outbox;
mod random;
pub mod server;
pub mod stage;
mod timers;

pub use fault::{Answer, Fault, Faults};
pub use outbox::{Callback, CallbackId, Disturbance, Outbox, Unanswered, Urgency};
pub use random::Random;
pub use timers::Timers;

use cordboard::Timestamp;
use http::{Request, Response};
use std::collections::BTreeSet;

/// A provider's cloud, without I/O: requests in, answers out, callbacks and signals polled.
///
/// The time is an argument everywhere, and may be virtual. After every call of a method that takes it, drain
/// [`poll_callback`](Self::poll_callback) and [`poll_signal`](Self::poll_signal), and call
/// [`handle_timeout`](Self::handle_timeout) when [`poll_timeout`](Self::poll_timeout) says.
pub trait Emulated: Send + 'static {
    /// What browsers are told.
    type Signal: Send;

    /// Answers a request. `None` is the answer of a network that lost the request or its reply.
    fn handle_request(&mut self, now: Timestamp, request: &Request<Vec<u8>>) -> Option<Response<Vec<u8>>>;

    /// The next request to the account's server that is due.
    fn poll_callback(&mut self) -> Option<Callback>;

    /// Takes the answer to a callback.
    fn handle_callback_response(
        &mut self,
        now: Timestamp,
        id: CallbackId,
        response: Result<Response<Vec<u8>>, Unanswered>,
    );

    /// What a browser is told next.
    fn poll_signal(&mut self) -> Option<Self::Signal>;

    /// When something happens by itself, or a callback is due.
    fn poll_timeout(&self) -> Option<Timestamp>;

    /// Lets everything happen that is due, each at its time.
    fn handle_timeout(&mut self, now: Timestamp);
}

/// There is no such call, or it is in another state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSuchLeg;

/// What the far end of a leg hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hears {
    /// Nothing.
    Silence,
    /// Music: on hold, or alone in a conference.
    Music,
    /// That it rings at the other end.
    RingTone,
    /// Words or a file that is played.
    Speech,
    /// The far ends of these legs.
    Legs(BTreeSet<String>),
}
