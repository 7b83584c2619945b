//! Tasks beside a test, in its virtual time.

use cordboard::platform::BoxFuture;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

#[derive(Clone, Default)]
pub(crate) struct Tasks(Arc<Mutex<New>>);

#[derive(Default)]
struct New {
    tasks: Vec<BoxFuture<'static, ()>>,
    runner: Option<Waker>,
}

impl Tasks {
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut new = self.0.lock().expect("no task panics in here");
        new.tasks.push(Box::pin(task));
        if let Some(runner) = new.runner.take() {
            runner.wake();
        }
    }

    /// Runs them all. Never ends.
    pub(crate) async fn run(&self) {
        let mut running = FuturesUnordered::new();
        poll_fn(|context| {
            loop {
                let mut new = self.0.lock().expect("no task panics in here");
                new.runner = Some(context.waker().clone());
                let had_new = !new.tasks.is_empty();
                running.extend(new.tasks.drain(..));
                drop(new);
                let had_done = matches!(running.poll_next_unpin(context), Poll::Ready(Some(())));
                if !had_new && !had_done {
                    return Poll::<()>::Pending;
                }
            }
        })
        .await;
    }
}
