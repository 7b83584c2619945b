//! What emulators of voice providers have in common: a cloud in virtual time, and the same cloud as a server.
//!
//! - [`Emulated`] is a cloud without I/O or a clock. It lives by a [`Basis`]: [`Timers`], an [`Outbox`], [`Random`] ids, [`Faults`].
//! - [`FarEnd`] and [`ClientScript`] say who is at the other end of its legs.
//! - [`numbers`] are the telephones of that world, and how they behave.
//! - [`stage`] plays whole calls between a provider's backend and an emulated cloud.
//! - [`media`] is what is heard: browsers by WebRTC, telephones as tones.
//! - [`server`] runs an [`Emulated`] cloud in real time on this machine.

mod cloud;
mod fault;
pub mod media;
pub mod numbers;
mod outbox;
mod random;
pub mod server;
pub mod stage;
mod timers;

pub use cloud::{Basis, Emulated};
pub use fault::{Answer, Fault, Faults};
pub use outbox::{Callback, CallbackId, Disturbance, Outbox, Unanswered, Urgency};
pub use random::Random;
pub use timers::Timers;

use core::time::Duration;
use numbers::Script;
use std::collections::BTreeSet;

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

/// Who is at the other end of a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FarEnd {
    /// A telephone that behaves as its number says.
    Phone(Script),
    /// Somebody who calls in, and waits.
    Caller,
    /// A user of a voice SDK.
    Client {
        /// Whether a browser carries the leg, or a test in its place. If none does, the [`ClientScript`] says what the user does.
        is_browser: bool,
    },
    /// Another leg: a call to one of the account's own numbers comes in on it.
    Leg(String),
}

impl FarEnd {
    /// Whether a browser carries the leg.
    #[must_use]
    pub const fn is_browser(&self) -> bool {
        matches!(self, Self::Client { is_browser: true })
    }
}

/// What a user does who has no browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientScript {
    /// Accepts after that time.
    Accepts(Duration),
    /// Rejects after that time.
    Rejects(Duration),
    /// Rings, and nobody takes it.
    Ignores,
    /// Is not there.
    Absent,
}

/// What happens to a leg by itself, as the far end's script says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// It rings.
    Rings,
    /// The far end answers or does not.
    Settles,
    /// Nobody answered in time.
    TimesOut,
    /// The far end ends it.
    Leaves,
}

/// What was made first comes first.
pub fn oldest_first<'a, T>(all: impl IntoIterator<Item = &'a T>, ordinal: impl Fn(&T) -> u64) -> Vec<&'a T> {
    let mut all: Vec<_> = all.into_iter().collect();
    all.sort_by_key(|one| ordinal(one));
    all
}
