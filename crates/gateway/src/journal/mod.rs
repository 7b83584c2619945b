//! What must survive a crash, in one SQLite file.
//!
//! **Invariant:** one task writes. It takes everything that waits into one transaction, so that many commits cost one `fsync`, and
//! answers after the commit. In that order entries go to the backend, so that what it makes of them is what it makes of them again
//! after a crash.

mod availability;
mod dials;
mod entries;
mod events;
mod outbox;
mod portals;
mod recordings;
mod retention;
mod sessions;
mod vouched;
mod writer;

pub(crate) use dials::{Ceilings, Reservation};
pub(crate) use events::{Stored, Stream};
pub(crate) use outbox::{Due, Given, Next, Step, Told, Untold};
pub(crate) use portals::{Portal, Sealed};
pub(crate) use sessions::{Rotation, SavedSession};
pub(crate) use writer::{Chain, StoreError};

use crate::config::JournalSettings;
use crate::metrics::Metrics;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use writer::Writer;

/// How often a lock that another gateway holds is tried.
const LOCK_RETRY: Duration = Duration::from_millis(20);

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// How often what is in the log is moved into the file.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(1);
/// The writer does so itself only when the log has so many pages: it is 64 MiB then, and everybody who writes waits.
const LONGEST_LOG: u32 = 16 * 1024;

/// SQLite's own page size.
const PAGES_PER_MIB: u64 = 256;
/// Resuming sockets and the call history read; two at a time are plenty on one disk.
const READERS: u32 = 2;

/// The journal's file. Clones are the same journal.
#[derive(Clone)]
pub(crate) struct Store {
    readers: SqlitePool,
    writer: Writer,
    /// How long after its end a call is told to the CRM, if there is one.
    outbox: Option<Duration>,
    /// Held as long as the journal is, so that no second gateway numbers the same events.
    _lock: Arc<File>,
}

/// Why the journal can't be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another gateway uses it.
    #[error("another gateway uses this journal")]
    InUse,
    /// The file can't be made or read.
    #[error("the journal's file can't be opened")]
    File(#[source] std::io::Error),
    /// It is not a journal, or of a later version.
    #[error("the journal's file is not one that this version reads")]
    Migration(#[source] Box<sqlx::migrate::MigrateError>),
    /// Something else.
    #[error("the journal can't be opened")]
    Database(#[from] sqlx::Error),
}

impl Store {
    /// Opens the journal, makes it if there is none, and brings its schema up to date.
    pub(crate) async fn open(settings: &JournalSettings, metrics: Arc<Metrics>) -> Result<Self, OpenError> {
        let lock = lock(&settings.file, settings.busy).await?;
        let options = SqliteConnectOptions::new()
            .filename(&settings.file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(settings.busy)
            .disable_statement_logging();
        let most = settings.most.saturating_mul(PAGES_PER_MIB);
        let for_writer = options.clone().pragma("max_page_count", most.to_string());
        let mut connection = for_writer.pragma("wal_autocheckpoint", LONGEST_LOG.to_string()).connect().await?;
        MIGRATIONS.run(&mut connection).await.map_err(|error| OpenError::Migration(Box::new(error)))?;
        let readers =
            SqlitePoolOptions::new().max_connections(READERS).connect_with(options.pragma("query_only", "on")).await?;
        tokio::spawn(checkpoint(readers.clone()));
        Ok(Self { readers, writer: Writer::start(connection, metrics), outbox: None, _lock: Arc::new(lock) })
    }

    /// Whether the journal takes writes, by writing.
    pub(crate) async fn probe(&self, now: cordboard::Timestamp) -> Result<(), StoreError> {
        let at = millis(now);
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let probe = sqlx::query(
                        "INSERT INTO probes (id, at) VALUES (1, ?) ON CONFLICT DO UPDATE SET at = excluded.at",
                    );
                    probe.bind(at).execute(connection).await.map(drop)
                })
            })
            .await
    }

    /// Writes what waits, and ends.
    pub(crate) async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }
}

