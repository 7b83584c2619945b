//! Something that comes later, once. A library's channel does more than a page needs, and costs an app half a kilobyte.

use cordboard::platform::Lock;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::sync::Arc;

struct State<T> {
    value: Option<T>,
    /// Nobody can give it any more.
    is_over: bool,
    reader: Option<Waker>,
}

/// Gives it. Dropped instead, it says that nothing comes.
pub(crate) struct Giver<T>(Arc<Lock<State<T>>>);

/// Waits for it; `None` if nothing comes.
pub(crate) struct Arrival<T>(Arc<Lock<State<T>>>);

#[allow(clippy::arc_with_non_send_sync, reason = "in a browser there is one thread, and nothing is `Send`")]
pub(crate) fn arrival<T>() -> (Giver<T>, Arrival<T>) {
    let state = Arc::new(Lock::new(State { value: None, is_over: false, reader: None }));
    (Giver(Arc::clone(&state)), Arrival(state))
}

impl<T> Giver<T> {
    pub(crate) fn give(self, value: T) {
        self.0.lock().value = Some(value);
    }
}

impl<T> Drop for Giver<T> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_over = true;
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

impl<T> Future for Arrival<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = self.0.lock();
        if state.is_over {
            return Poll::Ready(state.value.take());
        }
        state.reader = Some(context.waker().clone());
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[test]
    fn it_comes_once_or_never() {
        let (giver, mut given) = arrival();
        assert_eq!((&mut given).now_or_never(), None);
        giver.give(7);
        assert_eq!((&mut given).now_or_never(), Some(Some(7)));
        let (giver, never) = arrival::<u8>();
        drop(giver);
        assert_eq!(never.now_or_never(), Some(None));
    }

    #[tokio::test]
    async fn who_waits_is_woken() {
        let (giver, given) = arrival();
        let waiting = tokio::spawn(given);
        tokio::task::yield_now().await;
        giver.give(7);
        assert_eq!(waiting.await.unwrap(), Some(7));
    }
}
