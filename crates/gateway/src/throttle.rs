//! Slows down who guesses passwords, and lets nobody queue for long.

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;
use tokio::sync::{Semaphore, SemaphorePermit};

/// At once; then one each second. A person who mistypes does not notice, and a million guesses take eleven days.
const BURST: NonZeroU32 = NonZeroU32::new(20).expect("it is not zero");
const PER_SECOND: NonZeroU32 = NonZeroU32::new(1).expect("it is not zero");
/// So many names are remembered before those are forgotten that have waited long enough.
const NAMES: usize = 10_000;
/// So many passwords are compared or wait for it, whatever their names: a second or two of argon2. Who comes then is told at once.
const AT_ONCE: usize = 64;

/// Counts attempts to sign in: by the name that is given, and those that are being made.
pub(crate) struct Throttle {
    names: DefaultKeyedRateLimiter<String>,
    places: Semaphore,
}

impl Default for Throttle {
    fn default() -> Self {
        let names = RateLimiter::keyed(Quota::per_second(PER_SECOND).allow_burst(BURST));
        Self { names, places: Semaphore::new(AT_ONCE) }
    }
}

impl Throttle {
    /// Allows another attempt, which is being made until the result is dropped; `None` if there were or are too many.
    pub(crate) fn admit(&self, name: &str) -> Option<SemaphorePermit<'_>> {
        // First, so that who finds no place has not guessed.
        let place = self.places.try_acquire().ok()?;
        if self.names.len() > NAMES {
            self.names.retain_recent();
        }
        // A long name is a wrong one, and need not be kept whole.
        let key: String = name.chars().take(64).collect();
        self.names.check_key(&key).is_ok().then_some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_does_not_slow_another() {
        let throttle = Throttle::default();
        let admitted = (0..100).filter(|_| throttle.admit("alex").is_some()).count();
        assert!((20..25).contains(&admitted), "{admitted}");
        assert!(throttle.admit("blake").is_some());
    }
}
