use crate::error::{Error, ErrorKind};
use std::time::Duration;

/// How often a request is sent again, and how long one waits for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// How often it is sent again at the most.
    pub most: u32,
    /// How long to wait the first time; then twice as long each time.
    pub first: Duration,
    /// For how long it is worth waiting. When HubSpot asks for more, the error says for how long.
    pub longest: Duration,
}

impl Default for Retries {
    /// For somebody who works in the background: about 20 seconds at the most for each wait.
    fn default() -> Self {
        Self { most: 3, first: Duration::from_millis(500), longest: Duration::from_secs(20) }
    }
}

impl Retries {
    /// Everything is sent once: whoever calls decides.
    pub const NONE: Self = Self { most: 0, first: Duration::ZERO, longest: Duration::ZERO };

    /// How long to wait before the `attempt`th repetition, from 1; `None` if there is to be none. `random` spreads those who were
    /// refused together.
    #[must_use]
    pub fn wait(&self, attempt: u32, error: &Error, random: u64) -> Option<Duration> {
        if attempt > self.most || !error.kind().is_retryable() {
            return None;
        }
        let asked = match error.kind() {
            ErrorKind::RateLimited { retry_after } | ErrorKind::Unavailable { retry_after } => retry_after,
            _ => None,
        };
        if asked.is_some_and(|asked| asked > self.longest) {
            return None;
        }
        let whole = self.first.saturating_mul(2_u32.saturating_pow(attempt - 1)).min(self.longest);
        // From half of it to the whole; after a time that HubSpot asked for.
        let percent = u32::try_from(50 + random % 51).unwrap_or(100);
        Some(asked.unwrap_or_default() + whole * percent / 100)
    }
}

/// A number that nobody expects, from a seed and a count (splitmix64).
pub(crate) const fn mix(seed: u64, count: u64) -> u64 {
    let mut z = seed.wrapping_add(count.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
