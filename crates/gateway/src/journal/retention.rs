//! What is old enough to go.

use super::{Store, StoreError, millis};
use cordboard::Timestamp;

/// So many rows go in one transaction, so that nobody waits long behind it.
const AT_ONCE: u32 = 1_000;

/// Each takes the time before which rows go, and how many go at most.
const DELETIONS: [&str; 10] = [
    // What has been silent for so long will not be asked about any more.
    "DELETE FROM open_calls WHERE call IN (SELECT call FROM open_calls WHERE touched_at < ? LIMIT ?)",
    "DELETE FROM entries WHERE id IN (SELECT id FROM entries WHERE recorded_at < ? \
     AND NOT EXISTS (SELECT 1 FROM open_calls WHERE open_calls.call = entries.call) LIMIT ?)",
    "DELETE FROM events WHERE rowid IN (SELECT rowid FROM events WHERE recorded_at < ? LIMIT ?)",
    // Before the calls that it is about.
    "DELETE FROM outbox WHERE call IN (SELECT call FROM outbox WHERE ended_at < ? LIMIT ?)",
    "DELETE FROM engagements WHERE (agent, call) IN (SELECT agent, call FROM engagements WHERE at < ? LIMIT ?)",
    "DELETE FROM quiet WHERE call IN (SELECT call FROM quiet WHERE at < ? LIMIT ?)",
    "DELETE FROM calls WHERE rowid IN (SELECT rowid FROM calls WHERE ended_at < ? LIMIT ?)",
    "DELETE FROM dials WHERE (agent, key) IN (SELECT agent, key FROM dials WHERE at < ? LIMIT ?)",
    "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < ? LIMIT ?)",
    "DELETE FROM vouched WHERE agent IN (SELECT agent FROM vouched WHERE at < ? LIMIT ?)",
];

impl Store {
    /// Deletes what is older than that, and returns how many rows.
    pub(crate) async fn forget_before(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        for deletion in DELETIONS {
            loop {
                let gone = self
                    .writer
                    .write(move |connection| {
                        Box::pin(async move {
                            let delete = sqlx::query(deletion).bind(millis(before)).bind(AT_ONCE);
                            Ok(delete.execute(connection).await?.rows_affected())
                        })
                    })
                    .await?;
                forgotten += gone;
                if gone < u64::from(AT_ONCE) {
                    break;
                }
            }
        }
        Ok(forgotten)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, open};
    use cordboard::telephony::{CallId, Entry};

    #[tokio::test]
    async fn open_calls_stay_until_they_are_old_too() {
        let (store, _folder) = open().await;
        let entry = |key: &str| Entry {
            call: CallId::new("a"),
            key: key.to_owned(),
            at: at(1),
            is_last: false,
            body: String::new(),
        };
        store.record(at(10), vec![entry("1")], |_| ()).await.unwrap();
        store.record(at(20), vec![entry("2")], |_| ()).await.unwrap();
        assert_eq!(store.forget_before(at(15)).await.unwrap(), 0);
        assert_eq!(store.open_entries().await.unwrap().len(), 2);
        // The open call and both entries.
        assert_eq!(store.forget_before(at(25)).await.unwrap(), 3);
        assert_eq!(store.record(at(30), vec![entry("1")], |_| ()).await.unwrap().len(), 1);
    }
}