/// Moves what is in the log into the file until the journal is closed, beside whoever writes. A writer that did so would have all wait
/// for a file that is written here and there.
async fn checkpoint(readers: SqlitePool) {
    let mut ticks = tokio::time::interval(CHECKPOINT_EVERY);
    loop {
        tokio::select! {
            () = readers.close_event() => return,
            _ = ticks.tick() => {}
        }
        match sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&readers).await {
            Ok(_) => {}
            Err(sqlx::Error::PoolClosed) => return,
            Err(error) => tracing::warn!(error = %Chain(&error), "the journal's log can't be moved into its file"),
        }
    }
}

/// Waits a little for a gateway that is just ending.
async fn lock(file: &Path, patience: Duration) -> Result<File, OpenError> {
    let mut name = file.as_os_str().to_owned();
    name.push(".lock");
    let lock = File::options().create(true).truncate(false).write(true).open(name).map_err(OpenError::File)?;
    let begun = tokio::time::Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) if begun.elapsed() < patience => tokio::time::sleep(LOCK_RETRY).await,
            Err(TryLockError::WouldBlock) => return Err(OpenError::InUse),
            Err(TryLockError::Error(error)) => return Err(OpenError::File(error)),
        }
    }
}

/// As SQLite keeps times and sequences: in 63 bits, which last.
pub(crate) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn millis(time: cordboard::Timestamp) -> i64 {
    int(time.as_millis())
}

/// What SQLite kept of a time or a sequence.
pub(crate) fn natural(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use cordboard::Timestamp;
    use cordboard::telephony::{Call, CallId, CallState, DialKey, Direction, Recording};
    use tempfile::TempDir;

    pub(crate) const fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    pub(crate) fn settings(folder: &TempDir) -> JournalSettings {
        JournalSettings {
            file: folder.path().join("journal.db"),
            keep: Duration::from_secs(1_000_000),
            busy: Duration::from_millis(50),
            most: 100,
        }
    }

    pub(crate) async fn open() -> (Store, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&settings(&folder), Arc::default()).await.unwrap();
        (store, folder)
    }

    /// A call that an agent has just dialed.
    pub(crate) fn dialed(id: &str) -> Call {
        Call {
            id: CallId::new(id),
            direction: Direction::Outbound,
            remote: None,
            local: None,
            key: Some(DialKey::new(format!("key of {id}"))),
            state: CallState::Dialing,
            muted: false,
            recording: Recording::Off,
            recordings: Vec::new(),
            started_at: at(1),
            connected_at: None,
            ended_at: None,
            sequence: 1,
        }
    }

    #[tokio::test]
    async fn only_one_gateway_uses_it() {
        let (store, folder) = open().await;
        let second = Store::open(&settings(&folder), Arc::default()).await.err().unwrap();
        assert!(matches!(second, OpenError::InUse));
        store.close().await;
        drop(store);
        Store::open(&settings(&folder), Arc::default()).await.unwrap();
    }

    #[tokio::test]
    async fn a_file_that_is_no_journal_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("journal.db"), "not a database, and longer than the header of one".repeat(9))
            .unwrap();
        assert!(Store::open(&settings(&folder), Arc::default()).await.is_err());
    }

    #[tokio::test]
    async fn a_full_disk_is_told_and_got_over() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&JournalSettings { most: 1, ..settings(&folder) }, Arc::default()).await.unwrap();
        let entry = |key: &str, size| cordboard::telephony::Entry {
            call: cordboard::telephony::CallId::new("a"),
            key: key.to_owned(),
            at: at(1),
            is_last: false,
            body: "x".repeat(size),
        };
        store.record(at(1), vec![entry("1", 10)], |_| ()).await.unwrap();
        assert!(store.record(at(1), vec![entry("2", 10), entry("3", 2_000_000)], |_| ()).await.is_err());
        // None of them is there, and the next may be.
        assert_eq!(store.open_entries().await.unwrap().len(), 1);
        assert_eq!(store.record(at(1), vec![entry("2", 10)], |_| ()).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_locked_file_is_told_and_got_over() {
        let (store, folder) = open().await;
        let other = SqliteConnectOptions::new().filename(folder.path().join("journal.db"));
        let mut other = other.connect().await.unwrap();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
        assert!(store.probe(at(1)).await.is_err());
        sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
        store.probe(at(2)).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_closed_is_told() {
        let (store, _folder) = open().await;
        store.close().await;
        assert!(matches!(store.probe(at(1)).await, Err(StoreError::Busy)));
    }
}
