use cordboard::Timestamp;

/// A time that never goes back, made of a clock that people and servers set. Set forward, it makes what waits due at once; set back, it
/// makes nothing wait longer than it would have.
#[derive(Default)]
pub(crate) struct Steady {
    now: Timestamp,
    /// How far this is ahead of the clock, in milliseconds.
    ahead: u64,
}

impl Steady {
    /// The time now, by what the clock shows.
    pub(crate) fn read(&mut self, clock: Timestamp) -> Timestamp {
        let shown = clock.as_millis().saturating_add(self.ahead);
        self.ahead += self.now.as_millis().saturating_sub(shown);
        self.now = self.now.max(Timestamp::from_millis(shown));
        self.now
    }

    /// What the clock will show then.
    pub(crate) fn on_clock(&self, time: Timestamp) -> Timestamp {
        Timestamp::from_millis(time.as_millis().saturating_sub(self.ahead))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_goes_back() {
        let at = Timestamp::from_millis;
        let mut steady = Steady::default();
        assert_eq!(steady.read(at(10_000)), at(10_000));
        // Ten minutes back is no time at all, and from there it goes on.
        assert_eq!(steady.read(at(4_000)), at(10_000));
        assert_eq!(steady.read(at(5_000)), at(11_000));
        assert_eq!(steady.on_clock(at(12_000)), at(6_000));
        assert_eq!(steady.read(at(50_000)), at(56_000));
    }
}
