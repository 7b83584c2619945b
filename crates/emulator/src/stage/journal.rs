use cordboard::async_trait;
use cordboard::platform::Lock;
use cordboard::telephony::{CallId, Entry, Journal, JournalError};
use std::collections::BTreeSet;
use tokio::sync::Notify;

/// A journal that lasts as long as the test, and can let the server die at a write.
#[derive(Default)]
pub struct MemoryJournal {
    entries: Lock<Vec<Entry>>,
    crash: Lock<Option<Crash>>,
    /// Told when the server has died.
    pub crashed: Notify,
}

/// When the server dies.
#[derive(Clone, Copy, Debug)]
pub struct Crash {
    /// So many writes succeed before.
    pub writes: usize,
    /// Whether the write at which it dies is durable.
    pub durable: bool,
}

impl MemoryJournal {
    /// Everything, in order.
    pub fn entries(&self) -> Vec<Entry> {
        self.entries.lock().clone()
    }

    /// Lets the server die then, or not any more.
    pub fn crash_at(&self, crash: Option<Crash>) {
        *self.crash.lock() = crash;
    }

    /// The entries of calls that are not over, in order.
    pub fn unfinished(&self) -> Vec<Entry> {
        let entries = self.entries();
        let over: BTreeSet<CallId> =
            entries.iter().filter(|entry| entry.is_last).map(|entry| entry.call.clone()).collect();
        entries.into_iter().filter(|entry| !over.contains(&entry.call)).collect()
    }

    fn write(&self, entries: Vec<Entry>) -> Vec<Entry> {
        let mut known = self.entries.lock();
        let mut new = Vec::new();
        for entry in entries {
            if !known.iter().any(|known| known.key == entry.key) {
                known.push(entry.clone());
                new.push(entry);
            }
        }
        new
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn record(&self, entries: Vec<Entry>) -> Result<Vec<Entry>, JournalError> {
        let crash = *self.crash.lock();
        if let Some(Crash { writes, durable }) = crash {
            if writes == 0 {
                if durable {
                    self.write(entries);
                }
                self.crashed.notify_one();
                return std::future::pending().await;
            }
            self.crash_at(Some(Crash { writes: writes - 1, durable }));
        }
        Ok(self.write(entries))
    }

    async fn entries(&self, call: &CallId) -> Result<Vec<Entry>, JournalError> {
        Ok(self.entries().into_iter().filter(|entry| entry.call == *call).collect())
    }
}
