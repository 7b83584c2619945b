use core::time::Duration;

/// The shortest time before another attempt, in milliseconds.
const SHORTEST: u64 = 500;
/// The longest.
const LONGEST: u64 = 30_000;

/// How long to wait before the next attempt: twice as long each time, and never the same for everybody, so that all the widgets of
/// a gateway that restarts don't come back at once.
pub(crate) struct Backoff {
    random: u64,
    attempts: u32,
}

impl Backoff {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { random: seed, attempts: 0 }
    }

    /// Between half and all of 1 s, then of 2 s, and so on up to 30 s.
    pub(crate) fn next(&mut self) -> Duration {
        let whole = LONGEST.min((2 * SHORTEST) << self.attempts.min(10));
        self.attempts = self.attempts.saturating_add(1);
        self.between(whole / 2, whole)
    }

    /// The first wait again, without counting as an attempt.
    pub(crate) fn shortest(&mut self) -> Duration {
        self.between(SHORTEST, 2 * SHORTEST)
    }

    /// Begins anew.
    pub(crate) const fn reset(&mut self) {
        self.attempts = 0;
    }

    /// A random time, in milliseconds.
    pub(crate) fn between(&mut self, least: u64, most: u64) -> Duration {
        // splitmix64: from any seed, and in a few instructions.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Duration::from_millis(least + (mixed ^ (mixed >> 31)) % (most - least + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn stays_in_its_bounds_and_grows(seed: u64) {
            let mut backoff = Backoff::new(seed);
            let mut whole = 1_000;
            for _ in 0..40 {
                let wait = backoff.next().as_millis();
                prop_assert!((500..=30_000).contains(&wait));
                prop_assert!((whole / 2..=whole).contains(&wait));
                whole = 30_000.min(2 * whole);
            }
            backoff.reset();
            prop_assert!(backoff.next().as_millis() <= 1_000);
        }
    }

    #[test]
    fn not_everybody_waits_equally_long() {
        let mut waits: Vec<_> = (0..100).map(|seed| Backoff::new(seed).next()).collect();
        waits.sort();
        waits.dedup();
        assert!(waits.len() > 50);
    }
}
