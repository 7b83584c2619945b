//! Sessions, with the hashes of their refresh tokens.

use super::{Store, StoreError, millis, natural};
use cordboard::Timestamp;
use cordboard::telephony::AgentId;
use sqlx::{Row as _, SqliteConnection};
use std::time::Duration;
use subtle::ConstantTimeEq as _;

/// The SHA-256 of a token.
pub(crate) type TokenHash = [u8; 32];

/// A client whose answer was lost may ask once more with the token that is spent. After that, a spent token is a stolen one.
const GRACE: Duration = Duration::from_secs(10);

/// A session as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SavedSession {
    pub(crate) id: String,
    pub(crate) agent: AgentId,
    pub(crate) expires_at: Timestamp,
    /// After this it is not renewed.
    pub(crate) until: Option<Timestamp>,
}

/// What became of a refresh.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Rotation {
    /// The new token is in force.
    Rotated(SavedSession),
    /// There is no such session, or it is over.
    Unknown,
    /// The token was spent before. The session is over.
    Reused(SavedSession),
}

impl Store {
    /// Keeps a new session.
    pub(crate) async fn add_session(
        &self,
        session: SavedSession,
        refresh: TokenHash,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let add = sqlx::query(
                        "INSERT INTO sessions (id, agent, refresh_hash, rotated_at, expires_at, until) \
                         VALUES (?, ?, ?, ?, ?, ?)",
                    );
                    add.bind(&session.id)
                        .bind(session.agent.as_str())
                        .bind(refresh.as_slice())
                        .bind(millis(now))
                        .bind(millis(session.expires_at))
                        .bind(session.until.map(millis))
                        .execute(connection)
                        .await
                        .map(drop)
                })
            })
            .await
    }

    /// Whose session it is, if it is not over. The token is not looked at.
    pub(crate) async fn session_agent(&self, id: &str, now: Timestamp) -> Result<Option<AgentId>, StoreError> {
        let read = sqlx::query("SELECT agent FROM sessions WHERE id = ? AND NOT ended AND expires_at > ?");
        let row = read.bind(id).bind(millis(now)).fetch_optional(&self.readers).await?;
        Ok(row.map(|row| row.try_get::<String, _>(0)).transpose()?.map(AgentId::new))
    }

    /// Puts a new token in the place of the one that is presented.
    pub(crate) async fn rotate_session(
        &self,
        id: &str,
        presented: TokenHash,
        next: TokenHash,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Rotation, StoreError> {
        let id = id.to_owned();
        self.writer.write(move |connection| Box::pin(rotate(connection, id, presented, next, now, expires_at))).await
    }

    /// Ends one session of an agent, or all.
    pub(crate) async fn end_sessions(&self, agent: &AgentId, only: Option<&str>) -> Result<(), StoreError> {
        let (agent, only) = (agent.clone(), only.map(str::to_owned));
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let end = sqlx::query("UPDATE sessions SET ended = 1 WHERE agent = ? AND (? IS NULL OR id = ?)");
                    end.bind(agent.as_str())
                        .bind(only.as_deref())
                        .bind(only.as_deref())
                        .execute(connection)
                        .await
                        .map(drop)
                })
            })
            .await
    }
}

