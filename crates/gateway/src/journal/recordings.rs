//! The key of the links to recordings.

use super::{Store, StoreError};
use crate::random;
use sqlx::Row as _;

impl Store {
    /// The key, which is made when it is first asked for and stays the same.
    pub(crate) async fn recording_key(&self) -> Result<Vec<u8>, StoreError> {
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let make = sqlx::query("INSERT INTO recording_key (id, key) VALUES (1, ?) ON CONFLICT DO NOTHING");
                    make.bind(random::bytes::<32>().as_slice()).execute(&mut *connection).await?;
                    let read = sqlx::query("SELECT key FROM recording_key");
                    read.fetch_one(connection).await?.try_get(0)
                })
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::open;

    #[tokio::test]
    async fn the_key_stays() {
        let (store, _folder) = open().await;
        let key = store.recording_key().await.unwrap();
        assert_eq!(key.len(), 32);
        assert_eq!(store.recording_key().await.unwrap(), key);
        let (other, _folder) = open().await;
        assert_ne!(other.recording_key().await.unwrap(), key);
    }
}
