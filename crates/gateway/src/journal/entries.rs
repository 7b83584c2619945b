//! The backend's facts.

use super::{Store, StoreError, millis, natural};
use cordboard::Timestamp;
use cordboard::telephony::{CallId, Entry};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

/// A call whose entries are applied again after a start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpenCall {
    pub(crate) call: CallId,
    pub(crate) touched_at: Timestamp,
}

impl Store {
    /// Makes entries durable, all or none, and returns those that are new. `then` sees those in the order of the journal.
    pub(crate) async fn record(
        &self,
        now: Timestamp,
        entries: Vec<Entry>,
        then: impl FnOnce(&Vec<Entry>) + Send + 'static,
    ) -> Result<Vec<Entry>, StoreError> {
        if entries.is_empty() {
            return Ok(entries);
        }
        self.writer.write_then(move |connection| Box::pin(record(connection, now, entries)), then).await
    }

    /// The entries of all open calls, in the order of the journal.
    pub(crate) async fn open_entries(&self) -> Result<Vec<Entry>, StoreError> {
        let rows = sqlx::query(
            "SELECT e.call, e.key, e.at, e.is_last, e.body FROM open_calls o JOIN entries e ON e.call = o.call ORDER BY e.id",
        );
        Ok(rows.fetch_all(&self.readers).await?.iter().map(entry).collect::<Result<_, _>>()?)
    }

    /// The entries of a call, in the order of the journal.
    pub(crate) async fn entries(&self, call: &CallId) -> Result<Vec<Entry>, StoreError> {
        let rows = sqlx::query("SELECT call, key, at, is_last, body FROM entries WHERE call = ? ORDER BY id");
        Ok(rows.bind(call.as_str()).fetch_all(&self.readers).await?.iter().map(entry).collect::<Result<_, _>>()?)
    }

    /// The open calls of which nothing has been heard since `before`: those that go on, or those that are over.
    pub(crate) async fn silent_calls(&self, before: Timestamp, is_over: bool) -> Result<Vec<OpenCall>, StoreError> {
        let rows = sqlx::query(
            "SELECT call, touched_at FROM open_calls WHERE touched_at <= ? AND is_over = ? ORDER BY touched_at",
        );
        let rows = rows.bind(millis(before)).bind(is_over).fetch_all(&self.readers).await?;
        let call = |row: &SqliteRow| {
            Ok::<_, sqlx::Error>(OpenCall {
                call: CallId::new(row.try_get::<String, _>(0)?),
                touched_at: Timestamp::from_millis(natural(row.try_get(1)?)),
            })
        };
        Ok(rows.iter().map(call).collect::<Result<_, _>>()?)
    }

