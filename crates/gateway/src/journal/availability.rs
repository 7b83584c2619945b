//! Which agents take inbound calls.

use super::{Store, StoreError};
use cordboard::telephony::{AgentId, Availability};
use sqlx::Row as _;

impl Store {
    /// Keeps what an agent said.
    pub(crate) async fn set_availability(&self, agent: &AgentId, availability: Availability) -> Result<(), StoreError> {
        let agent = agent.clone();
        let available = availability == Availability::Available;
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let keep = sqlx::query(
                        "INSERT INTO availability (agent, available) VALUES (?, ?) \
                         ON CONFLICT DO UPDATE SET available = excluded.available",
                    );
                    keep.bind(agent.as_str()).bind(available).execute(connection).await.map(drop)
                })
            })
            .await
    }

    /// What an agent said last.
    pub(crate) async fn availability(&self, agent: &AgentId) -> Result<Availability, StoreError> {
        let read = sqlx::query("SELECT available FROM availability WHERE agent = ?");
        let row = read.bind(agent.as_str()).fetch_optional(&self.readers).await?;
        let available = row.map(|row| row.try_get::<bool, _>(0)).transpose()?.unwrap_or_default();
        Ok(if available { Availability::Available } else { Availability::Away })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::open;
    use super::*;

    #[tokio::test]
    async fn the_last_word_counts() {
        let (store, _folder) = open().await;
        let agent = AgentId::new("alex");
        assert_eq!(store.availability(&agent).await.unwrap(), Availability::Away);
        for availability in [Availability::Available, Availability::Away, Availability::Available] {
            store.set_availability(&agent, availability).await.unwrap();
            assert_eq!(store.availability(&agent).await.unwrap(), availability);
        }
    }
}
