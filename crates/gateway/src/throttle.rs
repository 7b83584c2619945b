//! Slows down who guesses passwords.

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;

/// At once; then one each second. A person who mistypes does not notice, and a million guesses take eleven days.
const BURST: NonZeroU32 = NonZeroU32::new(20).expect("it is not zero");
const PER_SECOND: NonZeroU32 = NonZeroU32::new(1).expect("it is not zero");
/// So many names are remembered before those are forgotten that have waited long enough.
const NAMES: usize = 10_000;

/// Counts attempts to sign in by the name that is given.
pub(crate) struct Throttle(DefaultKeyedRateLimiter<String>);

impl Default for Throttle {
    fn default() -> Self {
        Self(RateLimiter::keyed(Quota::per_second(PER_SECOND).allow_burst(BURST)))
    }
}

impl Throttle {
    /// Whether another attempt is allowed.
    pub(crate) fn admits(&self, name: &str) -> bool {
        if self.0.len() > NAMES {
            self.0.retain_recent();
        }
        // A long name is a wrong one, and need not be kept whole.
        let key: String = name.chars().take(64).collect();
        self.0.check_key(&key).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_does_not_slow_another() {
        let throttle = Throttle::default();
        let admitted = (0..100).filter(|_| throttle.admits("alex")).count();
        assert!((20..25).contains(&admitted), "{admitted}");
        assert!(throttle.admits("blake"));
    }
}
