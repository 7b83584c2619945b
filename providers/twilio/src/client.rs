use crate::error::ApiError;
use crate::rest::{self, Api, Call, Page};
use crate::transport::{Transport, TransportError};
use cordboard::platform::Clock;
use http::{Response, StatusCode};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Sends requests, again where that is safe.
pub(crate) struct Client {
    pub(crate) api: Api,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    sent: AtomicU64,
}

/// Twilio's own libraries try three times more.
const RETRIES: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// An agent waits for this; later is their own decision.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// No account of this world has more pages of numbers.
const MAX_PAGES: usize = 50;

impl Client {
    pub(crate) fn new(api: Api, transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> Self {
        Self { api, transport, clock, sent: AtomicU64::new(0) }
    }

    pub(crate) async fn send(&self, call: Call) -> Result<Response<Vec<u8>>, ApiError> {
        let mut attempt = 0;
        loop {
            let error = match self.transport.send(call.request.clone()).await {
                Ok(response) if response.status().is_success() => return Ok(response),
                Ok(response) => ApiError::read(&response),
                Err(TransportError::NotSent) => ApiError::NotSent,
                Err(TransportError::NoAnswer) => ApiError::NoAnswer,
            };
            attempt += 1;
            if attempt > RETRIES || !error.may_repeat(call.effect) {
                return Err(error);
            }
            let Some(wait) = self.wait(attempt, &error) else { return Err(error) };
            tracing::debug!(attempt, %error, "a request is sent again");
            self.clock.sleep(wait).await;
        }
    }

    /// How long to wait; `None` if Twilio asks for longer than anybody would.
    fn wait(&self, attempt: u32, error: &ApiError) -> Option<Duration> {
        if let ApiError::Refused { status: StatusCode::TOO_MANY_REQUESTS, retry_after: Some(wait), .. } = error {
            return (*wait <= LONGEST_WAIT).then_some(*wait);
        }
        let wait = FIRST_WAIT * 2_u32.pow(attempt);
        // A tenth more or less, so that requests that were refused together don't come back together.
        let spread = self.sent.fetch_add(1, Ordering::Relaxed).wrapping_mul(7) % 21;
        Some(wait * (90 + u32::try_from(spread).unwrap_or_default()) / 100)
    }

    pub(crate) async fn read<T: DeserializeOwned>(&self, call: Call) -> Result<T, ApiError> {
        rest::read(&self.send(call).await?)
    }

    /// All items of a list.
    pub(crate) async fn list<T: DeserializeOwned>(&self, first: Call, field: &str) -> Result<Vec<T>, ApiError> {
        let mut items = Vec::new();
        let mut next = Some(first);
        for _ in 0..MAX_PAGES {
            let Some(call) = next else { break };
            let page: Page<T> = rest::read_page(&self.send(call).await?, field)?;
            items.extend(page.items);
            next = match page.next {
                Some(path) => Some(self.api.next_page(&path).ok_or(ApiError::Garbled)?),
                None => None,
            };
        }
        Ok(items)
    }
}
