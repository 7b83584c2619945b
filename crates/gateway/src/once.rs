//! What can be taken once, and soon.

use cordboard::Timestamp;
use cordboard::platform::Lock;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

/// Some megabytes. Who is the oldest of so many has been gone for long.
const MOST: usize = 10_000;

/// How long somebody may take on another site's pages.
pub(crate) const ATTEMPT: Duration = Duration::from_secs(10 * 60);
/// Attempts that may begin at once, and then each second. In [`ATTEMPT`] fewer begin than can wait, so who floods the page where they begin
/// takes the place of nobody who is on the other site's.
const BURST: NonZeroU32 = NonZeroU32::new(200).expect("it is not zero");
const PER_SECOND: NonZeroU32 = NonZeroU32::new(10).expect("it is not zero");

/// Those who were sent to another site and are to come back.
pub(crate) struct Attempts<T> {
    starts: DefaultDirectRateLimiter,
    pub(crate) away: Once<T>,
}

impl<T> Default for Attempts<T> {
    fn default() -> Self {
        let starts = RateLimiter::direct(Quota::per_second(PER_SECOND).allow_burst(BURST));
        Self { starts, away: Once::new(ATTEMPT) }
    }
}

impl<T> Attempts<T> {
    /// Whether another one may begin.
    pub(crate) fn admits(&self) -> bool {
        self.starts.check().is_ok()
    }
}

/// Things that wait for whoever knows their names, which nobody can guess. They live in memory: after a restart people begin anew.
pub(crate) struct Once<T> {
    lives: Duration,
    /// By the hashes of their names, so that the time which a look-up takes says nothing of a name.
    waiting: Lock<BTreeMap<[u8; 32], (Timestamp, T)>>,
}

impl<T> Once<T> {
    pub(crate) fn new(lives: Duration) -> Self {
        Self { lives, waiting: Lock::default() }
    }

    /// Lets something wait.
    pub(crate) fn put(&self, now: Timestamp, name: &str, what: T) {
        let mut waiting = self.waiting.lock();
        waiting.retain(|_, (until, _)| *until > now);
        if waiting.len() >= MOST
            && let Some(oldest) = waiting.iter().min_by_key(|(_, (until, _))| *until).map(|(key, _)| *key)
        {
            waiting.remove(&oldest);
        }
        waiting.insert(hash(name), (now + self.lives, what));
    }

    /// Takes it away.
    pub(crate) fn take(&self, now: Timestamp, name: &str) -> Option<T> {
        let (until, what) = self.waiting.lock().remove(&hash(name))?;
        (until > now).then_some(what)
    }
}

fn hash(name: &str) -> [u8; 32] {
    Sha256::digest(name.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn it_is_there_once_and_not_for_long() {
        let once = Once::new(Duration::from_millis(100));
        once.put(at(0), "first", 1);
        once.put(at(0), "second", 2);
        assert_eq!(once.take(at(99), "first"), Some(1));
        assert_eq!(once.take(at(99), "first"), None);
        assert_eq!(once.take(at(100), "second"), None);
        assert_eq!(once.take(at(1), ""), None);
    }

    #[test]
    fn the_oldest_makes_room() {
        let once = Once::new(Duration::from_secs(1_000));
        for index in 0..=MOST {
            once.put(at(index.min(2) as u64), &index.to_string(), index);
        }
        assert_eq!(once.take(at(3), "0"), None);
        assert_eq!(once.take(at(3), "1"), Some(1));
    }
}
