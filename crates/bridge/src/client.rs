use crate::error::{ApiError, Effect, Refusal};
use crate::transport::{Chunks, Transport, TransportError};
use cordboard::Timestamp;
use cordboard::platform::Clock;
use http::{Request, Response, StatusCode, header};
use serde::de::DeserializeOwned;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};
use tokio::sync::Mutex;

/// A request, and what may be concluded when it fails on the way.
#[derive(Clone)]
pub struct Call {
    /// The request.
    pub request: Request<Vec<u8>>,
    /// What it does.
    pub effect: Effect,
    /// Which of the client's paces it keeps.
    pub lane: usize,
}

/// One page of a list, and the request for the next one.
#[derive(Clone)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// The next one, if there is one.
    pub next: Option<Call>,
}

/// Sends requests: as fast as the provider takes them, and again where that is safe.
pub struct Client {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    refusal: fn(&Response<Vec<u8>>) -> Refusal,
    lanes: Vec<Lane>,
    sent: AtomicU64,
    /// Whether this machine's clock was wrong when last seen, so that it is told once.
    is_clock_off: AtomicBool,
}

/// As many requests as may be sent within a second.
struct Lane {
    per_second: usize,
    sent: Mutex<VecDeque<Timestamp>>,
}

/// The providers' own libraries try three times more.
const RETRIES: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// An agent waits for this; later is their own decision.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// No account of this world has longer lists.
const MAX_PAGES: usize = 50;
const SECOND: Duration = Duration::from_secs(1);
/// More than an answer takes, and less than anybody's tokens bear.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

impl Client {
    /// A client that reads refusals so.
    #[must_use]
    pub fn new(
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        refusal: fn(&Response<Vec<u8>>) -> Refusal,
    ) -> Self {
        let (sent, is_clock_off) = (AtomicU64::new(0), AtomicBool::new(false));
        Self { transport, clock, refusal, lanes: Vec::new(), sent, is_clock_off }
    }

    /// Sends at most so many requests within a second. Each pace is one more [lane](Call::lane), from 0.
    #[must_use]
    pub fn with_pace(mut self, per_second: usize) -> Self {
        self.lanes.push(Lane { per_second, sent: Mutex::default() });
        self
    }

    /// Sends a request, and gives an answer that is a success.
    ///
    /// # Errors
    /// When there is none.
    pub async fn send(&self, call: Call) -> Result<Response<Vec<u8>>, ApiError> {
        let mut attempt = 0;
        let mut unsure = None;
        loop {
            if let Some(lane) = self.lanes.get(call.lane) {
                lane.turn(&*self.clock).await;
            }
            let answer = self.transport.send(call.request.clone()).await;
            if let Ok(response) = &answer {
                self.tell_operator(response);
            }
            let error = match answer {
                Ok(response) if response.status().is_success() => return Ok(response),
                Ok(response) => ApiError::Refused((self.refusal)(&response)),
                Err(TransportError::NotSent) => ApiError::NotSent,
                Err(TransportError::NoAnswer) => ApiError::NoAnswer,
            };
            if !error.is_certain() {
                unsure = Some(error.clone());
            }
            attempt += 1;
            let wait =
                if attempt > RETRIES || !error.may_repeat(call.effect) { None } else { self.wait(attempt, &error) };
            let Some(wait) = wait else {
                // What an attempt before may have done, a refusal of this one does not undo.
                return Err(unsure.filter(|_| !error.is_gone()).unwrap_or(error));
            };
            tracing::debug!(attempt, %error, "a request is sent again");
            self.clock.sleep(wait).await;
        }
    }

    /// Says what nobody but the operator can set right, and nobody would guess.
    fn tell_operator(&self, response: &Response<Vec<u8>>) {
        if response.status() == StatusCode::UNAUTHORIZED {
            tracing::error!("the provider refuses the credentials: check the account's id, the API key and its secret");
        }
        let date = response.headers().get(header::DATE).and_then(|date| date.to_str().ok());
        let Some(date) = date.and_then(|date| httpdate::parse_http_date(date).ok()) else { return };
        let theirs = Timestamp::default() + date.duration_since(UNIX_EPOCH).unwrap_or_default();
        let ours = self.clock.now();
        let off = ours.since(theirs).max(theirs.since(ours));
        let is_off = off > CLOCK_TOLERANCE;
        if is_off && !self.is_clock_off.swap(is_off, Ordering::Relaxed) {
            let seconds = off.as_secs();
            tracing::error!(seconds, "this machine's clock is not the provider's: set it, or tokens may be refused");
        }
        self.is_clock_off.store(is_off, Ordering::Relaxed);
    }

    /// Sends a request once, in its turn, and hands the answer on as it comes, of whatever status.
    pub(crate) async fn open(&self, call: Call) -> Result<Response<Chunks>, TransportError> {
        if let Some(lane) = self.lanes.get(call.lane) {
            lane.turn(&*self.clock).await;
        }
        self.transport.open(call.request).await
    }

    /// How long to wait; `None` if the provider asks for longer than anybody would.
    fn wait(&self, attempt: u32, error: &ApiError) -> Option<Duration> {
        if let ApiError::Refused(Refusal { status, retry_after: Some(wait), .. }) = error
            && *status == StatusCode::TOO_MANY_REQUESTS
        {
            return (*wait <= LONGEST_WAIT).then_some(*wait);
        }
        let wait = FIRST_WAIT * 2_u32.pow(attempt);
        // A tenth more or less, so that requests that were refused together don't come back together.
        let spread = self.sent.fetch_add(1, Ordering::Relaxed).wrapping_mul(7) % 21;
        Some(wait * (90 + u32::try_from(spread).unwrap_or_default()) / 100)
    }

    /// Sends a request, and reads what the answer says.
    ///
    /// # Errors
    /// When there is none that can be read.
    pub async fn read<T: DeserializeOwned>(&self, call: Call) -> Result<T, ApiError> {
        serde_json::from_slice(self.send(call).await?.body()).map_err(|_| ApiError::Garbled)
    }

    /// All items of a list. Pages are counted from 1.
    ///
    /// # Errors
    /// When a page is missing.
    pub async fn list<T>(
        &self,
        first: Call,
        read: impl Fn(usize, &Response<Vec<u8>>) -> Result<Page<T>, ApiError>,
    ) -> Result<Vec<T>, ApiError> {
        let mut items = Vec::new();
        let mut next = Some(first);
        for number in 1..=MAX_PAGES {
            let Some(call) = next else { break };
            let page = read(number, &self.send(call).await?)?;
            items.extend(page.items);
            next = page.next;
        }
        Ok(items)
    }
}

impl Lane {
    /// Waits until one more request may be sent. Who asked first is first.
    async fn turn(&self, clock: &dyn Clock) {
        let mut sent = self.sent.lock().await;
        if sent.len() >= self.per_second
            && let Some(first) = sent.front()
        {
            let passed = clock.now().since(*first);
            if passed < SECOND {
                clock.sleep(SECOND.saturating_sub(passed)).await;
            }
            sent.pop_front();
        }
        sent.push_back(clock.now());
    }
}
