use cordboard::Timestamp;
use cordboard::platform::{BoxFuture, Clock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The machine's clock: the one place of the gateway that reads it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the driver that hands the time to everything else")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::default() + since
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A time that long ago.
pub(crate) fn before(now: Timestamp, duration: Duration) -> Timestamp {
    Timestamp::default() + now.since(Timestamp::default() + duration)
}
