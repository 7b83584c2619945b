//! Wishes to call, which the ceilings count.

use super::{Store, StoreError, millis, natural};
use cordboard::Timestamp;
use cordboard::telephony::{AgentId, DialKey};
use sqlx::{Row as _, SqliteConnection};

/// How many calls may begin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ceilings {
    /// Calls before this are not counted.
    pub(crate) since: Timestamp,
    pub(crate) agent: u32,
    pub(crate) account: u32,
}

/// What became of a wish to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reservation {
    /// It is written down: it may be carried out.
    New,
    /// It was written down before. It counts once.
    Known,
    /// The agent has called often enough.
    AgentCeiling,
    /// The account has.
    AccountCeiling,
}

impl Store {
    /// Whether a wish to call was written down before.
    pub(crate) async fn knows_dial(&self, agent: &AgentId, key: &DialKey) -> Result<bool, StoreError> {
        let known = sqlx::query("SELECT EXISTS (SELECT 1 FROM dials WHERE agent = ? AND key = ?)");
        Ok(known.bind(agent.as_str()).bind(key.as_str()).fetch_one(&self.readers).await?.try_get(0)?)
    }

    /// Writes a wish to call down, unless there were too many. Counting and writing are one step.
    pub(crate) async fn reserve_dial(
        &self,
        agent: &AgentId,
        key: &DialKey,
        now: Timestamp,
        ceilings: Ceilings,
    ) -> Result<Reservation, StoreError> {
        let (agent, key) = (agent.clone(), key.clone());
        self.writer.write(move |connection| Box::pin(reserve(connection, agent, key, now, ceilings))).await
    }
}

async fn reserve(
    connection: &mut SqliteConnection,
    agent: AgentId,
    key: DialKey,
    now: Timestamp,
    ceilings: Ceilings,
) -> Result<Reservation, sqlx::Error> {
    let known = sqlx::query("SELECT EXISTS (SELECT 1 FROM dials WHERE agent = ? AND key = ?)");
    if known.bind(agent.as_str()).bind(key.as_str()).fetch_one(&mut *connection).await?.try_get(0)? {
        return Ok(Reservation::Known);
    }
    let count = sqlx::query("SELECT count(*), count(*) FILTER (WHERE agent = ?) FROM dials WHERE at > ?");
    let row = count.bind(agent.as_str()).bind(millis(ceilings.since)).fetch_one(&mut *connection).await?;
    if natural(row.try_get(0)?) >= ceilings.account.into() {
        return Ok(Reservation::AccountCeiling);
    }
    if natural(row.try_get(1)?) >= ceilings.agent.into() {
        return Ok(Reservation::AgentCeiling);
    }
    let insert = sqlx::query("INSERT INTO dials (agent, key, at) VALUES (?, ?, ?)");
    insert.bind(agent.as_str()).bind(key.as_str()).bind(millis(now)).execute(connection).await?;
    Ok(Reservation::New)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, open};
    use super::*;

    #[tokio::test]
    async fn each_key_counts_once_and_for_a_time() {
        let (store, _folder) = open().await;
        let reserve = |agent: &str, key: &str, now: u64, since: u64| {
            let (store, agent, key) = (store.clone(), AgentId::new(agent), DialKey::new(key));
            let ceilings = Ceilings { since: at(since), agent: 2, account: 3 };
            async move { store.reserve_dial(&agent, &key, at(now), ceilings).await.unwrap() }
        };
        assert_eq!(reserve("a", "1", 10, 0).await, Reservation::New);
        assert_eq!(reserve("a", "1", 11, 0).await, Reservation::Known);
        assert_eq!(reserve("a", "2", 12, 0).await, Reservation::New);
        assert_eq!(reserve("a", "3", 13, 0).await, Reservation::AgentCeiling);
        // Keys are an agent's own.
        assert_eq!(reserve("b", "1", 14, 0).await, Reservation::New);
        assert_eq!(reserve("b", "2", 15, 0).await, Reservation::AccountCeiling);
        // One that was carried out is known, whatever the ceilings say by now.
        assert_eq!(reserve("a", "2", 16, 0).await, Reservation::Known);
        assert!(store.knows_dial(&AgentId::new("a"), &DialKey::new("2")).await.unwrap());
        assert!(!store.knows_dial(&AgentId::new("a"), &DialKey::new("3")).await.unwrap());
        assert_eq!(reserve("a", "3", 17, 10).await, Reservation::New);
    }

    #[tokio::test]
    async fn at_once_no_more_than_the_ceiling() {
        let (store, _folder) = open().await;
        let mut wishes = tokio::task::JoinSet::new();
        for number in 0..50 {
            let store = store.clone();
            wishes.spawn(async move {
                let ceilings = Ceilings { since: at(0), agent: 10, account: 100 };
                let key = DialKey::new(number.to_string());
                store.reserve_dial(&AgentId::new("a"), &key, at(5), ceilings).await.unwrap()
            });
        }
        let mut new = 0;
        while let Some(result) = wishes.join_next().await {
            new += usize::from(result.unwrap() == Reservation::New);
        }
        assert_eq!(new, 10);
    }
}
