use crate::metrics::Metrics;
use cordboard::platform::BoxFuture;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection as _, Executor as _};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// The most writes in one transaction: beyond it, who waits longest waits for nothing.
const MOST_AT_ONCE: usize = 256;
/// The most writes that may wait. When there are more, the disk is lost to us and refusing is more honest.
const MOST_WAITING: usize = 8_192;

/// Why something was not written or read.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// Too much waits already, or the gateway is about to end.
    #[error("the journal is too busy")]
    Busy,
    /// The database said no.
    #[error("the journal can't be used")]
    Database(#[source] Arc<sqlx::Error>),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}

/// The one task that writes.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Message>,
}

enum Message {
    Write(Box<dyn Job>),
    Close(oneshot::Sender<()>),
}

trait Job: Send {
    /// Writes within a transaction.
    fn run<'c>(&'c mut self, connection: &'c mut SqliteConnection) -> BoxFuture<'c, Result<(), sqlx::Error>>;

    /// Says that it is durable, or is not.
    fn finish(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Write<T, R, F> {
    run: Option<R>,
    value: Option<T>,
    then: F,
}

impl<T, R, F> Job for Write<T, R, F>
where
    T: Send,
    R: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, sqlx::Error>> + Send,
    F: FnOnce(Result<T, StoreError>) + Send,
{
    fn run<'c>(&'c mut self, connection: &'c mut SqliteConnection) -> BoxFuture<'c, Result<(), sqlx::Error>> {
        Box::pin(async move {
            if let Some(run) = self.run.take() {
                self.value = Some(run(connection).await?);
            }
            Ok(())
        })
    }

    fn finish(self: Box<Self>, committed: Result<(), StoreError>) {
        let Self { value, then, .. } = *self;
        then(committed.and_then(|()| value.ok_or(StoreError::Busy)));
    }
}

impl Writer {
    pub(super) fn start(connection: SqliteConnection, metrics: Arc<Metrics>) -> Self {
        let (jobs, waiting) = mpsc::channel(MOST_WAITING);
        tokio::spawn(work(connection, waiting, metrics));
        Self { jobs }
    }

    /// Writes, and resolves when it is durable.
    pub(super) async fn write<T, R>(&self, run: R) -> Result<T, StoreError>
    where
        T: Send + 'static,
        R: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, sqlx::Error>> + Send + 'static,
    {
        self.write_then(run, |_| ()).await
    }

    /// Writes, and has `then` run after the commit and before anything that is committed later has its turn.
    pub(super) async fn write_then<T, R, F>(&self, run: R, then: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        R: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, sqlx::Error>> + Send + 'static,
        F: FnOnce(&T) + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let then = move |result: Result<T, StoreError>| {
            if let Ok(value) = &result {
                then(value);
            }
            // Who asked may be gone.
            let _ = reply.send(result);
        };
        let job = Box::new(Write { run: Some(run), value: None, then });
        self.jobs.try_send(Message::Write(job)).map_err(|_| StoreError::Busy)?;
        answer.await.unwrap_or(Err(StoreError::Busy))
    }

    /// Resolves when everything that waited is written and nothing is taken any more.
    pub(super) async fn close(&self) {
        let (reply, answer) = oneshot::channel();
        if self.jobs.send(Message::Close(reply)).await.is_ok() {
            let _ = answer.await;
        }
    }
}

async fn work(mut connection: SqliteConnection, mut waiting: mpsc::Receiver<Message>, metrics: Arc<Metrics>) {
    let mut batch: Vec<Box<dyn Job>> = Vec::new();
    let mut closing = None;
    while closing.is_none() {
        let mut next = waiting.recv().await;
        while let Some(message) = next.take() {
            match message {
                Message::Write(job) => batch.push(job),
                Message::Close(reply) => closing = Some(reply),
            }
            if batch.len() < MOST_AT_ONCE && closing.is_none() {
                next = waiting.try_recv().ok();
            }
        }
        if batch.is_empty() {
            break;
        }
        let timer = metrics.commit_started();
        let committed = commit(&mut connection, &mut batch).await;
        metrics.commit_ended(timer, batch.len(), committed.is_ok());
        if let Err(error) = &committed {
            tracing::error!(error = %Chain(error), waiting = batch.len(), "the journal can't be written");
        }
        for job in batch.drain(..) {
            job.finish(committed.clone());
        }
    }
    drop(waiting);
    if let Err(error) = connection.close().await {
        tracing::warn!(error = %error, "the journal was not closed cleanly");
    }
    if let Some(reply) = closing {
        let _ = reply.send(());
    }
}

async fn commit(connection: &mut SqliteConnection, batch: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    let result = async {
        connection.execute("BEGIN IMMEDIATE").await?;
        for job in batch.iter_mut() {
            job.run(connection).await?;
        }
        connection.execute("COMMIT").await
    }
    .await;
    if let Err(error) = result {
        // It fails if there is no transaction, which is as well.
        let _ = connection.execute("ROLLBACK").await;
        return Err(error.into());
    }
    Ok(())
}

/// An error with its causes in one line.
pub(crate) struct Chain<'a>(pub(crate) &'a (dyn std::error::Error + 'static));

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
