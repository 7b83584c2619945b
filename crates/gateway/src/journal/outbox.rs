//! What the CRM is still to be told of calls that are over.

use super::events::read_call;
use super::{Store, StoreError, int, millis, natural};
use cordboard::Timestamp;
use cordboard::telephony::{AgentId, Call, CallId, DialKey};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use std::time::Duration;

/// A call that the CRM is to be told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) call: CallId,
    pub(crate) revision: u64,
    /// How often telling it failed.
    pub(crate) attempts: u32,
    /// The CRM's record that the gateway made or found.
    pub(crate) engagement: Option<String>,
    /// Whether it was made.
    pub(crate) is_made: bool,
    /// When the gateway began to make one of which it does not know.
    pub(crate) tried_at: Option<Timestamp>,
    /// Whether the CRM knows that the recording is ready.
    pub(crate) is_ready: bool,
    /// Whether it knows what was said.
    pub(crate) transcript: Given,
}

/// Whether the CRM has something that can't be looked for there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    No,
    /// It was sent, and nobody knows what became of it.
    Perhaps,
    Yes,
}

/// A call of which the CRM does not know everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Untold {
    pub(crate) call: CallId,
    pub(crate) ended_at: Timestamp,
    /// When it is tried; never, until an operator wants it.
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) attempts: u32,
    /// What failed last.
    pub(crate) problem: Option<String>,
}

/// What there is to tell of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// The call as each agent who had it was told.
    pub(crate) calls: Vec<(AgentId, Call)>,
    /// The CRM's records that widgets reported.
    pub(crate) engagements: Vec<(AgentId, String)>,
}

/// What becomes of a call that was due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Done,
    /// It is tried again.
    At {
        due_at: Timestamp,
        problem: Option<String>,
    },
    /// Only an operator can help.
    Parked {
        problem: String,
    },
}

/// What is learnt on the way, and must outlive a crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A record is about to be made.
    Tries(Timestamp),
    /// It was made.
    Made(String),
    /// One was found.
    Found(String),
    /// It was certainly not made, or is not the call's any more.
    HasNot,
    /// It was taken back, with all that was told of it.
    Withdrawn,
    /// The CRM knows of the recording.
    Ready,
    /// What was said is about to be sent.
    Transcribes,
    /// The CRM has it.
    Transcribed,
    /// It certainly has not, or an operator says so.
    NotTranscribed,
}

/// In the transaction of the event: a call is over.
pub(super) async fn ended(
    connection: &mut SqliteConnection,
    call: &CallId,
    now: Timestamp,
    wait: Duration,
) -> Result<(), sqlx::Error> {
    let insert = sqlx::query(
        "INSERT INTO outbox (call, ended_at, due_at) SELECT ?1, ?2, ?3 WHERE NOT EXISTS (SELECT 1 FROM quiet WHERE call = ?1) \
         ON CONFLICT (call) DO UPDATE SET due_at = excluded.due_at, revision = revision + 1",
    );
    insert.bind(call.as_str()).bind(millis(now)).bind(millis(now + wait)).execute(connection).await.map(drop)
}

impl Store {
    /// Has everything that ends told to the CRM, so long after the end.
    pub(crate) fn with_outbox(mut self, wait: Duration) -> Self {
        self.outbox = Some(wait);
        self
    }

