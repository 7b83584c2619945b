//! Agents whom only the identity provider knows.

use super::{Store, StoreError, millis};
use cordboard::Timestamp;
use cordboard::telephony::{Agent, AgentId};
use sqlx::Row as _;

impl Store {
    /// Keeps an agent, or their new name.
    pub(crate) async fn keep_vouched(&self, agent: &Agent, now: Timestamp) -> Result<(), StoreError> {
        let agent = agent.clone();
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let keep = sqlx::query(
                        "INSERT INTO vouched (agent, name, at) VALUES (?, ?, ?) \
                         ON CONFLICT DO UPDATE SET name = excluded.name, at = excluded.at",
                    );
                    keep.bind(&agent.id).bind(&agent.name).bind(millis(now)).execute(connection).await.map(drop)
                })
            })
            .await
    }

    /// An agent who was kept.
    pub(crate) async fn vouched(&self, id: &AgentId) -> Result<Option<Agent>, StoreError> {
        let read = sqlx::query("SELECT name FROM vouched WHERE agent = ?");
        let row = read.bind(id.as_str()).fetch_optional(&self.readers).await?;
        let name = row.map(|row| row.try_get::<String, _>(0)).transpose()?;
        Ok(name.map(|name| Agent { id: id.as_str().to_owned(), name }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, open};
    use super::*;

    #[tokio::test]
    async fn the_last_name_counts() {
        let (store, _folder) = open().await;
        let id = AgentId::new("a1");
        assert!(store.vouched(&id).await.unwrap().is_none());
        for name in ["Alex", "Alexandra"] {
            store.keep_vouched(&Agent { id: "a1".to_owned(), name: name.to_owned() }, at(1)).await.unwrap();
            assert_eq!(store.vouched(&id).await.unwrap().unwrap().name, name);
        }
        assert_eq!(store.forget_before(at(2)).await.unwrap(), 1);
        assert!(store.vouched(&id).await.unwrap().is_none());
    }
}
