use crate::call::Call;
use crate::callback::{Letter, Purpose};
use crate::conference::Conference;
use crate::config::CloudConfig;
use crate::error::ApiError;
use crate::recording::Recording;
use crate::signal::Signal;
use cordboard::Timestamp;
use cordboard_emulator::{Answer, Callback, CallbackId, Emulated, Faults, Outbox, Random, Timers, Unanswered};
use http::{Request, Response};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Twilio's voice cloud for one account, without I/O: requests in, answers out, callbacks and signals polled.
///
/// It lives by [`Emulated`], and a test's hands are [`Hands`](cordboard_emulator::server::control::Hands).
pub struct Cloud {
    pub(crate) config: CloudConfig,
    pub(crate) now: Timestamp,
    pub(crate) random: Random,
    pub(crate) calls: BTreeMap<String, Call>,
    pub(crate) conferences: BTreeMap<String, Conference>,
    pub(crate) recordings: BTreeMap<String, Recording>,
    pub(crate) outbox: Outbox<Letter>,
    pub(crate) signals: VecDeque<Signal>,
    /// Identities with at least one browser.
    pub(crate) browsers: BTreeSet<String>,
    pub(crate) faults: Faults,
    pub(crate) warnings: Vec<String>,
    /// Counts what is listed in the order of its creation.
    pub(crate) ordinal: u64,
    /// When the next call that the API starts may leave the queue.
    pub(crate) next_start: Timestamp,
    timers: Timers<Timer>,
}

/// What happens later.
#[derive(Clone, Debug)]
pub(crate) enum Timer {
    /// A call leaves the queue.
    Starts(String),
    Rings(String),
    /// The far end answers or does not.
    Settles(String),
    /// Nobody answered in time.
    TimesOut(String),
    /// The far end ends the call by itself.
    Leaves(String),
    /// The call has gone on for as long as it may.
    LimitReached(String),
    /// What the call does is done, unless it does something else by now.
    ActivityEnds {
        call: String,
        activity: u64,
    },
    /// TwiML did not come in time.
    DocumentLate(CallbackId),
    /// A recording's file is ready.
    RecordingReady(String),
    /// An announcement is over.
    AnnouncementEnds {
        conference: String,
        call: Option<String>,
        url: String,
    },
}

impl Cloud {
    /// An account in which nothing has happened yet.
    #[must_use]
    pub fn new(config: CloudConfig) -> Self {
        Self {
            outbox: Outbox::new(config.callback_latency),
            random: Random::new(config.seed),
            config,
            now: Timestamp::default(),
            calls: BTreeMap::new(),
            conferences: BTreeMap::new(),
            recordings: BTreeMap::new(),
            signals: VecDeque::new(),
            browsers: BTreeSet::new(),
            faults: Faults::default(),
            warnings: Vec::new(),
            ordinal: 0,
            next_start: Timestamp::default(),
            timers: Timers::default(),
        }
    }

    /// The account.
    #[must_use]
    pub const fn config(&self) -> &CloudConfig {
        &self.config
    }

    fn happen(&mut self, timer: Timer) {
        match timer {
            Timer::Starts(call) => self.call_starts(&call),
            Timer::Rings(call) => self.call_rings(&call),
            Timer::Settles(call) => self.far_end_settles(&call),
            Timer::TimesOut(call) => self.call_times_out(&call),
            Timer::Leaves(call) => self.far_end_leaves(&call),
            Timer::LimitReached(call) => self.hang_up(&call),
            Timer::ActivityEnds { call, activity } => self.activity_ends(&call, activity),
            Timer::DocumentLate(id) => {
                if let Some(Letter { purpose: Purpose::Document { call, activity, fallback }, url, .. }) =
                    self.outbox.forget(id)
                {
                    self.document_arrived(&call, activity, &url, fallback, None);
                }
            }
            Timer::RecordingReady(recording) => self.recording_is_ready(&recording),
            Timer::AnnouncementEnds { conference, call, url } => {
                self.announcement_ends(&conference, call.as_deref(), &url);
            }
        }
    }

    pub(crate) fn later(&mut self, at: Timestamp, timer: Timer) {
        self.timers.plan(at, timer);
    }

    pub(crate) const fn next_ordinal(&mut self) -> u64 {
        self.ordinal += 1;
        self.ordinal
    }

    pub(crate) fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }
}

/// What a client gets instead of the truth.
fn refusal(answer: Answer) -> Option<Response<Vec<u8>>> {
    let (status, code, message) = match answer.error() {
        Some(401) => (401, 20003, "Authenticate"),
        Some(404) => (404, 20404, "The requested resource was not found"),
        Some(429) => (429, 20429, "Too Many Requests"),
        Some(status) => (status, 20500, "Internal Server Error"),
        None => return answer.page(),
    };
    Some(ApiError::new(status, code, message).into_response())
}

impl Emulated for Cloud {
    type Signal = Signal;

    fn handle_request(&mut self, now: Timestamp, request: &Request<Vec<u8>>) -> Option<Response<Vec<u8>>> {
        self.handle_timeout(now);
        let Some(fault) = self.faults.take(request) else { return Some(self.answer_request(request)) };
        if fault.carried_out {
            let answer = self.answer_request(request);
            if fault.answer == Answer::Truth {
                return Some(answer);
            }
        }
        refusal(fault.answer)
    }

    fn poll_callback(&mut self) -> Option<Callback> {
        self.next_callback()
    }

    fn handle_callback_response(
        &mut self,
        now: Timestamp,
        id: CallbackId,
        response: Result<Response<Vec<u8>>, Unanswered>,
    ) {
        self.handle_timeout(now);
        let status = response.as_ref().map(|response| response.status().as_u16()).map_err(|failure| *failure);
        let answered = self.outbox.answered(self.now, id, |letter| letter.fails_by(status));
        let Some(Letter { purpose, url, .. }) = answered else { return };
        match purpose {
            Purpose::Report => {
                if !matches!(status, Ok(200..=299)) {
                    self.warnings.push("11200: a status callback was not answered with 2xx".to_owned());
                }
            }
            Purpose::Document { call, activity, fallback } => {
                self.document_arrived(&call, activity, &url, fallback, response.ok());
            }
            Purpose::Sound { call } => self.sound_arrived(call.as_deref(), response.ok()),
        }
    }

    fn poll_signal(&mut self) -> Option<Signal> {
        self.signals.pop_front()
    }

    fn poll_timeout(&self) -> Option<Timestamp> {
        [self.timers.next_at(), self.outbox.next_at()].into_iter().flatten().min()
    }

    fn handle_timeout(&mut self, now: Timestamp) {
        while let Some((at, timer)) = self.timers.pop(now) {
            self.now = self.now.max(at);
            self.happen(timer);
        }
        self.now = self.now.max(now);
    }
}
