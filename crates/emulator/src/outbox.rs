//! Requests to the account's own server: late, out of order, more than once.

use crate::random::Random;
use cordboard::Timestamp;
use core::fmt;
use core::time::Duration;
use http::Request;
use std::collections::{BTreeMap, BTreeSet};

/// How long a provider waits before it repeats a request that failed, here.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A request to the account's server.
pub struct Callback {
    /// What its answer is handed back with.
    pub id: CallbackId,
    /// When it is sent.
    pub at: Timestamp,
    /// Whether a call waits for the answer, which says what it does next.
    pub awaits_document: bool,
    /// The request, signed.
    pub request: Request<Vec<u8>>,
}

/// A callback, or a repetition of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallbackId(u64);

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback")
            .field("id", &self.id)
            .field("awaits_document", &self.awaits_document)
            .finish_non_exhaustive()
    }
}

/// Why a callback was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// There was no connection.
    Connect,
    /// The answer did not come in time.
    Read,
}

/// What happens to callbacks on their way. What a call waits for is not touched by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Disturbance {
    /// Each is late by up to that time, each by another: so they arrive in any order.
    pub delay: Duration,
    /// So many of a hundred arrive twice.
    pub repeats: u8,
}

/// Whether a call waits for a callback's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// It only tells: it may be late, and come twice.
    Report,
    /// A call waits for it.
    Document,
}

/// What is on its way to the account's server: letters of whatever kind the provider writes.
pub struct Outbox<L> {
    due: BTreeSet<(Timestamp, CallbackId)>,
    pending: BTreeMap<CallbackId, Pending<L>>,
    next: u64,
    latency: Duration,
    disturbance: Disturbance,
}

struct Pending<L> {
    letter: L,
    tries: u8,
    sent: bool,
}

impl<L: Clone> Outbox<L> {
    /// Nothing is on its way; what will be takes that long.
    #[must_use]
    pub const fn new(latency: Duration) -> Self {
        let disturbance = Disturbance { delay: Duration::ZERO, repeats: 0 };
        Self { due: BTreeSet::new(), pending: BTreeMap::new(), next: 0, latency, disturbance }
    }

    /// What happens to callbacks from now on.
    pub const fn disturb(&mut self, disturbance: Disturbance) {
        self.disturbance = disturbance;
    }

    /// Sends a letter, as often as `tries` if it fails. Returns when it goes out, undisturbed.
    pub fn push(
        &mut self,
        now: Timestamp,
        random: &mut Random,
        letter: &L,
        urgency: Urgency,
        tries: u8,
    ) -> (CallbackId, Timestamp) {
        let mut at = now + self.latency;
        let Disturbance { delay, repeats } = self.disturbance;
        let mut copies = 1;
        if urgency == Urgency::Report {
            let millis = u64::try_from(delay.as_millis()).unwrap_or(0);
            at = at + Duration::from_millis(random.next() % (millis + 1));
            if random.next() % 100 < u64::from(repeats) {
                copies = 2;
            }
        }
        let mut id = CallbackId(0);
        for copy in 0..copies {
            id = CallbackId(self.next);
            self.next += 1;
            self.pending.insert(id, Pending { letter: letter.clone(), tries, sent: false });
            self.due.insert((at + delay * copy, id));
        }
        (id, at)
    }

    /// When the next one goes out.
    #[must_use]
    pub fn next_at(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }

    /// The next one that goes out by now.
    pub fn pop(&mut self, now: Timestamp) -> Option<(CallbackId, Timestamp, &L)> {
        let (at, id) = *self.due.first().filter(|(at, _)| *at <= now)?;
        self.due.remove(&(at, id));
        let pending = self.pending.get_mut(&id)?;
        pending.sent = true;
        Some((id, at, &pending.letter))
    }

    /// Takes a callback's answer. `None` if nothing waits for it, or it is tried again, if that `failed`.
    pub fn answered(&mut self, now: Timestamp, id: CallbackId, failed: impl FnOnce(&L) -> bool) -> Option<L> {
        let pending = self.pending.get_mut(&id).filter(|pending| pending.sent)?;
        if pending.tries > 1 && failed(&pending.letter) {
            pending.tries -= 1;
            pending.sent = false;
            self.due.insert((now + RETRY_AFTER, id));
            return None;
        }
        self.forget(id)
    }

    /// Forgets a callback that nobody waits for any more.
    pub fn forget(&mut self, id: CallbackId) -> Option<L> {
        self.due.retain(|(_, known)| *known != id);
        self.pending.remove(&id).map(|pending| pending.letter)
    }
}
