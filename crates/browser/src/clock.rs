use crate::window;
use cordboard::Timestamp;
use cordboard::platform::{BoxFuture, Clock};
use core::time::Duration;
use futures_channel::oneshot;
use wasm_bindgen::prelude::*;

/// The browser's clock and timers.
#[derive(Clone, Copy, Debug, Default)]
pub struct BrowserClock;

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
        // A promise could not leave its thread, as the trait has it for those that have several; a channel can.
        let (elapsed, wait) = oneshot::channel::<()>();
        let ring = Closure::once_into_js(move || elapsed.send(()).unwrap_or_default());
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(ring.unchecked_ref(), millis);
        Box::pin(async move {
            let _ = wait.await;
        })
    }
}