    /// Says that everything that follows from these calls' entries is durable too. A call of which more has been heard
    /// since stays open.
    pub(crate) async fn settle(&self, calls: Vec<OpenCall>) -> Result<(), StoreError> {
        if calls.is_empty() {
            return Ok(());
        }
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    for OpenCall { call, touched_at } in &calls {
                        let settle = sqlx::query("DELETE FROM open_calls WHERE call = ? AND touched_at = ?");
                        settle.bind(call.as_str()).bind(millis(*touched_at)).execute(&mut *connection).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}

async fn record(
    connection: &mut SqliteConnection,
    now: Timestamp,
    entries: Vec<Entry>,
) -> Result<Vec<Entry>, sqlx::Error> {
    let mut new = Vec::with_capacity(entries.len());
    for entry in entries {
        let insert = sqlx::query(
            "INSERT INTO entries (key, call, at, is_last, body, recorded_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
        );
        let insert = insert
            .bind(&entry.key)
            .bind(entry.call.as_str())
            .bind(millis(entry.at))
            .bind(entry.is_last)
            .bind(&entry.body)
            .bind(millis(now));
        if insert.execute(&mut *connection).await?.rows_affected() == 0 {
            continue;
        }
        let open = sqlx::query(
            "INSERT INTO open_calls (call, touched_at, is_over) VALUES (?, ?, ?) ON CONFLICT (call) DO UPDATE SET \
             touched_at = max(touched_at + 1, excluded.touched_at), is_over = max(is_over, excluded.is_over)",
        );
        // A call that has been settled is over, also when what is late does not say so.
        let is_over = entry.is_last || was_over(connection, &entry).await?;
        open.bind(entry.call.as_str()).bind(millis(now)).bind(is_over).execute(&mut *connection).await?;
        new.push(entry);
    }
    Ok(new)
}

async fn was_over(connection: &mut SqliteConnection, entry: &Entry) -> Result<bool, sqlx::Error> {
    let known = sqlx::query("SELECT EXISTS (SELECT 1 FROM entries WHERE call = ? AND is_last)");
    known.bind(entry.call.as_str()).fetch_one(connection).await?.try_get(0)
}

fn entry(row: &SqliteRow) -> Result<Entry, sqlx::Error> {
    Ok(Entry {
        call: CallId::new(row.try_get::<String, _>(0)?),
        key: row.try_get(1)?,
        at: Timestamp::from_millis(natural(row.try_get(2)?)),
        is_last: row.try_get(3)?,
        body: row.try_get(4)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, open};
    use super::*;
    use std::sync::{Arc, Mutex};

    fn entry(call: &str, key: &str, is_last: bool) -> Entry {
        Entry { call: CallId::new(call), key: key.to_owned(), at: at(1), is_last, body: format!("body of {key}") }
    }

    fn keys(entries: &[Entry]) -> Vec<&str> {
        entries.iter().map(|entry| entry.key.as_str()).collect()
    }

    #[tokio::test]
    async fn a_fact_is_new_once() {
        let (store, _folder) = open().await;
        let facts = || vec![entry("a", "1", false), entry("b", "2", false)];
        assert_eq!(store.record(at(5), facts(), |_| ()).await.unwrap(), facts());
        let again = vec![entry("a", "1", false), entry("a", "3", false), entry("a", "3", false)];
        assert_eq!(keys(&store.record(at(6), again, |_| ()).await.unwrap()), ["3"]);
        assert_eq!(keys(&store.open_entries().await.unwrap()), ["1", "2", "3"]);
        assert_eq!(keys(&store.entries(&CallId::new("a")).await.unwrap()), ["1", "3"]);
    }

    #[tokio::test]
    async fn what_follows_sees_the_order_of_the_journal() {
        let (store, _folder) = open().await;
        let seen = Arc::new(Mutex::new(Vec::new()));
        let mut writes = tokio::task::JoinSet::new();
        for number in 0..200 {
            let (store, seen) = (store.clone(), Arc::clone(&seen));
            writes.spawn(async move {
                let fact = entry(&format!("c{}", number % 7), &number.to_string(), false);
                let then =
                    move |new: &Vec<Entry>| seen.lock().unwrap().extend(new.iter().map(|entry| entry.key.clone()));
                store.record(at(1), vec![fact], then).await.unwrap();
            });
        }
        while let Some(result) = writes.join_next().await {
            result.unwrap();
        }
        assert_eq!(keys(&store.open_entries().await.unwrap()), *seen.lock().unwrap());
    }

    #[tokio::test]
    async fn a_call_is_open_until_it_is_settled() {
        let (store, _folder) = open().await;
        store.record(at(5), vec![entry("a", "1", false), entry("b", "2", true)], |_| ()).await.unwrap();
        let going_on = store.silent_calls(at(5), false).await.unwrap();
        assert_eq!(going_on, [OpenCall { call: CallId::new("a"), touched_at: at(5) }]);
        let over = store.silent_calls(at(5), true).await.unwrap();
        assert_eq!(over.len(), 1);
        assert!(store.silent_calls(at(4), true).await.unwrap().is_empty());

        // Heard of again within the same millisecond: it must not be settled by what is older.
        store.record(at(5), vec![entry("b", "3", false)], |_| ()).await.unwrap();
        store.settle(over).await.unwrap();
        assert_eq!(keys(&store.open_entries().await.unwrap()), ["1", "2", "3"]);
        let over = store.silent_calls(at(9), true).await.unwrap();
        store.settle(over).await.unwrap();
        assert_eq!(keys(&store.open_entries().await.unwrap()), ["1"]);

        // What comes late opens it again, and it is over still.
        store.record(at(7), vec![entry("b", "4", false)], |_| ()).await.unwrap();
        assert_eq!(keys(&store.open_entries().await.unwrap()), ["1", "2", "3", "4"]);
        assert_eq!(store.silent_calls(at(9), true).await.unwrap().len(), 1);
    }
}
