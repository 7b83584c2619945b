use crate::window;
use cordboard::Timestamp;
use cordboard::platform::{BoxFuture, Clock};
use core::time::Duration;
use js_sys::Promise;
use wasm_bindgen_futures::JsFuture;

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
        let elapsed = Promise::new(&mut |resolve, _| {
            let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, millis);
        });
        Box::pin(async move {
            let _ = JsFuture::from(elapsed).await;
        })
    }
}
