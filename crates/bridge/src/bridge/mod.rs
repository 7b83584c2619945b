//! Calls that are bridged in rooms: what any provider has in common that joins an agent and a customer in a named
//! conference.
//!
//! [`Bridge`] is pure: facts go in, events and actions come out, and time is in the facts. Its state is a fold over
//! [`Fact`]s, so the journal restores it, with the same events and sequences. A call is a room with its legs:
//!
//! ```text
//!            agent's leg            customer's leg
//!   dial     asked ── up ─────────► asked ── ringing ── up ── ended
//!   inbound  asked (on answer) ◄─── up (arrived)
//!   lost     ended ── asked again   up, waits in the room
//! ```
//!
//! After each fact `settle` looks at the legs as they are now and tells and does what is due,
//! each thing once. So facts may arrive in any order, and repeatedly.
//!
//! **An action that an order began is carried out by whoever took the order, and never from the journal**: its outcome
//! is looked up. What follows from other facts is [gated](Action::gate) by the journal, so that nobody is dialled twice, and
//! what ends or moves a leg is done late rather than never: it is tried again, after a crash as well, until it is settled.
//!
//! As long as something is not known or not settled, the machine asks for a [look-up](Output::LookUp), ever more seldom.

mod action;
mod call;
mod fact;
mod leg;
mod machine;
mod news;
mod orders;
mod ring;
mod settle;

pub(crate) use action::{Action, Gate};
pub use fact::{Change, Goes, RecordingFile};
pub(crate) use fact::{Fact, entry};
pub use leg::{Leg, LegEnd, LegStatus, Whom};
pub(crate) use machine::{Bridge, Limits, Output};
pub use machine::{Merge, Wanted, WantedLeg};
pub use news::News;
pub(crate) use orders::{Facts, Order};
