use crate::call::Call;
use crate::callback::{Callback, CallbackId, Disturbance, Outbox, Purpose, Unanswered};
use crate::conference::Conference;
use crate::config::CloudConfig;
use crate::fault::{Answer, Fault};
use crate::random::Random;
use crate::recording::Recording;
use crate::signal::Signal;
use cordboard::Timestamp;
use http::{Request, Response};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Twilio's voice cloud for one account, without I/O: requests in, answers out, callbacks and signals polled.
///
/// The time is an argument everywhere, and may be virtual. After every call of a method that takes it, drain
/// [`poll_callback`](Self::poll_callback) and [`poll_signal`](Self::poll_signal), and call
/// [`handle_timeout`](Self::handle_timeout) when [`poll_timeout`](Self::poll_timeout) says.
pub struct Cloud {
    pub(crate) config: CloudConfig,
    pub(crate) now: Timestamp,
    pub(crate) random: Random,
    pub(crate) calls: BTreeMap<String, Call>,
    pub(crate) conferences: BTreeMap<String, Conference>,
    pub(crate) recordings: BTreeMap<String, Recording>,
    pub(crate) outbox: Outbox,
    pub(crate) signals: VecDeque<Signal>,
    /// Identities with at least one browser.
    pub(crate) browsers: BTreeSet<String>,
    pub(crate) faults: VecDeque<Fault>,
    pub(crate) warnings: Vec<String>,
    /// Counts what is listed in the order of its creation.
    pub(crate) ordinal: u64,
    /// When the next call that the API starts may leave the queue.
    pub(crate) next_start: Timestamp,
    timers: BTreeMap<(Timestamp, u64), Timer>,
    next_timer: u64,
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
            outbox: Outbox::new(config.auth_token.clone(), config.callback_latency),
            random: Random::new(config.seed),
            config,
            now: Timestamp::default(),
            calls: BTreeMap::new(),
            conferences: BTreeMap::new(),
            recordings: BTreeMap::new(),
            signals: VecDeque::new(),
            browsers: BTreeSet::new(),
            faults: VecDeque::new(),
            warnings: Vec::new(),
            ordinal: 0,
            next_start: Timestamp::default(),
            timers: BTreeMap::new(),
            next_timer: 0,
        }
    }

    /// The account.
    #[must_use]
    pub const fn config(&self) -> &CloudConfig {
        &self.config
    }

    /// Answers a request. `None` is the answer of a network that lost the request or its reply: the client hears nothing.
    pub fn handle_request(&mut self, now: Timestamp, request: &Request<Vec<u8>>) -> Option<Response<Vec<u8>>> {
        self.handle_timeout(now);
        let fault =
            self.faults.iter().position(|fault| fault.applies(request)).and_then(|found| self.faults.remove(found));
        let Some(fault) = fault else { return Some(self.answer_request(request)) };
        if fault.carried_out {
            let answer = self.answer_request(request);
            if fault.answer == Answer::Truth {
                return Some(answer);
            }
        }
        fault.response()
    }

    /// The next request to the account's server that is due. Hand back its answer with
    /// [`handle_callback_response`](Self::handle_callback_response).
    pub fn poll_callback(&mut self) -> Option<Callback> {
        self.outbox.pop(self.now)
    }

    /// Takes the answer to a callback. Calls wait for it if it is TwiML; a failure may be tried again.
    pub fn handle_callback_response(
        &mut self,
        now: Timestamp,
        id: CallbackId,
        response: Result<Response<Vec<u8>>, Unanswered>,
    ) {
        self.handle_timeout(now);
        let status = response.as_ref().map(|response| response.status().as_u16()).map_err(|failure| *failure);
        let Some((purpose, url)) = self.outbox.answered(self.now, id, status) else { return };
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

    /// What the browsers are told next.
    pub fn poll_signal(&mut self) -> Option<Signal> {
        self.signals.pop_front()
    }

    /// When something happens by itself, or a callback is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        let timer = self.timers.first_key_value().map(|((at, _), _)| *at);
        [timer, self.outbox.next_at()].into_iter().flatten().min()
    }

    /// Lets everything happen that is due, each at its time.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        while let Some(entry) = self.timers.first_entry().filter(|entry| entry.key().0 <= now) {
            let ((at, _), timer) = entry.remove_entry();
            self.now = self.now.max(at);
            self.happen(timer);
        }
        self.now = self.now.max(now);
    }

    /// Answers requests wrongly, or not at all, one for each fault, in order.
    pub fn inject(&mut self, faults: impl IntoIterator<Item = Fault>) {
        self.faults.extend(faults);
    }

    /// What happens to callbacks from now on.
    pub const fn disturb(&mut self, disturbance: Disturbance) {
        self.outbox.disturbance = disturbance;
    }

    /// What Twilio's debugger would show so far: TwiML that is wrong, callbacks that failed. Each begins with its code.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
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
                if let Some((Purpose::Document { call, activity, fallback }, url)) = self.outbox.forget(id) {
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
        self.timers.insert((at, self.next_timer), timer);
        self.next_timer += 1;
    }

    pub(crate) const fn next_ordinal(&mut self) -> u64 {
        self.ordinal += 1;
        self.ordinal
    }

    pub(crate) fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }
}