    /// Keeps which record the CRM has of an agent's call. Of a call that is over, there is something to tell again.
    pub(crate) async fn engage(
        &self,
        agent: &AgentId,
        call: &CallId,
        engagement: String,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (agent, call) = (agent.clone(), call.clone());
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let keep = sqlx::query(
                        "INSERT INTO engagements (agent, call, engagement, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (agent, call) \
                         DO UPDATE SET engagement = ?3, at = ?4 WHERE engagement <> ?3",
                    );
                    let keep = keep.bind(agent.as_str()).bind(call.as_str()).bind(&engagement).bind(millis(now));
                    if keep.execute(&mut *connection).await?.rows_affected() == 0 {
                        return Ok(());
                    }
                    let again = sqlx::query(
                        "UPDATE outbox SET due_at = coalesce(min(due_at, ?1), ?1), revision = revision + 1, problem = NULL WHERE call = ?2",
                    );
                    again.bind(millis(now)).bind(call.as_str()).execute(connection).await.map(drop)
                })
            })
            .await
    }

    /// Has nothing told of a call: it belongs to another. Returns whether that is new.
    pub(crate) async fn keep_quiet(&self, call: &CallId, now: Timestamp) -> Result<bool, StoreError> {
        let call = call.clone();
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let quiet = sqlx::query("INSERT INTO quiet (call, at) VALUES (?, ?) ON CONFLICT DO NOTHING");
                    let quiet = quiet.bind(call.as_str()).bind(millis(now)).execute(connection).await?;
                    Ok(quiet.rows_affected() > 0)
                })
            })
            .await
    }

    /// Has a call told after all, also if it has ended meanwhile: it does not belong to another.
    pub(crate) async fn speak_again(&self, call: &CallId, now: Timestamp) -> Result<(), StoreError> {
        let (call, outbox) = (call.clone(), self.outbox);
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let speak = sqlx::query("DELETE FROM quiet WHERE call = ?");
                    speak.bind(call.as_str()).execute(&mut *connection).await?;
                    let is_over =
                        sqlx::query("SELECT EXISTS (SELECT 1 FROM calls WHERE call = ? AND ended_at IS NOT NULL)");
                    let is_over = is_over.bind(call.as_str()).fetch_one(&mut *connection).await?.try_get(0)?;
                    match outbox {
                        Some(wait) if is_over => ended(connection, &call, now, wait).await,
                        _ => Ok(()),
                    }
                })
            })
            .await
    }

    /// The calls that are due, those first that have been due for longest.
    pub(crate) async fn due(&self, now: Timestamp, most: u32) -> Result<Vec<Due>, StoreError> {
        let rows = sqlx::query(
            "SELECT call, revision, attempts, engagement, tried_at, ready, made, transcript FROM outbox WHERE due_at <= ? ORDER BY due_at LIMIT ?",
        );
        let rows = rows.bind(millis(now)).bind(most).fetch_all(&self.readers).await?;
        let due = |row: &SqliteRow| {
            Ok::<_, sqlx::Error>(Due {
                call: CallId::new(row.try_get::<String, _>(0)?),
                revision: natural(row.try_get(1)?),
                attempts: row.try_get(2)?,
                engagement: row.try_get(3)?,
                tried_at: time(row, 4)?,
                is_ready: row.try_get(5)?,
                is_made: row.try_get(6)?,
                transcript: match row.try_get(7)? {
                    0 => Given::No,
                    1 => Given::Perhaps,
                    _ => Given::Yes,
                },
            })
        };
        Ok(rows.iter().map(due).collect::<Result<_, _>>()?)
    }

    /// The call of that name, or else the one that a wish of that name began; none if there are several.
    pub(crate) async fn call_named(&self, call: &CallId, key: &DialKey) -> Result<Option<CallId>, StoreError> {
        let named =
            sqlx::query("SELECT call FROM calls WHERE call = ?1 UNION SELECT call FROM calls WHERE key = ?2 LIMIT 2");
        let rows = named.bind(call.as_str()).bind(key.as_str()).fetch_all(&self.readers).await?;
        let [row] = rows.as_slice() else { return Ok(None) };
        Ok(Some(CallId::new(row.try_get::<String, _>(0)?)))
    }

    /// What there is to tell of a call.
    pub(crate) async fn told_of(&self, call: &CallId) -> Result<Told, StoreError> {
        let calls = sqlx::query("SELECT body, agent FROM calls WHERE call = ? ORDER BY agent");
        let calls = calls.bind(call.as_str()).fetch_all(&self.readers).await?;
        let agent = |row: &SqliteRow, column| row.try_get::<String, _>(column).map(AgentId::new);
        let calls = calls.iter().map(|row| Ok::<_, sqlx::Error>((agent(row, 1)?, read_call(row)?)));
        let engagements = sqlx::query("SELECT agent, engagement FROM engagements WHERE call = ? ORDER BY agent");
        let engagements = engagements.bind(call.as_str()).fetch_all(&self.readers).await?;
        let engagements = engagements.iter().map(|row| Ok::<_, sqlx::Error>((agent(row, 0)?, row.try_get(1)?)));
        Ok(Told { calls: calls.collect::<Result<_, _>>()?, engagements: engagements.collect::<Result<_, _>>()? })
    }

    /// Keeps what was learnt of a call on the way.
    pub(crate) async fn learn(&self, call: &CallId, step: Step) -> Result<(), StoreError> {
        let call = call.clone();
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let has = |engagement: Option<String>, is_made: bool| {
                        sqlx::query("UPDATE outbox SET tried_at = NULL, engagement = ?, made = ? WHERE call = ?")
                            .bind(engagement)
                            .bind(is_made)
                    };
                    let transcript =
                        |given: i64| sqlx::query("UPDATE outbox SET transcript = ? WHERE call = ?").bind(given);
                    let update = match step {
                        Step::Tries(at) => {
                            sqlx::query("UPDATE outbox SET tried_at = ? WHERE call = ?").bind(millis(at))
                        }
                        Step::Made(engagement) => has(Some(engagement), true),
                        Step::Found(engagement) => has(Some(engagement), false),
                        Step::HasNot => has(None, false),
                        Step::Withdrawn => sqlx::query(
                            "UPDATE outbox SET tried_at = NULL, engagement = NULL, made = 0, ready = 0, transcript = 0 WHERE call = ?",
                        ),
                        Step::Ready => sqlx::query("UPDATE outbox SET ready = ? WHERE call = ?").bind(true),
                        Step::Transcribes => transcript(1),
                        Step::Transcribed => transcript(2),
                        Step::NotTranscribed => {
                            sqlx::query("UPDATE outbox SET transcript = 0 WHERE transcript = 1 AND call = ?")
                        }
                    };
                    update.bind(call.as_str()).execute(connection).await.map(drop)
                })
            })
            .await
    }

    /// Keeps what becomes of a call that was due. If there is more to tell by now, that stays due.
    pub(crate) async fn settle_due(&self, due: &Due, next: Next) -> Result<(), StoreError> {
        let (call, revision) = (due.call.clone(), due.revision);
        let (due_at, problem, is_failure) = match next {
            Next::Done => (None, None, false),
            Next::At { due_at, problem } => (Some(due_at), problem, true),
            Next::Parked { problem } => (None, Some(problem), true),
        };
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let settle = sqlx::query(
                        "UPDATE outbox SET due_at = ?, problem = ?, attempts = iif(?, attempts + 1, 0) WHERE call = ? AND revision = ?",
                    );
                    let settle = settle.bind(due_at.map(millis)).bind(problem).bind(is_failure);
                    settle.bind(call.as_str()).bind(int(revision)).execute(connection).await.map(drop)
                })
            })
            .await
    }

    /// The calls of which the CRM does not know everything, the oldest first.
    pub(crate) async fn untold(&self, most: u32) -> Result<Vec<Untold>, StoreError> {
        let rows = sqlx::query(
            "SELECT call, ended_at, due_at, attempts, problem FROM outbox WHERE due_at IS NOT NULL OR problem IS NOT NULL \
             ORDER BY ended_at LIMIT ?",
        );
        let rows = rows.bind(most).fetch_all(&self.readers).await?;
        let untold = |row: &SqliteRow| {
            Ok::<_, sqlx::Error>(Untold {
                call: CallId::new(row.try_get::<String, _>(0)?),
                ended_at: time(row, 1)?.unwrap_or_default(),
                due_at: time(row, 2)?,
                attempts: row.try_get(3)?,
                problem: row.try_get(4)?,
            })
        };
        Ok(rows.iter().map(untold).collect::<Result<_, _>>()?)
    }

    /// Lets a call be that waits for an operator, who has seen that the CRM knows enough. Returns whether it waited.
    pub(crate) async fn dismiss(&self, call: CallId) -> Result<bool, StoreError> {
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let dismiss = sqlx::query(
                        "UPDATE outbox SET problem = NULL, transcript = iif(transcript = 1, 2, transcript) \
                         WHERE call = ? AND due_at IS NULL AND problem IS NOT NULL",
                    );
                    Ok(dismiss.bind(call.as_str()).execute(connection).await?.rows_affected() > 0)
                })
            })
            .await
    }

    /// How many calls wait to be told, and how many wait for an operator.
    pub(crate) async fn untold_counts(&self) -> Result<(u64, u64), StoreError> {
        let row = sqlx::query(
            "SELECT count(due_at), count(*) - count(due_at) FROM outbox WHERE due_at IS NOT NULL OR problem IS NOT NULL",
        );
        let row = row.fetch_one(&self.readers).await?;
        Ok((natural(row.try_get(0)?), natural(row.try_get(1)?)))
    }

    /// Tries calls now that wait: one, or all. Returns how many.
    pub(crate) async fn hasten(&self, call: Option<CallId>, now: Timestamp) -> Result<u64, StoreError> {
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let hasten = sqlx::query(
                        "UPDATE outbox SET due_at = ?1, revision = revision + 1, attempts = 0 \
                         WHERE (due_at IS NOT NULL OR problem IS NOT NULL) AND (?2 IS NULL OR call = ?2)",
                    );
                    let hasten = hasten.bind(millis(now)).bind(call.as_ref().map(CallId::as_str));
                    Ok(hasten.execute(connection).await?.rows_affected())
                })
            })
            .await
    }
}

