use crate::task::call_once;
use crate::window;
use cordboard::Timestamp;
use cordboard::platform::{BoxFuture, Clock, Lock};
use core::future::poll_fn;
use core::task::{Poll, Waker};
use core::time::Duration;
use std::sync::Arc;

/// The browser's clock and timers.
#[derive(Clone, Copy, Debug, Default)]
pub struct BrowserClock;

/// What a timer and who waits for it hold together.
#[derive(Default)]
struct Alarm {
    has_rung: bool,
    sleeper: Option<Waker>,
}

impl Clock for BrowserClock {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "Date.now() is a whole number far below 2^53"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(js_sys::Date::now() as u64)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        // A longer time than 24 days would be taken for none.
        let millis = i32::try_from(duration.as_millis()).unwrap_or(i32::MAX);
        #[allow(clippy::arc_with_non_send_sync, reason = "in a browser there is one thread, and nothing is `Send`")]
        let alarm = Arc::new(Lock::new(Alarm::default()));
        let timer = Arc::clone(&alarm);
        let ring = call_once(Box::new(move || {
            let mut alarm = timer.lock();
            alarm.has_rung = true;
            if let Some(sleeper) = alarm.sleeper.take() {
                sleeper.wake();
            }
        }));
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&ring, millis);
        Box::pin(poll_fn(move |context| {
            let mut alarm = alarm.lock();
            if alarm.has_rung {
                return Poll::Ready(());
            }
            alarm.sleeper = Some(context.waker().clone());
            Poll::Pending
        }))
    }
}
