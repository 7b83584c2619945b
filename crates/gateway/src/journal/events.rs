//! What the agents were told, and their calls as that tells them.

use super::{Store, StoreError, int, millis, natural, outbox};
use crate::random;
use crate::wire::WireEvent;
use cordboard::telephony::{AgentId, Call, CallEvent, CallEventKind, CallId, DialKey, Event};
use cordboard::{Timestamp, Value};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use std::time::Duration;

/// An agent's numbering of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stream {
    /// Names it; another name means that something is missing.
    pub(crate) id: String,
    /// The last number given.
    pub(crate) sequence: u64,
}

/// An event that was not known before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) sequence: u64,
    /// As it stands on the wire.
    pub(crate) body: String,
}

impl Store {
    /// An agent's stream, which begins when it is first asked for.
    pub(crate) async fn stream(&self, agent: &AgentId) -> Result<Stream, StoreError> {
        let agent = agent.clone();
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let begin = sqlx::query(
                        "INSERT INTO streams (agent, stream, sequence) VALUES (?, ?, 0) ON CONFLICT DO NOTHING",
                    );
                    begin.bind(agent.as_str()).bind(random::name()).execute(&mut *connection).await?;
                    let read = sqlx::query("SELECT stream, sequence FROM streams WHERE agent = ?");
                    let row = read.bind(agent.as_str()).fetch_one(connection).await?;
                    Ok(Stream { id: row.try_get(0)?, sequence: natural(row.try_get(1)?) })
                })
            })
            .await
    }

    /// Gives the agent's stream another name, because events were missed.
    pub(crate) async fn break_stream(&self, agent: &AgentId) -> Result<String, StoreError> {
        let agent = agent.clone();
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let id = random::name();
                    let rename = sqlx::query("UPDATE streams SET stream = ? WHERE agent = ?");
                    rename.bind(&id).bind(agent.as_str()).execute(connection).await?;
                    Ok(id)
                })
            })
            .await
    }

    /// Every agent who has a stream.
    pub(crate) async fn agents(&self) -> Result<Vec<AgentId>, StoreError> {
        let rows = sqlx::query("SELECT agent FROM streams ORDER BY agent").fetch_all(&self.readers).await?;
        Ok(rows.iter().map(|row| row.try_get::<String, _>(0).map(AgentId::new)).collect::<Result<_, _>>()?)
    }

    /// Keeps events, numbers them, and returns those that are new and can follow. The agent has a stream.
    pub(crate) async fn append(
        &self,
        agent: &AgentId,
        now: Timestamp,
        events: Vec<CallEvent>,
    ) -> Result<Vec<Stored>, StoreError> {
        let (agent, wait) = (agent.clone(), self.outbox);
        self.writer.write(move |connection| Box::pin(append(connection, agent, now, events, wait))).await
    }

    /// Takes in calls whose events were missed.
    pub(crate) async fn adopt(&self, agent: &AgentId, calls: Vec<Call>) -> Result<(), StoreError> {
        let agent = agent.clone();
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    for call in &calls {
                        let known = picture(connection, &agent, &call.id).await?;
                        if known.is_none_or(|known| known.sequence < call.sequence) {
                            save(connection, &agent, call).await?;
                        }
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Whether everything after that event is still there.
    pub(crate) async fn has_all_after(&self, agent: &AgentId, after: u64, last: u64) -> Result<bool, StoreError> {
        if after >= last {
            return Ok(after == last);
        }
        let row = sqlx::query("SELECT min(sequence) FROM events WHERE agent = ?");
        let row = row.bind(agent.as_str()).fetch_one(&self.readers).await?;
        let first: Option<i64> = row.try_get(0)?;
        Ok(first.is_some_and(|first| natural(first) <= after + 1))
    }

    /// The next events after one, up to `last`, no more than `most`.
    pub(crate) async fn events_after(
        &self,
        agent: &AgentId,
        after: u64,
        last: u64,
        most: u32,
    ) -> Result<Vec<Stored>, StoreError> {
        let rows = sqlx::query(
            "SELECT sequence, body FROM events WHERE agent = ? AND sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?",
        );
        let rows =
            rows.bind(agent.as_str()).bind(int(after)).bind(int(last)).bind(most).fetch_all(&self.readers).await?;
        let stored = |row: &SqliteRow| {
            Ok::<_, sqlx::Error>(Stored { sequence: natural(row.try_get(0)?), body: row.try_get(1)? })
        };
        Ok(rows.iter().map(stored).collect::<Result<_, _>>()?)
    }

    /// Whether the agent was told of that call.
    pub(crate) async fn owns(&self, agent: &AgentId, call: &CallId) -> Result<bool, StoreError> {
        let owns = sqlx::query("SELECT EXISTS (SELECT 1 FROM calls WHERE agent = ? AND call = ?)");
        Ok(owns.bind(agent.as_str()).bind(call.as_str()).fetch_one(&self.readers).await?.try_get(0)?)
    }

    /// The call that a wish to call began.
    pub(crate) async fn call_of(&self, agent: &AgentId, key: &DialKey) -> Result<Option<CallId>, StoreError> {
        let call = sqlx::query("SELECT call FROM calls WHERE agent = ? AND key = ?");
        let row = call.bind(agent.as_str()).bind(key.as_str()).fetch_optional(&self.readers).await?;
        Ok(row.map(|row| row.try_get::<String, _>(0).map(CallId::new)).transpose()?)
    }

    /// The agent's calls that have not ended, as far as the agent was told.
    pub(crate) async fn unended(&self, agent: &AgentId) -> Result<Vec<Call>, StoreError> {
        let rows = sqlx::query("SELECT body FROM calls WHERE agent = ? AND ended_at IS NULL ORDER BY started_at");
        let rows = rows.bind(agent.as_str()).fetch_all(&self.readers).await?;
        Ok(rows.iter().map(read_call).collect::<Result<_, _>>()?)
    }

    /// The agent's calls that began before a time, the latest first.
    pub(crate) async fn history(&self, agent: &AgentId, before: Timestamp, most: u32) -> Result<Vec<Call>, StoreError> {
        let rows =
            sqlx::query("SELECT body FROM calls WHERE agent = ? AND started_at < ? ORDER BY started_at DESC LIMIT ?");
        let rows = rows.bind(agent.as_str()).bind(millis(before)).bind(most).fetch_all(&self.readers).await?;
        Ok(rows.iter().map(read_call).collect::<Result<_, _>>()?)
    }
}

async fn append(
    connection: &mut SqliteConnection,
    agent: AgentId,
    now: Timestamp,
    events: Vec<CallEvent>,
    outbox: Option<Duration>,
) -> Result<Vec<Stored>, sqlx::Error> {
    let read = sqlx::query("SELECT sequence FROM streams WHERE agent = ?");
    let mut sequence = natural(read.bind(agent.as_str()).fetch_one(&mut *connection).await?.try_get(0)?);
    let mut stored = Vec::with_capacity(events.len());
    for event in events {
        let known = picture(connection, &agent, &event.call).await?;
        match (&event.kind, known) {
            (CallEventKind::Started(call), None) => save(connection, &agent, call).await?,
            (_, Some(mut call)) => match call.apply(&event) {
                Ok(true) => {
                    save(connection, &agent, &call).await?;
                    if let (CallEventKind::Ended(_), Some(wait)) = (&event.kind, outbox) {
                        outbox::ended(connection, &event.call, now, wait).await?;
                    }
                }
                Ok(false) => continue,
                Err(error) => {
                    tracing::warn!(call = %event.call, %error, "an event was dropped");
                    continue;
                }
            },
            // Of a call whose beginning was missed; `Lagged` has been told of that.
            (_, None) => {}
        }
        let body = WireEvent::of(&Event::Call(event.clone())).map(|event| serde_json::to_string(&event));
        let body = body.transpose().map_err(|error| sqlx::Error::Encode(Box::new(error)))?.unwrap_or_default();
        let insert = sqlx::query(
            "INSERT INTO events (agent, sequence, call, call_sequence, recorded_at, body) VALUES (?, ?, ?, ?, ?, ?) \
             ON CONFLICT (agent, call, call_sequence) DO NOTHING",
        );
        let insert = insert
            .bind(agent.as_str())
            .bind(int(sequence + 1))
            .bind(event.call.as_str())
            .bind(int(event.sequence))
            .bind(millis(now))
            .bind(&body);
        if insert.execute(&mut *connection).await?.rows_affected() == 1 {
            sequence += 1;
            stored.push(Stored { sequence, body });
        }
    }
    let advance = sqlx::query("UPDATE streams SET sequence = ? WHERE agent = ?");
    advance.bind(int(sequence)).bind(agent.as_str()).execute(connection).await?;
    Ok(stored)
}

async fn picture(
    connection: &mut SqliteConnection,
    agent: &AgentId,
    call: &CallId,
) -> Result<Option<Call>, sqlx::Error> {
    let read = sqlx::query("SELECT body FROM calls WHERE agent = ? AND call = ?");
    let row = read.bind(agent.as_str()).bind(call.as_str()).fetch_optional(connection).await?;
    row.as_ref().map(read_call).transpose()
}

async fn save(connection: &mut SqliteConnection, agent: &AgentId, call: &Call) -> Result<(), sqlx::Error> {
    let body = serde_json::to_string(&Value::from(call)).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let save = sqlx::query(
        "INSERT INTO calls (agent, call, key, started_at, ended_at, body) VALUES (?, ?, ?, ?, ?, ?) \
         ON CONFLICT (agent, call) DO UPDATE SET ended_at = excluded.ended_at, body = excluded.body",
    );
    save.bind(agent.as_str())
        .bind(call.id.as_str())
        .bind(call.key.as_ref().map(DialKey::as_str))
        .bind(millis(call.started_at))
        .bind(call.ended_at.map(millis))
        .bind(body)
        .execute(connection)
        .await
        .map(drop)
}

pub(super) fn read_call(row: &SqliteRow) -> Result<Call, sqlx::Error> {
    let body: String = row.try_get(0)?;
    let value: Value = serde_json::from_str(&body).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    Call::from_value(&value).ok_or_else(|| sqlx::Error::Decode("a call can't be read".into()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, dialed, open};
    use super::*;
    use cordboard::telephony::{CallState, EndReason};

    fn event(id: &str, sequence: u64, kind: CallEventKind) -> CallEvent {
        CallEvent { call: CallId::new(id), sequence, at: at(sequence), kind }
    }

    fn a_call(id: &str) -> Vec<CallEvent> {
        vec![
            event(id, 1, CallEventKind::Started(Box::new(dialed(id)))),
            event(id, 2, CallEventKind::Connected),
            event(id, 3, CallEventKind::Ended(EndReason::HungUp)),
        ]
    }

    fn sequences(stored: &[Stored]) -> Vec<u64> {
        stored.iter().map(|event| event.sequence).collect()
    }

    #[tokio::test]
    async fn events_are_numbered_once() {
        let (store, _folder) = open().await;
        let agent = AgentId::new("alex");
        let stream = store.stream(&agent).await.unwrap();
        assert_eq!(stream.sequence, 0);
        let [started, connected, ended] = <[CallEvent; 3]>::try_from(a_call("c1")).unwrap();
        let stored = store.append(&agent, at(5), vec![started.clone(), connected.clone()]).await.unwrap();
        assert_eq!(sequences(&stored), [1, 2]);
        // As after a crash, when everything comes again.
        let stored = store.append(&agent, at(6), vec![started, connected, ended]).await.unwrap();
        assert_eq!(sequences(&stored), [3]);
        assert!(stored[0].body.contains("\"hung-up\""));
        assert_eq!(store.stream(&agent).await.unwrap(), Stream { sequence: 3, ..stream });
        assert!(store.unended(&agent).await.unwrap().is_empty());
        let history = store.history(&agent, at(9), 10).await.unwrap();
        assert_eq!(history[0].state, CallState::Ended(EndReason::HungUp));
        assert_eq!(store.call_of(&agent, &DialKey::new("key of c1")).await.unwrap(), Some(CallId::new("c1")));
    }

    #[tokio::test]
    async fn an_ended_call_stays_ended() {
        let (store, _folder) = open().await;
        let agent = AgentId::new("alex");
        store.stream(&agent).await.unwrap();
        store.append(&agent, at(5), a_call("c1")).await.unwrap();
        let late = event("c1", 4, CallEventKind::Ended(EndReason::RemoteHungUp));
        assert!(store.append(&agent, at(6), vec![late]).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn each_agent_has_their_own() {
        let (store, _folder) = open().await;
        let (alex, blake) = (AgentId::new("alex"), AgentId::new("blake"));
        for agent in [&alex, &blake] {
            store.stream(agent).await.unwrap();
        }
        store.append(&alex, at(5), a_call("c1")).await.unwrap();
        assert_eq!(sequences(&store.append(&blake, at(5), a_call("c2")).await.unwrap()), [1, 2, 3]);
        assert!(store.owns(&alex, &CallId::new("c1")).await.unwrap());
        assert!(!store.owns(&blake, &CallId::new("c1")).await.unwrap());
        assert_eq!(store.agents().await.unwrap(), [alex, blake]);
    }

    #[tokio::test]
    async fn a_reader_goes_on_where_it_stopped() {
        let (store, _folder) = open().await;
        let agent = AgentId::new("alex");
        store.stream(&agent).await.unwrap();
        assert!(store.has_all_after(&agent, 0, 0).await.unwrap());
        for id in ["c1", "c2"] {
            store.append(&agent, at(5), a_call(id)).await.unwrap();
        }
        assert!(store.has_all_after(&agent, 0, 6).await.unwrap());
        assert!(store.has_all_after(&agent, 6, 6).await.unwrap());
        assert!(!store.has_all_after(&agent, 7, 6).await.unwrap(), "it has not been told of 7");
        assert_eq!(sequences(&store.events_after(&agent, 2, 6, 3).await.unwrap()), [3, 4, 5]);
        assert_eq!(sequences(&store.events_after(&agent, 4, 5, 9).await.unwrap()), [5]);
        let before = store.stream(&agent).await.unwrap().id;
        assert_ne!(store.break_stream(&agent).await.unwrap(), before);
    }
}