async fn rotate(
    connection: &mut SqliteConnection,
    id: String,
    presented: TokenHash,
    next: TokenHash,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<Rotation, sqlx::Error> {
    let read = sqlx::query(
        "SELECT agent, refresh_hash, previous_hash, rotated_at, until FROM sessions \
         WHERE id = ? AND NOT ended AND expires_at > ?",
    );
    let Some(row) = read.bind(&id).bind(millis(now)).fetch_optional(&mut *connection).await? else {
        return Ok(Rotation::Unknown);
    };
    let agent = AgentId::new(row.try_get::<String, _>(0)?);
    let (current, previous): (Vec<u8>, Option<Vec<u8>>) = (row.try_get(1)?, row.try_get(2)?);
    let rotated_at = Timestamp::from_millis(natural(row.try_get(3)?));
    let until = row.try_get::<Option<i64>, _>(4)?.map(|until| Timestamp::from_millis(natural(until)));
    let expires_at = until.map_or(expires_at, |until| expires_at.min(until));
    let is = |known: &[u8]| bool::from(known.ct_eq(&presented));
    let session = SavedSession { id, agent, expires_at, until };
    let lost_answer = previous.as_deref().is_some_and(is) && now.since(rotated_at) <= GRACE;
    if !is(&current) && !lost_answer {
        let end = sqlx::query("UPDATE sessions SET ended = 1 WHERE id = ?");
        end.bind(&session.id).execute(connection).await?;
        return Ok(Rotation::Reused(session));
    }
    // After a lost answer, the token that was not received is spent, and the grace does not begin anew.
    let (previous, rotated_at) = if lost_answer { (None, rotated_at) } else { (Some(current), now) };
    let rotate = sqlx::query(
        "UPDATE sessions SET refresh_hash = ?, previous_hash = ?, rotated_at = ?, expires_at = ? WHERE id = ?",
    );
    rotate
        .bind(next.as_slice())
        .bind(previous)
        .bind(millis(rotated_at))
        .bind(millis(expires_at))
        .bind(&session.id)
        .execute(connection)
        .await?;
    Ok(Rotation::Rotated(session))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, open};
    use super::*;

    fn session() -> SavedSession {
        SavedSession { id: "s1".to_owned(), agent: AgentId::new("alex"), expires_at: at(1_000_000), until: None }
    }

    async fn rotate(store: &Store, presented: u8, next: u8, now: u64) -> &'static str {
        let rotated =
            store.rotate_session("s1", [presented; 32], [next; 32], at(now), at(now + 1_000_000)).await.unwrap();
        match rotated {
            Rotation::Rotated(_) => "rotated",
            Rotation::Unknown => "unknown",
            Rotation::Reused(_) => "reused",
        }
    }

    #[tokio::test]
    async fn a_token_is_spent_once() {
        let (store, _folder) = open().await;
        store.add_session(session(), [1; 32], at(0)).await.unwrap();
        assert_eq!(rotate(&store, 1, 2, 100).await, "rotated");
        assert_eq!(rotate(&store, 2, 3, 200).await, "rotated");
        assert_eq!(rotate(&store, 1, 4, 300).await, "reused");
        assert_eq!(rotate(&store, 3, 4, 400).await, "unknown", "the session is over, for the thief and for the owner");
    }

    #[tokio::test]
    async fn a_lost_answer_is_forgiven_once_and_soon() {
        let (store, _folder) = open().await;
        store.add_session(session(), [1; 32], at(0)).await.unwrap();
        assert_eq!(rotate(&store, 1, 2, 100).await, "rotated");
        assert_eq!(rotate(&store, 1, 3, 5_000).await, "rotated");
        assert_eq!(rotate(&store, 1, 4, 6_000).await, "reused");

        let (store, _folder) = open().await;
        store.add_session(session(), [1; 32], at(0)).await.unwrap();
        assert_eq!(rotate(&store, 1, 2, 100).await, "rotated");
        assert_eq!(rotate(&store, 1, 3, 10_101).await, "reused");
    }

    #[tokio::test]
    async fn an_end_that_is_set_is_not_put_off() {
        let (store, _folder) = open().await;
        let session = SavedSession { until: Some(at(2_000)), ..session() };
        store.add_session(session, [1; 32], at(0)).await.unwrap();
        let Rotation::Rotated(saved) =
            store.rotate_session("s1", [1; 32], [2; 32], at(100), at(1_000_000)).await.unwrap()
        else {
            panic!("the token is in force");
        };
        assert_eq!(saved.expires_at, at(2_000));
        assert!(store.session_agent("s1", at(1_999)).await.unwrap().is_some());
        assert!(store.session_agent("s1", at(2_000)).await.unwrap().is_none());
        assert_eq!(rotate(&store, 2, 3, 2_000).await, "unknown");
    }

    #[tokio::test]
    async fn an_ended_or_old_session_is_unknown() {
        let (store, _folder) = open().await;
        store.add_session(session(), [1; 32], at(0)).await.unwrap();
        assert_eq!(rotate(&store, 1, 2, 1_000_000).await, "unknown");
        store.end_sessions(&AgentId::new("blake"), None).await.unwrap();
        assert_eq!(rotate(&store, 1, 2, 500).await, "rotated");
        store.end_sessions(&AgentId::new("alex"), Some("s1")).await.unwrap();
        assert_eq!(rotate(&store, 2, 3, 600).await, "unknown");
    }
}
