//! The accounts that installed the app, with their tokens as somebody else encrypted them.

use super::{Store, StoreError, int, millis, natural};
use cordboard::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

/// Something encrypted, and the name of the key that did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sealed {
    pub(crate) key: String,
    pub(crate) bytes: Vec<u8>,
}

/// An account that installed the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Portal {
    pub(crate) id: u64,
    pub(crate) installed_at: Timestamp,
    /// When its tokens were last renewed.
    pub(crate) changed_at: Timestamp,
}

impl Store {
    /// The tokens of an account.
    pub(crate) async fn sealed(&self, portal: u64) -> Result<Option<Sealed>, StoreError> {
        let read = sqlx::query("SELECT key, sealed FROM portals WHERE portal = ?");
        let row = read.bind(int(portal)).fetch_optional(&self.readers).await?;
        let sealed = |row: SqliteRow| Ok::<_, sqlx::Error>(Sealed { key: row.try_get(0)?, bytes: row.try_get(1)? });
        Ok(row.map(sealed).transpose()?)
    }

    /// Keeps an account's tokens in the place of those that were there.
    pub(crate) async fn keep_sealed(&self, portal: u64, sealed: Sealed, now: Timestamp) -> Result<(), StoreError> {
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let keep = sqlx::query(
                        "INSERT INTO portals (portal, key, sealed, installed_at, changed_at) VALUES (?1, ?2, ?3, ?4, ?4) \
                         ON CONFLICT (portal) DO UPDATE SET key = ?2, sealed = ?3, changed_at = ?4",
                    );
                    let keep = keep.bind(int(portal)).bind(&sealed.key).bind(&sealed.bytes).bind(millis(now));
                    keep.execute(connection).await.map(drop)
                })
            })
            .await
    }

    /// Forgets an account.
    pub(crate) async fn forget_portal(&self, portal: u64) -> Result<(), StoreError> {
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let forget = sqlx::query("DELETE FROM portals WHERE portal = ?");
                    forget.bind(int(portal)).execute(connection).await.map(drop)
                })
            })
            .await
    }

    /// Every account that installed the app.
    pub(crate) async fn portals(&self) -> Result<Vec<Portal>, StoreError> {
        let rows = sqlx::query("SELECT portal, installed_at, changed_at FROM portals ORDER BY portal");
        let time = |row: &SqliteRow, column| row.try_get(column).map(|at| Timestamp::from_millis(natural(at)));
        let portal = |row: &SqliteRow| {
            Ok::<_, sqlx::Error>(Portal {
                id: natural(row.try_get(0)?),
                installed_at: time(row, 1)?,
                changed_at: time(row, 2)?,
            })
        };
        Ok(rows.fetch_all(&self.readers).await?.iter().map(portal).collect::<Result<_, _>>()?)
    }
}