fn time(row: &SqliteRow, column: usize) -> Result<Option<Timestamp>, sqlx::Error> {
    let millis: Option<i64> = row.try_get(column)?;
    Ok(millis.map(|millis| Timestamp::from_millis(natural(millis))))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, dialed, open};
    use super::*;
    use cordboard::telephony::{CallEvent, CallEventKind, EndReason};

    const WAIT: Duration = Duration::from_millis(10);

    /// A call that ended at that time.
    async fn a_call(store: &Store, id: &str, ended_at: u64) {
        let agent = AgentId::new("alex");
        store.stream(&agent).await.unwrap();
        let event = |sequence, kind| CallEvent { call: CallId::new(id), sequence, at: at(1), kind };
        let events = vec![
            event(1, CallEventKind::Started(Box::new(dialed(id)))),
            event(2, CallEventKind::Ended(EndReason::Canceled)),
        ];
        store.append(&agent, at(ended_at), events).await.unwrap();
    }

    async fn due(store: &Store, now: u64) -> Vec<Due> {
        store.due(at(now), 9).await.unwrap()
    }

    #[tokio::test]
    async fn what_ends_is_due_once() {
        let (store, _folder) = open().await;
        a_call(&store, "before", 1).await;
        let store = store.with_outbox(WAIT);
        store.keep_quiet(&CallId::new("quiet"), at(1)).await.unwrap();
        for id in ["a", "quiet"] {
            a_call(&store, id, 5).await;
            // As after a crash, when everything comes again.
            a_call(&store, id, 9).await;
        }
        assert!(due(&store, 14).await.is_empty());
        let all = due(&store, 15).await;
        assert_eq!(all.iter().map(|due| due.call.as_str()).collect::<Vec<_>>(), ["a"]);
        assert_eq!(all[0].revision, 0);
        store.settle_due(&all[0], Next::Done).await.unwrap();
        assert!(due(&store, 99).await.is_empty());
        assert!(store.untold(9).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn what_was_quiet_in_vain_is_due() {
        let (store, _folder) = open().await;
        let store = store.with_outbox(WAIT);
        for id in ["over", "later"] {
            assert!(store.keep_quiet(&CallId::new(id), at(1)).await.unwrap());
            assert!(!store.keep_quiet(&CallId::new(id), at(1)).await.unwrap(), "it is quiet already");
        }
        a_call(&store, "over", 5).await;
        for id in ["over", "later"] {
            store.speak_again(&CallId::new(id), at(6)).await.unwrap();
        }
        assert_eq!(due(&store, 99).await.len(), 1);
        a_call(&store, "later", 7).await;
        let all = due(&store, 99).await;
        assert_eq!(all.iter().map(|due| due.call.as_str()).collect::<Vec<_>>(), ["over", "later"]);
    }

    #[tokio::test]
    async fn what_comes_meanwhile_is_not_taken_for_told() {
        let (store, _folder) = open().await;
        let store = store.with_outbox(WAIT);
        a_call(&store, "a", 5).await;
        let first = due(&store, 20).await.remove(0);
        let engage = async |engagement: &str| {
            store.engage(&AgentId::new("alex"), &first.call, engagement.to_owned(), at(30)).await.unwrap();
        };
        engage("9001").await;
        store.settle_due(&first, Next::Done).await.unwrap();
        let second = due(&store, 30).await.remove(0);
        assert_eq!(second.revision, 1);
        let told = store.told_of(&first.call).await.unwrap();
        assert_eq!(told.engagements, [(AgentId::new("alex"), "9001".to_owned())]);
        assert_eq!(told.calls.len(), 1);
        // The same report again changes nothing.
        engage("9001").await;
        store.settle_due(&second, Next::Done).await.unwrap();
        assert!(due(&store, 99).await.is_empty());
        engage("9002").await;
        assert_eq!(due(&store, 99).await.len(), 1);
    }

    #[tokio::test]
    async fn what_is_parked_waits_for_an_operator() {
        let (store, _folder) = open().await;
        let store = store.with_outbox(WAIT);
        for id in ["a", "b"] {
            a_call(&store, id, 5).await;
        }
        let [a, b] = <[Due; 2]>::try_from(due(&store, 20).await).unwrap();
        store.settle_due(&a, Next::Parked { problem: "no".to_owned() }).await.unwrap();
        store.settle_due(&b, Next::At { due_at: at(50), problem: Some("later".to_owned()) }).await.unwrap();
        assert!(due(&store, 49).await.is_empty());
        assert_eq!(store.untold_counts().await.unwrap(), (1, 1));
        let untold = store.untold(9).await.unwrap();
        assert_eq!((untold[0].due_at, untold[0].problem.as_deref()), (None, Some("no")));
        assert_eq!((untold[1].due_at, untold[1].attempts), (Some(at(50)), 1));
        assert_eq!(store.hasten(Some(CallId::new("unknown")), at(30)).await.unwrap(), 0);
        assert_eq!(store.hasten(Some(a.call.clone()), at(30)).await.unwrap(), 1);
        assert_eq!(due(&store, 30).await.len(), 1);
        assert_eq!(store.hasten(None, at(31)).await.unwrap(), 2);
        let again = due(&store, 31).await.remove(0);
        assert!(!store.dismiss(again.call.clone()).await.unwrap(), "it is tried");
        store.settle_due(&again, Next::Parked { problem: "no".to_owned() }).await.unwrap();
        assert!(store.dismiss(again.call.clone()).await.unwrap());
        assert!(store.untold(9).await.unwrap().iter().all(|untold| untold.call != again.call));
    }

    #[tokio::test]
    async fn what_was_learnt_stays_until_it_is_old() {
        let (store, _folder) = open().await;
        let store = store.with_outbox(WAIT);
        a_call(&store, "a", 5).await;
        let call = CallId::new("a");
        store.learn(&call, Step::Tries(at(7))).await.unwrap();
        assert_eq!(due(&store, 20).await[0].tried_at, Some(at(7)));
        store.learn(&call, Step::Made("9001".to_owned())).await.unwrap();
        store.learn(&call, Step::Ready).await.unwrap();
        store.learn(&call, Step::Transcribes).await.unwrap();
        let learnt = due(&store, 20).await.remove(0);
        assert_eq!((learnt.engagement.as_deref(), learnt.tried_at, learnt.is_ready), (Some("9001"), None, true));
        assert_eq!((learnt.is_made, learnt.transcript), (true, Given::Perhaps));
        for (step, given) in [
            (Step::NotTranscribed, Given::No),
            (Step::Transcribes, Given::Perhaps),
            (Step::Transcribed, Given::Yes),
            // What is there is there, as long as the record is.
            (Step::NotTranscribed, Given::Yes),
            (Step::Withdrawn, Given::No),
        ] {
            store.learn(&call, step.clone()).await.unwrap();
            assert_eq!(due(&store, 20).await[0].transcript, given, "{step:?}");
        }
        store.learn(&call, Step::HasNot).await.unwrap();
        assert_eq!(due(&store, 20).await[0].engagement, None);
        let named = async |name: &str| store.call_named(&CallId::new(name), &DialKey::new(name)).await.unwrap();
        assert_eq!(
            (named("a").await, named("key of a").await, named("b").await),
            (Some(call.clone()), Some(call), None)
        );
        store.forget_before(at(1_000)).await.unwrap();
        assert!(due(&store, 2_000).await.is_empty());
    }
}
