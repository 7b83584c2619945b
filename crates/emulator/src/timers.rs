use cordboard::Timestamp;
use std::collections::BTreeMap;

/// What happens later, in the order of its time; at the same time, in the order in which it was planned.
#[derive(Debug)]
pub struct Timers<T> {
    planned: BTreeMap<(Timestamp, u64), T>,
    next: u64,
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self { planned: BTreeMap::new(), next: 0 }
    }
}

impl<T> Timers<T> {
    /// Plans something.
    pub fn plan(&mut self, at: Timestamp, what: T) {
        self.planned.insert((at, self.next), what);
        self.next += 1;
    }

    /// When the next is due.
    #[must_use]
    pub fn next_at(&self) -> Option<Timestamp> {
        self.planned.first_key_value().map(|((at, _), _)| *at)
    }

    /// What is due by now, with its time.
    pub fn pop(&mut self, now: Timestamp) -> Option<(Timestamp, T)> {
        let entry = self.planned.first_entry().filter(|entry| entry.key().0 <= now)?;
        let ((at, _), what) = entry.remove_entry();
        Some((at, what))
    }
}
