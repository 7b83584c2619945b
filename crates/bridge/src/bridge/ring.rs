use super::fact::Goes;
use cordboard::Timestamp;
use std::time::Duration;

/// An inbound call that rings.
#[derive(Debug)]
pub(super) struct Ring {
    pub(super) otherwise: Goes,
    pub(super) timed_out: bool,
    /// Until when it rings, or when to look at the time again.
    pub(super) due: Timestamp,
}

impl Ring {
    pub(super) fn new(until: Timestamp, otherwise: Goes) -> Self {
        Self { otherwise, timed_out: false, due: until }
    }
}

/// A call whose agent's leg was lost. The customer waits in the room.
#[derive(Debug)]
pub(super) struct Lost {
    /// Until when the customer waits.
    pub(super) until: Timestamp,
    /// When the agent is called again; never while a leg is on its way.
    pub(super) next: Option<Timestamp>,
    delay: Duration,
}

/// A call of which something is not known, or not done.
#[derive(Debug)]
pub(super) struct Doubt {
    /// When the provider is asked.
    pub(super) next: Timestamp,
    delay: Duration,
}

/// An order has its answer by then, as a rule.
const FIRST_LOOK: Duration = Duration::from_secs(4);
const LONGEST_DOUBT: Duration = Duration::from_secs(60);

impl Doubt {
    pub(super) fn new(at: Timestamp) -> Self {
        Self { next: at + FIRST_LOOK, delay: FIRST_LOOK }
    }

    /// Plans the next time.
    pub(super) fn put_off(&mut self, now: Timestamp) {
        self.delay = (self.delay * 3 / 2).min(LONGEST_DOUBT);
        self.next = now + self.delay;
    }
}

/// A browser that is being reloaded is ready again after a second or two.
const FIRST_DELAY: Duration = Duration::from_millis(700);
const LAST_DELAY: Duration = Duration::from_secs(4);

impl Lost {
    pub(super) fn new(at: Timestamp, within: Duration) -> Self {
        Self { until: at + within, next: None, delay: FIRST_DELAY }
    }

    /// Plans the next attempt.
    pub(super) fn plan(&mut self, at: Timestamp) {
        self.next = Some(at + self.delay);
        self.delay = (self.delay * 3 / 2).min(LAST_DELAY);
    }

    /// The agent's browser says that it is there, and will be ready soon.
    pub(super) fn hasten(&mut self, now: Timestamp) {
        self.delay = FIRST_DELAY;
        self.next = self.next.map(|next| next.min(now + FIRST_DELAY));
    }
}
