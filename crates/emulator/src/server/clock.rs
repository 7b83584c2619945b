use cordboard::Timestamp;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The machine's time. It is read here only.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    started: Timestamp,
}

impl Clock {
    /// Begins now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the driver reads the clock here")]
    pub fn new() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let started = Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(0));
        Self { start: Instant::now(), started }
    }

    /// For media.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the driver reads the clock here")]
    pub fn instant(self) -> Instant {
        Instant::now().max(self.start)
    }

    /// For the cloud. It never goes back.
    #[must_use]
    pub fn now(self) -> Timestamp {
        self.started + self.instant().duration_since(self.start)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}
